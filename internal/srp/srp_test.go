package srp_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"math/big"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go/internal/srp"
)

// golden holds logins that Python computed, see testdata/vectors.py.
type golden struct {
	N      string        `json:"n"`
	Logins []goldenLogin `json:"logins"`
}

type goldenLogin struct {
	Name        string `json:"name"`
	Pool        string `json:"pool"`
	User        string `json:"user"`
	Key         string `json:"key"`
	Random      string `json:"random"`
	A           string `json:"srp_a"`
	Salt        string `json:"salt"`
	B           string `json:"srp_b"`
	SecretBlock string `json:"secret_block"`
	Unix        int64  `json:"unix"`
	Timestamp   string `json:"timestamp"`
	Signature   string `json:"signature"`
}

var readVectors = sync.OnceValues(func() (golden, error) {
	var g golden
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		return g, err
	}
	return g, json.Unmarshal(text, &g)
})

func vectors(t testing.TB) golden {
	t.Helper()
	g, err := readVectors()
	require.NoError(t, err)
	return g
}

func (g golden) prime(t testing.TB) *big.Int {
	t.Helper()
	n, ok := new(big.Int).SetString(g.N, 16)
	require.True(t, ok)
	return n
}

func (g goldenLogin) challenge() srp.Challenge {
	return srp.Challenge{UserID: g.User, Salt: g.Salt, B: g.B, SecretBlock: g.SecretBlock}
}

func (g goldenLogin) client(t testing.TB) *srp.Client {
	t.Helper()
	random, err := hex.DecodeString(g.Random)
	require.NoError(t, err)
	client, err := srp.New(bytes.NewReader(random), g.Pool)
	require.NoError(t, err)
	return client
}

func TestVectors(t *testing.T) {
	t.Parallel()
	logins := vectors(t).Logins
	require.Len(t, logins, 18)
	for _, want := range logins {
		t.Run(want.Name, func(t *testing.T) {
			t.Parallel()
			client := want.client(t)
			assert.Equal(t, want.A, client.A())

			// The zone of the time that is passed in must not show.
			zone := time.FixedZone("somewhere", 7*3600)
			got, err := client.Respond(want.challenge(), want.Key, time.Unix(want.Unix, 0).In(zone))
			require.NoError(t, err)
			assert.Equal(t, srp.Response{
				Timestamp:   want.Timestamp,
				Username:    want.User,
				SecretBlock: want.SecretBlock,
				Signature:   want.Signature,
			}, got)
		})
	}
}

// Servers may write a number in capitals or with zeros in front: it is the value that is hashed, not its text.
func TestNumbersAreReadAsValues(t *testing.T) {
	t.Parallel()
	want := vectors(t).Logins[0]
	challenge := want.challenge()
	challenge.Salt = "000" + strings.ToUpper(want.Salt)
	challenge.B = strings.Repeat("0", 2048-len(want.B)) + strings.ToUpper(want.B) // the longest that is accepted

	got, err := want.client(t).Respond(challenge, want.Key, time.Unix(want.Unix, 0))
	require.NoError(t, err)
	assert.Equal(t, want.Signature, got.Signature)
}

func TestLogins(t *testing.T) {
	t.Parallel()
	random := newRandom(1)
	for range 100 {
		random.login(t)
	}
}

func TestWrongInputsChangeTheSignature(t *testing.T) {
	t.Parallel()
	right := vectors(t).Logins[0]
	at := time.Unix(right.Unix, 0)
	sign := func(t *testing.T, challenge srp.Challenge, key string, now time.Time) string {
		got, err := right.client(t).Respond(challenge, key, now)
		require.NoError(t, err)
		return got.Signature
	}
	require.Equal(t, right.Signature, sign(t, right.challenge(), right.Key, at))

	otherUser, otherSalt, otherBlock := right.challenge(), right.challenge(), right.challenge()
	otherUser.UserID += "x"
	otherSalt.Salt += "0"
	otherBlock.SecretBlock = base64.StdEncoding.EncodeToString([]byte("other"))
	assert.NotEqual(t, right.Signature, sign(t, right.challenge(), right.Key+" ", at), "key")
	assert.NotEqual(t, right.Signature, sign(t, right.challenge(), right.Key, at.Add(time.Second)), "time")
	assert.NotEqual(t, right.Signature, sign(t, otherUser, right.Key, at), "user")
	assert.NotEqual(t, right.Signature, sign(t, otherSalt, right.Key, at), "salt")
	assert.NotEqual(t, right.Signature, sign(t, otherBlock, right.Key, at), "secret block")
}

