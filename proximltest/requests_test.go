package proximltest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// canary stands for any secret.
const canary = "CANARY"

// recordOf returns what is remembered of a request, and what its handler could read of the body.
func recordOf(request *http.Request) (recorded Request, body string, err error) {
	var log requestLog
	log.record(request)
	read, err := io.ReadAll(request.Body)
	return log.all()[0], string(read), err
}

func TestRequestIsShownAsItCameIn(t *testing.T) {
	t.Parallel()
	const body = `{"name":"n","z":1,"a":{"big":12345678901234567890,"list":[1.50,true,null,"<&>"]},"copy_secrets":true,` +
		`"environment":{"credentials":["aws"],"secrets":["db"],"env":[{"key":"EPOCHS","value":"10"}]}}`
	request := httptest.NewRequest(http.MethodPost, "/project/a%2Fb/access?email=me%40example.com&x=1&x=2", strings.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "app/1 proxiML-sdk-go/1")
	recorded, read, err := recordOf(request)
	require.NoError(t, err)
	assert.Equal(t, body, read, "the handler reads the body as if nobody had before")
	assert.Equal(t, Request{
		Method: http.MethodPost,
		Path:   "/project/a%2Fb/access",
		Query:  url.Values{"email": {"me@example.com"}, "x": {"1", "2"}},
		Header: http.Header{"Content-Type": {"application/json"}, "User-Agent": {"app/1 proxiML-sdk-go/1"}},
		Body:   body,
	}, recorded)
}

func TestRequestShowsNoSecret(t *testing.T) {
	t.Parallel()
	pool, _ := poolWithUser(t)
	tokens, err := pool.issue("user")
	require.NoError(t, err)
	jwt := tokens.IDToken
	cases := []struct{ name, method, path, header, body, want string }{
		{"id token", "GET", "/job", "Authorization: " + jwt, "", ""},
		{"transfer token", "PUT", "/upload", "Authorization: Bearer " + canary, "", ""},
		{"cookie", "GET", "/job", "Cookie: " + canary, "", ""},
		{"key in a header", "GET", "/job", "X-Api-Key: " + canary, "", ""},
		{"token under another name", "GET", "/job", "X-Forwarded-Id: " + jwt, "", ""},
		{"websocket", "GET", "/?Authorization=" + jwt, "", "", ""},
		{"signed URL", "GET", "/logs.zip?X-Amz-Signature=" + canary, "", "", ""},
		{"token in the path", "GET", "/a/" + jwt + "/b", "", "", ""},
		{
			"SRP_A", "POST", "/", "", `{"AuthFlow":"USER_SRP_AUTH","AuthParameters":{"USERNAME":"u","SRP_A":"CANARY"}}`,
			`{"AuthFlow":"USER_SRP_AUTH","AuthParameters":{"USERNAME":"u","SRP_A":"[secret]"}}`,
		},
		{
			"proof", "POST", "/", "", `{"ChallengeName":"PASSWORD_VERIFIER","ChallengeResponses":{"USERNAME":"u","TIMESTAMP":"t","PASSWORD_CLAIM_SECRET_BLOCK":"CANARY","PASSWORD_CLAIM_SIGNATURE":"CANARY"},"Session":"CANARY"}`,
			`{"ChallengeName":"PASSWORD_VERIFIER","ChallengeResponses":{"USERNAME":"u","TIMESTAMP":"t","PASSWORD_CLAIM_SECRET_BLOCK":"[secret]","PASSWORD_CLAIM_SIGNATURE":"[secret]"},"Session":"[secret]"}`,
		},
		{
			"refresh token", "POST", "/", "", `{"AuthFlow":"REFRESH_TOKEN_AUTH","AuthParameters":{"REFRESH_TOKEN":"CANARY"}}`,
			`{"AuthFlow":"REFRESH_TOKEN_AUTH","AuthParameters":{"REFRESH_TOKEN":"[secret]"}}`,
		},
		{"credential", "PUT", "/project/p/credentials/aws", "", `{"key_id":"AKIA","secret":"CANARY"}`, `{"key_id":"AKIA","secret":"[secret]"}`},
		{"secret value", "PUT", "/project/p/secrets/db", "", `{"value":"CANARY"}`, `{"value":"[secret]"}`},
		{"secret value, older path", "PUT", "/project/p/secret/db", "", `{"value":{"deep":["CANARY"]}}`, `{"value":"[secret]"}`},
		{"password", "POST", "/x", "", `[{"Password":"CANARY","n":1},{"nb_token":123}]`, `[{"Password":"[secret]","n":1},{"nb_token":"[secret]"}]`},
		{"authorizer", "PATCH", "/job/1", "", `{"endpoint":{"authorizer":{"keys":[{"key":"CANARY"}]}}}`, `{"endpoint":{"authorizer":"[secret]"}}`},
		{"token as text", "POST", "/x", "", `"` + jwt + `"`, `"[secret]"`},
		{"name twice", "POST", "/x", "", `{"secret":"CANARY","secret":"CANARY"}`, `{"secret":"[secret]","secret":"[secret]"}`},
		{"broken JSON", "POST", "/x", "", `{"secret":"CANARY`, ""},
		{"broken JSON after the secret", "POST", "/x", "", `{"secret":"CANARY",}`, ""},
		{"not JSON", "POST", "/x", "", canary, ""},
		{"form", "POST", "/x", "", "password=" + canary, ""},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			request := httptest.NewRequest(test.method, test.path, strings.NewReader(test.body))
			if name, value, found := strings.Cut(test.header, ": "); found {
				request.Header.Set(name, value)
			}
			recorded, read, err := recordOf(request)
			require.NoError(t, err)
			assert.Equal(t, test.body, read)
			assert.Equal(t, test.want, recorded.Body)
			shown := fmt.Sprintf("%+v", recorded)
			assert.NotContains(t, shown, canary)
			assert.NotContains(t, shown, jwt)
			assert.NotContains(t, shown, strings.Split(jwt, ".")[1])
			assert.Contains(t, shown+test.want, strings.Repeat("[secret]", min(1, strings.Count(test.want, "[secret]"))))
		})
	}
}

