// Package srp is the client's side of the login that Amazon Cognito calls
// USER_SRP_AUTH: SRP-6a, by which a client proves that it knows a key without
// sending it.
//
// Cognito differs from RFC 5054: integers are hashed without padding them to
// the length of the group, and the proof is signed with a key derived by HKDF.
// Its JavaScript client agrees with the vectors in testdata.
package srp

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"time"
)

const (
	exponentBytes   = 128 // of the secret a
	sessionKeyBytes = 16
	sessionKeyInfo  = "Caldera Derived Key"

	// timestampLayout has no leading zero on the day, a 24-hour clock and
	// English names; Cognito refuses anything else.
	timestampLayout = "Mon Jan 2 15:04:05 UTC 2006"
)

// Client holds the secrets of one login. Make a new one for each.
type Client struct {
	pool           string
	secret, public *big.Int // a, A
}

// Challenge holds the parameters of a PASSWORD_VERIFIER challenge.
type Challenge struct {
	UserID      string `json:"USER_ID_FOR_SRP"`
	Salt        string `json:"SALT"`         // hex
	B           string `json:"SRP_B"`        // hex
	SecretBlock string `json:"SECRET_BLOCK"` // base64
}

// Response holds the parameters that answer a PASSWORD_VERIFIER challenge.
type Response struct {
	Timestamp   string `json:"TIMESTAMP"`
	Username    string `json:"USERNAME"`
	SecretBlock string `json:"PASSWORD_CLAIM_SECRET_BLOCK"` // base64, as it came
	Signature   string `json:"PASSWORD_CLAIM_SIGNATURE"`    // base64
}

// New prepares a login to the user pool poolID, such as "us-east-2_Ab1Cd2Ef3".
// It reads its secret from random.
func New(random io.Reader, poolID string) (*Client, error) {
	_, pool, _ := strings.Cut(poolID, "_")
	if pool == "" {
		return nil, fmt.Errorf("user pool id %q: want a region, an underscore and a name, such as us-east-2_Ab1Cd2Ef3", poolID)
	}
	exponent := make([]byte, exponentBytes)
	if _, err := io.ReadFull(random, exponent); err != nil {
		return nil, fmt.Errorf("reading random bytes: %w", err)
	}
	a, grp := new(big.Int).SetBytes(exponent), cognitoGroup()
	return &Client{pool: pool, secret: a, public: new(big.Int).Exp(grp.g, a, grp.n)}, nil
}

// A returns the public value that goes out as SRP_A: plain hex, not padded.
func (c *Client) A() string { return c.public.Text(16) }

// Respond proves knowledge of key, the secret of the API key, at the time now.
// Cognito refuses a time that is too far from its own clock. What the server
// sent is checked; errors name the parameter and never quote it.
func (c *Client) Respond(ch Challenge, key string, now time.Time) (Response, error) {
	p, err := ch.parse()
	if err != nil {
		return Response{}, fmt.Errorf("login challenge: %w", err)
	}
	sessionKey, err := c.sessionKey(p, key)
	if err != nil {
		return Response{}, fmt.Errorf("login challenge: %w", err)
	}
	timestamp := now.UTC().Format(timestampLayout)
	mac := hmac.New(sha256.New, sessionKey)
	mac.Write([]byte(c.pool + p.userID))
	mac.Write(p.secretBlock)
	mac.Write([]byte(timestamp))
	return Response{
		Timestamp:   timestamp,
		Username:    p.userID,
		SecretBlock: ch.SecretBlock,
		Signature:   base64.StdEncoding.EncodeToString(mac.Sum(nil)),
	}, nil
}

// sessionKey derives the key that both sides share when key is right.
func (c *Client) sessionKey(p parameters, key string) ([]byte, error) {
	grp := cognitoGroup()
	u := hashInt(signedBytes(c.public), signedBytes(p.b))
	if u.Sign() == 0 {
		return nil, errors.New("the hash of SRP_A and SRP_B is 0, which proves nothing: log in again")
	}
	identity := sha256.Sum256([]byte(c.pool + p.userID + ":" + key))
	x := hashInt(signedBytes(p.salt), identity[:])

	// S = (B - k·g^x)^(a + u·x) mod N
	base := new(big.Int).Exp(grp.g, x, grp.n)
	base.Mul(base, grp.k).Sub(p.b, base).Mod(base, grp.n)
	exponent := x.Mul(u, x).Add(x, c.secret)
	s := base.Exp(base, exponent, grp.n)
	return hkdf.Key(sha256.New, signedBytes(s), signedBytes(u), sessionKeyInfo, sessionKeyBytes)
}
