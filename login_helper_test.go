package proximl_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

// What a login sends, as a tap notes it.
const (
	getAuthConfig = "GET /.well-known/auth-config.json"
	startLogin    = "InitiateAuth USER_SRP_AUTH"
	finishLogin   = "RespondToAuthChallenge"
	refreshLogin  = "InitiateAuth REFRESH_TOKEN_AUTH"
	listProjects  = "GET /project"
)

// tap notes the requests on their way to the in-memory service, and may answer
// in its place.
type tap struct {
	base   http.RoundTripper
	answer func(note string, req *http.Request) (*http.Response, error) // neither = the service answers

	mu    sync.Mutex
	notes []string
}

func (p *tap) RoundTrip(req *http.Request) (*http.Response, error) {
	note, err := noteOf(req)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	p.notes = append(p.notes, note)
	p.mu.Unlock()
	if p.answer != nil {
		if resp, err := p.answer(note, req); resp != nil || err != nil {
			return resp, err
		}
	}
	return p.base.RoundTrip(req)
}

// noteOf names a request: the action of a login, or method and path.
func noteOf(req *http.Request) (string, error) {
	action, login := strings.CutPrefix(req.Header.Get("X-Amz-Target"), "AWSCognitoIdentityProviderService.")
	if !login {
		return req.Method + " " + req.URL.Path, nil
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return "", err
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
	var params struct{ AuthFlow string }
	err = json.Unmarshal(body, &params)
	return strings.TrimSpace(action + " " + params.AuthFlow), err
}

// taken returns the notes so far and forgets them.
func (p *tap) taken() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	notes := p.notes
	p.notes = nil
	return notes
}

// count says how often a request is among the notes.
func (p *tap) count(note string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(slices.DeleteFunc(slices.Clone(p.notes), func(n string) bool { return n != note }))
}

// jsonReply is a reply to a request, of Cognito or the service.
func jsonReply(req *http.Request, status int, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Request: req, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
}

// tapped returns a client of an in-memory service with a tap in between. It can
// be used in a bubble of testing/synctest.
func tapped(t *testing.T, opts ...proximl.Option) (*proximl.ProxiML, *tap, *proximltest.Account) {
	t.Helper()
	srv := proximltest.New(t, proximltest.WithoutListener())
	account, wire := srv.Account("me@example.com"), &tap{base: srv.Transport()}
	client, err := srv.Client(account, append([]proximl.Option{proximl.WithHTTPClient(&http.Client{Transport: wire})}, opts...)...)
	require.NoError(t, err)
	assert.Empty(t, wire.taken(), "New uses no network")
	return client, wire, account
}

// memory is a TokenCache that notes what is asked of it and may fail.
type memory struct {
	mu       sync.Mutex
	accounts []string
	saved    []*proximl.Tokens
	load     *proximl.Tokens
	loadErr  error
	saveErr  error
}

func (m *memory) Load(_ context.Context, account string) (*proximl.Tokens, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.accounts = append(m.accounts, "load "+account)
	return m.load, m.loadErr
}

func (m *memory) Save(_ context.Context, account string, tokens *proximl.Tokens) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.accounts = append(m.accounts, "save "+account)
	m.saved = append(m.saved, tokens)
	return m.saveErr
}

// sourceFunc is a TokenSource.
type sourceFunc func(ctx context.Context, rejected string) (string, error)

func (f sourceFunc) Token(ctx context.Context, rejected string) (string, error) {
	return f(ctx, rejected)
}
