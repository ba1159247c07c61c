package proximl

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/proximl/proximl-go/internal/cognito"
	"github.com/proximl/proximl-go/internal/settings"
	"github.com/proximl/proximl-go/internal/single"
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

// LogValue logs the tokens without the tokens.
func (t Tokens) LogValue() slog.Value { return logged(t) }

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
	user, key settings.Value
	known     cognito.Pool // as far as it is configured
	pool      atomic.Pointer[cognito.Pool]
	app       *url.URL // has the rest of it
	endpoint  *url.URL // in place of Cognito's own host; may be nil
	cache     TokenCache
	logger    *slog.Logger

	tokens atomic.Pointer[Tokens]
	flight single.Flight[*Tokens]
}

func newLogin(o *options, c *config, sender *sender) (*login, error) {
	user, key, err := c.credentials()
	if err != nil {
		return nil, err
	}
	l := &login{sender: sender, user: user, key: key, cache: o.tokenCache, logger: o.logger}
	l.flight.Timeout = loginTimeout
	l.known = cognito.Pool{Region: c.Get(settingRegion).Text, ID: c.Get(settingPoolID).Text, ClientID: c.Get(settingClientID).Text}
	l.app, err = c.baseURL("", "app.")
	if endpoint := c.Get(settingEndpoint); endpoint.Text != "" && endpoint.Strength >= c.Get(settingDomainSuffix).Strength {
		l.endpoint = l.app
	}
	return l, err
}

// Token returns the cached token or joins the one login under way. The login
// that a caller finds under way may still yield the token that was rejected; one
// of its own may not.
func (l *login) Token(ctx context.Context, rejected string) (string, error) {
	for range 2 {
		tokens := l.tokens.Load()
		if !tokens.usable(rejected) {
			var err error
			if tokens, err = l.flight.Do(ctx, func(ctx context.Context) (*Tokens, error) {
				return l.obtain(context.WithValue(ctx, operationKey{}, "login"), rejected)
			}); err != nil {
				return "", err
			}
		}
		if string(tokens.ID) != rejected {
			return string(tokens.ID), nil
		}
	}
	return "", &AuthError{Message: "a new login yields the token that the service has just refused", Hint: "check that login and API belong together"}
}

// obtain tries the cache, then the refresh token, then the key.
func (l *login) obtain(ctx context.Context, rejected string) (*Tokens, error) {
	old := l.tokens.Load()
	if old.usable(rejected) {
		return old, nil // the login before this one ended as the caller came
	}
	pool, err := l.findPool(ctx)
	if err != nil {
		return nil, l.explain(err)
	}
	account := l.user.Text + "@" + pool.ID
	tokens := l.load(ctx, account)
	if !tokens.usable(rejected) {
		fresh, err := l.renew(ctx, pool, cmp.Or(old, tokens))
		if err != nil {
			return nil, l.explain(err)
		}
		tokens = &Tokens{ID: Secret(fresh.ID), Refresh: Secret(fresh.Refresh), Expires: fresh.Expires}
		l.save(ctx, account, tokens)
	}
	l.tokens.Store(tokens)
	return tokens, nil
}

// renew logs in with the key only when there is no refresh token, or Cognito
// refuses it.
func (l *login) renew(ctx context.Context, pool *cognito.Pool, old *Tokens) (*cognito.Tokens, error) {
	post := l.poster(pool.Region)
	if old != nil && old.Refresh != "" {
		tokens, err := pool.Refresh(ctx, string(old.Refresh), post)
		if _, refused := errors.AsType[*cognito.Refusal](err); !refused {
			return tokens, err
		}
	}
	return pool.Login(ctx, l.user.Text, l.key.Text, post)
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

// findPool asks for the service's auth config, once, and only when something is
// missing.
func (l *login) findPool(ctx context.Context) (*cognito.Pool, error) {
	if pool := l.pool.Load(); pool != nil {
		return pool, nil
	}
	pool := &l.known
	if !pool.Complete() {
		_, config, err := l.fetch(ctx, &outgoing{method: http.MethodGet, url: resolve(l.app, authConfigPath, nil), repeatable: true})
		if err != nil {
			return nil, err
		}
		if pool, err = pool.Fill(config); err != nil {
			return nil, fmt.Errorf("the auth config of %s %w; region, user pool and client id can be given by WithUserPool", l.app.Host, err)
		}
	}
	l.pool.Store(pool)
	return pool, nil
}

// poster sends actions to Cognito, or to the endpoint in its place.
func (l *login) poster(region string) cognito.Post {
	to := l.endpoint
	if to == nil {
		to = &url.URL{Scheme: "https", Host: "cognito-idp." + region + ".amazonaws.com"}
	}
	return func(ctx context.Context, header http.Header, body []byte, repeatable bool) (int, []byte, error) {
		return l.fetch(ctx, &outgoing{method: http.MethodPost, url: resolve(to, "/", nil), header: header, body: body, repeatable: repeatable})
	}
}

// fetch returns the body of a reply that is OK, or a 400, which is how Cognito
// says all its errors.
func (l *login) fetch(ctx context.Context, out *outgoing) (status int, body []byte, err error) {
	out.retry = l.sender.retry
	resp, failed := l.sender.send(ctx, out)
	if failed != nil {
		return 0, nil, failed
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK && (resp.StatusCode != http.StatusBadRequest || out.body == nil) {
		return 0, nil, l.sender.refused(out, resp)
	}
	body, err = io.ReadAll(stream.NewBody(resp.Body, l.sender.limits.Entity))
	if err != nil {
		return 0, nil, out.unreadable(resp, err)
	}
	return resp.StatusCode, body, nil
}

// explain says what to do about a login that failed.
func (l *login) explain(err error) *AuthError {
	refusal, ok := errors.AsType[*cognito.Refusal](err)
	if !ok {
		return &AuthError{err: err}
	}
	return &AuthError{Code: refusal.Code, Message: refusal.Message, Hint: refusal.Hint() + " (user and key came from " + l.user.Source + ")"}
}
