package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

// emulation is a running "proximl emulator".
type emulation struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines []string // of stdout, one per account
}

var emulatorLine = regexp.MustCompile(`^PROXIML_ENDPOINT=http://127\.0\.0\.1:\d+ PROXIML_USER=\S+ PROXIML_KEY=\S+$`)

// emulate starts an emulator and reads a line per account.
func (p *person) emulate(accounts int, args ...string) *emulation {
	p.t.Helper()
	e := &emulation{t: p.t, cmd: p.command(append([]string{"emulator"}, args...)...)}
	out, err := e.cmd.StdoutPipe()
	require.NoError(p.t, err)
	require.NoError(p.t, e.cmd.Start())
	lines := bufio.NewScanner(out)
	for range accounts {
		require.True(p.t, lines.Scan(), "the emulator ended")
		require.Regexp(p.t, emulatorLine, lines.Text())
		e.lines = append(e.lines, lines.Text())
	}
	return e
}

// person is somebody who exported a line of the emulator.
func (e *emulation) person(line int) *person {
	p := stranger(e.t)
	p.env = append(p.env, strings.Fields(e.lines[line])...)
	return p
}

func (e *emulation) interrupt() {
	e.t.Helper()
	require.NoError(e.t, e.cmd.Process.Signal(os.Interrupt))
	assert.NoError(e.t, e.cmd.Wait(), "to be interrupted is its normal end")
}

func needsSignals(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("one process cannot interrupt another")
	}
}

func TestEmulatorWithTwoAccounts(t *testing.T) {
	t.Parallel()
	needsSignals(t)
	e := stranger(t).emulate(2, "-q", "--accounts", "me@example.com,you@example.com")
	defer e.interrupt()
	me, you := e.person(0), e.person(1)
	id := strings.TrimSpace(me.run("project", "create", "Shared", "-o", "id").ok().stdout)
	assert.Equal(t, exitNotFound, you.run("project", "show", "Shared").code)
	me.run("project", "member", "add", "you@example.com", "--project", "Shared").ok()
	you.run("project", "show", "Shared", "-o", "id").prints(id + "\n")
	you.run("configure", "--project", "Shared", "-q").ok()
	assert.Equal(t, saying(id), you.saved())
	assert.Equal(t, exitNotAllowed, you.run("project", "secret", "list").code)
	you.run("project", "leave", "Shared", "-y").ok()
	me.run("project", "member", "list", "--project", id, "-o", "id").prints("me@example.com\n")
}

// Whose a line of stdout is stands on stderr.
func TestEmulatorNamesTheAccounts(t *testing.T) {
	t.Parallel()
	needsSignals(t)
	var stderr shared
	cmd := stranger(t).command("emulator", "--accounts", "a@example.com,b@example.com")
	cmd.Stderr = &stderr
	require.NoError(t, cmd.Start())
	require.Eventually(t, func() bool { return strings.Contains(stderr.String(), "\n") }, patience, 10*time.Millisecond)
	assert.Regexp(t, `^Listening on \S+ for a@example.com \(line 1\), b@example.com \(line 2\); Ctrl-C ends it\n$`, stderr.String())
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	assert.NoError(t, cmd.Wait())
}

func TestEmulatorKeepsItsState(t *testing.T) {
	t.Parallel()
	needsSignals(t)
	nobody := stranger(t)
	state := filepath.Join(t.TempDir(), "state.json")
	e := nobody.emulate(1, "-q", "--state", state)
	me := e.person(0)
	me.run("project", "create", "Kept", "-o", "id").ok()

	nobody.run("emulator", "--state", state).fails(exitError, "--state: another emulator uses "+state+"; end that one or name another file")
	e.interrupt()
	info, err := os.Stat(state)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode(), "it holds keys")

	again := nobody.emulate(1, "-q", "--state", state)
	assert.Equal(t, strings.Fields(e.lines[0])[1:], strings.Fields(again.lines[0])[1:], "the same user and key")
	me.env = append(me.env, strings.Fields(again.lines[0])...)
	assert.Contains(t, me.run("project", "list").ok().stdout, "Kept")

	// What changed a while ago also outlives a kill.
	before, err := os.ReadFile(state)
	require.NoError(t, err)
	me.run("project", "create", "Late").ok()
	require.Eventually(t, func() bool {
		now, err := os.ReadFile(state)
		return err == nil && string(now) != string(before) && strings.Contains(string(now), `"Late"`)
	}, patience, 50*time.Millisecond)
	require.NoError(t, again.cmd.Process.Kill())
	_ = again.cmd.Wait()
	last := nobody.emulate(1, "-q", "--state", state)
	me.env = append(me.env, strings.Fields(last.lines[0])...)
	assert.Contains(t, me.run("project", "list").ok().stdout, "Late")
	last.interrupt()

	require.NoError(t, os.WriteFile(state, []byte("{"), 0o600))
	r := nobody.run("emulator", "--state", state)
	assert.Contains(t, r.stderr, "proximl: --state "+state+": reading the state: ")
	assert.Equal(t, exitError, r.code)
	content, err := os.ReadFile(state)
	require.NoError(t, err)
	assert.Equal(t, "{", string(content), "a file that is no state is left alone")
}

