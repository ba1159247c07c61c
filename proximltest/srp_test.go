package proximltest

import (
	"bytes"
	"cmp"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// encoding writes an integer as bytes.
type encoding func(*big.Int) []byte

// signed is the right one: the fewest bytes that hold the number and a sign bit of 0.
func signed(n *big.Int) []byte {
	size := n.BitLen()/8 + 1
	return n.FillBytes(make([]byte, size))
}

func unsigned(n *big.Int) []byte { return n.Bytes() }

func zeroFirst(n *big.Int) []byte { return append([]byte{0}, n.Bytes()...) }

func asLongAsN(n *big.Int) []byte { return n.FillBytes(make([]byte, 384)) }

func asHexText(n *big.Int) []byte { return []byte(n.Text(16)) }

// srpClient is the client's side of a login, with every choice that it could get wrong.
type srpClient struct {
	pool, user, key  string
	claimed          string // in the signature, in place of user
	secretSize       int    // of a, in bytes
	n, g, a, b, s, u encoding
	salt             encoding
	info             string
	keySize          int
}

func newSRPClient(pool, user, key string) *srpClient {
	return &srpClient{
		pool: pool, user: user, key: key, secretSize: 32, info: "Caldera Derived Key", keySize: 16,
		n: signed, g: signed, a: signed, b: signed, s: signed, u: signed, salt: signed,
	}
}

// testModulus is written once more here, from the definition: 2^3072 - 2^3008 - 1 + 2^64·(floor(2^2942·π) + 1690314).
func testModulus() *big.Int {
	two := func(exponent uint) *big.Int { return new(big.Int).Lsh(big.NewInt(1), exponent) }
	middle := new(big.Int).Add(piShifted(2942), big.NewInt(1690314))
	n := new(big.Int).Sub(two(3072), two(3008))
	n.Sub(n, big.NewInt(1))
	return n.Add(n, middle.Lsh(middle, 64))
}

// piShifted is floor(2^bits·π), by Machin's formula.
func piShifted(bits uint) *big.Int {
	const guard = 64
	arctanInverse := func(x int64) *big.Int {
		power := new(big.Int).Lsh(big.NewInt(1), bits+guard)
		power.Quo(power, big.NewInt(x))
		sum, square := new(big.Int).Set(power), big.NewInt(x*x)
		for i := int64(3); power.Sign() > 0; i += 2 {
			power.Quo(power, square)
			term := new(big.Int).Quo(power, big.NewInt(i))
			if i%4 == 3 {
				term.Neg(term)
			}
			sum.Add(sum, term)
		}
		return sum
	}
	pi := new(big.Int).Mul(big.NewInt(16), arctanInverse(5))
	pi.Sub(pi, new(big.Int).Mul(big.NewInt(4), arctanInverse(239)))
	return pi.Rsh(pi, guard)
}

func TestSRPModulusIsTheGroupOfTheRFC(t *testing.T) {
	t.Parallel()
	assert.Equal(t, testModulus(), srpModulus)
}

func digest(parts ...[]byte) *big.Int {
	sum := sha256.Sum256(bytes.Join(parts, nil))
	return new(big.Int).SetBytes(sum[:])
}

func fromHex(t *testing.T, text string) *big.Int {
	t.Helper()
	n, ok := new(big.Int).SetString(text, 16)
	require.True(t, ok, "not a hexadecimal number: %q", text)
	return n
}

// proof is a client's answer to a challenge.
type proof struct {
	signature string
	deviates  bool // some number came out in other bytes than the right rule gives
}

// prove does the client's sums. The challenge's parameters are those that came over the wire.
func (c *srpClient) prove(t *testing.T, a *big.Int, challenge map[string]string, timestamp string) proof {
	t.Helper()
	var p proof
	write := func(encode encoding, n *big.Int) []byte {
		encoded := encode(n)
		p.deviates = p.deviates || !bytes.Equal(encoded, signed(n))
		return encoded
	}
	n, g := srpModulus, big.NewInt(2)
	public, server, salt := new(big.Int).Exp(g, a, n), fromHex(t, challenge["SRP_B"]), fromHex(t, challenge["SALT"])
	k := digest(write(c.n, n), write(c.g, g))
	u := digest(write(c.a, public), write(c.b, server))
	identity := sha256.Sum256([]byte(c.pool + challenge["USER_ID_FOR_SRP"] + ":" + c.key))
	x := digest(write(c.salt, salt), identity[:])

	base := new(big.Int).Exp(g, x, n)
	base.Sub(server, base.Mul(base, k))
	base.Mod(base, n)
	shared := base.Exp(base, new(big.Int).Add(a, new(big.Int).Mul(u, x)), n)

	key, err := hkdf.Key(sha256.New, write(c.s, shared), write(c.u, u), c.info, c.keySize)
	require.NoError(t, err)
	block, err := base64.StdEncoding.DecodeString(challenge["SECRET_BLOCK"])
	require.NoError(t, err)
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(c.pool + cmp.Or(c.claimed, challenge["USER_ID_FOR_SRP"])))
	mac.Write(block)
	mac.Write([]byte(timestamp))
	p.signature = base64.StdEncoding.EncodeToString(mac.Sum(nil))
	return p
}

