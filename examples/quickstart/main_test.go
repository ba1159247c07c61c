package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

// asProgram makes the test binary the program itself.
const asProgram = "QUICKSTART_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	for _, variable := range os.Environ() { // no test sees the developer's own settings
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "PROXIML_") {
			_ = os.Unsetenv(name)
		}
	}
	goleak.VerifyTestMain(m)
}

// inBubble runs the program with a service and a time of its own.
func inBubble(t *testing.T, test func(t *testing.T, out *bytes.Buffer, quickstart func(context.Context, ...string) error)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		test(t, &out, func(ctx context.Context, args ...string) error {
			return run(ctx, args, &out, proximltest.WithoutListener())
		})
	})
}

var (
	createdID = regexp.MustCompile(`(?m)^Created (\w+) (\S+)$`)
	localURL  = regexp.MustCompile(`http://127\.0\.0\.1(:\d+)?`)
)

// withoutIDs puts words in place of what differs from run to run.
func withoutIDs(output string) string {
	output = localURL.ReplaceAllString(output, "http://127.0.0.1:PORT")
	for _, created := range createdID.FindAllStringSubmatch(output, -1) {
		output = strings.ReplaceAll(output, created[2], strings.ToUpper(created[1])+"-ID")
	}
	return output
}

func TestQuickstart(t *testing.T) {
	inBubble(t, func(t *testing.T, out *bytes.Buffer, quickstart func(context.Context, ...string) error) {
		started := time.Now()
		require.NoError(t, quickstart(t.Context()))

		want, err := os.ReadFile("testdata/output.txt")
		require.NoError(t, err)
		assert.Equal(t, string(want), withoutIDs(out.String()))
		assert.Less(t, time.Since(started), 5*time.Second, "the clock should be fast")
	})
}

// otherSpec names a project that is not the one of the run.
const otherSpec = `{
	"name": "mine", "type": "training", "project_uuid": "other",
	"resources": {"gpu_types": ["rtx2080ti"], "gpu_count": 2}, "workers": ["python train.py"],
	"data": {"datasets": [{"id": "MNIST", "public": true}]}
}`

func TestOtherSpecAndMember(t *testing.T) {
	file := writeSpec(t, otherSpec)
	inBubble(t, func(t *testing.T, out *bytes.Buffer, quickstart func(context.Context, ...string) error) {
		require.NoError(t, quickstart(t.Context(), "-spec", file, "-member", "someone@example.com"))

		assert.Regexp(t, `(?m)^mine +finished +1 +rtx2080ti +0\.0350$`, out.String())
		assert.Contains(t, out.String(), "\nsomeone@example.com cannot delete the dataset:\n")
	})
}

func TestBadArgument(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"no such file":  {[]string{"-spec", "nowhere.json"}, "cannot read the job spec: open nowhere.json: "},
		"not JSON":      {[]string{"-spec", writeSpec(t, `{"name": `)}, "spec.json is not the JSON of a job spec: "},
		"wrong type":    {[]string{"-spec", writeSpec(t, `{"name": 7}`)}, "spec.json is not the JSON of a job spec: "},
		"wrong job":     {[]string{"-spec", writeSpec(t, `{"name": "n", "type": "notebook"}`)}, `spec.json has a job of type "notebook"; only a "training" job reads a dataset and ends by itself`},
		"unknown flag":  {[]string{"-fast"}, "flag provided but not defined: -fast"},
		"no flag":       {[]string{"job.json"}, `unexpected argument "job.json"; there are only flags: -spec, -live and -member`},
		"missing value": {[]string{"-spec"}, "flag needs an argument: -spec"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			err := run(t.Context(), test.args, &out)

			assert.ErrorContains(t, err, test.want)
			assert.Empty(t, out.String(), "nothing should be started")
		})
	}
}

func TestSpecThatCannotWork(t *testing.T) {
	file := writeSpec(t, `{"type": "training", "resources": {"gpu_types": ["rtx3090"]}, "workers": ["python train.py"]}`)
	inBubble(t, func(t *testing.T, out *bytes.Buffer, quickstart func(context.Context, ...string) error) {
		err := quickstart(t.Context(), "-spec", file)

		assert.EqualError(t, err, "invalid job spec: name: is missing")
		assert.True(t, strings.HasSuffix(withoutIDs(out.String()), "\nRemoved dataset DATASET-ID\nRemoved project PROJECT-ID\n"), out.String())
	})
}

func TestHelp(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-h"}, &out))

	for _, flag := range []string{"-spec file", "-live", "-member e-mail"} {
		assert.Contains(t, out.String(), "  "+flag)
	}
}

// interrupter cancels when the program prints a line.
type interrupter struct {
	bytes.Buffer
	line      string
	interrupt func()
}

func (i *interrupter) Write(p []byte) (int, error) {
	if string(p) == i.line+"\n" {
		i.interrupt()
	}
	return i.Buffer.Write(p)
}

func TestInterruptedWhileTheJobRuns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		out := &interrupter{line: "  running", interrupt: cancel}
		err := run(ctx, nil, out, proximltest.WithoutListener())

		require.ErrorIs(t, err, context.Canceled)
		_, end, _ := strings.Cut(withoutIDs(out.String()), "  running\n")
		assert.Equal(t, "Removed job JOB-ID\nRemoved dataset DATASET-ID\nRemoved project PROJECT-ID\n", end)
	})
}

