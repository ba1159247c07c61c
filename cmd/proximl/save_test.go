//go:build unix

package main

import (
	"bytes"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

// What is at the path of a download stays what it is: a pipe, a device, a link.
func TestArchiveReplacesOnlyFiles(t *testing.T) {
	t.Parallel()
	srv, me := service(t, proximltest.WithManualClock())
	job := me.create("ended", proximl.JobTypeTraining, "true")
	require.NoError(t, srv.SetStatus(job.ID, "finished"))
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	save := func(path string) *ran { return me.run("job", "logs", "ended", "--archive", path) }
	save(at("log.zip")).prints("").notes("Wrote " + at("log.zip") + "\n")
	zip, err := os.ReadFile(at("log.zip"))
	require.NoError(t, err)

	require.NoError(t, syscall.Mkfifo(at("fifo"), 0o600))
	pipe, err := os.OpenFile(at("fifo"), os.O_RDWR, 0)
	require.NoError(t, err)
	defer pipe.Close()
	save(at("fifo")).prints("").notes("")
	info, err := os.Lstat(at("fifo"))
	require.NoError(t, err)
	require.Equal(t, fs.ModeNamedPipe, info.Mode().Type())
	got := make([]byte, len(zip))
	n, err := pipe.Read(got)
	require.NoError(t, err)
	assert.True(t, bytes.HasPrefix(got[:n], []byte("PK")))

	require.NoError(t, os.WriteFile(at("target"), []byte("before"), 0o600))
	require.NoError(t, os.Symlink("target", at("link")))
	save(at("link")).prints("").notes("Wrote " + at("link") + "\n")
	pointed, err := os.Readlink(at("link"))
	require.NoError(t, err)
	assert.Equal(t, "target", pointed)
	content, err := os.ReadFile(at("target"))
	require.NoError(t, err)
	assert.True(t, bytes.HasPrefix(content, []byte("PK")))

	save(os.DevNull).prints("").notes("")
	save(dir).fails(exitError, "--archive: open "+dir+": is a directory")
}

// A download that breaks off is none, and says the same wherever it was to go.
func TestArchiveThatBreaksOff(t *testing.T) {
	t.Parallel()
	srv, me := service(t, proximltest.WithManualClock())
	job := me.create("ended", proximl.JobTypeTraining, "true")
	require.NoError(t, srv.SetStatus(job.ID, "finished"))
	dir := t.TempDir()
	path := filepath.Join(dir, "log.zip")
	require.NoError(t, os.WriteFile(path, []byte("before"), 0o600))
	for _, to := range []string{path, os.DevNull, "-"} {
		srv.Inject(proximltest.Fault{On: "GET /job/{id}/worker/{worker}/logs", Status: http.StatusBadRequest, Body: `{"errorMessage":"no"}`})
		r := me.run("job", "logs", "ended", "--archive", to)
		assert.Equal(t, exitError, r.code, to)
		assert.Regexp(t, `^proximl: GET /job/\S+: 400 Bad Request: no\n$`, r.stderr, to)
	}
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "before", string(content))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, entries, 1)
}

func TestOutputFileThatCannotBeClosed(t *testing.T) {
	t.Parallel()
	o := &outputFile{path: filepath.Join(t.TempDir(), "out")}
	require.NoError(t, o.Close(), "nothing was written")
	_, err := o.Write([]byte("x"))
	require.NoError(t, err)
	require.NoError(t, o.Close())
	require.EqualError(t, o.Close(), "--output-file: close "+o.path+": file already closed")
}
