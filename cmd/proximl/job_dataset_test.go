package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go/proximltest"
)

// A job that waits for a dataset says, once, how to upload it.
func TestJobWaitsForADataset(t *testing.T) {
	t.Parallel()
	_, me := service(t, proximltest.WithSpeed(40))
	data, out := folder(t), filepath.Join(t.TempDir(), "out")
	ready := me.run("dataset", "create", "ready", data, "--no-attach", "-o", "id").id()
	r := me.run("job", "create", "training", "resnet", "true", "--data-dir", data, "--dataset", ready, "--public-dataset", "CIFAR-10", "--output-dir", out, "--no-attach", "--no-connect").ok()
	_, rest, found := strings.Cut(r.stderr, "Created dataset Job - resnet (")
	require.True(t, found, r.stderr)
	id := rest[:36]
	says := "The job waits for dataset Job - resnet; to upload it: proximl dataset connect " + id + "\n"
	assert.Contains(t, r.stderr, says)

	runs := [][]string{{"job", "attach", "resnet"}, {"job", "connect", "resnet", "--output-dir", out, "--no-attach"}}
	said, ended := make([]shared, len(runs)), make([]func() error, len(runs))
	for i, args := range runs {
		cmd := me.command(args...)
		cmd.Stderr = &said[i]
		require.NoError(t, cmd.Start())
		ended[i] = cmd.Wait
		require.Eventually(t, func() bool { return said[i].String() == says }, patience, 10*time.Millisecond, "%v", args)
	}
	me.run("dataset", "connect", id, "--path", data, "--no-attach").ok()
	for i, wait := range ended {
		require.NoError(t, wait(), said[i].String())
		assert.Equal(t, 1, strings.Count(said[i].String(), "The job waits for"))
	}
}
