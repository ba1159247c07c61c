package proximl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"runtime"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/hashicorp/go-retryablehttp"

	"github.com/proximl/proximl-go/internal/attempt"
	"github.com/proximl/proximl-go/internal/stream"
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
	setIf(&base.Attempts, p.Attempts)
	setIf(&base.MinWait, p.MinWait)
	setIf(&base.MaxWait, p.MaxWait)
	setIf(&base.RepeatPOST, p.RepeatPOST)
	return base
}

// backoff is full jitter: a random part of a wait that doubles each time.
func (p RetryPolicy) backoff(attempt int) time.Duration {
	ceiling := p.MinWait
	for range attempt - 1 {
		ceiling = min(2*ceiling, p.MaxWait)
	}
	return rand.N(min(ceiling, p.MaxWait) + 1)
}

// sender sends requests, those of the API and those of the login.
type sender struct {
	http      *http.Client
	closeIdle func()
	userAgent string
	retry     RetryPolicy
	limits    Limits
}

// newSender copies the caller's client. Redirects are followed only on the same
// host, and only if they keep the method: a POST that turns into a GET would
// seem to have succeeded.
func newSender(o *options) *sender {
	s := &sender{retry: o.retry, limits: o.limits, userAgent: "proximl-go/" + Version + " (" + runtime.GOOS + "; " + runtime.GOARCH + ")"}
	if o.userAgent != "" {
		s.userAgent = o.userAgent + " " + s.userAgent
	}
	client := o.httpClient
	if client.Transport == nil {
		client.Transport = newTransport()
	}
	// go-retryablehttp closes the idle connections of its client after each
	// failure. They may be the caller's: attempt.Transport hides them.
	s.closeIdle = (&http.Client{Transport: client.Transport}).CloseIdleConnections
	callers := client.CheckRedirect
	client.Transport = &attempt.Transport{Base: client.Transport, ResponseHeader: o.limits.ResponseHeader, BodyIdle: o.limits.BodyIdle, Limiter: o.limiter, Log: logTo(o.logger)}
	client.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		if first := via[0]; req.URL.Host != first.URL.Host || req.URL.Scheme != first.URL.Scheme || req.Method != first.Method || len(via) >= 10 {
			return http.ErrUseLastResponse
		}
		if callers != nil {
			return callers(req, via)
		}
		return nil
	}
	s.http = &client
	return s
}

func newTransport() *http.Transport {
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment}
	if standard, ok := http.DefaultTransport.(*http.Transport); ok {
		transport = standard.Clone()
	}
	transport.MaxIdleConnsPerHost = 64 // all calls go to one host
	return transport
}

// logTo logs each attempt without header, query and body.
func logTo(logger *slog.Logger) attempt.Log {
	return func(req *http.Request, resp *http.Response, err error, took time.Duration) {
		ctx := req.Context()
		if !logger.Enabled(ctx, slog.LevelDebug) {
			return
		}
		outcome := slog.Any("error", withoutURL(err))
		if resp != nil {
			outcome = slog.Int("status", resp.StatusCode)
		}
		logger.LogAttrs(ctx, slog.LevelDebug, "request", slog.String("operation", OperationFromContext(ctx)),
			slog.String("method", req.Method), slog.String("path", req.URL.Path), slog.Duration("took", took), outcome)
	}
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
	req, err := retryablehttp.NewRequestWithContext(ctx, out.method, out.url.String(), out.rawBody())
	if err != nil {
		return nil, &APIError{Method: out.method, Path: out.url.Path, err: withoutURL(err)}
	}
	req.Header = out.header.Clone()
	if req.Header == nil {
		req.Header = http.Header{}
	}
	req.Header.Set("User-Agent", s.userAgent)
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
	if failed == nil || ctx.Err() == nil {
		failed = out.error()
	}
	failed.err = withoutURL(err)
	return nil, failed
}

func (o *outgoing) rawBody() any {
	if o.body == nil {
		return nil
	}
	return o.body
}

