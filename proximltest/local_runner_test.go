//go:build unix

package proximltest_test

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go/proximltest"
)

// newLocalWorld is a service that runs what it is told at once, in a temporary folder of the test's own.
func newLocalWorld(t *testing.T, opts ...proximltest.Option) *world {
	t.Helper()
	opts = append(opts, proximltest.WithoutListener(), proximltest.WithRunner(proximltest.LocalRunner{}))
	for _, status := range types("new", "waiting for resources", "waiting for data/model download", "provisioning", "starting", "downloading", "uploading", "stopping", "removing") {
		opts = append(opts, proximltest.WithDuration(status, 0))
	}
	return &world{t, proximltest.New(t, opts...), map[string]string{}}
}

// logged follows a job to its end and returns what its workers logged.
func (w *world) logged(as *proximltest.Account, path string) (texts []string) {
	w.Helper()
	c := w.socket(as)
	c.history(path)
	c.follow(path)
	for _, text := range c.texts() {
		if text != "Downloading\n" {
			texts = append(texts, text)
		}
	}
	return texts
}

// command runs a job of one command, and returns the job and what it logged.
func (w *world) runCommand(as *proximltest.Account, command string, changes object) (job object, texts []string) {
	w.Helper()
	path := w.job(as, with(with(training, object{"workers": types(command)}), changes))
	texts = w.logged(as, path)
	return w.get(as, path), texts
}

func TestLocalRunnerLogsAndStatuses(t *testing.T) {
	t.Parallel()
	w := newLocalWorld(t)
	me := w.srv.Account("me@example.com")
	for command, want := range map[string]struct {
		status string
		texts  []string
	}{
		"echo one; echo two >&2; printf three": {"finished", types("one\n", "two\n", "three\n")},
		"true":                                 {"finished", nil},
		"echo before; exit 3; echo after":      {"failed", types("before\n", "exit status 3\n")},
		"kill -9 $$":                           {"failed", types("signal: killed\n")},
		"no-such-program":                      {"failed", nil},
		`printf 'a\377b\n\n'`:                  {"finished", types("a\uFFFDb\n", "\n")},

		"for i in 1 2 3 4 5 6 7 8; do echo $i; done": {"finished", types("1\n", "2\n", "3\n", "4\n", "5\n", "6\n", "7\n", "8\n")},
	} {
		job, texts := w.runCommand(me, command, nil)
		assert.Equal(t, want.status, job["status"], command)
		assert.Equal(t, want.status, objects(job["workers"])[0]["status"], command)
		if want.texts != nil || want.status == "finished" {
			assert.Equal(t, want.texts, texts, command)
		}
	}
	_, texts := w.runCommand(me, `head -c 2500000 /dev/zero | tr '\0' x`, nil)
	require.Len(t, texts, 3, "a line without an end is cut")
	assert.Equal(t, 2_500_000, strings.Count(strings.Join(texts, ""), "x"))
}

// A worker sees nothing of this process but PATH, and has folders of its own, which are gone afterwards.
func TestLocalRunnerEnvironment(t *testing.T) {
	t.Setenv("PROXIMLTEST_CANARY", "secret")
	scratch := t.TempDir()
	t.Setenv("TMPDIR", scratch)
	w := newLocalWorld(t)
	me := w.srv.Account("me@example.com")
	env := object{"env": []object{{"key": "EPOCHS", "value": "10 or so"}, {"key": "ML_DATA_PATH", "value": "/elsewhere"}}}
	_, texts := w.runCommand(me, "env; pwd; mkdir locked; touch locked/file; chmod 500 locked", object{"environment": env})
	got := map[string]string{}
	for _, text := range texts {
		name, value, _ := strings.Cut(strings.TrimSuffix(text, "\n"), "=")
		got[name] = value
	}
	model := got["ML_MODEL_PATH"]
	folder := filepath.Dir(model)
	assert.Equal(t, scratch, filepath.Dir(folder))
	assert.Contains(t, got, model, "the command runs where the model is")
	delete(got, model)
	for _, shell := range types("PWD", "OLDPWD", "SHLVL", "_") { // that shells set by themselves
		delete(got, shell)
	}
	assert.Equal(t, map[string]string{
		"PATH": os.Getenv("PATH"), "HOME": folder + "/home", "TMPDIR": folder + "/tmp", "EPOCHS": "10 or so",
		"ML_MODEL_PATH": folder + "/models", "ML_DATA_PATH": folder + "/input", "ML_OUTPUT_PATH": folder + "/output", "ML_CHECKPOINT_PATH": folder + "/checkpoint",
	}, got)
	assert.NoDirExists(t, folder)
	w.srv.Close()
	left, err := os.ReadDir(scratch)
	require.NoError(t, err)
	assert.Empty(t, left)
}

