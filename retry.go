package proximl

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/proximl/proximl-go/internal/attempt"
	"github.com/proximl/proximl-go/internal/reply"
)

// RetryPolicy says how often and how soon a call is repeated. GET, PUT, DELETE
// and most PATCH calls are repeated after connection errors and after 429, 502,
// 503 and 504. A POST is repeated only when the service certainly did not do
// the work: after 429, 503 with Retry-After, and when no connection was made.
type RetryPolicy struct {
	Attempts   int           // requests in all; 4 by default, 1 means no retry
	MinWait    time.Duration // the first wait is a random part of it; 500 ms by default
	MaxWait    time.Duration // no wait is longer, Retry-After included; 30 s by default
	RepeatPOST bool          // repeat a POST like a GET, at the risk of creating something twice
}

func (p RetryPolicy) check() error {
	if p.Attempts < 0 || p.MinWait < 0 || p.MaxWait < 0 {
		return fmt.Errorf("retry policy: attempts %d, waits %v and %v must not be negative", p.Attempts, p.MinWait, p.MaxWait)
	}
	return nil
}

// or fills in what p leaves open.
func (p RetryPolicy) or(base RetryPolicy) RetryPolicy {
	return RetryPolicy{
		Attempts:   cmp.Or(p.Attempts, base.Attempts),
		MinWait:    cmp.Or(p.MinWait, base.MinWait),
		MaxWait:    cmp.Or(p.MaxWait, base.MaxWait),
		RepeatPOST: p.RepeatPOST || base.RepeatPOST,
	}
}

// backoff is full jitter: a random part of a wait that doubles each time.
func (p RetryPolicy) backoff(attempt int) time.Duration {
	ceiling := p.MinWait
	for range attempt - 1 {
		ceiling += min(ceiling, p.MaxWait-ceiling)
	}
	return rand.N(max(min(ceiling, p.MaxWait), 1))
}

// sender sends requests, those of the API and those of the login.
type sender struct {
	http      *http.Client
	plain     *http.Client // for websockets; follows no redirect
	userAgent string
	retry     RetryPolicy
	limits    Limits
	logger    *slog.Logger
}

func newSender(o *options) *sender {
	s := &sender{retry: o.retry, limits: o.limits, logger: o.logger, userAgent: strings.TrimSpace(o.userAgent + " proximl-go/" + Version)}
	s.http, s.plain = attempt.NewClient(o.httpClient, attempt.Settings{
		ResponseHeader: o.limits.ResponseHeader,
		BodyIdle:       o.limits.BodyIdle,
		Limiter:        o.limiter,
		Logger:         o.logger,
		Operation:      OperationFromContext,
	})
	return s
}

// outgoing is one request and what became of its attempts.
type outgoing struct {
	method     string
	url        *url.URL
	header     http.Header
	body       []byte // nil = none
	retry      RetryPolicy
	repeatable bool // to do it twice is to do it once

	attempts int
	unclear  bool // an attempt may have been carried out without a word of it
	wait     time.Duration
	last     *APIError // why the attempt before was repeated
}

// send sends a request as often as its policy allows. The response has any
// status; without one there is an error.
func (s *sender) send(ctx context.Context, out *outgoing) (*http.Response, *APIError) {
	plain := (&http.Request{Method: out.method, URL: out.url, Header: http.Header{}}).WithContext(ctx)
	maps.Copy(plain.Header, out.header)
	plain.Header.Set("User-Agent", s.userAgent)
	req := &retryablehttp.Request{Request: plain}
	if out.body != nil {
		_ = req.SetBody(out.body) // a []byte is never refused
	}
	client := retryablehttp.Client{
		HTTPClient: s.http,
		RetryMax:   out.retry.Attempts,
		CheckRetry: func(ctx context.Context, resp *http.Response, err error) (bool, error) {
			return s.again(ctx, out, resp, err), nil
		},
		Backoff:      func(time.Duration, time.Duration, int, *http.Response) time.Duration { return out.wait },
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	resp, err := client.Do(req)
	if err == nil {
		return resp, nil
	}
	if resp != nil {
		_ = resp.Body.Close()
	}
	failed := out.last // the service's last words, when ctx ended the wait after them
	if failed == nil {
		failed = out.error(nil)
	}
	failed.err = withoutURL(err)
	return nil, failed
}

// again decides after each attempt whether there is another, and how long to
// wait for it. It keeps the words of a response that it gives up.
func (s *sender) again(ctx context.Context, out *outgoing, resp *http.Response, err error) bool {
	out.attempts++
	out.last = nil
	if !out.worthRepeating(ctx, resp, err) || out.attempts >= out.retry.Attempts {
		return false
	}
	out.wait = out.retry.backoff(out.attempts)
	if resp != nil {
		if asked, ok := attempt.RetryAfter(resp.Header, time.Now()); ok {
			out.wait = min(asked, out.retry.MaxWait)
		}
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < out.wait {
		return false // the service's error now is worth more than a timeout later
	}
	if resp != nil {
		out.last = s.refused(out, resp)
	}
	return true
}

func (o *outgoing) worthRepeating(ctx context.Context, resp *http.Response, err error) bool {
	repeatable := o.repeatable || o.retry.RepeatPOST
	if err != nil {
		_, certain := errors.AsType[*attempt.NotSentError](err)
		o.unclear = o.unclear || !certain
		_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
		worth, _ := retryablehttp.DefaultRetryPolicy(ctx, nil, err)
		return worth && !untrusted && !errors.Is(err, attempt.ErrLimit) && (certain || repeatable)
	}
	refused := resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusServiceUnavailable && resp.Header.Get("Retry-After") != ""
	o.unclear = o.unclear || resp.StatusCode == http.StatusSeeOther || !refused && resp.StatusCode >= http.StatusInternalServerError
	switch resp.StatusCode {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return refused || repeatable
	}
	return refused
}

// error starts the description of what went wrong. The response may be nil.
func (o *outgoing) error(resp *http.Response) *APIError {
	e := &APIError{Method: o.method, Path: o.url.EscapedPath(), Attempts: o.attempts}
	if resp != nil {
		e.StatusCode, e.RequestID = resp.StatusCode, reply.RequestID(resp.Header)
	}
	return e
}

// unreadable is a success whose body is not what it should be.
func (o *outgoing) unreadable(resp *http.Response, err error) *APIError {
	e := o.error(resp)
	e.Message, e.err = "the reply cannot be read", err
	return e
}

// refused is a reply that is not the success that was asked for. It reads the
// start of the body, in which the token may be quoted, and leaves closing to the
// caller.
func (s *sender) refused(out *outgoing, resp *http.Response) *APIError {
	e := out.error(resp)
	e.Message, e.Body = reply.Message(resp, reply.Sample(resp.Body, s.limits.ErrorBody, out.header.Get("Authorization")))
	return e
}