// login runs a whole login with the given time and returns the last reply.
func (c *srpClient) login(t *testing.T, pool *userPool, timestamp string) (reply poolReply, p proof) {
	t.Helper()
	secret := make([]byte, c.secretSize)
	rand.Read(secret)
	a := new(big.Int).SetBytes(secret)
	challenge := initiate(t, pool, c.user, new(big.Int).Exp(big.NewInt(2), a, srpModulus).Text(16))
	require.Equal(t, http.StatusOK, challenge.status, challenge)
	p = c.prove(t, a, challenge.Parameters, timestamp)
	return respond(t, pool, c.user, challenge.Parameters["SECRET_BLOCK"], timestamp, p.signature), p
}

func stampNow() string { return time.Now().UTC().Format("Mon Jan 2 15:04:05 UTC 2006") }

func TestTwoHundredLoginsSucceed(t *testing.T) {
	t.Parallel()
	pool := testPool(t, time.Now)
	for range 200 {
		user, key := newID(), rand.Text()
		pool.addUser(user, key, user+"@example.com")
		client := newSRPClient("Test0001", user, key)
		client.secretSize = 128
		reply, _ := client.login(t, pool, stampNow())
		require.Equal(t, http.StatusOK, reply.status, "%+v", reply)
		email, err := pool.verify(reply.Result.IDToken)
		require.NoError(t, err)
		require.Equal(t, user+"@example.com", email)
	}
}

func TestWrongKeyIsRefused(t *testing.T) {
	t.Parallel()
	pool := testPool(t, time.Now)
	pool.addUser("user", "right", "user@example.com")
	for _, key := range []string{"wrong", "Right", "right ", ""} {
		reply, _ := newSRPClient("Test0001", "user", key).login(t, pool, stampNow())
		reply.requireRefused(t, "NotAuthorizedException", "Incorrect username or password.")
	}
	reply, _ := newSRPClient("Test0002", "user", "right").login(t, pool, stampNow())
	reply.requireRefused(t, "NotAuthorizedException", "Incorrect username or password.")
}

// A padding that is wrong only shows when a number's top bit happens to be set, or not: so each client logs in, as a new user every time,
// until it was refused often, and each single login has to be refused exactly when a number came out in other bytes.
func TestWrongEncodingsAreRefused(t *testing.T) {
	t.Parallel()
	wrong := map[string]func(*srpClient){
		"N in k without its zero byte":          func(c *srpClient) { c.n = unsigned },
		"g in k as long as N":                   func(c *srpClient) { c.g = asLongAsN },
		"A without its zero byte":               func(c *srpClient) { c.a = unsigned },
		"B without its zero byte":               func(c *srpClient) { c.b = unsigned },
		"A and B always with a zero byte":       func(c *srpClient) { c.a, c.b = zeroFirst, zeroFirst },
		"salt without its zero byte":            func(c *srpClient) { c.salt = unsigned },
		"salt always with a zero byte":          func(c *srpClient) { c.salt = zeroFirst },
		"S without its zero byte":               func(c *srpClient) { c.s = unsigned },
		"S as long as N":                        func(c *srpClient) { c.s = asLongAsN },
		"u without its zero byte":               func(c *srpClient) { c.u = unsigned },
		"u always with a zero byte":             func(c *srpClient) { c.u = zeroFirst },
		"salt as hexadecimal text":              func(c *srpClient) { c.salt = asHexText },
		"a session key of 32 bytes":             func(c *srpClient) { c.keySize = 32 },
		"HKDF info without its capital letters": func(c *srpClient) { c.info = strings.ToLower(c.info) },
	}
	for name, spoil := range wrong {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool := testPool(t, time.Now)
			refused := 0
			for attempt := 0; refused < 8; attempt++ {
				require.Less(t, attempt, 200, "only %d logins were refused", refused)
				pool.addUser("user", "key", "user@example.com")
				client := newSRPClient("Test0001", "user", "key")
				spoil(client)
				reply, p := client.login(t, pool, stampNow())
				if p.deviates || client.keySize != 16 || client.info != "Caldera Derived Key" {
					reply.requireRefused(t, "NotAuthorizedException", "Incorrect username or password.")
					refused++
					continue
				}
				require.Equal(t, http.StatusOK, reply.status, "%+v", reply)
			}
		})
	}
}

// With A = 0 modulo N the server would compute S = 0 whatever the key is: the client below knows no key at all.
func TestAMustNotBeZeroModuloN(t *testing.T) {
	t.Parallel()
	pool := testPool(t, time.Now)
	pool.addUser("user", "key", "user@example.com")
	double := new(big.Int).Lsh(srpModulus, 1)
	for _, a := range []string{"0", hex.EncodeToString(srpModulus.Bytes()), double.Text(16), "-1", "not hexadecimal"} {
		initiate(t, pool, "user", a).
			requireRefused(t, "InvalidParameterException", "SRP_A must be a hexadecimal number, and not 0 modulo N")
	}
}

func BenchmarkServerSideOfALogin(b *testing.B) {
	verifier := srpVerifier("Test0001", "user", "key", big.NewInt(1))
	public := new(big.Int).Exp(big.NewInt(2), srpHash([]byte("a")), srpModulus).Text(16)
	pool := testPool(b, time.Now)
	pool.addUser("user", "key", "user@example.com")
	for b.Loop() {
		exchange, err := newSRPExchange(public, verifier)
		require.NoError(b, err)
		exchange.proves("", nil)
		_, err = pool.issue("user")
		require.NoError(b, err)
	}
}
