package srp_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go/internal/srp"
)

// The verifier is the service's side, written from the formulas alone: it shares nothing with the client, not even the
// prime, which comes from the file that Python wrote.

// encoding says how each integer is turned into bytes before it is hashed.
type encoding struct {
	n, g, a, b, s, u, salt func(*big.Int) []byte
}

// signed is Java's BigInteger.toByteArray, by way of the hexadecimal text.
func signed(n *big.Int) []byte {
	digits := n.Text(16)
	if len(digits)%2 == 1 {
		digits = "0" + digits
	}
	if strings.ContainsRune("89abcdef", rune(digits[0])) {
		digits = "00" + digits
	}
	b, _ := hex.DecodeString(digits)
	return b
}

func unsigned(n *big.Int) []byte { return n.Bytes() }

func fixed(size int) func(*big.Int) []byte {
	return func(n *big.Int) []byte { return n.FillBytes(make([]byte, size)) }
}

func rightEncoding() encoding {
	return encoding{n: signed, g: signed, a: signed, b: signed, s: signed, u: signed, salt: signed}
}

func sha(parts ...[]byte) []byte {
	var all []byte
	for _, p := range parts {
		all = append(all, p...)
	}
	sum := sha256.Sum256(all)
	return sum[:]
}

func hmacSHA256(key []byte, parts ...[]byte) []byte {
	mac := hmac.New(sha256.New, key)
	for _, p := range parts {
		mac.Write(p)
	}
	return mac.Sum(nil)
}

func number(b []byte) *big.Int { return new(big.Int).SetBytes(b) }

func power(base, exponent, modulus *big.Int) *big.Int {
	return new(big.Int).Exp(base, exponent, modulus)
}

// exchange is one login as the service sees it.
type exchange struct {
	n               *big.Int
	enc             encoding
	pool, user, key string
	salt, b         *big.Int // b is the service's secret
	block           []byte
}

func (e *exchange) multiplier() *big.Int {
	return number(sha(e.enc.n(e.n), e.enc.g(big.NewInt(2))))
}

func (e *exchange) x() *big.Int {
	return number(sha(e.enc.salt(e.salt), sha([]byte(e.pool+e.user+":"+e.key))))
}

// public is B = k·v + g^b.
func (e *exchange) public() *big.Int {
	two := big.NewInt(2)
	sum := new(big.Int).Mul(e.multiplier(), power(two, e.x(), e.n))
	sum.Add(sum, power(two, e.b, e.n))
	return sum.Mod(sum, e.n)
}

// signature is what a client with the right key has to send, from S = (A·v^u)^b.
func (e *exchange) signature(a *big.Int, timestamp string) string {
	u := e.scrambler(a, e.public())
	v := power(big.NewInt(2), e.x(), e.n)
	s := new(big.Int).Mul(a, power(v, u, e.n))
	return e.sign(power(s, e.b, e.n), u, timestamp)
}

// clientSignature is the same from the other side: S = (B - k·v)^(a + u·x).
func (e *exchange) clientSignature(a, public *big.Int, timestamp string) string {
	two := big.NewInt(2)
	u := e.scrambler(power(two, a, e.n), public)
	base := new(big.Int).Sub(public, new(big.Int).Mul(e.multiplier(), power(two, e.x(), e.n)))
	exponent := new(big.Int).Add(a, new(big.Int).Mul(u, e.x()))
	return e.sign(power(base.Mod(base, e.n), exponent, e.n), u, timestamp)
}

func (e *exchange) scrambler(a, public *big.Int) *big.Int {
	return number(sha(e.enc.a(a), e.enc.b(public)))
}

func (e *exchange) sign(s, u *big.Int, timestamp string) string {
	prk := hmacSHA256(e.enc.u(u), e.enc.s(s))
	key := hmacSHA256(prk, []byte("Caldera Derived Key"), []byte{1})[:16]
	mac := hmacSHA256(key, []byte(e.pool+e.user), e.block, []byte(timestamp))
	return base64.StdEncoding.EncodeToString(mac)
}

func (e *exchange) challenge() srp.Challenge {
	return srp.Challenge{
		UserID:      e.user,
		Salt:        e.salt.Text(16),
		B:           e.public().Text(16),
		SecretBlock: base64.StdEncoding.EncodeToString(e.block),
	}
}

// randomSource is a seeded source of logins, so that a failure can be repeated.
type randomSource struct{ *rand.ChaCha8 }

func newRandom(seed byte) randomSource { return randomSource{rand.NewChaCha8([32]byte{seed})} }

func (r randomSource) bytes(n int) []byte {
	b := make([]byte, n)
	_, _ = r.Read(b)
	return b
}

func (r randomSource) exchange(t testing.TB) *exchange {
	return &exchange{
		n:     vectors(t).prime(t),
		enc:   rightEncoding(),
		pool:  hex.EncodeToString(r.bytes(4)),
		user:  hex.EncodeToString(r.bytes(16)),
		key:   string(r.bytes(1 + int(r.Uint64()%60))),
		salt:  number(r.bytes(16)),
		b:     number(r.bytes(128)),
		block: r.bytes(1 + int(r.Uint64()%1500)),
	}
}

func (r randomSource) time() time.Time {
	zone := time.FixedZone("somewhere", int(r.Uint64()%(26*3600))-12*3600)
	return time.Unix(int64(r.Uint64()%4e9), 0).In(zone)
}

// login runs one whole login with the client's own code, and asks the verifier.
func (r randomSource) login(t testing.TB) {
	t.Helper()
	e, now := r.exchange(t), r.time()
	client, err := srp.New(r, "eu-west-1_"+e.pool)
	require.NoError(t, err)
	response, err := client.Respond(e.challenge(), e.key, now)
	require.NoError(t, err)

	a, ok := new(big.Int).SetString(client.A(), 16)
	require.True(t, ok, "SRP_A %q", client.A())
	sent, err := time.Parse("Mon Jan 2 15:04:05 MST 2006", response.Timestamp)
	require.NoError(t, err)
	require.Equal(t, now.Unix(), sent.Unix())
	require.Equal(t, srp.Response{
		Timestamp:   response.Timestamp,
		Username:    e.user,
		SecretBlock: base64.StdEncoding.EncodeToString(e.block),
		Signature:   e.signature(a, response.Timestamp),
	}, response)
}
