package proximl

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"time"
	"unicode"

	"golang.org/x/time/rate"
)

// Option configures a client. Options may be given in any order; one that is
// wrong makes [New] fail.
type Option func(*options) error

// options is what the options of New fill in before anything is built.
type options struct {
	values      map[string]string // by the names of config.go
	httpClient  http.Client       // a copy
	logger      *slog.Logger
	userAgent   string
	tokenSource TokenSource
	tokenCache  TokenCache
	limiter     *rate.Limiter
	retry       RetryPolicy
	limits      Limits
}

func defaultOptions() *options {
	return &options{
		values: map[string]string{},
		logger: slog.New(slog.DiscardHandler),
		retry:  RetryPolicy{Attempts: 4, MinWait: 500 * time.Millisecond, MaxWait: 30 * time.Second},
		limits: Limits{ResponseHeader: 60 * time.Second, BodyIdle: 2 * time.Minute, Entity: 64 << 20, ErrorBody: 4 << 10},
	}
}

// given makes an option that refuses a value that is not there.
func given(ok bool, problem string, apply func(*options)) Option {
	return func(o *options) error {
		if !ok {
			return errors.New(problem)
		}
		apply(o)
		return nil
	}
}

// isNil also tells a nil pointer in an interface.
func isNil(value any) bool {
	v := reflect.ValueOf(value)
	return value == nil || v.Kind() == reflect.Pointer && v.IsNil()
}

// set ignores an empty value, which leaves the setting to the next source. Only
// the project may be set to none.
func (o *options) set(name, value string) {
	if value != "" || name == settingProject {
		o.values[name] = value
	}
}

func withValue(name, value string) Option {
	return given(true, "", func(o *options) { o.set(name, value) })
}

// WithCredentials sets the API key: its user id and the key itself.
func WithCredentials(user, key string) Option {
	return given(user != "" && key != "", "WithCredentials: user and key must not be empty", func(o *options) { o.values[settingUser], o.values[settingKey] = user, key })
}

// WithProject sets the active project by its id (not its name). An empty id
// means none: the service then works in the account's Personal project.
func WithProject(id string) Option { return withValue(settingProject, id) }

// WithConfigDir sets the folder of credentials.json, config.json and
// environment.json, in place of ~/.proximl. An empty one changes nothing, as with
// the options for hosts.
func WithConfigDir(dir string) Option { return withValue(settingConfigDir, dir) }

// WithDomainSuffix sets the domain of the service's hosts, in place of
// proximl.ai.
func WithDomainSuffix(domain string) Option { return withValue(settingDomainSuffix, domain) }

// WithAPIHost sets the host name of the REST API, in place of api.proximl.ai.
func WithAPIHost(host string) Option { return withValue(settingAPIHost, host) }

// WithWebsocketHost sets the host name of the log websocket, in place of
// api-ws.proximl.ai.
func WithWebsocketHost(host string) Option { return withValue(settingWebsocketHost, host) }

// WithUserPool sets the Cognito user pool to log in to, so that it need not be
// asked for. An empty value is taken from the next source.
func WithUserPool(region, poolID, clientID string) Option {
	return given(true, "", func(o *options) {
		o.set(settingRegion, region)
		o.set(settingPoolID, poolID)
		o.set(settingClientID, clientID)
	})
}

// WithEndpoint points REST, login and websocket at one base URL, such as
// http://127.0.0.1:8080. Plain http is allowed for loopback hosts only.
//
// An empty URL is refused: it would send what was meant for a test to the real
// service.
func WithEndpoint(baseURL string) Option {
	return given(baseURL != "", "WithEndpoint: the URL is empty", func(o *options) { o.set(settingEndpoint, baseURL) })
}

// WithHTTPClient sets the client whose transport, timeout, cookie jar and
// redirect policy are used. It is copied, never changed.
//
// Without it, the SDK honours HTTPS_PROXY and NO_PROXY and trusts the system's
// certificates. With a CA of your own:
//
//	transport := http.DefaultTransport.(*http.Transport).Clone()
//	transport.TLSClientConfig = &tls.Config{RootCAs: pool}
//	client, err := proximl.New(proximl.WithHTTPClient(&http.Client{Transport: transport}))
func WithHTTPClient(client *http.Client) Option {
	return given(client != nil && (client.Transport == nil || !isNil(client.Transport)), "WithHTTPClient: the client or its transport is nil", func(o *options) { o.httpClient = *client })
}

