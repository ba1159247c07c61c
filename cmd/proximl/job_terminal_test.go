//go:build unix

package main

import (
	"html"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

// Ctrl-C leaves the terminal as it was, with the status line gone.
func TestJobInterruptedInATerminal(t *testing.T) {
	t.Parallel()
	me, runs := stoppables(t)
	shows := []string{"job waits is new", "the first line", "the first line", "model 5.0 MiB / 8.0 MiB"}
	for i, run := range runs {
		s := me.shell(`trap : INT; stty -a; "$proximl" ` + strings.Join(run.args, " ") + `; echo code $?; stty -a`)
		s.expect(shows[i])
		s.types("\x03")
		_, text := s.ends()
		text = strings.ReplaceAll(text, "^C", "")
		before, rest, found := strings.Cut(text, "speed ")
		require.True(t, found, text)
		assert.Empty(t, before)
		settings, _, _ := strings.Cut(rest, "echoke")
		end := text[strings.LastIndex(text, "speed ")+len("speed "):]
		assert.True(t, strings.HasPrefix(end, settings), "%v: %s", run.args, text)
		assert.Contains(t, text, "proximl: interrupted\ncode 130\n", "%v", run.args)
		assert.Contains(t, text, run.says, "%v", run.args)
	}
}

// On a terminal the log goes above the status line and the bars, and can do
// nothing else.
func TestJobWatchedInATerminal(t *testing.T) {
	t.Parallel()
	_, me := service(t, proximltest.WithSpeed(40), proximltest.WithLogScript(logScript))
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "large"), make([]byte, 8<<20), 0o600))
	for _, columns := range []uint16{60, 80, 200} {
		code, text := me.open(columns, "job", "create", "training", "resnet", "true", "--model-dir", folder).ends()
		require.Zero(t, code, text)
		assert.Contains(t, text, "model 8.0 MiB / 8.0 MiB [====")
		assert.Regexp(t, `job resnet is [a-z /]+ \ds `, text)
		assert.Regexp(t, `, \d\d:\d\d:\d\d: I am \]0;evil here\n`, text)
		assert.NotContains(t, text, "\a")
		assert.Regexp(t, `\njob resnet \(\S+\) is finished\n$`, text)
		last := text[strings.LastIndex(text, "\x1b[J"):]
		assert.NotContains(t, last, "job resnet is ", "the status line is gone")
		for line := range strings.Lines(last) {
			if strings.Contains(line, "MiB") {
				assert.LessOrEqual(t, len(strings.TrimSpace(strings.TrimPrefix(line, "\x1b[J"))), int(columns))
			}
		}
	}
	code, text := me.open(80, "job", "create", "training", "quiet", "true", "--model-dir", folder, "--quiet").ends()
	require.Zero(t, code, text)
	assert.NotContains(t, text, "MiB")
	assert.NotContains(t, text, "job quiet")
}

// The browser gets the token, the screen does not.
func TestNotebookIsOpened(t *testing.T) {
	t.Parallel()
	srv, me := service(t, proximltest.WithManualClock())
	job := me.create("sandbox", proximl.JobTypeNotebook)
	require.NoError(t, srv.SetStatus(job.ID, "running"))
	job, err := me.client.Jobs.Get(t.Context(), job.ID)
	require.NoError(t, err)
	code, text := me.with("PATH="+t.TempDir(), "TMPDIR="+t.TempDir()).open(80, "job", "open", "sandbox").ends()
	assert.Equal(t, exitError, code)
	assert.Contains(t, text, "; to print the URL: proximl job open "+job.ID+" --show-secrets\n")

	folder, temp := t.TempDir(), t.TempDir()
	opens := func(then string) string { // returns what the opener got
		for _, opener := range []string{"xdg-open", "open"} {
			script := "#!/bin/sh\nprintf %s \"$1\" > " + filepath.Join(folder, "opened") + "\n" + then + "\n"
			require.NoError(t, os.WriteFile(filepath.Join(folder, opener), []byte(script), 0o700))
		}
		code, text = me.with("PATH="+folder, "TMPDIR="+temp).open(80, "job", "open", "sandbox").ends()
		opened, err := os.ReadFile(filepath.Join(folder, "opened"))
		require.NoError(t, err)
		return string(opened)
	}
	page := opens("")
	require.Zero(t, code, text)
	assert.Equal(t, "Opened job sandbox ("+job.ID+") in the browser\n", text)
	assert.NotContains(t, page, string(job.NotebookToken), "other users can see arguments")
	content, err := os.ReadFile(page)
	require.NoError(t, err)
	assert.Contains(t, string(content), `content="0; url=`+html.EscapeString(job.NotebookURL())+`"`)
	for path, mode := range map[string]os.FileMode{page: 0o600, filepath.Dir(page): os.ModeDir | 0o700} {
		info, err := os.Stat(path)
		require.NoError(t, err)
		assert.Equal(t, mode, info.Mode())
	}

	opens("while [ -d " + folder + " ]; do /bin/sleep 0.1; done") // as a browser may
	require.Zero(t, code, text)
	failed := opens("exit 3")
	assert.Equal(t, exitError, code)
	assert.Contains(t, text, "no browser could be opened (exit status 3); to print the URL: ")
	assert.NoFileExists(t, failed)
}
