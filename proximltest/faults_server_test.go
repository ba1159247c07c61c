package proximltest

import (
	"context"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// ask makes one call to a server over its own transport, and returns status and body.
func ask(t *testing.T, srv *Server, method, path string, header http.Header, body string) (status int, reply string) {
	t.Helper()
	request, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), method, srv.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	request.Header = header
	response, err := srv.Transport().RoundTrip(request)
	require.NoError(t, err)
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(read)
}

// logInTo does a whole login by plain HTTP and returns the id token.
func logInTo(t *testing.T, srv *Server, account *Account) string {
	t.Helper()
	step := func(operation, body string) (reply poolReply) {
		status, text := ask(t, srv, http.MethodPost, "/", http.Header{
			"Content-Type": {"application/x-amz-json-1.1"},
			"X-Amz-Target": {"AWSCognitoIdentityProviderService." + operation},
		}, body)
		require.Equal(t, http.StatusOK, status, text)
		require.NoError(t, json.Unmarshal([]byte(text), &reply))
		return reply
	}
	client, a := newSRPClient(srv.pool.name(), account.User, account.Key), new(big.Int).SetBytes(randomBytes(32))
	challenge := step("InitiateAuth", fmt.Sprintf(
		`{"ClientId":%q,"AuthFlow":"USER_SRP_AUTH","AuthParameters":{"USERNAME":%q,"SRP_A":"%x"}}`,
		srv.pool.clientID, account.User, new(big.Int).Exp(big.NewInt(2), a, srpModulus))).Parameters
	timestamp := stampNow()
	return step("RespondToAuthChallenge", fmt.Sprintf(
		`{"ClientId":%q,"ChallengeName":"PASSWORD_VERIFIER","ChallengeResponses":{"USERNAME":%q,"TIMESTAMP":%q,"PASSWORD_CLAIM_SECRET_BLOCK":%q,"PASSWORD_CLAIM_SIGNATURE":%q}}`,
		srv.pool.clientID, account.User, timestamp, challenge["SECRET_BLOCK"], client.prove(t, a, challenge, timestamp).signature)).Result.IDToken
}

func TestServerWithFaults(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := New(t, WithoutListener())
		account := srv.Account("me@example.com")
		srv.Inject(
			Fault{On: "RespondToAuthChallenge", Delay: time.Minute},
			Fault{On: "GET /project/{id}", Status: http.StatusServiceUnavailable, Body: `{"message":"later"}`},
			Fault{On: "GET /project", Kind: RevokeToken},
		)
		begin := time.Now()
		token := logInTo(t, srv, account)
		assert.Equal(t, time.Minute, time.Since(begin))

		status, body := ask(t, srv, http.MethodGet, "/project/"+account.Project, http.Header{"Authorization": {token}}, "")
		assert.Equal(t, http.StatusServiceUnavailable, status)
		assert.JSONEq(t, `{"message":"later"}`, body)
		for range 2 {
			status, _ = ask(t, srv, http.MethodGet, "/project", http.Header{"Authorization": {token}}, "")
			assert.Equal(t, http.StatusUnauthorized, status)
		}
		token = logInTo(t, srv, account)
		status, _ = ask(t, srv, http.MethodGet, "/project", http.Header{"Authorization": {token}}, "")
		assert.Equal(t, http.StatusOK, status)
		assert.Zero(t, srv.ClearFaults())
	})
}

func TestServerRefusesConnectionsThroughItsTransport(t *testing.T) {
	t.Parallel()
	srv := New(t)
	for range 20 { // the first call's connection is idle for the client, and not always for the server
		ask(t, srv, http.MethodPost, "/", http.Header{}, "{}")
		srv.Inject(Fault{Kind: RefuseConnection})
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL, strings.NewReader("{}"))
		require.NoError(t, err)
		_, err = srv.Transport().RoundTrip(request)
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		require.Zero(t, srv.ClearFaults())
	}
}

func TestServerTellsWhatCameIn(t *testing.T) {
	t.Parallel()
	srv := New(t, WithoutListener())
	account := srv.Account("me@example.com")
	token := logInTo(t, srv, account)
	status, _ := ask(t, srv, http.MethodPut, "/project/"+account.Project+"/secrets/db", http.Header{"Authorization": {token}}, `{"value":"CANARY"}`)
	require.Equal(t, http.StatusOK, status)

	requests := srv.Requests()
	var lines []string
	for _, request := range requests {
		lines = append(lines, request.Method+" "+request.Path+" "+strings.TrimPrefix(request.Header.Get("X-Amz-Target"), "AWSCognitoIdentityProviderService."))
		shown := fmt.Sprintf("%+v", request)
		for _, secret := range []string{canary, token, account.Key} {
			assert.NotContains(t, shown, secret)
		}
	}
	assert.Equal(t, []string{
		"POST / InitiateAuth",
		"POST / RespondToAuthChallenge",
		"PUT /project/" + account.Project + "/secrets/db ",
	}, lines)
	assert.JSONEq(t, fmt.Sprintf(`{"ClientId":%q,"AuthFlow":"USER_SRP_AUTH","AuthParameters":{"USERNAME":%q,"SRP_A":"[secret]"}}`,
		srv.pool.clientID, account.User), requests[0].Body)
	assert.JSONEq(t, `{"value":"[secret]"}`, requests[2].Body)
	assert.Equal(t, []string{"[secret]"}, requests[2].Header["Authorization"])
}
