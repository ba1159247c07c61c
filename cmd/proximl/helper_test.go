package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

var (
	update = flag.Bool("update", false, "write the golden files")
	binary string // the command, built once
)

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(withBinary(m.Run))
}

func withBinary(run func() int) int {
	dir, err := os.MkdirTemp("", "proximl-command-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "proximl.exe") // a name that every system can run
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		return 1
	}
	return run()
}

const patience = time.Minute // for what takes no time unless it hangs

// person is somebody at a shell of their own.
type person struct {
	t       *testing.T
	env     []string
	config  string // the configuration folder
	account *proximltest.Account
	client  *proximl.ProxiML // to look and prepare
}

// newPerson has an account of the service.
func newPerson(t *testing.T, srv *proximltest.Server, email string) *person {
	t.Helper()
	account := srv.Account(email)
	client, err := srv.Client(account)
	require.NoError(t, err)
	p := stranger(t)
	p.account, p.client = account, client
	p.env = append(p.env, "PROXIML_ENDPOINT="+srv.URL, "PROXIML_USER="+account.User, "PROXIML_KEY="+account.Key)
	return p
}

// stranger has no account.
func stranger(t *testing.T) *person {
	t.Helper()
	home := t.TempDir()
	config := filepath.Join(home, "config")
	return &person{t: t, config: config, env: []string{
		"HOME=" + home, "USERPROFILE=" + home, "PATH=" + os.Getenv("PATH"), "TERM=xterm", "PROXIML_CONFIG_DIR=" + config,
		"SystemRoot=" + os.Getenv("SystemRoot"),
	}}
}

// service starts a service with one person.
func service(t *testing.T, opts ...proximltest.Option) (*proximltest.Server, *person) {
	t.Helper()
	srv := proximltest.New(t, opts...)
	return srv, newPerson(t, srv, "me@example.com")
}

// with adds to the environment.
func (p *person) with(env ...string) *person {
	other := *p
	other.env = append(append([]string{}, p.env...), env...)
	return &other
}

// command is a run that has not begun. It is killed, and has no exit code, when it
// does not end in time.
func (p *person) command(args ...string) *exec.Cmd {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	p.t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env = p.env
	cmd.Dir = p.t.TempDir()
	return cmd
}

// ran is what came of a run.
type ran struct {
	t              *testing.T
	args           []string
	stdout, stderr string
	code           int
}

// run runs the command without a terminal.
func (p *person) run(args ...string) *ran { return p.pipe("", args...) }

// pipe is run with something on stdin.
func (p *person) pipe(stdin string, args ...string) *ran {
	p.t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := p.command(args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &stdout, &stderr
	err := cmd.Run()
	if err != nil {
		require.IsType(p.t, &exec.ExitError{}, err)
	}
	return &ran{p.t, args, stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// prints checks a success and what it printed.
func (r *ran) prints(stdout string) *ran {
	r.t.Helper()
	assert.Equal(r.t, stdout, r.stdout, "%v", r.args)
	return r.ok()
}

func (r *ran) ok() *ran {
	r.t.Helper()
	require.Zero(r.t, r.code, "%v: %s", r.args, r.stderr)
	return r
}

// notes checks what a success said on stderr.
func (r *ran) notes(stderr string) *ran {
	r.t.Helper()
	assert.Equal(r.t, stderr, r.stderr, "%v", r.args)
	return r
}

// fails checks exit code and error line.
func (r *ran) fails(code int, line string) *ran {
	r.t.Helper()
	assert.Equal(r.t, "proximl: "+line+"\n", r.stderr, "%v", r.args)
	assert.Equal(r.t, code, r.code, "%v", r.args)
	assert.Empty(r.t, r.stdout, "%v", r.args)
	return r
}

// project makes a project of the person's.
func (p *person) project(name string) *proximl.Project {
	p.t.Helper()
	project, err := p.client.Projects.Create(p.t.Context(), &proximl.ProjectSpec{Name: name})
	require.NoError(p.t, err)
	return project
}

// share adds a member who may only read.
func (p *person) share(project *proximl.Project, member *person) {
	p.t.Helper()
	read := proximl.AccessRead
	_, err := p.client.Members.Add(p.t.Context(), project.ID, member.account.Email, proximl.MemberAccess{Job: read, Dataset: read, Model: read, Checkpoint: read, Volume: read})
	require.NoError(p.t, err)
}

var (
	anyID   = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	cutID   = regexp.MustCompile(`\b[0-9a-f-]+…`)
	anyTime = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`)
	anyUnix = regexp.MustCompile(`\b1\d{12}\b`) // in milliseconds
)

// steady puts texts of the same width in the place of ids, whole or cut, and of
// times.
func steady(text string) string {
	known := map[string]string{}
	text = anyID.ReplaceAllStringFunc(text, func(id string) string {
		if known[id] == "" {
			known[id] = fmt.Sprintf("%08d-0000-4000-8000-000000000000", len(known)+1)
		}
		return known[id]
	})
	text = cutID.ReplaceAllStringFunc(text, func(cut string) string {
		begin := strings.TrimSuffix(cut, "…")
		for id, steady := range known {
			if strings.HasPrefix(id, begin) {
				return steady[:len(begin)] + "…"
			}
		}
		return cut
	})
	text = anyUnix.ReplaceAllString(text, "1767323045678")
	return anyTime.ReplaceAllString(text, "2026-01-02T03:04:05.678Z")
}

// forms is what a command prints in each format but that of ids.
func (p *person) forms(args ...string) string {
	p.t.Helper()
	var all strings.Builder
	for _, form := range []string{"table", "json", "yaml"} {
		fmt.Fprintf(&all, "== %s ==\n%s", form, p.run(append(args, "-o", form)...).ok().notes("").stdout)
	}
	return all.String()
}

// golden compares with a file in testdata, which the flag -update writes.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), got, "go test -update writes %s", path)
}
