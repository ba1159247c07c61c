package proximl

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/proximl/proximl-go/internal/cognito"
)

// Tokens is what a login yields.
type Tokens struct {
	ID      Secret    `json:"id_token"`
	Refresh Secret    `json:"refresh_token,omitzero"`
	Expires time.Time `json:"expires"` // of the id token
}

// Format prints the tokens without what is secret in them.
func (t Tokens) Format(s fmt.State, verb rune) {
	type plain Tokens
	printed(s, verb, plain(t))
}

// LogValue logs what Format prints.
func (t Tokens) LogValue() slog.Value { return logged(t) }

// TokenCache keeps tokens beyond the life of a process, by an account name that
// the SDK makes of user and user pool. What it keeps must be protected like the
// key. An error of a cache is logged and costs no more than a login.
type TokenCache interface {
	// Load returns nil when there are no tokens of the account.
	Load(ctx context.Context, account string) (*Tokens, error)
	// Save replaces the tokens of the account.
	Save(ctx context.Context, account string, tokens *Tokens) error
}

// loggedCache logs the errors of the caller's cache.
type loggedCache struct {
	cache  TokenCache
	logger *slog.Logger
}

// Load returns nil when the cache fails.
func (c *loggedCache) Load(ctx context.Context, account string) *cognito.Tokens {
	tokens, err := c.cache.Load(ctx, account)
	if err != nil {
		c.logger.WarnContext(ctx, "the token cache cannot be read", "error", err)
	}
	if err != nil || tokens == nil {
		return nil
	}
	return &cognito.Tokens{ID: string(tokens.ID), Refresh: string(tokens.Refresh), Expires: tokens.Expires}
}

// Save gives up when the cache fails.
func (c *loggedCache) Save(ctx context.Context, account string, tokens *cognito.Tokens) {
	if err := c.cache.Save(ctx, account, &Tokens{ID: Secret(tokens.ID), Refresh: Secret(tokens.Refresh), Expires: tokens.Expires}); err != nil {
		c.logger.WarnContext(ctx, "the token cache cannot be written", "error", err)
	}
}
