package attempt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"golang.org/x/time/rate"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// roundTrip is a RoundTripper in one function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// settings are usual ones, with a log.
func settings(log io.Writer) Settings {
	return Settings{
		ResponseHeader: time.Minute, BodyIdle: 2 * time.Minute,
		Logger:    slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Operation: func(context.Context) string { return "test" },
	}
}

// send sends a GET by a client around base.
func send(t *testing.T, base roundTrip, set Settings) (*http.Response, error) {
	t.Helper()
	client, _ := NewClient(http.Client{Transport: base}, set)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://user:CANARY@api.example.com/a%2Fb?token=CANARY", http.NoBody)
	require.NoError(t, err)
	req.Header.Set("Authorization", "CANARY")
	return client.Do(req)
}

// traced is a transport that reports how far it came, and then fails.
func traced(err error, asked, got bool) roundTrip {
	return func(req *http.Request) (*http.Response, error) {
		if trace := httptrace.ContextClientTrace(req.Context()); trace != nil {
			if asked {
				trace.GetConn("api.example.com:443")
			}
			if got {
				trace.GotConn(httptrace.GotConnInfo{})
			}
		}
		return nil, err
	}
}

func TestWhatWasCertainlyNotSent(t *testing.T) {
	t.Parallel()
	dial := &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	other := errors.New("remote error: tls: bad certificate")
	for name, test := range map[string]struct {
		err        error
		asked, got bool
		certain    bool
	}{
		"failed dial":                    {dial, true, false, true},
		"failed handshake":               {other, true, false, true},
		"anything on a connection":       {other, true, true, false},
		"a dial error on a connection":   {dial, true, true, false}, // of a proxy behind a proxy, say
		"untraced dial":                  {dial, false, false, true},
		"untraced wrapped dial":          {fmt.Errorf("oh: %w", dial), false, false, true},
		"untraced name":                  {&net.DNSError{Err: "no such host"}, false, false, true},
		"untraced read":                  {&net.OpError{Op: "read", Err: syscall.ECONNRESET}, false, false, false},
		"untraced, and who knows":        {other, false, false, false},
		"untraced end of the connection": {io.EOF, false, false, false},
	} {
		_, err := send(t, traced(test.err, test.asked, test.got), settings(io.Discard))
		require.ErrorIs(t, err, test.err, name)
		_, certain := errors.AsType[*NotSentError](err)
		assert.Equal(t, test.certain, certain, name)
	}
}

func TestTheLogHasNoSecret(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		_, err := send(t, traced(io.ErrUnexpectedEOF, false, false), settings(&log))
		require.Error(t, err)
		assert.Equal(t, "time=2000-01-01T00:00:00.000Z level=DEBUG msg=request operation=test method=GET path=/a/b took=0s error=\"unexpected EOF\"\n", log.String())
	})
}

// reply answers with a body that takes its time for each portion.
func reply(portions ...time.Duration) roundTrip {
	return func(req *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Request: req, Body: &slowBody{req.Context(), portions}}, nil
	}
}

type slowBody struct {
	ctx   context.Context
	waits []time.Duration
}

func (b *slowBody) Read(p []byte) (int, error) {
	if len(b.waits) == 0 {
		return 0, io.EOF
	}
	select {
	case <-time.After(b.waits[0]):
		b.waits = b.waits[1:]
		return copy(p, "x"), nil
	case <-b.ctx.Done():
		return 0, b.ctx.Err()
	}
}

func (b *slowBody) Close() error { return nil }

func TestBodiesThatStall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, test := range []struct {
			waits []time.Duration
			text  string // that can be read
			took  time.Duration
			fails bool
		}{
			{[]time.Duration{119 * time.Second, 119 * time.Second, 119 * time.Second}, "xxx", 357 * time.Second, false},
			{[]time.Duration{time.Second, 121 * time.Second}, "x", 121 * time.Second, true},
			{[]time.Duration{time.Hour}, "", 2 * time.Minute, true},
			{nil, "", 0, false},
		} {
			resp, err := send(t, reply(test.waits...), settings(io.Discard))
			require.NoError(t, err)
			start := time.Now()
			text, err := io.ReadAll(resp.Body)
			assert.Equal(t, test.took, time.Since(start))
			assert.Equal(t, test.text, string(text))
			if test.fails {
				require.EqualError(t, err, "the body of the reply stalled: WithLimits gives it more")
			} else {
				require.NoError(t, err)
			}
			require.NoError(t, resp.Body.Close())
		}
	})
}

func TestTheTimeBetweenReadsIsTheReaders(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		resp, err := send(t, reply(time.Second, time.Second), settings(io.Discard))
		require.NoError(t, err)
		time.Sleep(time.Hour)
		for range 2 {
			n, err := resp.Body.Read(make([]byte, 1))
			assert.Equal(t, 1, n)
			require.NoError(t, err)
			time.Sleep(time.Hour)
		}
		require.NoError(t, resp.Body.Close())
	})
}