// The way of a whole job: its model and input come from the user's machine, its output goes there.
func TestLocalRunnerFiles(t *testing.T) {
	t.Parallel()
	w := newLocalWorld(t)
	me := w.srv.Account("me@example.com")
	path := w.job(me, with(inference, object{
		"model":   object{"source_type": "local", "source_uri": "~/model"},
		"data":    object{"input_type": "local", "input_uri": "~/in", "output_type": "local", "output_uri": "~/out"},
		"workers": types(`sh predict.sh && ln -s result.txt "$ML_OUTPUT_PATH/latest" && mkfifo "$ML_OUTPUT_PATH/pipe" && mkdir "$ML_OUTPUT_PATH/empty"`),
	}))
	waiting := w.get(me, path)
	data := waiting["data"].(object)
	w.peer(waiting["model"].(object)).upload(tarOf("./", "", "./predict.sh", `wc -c < "$ML_DATA_PATH/sub/numbers" > "$ML_OUTPUT_PATH/result.txt"; echo done`), 512)
	w.peerOf(data["input_hostname"], data["input_auth_token"]).upload(tarOf("sub/", "", "sub/numbers", "12345"), 512)
	c := w.socket(me)
	c.history(path)
	c.follow(path)
	for c.read()["msg"] != "done\n" {
	}
	require.Eventually(t, func() bool { return w.status(me, path) == "uploading" }, 10*time.Second, time.Millisecond)
	p := w.outputs(me, path)[0]
	files := untar(w, p.download().text)
	files["result.txt"] = strings.TrimSpace(files["result.txt"])
	assert.Equal(t, map[string]string{"result.txt": "5", "latest": "->result.txt", "empty/": ""}, files)
	p.call("POST", "/finalize", "{}").object()
	assert.Equal(t, object{"type": "end"}, c.read())
	assert.Equal(t, "finished", w.status(me, path))
}

// Datasets, models and checkpoints that were uploaded to the service are there too, each by itself if there are several.
func TestLocalRunnerReferences(t *testing.T) {
	t.Parallel()
	w := newLocalWorld(t)
	me := w.srv.Account("me@example.com")
	add := func(kind, name, file string) string {
		path := w.entity(me, kind, with(dataset, object{"name": name, "source_type": "local", "source_uri": "~/x"}))
		w.peer(w.get(me, path)).upload(tarOf(file, name), 512)
		return path[len(kind)+2:]
	}
	first, second := add("dataset", "first", "a.csv"), add("dataset", "a/../b", "b.csv")
	dots := add("dataset", "..", "c.csv")
	model := add("model", "network", "train.sh")
	checkpoint := add("checkpoint", "weights", "w.bin")
	find := `cd "$ML_MODEL_PATH/.." && find models input checkpoint -type f | sort`
	one := object{
		"data": object{"datasets": types(first)}, "model": object{"source_type": "proximl", "source_uri": model, "checkpoints": types("weights")},
	}
	_, texts := w.runCommand(me, find, one)
	assert.Equal(t, types("checkpoint/w.bin\n", "input/a.csv\n", "models/train.sh\n"), texts)
	several := object{
		"data":  object{"datasets": types("first", second, dots, "MNIST")},
		"model": object{"source_type": "trainml", "source_uri": "network", "project_uuid": me.Project, "checkpoints": types(checkpoint, "gpt-j-6b")},
	}
	_, texts = w.runCommand(me, find, several)
	assert.Equal(t, types("checkpoint/weights/w.bin\n", "input/_/c.csv\n", "input/a_.._b/b.csv\n", "input/first/a.csv\n", "models/train.sh\n"), texts)

	// An output that becomes a model has the whole model folder.
	job, _ := w.runCommand(me, `test "$ML_OUTPUT_PATH" = "$ML_MODEL_PATH" && echo 1234 > weights`, with(one, object{"data": object{"output_type": "proximl", "output_uri": "model"}}))
	require.Equal(t, "finished", job["status"])
	made := objects(job["workers"])[0]["output_uuid"].(string)
	assert.Equal(t, map[string]string{"train.sh": "network", "weights": "1234\n"}, untar(w, w.uploaded(made)))
	assert.Equal(t, 12.0, w.get(me, "/model/"+made)["size"])
	_, texts = w.runCommand(me, "ls", object{"model": object{"source_type": "proximl", "source_uri": made}})
	assert.Equal(t, types("train.sh\n", "weights\n"), texts)
}

