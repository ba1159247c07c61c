// Package attempt wraps an http.RoundTripper so that each request is bounded in
// time, logged, and known not to have been sent when that is certain.
package attempt

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
	"unicode"

	"golang.org/x/time/rate"
)

const maxRedirects = 10

// NotSentError marks a request of which the server certainly saw nothing.
type NotSentError struct{ error }

// Unwrap returns what kept the request from being sent.
func (e *NotSentError) Unwrap() error { return e.error }

// Settings say what is allowed to an attempt.
type Settings struct {
	ResponseHeader time.Duration // from the start to the header of the reply
	BodyIdle       time.Duration // without a byte while a body is read
	Limiter        *rate.Limiter // nil = none
	Logger         *slog.Logger
	Operation      func(context.Context) string // a name for the log
}

// NewClient returns two copies of a client on the same connections.
//
// The first has its transport wrapped. It follows redirects only on the same
// host, and only such that keep the method: a POST that turns into a GET would
// seem to have succeeded. It does not close idle connections when asked to:
// go-retryablehttp does that after each failure, and they may be the caller's.
//
// The second is for websockets, whose connections must not be wrapped. It
// follows no redirect, and does close idle connections.
func NewClient(from http.Client, settings Settings) (client, plain *http.Client) {
	if from.Transport == nil {
		from.Transport = newTransport()
	}
	wrapped := from
	wrapped.Transport = &transport{from.Transport, settings}
	wrapped.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		if first := via[0]; req.URL.Host != first.URL.Host || req.URL.Scheme != first.URL.Scheme || req.Method != first.Method || len(via) >= maxRedirects {
			return http.ErrUseLastResponse
		}
		if from.CheckRedirect != nil {
			return from.CheckRedirect(req, via)
		}
		return nil
	}
	bare := from
	bare.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &wrapped, &bare
}

func newTransport() *http.Transport {
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment}
	if standard, ok := http.DefaultTransport.(*http.Transport); ok {
		transport = standard.Clone()
	}
	transport.MaxIdleConnsPerHost = 64 // all calls go to one host
	return transport
}

// transport is a RoundTripper around another.
type transport struct {
	base http.RoundTripper
	Settings
}

// RoundTrip sends one request.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := t.admit(req); err != nil {
		closeBody(req.Body)
		return nil, &NotSentError{err}
	}
	ctx, cancel := context.WithCancelCause(req.Context())
	var connection connectionTrace
	start := time.Now()
	slow := watch(t.ResponseHeader, cancel)
	resp, err := t.base.RoundTrip(req.WithContext(httptrace.WithClientTrace(ctx, connection.hooks())))
	if err == nil && resp == nil {
		err = errors.New("the transport gave neither a response nor an error")
	}
	t.log(req, resp, err, time.Since(start))
	if err == nil {
		slow.timer.Stop()
		slow.header.Store(true)
		dropBadLocation(resp)
		resp.Body = &watchedBody{cmp.Or(resp.Body, io.ReadCloser(http.NoBody)), ctx, slow, t.BodyIdle}
		return resp, nil
	}
	if resp != nil {
		closeBody(resp.Body)
	}
	err = slow.explain(ctx, err)
	slow.end()
	if connection.neverMade(err) {
		err = &NotSentError{err}
	}
	return nil, err
}

func closeBody(body io.Closer) {
	if body != nil {
		_ = body.Close()
	}
}

// dropBadLocation keeps http.Client from quoting all of a Location that is no URL
// in an error, with the secrets that may be in it.
func dropBadLocation(resp *http.Response) {
	if _, err := url.Parse(resp.Header.Get("Location")); err != nil {
		resp.Header.Del("Location")
	}
}

// log says nothing of header, query and body.
func (t *transport) log(req *http.Request, resp *http.Response, err error, took time.Duration) {
	ctx := req.Context()
	if !t.Logger.Enabled(ctx, slog.LevelDebug) {
		return
	}
	outcome := slog.Any("error", err)
	if err == nil {
		outcome = slog.Int("status", resp.StatusCode)
	}
	t.Logger.LogAttrs(ctx, slog.LevelDebug, "request", slog.String("operation", t.Operation(ctx)),
		slog.String("method", req.Method), slog.String("path", req.URL.Path), slog.Duration("took", took), outcome)
}

// ErrLimit says that the rate limit would let the request out only when ctx has
// ended.
var ErrLimit = errors.New("the rate limit leaves no time for the request")

// admit waits until a request may be sent. One that no transport would send is
// refused: of its own refusals it does not say that nothing was sent.
func (t *transport) admit(req *http.Request) error {
	ctx := req.Context()
	for name, values := range req.Header {
		if strings.ContainsFunc(strings.Join(values, ""), unicode.IsControl) {
			return fmt.Errorf("the header %s has a character that no header can have", name)
		}
	}
	if t.Limiter == nil {
		return ctx.Err()
	}
	err := t.Limiter.Wait(ctx)
	if err != nil && ctx.Err() == nil {
		// The limiter gives up at once when the wait would outlast ctx.
		err = fmt.Errorf("%w: %w: %w", context.DeadlineExceeded, ErrLimit, err)
	}
	return err
}

// connectionTrace sees whether a connection was asked for and got.
type connectionTrace struct{ asked, got atomic.Bool }

func (t *connectionTrace) hooks() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn: func(string) { t.asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { t.got.Store(true) },
	}
}

// neverMade reports whether it is certain that there was no connection: the
// dial, the name look-up or the TLS handshake failed. A transport that is not
// net/http's may trace nothing; its error is judged by its type then.
func (t *connectionTrace) neverMade(err error) bool {
	if t.asked.Load() {
		return !t.got.Load()
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return true
	}
	_, noName := errors.AsType[*net.DNSError](err)
	return noName
}

// watchdog ends a request whose header does not come, or whose body stalls.
type watchdog struct {
	timer  *time.Timer
	cancel context.CancelCauseFunc
	header atomic.Bool // has come
}

var (
	errNoHeader = errors.New("the header of the reply did not come in time")
	errStalled  = errors.New("the body of the reply stalled")
)

func watch(limit time.Duration, cancel context.CancelCauseFunc) *watchdog {
	w := &watchdog{cancel: cancel}
	w.timer = time.AfterFunc(limit, func() {
		if w.header.Load() {
			cancel(errStalled)
		} else {
			cancel(errNoHeader)
		}
	})
	return w
}

// explain puts what the watchdog knows in the place of "context canceled".
func (w *watchdog) explain(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause == errNoHeader || cause == errStalled {
		return fmt.Errorf("%w: WithLimits gives it more", cause)
	}
	return err
}

func (w *watchdog) end() {
	w.timer.Stop()
	w.cancel(nil)
}

// watchedBody is a body that must not stall.
type watchedBody struct {
	io.ReadCloser
	ctx  context.Context // of the one request
	slow *watchdog
	idle time.Duration
}

// Read reads the body. The time between two reads is the reader's own.
func (b *watchedBody) Read(p []byte) (int, error) {
	b.slow.timer.Reset(b.idle)
	n, err := b.ReadCloser.Read(p)
	b.slow.timer.Stop()
	if err != nil && err != io.EOF {
		err = b.slow.explain(b.ctx, err)
	}
	return n, err
}

// Close ends the request.
func (b *watchedBody) Close() error {
	defer b.slow.end()
	return b.ReadCloser.Close()
}
