package proximl_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

// However much a reply says, errors stay short and on one line.
func TestErrorsStayShort(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("long ", 1<<20)
	for name, answer := range map[string]turn{
		"a request id":          status(404, "no").with("X-Request-Id", long),
		"a content type":        status(404, "no").with("Content-Type", long),
		"a location":            status(302, "no").with("Location", "/"+long),
		"a location of no form": status(302, "no").with("Location", "%zz"+long),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := play(t, []turn{answer})
			_, err := client.Jobs.Get(t.Context(), "x")
			require.Error(t, err)
			assert.Less(t, len(err.Error()), 10_000)
		})
	}
	t.Run("a login", func(t *testing.T) {
		t.Parallel()
		client, wire, _ := tapped(t)
		wire.answer = func(note string, req *http.Request) (*http.Response, error) {
			if note != startLogin {
				return nil, nil
			}
			return jsonReply(req, 400, `{"__type":"NotAuthorizedException","message":"a\u001b\n`+long+`"}`), nil
		}
		_, err := client.Jobs.Get(t.Context(), "x")
		require.ErrorIs(t, err, proximl.ErrUnauthorized)
		assert.Less(t, len(err.Error()), 10_000)
		assert.NotContains(t, err.Error(), "\x1b")
		assert.NotContains(t, err.Error(), "\n")
	})
}

// A redirect to what is no URL is not quoted: it may have a token in it.
func TestBadLocationsAreNotShown(t *testing.T) {
	t.Parallel()
	client, _ := play(t, []turn{status(302, "no").with("Location", "https://evil.example/%zz?token=CANARY")})
	_, err := client.Jobs.Get(t.Context(), "x")
	require.EqualError(t, err, "GET /job/x: 302 Found: the redirect is not followed; check the endpoint")
	checkSilent(t, showings(err)...)
}

// A key that stands where a name should is not quoted.
func TestBrokenConfigFilesAreNotShown(t *testing.T) {
	t.Parallel()
	for _, content := range []string{`{"user":"u","CANARY-key"}`, `{"user":"u","CANARY-key":"k" "x"}`, `{"CANARY-key":1,"CANARY-key":2}`, `{"CANARY-key":{"a":[}}`} {
		_, err := proximl.New(proximl.WithConfigDir(configDir(t, "credentials.json", content)))
		require.ErrorContains(t, err, "credentials.json is not a JSON object; mend or remove it: ")
		require.ErrorContains(t, err, " after byte ")
		checkSilent(t, showings(err)...)
	}
}