func TestTimestamp(t *testing.T) {
	t.Parallel()
	login := vectors(t).Logins[0]
	for _, tt := range []struct {
		name, want string
		now        time.Time
	}{
		{"day of one digit", "Sat Jul 4 09:08:07 UTC 2026", time.Date(2026, 7, 4, 9, 8, 7, 0, time.UTC)},
		{"afternoon", "Tue Jul 14 13:00:00 UTC 2026", time.Date(2026, 7, 14, 13, 0, 0, 0, time.UTC)},
		{"evening, parts of a second", "Fri Dec 31 23:59:59 UTC 2027", time.Date(2027, 12, 31, 23, 59, 59, 999, time.UTC)},
		{"midnight", "Sun Feb 1 00:00:00 UTC 2026", time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)},
		{"noon", "Tue Feb 29 12:00:00 UTC 2028", time.Date(2028, 2, 29, 12, 0, 0, 0, time.UTC)},
		{"another zone and day", "Mon Aug 31 22:30:00 UTC 2026", time.Date(2026, 9, 1, 0, 30, 0, 0, time.FixedZone("CEST", 2*3600))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := login.client(t).Respond(login.challenge(), login.Key, tt.now)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got.Timestamp)
		})
	}
}

func TestRespondRefusesHostileParameters(t *testing.T) {
	t.Parallel()
	g := vectors(t)
	login, n := g.Logins[0], g.prime(t)
	double := new(big.Int).Lsh(n, 1)
	for _, tt := range []struct {
		name   string
		change func(*srp.Challenge)
		want   string
	}{
		{"no user", func(c *srp.Challenge) { c.UserID = "" }, "USER_ID_FOR_SRP is missing"},
		{"long user", func(c *srp.Challenge) { c.UserID = strings.Repeat("u", 65537) }, "USER_ID_FOR_SRP has 65537 bytes, more than the 65536 that are accepted"},
		{"no salt", func(c *srp.Challenge) { c.Salt = "" }, "SALT is missing"},
		{"salt is text", func(c *srp.Challenge) { c.Salt = "canary" }, "SALT is not a hexadecimal number"},
		{"salt with a sign", func(c *srp.Challenge) { c.Salt = "-1f" }, "SALT is not a hexadecimal number"},
		{"salt with a plus", func(c *srp.Challenge) { c.Salt = "+1f" }, "SALT is not a hexadecimal number"},
		{"salt with a prefix", func(c *srp.Challenge) { c.Salt = "0x1f" }, "SALT is not a hexadecimal number"},
		{"salt with a space", func(c *srp.Challenge) { c.Salt = " 1f" }, "SALT is not a hexadecimal number"},
		{"salt with an underscore", func(c *srp.Challenge) { c.Salt = "1_f" }, "SALT is not a hexadecimal number"},
		{"long salt", func(c *srp.Challenge) { c.Salt = strings.Repeat("f", 2049) }, "SALT has 2049 bytes, more than the 2048 that are accepted"},
		{"no B", func(c *srp.Challenge) { c.B = "" }, "SRP_B is missing"},
		{"B is text", func(c *srp.Challenge) { c.B = "canary" }, "SRP_B is not a hexadecimal number"},
		{"long B", func(c *srp.Challenge) { c.B = strings.Repeat("f", 1<<20) }, "SRP_B has 1048576 bytes, more than the 2048 that are accepted"},
		{"B of zero", func(c *srp.Challenge) { c.B = "00" }, "SRP_B is 0 modulo the prime of the group, which SRP-6a forbids"},
		{"B is the prime", func(c *srp.Challenge) { c.B = n.Text(16) }, "SRP_B is 0 modulo the prime of the group, which SRP-6a forbids"},
		{"B is twice the prime", func(c *srp.Challenge) { c.B = double.Text(16) }, "SRP_B is 0 modulo the prime of the group, which SRP-6a forbids"},
		{"no secret block", func(c *srp.Challenge) { c.SecretBlock = "" }, "SECRET_BLOCK is missing"},
		{"secret block is text", func(c *srp.Challenge) { c.SecretBlock = "canary!" }, "SECRET_BLOCK is not base64"},
		{"secret block of the other alphabet", func(c *srp.Challenge) { c.SecretBlock = "_-__" }, "SECRET_BLOCK is not base64"},
		{"long secret block", func(c *srp.Challenge) { c.SecretBlock = strings.Repeat("A", 65540) }, "SECRET_BLOCK has 65540 bytes, more than the 65536 that are accepted"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			challenge := login.challenge()
			tt.change(&challenge)
			got, err := login.client(t).Respond(challenge, "canary-key", time.Unix(login.Unix, 0))
			require.EqualError(t, err, "login challenge: "+tt.want)
			assert.Zero(t, got)
		})
	}
}