func TestClosingTheBodyEndsTheRequest(t *testing.T) {
	t.Parallel()
	var during context.Context
	resp, err := send(t, func(req *http.Request) (*http.Response, error) {
		during = req.Context()
		return &http.Response{StatusCode: 200, Request: req, Body: io.NopCloser(strings.NewReader("x"))}, nil
	}, settings(io.Discard))
	require.NoError(t, err)
	require.NoError(t, during.Err())
	require.NoError(t, resp.Body.Close())
	require.ErrorIs(t, during.Err(), context.Canceled)
}

func TestAFailedRequestIsEnded(t *testing.T) {
	t.Parallel()
	var ctx context.Context
	_, err := send(t, func(req *http.Request) (*http.Response, error) {
		ctx = req.Context()
		return nil, errors.New("reset")
	}, settings(io.Discard))
	require.Error(t, err)
	assert.Error(t, ctx.Err(), "nothing waits for it any more")
}

func TestTheHeaderMustComeInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		_, err := send(t, func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return nil, req.Context().Err()
		}, settings(io.Discard))
		assert.Equal(t, time.Minute, time.Since(start))
		require.ErrorContains(t, err, "the header of the reply did not come in time: WithLimits gives it more")
		require.NotErrorIs(t, err, context.Canceled, "nobody has cancelled it")
		_, certain := errors.AsType[*NotSentError](err)
		assert.False(t, certain)
	})
}

func TestTheRateLimitComesBeforeTheTimers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		set := settings(io.Discard)
		set.Limiter = rate.NewLimiter(rate.Every(time.Hour), 1)
		for range 3 {
			resp, err := send(t, reply(time.Second), set)
			require.NoError(t, err, "the hour is not the service's")
			require.NoError(t, resp.Body.Close())
		}
	})
}

// idler counts how often it is told to close its idle connections.
type idler struct {
	roundTrip
	closed int
}

func (i *idler) CloseIdleConnections() { i.closed++ }

func TestTheTwoClients(t *testing.T) {
	t.Parallel()
	base := &idler{roundTrip: func(req *http.Request) (*http.Response, error) {
		header := http.Header{"Location": {"/next"}}
		return &http.Response{StatusCode: http.StatusFound, Header: header, Request: req, Body: http.NoBody}, nil
	}}
	asked := 0
	callers := http.Client{Transport: base, Timeout: time.Hour, CheckRedirect: func(*http.Request, []*http.Request) error { asked++; return http.ErrUseLastResponse }}
	client, plain := NewClient(callers, settings(io.Discard))
	assert.Equal(t, []time.Duration{time.Hour, time.Hour}, []time.Duration{client.Timeout, plain.Timeout})
	assert.Same(t, base, plain.Transport)
	assert.Same(t, base, callers.Transport)

	client.CloseIdleConnections()
	assert.Zero(t, base.closed)
	plain.CloseIdleConnections()
	assert.Equal(t, 1, base.closed)

	for c, times := range map[*http.Client]int{client: 1, plain: 0} {
		asked = 0
		resp, err := c.Get("https://api.example.com/first")
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		assert.Equal(t, http.StatusFound, resp.StatusCode)
		assert.Equal(t, "/first", resp.Request.URL.Path)
		assert.Equal(t, times, asked)
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.July, 4, 15, 8, 7, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"0": 0, "120": 2 * time.Minute, "1.5": 1500 * time.Millisecond, "1e3": 1000 * time.Second, "86400": 24 * time.Hour,
		"Sat, 04 Jul 2026 15:08:17 GMT": 10 * time.Second, "Saturday, 04-Jul-26 15:08:17 GMT": 10 * time.Second, "Sat Jul  4 15:08:17 2026": 10 * time.Second,
		"Sat, 04 Jul 2026 15:00:00 GMT": 0,
	} {
		got, ok := RetryAfter(http.Header{"Retry-After": {value}}, now)
		assert.True(t, ok, value)
		assert.Equal(t, want, got, value)
	}
	for _, value := range []string{"", " ", "-1", "NaN", "soon", "1s", "2026-07-04T15:08:17Z"} {
		_, ok := RetryAfter(http.Header{"Retry-After": {value}}, now)
		assert.False(t, ok, value)
	}
	_, ok := RetryAfter(nil, now)
	assert.False(t, ok)
}

func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"0", "1.5", "1e309", "-1", "Inf", "NaN", "0x1p-2", "Sat, 04 Jul 2026 15:08:17 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 GMT"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		wait, ok := RetryAfter(http.Header{"Retry-After": {value}}, time.Unix(1_800_000_000, 0))
		if wait < 0 || !ok && wait != 0 {
			t.Fatalf("%q: %v, %v", value, wait, ok)
		}
	})
}
