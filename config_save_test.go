package proximl_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/go-json-experiment/json"
	"github.com/gofrs/flock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/internal/atomicfile"
)

// saver makes a client whose configuration folder is dir.
func saver(t *testing.T, dir string) *proximl.ProxiML {
	t.Helper()
	client, err := proximl.New(proximl.WithConfigDir(dir), proximl.WithTokenSource(staticToken("t")))
	require.NoError(t, err)
	return client
}

func readConfig(t *testing.T, dir string) map[string]any {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, "config.json"))
	require.NoError(t, err)
	var values map[string]any
	require.NoError(t, json.Unmarshal(content, &values), "%q", content)
	return values
}

func TestSaveActiveProject(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a", "b")
	client := saver(t, dir)
	require.NoError(t, client.SaveActiveProject(t.Context(), "proj-1"))
	for _, made := range []string{dir, filepath.Dir(dir)} {
		info, err := os.Stat(made)
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o700)|os.ModeDir, info.Mode(), made)
	}
	info, err := os.Stat(filepath.Join(dir, "config.json"))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode())
	assert.Equal(t, map[string]any{"project": "proj-1"}, readConfig(t, dir))

	id, _ := client.ActiveProject()
	assert.Empty(t, id, "the client stays as it is")
	id, source := saver(t, dir).ActiveProject()
	assert.Equal(t, "proj-1", id)
	assert.Equal(t, filepath.Join(dir, "config.json"), source)

	require.NoError(t, client.SaveActiveProject(t.Context(), ""))
	assert.Equal(t, map[string]any{}, readConfig(t, dir))
	id, _ = saver(t, dir).ActiveProject()
	assert.Empty(t, id)
}

func TestSaveActiveProjectKeepsTheRest(t *testing.T) {
	t.Parallel()
	const before = `{"b": {"z": [1, 2.50, null], "a": "ä<"}, "project": "old", "big": 12345678901234567890, "a": true}`
	for id, project := range map[string]string{"new\"\u2028": `"project": "new\"\u2028", `, "": ""} {
		dir := configDir(t, "config.json", before)
		require.NoError(t, saver(t, dir).SaveActiveProject(t.Context(), id))
		content, err := os.ReadFile(filepath.Join(dir, "config.json"))
		require.NoError(t, err)
		assert.JSONEq(t, `{`+project+`"b": {"z": [1, 2.50, null], "a": "ä<"}, "big": 12345678901234567890, "a": true}`, string(content))
		assert.Contains(t, string(content), "12345678901234567890", "numbers are not rounded")
	}
}

func TestSaveActiveProjectThroughASymbolicLink(t *testing.T) {
	t.Parallel()
	dir, target := t.TempDir(), filepath.Join(t.TempDir(), "real.json")
	require.NoError(t, os.WriteFile(target, []byte(`{"theme": "dark"}`), 0o600))
	require.NoError(t, os.Symlink(target, filepath.Join(dir, "config.json")))
	require.NoError(t, saver(t, dir).SaveActiveProject(t.Context(), "p"))
	info, err := os.Lstat(filepath.Join(dir, "config.json"))
	require.NoError(t, err)
	assert.NotZero(t, info.Mode()&os.ModeSymlink, "it stays a link")
	content, err := os.ReadFile(target)
	require.NoError(t, err)
	assert.JSONEq(t, `{"theme": "dark", "project": "p"}`, string(content))
}

func TestSaveActiveProjectDoesNotOverwriteWhatItCannotRead(t *testing.T) {
	t.Parallel()
	for _, content := range []string{`{"project": "p", "precious": `, `["a"]`, ``} {
		dir := t.TempDir()
		client := saver(t, dir)
		path := filepath.Join(dir, "config.json")
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		err := client.SaveActiveProject(t.Context(), "new")
		require.ErrorContains(t, err, "proximl: cannot save the active project: "+path+" is not a JSON object; mend or remove it: ")
		after, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, content, string(after))
		leftovers(t, dir)
	}
}

// leftovers fails the test for any file that a writer left behind.
func leftovers(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, entry := range entries {
		assert.Contains(t, []string{"config.json", "config.json.lock"}, entry.Name())
	}
}

func TestSaveActiveProjectInAPlaceThatIsNoFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	client := saver(t, filepath.Join(dir, "file", "folder"))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o600))
	require.EqualError(t, client.SaveActiveProject(t.Context(), "p"),
		"proximl: cannot save the active project: mkdir "+filepath.Join(dir, "file")+": not a directory")
}

