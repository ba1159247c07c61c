package proximl

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/proximl/proximl-go/internal/cognito"
	"github.com/proximl/proximl-go/internal/stream"
)

const (
	loginTimeout = 2 * time.Minute
	// expiryMargin is how long before its end a token counts as expired, as in
	// the Python client.
	expiryMargin   = 300 * time.Second
	authConfigPath = "/.well-known/auth-config.json"
)

// TokenSource supplies the id token that is sent with every call. It must be
// safe for concurrent use.
type TokenSource interface {
	// Token returns a token that is not rejected, which is the one that the
	// service just refused, or empty.
	Token(ctx context.Context, rejected string) (string, error)
}

// Tokens is what a login yields.
type Tokens struct {
	ID      Secret    `json:"id_token"`
	Refresh Secret    `json:"refresh_token,omitzero"`
	Expires time.Time `json:"expires"` // of the id token
}

func (t *Tokens) usable(rejected string) bool {
	return t != nil && t.ID != "" && string(t.ID) != rejected && time.Until(t.Expires) > expiryMargin
}

// TokenCache keeps tokens beyond the life of a process, by an account name that
// the SDK makes of user and user pool. What it keeps must be protected like the
// key. An error of a cache is logged and costs no more than a login.
type TokenCache interface {
	// Load returns nil when there are no tokens of the account.
	Load(ctx context.Context, account string) (*Tokens, error)
	Save(ctx context.Context, account string, tokens *Tokens) error
}

// login is the TokenSource that logs in with user and key.
type login struct {
	sender    *sender
	user, key setting
	pool      cognito.Pool // as far as it is known; only the one flight touches it
	appURL    *url.URL     // has the rest of it
	endpoint  *url.URL     // in place of Cognito's own host; may be nil
	cache     TokenCache
	logger    *slog.Logger

	mu     sync.Mutex
	tokens *Tokens
	flight *flight
}

func newLogin(o *options, s *settings, sender *sender) (*login, error) {
	user, key, err := s.credentials()
	if err != nil {
		return nil, err
	}
	l := &login{sender: sender, user: user, key: key, cache: o.tokenCache, logger: o.logger}
	l.pool = cognito.Pool{Region: s.get(settingRegion).value, ID: s.get(settingPoolID).value, ClientID: s.get(settingClientID).value}
	l.appURL, err = s.baseURL(settingNone, "app.")
	if endpoint := s.get(settingEndpoint); endpoint.value != "" && endpoint.strength >= s.get(settingDomainSuffix).strength {
		l.endpoint = l.appURL
	}
	return l, err
}

// flight is the one login under way and those who wait for it.
type flight struct {
	done    chan struct{}
	cancel  context.CancelFunc
	waiters int
	tokens  *Tokens
	err     error
}

// Token returns the cached token or joins the one login under way. A caller
// that gives up hurts no other; the last to leave ends the login.
func (l *login) Token(ctx context.Context, rejected string) (string, error) {
	for {
		l.mu.Lock()
		if l.tokens.usable(rejected) {
			defer l.mu.Unlock()
			return string(l.tokens.ID), nil
		}
		if l.flight == nil {
			l.flight = l.takeOff(ctx, rejected)
		}
		f := l.flight
		f.waiters++
		l.mu.Unlock()

		select {
		case <-f.done:
			if f.err != nil {
				return "", f.err
			}
			if id := string(f.tokens.ID); id != rejected {
				return id, nil
			}
		case <-ctx.Done():
			l.leave(f)
			return "", context.Cause(ctx)
		}
	}
}

func (l *login) takeOff(ctx context.Context, rejected string) *flight {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loginTimeout)
	f := &flight{done: make(chan struct{}), cancel: cancel}
	go func(pool cognito.Pool, old *Tokens) {
		defer cancel()
		f.tokens, f.err = l.obtain(context.WithValue(ctx, operationKey{}, "login"), &pool, old, rejected)
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.flight == f {
			l.flight, l.pool = nil, pool
			if f.err == nil {
				l.tokens = f.tokens
			}
		}
		close(f.done)
	}(l.pool, l.tokens)
	return f
}

func (l *login) leave(f *flight) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f.waiters--; f.waiters == 0 {
		f.cancel()
		if l.flight == f {
			l.flight = nil
		}
	}
}