// atOnce are the durations of a service in which nothing takes time.
func atOnce() (opts []proximltest.Option) {
	for _, status := range []string{"new", "downloading", "waiting for resources", "waiting for data/model download", "provisioning", "starting", "running"} {
		opts = append(opts, proximltest.WithDuration(status, 0))
	}
	return opts
}

// configure makes the account that of the user.
func configure(t *testing.T, account *proximltest.Account) {
	t.Helper()
	for _, variable := range account.Env() {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
}

func TestLive(t *testing.T) {
	srv := proximltest.New(t, atOnce()...)
	srv.Account("friend@example.com")
	configure(t, srv.Account("user@example.com"))

	for name, test := range map[string]struct{ args, want string }{
		"alone":         {"-live", "Shared with nobody: -member names an account to share it with\n"},
		"with a member": {"-live -member friend@example.com", "Shared with friend@example.com: jobs all, datasets read, models read\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			require.NoError(t, run(t.Context(), strings.Fields(test.args), &out))

			assert.Equal(t, "Using the service of your configuration; the job costs credits\n"+
				"Logged in; projects so far: 1\n"+
				"Created project PROJECT-ID\n"+
				test.want+
				"Created dataset DATASET-ID\n  ready\n"+
				"Created job JOB-ID\n  finished\n\n"+
				"JOB         STATUS    WORKERS  GPU      CREDITS\n"+
				"quickstart  finished  2        rtx3090  0.0000\n\n"+
				"Not tried: deleting the dataset as a member, which takes the member's API key\n"+
				"Removed job JOB-ID\nRemoved dataset DATASET-ID\nRemoved project PROJECT-ID\n", withoutIDs(out.String()))
		})
	}
	assertOnlyPersonal(t, srv)
}

func TestJobOfTheSpec(t *testing.T) {
	srv := proximltest.New(t, atOnce()...)
	configure(t, srv.Account("user@example.com"))
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-live", "-spec", writeSpec(t, otherSpec)}, &out))

	requests := srv.Requests()
	i := slices.IndexFunc(requests, func(r proximltest.Request) bool { return r.Method == "POST" && r.Path == "/job" })
	require.GreaterOrEqual(t, i, 0)
	ids := createdID.FindAllStringSubmatch(out.String(), -1)
	assert.JSONEq(t, `{
		"name": "mine", "type": "training", "project_uuid": "`+ids[0][2]+`",
		"resources": {"gpu_types": ["rtx2080ti"], "gpu_count": 2, "disk_size": 10, "max_price": 10}, "workers": ["python train.py"],
		"data": {"datasets": [{"id": "MNIST", "public": true}, {"id": "`+ids[1][2]+`"}]}, "model": {}
	}`, requests[i].Body)
}

// assertOnlyPersonal makes sure that the user has what every account has.
func assertOnlyPersonal(t *testing.T, srv *proximltest.Server) {
	t.Helper()
	client, err := srv.Client(srv.Account("user@example.com"))
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	projects, err := client.Projects.List(t.Context())
	require.NoError(t, err)
	require.Len(t, projects, 1)
	assert.Equal(t, "Personal", projects[0].Name)
}

func TestLiveWithoutCredentials(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("PROXIML_CONFIG_DIR", folder)
	var out bytes.Buffer
	err := run(t.Context(), []string{"-live"}, &out)

	require.ErrorIs(t, err, proximl.ErrNoCredentials)
	for _, place := range []string{"PROXIML_USER", "PROXIML_KEY", filepath.Join(folder, "credentials.json")} {
		assert.ErrorContains(t, err, place)
	}
	assert.Empty(t, out.String(), "no service should be used, the embedded one least of all")
}

func TestCleanUpThatFails(t *testing.T) {
	srv := proximltest.New(t, atOnce()...)
	configure(t, srv.Account("user@example.com"))
	srv.Inject(proximltest.Fault{On: "DELETE /dataset/{id}", Status: 400, Body: `{"errorMessage": "It is stuck"}`})
	var out bytes.Buffer
	err := run(t.Context(), []string{"-live"}, &out)

	require.Error(t, err)
	id := createdID.FindAllStringSubmatch(out.String(), -1)[1][2]
	assert.EqualError(t, err, "dataset "+id+" is still there, please remove it: DELETE /dataset/"+id+": 400 Bad Request: It is stuck")
	assert.True(t, strings.HasSuffix(withoutIDs(out.String()), "Removed job JOB-ID\nRemoved project PROJECT-ID\n"), out.String())
}

// program is the program as a process of its own.
func program(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(append(os.Environ(), asProgram+"=1"), env...)
	return cmd
}

func TestErrorOfTheProgram(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	cmd := program(t, nil, "-spec", "nowhere.json")
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	var exit *exec.ExitError
	require.ErrorAs(t, cmd.Run(), &exit)

	assert.Equal(t, 1, exit.ExitCode())
	assert.Empty(t, stdout.String())
	assert.Regexp(t, `^quickstart: cannot read the job spec: open nowhere.json: .+\n$`, stderr.String())
}

func writeSpec(t *testing.T, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "spec.json")
	require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
	return file
}
