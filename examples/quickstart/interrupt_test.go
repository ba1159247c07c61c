//go:build unix

package main

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go/proximltest"
)

// The signal goes to a process that waits for a dataset, in a service whose
// clock stands still.
func TestInterruptedProgram(t *testing.T) {
	t.Parallel()
	srv := proximltest.New(t, proximltest.WithManualClock())
	cmd := program(t, srv.Account("user@example.com").Env(), "-live")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	var output string
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		output += lines.Text() + "\n"
		if lines.Text() == "  new" {
			require.NoError(t, cmd.Process.Signal(os.Interrupt))
		}
	}
	var exit *exec.ExitError
	require.ErrorAs(t, cmd.Wait(), &exit)

	assert.Equal(t, 130, exit.ExitCode())
	assert.Contains(t, stderr.String(), "interrupt signal received")
	assert.Contains(t, withoutIDs(output), "\nCreated dataset DATASET-ID\n  new\nRemoved dataset DATASET-ID\nRemoved project PROJECT-ID\n")
	assertOnlyPersonal(t, srv)
}