// obtain tries the cache, then the refresh token, then the key.
func (l *login) obtain(ctx context.Context, pool *cognito.Pool, old *Tokens, rejected string) (*Tokens, error) {
	if err := l.findPool(ctx, pool); err != nil {
		return nil, err
	}
	account := l.user.value + "@" + pool.ID
	cached := l.load(ctx, account)
	if cached.usable(rejected) {
		return cached, nil
	}
	if old == nil {
		old = cached
	}
	fresh, err := l.renew(ctx, *pool, old)
	if err != nil {
		return nil, l.explain(err)
	}
	tokens := &Tokens{ID: Secret(fresh.ID), Refresh: Secret(fresh.Refresh), Expires: fresh.Expires}
	l.save(ctx, account, tokens)
	return tokens, nil
}

// renew logs in with the key only when there is no refresh token, or Cognito
// refuses it.
func (l *login) renew(ctx context.Context, pool cognito.Pool, old *Tokens) (*cognito.Tokens, error) {
	post := l.poster(pool.Region)
	if old != nil && old.Refresh != "" {
		tokens, err := pool.Refresh(ctx, string(old.Refresh), post)
		if _, refused := errors.AsType[*cognito.Refusal](err); !refused {
			return tokens, err
		}
	}
	return pool.Login(ctx, l.user.value, l.key.value, post)
}

func (l *login) load(ctx context.Context, account string) *Tokens {
	if l.cache == nil {
		return nil
	}
	tokens, err := l.cache.Load(ctx, account)
	if err != nil {
		l.logger.WarnContext(ctx, "the token cache cannot be read", "error", err)
		return nil
	}
	return tokens
}

func (l *login) save(ctx context.Context, account string, tokens *Tokens) {
	if l.cache == nil {
		return
	}
	if err := l.cache.Save(ctx, account, tokens); err != nil {
		l.logger.WarnContext(ctx, "the token cache cannot be written", "error", err)
	}
}

// findPool asks for the service's auth config only when something is missing.
func (l *login) findPool(ctx context.Context, pool *cognito.Pool) error {
	if pool.Complete() {
		return nil
	}
	out := &outgoing{method: http.MethodGet, url: l.appURL.JoinPath(authConfigPath), repeatable: true, retry: l.sender.retry}
	resp, failed := l.sender.send(ctx, out)
	if failed != nil {
		return &AuthError{err: failed}
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return &AuthError{err: out.refused(resp, l.sender.sample(resp))}
	}
	config, err := stream.Decode[cognito.Pool](stream.NewBody(resp.Body, l.sender.limits.Entity))
	if err != nil {
		return &AuthError{err: out.unreadable(resp, err)}
	}
	setIf(&config.Region, pool.Region)
	setIf(&config.ID, pool.ID)
	setIf(&config.ClientID, pool.ClientID)
	if *pool = *config; !pool.Complete() {
		return &AuthError{Message: "the auth config of " + l.appURL.Host + " lacks region, user pool or client id", Hint: "give them by WithUserPool"}
	}
	return nil
}

// poster sends actions to Cognito, or to the endpoint in its place.
func (l *login) poster(region string) cognito.Post {
	to := l.endpoint
	if to == nil {
		to = &url.URL{Scheme: "https", Host: "cognito-idp." + region + ".amazonaws.com"}
	}
	return func(ctx context.Context, header http.Header, body []byte, repeatable bool) (int, []byte, error) {
		out := &outgoing{method: http.MethodPost, url: to.JoinPath("/"), header: header, body: body, repeatable: repeatable, retry: l.sender.retry}
		resp, failed := l.sender.send(ctx, out)
		if failed != nil {
			return 0, nil, failed
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusBadRequest {
			return 0, nil, out.refused(resp, l.sender.sample(resp))
		}
		reply, err := io.ReadAll(stream.NewBody(resp.Body, l.sender.limits.Entity))
		if err != nil {
			return 0, nil, out.unreadable(resp, err)
		}
		return resp.StatusCode, reply, nil
	}
}

// explain says what to do about a login that failed.
func (l *login) explain(err error) *AuthError {
	refusal, ok := errors.AsType[*cognito.Refusal](err)
	if !ok {
		return &AuthError{err: err}
	}
	e := &AuthError{Code: refusal.Code, Message: refusal.Message, Hint: "use an API key; they are made on the account settings page"}
	switch refusal.Code {
	case "NotAuthorizedException", "UserNotFoundException":
		e.Hint = "check user and key, which came from " + l.user.source + "; API keys are made and removed on the account settings page"
	case "TooManyRequestsException":
		e.Hint = "wait some minutes before the next login"
	case "ResourceNotFoundException", "InvalidParameterException":
		e.Hint = "check region, user pool id and client id"
	}
	return e
}
