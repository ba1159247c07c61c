//go:build unix

package proximl_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

// The README's two terminals do what it says, with the command that its own
// instruction installs.
func TestREADMECommand(t *testing.T) {
	t.Parallel()
	terminals := readREADME(t).blocks["console"]
	require.Len(t, terminals, 2)
	dir := t.TempDir()
	env := append(os.Environ(), "PATH="+installed(t)+":"+os.Getenv("PATH"), "HOME="+dir)

	first := shell(t, dir, env, terminals[0])
	require.NoError(t, first.Start())
	defer func() {
		_ = syscall.Kill(-first.Process.Pid, syscall.SIGINT) // as Ctrl-C does, to all of the terminal
		_ = first.Wait()
	}()
	second := shell(t, dir, env, "until grep -qs PROXIML_KEY emulator.env; do sleep 0.1; done\nset -e\n"+terminals[1])
	second.Stdout = nil
	output, err := second.Output()
	require.NoError(t, err, string(output))
	assert.Regexp(t, `(?s)name: +Research\n.*: training\n0\.85\n.*first +finished +training\n$`, string(output))
}

func shell(t *testing.T, dir string, env []string, script string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "-c", script)
	cmd.Dir, cmd.Env = dir, env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	t.Cleanup(func() { t.Log(stderr.String()) })
	return cmd
}

const installedVersion = "v" + proximl.Version

// installed follows the README's instruction with this tree as the latest
// version, and returns the folder of the command.
func installed(t *testing.T) string {
	t.Helper()
	bin := t.TempDir()
	require.Contains(t, readREADME(t).blocks["sh"], installCommand+"\n")
	command := strings.Fields(installCommand)
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "GOBIN="+bin, "GOFLAGS=-modcacherw", "GOWORK=off", "GOSUMDB=off",
		"GOMODCACHE="+t.TempDir(), "GOPROXY=file://"+proxy(t)+",file://"+downloads(t))
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, string(output))
	return bin
}

// downloads is where the modules are that the command is built of. It uses the
// network only if one is not there yet.
func downloads(t *testing.T) string {
	t.Helper()
	needed, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "./cmd/proximl").CombinedOutput()
	require.NoError(t, err, string(needed))
	output, err := exec.CommandContext(t.Context(), "go", "env", "GOMODCACHE").Output()
	require.NoError(t, err)
	return filepath.Join(strings.TrimSpace(string(output)), "cache", "download")
}

// proxy is a folder that serves this module, as a module proxy does.
func proxy(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	versions := filepath.Join(dir, "github.com", "proximl", "proximl-go", "@v")
	require.NoError(t, os.MkdirAll(versions, 0o700))
	goMod, err := os.ReadFile("go.mod")
	require.NoError(t, err)
	for name, content := range map[string]string{
		"list":                     installedVersion + "\n",
		installedVersion + ".info": fmt.Sprintf(`{"Version":%q}`, installedVersion),
		installedVersion + ".mod":  string(goMod),
	} {
		require.NoError(t, os.WriteFile(filepath.Join(versions, name), []byte(content), 0o600))
	}
	archive, err := os.Create(filepath.Join(versions, installedVersion+".zip"))
	require.NoError(t, err)
	defer archive.Close()
	pack(t, archive)
	return dir
}

// pack writes the module's tracked files as a module proxy packs them.
func pack(t *testing.T, to io.Writer) {
	t.Helper()
	files, err := exec.CommandContext(t.Context(), "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	require.NoError(t, err)
	w := zip.NewWriter(to)
	for name := range strings.SplitSeq(strings.TrimSuffix(string(files), "\x00"), "\x00") {
		if strings.HasPrefix(name, "tools/") { // a module of its own
			continue
		}
		content, err := os.ReadFile(name)
		if os.IsNotExist(err) {
			continue // removed and not committed yet
		}
		require.NoError(t, err)
		entry, err := w.Create("github.com/proximl/proximl-go@" + installedVersion + "/" + name)
		require.NoError(t, err)
		_, err = entry.Write(content)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
}
