package proximl

import (
	"context"
	"errors"
	"io"

	"github.com/proximl/proximl-go/internal/cognito"
	"github.com/proximl/proximl-go/internal/stream"
)

// TokenSource supplies the id token that is sent with every call. It must be
// safe for concurrent use.
type TokenSource interface {
	// Token returns a token that is not rejected, which is the one that the
	// service just refused, or empty.
	Token(ctx context.Context, rejected string) (string, error)
}

// login is the TokenSource that logs in with user and key.
type login struct {
	*cognito.Source
	from string // where user and key came from
}

func newLogin(o *options, c *config, sender *sender) (*login, error) {
	user, key, err := c.credentials()
	if err != nil {
		return nil, err
	}
	source := &cognito.Source{User: user.Text, Key: key.Text, Fetch: sender.fetch}
	source.Known = cognito.Pool{Region: c.Get(settingRegion).Text, ID: c.Get(settingPoolID).Text, ClientID: c.Get(settingClientID).Text}
	if o.tokenCache != nil {
		source.Cache = &loggedCache{o.tokenCache, o.logger}
	}
	source.App, err = c.baseURL("", "app.")
	if endpoint := c.Get(settingEndpoint); endpoint.Text != "" && endpoint.Strength >= c.Get(settingDomainSuffix).Strength {
		source.Endpoint = source.App
	}
	from := user.Source
	if key.Source != from {
		from += " and " + key.Source
	}
	return &login{source, from}, err
}

// Token says of a login that failed what to do about it.
func (l *login) Token(ctx context.Context, rejected string) (string, error) {
	token, err := l.Source.Token(context.WithValue(ctx, operationKey{}, "login"), rejected)
	if refusal, ok := errors.AsType[*cognito.Refusal](err); ok {
		return "", &AuthError{Code: refusal.Code, Message: refusal.Message, Hint: refusal.Hint() + " (user and key came from " + l.from + ")"}
	}
	return token, asAuthError(err)
}

func asAuthError(err error) error {
	if _, ok := errors.AsType[*AuthError](err); ok || err == nil {
		return err
	}
	return &AuthError{err: err}
}

// fetch sends a request of the login.
func (s *sender) fetch(ctx context.Context, r *cognito.Request) (status int, body []byte, err error) {
	out := &outgoing{method: r.Method, url: resolve(r.Base, r.Path, nil), header: r.Header, body: r.Body, repeatable: r.Repeatable, retry: s.retry}
	out.retry.RepeatPOST = false // a challenge that is answered twice counts as a wrong key
	resp, failed := s.send(ctx, out)
	if failed != nil {
		return 0, nil, failed
	}
	defer resp.Body.Close()
	if !r.Answered(resp.StatusCode) {
		return 0, nil, s.refused(out, resp)
	}
	if body, err = io.ReadAll(stream.NewBody(resp.Body, s.limits.Entity)); err != nil {
		return 0, nil, out.unreadable(resp, err)
	}
	return resp.StatusCode, body, nil
}
