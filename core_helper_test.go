package proximl_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

// turn is what a script answers to one request: a reply, or an error.
type turn struct {
	status int
	header http.Header // application/json and nothing else when nil
	body   string
	cut    bool  // the body ends before its end
	err    error // in place of a reply
	after  time.Duration
	sent   func(*http.Request) // called before the answer
}

// ok is the usual turn.
func ok(body string) turn { return turn{status: http.StatusOK, body: body} }

// status is a turn that refuses in the service's own way.
func status(code int, message string) turn {
	return turn{status: code, body: `{"errorMessage":"` + message + `"}`}
}

// with adds a header to a turn.
func (n turn) with(name, value string) turn {
	n.header = n.header.Clone()
	if n.header == nil {
		n.header = http.Header{"Content-Type": {"application/json"}}
	}
	n.header.Set(name, value)
	return n
}

// arrival is a request as it came in.
type arrival struct {
	*http.Request
	body string
	at   time.Time
}

// script is a RoundTripper that plays its turns, the last one again and again.
type script struct {
	mu       sync.Mutex
	turns    []turn
	arrivals []arrival
}

func (s *script) RoundTrip(req *http.Request) (*http.Response, error) {
	came := arrival{Request: req, at: time.Now()}
	if req.Body != nil {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		came.body = string(body)
		_ = req.Body.Close()
	}
	s.mu.Lock()
	turn := s.turns[min(len(s.arrivals), len(s.turns)-1)]
	s.arrivals = append(s.arrivals, came)
	s.mu.Unlock()
	if turn.sent != nil {
		turn.sent(req)
	}
	select {
	case <-time.After(turn.after):
	case <-req.Context().Done():
		return nil, context.Cause(req.Context())
	}
	if turn.err != nil {
		return nil, turn.err
	}
	return turn.reply(req), nil
}

func (n turn) reply(req *http.Request) *http.Response {
	header := n.header.Clone()
	if header == nil {
		header = http.Header{"Content-Type": {"application/json"}}
	}
	var body io.Reader = strings.NewReader(n.body)
	if n.cut {
		body = io.MultiReader(body, iotest.ErrReader(io.ErrUnexpectedEOF))
	}
	return &http.Response{StatusCode: n.status, Header: header, Request: req, Body: io.NopCloser(body), ContentLength: -1}
}

// sent returns each request that came, as METHOD /path?query.
func (s *script) sent() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	lines := make([]string, len(s.arrivals))
	for i, came := range s.arrivals {
		lines[i] = came.Method + " " + came.URL.RequestURI()
	}
	return lines
}

// waits returns the time from each request to the next.
func (s *script) waits() []time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	waits := make([]time.Duration, max(0, len(s.arrivals)-1))
	for i := range waits {
		waits[i] = s.arrivals[i+1].at.Sub(s.arrivals[i].at)
	}
	return waits
}

// play returns a client whose requests a script answers. It has a token, no
// active project and no configuration. At the end of the test every body that
// the script gave out must have been closed.
func play(t *testing.T, turns []turn, opts ...proximl.Option) (*proximl.ProxiML, *script) {
	t.Helper()
	s := &script{turns: turns}
	wire := &auditor{RoundTripper: s}
	t.Cleanup(func() { assert.Zero(t, wire.open.Load(), "bodies left open") })
	return newClient(t, append([]proximl.Option{
		proximl.WithHTTPClient(&http.Client{Transport: wire}),
		proximl.WithTokenSource(staticToken("id-token")),
	}, opts...)...), s
}

// newClient makes a client that has no configuration files.
func newClient(t *testing.T, opts ...proximl.Option) *proximl.ProxiML {
	t.Helper()
	client, err := proximl.New(append([]proximl.Option{proximl.WithConfigDir(filepath.Join(t.TempDir(), "none"))}, opts...)...)
	require.NoError(t, err)
	return client
}

// words is the text of an error. The JSON library says "cannot" in some runs
// and "unable to" in others, so that nobody relies on it.
func words(err error) string {
	return strings.Replace(err.Error(), "unable to unmarshal", "cannot unmarshal", 1)
}

// apiError is the *APIError that err must hold.
func apiError(t *testing.T, err error) *proximl.APIError {
	t.Helper()
	var failed *proximl.APIError
	require.ErrorAs(t, err, &failed)
	return failed
}

// safeBuffer is a buffer that many may write to.
type safeBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// textLogger writes records without their time.
func textLogger(to io.Writer, level slog.Leveler) *slog.Logger {
	return slog.New(slog.NewTextHandler(to, &slog.HandlerOptions{Level: level, ReplaceAttr: func(_ []string, attr slog.Attr) slog.Attr {
		if attr.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return attr
	}}))
}

// lines splits what a logger wrote.
func lines(text string) []string { return strings.Split(strings.TrimSpace(text), "\n") }

// newJob is the smallest job that can be created.
func newJob() *proximl.JobSpec {
	return &proximl.JobSpec{
		Name: "resnet", Type: proximl.JobTypeTraining,
		Resources: proximl.JobResources{GPUTypes: []string{"rtx3090"}},
		Workers:   []string{"python train.py"},
	}
}
