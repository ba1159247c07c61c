package main

import (
	"bytes"
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

// configure makes the account that of the user, and returns a client of it.
func configure(t *testing.T, account *proximltest.Account, srv *proximltest.Server) *proximl.ProxiML {
	t.Helper()
	for _, variable := range account.Env() {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	client, err := srv.Client(account)
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	return client
}

func TestCreatesTheJobInTheActiveProject(t *testing.T) {
	srv := proximltest.New(t)
	client := configure(t, srv.Account("user@example.com"), srv)
	project, err := client.Projects.Create(t.Context(), &proximl.ProjectSpec{Name: "Research"})
	require.NoError(t, err)

	for _, active := range []string{"", project.ID} {
		t.Setenv("PROXIML_PROJECT", active)
		var out bytes.Buffer
		require.NoError(t, run(t.Context(), &out))

		jobs, err := client.InProject(active).Jobs.List(t.Context())
		require.NoError(t, err)
		require.Len(t, jobs, 1)
		assert.Equal(t, jobs[0].ID+"\n", out.String())
		assert.Equal(t, "resnet", jobs[0].Name)
		assert.Equal(t, "python train.py", jobs[0].Workers[0].Command)
	}
}

func TestSaysWhatIsWrong(t *testing.T) {
	srv := proximltest.New(t)
	configure(t, srv.Account("user@example.com"), srv)
	var out bytes.Buffer

	t.Setenv("PROXIML_PROJECT", "no-such-project")
	err := run(t.Context(), &out)
	require.ErrorIs(t, err, proximl.ErrNotFound)
	assert.ErrorContains(t, err, "project no-such-project from PROXIML_PROJECT")

	t.Setenv("PROXIML_KEY", "")
	err = run(t.Context(), &out)
	require.ErrorIs(t, err, proximl.ErrNoCredentials)
	assert.Empty(t, out.String())
}