// A file is replaced by another one whenever it is written.
func TestEmulatorWritesOnlyChanges(t *testing.T) {
	t.Parallel()
	srv := proximltest.New(t)
	me := newPerson(t, srv, "me@example.com")
	e := &emulator{state: filepath.Join(t.TempDir(), "state.json")}
	written := func() os.FileInfo {
		info, err := os.Stat(e.state)
		require.NoError(t, err)
		return info
	}
	require.NoError(t, e.save(srv, false))
	first := written()
	srv.Clock().Advance(time.Second)
	require.NoError(t, e.save(srv, false))
	assert.True(t, os.SameFile(first, written()), "only the time has changed")
	me.project("Other")
	require.NoError(t, e.save(srv, false))
	second := written()
	assert.False(t, os.SameFile(first, second))
	require.NoError(t, e.save(srv, true))
	third := written()
	assert.False(t, os.SameFile(second, third), "the clock goes on from the end")
	require.NoError(t, os.Remove(e.state))
	require.NoError(t, e.save(srv, false))
	assert.Positive(t, written().Size(), "it comes back")
}

func TestEmulatorWithATooLargeState(t *testing.T) {
	t.Parallel()
	state := filepath.Join(t.TempDir(), "state.json")
	require.NoError(t, os.WriteFile(state, nil, 0o600))
	require.NoError(t, os.Truncate(state, maxState+1)) // which takes no place on the disk
	stranger(t).run("emulator", "--state", state).fails(exitError, "--state: "+state+" is larger than 67108864 bytes")
}

func TestEmulatorHasTheAccountsOfItsState(t *testing.T) {
	t.Parallel()
	needsSignals(t)
	nobody := stranger(t)
	state := filepath.Join(t.TempDir(), "state.json")
	keys := func(e *emulation) (keys []string) {
		for _, line := range e.lines {
			keys = append(keys, strings.Fields(line)[1:]...)
		}
		return keys
	}
	first := nobody.emulate(2, "-q", "--state", state, "--accounts", "a@example.com,b@example.com")
	first.interrupt()
	again := nobody.emulate(2, "-q", "--state", state)
	assert.Equal(t, keys(first), keys(again))
	again.interrupt()
	one := nobody.emulate(1, "-q", "--state", state, "--accounts", "b@example.com")
	assert.Equal(t, keys(first)[2:], keys(one))
	one.interrupt()
}

func TestEmulatorThatCannotSave(t *testing.T) {
	t.Parallel()
	needsSignals(t)
	nobody := stranger(t)
	missing := filepath.Join(t.TempDir(), "missing", "state.json")
	assert.Equal(t, exitError, nobody.run("emulator", "--state", missing).code)

	dir := filepath.Join(t.TempDir(), "gone")
	require.NoError(t, os.Mkdir(dir, 0o700))
	e := nobody.emulate(1, "-q", "--state", filepath.Join(dir, "state.json"))
	require.NoError(t, os.RemoveAll(dir))
	require.Error(t, e.cmd.Wait(), "it does not go on as if it saved")
	assert.Equal(t, exitError, e.cmd.ProcessState.ExitCode())
}

func TestEmulatorAddress(t *testing.T) {
	t.Parallel()
	needsSignals(t)
	nobody := stranger(t)
	for _, addr := range []string{":0", "0.0.0.0:0", "192.0.2.1:80", "example.com:80", "[::]:0"} {
		nobody.run("emulator", "--addr", addr).
			fails(exitUsage, "--addr "+addr+" could be reached from other machines; add --expose if that is wanted, or listen on 127.0.0.1")
	}
	nobody.run("emulator", "--addr", "8080").fails(exitUsage, `--addr "8080" is no HOST:PORT, such as 127.0.0.1:8080`)
	nobody.run("emulator", "--accounts", "a@example.com,").fails(exitUsage, "--accounts has an empty address")
	e := nobody.emulate(1, "-q", "--addr", "0.0.0.0:0", "--expose")
	e.person(0).run("project", "list").ok()
	address := strings.TrimPrefix(strings.Fields(e.lines[0])[0], "PROXIML_ENDPOINT=http://")
	nobody.run("emulator", "--addr", address).
		fails(exitError, "opening a port: listen tcp "+address+": bind: address already in use")
	e.interrupt()
}

func TestEmulatorRunsJobs(t *testing.T) {
	t.Parallel()
	needsSignals(t)
	e := stranger(t).emulate(1, "-q", "--local-runner", "--speed", "1000")
	defer e.interrupt()
	fields := strings.Fields(e.lines[0])
	value := func(i int) string { _, value, _ := strings.Cut(fields[i], "="); return value }
	client, err := proximl.New(proximl.WithEndpoint(value(0)), proximl.WithCredentials(value(1), value(2)), proximl.WithConfigDir(t.TempDir()), proximl.WithProject(""))
	require.NoError(t, err)
	job, err := client.Jobs.Create(t.Context(), &proximl.JobSpec{
		Name: "hello", Type: proximl.JobTypeTraining, Resources: proximl.JobResources{GPUTypes: []string{"rtx3090"}, GPUCount: new(1)},
		Workers: []string{"echo done > " + filepath.Join(t.TempDir(), "proof") + " && exit 3"},
	})
	require.NoError(t, err)
	_, err = client.Jobs.WaitFor(t.Context(), job.ID, proximl.JobStatusFinished, proximl.PollBetween(10*time.Millisecond, 50*time.Millisecond))
	var failed *proximl.StatusError
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, "failed", failed.Status, "the command was really run")
}
