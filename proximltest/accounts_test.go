package proximltest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

func TestAccounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com", proximltest.WithCredits(12.5))
	assert.Equal(t, "me@example.com", me.Email)
	assert.Same(t, me, w.srv.Account(" Me@Example.COM", proximltest.WithCredits(1)), "the same account again, as it is")
	assert.Equal(t, 12.5, me.Credits())

	you := w.srv.Account("you@example.com")
	assert.Equal(t, 1000.0, you.Credits())
	for name, pair := range map[string][2]string{"user": {me.User, you.User}, "key": {me.Key, you.Key}, "project": {me.Project, you.Project}} {
		assert.NotEqual(t, pair[0], pair[1], name)
		assert.NotEmpty(t, pair[0], name)
	}
	me.SetCredits(0.123)
	assert.Equal(t, 0.123, me.Credits())
	assert.Equal(t, []*proximltest.Account{me, you}, w.srv.Accounts())
}

func TestClient(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]proximltest.Option{"over a socket": nil, "over pipes": {proximltest.WithoutListener()}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := proximltest.New(t, opts...)
			me := srv.Account("me@example.com")
			client, err := srv.Client(me)
			require.NoError(t, err)
			projects, err := client.Projects.List(t.Context())
			require.NoError(t, err)
			require.Len(t, projects, 1)
			assert.Equal(t, me.Project, projects[0].ID)

			client, err = srv.Client(me, proximl.WithProject("other"))
			require.NoError(t, err)
			_, err = client.Projects.Current(t.Context())
			assert.ErrorIs(t, err, proximl.ErrNotFound, "options win over what Client sets")
		})
	}
}

// What one account's client saves is its own, and gone with the service.
func TestClientSettingsAreItsOwn(t *testing.T) {
	t.Parallel()
	srv, err := proximltest.NewServer(proximltest.WithoutListener())
	require.NoError(t, err)
	defer srv.Close()
	me := srv.Account("me@example.com")
	client, err := srv.Client(me)
	require.NoError(t, err)
	require.NoError(t, client.SaveActiveProject(t.Context(), "saved"))

	dir := setting(me.Env(), "PROXIML_CONFIG_DIR")
	assert.FileExists(t, filepath.Join(dir, "config.json"))
	assert.NoDirExists(t, setting(srv.Account("you@example.com").Env(), "PROXIML_CONFIG_DIR"))
	srv.Close()
	assert.NoDirExists(t, dir)
}

// A program in another process reads the account from its environment.
func TestEnv(t *testing.T) {
	srv := proximltest.New(t)
	me := srv.Account("me@example.com")
	for _, variable := range me.Env() {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	client, err := proximl.New()
	require.NoError(t, err)
	_, err = client.Jobs.List(t.Context())
	require.NoError(t, err)
	_, err = os.Stat(setting(me.Env(), "PROXIML_CONFIG_DIR"))
	assert.ErrorIs(t, err, os.ErrNotExist)
}

func TestRequireChallenge(t *testing.T) {
	t.Parallel()
	srv := proximltest.New(t, proximltest.WithoutListener())
	me := srv.Account("me@example.com")
	client, err := srv.Client(me)
	require.NoError(t, err)
	me.RequireChallenge("NEW_PASSWORD_REQUIRED")
	_, err = client.Jobs.List(t.Context())
	assert.ErrorContains(t, err, "NEW_PASSWORD_REQUIRED")
	me.RequireChallenge("")
	_, err = client.Jobs.List(t.Context())
	assert.NoError(t, err)
}

// setting finds NAME=value in an environment.
func setting(env []string, name string) string {
	for _, variable := range env {
		if value, found := strings.CutPrefix(variable, name+"="); found {
			return value
		}
	}
	return ""
}
