package tokencache_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/cmd/proximl/internal/tokencache"
)

func TestFile(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	file := &tokencache.File{Path: filepath.Join(t.TempDir(), "new", "tokens.json")}
	tokens, err := file.Load(ctx, "me")
	require.NoError(t, err)
	assert.Nil(t, tokens, "there is no file yet")

	mine := &proximl.Tokens{ID: "id", Refresh: "refresh", Expires: time.Now().Add(time.Hour).UTC().Truncate(time.Second)}
	require.NoError(t, file.Save(ctx, "me", mine))
	yours := &proximl.Tokens{ID: "other", Expires: mine.Expires}
	require.NoError(t, file.Save(ctx, "you", yours))
	for account, want := range map[string]*proximl.Tokens{"me": mine, "you": yours, "nobody": nil} {
		got, err := file.Load(ctx, account)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
}

func TestOldTokensAreForgotten(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	file := &tokencache.File{Path: filepath.Join(t.TempDir(), "tokens.json")}
	const day = 24 * time.Hour
	for account, age := range map[string]time.Duration{"old": 31 * day, "refreshable": 29 * day} {
		require.NoError(t, file.Save(ctx, account, &proximl.Tokens{ID: "id", Expires: time.Now().Add(-age)}))
	}
	require.NoError(t, file.Save(ctx, "new", &proximl.Tokens{ID: "id", Expires: time.Now()}))
	for account, kept := range map[string]bool{"old": false, "refreshable": true, "new": true} {
		tokens, err := file.Load(ctx, account)
		require.NoError(t, err)
		assert.Equal(t, kept, tokens != nil, account)
	}
}

func TestErrorsQuoteNoToken(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tokens.json")
	require.NoError(t, os.WriteFile(path, []byte(`{"me": {"id_token": ["canary"]}}`), 0o600))
	_, err := (&tokencache.File{Path: path}).Load(t.Context(), "me")
	require.EqualError(t, err, path+" is not what proximl wrote; the next login replaces it")
}

// FuzzFile: whatever is in the file, there are tokens or an error that quotes
// nothing, and the next login can be saved.
func FuzzFile(f *testing.F) {
	file := &tokencache.File{Path: filepath.Join(f.TempDir(), "tokens.json")}
	for _, seed := range []string{"", "null", "{}", `{"me":null}`, `{"me":{"id_token":"a","expires":"2026-01-02T03:04:05Z"}}`, `{"me":{"id_token":"a"},"me":{}}`, `{"you":{"expires":"9999-12-31T23:59:59Z"}}`, `{"me":[]}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content string) {
		require.NoError(t, os.WriteFile(file.Path, []byte(content), 0o600))
		_, err := file.Load(t.Context(), "me")
		if err != nil && len(content) > 30 {
			require.NotContains(t, err.Error(), content)
		}
		saved := &proximl.Tokens{ID: "id", Refresh: "refresh", Expires: time.Now().Add(time.Hour).UTC().Truncate(time.Second)}
		require.NoError(t, file.Save(t.Context(), "me", saved))
		loaded, err := file.Load(t.Context(), "me")
		require.NoError(t, err)
		require.Equal(t, saved, loaded)
	})
}
