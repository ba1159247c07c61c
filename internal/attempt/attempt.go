// Package attempt wraps an http.RoundTripper so that each request is bounded in
// time, logged, and known not to have been sent when that is certain.
package attempt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

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
	Log            Log
}

// NewClient returns a copy of a client with its transport wrapped, and a
// function that closes its idle connections. The copy's own method for that
// does nothing: go-retryablehttp calls it after each failure, and the
// connections may be the caller's.
//
// The copy follows redirects only on the same host, and only such that keep the
// method: a POST that turns into a GET would seem to have succeeded.
func NewClient(from http.Client, settings Settings) (client *http.Client, closeIdle func()) {
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
	return &wrapped, from.CloseIdleConnections
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

// Log is told of each attempt when its header, or an error, has come.
type Log func(req *http.Request, resp *http.Response, err error, took time.Duration)

// RoundTrip sends one request.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if t.Limiter != nil {
		if err := t.Limiter.Wait(req.Context()); err != nil {
			return nil, &NotSentError{err}
		}
	}
	ctx, cancel := context.WithCancelCause(req.Context())
	tooSlow := fmt.Errorf("no response header within %v", t.ResponseHeader)
	timer := time.AfterFunc(t.ResponseHeader, func() { cancel(tooSlow) })
	var connection connectionTrace
	start := time.Now()
	resp, err := t.base.RoundTrip(req.WithContext(httptrace.WithClientTrace(ctx, connection.hooks())))
	t.Log(req, resp, err, time.Since(start))
	if err == nil {
		timer.Stop()
		resp.Body = watch(resp.Body, t.BodyIdle, cancel)
		return resp, nil
	}
	timer.Stop()
	if context.Cause(ctx) == tooSlow {
		err = tooSlow
	}
	cancel(nil)
	if connection.neverMade(err) {
		return nil, &NotSentError{err}
	}
	return nil, err
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

// watch ends the request when its body stalls, and when it is closed.
func watch(body io.ReadCloser, idle time.Duration, cancel context.CancelCauseFunc) io.ReadCloser {
	w := &watchedBody{body: body, idle: idle, cancel: cancel}
	w.timer = time.AfterFunc(idle, func() {
		w.stalled.Store(true)
		cancel(nil)
	})
	return w
}

type watchedBody struct {
	body    io.ReadCloser
	idle    time.Duration
	timer   *time.Timer
	stalled atomic.Bool
	cancel  context.CancelCauseFunc
}

// Read reads the body and gives it more time.
func (w *watchedBody) Read(p []byte) (int, error) {
	n, err := w.body.Read(p)
	if n > 0 {
		w.timer.Reset(w.idle)
	}
	if err != nil && err != io.EOF && w.stalled.Load() {
		err = fmt.Errorf("no byte of the body within %v", w.idle)
	}
	return n, err
}

// Close ends the request.
func (w *watchedBody) Close() error {
	w.timer.Stop()
	defer w.cancel(nil)
	return w.body.Close()
}