// pids waits until a worker has logged the process ids of itself and its children, one a line.
func (c *logSocket) pids(count int) (pids []int) {
	c.w.Helper()
	for len(pids) < count {
		text, _ := c.read()["msg"].(string)
		if pid, err := strconv.Atoi(strings.TrimSpace(text)); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// gone requires that processes end soon.
func gone(t *testing.T, pids []int) {
	t.Helper()
	for _, pid := range pids {
		assert.Eventually(t, func() bool {
			// A process that was killed and not waited for yet is still there, as a zombie.
			stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
			return syscall.Kill(pid, 0) != nil || err == nil && strings.Contains(string(stat), ") Z ")
		}, 10*time.Second, time.Millisecond, "process %d", pid)
	}
}

const spawns = `sleep 1000 & echo $!; (sleep 1000 & echo $!; wait) & echo $$; wait`

// Stopping or removing a job and closing the service kill a worker with all that it has started.
func TestLocalRunnerIsEnded(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(w *world, me *proximltest.Account, path string){
		"stop": func(w *world, me *proximltest.Account, path string) { w.command(me, path, "stop").object() },
		"remove": func(w *world, me *proximltest.Account, path string) {
			w.send(me, "DELETE", path+"?force=true", nil).ok()
		},
		"close": func(w *world, _ *proximltest.Account, _ string) { w.srv.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newLocalWorld(t)
			me := w.srv.Account("me@example.com")
			path := w.job(me, with(training, object{"workers": types(spawns)}))
			c := w.socket(me)
			c.history(path)
			c.follow(path)
			pids := c.pids(3)
			end(w, me, path)
			gone(t, pids)
		})
	}
	t.Run("its own end", func(t *testing.T) {
		t.Parallel()
		w := newLocalWorld(t)
		me := w.srv.Account("me@example.com")
		path := w.job(me, with(training, object{"workers": types(`sleep 1000 & echo $!; exit 0`)}))
		c := w.socket(me)
		c.history(path)
		c.follow(path)
		pids := c.pids(1)
		assert.Equal(t, object{"type": "end"}, c.read())
		assert.Equal(t, "finished", w.status(me, path))
		gone(t, pids)
	})
	t.Run("output that something else holds open", func(t *testing.T) {
		t.Parallel()
		if _, err := os.Stat("/usr/bin/setsid"); err != nil {
			t.Log("there is no setsid here, by which a process leaves its group")
			return
		}
		w := newLocalWorld(t)
		me := w.srv.Account("me@example.com")
		job, texts := w.runCommand(me, `setsid sh -c 'echo $$ >pid; exec sleep 1000' & until [ -s pid ]; do sleep 0.01; done; cat pid`, nil)
		assert.Equal(t, "finished", job["status"])
		require.Len(t, texts, 1)
		pid, err := strconv.Atoi(strings.TrimSpace(texts[0]))
		require.NoError(t, err)
		assert.NoError(t, syscall.Kill(pid, syscall.SIGKILL), "it still ran, and was not waited for")
	})
}

// entries makes a tar stream of headers without content.
func entries(headers ...tar.Header) string {
	var stream bytes.Buffer
	out := tar.NewWriter(&stream)
	for i := range headers {
		headers[i].Mode = 0o644
		out.WriteHeader(&headers[i])
		io.WriteString(out, strings.Repeat("x", int(headers[i].Size)))
	}
	out.Close()
	return stream.String()
}

// Whatever an upload says, nothing of it gets out of its folder: the worker fails before its command runs.
func TestHostileUploads(t *testing.T) {
	t.Parallel()
	outside := filepath.Join(t.TempDir(), "outside")
	require.NoError(t, os.MkdirAll(outside, 0o700))
	require.NoError(t, os.WriteFile(outside+"/precious", []byte("precious"), 0o600))
	file := func(name string) tar.Header { return tar.Header{Name: name, Typeflag: tar.TypeReg, Size: 3} }
	link := func(kind byte, name, target string) tar.Header {
		return tar.Header{Name: name, Typeflag: kind, Linkname: target}
	}
	for name, stream := range map[string]string{
		"absolute name":                      entries(file(outside + "/new")),
		"dots":                               entries(file("../new")),
		"dots inside":                        entries(file("a/../../new")),
		"dots to a folder":                   entries(tar.Header{Name: "../../new/", Typeflag: tar.TypeDir}),
		"symbolic link out":                  entries(link(tar.TypeSymlink, "out", outside)),
		"symbolic link out by dots":          entries(link(tar.TypeSymlink, "out", "../../../../../../../etc")),
		"file through a symbolic link":       entries(link(tar.TypeSymlink, "out", outside), file("out/new")),
		"link chain":                         entries(link(tar.TypeSymlink, "a", "."), link(tar.TypeSymlink, "a/b", ".."), link(tar.TypeSymlink, "c", "a/b")),
		"hard link out":                      entries(link(tar.TypeLink, "out", outside+"/precious")),
		"hard link out by dots":              entries(link(tar.TypeLink, "out", "../../../../../../../../etc/passwd")),
		"device":                             entries(tar.Header{Name: "null", Typeflag: tar.TypeChar, Devmajor: 1, Devminor: 3}),
		"pipe":                               entries(tar.Header{Name: "pipe", Typeflag: tar.TypeFifo}),
		"a file where a folder is":           entries(file("a/b"), file("a")),
		"a folder where a file is":           entries(file("a"), file("a/b")),
		"a link where a file is":             entries(file("a"), link(tar.TypeSymlink, "a", "b")),
		"larger than the storage":            sparse(1 << 30),
		"as a link and as its content again": entries(link(tar.TypeSymlink, "a", outside+"/precious"), file("a")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newLocalWorld(t, proximltest.WithStorage(1<<20))
			me := w.srv.Account("me@example.com")
			path := w.job(me, with(training, object{"workers": types("echo it runs"), "model": object{"source_type": "local", "source_uri": "~/model"}}))
			w.peer(w.get(me, path)["model"].(object)).upload(stream, 1<<20)
			texts := w.logged(me, path)
			require.Len(t, texts, 1)
			assert.Contains(t, texts[0], "unpacking into models: ")
			if name == "larger than the storage" {
				assert.Contains(t, texts[0], name)
			}
			assert.Equal(t, "failed", w.status(me, path))
			left, err := os.ReadDir(outside)
			require.NoError(t, err)
			assert.Len(t, left, 1)
			content, err := os.ReadFile(outside + "/precious")
			require.NoError(t, err)
			assert.Equal(t, "precious", string(content))
		})
	}
}

