package proximltest

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
)

// tokenSet is the AuthenticationResult of a login. A refresh brings no new refresh token.
type tokenSet struct {
	AccessToken  string
	ExpiresIn    int64  // seconds
	IDToken      string `json:"IdToken"`
	RefreshToken string `json:",omitzero"`
	TokenType    string
}

// claims are those of Cognito's id and access tokens.
type claims struct {
	Subject       string `json:"sub"`
	EmailVerified bool   `json:"email_verified,omitzero"`
	Issuer        string `json:"iss"`
	User          string `json:"cognito:username,omitzero"`
	AccessUser    string `json:"username,omitzero"`
	OriginJTI     string `json:"origin_jti"`
	Audience      string `json:"aud,omitzero"`
	ClientID      string `json:"client_id,omitzero"`
	EventID       string `json:"event_id"`
	Use           string `json:"token_use"`
	Scope         string `json:"scope,omitzero"`
	AuthTime      int64  `json:"auth_time"`
	Expires       int64  `json:"exp"`
	IssuedAt      int64  `json:"iat"`
	ID            string `json:"jti"`
	Email         string `json:"email,omitzero"`
}

// signingKey is shared by all pools of a process: making an RSA key takes 60 ms of CPU, more than most tests, and it is made when the
// first token is. A token is still good for its own pool only, since its origin_jti is.
var signingKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// keyID names a key in a token's header and in the JWKS.
func keyID(key *rsa.PublicKey) string {
	sum := sha256.Sum256(key.N.Bytes())
	return base64.StdEncoding.EncodeToString(sum[:])
}

// issuer is the iss claim of the pool's tokens.
func (p *userPool) issuer() string {
	return fmt.Sprintf("https://cognito-idp.%s.amazonaws.com/%s", p.region, p.id)
}

// issue mints the tokens of a user that has just logged in.
func (p *userPool) issue(name string) (*tokenSet, error) {
	user, known := p.user(name)
	if !known {
		return nil, &authError{"UserNotFoundException", "User does not exist."}
	}
	now := p.now()
	tokens, err := p.mint(user, now)
	if err != nil {
		return nil, err
	}
	tokens.RefreshToken = p.refresh.seal(refreshToken{
		User: name, Family: user.family, AuthTime: now.Unix(), Expires: now.Add(refreshLife).Unix(),
	})
	return tokens, nil
}

// refreshTokens gives new tokens for a refresh token.
func (p *userPool) refreshTokens(parameters map[string]string) (*authReply, error) {
	values, err := required(parameters, "REFRESH_TOKEN")
	if err != nil {
		return nil, err
	}
	token, err := p.refresh.open(values[0])
	if err != nil {
		return nil, notAuthorized("Invalid Refresh Token")
	}
	user, known := p.user(token.User)
	if !known || user.family != token.Family {
		return nil, notAuthorized("Refresh Token has been revoked")
	}
	if p.now().Unix() >= token.Expires {
		return nil, notAuthorized("Refresh Token has expired")
	}
	tokens, err := p.mint(user, time.Unix(token.AuthTime, 0))
	if err != nil {
		return nil, err
	}
	return &authReply{AuthenticationResult: tokens}, nil
}

// mint makes an id token and an access token.
func (p *userPool) mint(user poolUser, authTime time.Time) (*tokenSet, error) {
	now := p.now()
	common := claims{
		Subject: user.subject, Issuer: p.issuer(), OriginJTI: user.family, EventID: newID(),
		AuthTime: authTime.Unix(), IssuedAt: now.Unix(), Expires: now.Add(p.tokenLife).Unix(),
	}
	id := common
	id.Use, id.ID, id.Audience, id.User, id.Email, id.EmailVerified = "id", newID(), p.clientID, user.name, user.email, true
	access := common
	access.Use, access.ID, access.ClientID, access.AccessUser, access.Scope = "access", newID(), p.clientID, user.name, "aws.cognito.signin.user.admin"
	idToken, err := sign(id)
	if err != nil {
		return nil, err
	}
	accessToken, err := sign(access)
	if err != nil {
		return nil, err
	}
	return &tokenSet{
		AccessToken: accessToken, IDToken: idToken,
		ExpiresIn: int64(p.tokenLife / time.Second), TokenType: "Bearer",
	}, nil
}

