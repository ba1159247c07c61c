package proximltest

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// publicKey reads the pool's key from its JWKS, as a client does.
func publicKey(t *testing.T, pool *userPool) (id string, key *rsa.PublicKey) {
	t.Helper()
	recorder := httptest.NewRecorder()
	pool.serveJWKS(recorder, httptest.NewRequest(http.MethodGet, "/us-east-2_Test0001/.well-known/jwks.json", nil))
	require.Equal(t, "application/json", recorder.Header().Get("Content-Type"))
	var set struct {
		Keys []map[string]string `json:"keys"`
	}
	require.NoError(t, json.Unmarshal(recorder.Body.Bytes(), &set))
	require.Len(t, set.Keys, 1)
	jwk := set.Keys[0]
	assert.Equal(t, []string{"RS256", "RSA", "sig", "AQAB"}, []string{jwk["alg"], jwk["kty"], jwk["use"], jwk["e"]})
	modulus, err := base64.RawURLEncoding.DecodeString(jwk["n"])
	require.NoError(t, err)
	return jwk["kid"], &rsa.PublicKey{N: new(big.Int).SetBytes(modulus), E: 65537}
}

// readToken checks a token's signature against the JWKS and returns its claims.
func readToken(t *testing.T, pool *userPool, token string) map[string]any {
	t.Helper()
	kid, key := publicKey(t, pool)
	parts := strings.Split(token, ".")
	require.Len(t, parts, 3)
	decode := func(part string) []byte {
		raw, err := base64.RawURLEncoding.DecodeString(part)
		require.NoError(t, err)
		return raw
	}
	var header, claims map[string]any
	require.NoError(t, json.Unmarshal(decode(parts[0]), &header))
	require.Equal(t, map[string]any{"alg": "RS256", "kid": kid}, header)
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	require.NoError(t, rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], decode(parts[2])))
	require.NoError(t, json.Unmarshal(decode(parts[1]), &claims))
	return claims
}

// takeRandom removes the claims that are random and returns those that other tokens of the login share.
func takeRandom(t *testing.T, claims map[string]any) (shared []any) {
	t.Helper()
	for _, name := range []string{"jti", "event_id", "sub", "origin_jti"} {
		require.Len(t, claims[name], 36, name)
	}
	shared = []any{claims["event_id"], claims["sub"], claims["origin_jti"]}
	for _, name := range []string{"jti", "event_id", "sub", "origin_jti"} {
		delete(claims, name)
	}
	return shared
}

func TestTokensOfALogin(t *testing.T) {
	t.Parallel()
	pool, clock := poolWithUser(t)
	result := start(t, pool).finish(t, pool, clock.stamp()).Result
	assert.Equal(t, "Bearer", result.TokenType)
	assert.Equal(t, 3600, result.ExpiresIn)
	assert.NotEmpty(t, result.RefreshToken)

	now := float64(july.Unix())
	id, access := readToken(t, pool, result.IDToken), readToken(t, pool, result.AccessToken)
	assert.NotEqual(t, id["jti"], access["jti"])
	assert.Equal(t, takeRandom(t, id), takeRandom(t, access))
	assert.Equal(t, map[string]any{
		"iss": "https://cognito-idp.us-east-2.amazonaws.com/us-east-2_Test0001", "aud": "client", "token_use": "id",
		"cognito:username": "user", "email": "user@example.com", "email_verified": true,
		"auth_time": now, "iat": now, "exp": now + 3600,
	}, id)
	assert.Equal(t, map[string]any{
		"iss": "https://cognito-idp.us-east-2.amazonaws.com/us-east-2_Test0001", "client_id": "client", "token_use": "access",
		"username": "user", "scope": "aws.cognito.signin.user.admin",
		"auth_time": now, "iat": now, "exp": now + 3600,
	}, access)
}

func TestRefreshBringsNewTokensButNoNewRefreshToken(t *testing.T) {
	t.Parallel()
	pool, clock := poolWithUser(t)
	pool.tokenLife = 10 * time.Minute
	result := start(t, pool).finish(t, pool, clock.stamp()).Result
	clock.step(time.Hour)
	_, err := pool.verify(result.IDToken)
	require.EqualError(t, err, "the id token has expired")

	reply := refresh(t, pool, result.RefreshToken)
	require.Equal(t, http.StatusOK, reply.status)
	assert.Empty(t, reply.Result.RefreshToken)
	assert.Empty(t, reply.Challenge)
	assert.Equal(t, 600, reply.Result.ExpiresIn)
	email, err := pool.verify(reply.Result.IDToken)
	require.NoError(t, err)
	assert.Equal(t, "user@example.com", email)
	claims := readToken(t, pool, reply.Result.IDToken)
	assert.InEpsilon(t, float64(july.Unix()), claims["auth_time"], 0)
	assert.InEpsilon(t, float64(july.Add(time.Hour).Unix()), claims["iat"], 0)
	assert.InEpsilon(t, float64(july.Add(time.Hour+10*time.Minute).Unix()), claims["exp"], 0)

	clock.step(30*24*time.Hour - time.Hour - time.Second)
	require.Equal(t, http.StatusOK, refresh(t, pool, result.RefreshToken).status)
	clock.step(time.Second)
	refresh(t, pool, result.RefreshToken).requireRefused(t, "NotAuthorizedException", "Refresh Token has expired")
}

