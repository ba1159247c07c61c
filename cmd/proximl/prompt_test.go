//go:build unix

package main

import (
	"regexp"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

func TestSecretsAreNotShown(t *testing.T) {
	t.Parallel()
	_, me := service(t)
	s := me.open(80, "project", "credential", "put", "aws", "-o", "id")
	s.expect("Access key ID: ").types("AKIA\n").expect("Secret access key: ").types("canary\n")
	code, text := s.ends()
	assert.Zero(t, code)
	assert.Equal(t, "Access key ID: AKIA\nSecret access key: \naws\n", text)
	assert.Equal(t, map[proximl.CredentialType]string{"aws": "AKIA"}, me.keyIDs())
}

// Ctrl-C at a hidden question leaves a terminal that shows what is typed.
func TestSecretInterrupted(t *testing.T) {
	t.Parallel()
	_, me := service(t)
	s := me.shell(`trap : INT; "$proximl" project secret put x; echo code $?; stty -a`)
	s.expect("Value of x: ").types("can\x03")
	code, text := s.ends()
	assert.Zero(t, code)
	assert.Contains(t, text, "Value of x: \nproximl: interrupted\ncode 130\n")
	assert.Regexp(t, `[ ;]icanon `, text)
	assert.Regexp(t, `[ ;]echo `, text)
	me.run("project", "secret", "list", "-o", "id").prints("")
}

// So does a signal from elsewhere.
func TestSecretTerminated(t *testing.T) {
	t.Parallel()
	_, me := service(t)
	s := me.shell(`sh -c 'echo pid $$; exec "$proximl" project secret put x'; echo code $?; stty -a`)
	shown := regexp.MustCompile(`pid (\d+)`).FindStringSubmatch(s.expect("Value of x: ").shown())
	require.Len(t, shown, 2)
	pid, err := strconv.Atoi(shown[1])
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(pid, syscall.SIGTERM))
	code, text := s.ends()
	assert.Zero(t, code)
	assert.Contains(t, text, "Value of x: \nproximl: interrupted\ncode 130\n")
	assert.Regexp(t, `[ ;]icanon `, text)
	assert.Regexp(t, `[ ;]echo `, text)
}

func TestSecretAtTheEndOfInput(t *testing.T) {
	t.Parallel()
	_, me := service(t)
	s := me.open(80, "project", "secret", "put", "x")
	s.expect("Value of x: ").types("\x04")
	code, text := s.ends()
	assert.Equal(t, exitUsage, code)
	assert.Equal(t, "Value of x: \nproximl: the input ended before the answer to \"Value of x\"\n", text)
}

func TestRemovalsAskFirst(t *testing.T) {
	t.Parallel()
	_, me := service(t)
	for _, c := range []struct {
		keys string
		code int
		gone bool
	}{
		{"\n", exitError, false},
		{"n\n", exitError, false},
		{"\x04", exitError, false},
		{"\x03", exitInterrupted, false},
		{"y\n", exitOK, true},
		{" YES \n", exitOK, true},
	} {
		project := me.project("Doomed")
		s := me.open(200, "project", "remove", "Doomed")
		s.expect("Remove project Doomed (" + project.ID + ") with all that is in it? [y/N] ").types(c.keys)
		code, text := s.ends()
		assert.Equal(t, c.code, code, text)
		_, err := me.client.Projects.Get(t.Context(), project.ID)
		if c.gone {
			assert.ErrorIs(t, err, proximl.ErrNotFound)
			assert.Contains(t, text, "Removed project Doomed")
			continue
		}
		assert.NoError(t, err)
		if c.code == exitError {
			assert.Contains(t, text, "proximl: nothing was changed: you did not say yes\n")
		}
		assert.NoError(t, me.client.Projects.Delete(t.Context(), project.ID))
	}
}

func TestHeadsAreBoldOnATerminal(t *testing.T) {
	t.Parallel()
	_, me := service(t)
	bold := func(me *person, args ...string) bool {
		code, text := me.open(80, append(args, "project", "list")...).ends()
		assert.Zero(t, code)
		assert.NotContains(t, me.run(append(args, "project", "list")...).ok().stdout, "\x1b")
		return assert.ObjectsAreEqual("\x1b[1m", text[:4])
	}
	assert.True(t, bold(me))
	assert.False(t, bold(me, "--no-color"))
	assert.False(t, bold(me.with("NO_COLOR=1")))
	assert.False(t, bold(me.with("TERM=dumb")))
}
