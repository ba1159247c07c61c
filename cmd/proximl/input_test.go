//go:build unix

package main

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Ctrl-C ends a command that waits for the rest of its input, which is stdin or
// a file that is a pipe.
func TestInterruptedWhileItReads(t *testing.T) {
	t.Parallel()
	_, me := service(t)
	research := me.project("Research")
	hardware(t, me, research)
	me = me.with("PROXIML_PROJECT=" + research.ID)
	for _, args := range [][]string{
		{"job", "create", "--file"},
		{"project", "secret", "put", "x", "--file"},
		{"project", "credential", "put", "aws", "--key-id", "x", "--file"},
		{"project", "credential", "put", "gcp", "--key-id", "x", "--file"},
		{"project", "service", "certificate", "sign", "label studio", "--csr"},
		{"cloudbender", "service", "certificate", "sign", "label studio", "--provider", "physical", "--region", "basement", "--csr"},
	} {
		for _, path := range []string{"-", "/dev/stdin"} {
			me.interruptedInput(append(args, path)...).fails(exitInterrupted, "interrupted")
		}
	}
}

// interruptedInput runs a command with a stdin that does not end, and interrupts
// it as soon as it reads.
func (p *person) interruptedInput(args ...string) *ran {
	p.t.Helper()
	stdin, input, err := os.Pipe()
	require.NoError(p.t, err)
	defer input.Close()
	var stdout, stderr bytes.Buffer
	cmd := p.command(args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &stdout, &stderr
	require.NoError(p.t, cmd.Start())
	require.NoError(p.t, stdin.Close())
	_, err = input.Write(make([]byte, 256<<10)) // more than a pipe holds
	assert.NoError(p.t, err)
	require.NoError(p.t, cmd.Process.Signal(os.Interrupt))
	_ = cmd.Wait()
	return &ran{p.t, args, stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}
