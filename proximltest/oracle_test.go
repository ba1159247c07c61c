//go:build oracle

package proximltest

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"flag"
	"fmt"
	"net/http"
	"os/exec"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var oracleLogins = flag.Int("oracle.logins", 16, "how many logins of AWS's JavaScript client have to succeed")

// oracleTokens are the tokens of a session as the JavaScript client has them.
type oracleTokens struct {
	ID      string `json:"id"`
	Access  string `json:"access"`
	Refresh string `json:"refresh"`
}

// oracleOutcome is how one login ended.
type oracleOutcome struct {
	Tokens    *oracleTokens `json:"tokens"`
	Signed    bool          `json:"signed"` // both tokens are, by a key of the JWKS
	Refreshed *oracleTokens `json:"refreshed"`
	Challenge string        `json:"challenge"`
	Error     string        `json:"error"`
	Message   string        `json:"message"`
}

// oracleLogin is one login to try. Tags as testdata/oracle/login.cjs reads them.
type oracleLogin struct {
	User string `json:"user"`
	Key  string `json:"key"`
}

// runOracle installs the JavaScript client at the versions of its lock file, and logs in with it over the server's port.
func runOracle(t *testing.T, srv *Server, logins []oracleLogin) []oracleOutcome {
	t.Helper()
	const dir = "testdata/oracle"
	install := exec.CommandContext(t.Context(), "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	install.Dir = dir
	output, err := install.CombinedOutput()
	require.NoError(t, err, "npm ci in %s: %s", dir, output)

	input, err := json.Marshal(map[string]any{
		"endpoint": srv.URL, "pool": srv.pool.id, "client": srv.pool.clientID, "logins": logins,
	})
	require.NoError(t, err)
	var stdout, stderr bytes.Buffer
	node := exec.CommandContext(t.Context(), "node", "login.cjs")
	node.Dir, node.Stdin, node.Stdout, node.Stderr = dir, bytes.NewReader(input), &stdout, &stderr
	require.NoError(t, node.Run(), "node login.cjs: %s", &stderr)

	var outcomes []oracleOutcome
	for lines := bufio.NewScanner(&stdout); lines.Scan(); {
		var outcome oracleOutcome
		require.NoError(t, json.Unmarshal(lines.Bytes(), &outcome, json.RejectUnknownMembers(true)), lines.Text())
		outcomes = append(outcomes, outcome)
	}
	require.Len(t, outcomes, len(logins))
	return outcomes
}

func TestOracleLogsInAndIsRefused(t *testing.T) {
	srv := New(t)
	var logins []oracleLogin
	for i := range *oracleLogins {
		email := fmt.Sprintf("user%d@example.com", i)
		srv.Account(email)
		login := oracleLogin{"Üser " + newID(), "ключ: " + rand.Text()} // the bytes of both enter the proof
		srv.pool.addUser(login.User, login.Key, email)
		logins = append(logins, login)
	}
	refusals := []struct {
		login   oracleLogin
		refusal oracleOutcome
	}{
		{oracleLogin{logins[0].User, "wrong"}, oracleOutcome{Error: "NotAuthorizedException", Message: "Incorrect username or password."}},
		{oracleLogin{logins[0].User, logins[1].Key}, oracleOutcome{Error: "NotAuthorizedException", Message: "Incorrect username or password."}},
		{oracleLogin{"nobody", "key"}, oracleOutcome{Error: "UserNotFoundException", Message: "User does not exist."}},
	}
	for _, refused := range refusals {
		logins = append(logins, refused.login)
	}
	newcomer := srv.Account("newcomer@example.com")
	newcomer.RequireChallenge("NEW_PASSWORD_REQUIRED")
	logins = append(logins, oracleLogin{newcomer.User, newcomer.Key})
	outcomes := runOracle(t, srv, logins)

	for i, outcome := range outcomes[:*oracleLogins] {
		require.NotNil(t, outcome.Tokens, "login %d: %+v", i, outcome)
		assert.True(t, outcome.Signed)
		assert.Equal(t, outcome.Tokens.Refresh, outcome.Refreshed.Refresh, "a refresh brings no new refresh token")
		assert.NotEqual(t, outcome.Tokens.ID, outcome.Refreshed.ID)
		for _, token := range []string{outcome.Tokens.ID, outcome.Refreshed.ID} {
			assert.Equal(t, http.StatusOK, oracleStatus(t, srv, token))
		}
		assert.Equal(t, http.StatusUnauthorized, oracleStatus(t, srv, outcome.Tokens.Access))
	}
	for i, refused := range refusals {
		assert.Equal(t, refused.refusal, outcomes[*oracleLogins+i])
	}
	assert.Equal(t, oracleOutcome{Challenge: "NEW_PASSWORD_REQUIRED"}, outcomes[len(outcomes)-1])
}

// oracleStatus is what the API answers to a token.
func oracleStatus(t *testing.T, srv *Server, token string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+"/project", nil)
	require.NoError(t, err)
	request.Header.Set("Authorization", token)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	return response.StatusCode
}