// sparse returns a tar stream of one file that is large and all hole, as GNU tar writes it.
func sparse(size int64) string {
	block := []byte(entries(tar.Header{Name: "hole", Typeflag: tar.TypeReg}))[:512]
	put := func(at int, text string) { copy(block[at:], text) }
	put(156, "S")
	put(257, "ustar  \x00")
	put(386, fmt.Sprintf("%011o\x00%011o\x00", size, 0)) // its one piece: no bytes, at its end
	put(483, fmt.Sprintf("%011o\x00", size))
	put(148, "        ")
	sum := 0
	for _, b := range block {
		sum += int(b)
	}
	put(148, fmt.Sprintf("%06o\x00 ", sum))
	return string(block) + strings.Repeat("\x00", 1024)
}

// What is only unusual is unpacked.
func TestUnusualUploads(t *testing.T) {
	t.Parallel()
	w := newLocalWorld(t)
	me := w.srv.Account("me@example.com")
	stream := entries(
		tar.Header{Name: "deep/er/file", Typeflag: tar.TypeReg, Size: 3},
		tar.Header{Name: "twice", Typeflag: tar.TypeReg, Size: 3},
		tar.Header{Name: "twice", Typeflag: tar.TypeReg, Size: 5},
		tar.Header{Name: "hard", Typeflag: tar.TypeLink, Linkname: "twice"},
		tar.Header{Name: "inside", Typeflag: tar.TypeSymlink, Linkname: "deep/er"},
		tar.Header{Name: "dangling", Typeflag: tar.TypeSymlink, Linkname: "nothing"},
		tar.Header{Name: "-rf", Typeflag: tar.TypeReg},
	)
	stream = strings.TrimSuffix(stream, strings.Repeat("\x00", 1024)) + sparse(4096)
	path := w.job(me, with(training, object{"workers": types("cat hard inside/file; echo; echo $(wc -c <hole); find . | sort"), "model": object{"source_type": "local", "source_uri": "~/model"}}))
	w.peer(w.get(me, path)["model"].(object)).upload(stream, 1<<20)
	assert.Equal(t, types("xxxxxxxx\n", "4096\n", ".\n", "./-rf\n", "./dangling\n", "./deep\n", "./deep/er\n", "./deep/er/file\n", "./hard\n", "./hole\n", "./inside\n", "./twice\n"), w.logged(me, path))
}
