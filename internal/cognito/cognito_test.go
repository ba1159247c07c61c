package cognito

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// idToken is a token with claims.
func idToken(claims string) string {
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln"
}

// posted is an action as it was sent.
type posted struct {
	header     http.Header
	body       map[string]any
	repeatable bool
}

// poster answers actions in turn and keeps what was sent.
func poster(t *testing.T, sent *[]posted, replies ...string) Post {
	t.Helper()
	return func(_ context.Context, header http.Header, body []byte, repeatable bool) (int, []byte, error) {
		action := posted{header: header, repeatable: repeatable}
		if !assert.NoError(t, json.Unmarshal(body, &action.body)) || !assert.Less(t, len(*sent), len(replies)) {
			return 0, nil, errors.New("unexpected")
		}
		*sent = append(*sent, action)
		return http.StatusOK, []byte(replies[len(*sent)-1]), nil
	}
}

// actionHeader is what each action is sent with.
func actionHeader(action string) http.Header {
	return http.Header{"Content-Type": {"application/x-amz-json-1.1"}, "X-Amz-Target": {"AWSCognitoIdentityProviderService." + action}}
}

var pool = Pool{Region: "us-east-2", ID: "us-east-2_Pool", ClientID: "client"}

func TestWhatALoginSends(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // in a bubble it is midnight on January 1st, 2000
		time.Sleep(15*time.Hour + 4*time.Minute + 5*time.Second)
		var sent []posted
		token := idToken(`{"exp":946800000}`)
		tokens, err := pool.Login(t.Context(), "user-id", "key", poster(t, &sent,
			`{"ChallengeName":"PASSWORD_VERIFIER","Session":"session","ChallengeParameters":{"USER_ID_FOR_SRP":"srp-id","SALT":"a1","SRP_B":"5","SECRET_BLOCK":"YmxvY2s="}}`,
			`{"AuthenticationResult":{"IdToken":"`+token+`","RefreshToken":"refresh","AccessToken":"access","ExpiresIn":1}}`))
		require.NoError(t, err)
		assert.Equal(t, &Tokens{ID: token, Refresh: "refresh", Expires: time.Unix(946800000, 0)}, tokens)

		require.Len(t, sent, 2)
		assert.Equal(t, actionHeader("InitiateAuth"), sent[0].header)
		assert.True(t, sent[0].repeatable)
		srpA := sent[0].body["AuthParameters"].(map[string]any)["SRP_A"].(string)
		assert.Regexp(t, "^[0-9a-f]{700,768}$", srpA)
		assert.Equal(t, map[string]any{
			"AuthFlow": "USER_SRP_AUTH", "ClientId": "client", "AuthParameters": map[string]any{"USERNAME": "user-id", "SRP_A": srpA},
		}, sent[0].body)

		assert.Equal(t, actionHeader("RespondToAuthChallenge"), sent[1].header)
		assert.False(t, sent[1].repeatable, "a challenge is good for one answer")
		responses := sent[1].body["ChallengeResponses"].(map[string]any)
		signature, err := base64.StdEncoding.DecodeString(responses["PASSWORD_CLAIM_SIGNATURE"].(string))
		require.NoError(t, err)
		assert.Len(t, signature, 32)
		delete(responses, "PASSWORD_CLAIM_SIGNATURE")
		assert.Equal(t, map[string]any{
			"ChallengeName": "PASSWORD_VERIFIER", "ClientId": "client", "Session": "session", "ChallengeResponses": map[string]any{
				"USERNAME": "srp-id", "PASSWORD_CLAIM_SECRET_BLOCK": "YmxvY2s=", "TIMESTAMP": "Sat Jan 1 15:04:05 UTC 2000",
			},
		}, sent[1].body)
	})
}

