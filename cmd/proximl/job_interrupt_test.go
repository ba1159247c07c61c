package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

// stoppable is a run that a signal is to end soon.
type stoppable struct {
	args     []string
	underWay func(stdout string) bool
	says     string // at its end
}

// stoppables are a wait, an upload and a log stream that go on for ever.
func stoppables(t *testing.T) (*person, []stoppable) {
	t.Helper()
	srv, me := service(t, proximltest.WithManualClock(), proximltest.WithLogScript(func(_ proximltest.Entity, worker int) []proximltest.LogLine {
		return []proximltest.LogLine{{Text: "the first line"}}
	}))
	waits := me.create("waits", proximl.JobTypeTraining, "true")
	logs := me.create("logs", proximl.JobTypeTraining, "true")
	require.NoError(t, srv.SetStatus(logs.ID, "running"))
	data := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(data, "large"), make([]byte, 8<<20), 0o600))
	uploads, err := me.client.Jobs.Create(t.Context(), &proximl.JobSpec{
		Name: "uploads", Type: proximl.JobTypeTraining, Workers: []string{"true"},
		Resources: proximl.JobResources{GPUTypes: []string{"rtx3090"}, GPUCount: new(1)},
		Model:     &proximl.JobModel{SourceType: local, SourceURI: data},
	})
	require.NoError(t, err)
	require.NoError(t, srv.SetStatus(uploads.ID, "waiting for data/model download"))
	const upload = "PUT /transfer/{rest...}"
	srv.Inject(proximltest.Fault{On: upload}, proximltest.Fault{On: upload, Kind: proximltest.Stall, AfterBytes: 1, Delay: time.Hour})
	t.Cleanup(func() { srv.Clock().Advance(2 * time.Hour) }) // the service waits for what it stalled
	goesOn := func(job *proximl.Job) string {
		return "job " + job.Name + " (" + job.ID + ") goes on, and costs credits; to stop it: proximl job stop " + job.ID
	}
	return me, []stoppable{
		{[]string{"job", "wait", "waits"}, func(string) bool { return got(srv, "GET /job/"+waits.ID) > 0 }, goesOn(waits)},
		{[]string{"job", "attach", "logs"}, firstLine, goesOn(logs)},
		{[]string{"job", "logs", "logs"}, firstLine, ""},
		{[]string{"job", "connect", "uploads", "--model-dir", data}, func(string) bool { return got(srv, "PUT /transfer/") > 1 }, goesOn(uploads)},
	}
}

func firstLine(stdout string) bool { return strings.Contains(stdout, "the first line\n") }

// got counts the requests that begin so.
func got(srv *proximltest.Server, begin string) (count int) {
	for _, request := range srv.Requests() {
		if strings.HasPrefix(request.Method+" "+request.Path, begin) {
			count++
		}
	}
	return count
}

// shared is a buffer that is read while it is written.
type shared struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *shared) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *shared) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func TestJobInterrupted(t *testing.T) {
	t.Parallel()
	needsSignals(t)
	me, runs := stoppables(t)
	for _, run := range runs {
		var stdout, stderr shared
		cmd := me.command(run.args...)
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		require.NoError(t, cmd.Start())
		require.Eventually(t, func() bool { return run.underWay(stdout.String()) }, patience, 10*time.Millisecond, "%v", run.args)
		require.NoError(t, cmd.Process.Signal(os.Interrupt))
		_ = cmd.Wait()
		assert.Equal(t, exitInterrupted, cmd.ProcessState.ExitCode(), "%v", run.args)
		want := "proximl: interrupted\n"
		if run.says != "" {
			want = run.says + "\n" + want
		}
		assert.Equal(t, want, stderr.String(), "%v", run.args)
	}
}
