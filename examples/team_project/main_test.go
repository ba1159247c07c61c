package main

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

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

const made = "created the project Team\n" +
	"shared with teammate@example.com: jobs all, datasets read, models read\n" +
	"its jobs can be given the aws key AKIAEXAMPLE and the secret tracking_token\n" +
	"its jobs run on the owner's hardware alone, which has\n"

func TestTeamProject(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), nil, &out))

	assert.Equal(t, made+
		"  RTX 3090\n"+
		"the teammate sees the project of you and its 0 datasets, and cannot\n"+
		"  create a dataset\n"+
		"  list the secrets\n"+
		"  remove the project\n"+
		"the teammate has left, and sees the project no more\n"+
		"removed the project\n", out.String())
}

// configured starts a service that the user's own configuration names.
func configured(t *testing.T) *proximltest.Server {
	t.Helper()
	srv := proximltest.New(t)
	srv.Account("teammate@example.com")
	for _, variable := range srv.Account("you@example.com").Env() {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	return srv
}

// With -live there is one account, which has no hardware.
func TestLive(t *testing.T) {
	configured(t)
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-live", "teammate@example.com"}, &out))

	assert.Equal(t, made+
		"not shown: what the teammate sees, which takes the teammate's API key\n"+
		"took the project away from teammate@example.com\n"+
		"removed the project\n", out.String())
}

func TestProjectThatCannotBeRemoved(t *testing.T) {
	srv := configured(t)
	srv.Inject(proximltest.Fault{On: "DELETE /project/{id}", Status: http.StatusBadRequest, Body: `{"errorMessage":"It stays"}`})
	var out bytes.Buffer
	err := run(t.Context(), []string{"-live", "nobody@example.com"}, &out)

	assert.ErrorContains(t, err, "POST /project/") // there is no such account
	assert.ErrorContains(t, err, "is still there, please remove it: DELETE /project/")
	assert.Equal(t, "created the project Team\n", out.String())
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

func TestInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	out := &interrupter{interrupt: cancel}
	err := run(ctx, nil, out)

	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, "created the project Team\nremoved the project\n", out.String())
}

func TestBadArguments(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-live"}, {"me@example.com"}, {"-lvie", "me@example.com"}} {
		var out bytes.Buffer
		assert.ErrorContains(t, run(t.Context(), args, &out), "there is only the flag -live, with a teammate's e-mail address")
		assert.Empty(t, out.String())
	}
}