func TestSecretsLeaveAMark(t *testing.T) {
	t.Parallel()
	request := httptest.NewRequest(http.MethodGet, "/?Authorization="+canary, nil)
	request.Header.Set("Authorization", canary)
	recorded, _, err := recordOf(request)
	require.NoError(t, err)
	assert.Equal(t, http.Header{"Authorization": {"[secret]"}}, recorded.Header)
	assert.Equal(t, url.Values{"Authorization": {"[secret]"}}, recorded.Query)
}

func TestLongAndStreamedBodiesAreNotRemembered(t *testing.T) {
	t.Parallel()
	long := `"` + strings.Repeat("x", maxRequestBody) + `"`
	recorded, read, err := recordOf(httptest.NewRequest(http.MethodPost, "/x", strings.NewReader(long)))
	require.NoError(t, err)
	assert.Equal(t, long, read)
	assert.Empty(t, recorded.Body)

	streamed := httptest.NewRequest(http.MethodPost, "/x", io.MultiReader(strings.NewReader(`{}`)))
	require.EqualValues(t, -1, streamed.ContentLength)
	recorded, read, err = recordOf(streamed)
	require.NoError(t, err)
	assert.Equal(t, `{}`, read)
	assert.Empty(t, recorded.Body)

	lost := errors.New("connection lost")
	broken := httptest.NewRequest(http.MethodPost, "/x", io.MultiReader(strings.NewReader(`{"a":1}`), iotest.ErrReader(lost)))
	broken.ContentLength = 10
	recorded, read, err = recordOf(broken)
	require.ErrorIs(t, err, lost)
	assert.Equal(t, `{"a":1}`, read)
	assert.Empty(t, recorded.Body)
}

func TestNewestRequestsAreRemembered(t *testing.T) {
	t.Parallel()
	var log requestLog
	for i := range maxRequests + 5 {
		log.record(httptest.NewRequest(http.MethodGet, fmt.Sprint("/", i), nil))
	}
	requests := log.all()
	require.Len(t, requests, maxRequests)
	assert.Equal(t, "/5", requests[0].Path)
	assert.Equal(t, fmt.Sprint("/", maxRequests+4), requests[maxRequests-1].Path)

	log.record(httptest.NewRequest(http.MethodGet, "/last?a=1", nil))
	mine := log.all()
	mine[maxRequests-1].Query.Set("a", "2")
	mine[maxRequests-1].Header.Set("X", "y")
	theirs := log.all()[maxRequests-1]
	assert.Equal(t, url.Values{"a": {"1"}}, theirs.Query)
	assert.Empty(t, theirs.Header)
}

func TestRequestIsRememberedWhateverHappensToIt(t *testing.T) {
	t.Parallel()
	shop := onTCP(t)
	shop.faults.inject([]Fault{{Kind: ResetBeforeWork}, {Status: 503}})
	for range 3 {
		shop.call(http.MethodPost, "/job", `{"name":"n"}`)
	}
	requests := shop.faults.requests.all()
	require.Len(t, requests, 3)
	for _, request := range requests {
		assert.Equal(t, []string{"POST", "/job", `{"name":"n"}`}, []string{request.Method, request.Path, request.Body})
	}
}

func BenchmarkRecord(b *testing.B) {
	var log requestLog
	body := `{"name":"n","resources":{"gpu_types":["rtx3090"],"gpu_count":1},"workers":["python train.py"]}`
	request := httptest.NewRequest(http.MethodPost, "/job", nil)
	request.ContentLength = int64(len(body))
	for b.Loop() {
		request.Body = io.NopCloser(strings.NewReader(body))
		log.record(request)
	}
}
