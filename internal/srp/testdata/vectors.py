"""Writes vectors.json: logins computed by Python's integers and hashlib, for the Go code to be checked against.

Run `python3 vectors.py` in this folder; it takes two minutes, since the rare cases are found by trying. It is seeded, so
that it always writes the same file.
"""

import base64
import calendar
import hashlib
import hmac
import json
import random
import time


def floor_pi_times(bits):
    """floor(2^bits * pi) by Machin's formula, with 64 bits to spare."""
    one = 1 << (bits + 64)

    def arctan_inverse(x):
        total = term = one // x
        n, sign = 3, -1
        while term:
            term //= x * x
            total += sign * (term // n)
            n, sign = n + 2, -sign
        return total

    return (4 * (4 * arctan_inverse(5) - arctan_inverse(239))) >> 64


# The formula that RFC 3526 gives for group 15.
N = 2**3072 - 2**3008 - 1 + 2**64 * (floor_pi_times(2942) + 1690314)
G = 2


def signed(n):
    return n.to_bytes(n.bit_length() // 8 + 1, "big")


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def num(b):
    return int.from_bytes(b, "big")


K = num(sha(signed(N), signed(G)))
DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def timestamp(epoch):
    t = time.gmtime(epoch)
    return "%s %s %d %02d:%02d:%02d UTC %04d" % (
        DAYS[t.tm_wday], MONTHS[t.tm_mon - 1], t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec, t.tm_year)


def login(rng, salt=None, a=None, b=None):
    salt = rng.getrandbits(128) if salt is None else salt
    a = rng.getrandbits(1024) if a is None else a
    b = rng.getrandbits(1024) if b is None else b
    pool = "us-east-2_" + "".join(rng.choices("ABCDEFabcdef0123456789", k=9))
    user = "%08x-user" % rng.getrandbits(32)
    key = "".join(rng.choices("abcXYZ0123456789+/=é ", k=40))
    name = pool.split("_")[1].encode()
    x = num(sha(signed(salt), sha(name, user.encode(), b":", key.encode())))
    A = pow(G, a, N)
    B = (K * pow(G, x, N) + pow(G, b, N)) % N
    u = num(sha(signed(A), signed(B)))
    S = pow(B - K * pow(G, x, N), a + u * x, N)
    assert S == pow(A * pow(pow(G, x, N), u, N), b, N), "both sides agree"
    prk = hmac.digest(signed(u), signed(S), "sha256")
    session = hmac.digest(prk, b"Caldera Derived Key\x01", "sha256")[:16]
    return dict(pool=pool, user=user, key=key, salt=salt, a=a, A=A, B=B, u=u, S=S, session=session)


def vector(what, run, epoch, secret_block):
    stamp = timestamp(epoch)
    name = run["pool"].split("_")[1].encode()
    mac = hmac.digest(run["session"], name + run["user"].encode() + secret_block + stamp.encode(), "sha256")
    return {
        "name": what,
        "pool": run["pool"],
        "user": run["user"],
        "key": run["key"],
        "random": run["a"].to_bytes(128, "big").hex(),
        "srp_a": "%x" % run["A"],
        "salt": "%x" % run["salt"],
        "srp_b": "%x" % run["B"],
        "secret_block": base64.b64encode(secret_block).decode(),
        "unix": epoch,
        "timestamp": stamp,
        "signature": base64.b64encode(mac).decode(),
    }


def top_bit(n):
    return n.bit_length() % 8 == 0


def main():
    rng = random.Random(20260704)
    full = N.bit_length()
    cases = [
        ("A with its top bit set", lambda r: top_bit(r["A"]) and r["A"].bit_length() == full),
        ("A with its top bit clear", lambda r: full - 8 < r["A"].bit_length() < full),
        ("A shorter than the group", lambda r: r["A"].bit_length() <= full - 8),
        ("B with its top bit set", lambda r: top_bit(r["B"]) and r["B"].bit_length() == full),
        ("B with its top bit clear", lambda r: full - 8 < r["B"].bit_length() < full),
        ("B shorter than the group", lambda r: r["B"].bit_length() <= full - 8),
        ("B with an odd number of digits", lambda r: len("%x" % r["B"]) % 2 == 1),
        ("S with its top bit set", lambda r: top_bit(r["S"]) and r["S"].bit_length() == full),
        ("S shorter than the group", lambda r: r["S"].bit_length() <= full - 8),
        ("u with its top bit set", lambda r: r["u"].bit_length() == 256),
        ("u with its top bit clear", lambda r: 248 < r["u"].bit_length() < 256),
        ("u shorter than its hash", lambda r: r["u"].bit_length() <= 248),
    ]
    times = [calendar.timegm(t) for t in [
        (2026, 7, 4, 9, 8, 7), (2026, 7, 14, 13, 0, 0), (2026, 1, 1, 0, 0, 0), (2027, 12, 31, 23, 59, 59),
        (2028, 2, 29, 12, 0, 1), (2026, 10, 9, 21, 4, 30)]]
    vectors = []

    def add(what, run):
        block = rng.randbytes(1200 + len(vectors))
        vectors.append(vector(what, run, times[len(vectors) % len(times)], block))

    for what, wanted in cases:
        run = login(rng)
        while not wanted(run):
            run = login(rng)
        add(what, run)
    add("salt with its top bit set", login(rng, salt=rng.getrandbits(128) | 1 << 127))
    add("salt with its top bit clear", login(rng, salt=(rng.getrandbits(128) | 1 << 126) & ~(1 << 127)))
    add("salt shorter than 16 bytes", login(rng, salt=rng.getrandbits(111) | 1 << 111))
    add("salt with an odd number of digits", login(rng, salt=1 << 121))
    add("salt of zero", login(rng, salt=0))
    add("a small secret", login(rng, a=3073))
    with open("vectors.json", "w") as f:
        json.dump({"n": "%x" % N, "logins": vectors}, f, indent=1)
        f.write("\n")


if __name__ == "__main__":
    main()
