package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go/proximltest"
)

// logins counts the steps of logins that the service has seen.
func logins(srv *proximltest.Server) (count int) {
	for _, request := range srv.Requests() {
		if request.Method == "POST" && request.Path == "/" {
			count++
		}
	}
	return count
}

const oneLogin = 2 // steps

func (p *person) tokenFile() string { return filepath.Join(p.config, tokenFile) }

func TestASecondCommandMakesNoLogin(t *testing.T) {
	t.Parallel()
	srv, me := service(t)
	me.run("project", "list").ok().notes("")
	require.Equal(t, oneLogin, logins(srv))
	me.run("project", "list").ok().notes("")
	assert.Equal(t, oneLogin, logins(srv))
	info, err := os.Stat(me.tokenFile())
	require.NoError(t, err)
	if runtime.GOOS != "windows" {
		assert.Equal(t, os.FileMode(0o600), info.Mode())
	}

	// Another account has its own.
	you := newPerson(t, srv, "you@example.com")
	you.env = append(you.env, "PROXIML_CONFIG_DIR="+me.config)
	you.run("project", "list", "-o", "id").prints(you.account.Project + "\n")
	assert.Equal(t, 2*oneLogin, logins(srv))
	you.run("project", "list", "-o", "id").prints(you.account.Project + "\n")
	me.run("project", "list", "-o", "id").prints(me.account.Project + "\n")
	assert.Equal(t, 2*oneLogin, logins(srv))

	// A token that the service refuses is replaced.
	me.account.RevokeTokens()
	me.run("project", "list").ok().notes("")
	before := logins(srv)
	me.run("project", "list").ok().notes("")
	assert.Equal(t, before, logins(srv))
}

func TestNoTokenCache(t *testing.T) {
	t.Parallel()
	srv, me := service(t)
	me.run("project", "list", "--no-token-cache").ok()
	me.with("PROXIML_NO_TOKEN_CACHE=1").run("project", "list").ok()
	assert.Equal(t, 2*oneLogin, logins(srv))
	assert.NoFileExists(t, me.tokenFile())
	me.run("project", "list").ok()
	me.run("project", "list", "--no-token-cache").ok()
	assert.Equal(t, 4*oneLogin, logins(srv), "neither read nor written")
}

func TestATokenFileThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("files have no mode")
	}
	srv, me := service(t)
	me.run("project", "list").ok()
	require.NoError(t, os.Chmod(me.tokenFile(), 0o640))
	r := me.run("project", "list").ok()
	assert.Equal(t, 2*oneLogin, logins(srv))
	assert.Contains(t, r.stderr, me.tokenFile()+" can be read by other users (mode -rw-r-----), so its tokens are not used; the next login replaces it")
	me.run("project", "list").ok().notes("")
	assert.Equal(t, 2*oneLogin, logins(srv), "the login made it a file of the user's alone")

	require.NoError(t, os.WriteFile(me.tokenFile(), []byte(`{"a@b": {"id_token": "canary", }`), 0o600))
	r = me.run("project", "list").ok()
	assert.Contains(t, r.stderr, me.tokenFile()+" is not what proximl wrote; the next login replaces it")
	assert.NotContains(t, r.stderr, "canary")
	me.run("project", "list").ok().notes("")
	assert.Equal(t, 3*oneLogin, logins(srv))
}

// Commands side by side leave one whole file.
func TestTokensOfManyCommands(t *testing.T) {
	t.Parallel()
	srv, me := service(t)
	var all sync.WaitGroup
	const accounts = 8
	for i := range accounts {
		other := newPerson(t, srv, string(rune('a'+i))+"@example.com")
		other.env = append(other.env, "PROXIML_CONFIG_DIR="+me.config)
		all.Go(func() { assert.Zero(t, other.run("project", "list").code) })
	}
	all.Wait()
	content, err := os.ReadFile(me.tokenFile())
	require.NoError(t, err)
	var tokens map[string]any
	require.NoError(t, json.Unmarshal(content, &tokens))
	assert.Len(t, tokens, accounts)
}
