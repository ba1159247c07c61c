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

// nothingStays fails the test if a temporary file is left at its end.
func nothingStays(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	t.Cleanup(func() {
		left, err := os.ReadDir(temporary)
		require.NoError(t, err)
		assert.Empty(t, left)
	})
}

func TestLocalTraining(t *testing.T) {
	nothingStays(t)
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), nil, &out))

	for _, want := range []string{
		"uploaded the data\n",
		": epoch 60: loss 0.3028\n",
		": done: 2400 rows to train, 600 to test\n",
		"accuracy 0.8500, weights 0.32",
	} {
		assert.Contains(t, out.String(), want)
	}
}

// What the user's own configuration names is used with -live. What was created
// there is removed after a failure, too.
func TestLive(t *testing.T) {
	nothingStays(t)
	srv := proximltest.New(t)
	for _, variable := range srv.Account("you@example.com").Env() {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	srv.Inject(proximltest.Fault{On: "GET /dataset/{id}", Status: http.StatusBadRequest, Body: `{"errorMessage":"It is stuck"}`})
	var out bytes.Buffer
	err := run(t.Context(), []string{"-live"}, &out)

	require.ErrorIs(t, err, proximl.ErrInvalid)
	assert.ErrorContains(t, err, "It is stuck")
	assert.Zero(t, srv.ClearFaults())
	assert.Empty(t, out.String())
	requests := srv.Requests()
	last := requests[len(requests)-1]
	assert.Equal(t, http.MethodDelete, last.Method)
	assert.True(t, strings.HasPrefix(last.Path, "/dataset/"), last.Path)
}

func TestBadArgument(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	assert.EqualError(t, run(t.Context(), []string{"-lvie"}, &out), `unexpected arguments ["-lvie"]; there is only the flag -live`)
	assert.Empty(t, out.String())
}
