package main

import (
	"bytes"
	"net/http"
	"os"
	"strings"
	"testing"

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

func TestPipeline(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), nil, &out))

	assert.Equal(t, "train is finished\n"+
		"made the model \"Job - train\"\n"+
		"the model says 50.5\n"+
		"predict is finished\n"+
		"removed a job\n"+
		"removed a model\n"+
		"removed a job\n", out.String())
}

// When the second step is out of reach, what the first made is removed.
func TestTrainingThatFails(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	fails := proximltest.WithScript(func(e proximltest.Entity) (script proximltest.Script) {
		if e.Name == "train" {
			script.FailIn = "provisioning"
		}
		return script
	})
	err := run(t.Context(), nil, &out, fails)

	var status *proximl.StatusError
	require.ErrorAs(t, err, &status)
	assert.Equal(t, "removed a job\n", out.String())
}

// What the user's own configuration names is used with -live, and what cannot be
// removed is named.
func TestLive(t *testing.T) {
	srv := proximltest.New(t)
	for _, variable := range srv.Account("you@example.com").Env() {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	srv.Inject(
		proximltest.Fault{On: "GET /job/{id}", Status: http.StatusBadRequest, Body: `{"errorMessage":"It is stuck"}`},
		proximltest.Fault{On: "DELETE /job/{id}", Status: http.StatusBadRequest, Body: `{"errorMessage":"It stays"}`},
	)
	var out bytes.Buffer
	err := run(t.Context(), []string{"-live"}, &out)

	assert.ErrorContains(t, err, "It is stuck")
	assert.ErrorContains(t, err, "is still there, please remove it: DELETE /job/")
	assert.Zero(t, srv.ClearFaults())
	assert.Empty(t, out.String())
}

func TestBadArgument(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	assert.EqualError(t, run(t.Context(), []string{"-lvie"}, &out), `unexpected arguments ["-lvie"]; there is only the flag -live`)
	assert.Empty(t, out.String())
}
