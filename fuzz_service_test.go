package proximl_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

// idToken logs in and returns what the client sends.
func idToken(tb testing.TB, srv *proximltest.Server) (token string) {
	tb.Helper()
	client, err := srv.Client(srv.Account("me@example.com"), proximl.WithHTTPClient(&http.Client{Transport: answering(func(req *http.Request) (*http.Response, error) {
		token = req.Header.Get("Authorization")
		return srv.Transport().RoundTrip(req)
	})}))
	require.NoError(tb, err)
	_, err = client.Projects.List(tb.Context())
	require.NoError(tb, err)
	return token
}

// Whatever is asked of the in-memory service, it answers, and goes on.
func FuzzService(f *testing.F) {
	srv := proximltest.New(f, proximltest.WithoutListener(), proximltest.WithManualClock())
	account := srv.Account("me@example.com")
	token := idToken(f, srv)
	for _, kind := range []string{"job", "dataset", "model", "checkpoint", "volume", "project", "gpu_types", "provider"} {
		f.Add("GET", "/"+kind, "")
		f.Add("POST", "/"+kind, `{"name":"n","type":"training","resources":{"gpu_types":["rtx3090"],"gpu_count":1},"source_type":"aws","source_uri":"s3://b/k","workers":["a"]}`)
		f.Add("PATCH", "/"+kind+"/x", `{"command":"stop","name":null}`)
	}
	f.Add("PUT", "/project/"+account.Project+"/secrets/a%2Fb", `{"value":"x"}`)
	f.Add("POST", "/project/"+account.Project+"/access", `{"email":"you@example.com","job":"all"}`)
	f.Add("POST", "/", `{"AuthFlow":"USER_SRP_AUTH","AuthParameters":{"USERNAME":"x","SRP_A":"0"}}`)
	f.Add("GET", "/.well-known/../job/..", `[]`)
	f.Fuzz(func(t *testing.T, method, path, body string) {
		req, err := http.NewRequestWithContext(t.Context(), method, "http://127.0.0.1"+path, strings.NewReader(body))
		if err != nil {
			return
		}
		for _, action := range []string{"", "InitiateAuth", "RespondToAuthChallenge"} {
			again := req.Clone(t.Context())
			again.Body, again.RequestURI = http.NoBody, req.URL.RequestURI()
			if body != "" {
				again.Body = struct {
					*strings.Reader
					closer
				}{strings.NewReader(body), closer{}}
			}
			again.Header.Set("Authorization", token)
			if action != "" {
				again.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+action)
			}
			answer := httptest.NewRecorder()
			srv.ServeHTTP(answer, again)
			require.Less(t, answer.Code, 500, "%s %s: %s", method, path, answer.Body)
		}
	})
}

type closer struct{}

func (closer) Close() error { return nil }

// Whatever is in a file of state, the service loads or refuses it.
func FuzzState(f *testing.F) {
	srv := proximltest.New(f, proximltest.WithoutListener(), proximltest.WithManualClock())
	client, err := srv.Client(srv.Account("me@example.com"))
	require.NoError(f, err)
	for _, create := range []func() error{
		func() error { _, err := client.Jobs.Create(f.Context(), newJob()); return err },
		func() error {
			_, err := client.Datasets.Create(f.Context(), &proximl.DatasetSpec{Name: "d", SourceType: "local", SourceURI: "x"})
			return err
		},
	} {
		require.NoError(f, create())
	}
	var state bytes.Buffer
	require.NoError(f, srv.SaveState(&state))
	f.Add(state.String())
	f.Add(`{"version":1,"time":0,"accounts":[null],"projects":[null],"jobs":[null],"collections":[null],"assets":[null]}`)
	dir := filepath.Join(f.TempDir(), "none")
	f.Fuzz(func(t *testing.T, text string) {
		srv, err := proximltest.NewServer(proximltest.WithoutListener(), proximltest.WithManualClock(), proximltest.WithState(strings.NewReader(text)))
		if err != nil {
			return
		}
		defer srv.Close()
		client, err := srv.Client(srv.Account("me@example.com"), proximl.WithConfigDir(dir), proximl.WithTokenSource(staticToken("t")))
		require.NoError(t, err)
		_, err = client.Jobs.List(t.Context())
		require.ErrorIs(t, err, proximl.ErrUnauthorized)
	})
}
