package main

import (
	"bytes"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go/proximltest"
)

// interrupted runs the command and sends it a signal once the service has got a
// request.
func (p *person) interrupted(srv *proximltest.Server, signal os.Signal, request string, args ...string) *ran {
	p.t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := p.command(args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	require.NoError(p.t, cmd.Start())
	require.Eventually(p.t, func() bool {
		for _, got := range srv.Requests() {
			if got.Method+" "+got.Path == request {
				return true
			}
		}
		return false
	}, patience, 10*time.Millisecond)
	require.NoError(p.t, cmd.Process.Signal(signal))
	_ = cmd.Wait()
	return &ran{p.t, args, stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

func TestInterrupted(t *testing.T) {
	t.Parallel()
	needsSignals(t)
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		srv, me := service(t)
		srv.Inject(proximltest.Fault{On: "GET /project", Delay: patience})
		me.interrupted(srv, signal, "GET /project", "project", "list").fails(exitInterrupted, "interrupted")
	}
}

// What may have been created is not passed over in silence.
func TestInterruptedCreate(t *testing.T) {
	t.Parallel()
	needsSignals(t)
	srv, me := service(t)
	srv.Inject(proximltest.Fault{On: "POST /project", Delay: patience})
	r := me.interrupted(srv, os.Interrupt, "POST /project", "project", "create", "x")
	assert.Equal(t, exitInterrupted, r.code)
	assert.True(t, strings.HasPrefix(r.stderr, "proximl: interrupted: POST /project: no reply: "), r.stderr)
	assert.Contains(t, r.stderr, "the service may have done it all the same: look for the result before you repeat the call\n")
}
