package cognito

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/proximl/proximl-go/internal/single"
)

const (
	loginTimeout = 2 * time.Minute
	// expiryMargin is how long before its end a token counts as expired, as in
	// the Python client.
	expiryMargin   = 300 * time.Second
	authConfigPath = "/.well-known/auth-config.json"
)

// Source supplies id tokens: it keeps one until it expires or is rejected, then
// gets another by the refresh token or, failing that, by the key. One login is
// under way at a time.
type Source struct {
	User, Key string
	Known     Pool     // as far as it is configured
	App       *url.URL // whose auth config has the rest of it
	Endpoint  *url.URL // in place of Cognito's own host; may be nil
	Fetch     Fetch
	Cache     Cache // may be nil

	pool   atomic.Pointer[Pool]
	tokens atomic.Pointer[Tokens]
	flight single.Flight[*Tokens]
}

// Request is a request of the login.
type Request struct {
	Method     string
	Base       *url.URL
	Path       string
	Header     http.Header
	Body       []byte
	Repeatable bool // may be sent again when its reply is lost
}

// Answered reports whether a reply of that status is one of the protocol: OK or,
// to a POST, a 400, which is how Cognito says its errors.
func (r *Request) Answered(status int) bool {
	return status == http.StatusOK || status == http.StatusBadRequest && r.Method == http.MethodPost
}

// Fetch sends a request and returns the body of a reply that is an answer. All
// else is an error.
type Fetch func(context.Context, *Request) (status int, body []byte, err error)

// Cache keeps tokens elsewhere. Its errors are its own affair.
type Cache interface {
	Load(ctx context.Context, account string) *Tokens
	Save(ctx context.Context, account string, tokens *Tokens)
}

// ErrSameToken means that a login yields a token that was refused.
var ErrSameToken = errors.New("a new login yields the token that the service has just refused; check that login and API belong together")

func (t *Tokens) usable(rejected string) bool {
	return t != nil && t.ID != "" && t.ID != rejected && time.Until(t.Expires) > expiryMargin
}

// Token returns a token that is not rejected, or joins the one login under way.
// A login that it finds under way may still yield the token that was rejected;
// one of its own may not.
func (s *Source) Token(ctx context.Context, rejected string) (string, error) {
	for {
		if tokens := s.tokens.Load(); tokens.usable(rejected) {
			return tokens.ID, nil
		}
		tokens, joined, err := s.flight.Do(ctx, loginTimeout, func(ctx context.Context) (*Tokens, error) { return s.obtain(ctx, rejected) })
		switch {
		case err != nil:
			return "", err
		case tokens.ID != rejected:
			return tokens.ID, nil
		case !joined:
			return "", ErrSameToken
		}
	}
}

// obtain tries the cache, then the refresh token, then the key.
func (s *Source) obtain(ctx context.Context, rejected string) (*Tokens, error) {
	old := s.tokens.Load()
	if old.usable(rejected) {
		return old, nil // the login before this one ended as the caller came
	}
	pool, err := s.findPool(ctx)
	if err != nil {
		return nil, err
	}
	account := s.User + "@" + pool.ID
	var tokens *Tokens
	if s.Cache != nil {
		tokens = s.Cache.Load(ctx, account)
	}
	if !tokens.usable(rejected) {
		if old == nil || old.Refresh == "" {
			old = tokens
		}
		if tokens, err = s.renew(ctx, pool, old); err != nil {
			return nil, err
		}
		if s.Cache != nil {
			s.Cache.Save(ctx, account, tokens)
		}
	}
	s.tokens.Store(tokens)
	return tokens, nil
}

// renew logs in with the key only when there is no refresh token, or Cognito
// refuses it.
func (s *Source) renew(ctx context.Context, pool *Pool, old *Tokens) (*Tokens, error) {
	post := s.poster(pool.Region)
	if old != nil && old.Refresh != "" {
		tokens, err := pool.Refresh(ctx, old.Refresh, post)
		if refusal, ok := errors.AsType[*Refusal](err); !ok || refusal.Code == tooManyRequests {
			return tokens, err
		}
	}
	return pool.Login(ctx, s.User, s.Key, post)
}

// findPool asks for the service's auth config, once, and only when something is
// missing.
func (s *Source) findPool(ctx context.Context) (*Pool, error) {
	if pool := s.pool.Load(); pool != nil {
		return pool, nil
	}
	pool := &s.Known
	if !pool.Complete() {
		_, config, err := s.Fetch(ctx, &Request{Method: http.MethodGet, Base: s.App, Path: authConfigPath, Repeatable: true})
		if err != nil {
			return nil, err
		}
		if pool, err = pool.Fill(config); err != nil {
			return nil, fmt.Errorf("the auth config of %s %w; region, user pool and client id can be given by WithUserPool", s.App.Host, err)
		}
	}
	s.pool.Store(pool)
	return pool, nil
}

// poster sends actions to Cognito, or to the endpoint in its place.
func (s *Source) poster(region string) Post {
	to := s.Endpoint
	if to == nil {
		to = &url.URL{Scheme: "https", Host: "cognito-idp." + region + ".amazonaws.com"}
	}
	return func(ctx context.Context, header http.Header, body []byte, repeatable bool) (int, []byte, error) {
		return s.Fetch(ctx, &Request{Method: http.MethodPost, Base: to, Path: "/", Header: header, Body: body, Repeatable: repeatable})
	}
}
