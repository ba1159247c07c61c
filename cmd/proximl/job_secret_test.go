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

// No output has a key, a login token, the token of a transfer or that of a
// notebook in it.
func TestJobsKeepSecrets(t *testing.T) {
	t.Parallel()
	srv, me := service(t, proximltest.WithManualClock())
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "train.py"), []byte("pass"), 0o600))
	job, err := me.client.Jobs.Create(t.Context(), &proximl.JobSpec{
		Name: "resnet", Type: proximl.JobTypeTraining, Workers: []string{"true"},
		Resources: proximl.JobResources{GPUTypes: []string{"rtx3090"}, GPUCount: new(1)},
		Model:     &proximl.JobModel{SourceType: local, SourceURI: folder},
	})
	require.NoError(t, err)
	require.NoError(t, srv.SetStatus(job.ID, "waiting for data/model download"))
	job, err = me.client.Jobs.Get(t.Context(), job.ID)
	require.NoError(t, err)
	notebook := me.create("sandbox", proximl.JobTypeNotebook)
	require.NoError(t, srv.SetStatus(notebook.ID, "running"))

	var all bytes.Buffer
	for _, args := range [][]string{
		{"list", "-o", "json"},
		{"show", "resnet"},
		{"show", "resnet", "-o", "json"},
		{"show", "sandbox", "-o", "yaml"},
		{"open", "sandbox"},
		{"connect", "resnet", "--yes", "--no-attach"},
		{"stop", "sandbox", "--no-wait"},
		{"wait", "resnet", "--timeout", "0.1"},
		{"create", "training", "x", "true", "--no-attach"},
	} {
		r := me.run(append([]string{"job", "--verbose"}, args...)...)
		all.WriteString(r.stdout + r.stderr)
	}
	require.Contains(t, all.String(), "[secret]")
	require.Contains(t, all.String(), "All files of job resnet")
	tokens, err := os.ReadFile(filepath.Join(me.config, "tokens.json"))
	require.NoError(t, err)
	secrets := []string{me.account.Key, string(job.Model.AuthToken), me.notebookToken()}
	for _, token := range bytes.FieldsFunc(tokens, func(r rune) bool { return r == '"' }) {
		if bytes.Count(token, []byte(".")) == 2 { // a JWT
			secrets = append(secrets, string(token))
		}
	}
	require.Greater(t, len(secrets), 3)
	for _, secret := range secrets {
		require.NotEmpty(t, secret)
		assert.NotContains(t, all.String(), secret)
	}
}

// Without its data there is no job, and what was made of it is named.
func TestJobCreateInterruptedAtItsData(t *testing.T) {
	t.Parallel()
	needsSignals(t)
	srv, me := service(t, proximltest.WithSpeed(40))
	data := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(data, "x"), make([]byte, 1<<20), 0o600))
	srv.Inject(proximltest.Fault{On: "GET /transfer/{host}/ping", Delay: 10 * time.Hour})
	var stderr bytes.Buffer
	cmd := me.command("job", "create", "training", "resnet", "true", "--data-dir", data)
	cmd.Stderr = &stderr
	require.NoError(t, cmd.Start())
	require.Eventually(t, func() bool {
		return got(srv, "GET /transfer/") > 0
	}, patience, 10*time.Millisecond)
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	_ = cmd.Wait()
	assert.Equal(t, exitInterrupted, cmd.ProcessState.ExitCode())
	assert.Regexp(t, `^Created dataset Job - resnet \((\S+)\)\nThere is no job yet; to remove the dataset: proximl dataset remove \S{36}\nproximl: interrupted\n$`, stderr.String())
	assert.Empty(t, bodies(srv, "/job"))
}

func (p *person) notebookToken() string {
	for job, err := range p.client.Jobs.All(p.t.Context()) {
		require.NoError(p.t, err)
		if job.NotebookToken != "" {
			return string(job.NotebookToken)
		}
	}
	p.t.Fatal("there is no notebook")
	return ""
}