// WithLogger sets where requests (at debug level) and warnings go. Without it
// the SDK is silent. No secret is ever logged.
func WithLogger(logger *slog.Logger) Option {
	return given(logger != nil, "WithLogger: the logger is nil", func(o *options) { o.logger = logger })
}

// WithUserAgent puts the caller, such as "app/1", in front of the SDK's own
// User-Agent.
func WithUserAgent(agent string) Option {
	return given(agent != "" && !strings.ContainsFunc(agent, unicode.IsControl), "WithUserAgent: the name is empty or no header value", func(o *options) { o.userAgent = agent })
}

// WithTokenSource replaces the login. No user and key are needed then, and those
// that there are do not matter, nor does a token cache.
func WithTokenSource(source TokenSource) Option {
	return given(!isNil(source), "WithTokenSource: the source is nil", func(o *options) { o.tokenSource = source })
}

// WithTokenCache keeps the login's tokens where another process finds them.
func WithTokenCache(cache TokenCache) Option {
	return given(!isNil(cache), "WithTokenCache: the cache is nil", func(o *options) { o.tokenCache = cache })
}

// WithRateLimit spaces the requests of calls and logins: so many per second, and
// at most burst at once. File transfers and log connections do not count.
func WithRateLimit(perSecond float64, burst int) Option {
	return given(perSecond > 0 && burst > 0, "WithRateLimit: this limit lets nothing through", func(o *options) { o.limiter = rate.NewLimiter(rate.Limit(perSecond), burst) })
}

// WithRetryPolicy sets the retry policy of every call. Fields left zero keep
// their default.
func WithRetryPolicy(policy RetryPolicy) Option {
	return func(o *options) error {
		if err := policy.check(); err != nil {
			return err
		}
		o.retry = policy.or(o.retry)
		return nil
	}
}

// RequestOption changes one call.
type RequestOption func(*request) error

// WithQuery adds query parameters. They beat those of the method itself, and a
// project_uuid among them beats the active project.
func WithQuery(values url.Values) RequestOption {
	return func(r *request) error {
		maps.Copy(r.query, values)
		return nil
	}
}

// WithForce makes a Delete also remove what is still in use, such as a running
// job. Inferred: the service's clients send it, and no page describes it.
func WithForce() RequestOption { return WithQuery(url.Values{"force": {"true"}}) }

// WithHeader sets a header. Authorization and User-Agent are refused: see
// WithTokenSource and WithUserAgent. So is Idempotency-Key.
func WithHeader(name, value string) RequestOption {
	return func(r *request) error {
		if name == "" || strings.ContainsFunc(name, notInHeaderName) || strings.ContainsFunc(value, unicode.IsControl) {
			return fmt.Errorf("WithHeader: the name %q or its value cannot be that of a header", name)
		}
		switch key := http.CanonicalHeaderKey(name); key {
		case "Authorization", "User-Agent":
			return fmt.Errorf("WithHeader: %s is set by WithTokenSource or WithUserAgent", key)
		case "Idempotency-Key", "X-Idempotency-Key":
			return fmt.Errorf("WithHeader: %s would make net/http repeat a POST by itself; the service knows no such header", key)
		}
		r.header.Set(name, value)
		return nil
	}
}

func notInHeaderName(r rune) bool {
	return r <= ' ' || r >= unicode.MaxASCII || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
}

// WithRetry changes the retry policy of this call. Fields left zero keep the
// client's; with Attempts 1 the call is sent once, also where the client has
// RepeatPOST.
func WithRetry(policy RetryPolicy) RequestOption {
	return func(r *request) error {
		r.retry = policy.or(r.retry)
		return policy.check()
	}
}

// ResponseInfo is what CaptureResponse fills in.
type ResponseInfo struct {
	StatusCode int         // of the last reply; 0 when there was none
	Header     http.Header // of the last reply
	Attempts   int         // requests sent
}

// CaptureResponse fills in info when the call has ended, well or not.
func CaptureResponse(info *ResponseInfo) RequestOption {
	return func(r *request) error {
		r.capture = info
		return nil
	}
}

type operationKey struct{}

// OperationFromContext tells a [http.RoundTripper] which operation, such as
// "jobs.create", a request is part of. It is "login" for the requests of a
// login and empty for requests that are not the SDK's.
func OperationFromContext(ctx context.Context) string {
	operation, _ := ctx.Value(operationKey{}).(string)
	return operation
}