func TestWhatARefreshSends(t *testing.T) {
	t.Parallel()
	var sent []posted
	token := idToken(`{"exp":4102444800}`)
	tokens, err := pool.Refresh(t.Context(), "old", poster(t, &sent, `{"AuthenticationResult":{"IdToken":"`+token+`"}}`))
	require.NoError(t, err)
	assert.Equal(t, &Tokens{ID: token, Refresh: "old", Expires: time.Unix(4102444800, 0)}, tokens, "the refresh token stays valid")
	assert.Equal(t, []posted{{actionHeader("InitiateAuth"), map[string]any{
		"AuthFlow": "REFRESH_TOKEN_AUTH", "ClientId": "client", "AuthParameters": map[string]any{"REFRESH_TOKEN": "old"},
	}, true}}, sent)
	sent = nil
	tokens, err = pool.Refresh(t.Context(), "old", poster(t, &sent, `{"AuthenticationResult":{"IdToken":"`+token+`","RefreshToken":"new"}}`))
	require.NoError(t, err)
	assert.Equal(t, "new", tokens.Refresh, "with rotation there is a new one")
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	answer := func(reply string) Post {
		return func(context.Context, http.Header, []byte, bool) (int, []byte, error) { return 400, []byte(reply), nil }
	}
	for reply, code := range map[string]string{
		`{"__type":"NotAuthorizedException","message":"No."}`:                  "NotAuthorizedException",
		`{"__type":"com.amazonaws#NotAuthorizedException","message":"No."}`:    "NotAuthorizedException",
		`{"__type":"a#b#UserNotFoundException","message":"No.","new":{"a":1}}`: "UserNotFoundException",
	} {
		_, err := pool.Refresh(t.Context(), "r", answer(reply))
		assert.Equal(t, &Refusal{Code: code, Message: "No."}, err)
		require.EqualError(t, err, code+": No.")
	}
	for _, reply := range []string{``, `{}`, `[]`, `{"message":"No."}`, `{"__type":5}`, `{"__type":"a#"}`, `<html>`} {
		_, err := pool.Refresh(t.Context(), "r", answer(reply))
		require.EqualError(t, err, "the login was answered by 400 Bad Request without a known error", reply)
	}
}

func TestFill(t *testing.T) {
	t.Parallel()
	config := []byte(`{"region":"r","userPoolId":"r_p","userPoolSDKClientId":"c","more":{}}`)
	for known, want := range map[Pool]Pool{
		{}:                               {"r", "r_p", "c"},
		{ID: "my_pool"}:                  {"r", "my_pool", "c"},
		{Region: "my"}:                   {"my", "r_p", "c"},
		{ClientID: "mine", Region: "my"}: {"my", "r_p", "mine"},
	} {
		assert.False(t, known.Complete())
		full, err := known.Fill(config)
		require.NoError(t, err)
		assert.Equal(t, &want, full)
		assert.True(t, full.Complete())
	}
	for _, config := range []string{`{}`, `{"region":"r"}`, `{"region":"r","userPoolId":"r_p","userPoolSDKClientId":""}`, `{"Region":"r","userPoolID":"r_p","userPoolSDKClientId":"c"}`} {
		_, err := Pool{}.Fill([]byte(config))
		require.EqualError(t, err, "lacks region, user pool or client id", config)
	}
	for _, config := range []string{``, `<html>`, `[]`, `{"region":5}`} {
		_, err := Pool{}.Fill([]byte(config))
		require.EqualError(t, err, "is no JSON object of the known form", config)
	}
}

