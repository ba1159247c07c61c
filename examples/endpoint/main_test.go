package main

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"regexp"
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

var endpointURL = regexp.MustCompile(`https://\S+\.proximl\.cloud`)

func TestEndpoint(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		require.NoError(t, run(t.Context(), nil, &out, proximltest.WithoutListener()))

		assert.Equal(t, "created classifier\n"+
			"POST https://URL/predict takes filename (str)\n"+
			"stopped\n"+
			"removed\n", endpointURL.ReplaceAllString(out.String(), "https://URL"))
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

func TestInterruptedEndpointIsRemoved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		out := &interrupter{interrupt: cancel}
		err := run(ctx, nil, out, proximltest.WithoutListener())

		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, "created classifier\nremoved\n", out.String())
	})
}

// What the user's own configuration names is used with -live.
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

	require.ErrorIs(t, err, proximl.ErrInvalid)
	assert.ErrorContains(t, err, "It is stuck")
	assert.ErrorContains(t, err, "is still there, please remove it: DELETE /job/")
	assert.Zero(t, srv.ClearFaults())
	assert.Equal(t, "created classifier\n", out.String())
}

func TestBadArgument(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	assert.EqualError(t, run(t.Context(), []string{"-lvie"}, &out), `unexpected arguments ["-lvie"]; there is only the flag -live`)
	assert.Empty(t, out.String())
}