func TestNewRefusesBadPoolIDs(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"", "us-east-2", "us-east-2_", "_"} {
		client, err := srp.New(rand.Reader, id)
		require.ErrorContains(t, err, "want a region, an underscore and a name", "%q", id)
		assert.Nil(t, client)
	}
}

func TestNewNeedsEnoughRandomBytes(t *testing.T) {
	t.Parallel()
	_, err := srp.New(bytes.NewReader(make([]byte, 127)), "us-east-2_pool")
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)

	broken := errors.New("no entropy")
	_, err = srp.New(iotest.ErrReader(broken), "us-east-2_pool")
	require.ErrorIs(t, err, broken)
}

func TestEveryLoginIsDifferent(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for range 5 {
		client, err := srp.New(rand.Reader, "us-east-2_pool")
		require.NoError(t, err)
		assert.False(t, seen[client.A()])
		seen[client.A()] = true
	}
}

// FuzzRespond feeds the client what only a broken or hostile server would send. What it accepts it must sign as the
// formulas say.
func FuzzRespond(f *testing.F) {
	logins := vectors(f).Logins
	for _, login := range logins {
		f.Add(login.User, login.Salt, login.B, "c2VjcmV0", login.Key)
	}
	f.Add("", "", "", "", "")
	f.Add("user", "-0", "+1", "====", "key")
	f.Add("user", "0", "2", "\n", "")

	own := logins[len(logins)-1] // its secret is small, and so quick
	client, n, a := own.client(f), vectors(f).prime(f), fromHex(f, own.Random)
	_, pool, _ := strings.Cut(own.Pool, "_")
	f.Fuzz(func(t *testing.T, user, salt, b, block, key string) {
		challenge := srp.Challenge{UserID: user, Salt: salt, B: b, SecretBlock: block}
		got, err := client.Respond(challenge, key, time.Unix(own.Unix, 0))
		if err != nil {
			require.Zero(t, got)
			return
		}
		decoded, err := base64.StdEncoding.DecodeString(block)
		require.NoError(t, err)
		e := &exchange{n: n, enc: rightEncoding(), pool: pool, user: user, key: key, salt: fromHex(t, salt), block: decoded}
		require.Equal(t, srp.Response{
			Timestamp:   own.Timestamp,
			Username:    user,
			SecretBlock: block,
			Signature:   e.clientSignature(a, fromHex(t, b), own.Timestamp),
		}, got)
	})
}

func fromHex(t testing.TB, digits string) *big.Int {
	t.Helper()
	n, ok := new(big.Int).SetString(digits, 16)
	require.True(t, ok, "%q is not hexadecimal", digits)
	return n
}

func BenchmarkLogin(b *testing.B) {
	login := vectors(b).Logins[0]
	b.ReportAllocs()
	for b.Loop() {
		client, err := srp.New(rand.Reader, login.Pool)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := client.Respond(login.challenge(), login.Key, time.Unix(login.Unix, 0)); err != nil {
			b.Fatal(err)
		}
	}
}
