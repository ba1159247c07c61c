package main

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

func TestMain(m *testing.M) {
	for _, variable := range os.Environ() { // no test sees the developer's own settings
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "PROXIML_") {
			_ = os.Unsetenv(name)
		}
	}
	goleak.VerifyTestMain(m)
}

func TestSweep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		require.NoError(t, run(t.Context(), nil, &out, proximltest.WithoutListener()))

		assert.Equal(t, "created 4 jobs\n"+
			"JOB      SETTINGS            STATUS    CREDITS\n"+
			"train-1  RATE=0.1 BATCH=32   finished  0.0040\n"+
			"train-2  RATE=0.1 BATCH=64   finished  0.0040\n"+
			"train-3  RATE=0.01 BATCH=32  finished  0.0040\n"+
			"train-4  RATE=0.01 BATCH=64  finished  0.0040\n"+
			"removed 4 jobs\n", out.String())
	})
}

func TestInterruptedSweepIsRemoved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		out := &interrupter{interrupt: cancel}
		err := run(ctx, nil, out, proximltest.WithoutListener())

		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, "created 4 jobs\nremoved 4 jobs\n", out.String())
	})
}

// interrupter cancels when the program prints its first line.
type interrupter struct {
	bytes.Buffer
	interrupt context.CancelFunc
}

func (i *interrupter) Write(p []byte) (int, error) {
	i.interrupt()
	return i.Buffer.Write(p)
}

// configured starts a service that the user's own configuration names.
func configured(t *testing.T) (*proximltest.Server, *proximl.ProxiML) {
	t.Helper()
	srv := proximltest.New(t)
	account := srv.Account("you@example.com")
	for _, variable := range account.Env() {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	client, err := srv.Client(account)
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	return srv, client
}

// What was created before a create was refused is removed.
func TestSweepThatIsRefused(t *testing.T) {
	srv, client := configured(t)
	srv.Inject(proximltest.Fault{On: "POST /job", Status: http.StatusBadRequest, Body: `{"errorMessage":"Too many"}`})
	var out bytes.Buffer
	err := run(t.Context(), []string{"-live"}, &out)

	var failed *proximl.SweepError
	require.ErrorAs(t, err, &failed)
	require.ErrorIs(t, err, proximl.ErrInvalid)
	jobs, err := client.Jobs.List(t.Context())
	require.NoError(t, err)
	for _, job := range jobs {
		assert.Equal(t, proximl.JobStatusRemoving, job.Status)
	}
	assert.Contains(t, out.String(), "removed ")
}

// What cannot be removed is named.
func TestJobThatCannotBeRemoved(t *testing.T) {
	srv, _ := configured(t)
	srv.Inject(
		proximltest.Fault{On: "GET /job/{id}", Status: http.StatusBadRequest, Body: `{"errorMessage":"It is stuck"}`},
		proximltest.Fault{On: "DELETE /job/{id}", Status: http.StatusBadRequest, Body: `{"errorMessage":"It stays"}`},
	)
	var out bytes.Buffer
	err := run(t.Context(), []string{"-live"}, &out)

	assert.ErrorContains(t, err, "It is stuck")
	assert.ErrorContains(t, err, "is still there, please remove it: DELETE /job/")
	assert.Equal(t, "created 4 jobs\nremoved 3 jobs\n", out.String())
}

func TestBadArgument(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	assert.EqualError(t, run(t.Context(), []string{"-lvie"}, &out), `unexpected arguments ["-lvie"]; there is only the flag -live`)
	assert.Empty(t, out.String())
}
