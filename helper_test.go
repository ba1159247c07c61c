package proximl_test

import (
	"cmp"
	"context"
	"encoding/base64"
	"io"
	"iter"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/proximl/proximl-go"
)

// TestMain takes the developer's own settings away: no test sees them.
func TestMain(m *testing.M) {
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "PROXIML_") {
			_ = os.Unsetenv(name)
		}
	}
	goleak.VerifyTestMain(m)
}

const (
	apiURL        = "https://api.proximl.ai"
	activeProject = "proj-active"
	inActive      = "project_uuid=" + activeProject // query of most calls
)

// token is an id token with the e-mail address me@example.com.
var token = tokenWith(`{"email":"me@example.com","exp":4102444800}`)

func tokenWith(claims string) string {
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".signature"
}

// staticToken is a TokenSource that never logs in.
type staticToken string

func (s staticToken) Token(context.Context, string) (string, error) { return string(s), nil }

// mock stands in for the network. A request that no test expects fails it.
type mock struct {
	*httpmock.MockTransport
	t *testing.T
}

// newMock returns a client of the service whose requests go to a mock. It has
// a token, the active project proj-active and no configuration.
func newMock(t *testing.T, opts ...proximl.Option) (*proximl.ProxiML, *mock) {
	t.Helper()
	m := &mock{httpmock.NewMockTransport(), t}
	m.RegisterNoResponder(func(req *http.Request) (*http.Response, error) {
		t.Errorf("unexpected request: %s %s", req.Method, req.URL)
		return httpmock.NewStringResponse(http.StatusNotImplemented, ""), nil // an error would be retried
	})
	defaults := []proximl.Option{
		proximl.WithHTTPClient(&http.Client{Transport: m}),
		proximl.WithTokenSource(staticToken(token)),
		proximl.WithConfigDir(filepath.Join(t.TempDir(), "none")),
		proximl.WithProject(activeProject),
	}
	client, err := proximl.New(append(defaults, opts...)...)
	require.NoError(t, err)
	return client, m
}

// exchange is a request that a client must send, and the reply to it.
type exchange struct {
	method string
	path   string // escaped, as on the wire
	query  string // all of it, such as force=false&project_uuid=proj-active
	body   string // JSON; empty means none at all
	status int    // 200 when it is 0
	reply  string // JSON
	times  int    // how often the request must come; 1 when it is 0
}

// expect makes the mock answer a request, and fails the test unless exactly
// this request comes, exactly as often.
func (m *mock) expect(want exchange) {
	m.t.Helper()
	m.RegisterResponder(want.method, apiURL+want.path, func(req *http.Request) (*http.Response, error) {
		checkRequest(m.t, want, req)
		return want.response(req), nil
	})
	m.t.Cleanup(func() {
		key := want.method + " " + apiURL + want.path
		assert.Equal(m.t, cmp.Or(want.times, 1), m.GetCallCountInfo()[key], "requests sent: %s", key)
	})
}

// response is the reply as JSON.
func (e exchange) response(req *http.Request) *http.Response {
	resp := httpmock.NewStringResponse(cmp.Or(e.status, http.StatusOK), e.reply)
	resp.Header.Set("Content-Type", "application/json")
	resp.Request = req
	return resp
}

// checkRequest compares all of a request with what it should be.
func checkRequest(t *testing.T, want exchange, req *http.Request) {
	t.Helper()
	what := req.Method + " " + req.URL.String()
	query, err := url.ParseQuery(want.query)
	assert.NoError(t, err)
	assert.Equal(t, want.method, req.Method)
	assert.Equal(t, apiURL+want.path, "https://"+req.URL.Host+req.URL.EscapedPath())
	assert.Equal(t, query, req.URL.Query(), what)
	header := http.Header{
		"Accept":        {"application/json"},
		"Authorization": {token},
		"User-Agent":    {"proximl-go/" + proximl.Version},
	}
	if want.body != "" {
		header.Set("Content-Type", "application/json")
	}
	assert.Equal(t, header, req.Header, what)
	checkBody(t, want.body, bodyOf(t, req), what)
}

func checkBody(t *testing.T, want, got, what string) {
	t.Helper()
	if want == "" {
		assert.Empty(t, got, "body of %s", what)
		return
	}
	assert.JSONEq(t, want, got, "body of %s", what)
}

func bodyOf(t *testing.T, req *http.Request) string {
	t.Helper()
	if req.Body == nil {
		return ""
	}
	body, err := io.ReadAll(req.Body)
	assert.NoError(t, err)
	assert.EqualValues(t, len(body), req.ContentLength)
	return string(body)
}

// method is a method of a service: what it sends, what it makes of the reply,
// and how it fails.
type method struct {
	name string
	call func(context.Context, *proximl.ProxiML) (any, error)
	exchange
	result any // all of it; nil when the method returns only an error
	failure
}

// failure is a reply that is no success, and the error that it becomes.
type failure struct {
	code    int
	message string
	is      error
	text    string // of the error
}

// checkMethods calls each method twice: once it succeeds, once it fails.
func checkMethods(t *testing.T, methods []method) {
	t.Helper()
	for _, m := range methods {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			client, mock := newMock(t)
			mock.expect(m.exchange)
			result, err := m.call(t.Context(), client)
			require.NoError(t, err)
			assert.Equal(t, m.result, result)
		})
		t.Run(m.name+" fails", func(t *testing.T) {
			t.Parallel()
			client, mock := newMock(t)
			refused := m.exchange
			refused.status, refused.reply = m.code, `{"errorMessage":"`+m.message+`"}`
			mock.expect(refused)
			result, err := m.call(t.Context(), client)
			assert.Empty(t, result)
			checkFailure(t, m.failure, err)
		})
	}
}

func checkFailure(t *testing.T, want failure, err error) {
	t.Helper()
	require.EqualError(t, err, want.text)
	require.ErrorIs(t, err, want.is)
	var api *proximl.APIError
	require.ErrorAs(t, err, &api)
	assert.Equal(t, want.code, api.StatusCode)
	assert.Equal(t, want.message, api.Message)
}

// fixture is an entity as the service sends it.
func fixture(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", "entities", name+".json"))
	require.NoError(t, err)
	return string(content)
}

// at reads a time that is known to be one.
func at(text string) proximl.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return proximl.Time{Time: t.UTC()}
}

// some passes a result on as any.
func some[T any](value T, err error) (any, error) { return value, err }

// collect takes what a sequence yields until its first error.
func collect[T any](values iter.Seq2[T, error]) ([]T, error) {
	var all []T
	for value, err := range values {
		if err != nil {
			return nil, err
		}
		all = append(all, value)
	}
	return all, nil
}
