package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

// stoppable is a run that a signal is to end within a second.
type stoppable struct {
	args   []string
	begins string // on stderr or stdout, when it is under way
	says   string // at its end
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
		{[]string{"job", "wait", "waits"}, "", goesOn(waits)},
		{[]string{"job", "attach", "logs"}, "the first line", goesOn(logs)},
		{[]string{"job", "logs", "logs"}, "the first line", ""},
		{[]string{"job", "connect", "uploads", "--model-dir", data}, "", goesOn(uploads)},
	}
}

func TestJobInterrupted(t *testing.T) {
	t.Parallel()
	needsSignals(t)
	me, runs := stoppables(t)
	for _, run := range runs {
		var stdout, stderr bytes.Buffer
		cmd := me.command(run.args...)
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		require.NoError(t, cmd.Start())
		time.Sleep(2 * time.Second) // nothing says that it is under way
		require.NoError(t, cmd.Process.Signal(os.Interrupt))
		begin := time.Now()
		_ = cmd.Wait()
		assert.Less(t, time.Since(begin), time.Second, "%v", run.args)
		assert.Equal(t, exitInterrupted, cmd.ProcessState.ExitCode(), "%v", run.args)
		want := "proximl: interrupted\n"
		if run.says != "" {
			want = run.says + "\n" + want
		}
		assert.Equal(t, want, stderr.String(), "%v", run.args)
		if run.begins == "" {
			assert.Empty(t, stdout.String(), "%v", run.args)
		} else {
			assert.Contains(t, stdout.String(), run.begins, "%v", run.args)
		}
	}
}