// again decides after each attempt whether there is another, and how long to
// wait for it. It keeps the words of a response that it gives up.
func (s *sender) again(ctx context.Context, out *outgoing, resp *http.Response, err error) bool {
	out.attempts++
	if !out.worthRepeating(ctx, resp, err) || out.attempts >= out.retry.Attempts {
		return false
	}
	out.wait = out.retry.backoff(out.attempts)
	if resp != nil {
		if asked, ok := retryAfter(resp.Header.Get("Retry-After"), time.Now()); ok {
			out.wait = min(asked, out.retry.MaxWait)
		}
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < out.wait {
		return false // the service's error now is worth more than a timeout later
	}
	out.last = nil
	if resp != nil {
		out.last = out.refused(resp, s.sample(resp))
	}
	return true
}

func (o *outgoing) worthRepeating(ctx context.Context, resp *http.Response, err error) bool {
	repeatable := o.repeatable || o.retry.RepeatPOST
	if err != nil {
		_, certain := errors.AsType[*attempt.NotSentError](err)
		o.unclear = o.unclear || !certain
		worth, _ := retryablehttp.DefaultRetryPolicy(ctx, nil, err)
		return worth && (certain || repeatable)
	}
	switch resp.StatusCode {
	case http.StatusTooManyRequests:
		return true
	case http.StatusServiceUnavailable:
		if resp.Header.Get("Retry-After") != "" {
			return true
		}
		o.unclear = true
		return repeatable
	case http.StatusBadGateway, http.StatusGatewayTimeout:
		o.unclear = true
		return repeatable
	}
	o.unclear = o.unclear || resp.StatusCode >= http.StatusInternalServerError
	return false
}

// retryAfter reads seconds, fractions of them, and dates.
func retryAfter(value string, now time.Time) (time.Duration, bool) {
	if seconds, err := strconv.ParseFloat(value, 64); err == nil && seconds >= 0 {
		const longest = 1e9 // seconds, so that the product fits
		return time.Duration(min(seconds, longest) * float64(time.Second)), true
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(0, date.Sub(now)), true
	}
	return 0, false
}

// error starts the description of what went wrong.
func (o *outgoing) error() *APIError {
	return &APIError{Method: o.method, Path: o.url.Path, Attempts: o.attempts}
}

// unreadable is a success whose body is not what it should be.
func (o *outgoing) unreadable(resp *http.Response, err error) *APIError {
	e := o.error()
	e.reply(resp)
	e.Message, e.err = "the reply cannot be read", err
	return e
}

// refused is a reply that is no success, told from a sample of its body.
func (o *outgoing) refused(resp *http.Response, sample []byte) *APIError {
	e := o.error()
	e.reply(resp)
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		e.Message = "the redirect is not followed; check the endpoint"
		if to, err := resp.Location(); err == nil {
			e.Message = "the redirect to " + to.Scheme + "://" + to.Host + " is not followed; check the endpoint"
		}
		return e
	}
	var known struct {
		ErrorMessage string `json:"errorMessage"`
		Message      string `json:"message"`
	}
	if isJSON(resp) && json.Unmarshal(sample, &known, stream.ReadOptions) == nil {
		e.Message = known.ErrorMessage
		if e.Message == "" {
			e.Message = known.Message
		}
	}
	if e.Message == "" {
		e.strange(resp, sample)
	}
	return e
}

// sample reads the start of a body.
func (s *sender) sample(resp *http.Response) []byte {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, s.limits.ErrorBody))
	return body
}

func (e *APIError) reply(resp *http.Response) {
	e.StatusCode = resp.StatusCode
	for _, name := range []string{"X-Request-Id", "X-Amzn-Requestid", "Apigw-Requestid"} {
		if id := resp.Header.Get(name); id != "" {
			e.RequestID = id
			return
		}
	}
}

// strange describes a body that is not the service's JSON.
func (e *APIError) strange(resp *http.Response, sample []byte) {
	e.Message = "the reply is empty"
	if len(sample) > 0 {
		e.Body = printable(sample)
		e.Message = describe(resp) + ": " + excerpt(e.Body)
	}
}