func TestRefreshTokenMustBeThePools(t *testing.T) {
	t.Parallel()
	pool, _ := poolWithUser(t)
	other, _ := poolWithUser(t)
	theirs, err := other.issue("user")
	require.NoError(t, err)
	ours, err := pool.issue("user")
	require.NoError(t, err)
	for _, token := range []string{theirs.RefreshToken, ours.RefreshToken[1:], "A" + ours.RefreshToken, ours.IDToken, "*", "AA"} {
		refresh(t, pool, token).requireRefused(t, "NotAuthorizedException", "Invalid Refresh Token")
	}
	assert.Equal(t, http.StatusOK, refresh(t, pool, ours.RefreshToken).status)
}

func TestRevokedTokensAreRefused(t *testing.T) {
	t.Parallel()
	pool, clock := poolWithUser(t)
	pool.addUser("second key", "key", "user@example.com")
	pool.addUser("other", "key", "other@example.com")
	old, err := pool.issue("user")
	require.NoError(t, err)
	second, err := pool.issue("second key")
	require.NoError(t, err)
	other, err := pool.issue("other")
	require.NoError(t, err)

	pool.revokeTokens("user@example.com")
	for _, revoked := range []*tokenSet{old, second} {
		_, err = pool.verify(revoked.IDToken)
		require.EqualError(t, err, "the id token was revoked")
		refresh(t, pool, revoked.RefreshToken).requireRefused(t, "NotAuthorizedException", "Refresh Token has been revoked")
	}
	_, err = pool.verify(other.IDToken)
	require.NoError(t, err, "another user's tokens stay")

	// The clock has not moved since: what counts is the login, not its second.
	fresh := start(t, pool).finish(t, pool, clock.stamp()).Result
	_, err = pool.verify(fresh.IDToken)
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, refresh(t, pool, fresh.RefreshToken).status)

	pool.addUser("user", "key", "user@example.com")
	_, err = pool.verify(fresh.IDToken)
	require.EqualError(t, err, "the id token was revoked", "a user that was replaced")
}

func TestVerifyRefusesWhatIsNotItsIDToken(t *testing.T) {
	t.Parallel()
	pool, clock := poolWithUser(t)
	tokens, err := pool.issue("user")
	require.NoError(t, err)
	stranger, err := newUserPool("us-east-2", "us-east-2_Stranger", "client", clock.Now)
	require.NoError(t, err)
	stranger.addUser("user", "key", "user@example.com")
	another, err := newUserPool("us-east-2", "us-east-2_Test0001", "another", clock.Now)
	require.NoError(t, err)
	another.addUser("user", "key", "user@example.com")
	twin, _ := poolWithUser(t)

	idTokenOf := func(p *userPool) string {
		set, err := p.issue("user")
		require.NoError(t, err)
		return set.IDToken
	}
	parts := strings.Split(tokens.IDToken, ".")
	encode := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	kid, _ := publicKey(t, pool)
	forged := strings.Split(idTokenOf(twin), ".")
	cases := map[string]struct{ token, reason string }{
		"nothing":              {"", "not signed"},
		"not a JWT":            {"token", "not signed"},
		"two parts":            {parts[0] + "." + parts[1], "not signed"},
		"no signature":         {parts[0] + "." + parts[1] + ".", "not signed"},
		"another's signature":  {parts[0] + "." + parts[1] + "." + forged[2], "not signed"},
		"other claims":         {parts[0] + "." + forged[1] + "." + parts[2], "not signed"},
		"signature not base64": {parts[0] + "." + parts[1] + ".*", "not signed"},
		"algorithm none":       {encode(`{"alg":"none","kid":"`+kid+`"}`) + "." + parts[1] + ".", "not signed"},
		"another kid":          {encode(`{"alg":"RS256","kid":"other"}`) + "." + parts[1] + "." + parts[2], "not signed"},
		"access token":         {tokens.AccessToken, `for use as "access"`},
		"another pool":         {idTokenOf(stranger), "another user pool's"},
		"another client":       {idTokenOf(another), "another app client's"},
		"another server":       {idTokenOf(twin), "revoked"},
	}
	for name, test := range cases {
		email, err := pool.verify(test.token)
		require.ErrorContains(t, err, test.reason, name)
		assert.Empty(t, email, name)
	}
	_, err = pool.issue("nobody")
	require.EqualError(t, err, "UserNotFoundException: User does not exist.")

	clock.step(time.Hour - time.Second)
	_, err = pool.verify(tokens.IDToken)
	require.NoError(t, err)
	clock.step(time.Second)
	_, err = pool.verify(tokens.IDToken)
	require.EqualError(t, err, "the id token has expired")
}

func BenchmarkVerify(b *testing.B) {
	pool := testPool(b, time.Now)
	pool.addUser("user", "key", "user@example.com")
	tokens, err := pool.issue("user")
	require.NoError(b, err)
	for b.Loop() {
		_, err := pool.verify(tokens.IDToken)
		require.NoError(b, err)
	}
}