func TestSaveActiveProjectWaitsForTheLockAsLongAsItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := configDir(t, "config.json", `{"project": "old"}`)
		path := filepath.Join(dir, "config.json")
		other := flock.New(path + ".lock")
		require.NoError(t, other.Lock())
		client, failed := saver(t, dir), make(chan error, 1)

		ctx, cancel := context.WithCancel(t.Context())
		go func() { failed <- client.SaveActiveProject(ctx, "new") }()
		synctest.Wait()
		assert.Empty(t, failed, "it waits for the lock")
		cancel()
		err := <-failed
		require.EqualError(t, err, "proximl: cannot save the active project: cannot lock "+path+": context canceled")
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, map[string]any{"project": "old"}, readConfig(t, dir))

		go func() { failed <- client.SaveActiveProject(t.Context(), "new") }()
		synctest.Wait()
		assert.Empty(t, failed)
		require.NoError(t, other.Unlock())
		require.NoError(t, <-failed)
		assert.Equal(t, map[string]any{"project": "new"}, readConfig(t, dir))
	})
}

// write saves projects, and with each of them counts up under the key of this
// writer, by the same lock: an update that is lost shows in the count.
func write(ctx context.Context, client *proximl.ProxiML, path, writer string, times int) error {
	for i := range times {
		if err := client.SaveActiveProject(ctx, fmt.Sprintf("%s-%d", writer, i)); err != nil {
			return err
		}
		err := atomicfile.Update(ctx, path, func() ([]byte, error) {
			content, err := os.ReadFile(path)
			if err != nil {
				return nil, err
			}
			values := map[string]any{}
			if err := json.Unmarshal(content, &values); err != nil {
				return nil, err
			}
			count, _ := values["count"].(float64)
			values["count"] = count + 1
			return json.Marshal(values)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// watchConfig reads the file again and again until done: it must be whole, and
// hold what no writer touches.
func watchConfig(t *testing.T, dir string, done <-chan struct{}) (reads int) {
	t.Helper()
	for {
		values := readConfig(t, dir)
		if !assert.Equal(t, "dark", values["theme"]) {
			return reads
		}
		reads++
		select {
		case <-done:
			return reads
		default:
		}
	}
}

func TestConcurrentWritersLoseNothing(t *testing.T) {
	t.Parallel()
	dir := configDir(t, "config.json", `{"theme": "dark"}`)
	done := make(chan struct{})
	var readers, writers sync.WaitGroup
	readers.Go(func() { assert.Positive(t, watchConfig(t, dir, done)) })
	for i := range 50 {
		client := saver(t, dir)
		writers.Go(func() {
			assert.NoError(t, write(t.Context(), client, filepath.Join(dir, "config.json"), strconv.Itoa(i), 1))
		})
	}
	writers.Wait()
	close(done)
	readers.Wait()
	checkWritten(t, dir, 50, 50, 1)
}

// checkWritten checks the file after writers have each saved some projects.
func checkWritten(t *testing.T, dir string, count float64, writers, times int) {
	t.Helper()
	values := readConfig(t, dir)
	project, _ := values["project"].(string)
	delete(values, "project")
	assert.Equal(t, map[string]any{"theme": "dark", "count": count}, values)
	names := make([]string, writers)
	for i := range names {
		names[i] = fmt.Sprintf("%d-%d", i, times-1)
	}
	assert.True(t, slices.Contains(names, project), "the last word is somebody's last: %s", project)
	leftovers(t, dir)
}

// TestConcurrentProcessesLoseNothing runs itself in eight processes, which find
// the folder to write to in a variable.
func TestConcurrentProcessesLoseNothing(t *testing.T) {
	const processes, times, variable = 8, 10, "CONFIG_TEST_WRITER"
	if job := os.Getenv(variable); job != "" {
		number, dir, _ := strings.Cut(job, ":")
		require.NoError(t, write(t.Context(), saver(t, dir), filepath.Join(dir, "config.json"), number, times))
		return
	}
	t.Parallel()
	dir := configDir(t, "config.json", `{"theme": "dark"}`)
	done := make(chan struct{})
	var readers, writers sync.WaitGroup
	readers.Go(func() { assert.Positive(t, watchConfig(t, dir, done)) })
	for i := range processes {
		process := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestConcurrentProcessesLoseNothing$")
		process.Env = append(os.Environ(), fmt.Sprintf("%s=%d:%s", variable, i, dir))
		writers.Go(func() {
			output, err := process.CombinedOutput()
			assert.NoError(t, err, "%s", output)
		})
	}
	writers.Wait()
	close(done)
	readers.Wait()
	checkWritten(t, dir, processes*times, processes, times)
}