// jwtHeader is the first part of a token.
type jwtHeader struct {
	KeyID     string `json:"kid"`
	Algorithm string `json:"alg"`
}

// sign writes claims as a JWT.
func sign(c claims) (string, error) {
	key, err := signingKey()
	if err != nil {
		return "", fmt.Errorf("making the key that signs tokens: %w", err)
	}
	header, _ := json.Marshal(jwtHeader{KeyID: keyID(&key.PublicKey), Algorithm: "RS256"})
	payload, _ := json.Marshal(c)
	signed := encodePart(header) + "." + encodePart(payload)
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	if err != nil {
		return "", err
	}
	return signed + "." + encodePart(signature), nil
}

func encodePart(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// errBadToken is why a token is refused when its signature does not hold.
var errBadToken = errors.New("the id token was not signed by this user pool")

// verify returns the email of the user that an id token was given to, or why the token is not good (any more).
func (p *userPool) verify(idToken string) (email string, err error) {
	c, err := checkSignature(idToken)
	if err != nil {
		return "", err
	}
	user, known := p.user(c.User)
	switch {
	case c.Issuer != p.issuer():
		return "", errors.New("the id token is another user pool's")
	case c.Use != "id":
		return "", fmt.Errorf("the token is for use as %q, want an id token", c.Use)
	case c.Audience != p.clientID:
		return "", errors.New("the id token is another app client's")
	case p.now().Unix() >= c.Expires:
		return "", errors.New("the id token has expired")
	case !known || user.family != c.OriginJTI:
		return "", errors.New("the id token was revoked")
	}
	return user.email, nil
}

// checkSignature reads the claims of a token that was signed with the signing key.
func checkSignature(token string) (claims, error) {
	key, err := signingKey()
	if err != nil {
		return claims{}, err
	}
	signed, signature, _ := cutLast(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil {
		return claims{}, errBadToken
	}
	sum := sha256.Sum256([]byte(signed))
	if err := rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, sum[:], raw); err != nil {
		return claims{}, errBadToken
	}
	// What the header says does not matter: whoever could sign it wrote it.
	_, payload, _ := strings.Cut(signed, ".")
	text, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		return claims{}, errBadToken
	}
	var c claims
	return c, json.Unmarshal(text, &c)
}

func cutLast(s, separator string) (before, after string, found bool) {
	i := strings.LastIndex(s, separator)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(separator):], true
}

// serveJWKS serves the key that tokens are to be checked with.
func (p *userPool) serveJWKS(w http.ResponseWriter, _ *http.Request) {
	key, err := signingKey()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	encoded, _ := json.Marshal(map[string]any{"keys": []map[string]string{{
		"alg": "RS256", "kty": "RSA", "use": "sig", "kid": keyID(&key.PublicKey),
		"n": encodePart(key.N.Bytes()), "e": encodePart(big.NewInt(int64(key.E)).Bytes()),
	}}}, json.Deterministic(true))
	w.Header().Set("Content-Type", "application/json")
	w.Write(encoded)
}

// refreshToken is what is sealed in a refresh token, which nobody but its pool can read.
type refreshToken struct {
	User     string `json:"user"`
	Family   string `json:"family"`
	AuthTime int64  `json:"auth_time"`
	Expires  int64  `json:"exp"`
}

// refreshSealer encrypts refresh tokens, so that the pool need not remember them.
type refreshSealer struct{ aead cipher.AEAD }

func newRefreshSealer() (refreshSealer, error) {
	block, err := aes.NewCipher(randomBytes(16))
	if err != nil {
		return refreshSealer{}, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return refreshSealer{aead}, err
}

func (s refreshSealer) seal(token refreshToken) string {
	text, _ := json.Marshal(token)
	return encodePart(s.aead.Seal(nil, nil, text, nil))
}

func (s refreshSealer) open(sealed string) (token refreshToken, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return token, err
	}
	text, err := s.aead.Open(nil, nil, raw, nil)
	if err != nil {
		return token, err
	}
	return token, json.Unmarshal(text, &token)
}