func TestReadClaims(t *testing.T) {
	t.Parallel()
	claims, err := ReadClaims(idToken(`{"exp":4102444800,"email":"me@example.com","aud":["a"],"exp2":"x"}`))
	require.NoError(t, err)
	assert.Equal(t, &Claims{Expires: 4102444800, Email: "me@example.com"}, claims)
	for token, problem := range map[string]string{
		"":                                 "the id token is no JSON web token",
		"CANARY":                           "the id token is no JSON web token",
		"a.b.c.d":                          "the id token is no JSON web token",
		"a.CANARY!.c":                      "the claims of the id token are no base64",
		"a." + "e30=" + ".c":               "the claims of the id token are no base64",
		idToken(`CANARY`):                  "the claims of the id token are no JSON with an expiry",
		idToken(`{}`):                      "the claims of the id token are no JSON with an expiry",
		idToken(`{"exp":0}`):               "the claims of the id token are no JSON with an expiry",
		idToken(`{"exp":-1}`):              "the claims of the id token are no JSON with an expiry",
		idToken(`{"exp":"tomorrow"}`):      "the claims of the id token are no JSON with an expiry",
		idToken(`{"exp":1e30}`):            "the claims of the id token are no JSON with an expiry",
		idToken(`{"exp":1} "CANARY"`):      "the claims of the id token are no JSON with an expiry",
		idToken(`{"email":"CANARY","exp"`): "the claims of the id token are no JSON with an expiry",
	} {
		_, err := ReadClaims(token)
		require.EqualError(t, err, problem, token)
	}
}

// FuzzReadClaims: whatever the token, there are claims with an expiry or an
// error that quotes nothing of it.
func FuzzReadClaims(f *testing.F) {
	for _, seed := range []string{"", "..", "a.b.c", idToken(`{"exp":1}`), idToken(`{"exp":4102444800,"email":"\ud800"}`), idToken(`[]`)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		claims, err := ReadClaims(token)
		if (err == nil) == (claims == nil) || err == nil && claims.Expires <= 0 {
			t.Fatalf("%q: %v, %v", token, claims, err)
		}
		if err != nil && len(token) > 30 && strings.Contains(err.Error(), token) {
			t.Fatalf("%q is quoted: %v", token, err)
		}
	})
}

// FuzzAnswer: whatever Cognito answers, there are tokens or an error.
func FuzzAnswer(f *testing.F) {
	f.Add(200, `{"AuthenticationResult":{"IdToken":"`+idToken(`{"exp":1}`)+`"}}`)
	f.Add(200, `{"ChallengeName":"SMS_MFA"}`)
	f.Add(400, `{"__type":"NotAuthorizedException","message":"No."}`)
	f.Add(400, `{"__type":"a#"}`)
	f.Fuzz(func(t *testing.T, status int, reply string) {
		tokens, err := pool.Refresh(t.Context(), "old", func(context.Context, http.Header, []byte, bool) (int, []byte, error) {
			return status, []byte(reply), nil
		})
		if (err == nil) == (tokens == nil) || err == nil && (tokens.ID == "" || tokens.Refresh == "" || tokens.Expires.Unix() <= 0) {
			t.Fatalf("%v, %v", tokens, err)
		}
		if refusal, ok := errors.AsType[*Refusal](err); ok && (refusal.Code == "" || refusal.Hint() == "") {
			t.Fatalf("a refusal without a name: %v", refusal)
		}
	})
}

// FuzzFill: whatever the auth config says, the pool is complete and what was
// known of it stays, or there is an error that quotes nothing.
func FuzzFill(f *testing.F) {
	for _, seed := range []string{"", "{}", "[]", `{"region":"r","userPoolId":"r_p","userPoolSDKClientId":"c"}`, `{"region":1}`, `{"region":"a","region":"b"}`, "{\"region\":\"\xff\"}"} {
		f.Add("", seed)
		f.Add("known", seed)
	}
	f.Fuzz(func(t *testing.T, region, config string) {
		full, err := Pool{Region: region}.Fill([]byte(config))
		switch {
		case (err == nil) == (full == nil):
			t.Fatalf("%v, %v", full, err)
		case err != nil && len(config) > 30 && strings.Contains(err.Error(), config):
			t.Fatalf("%q is quoted: %v", config, err)
		case err == nil && (!full.Complete() || region != "" && full.Region != region):
			t.Fatalf("%v of region %q", full, region)
		}
	})
}
