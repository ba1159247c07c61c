package proximltest_test

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go/proximltest"
)

// runnerFunc is a Runner that a test writes down where it needs it.
type runnerFunc func(ctx context.Context, w *proximltest.Worker) error

func (f runnerFunc) Run(ctx context.Context, w *proximltest.Worker) error { return f(ctx, w) }

// sleeper logs, sleeps and logs for as many seconds as the worker's command has letters, and fails if it ends with an exclamation mark.
func sleeper(ctx context.Context, w *proximltest.Worker) error {
	w.Log("begin " + w.Command)
	select {
	case <-time.After(time.Duration(len(w.Command)) * time.Second):
	case <-ctx.Done():
		w.Log("late")
		return ctx.Err()
	}
	w.Log("end")
	if strings.HasSuffix(w.Command, "!") {
		return errors.New("exit status 3")
	}
	return nil
}

// A runner says how long a job's workers run, what they log and whether they fail.
func TestRunner(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		workers  []string
		data     object
		statuses []any // of the workers at the end
		status   string
		texts    []string
		running  time.Duration
	}{
		"one":             {types("12345"), object{}, []any{"finished"}, "finished", types("begin 12345\n", "end\n"), 5 * time.Second},
		"several":         {types("123", "1"), object{}, []any{"finished", "finished"}, "finished", types("begin 123\n", "begin 1\n", "end\n", "end\n"), 3 * time.Second},
		"one fails":       {types("12!"), object{}, []any{"failed"}, "failed", types("begin 12!\n", "end\n", "exit status 3\n"), 3 * time.Second},
		"one of two does": {types("1!", "12345"), object{}, []any{"failed", "finished"}, "failed", types("begin 1!\n", "begin 12345\n", "end\n", "exit status 3\n", "end\n"), 5 * time.Second},
		"with output":     {types("1", "2"), object{"output_type": "aws", "output_uri": "s3://b"}, []any{"finished", "finished"}, "finished", types("begin 1\n", "begin 2\n", "end\n", "end\n"), time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				me := w.srv.Account("me@example.com")
				path := w.job(me, with(training, object{"workers": c.workers, "data": c.data}))
				s := w.socket(me)
				s.history(path)
				s.follow(path)
				texts := s.texts()
				assert.ElementsMatch(t, c.texts, texts[1:], "after what the data worker says")
				got := w.get(me, path)
				assert.Equal(t, c.status, got["status"])
				assert.Equal(t, c.statuses, values(objects(got["workers"]), "status"))
				start, _ := time.Parse(time.RFC3339, got["start"].(string))
				stop, _ := time.Parse(time.RFC3339, got["stop"].(string))
				uploading := time.Duration(0)
				if len(c.data) > 0 {
					uploading = 20 * time.Second
				}
				assert.Equal(t, c.running+uploading, stop.Sub(start))
			}, proximltest.WithRunner(runnerFunc(sleeper)))
		})
	}
}

// A worker that has ended shows it, and its local output can be had, while others still run.
func TestWorkersEndOneByOne(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		me := w.srv.Account("me@example.com")
		statuses := func(path string) []any { return values(objects(w.get(me, path)["workers"]), "status") }
		path := w.job(me, with(training, object{"workers": types("1", "12345", "1!")}))
		time.Sleep(143 * time.Second)
		assert.Equal(t, []any{"finished", "running", "failed"}, statuses(path))
		assert.Equal(t, "running", w.status(me, path))
		time.Sleep(3 * time.Second)
		assert.Equal(t, []any{"finished", "finished", "failed"}, statuses(path))
		assert.Equal(t, "failed", w.status(me, path))

		local := with(training, object{"workers": types("1", "12345"), "data": object{"output_type": "local", "output_uri": "~/out"}})
		path = w.job(me, local)
		time.Sleep(142 * time.Second)
		early := objects(w.get(me, path)["workers"])[0]
		time.Sleep(time.Minute)
		assert.Equal(t, []any{"uploading", "uploading"}, statuses(path))
		assert.Equal(t, early, objects(w.get(me, path)["workers"])[0], "it is where it was")

		path = w.job(me, local)
		time.Sleep(142 * time.Second)
		assert.Equal(t, []any{"uploading", "running"}, statuses(path))
		first := objects(w.get(me, path)["workers"])[0]
		p := w.peerOf(first["output_hostname"], first["output_auth_token"])
		p.download()
		p.call("POST", "/finalize", "{}").object()
		assert.Equal(t, []any{"finished", "running"}, statuses(path))
		assert.Equal(t, "running", w.status(me, path))
		time.Sleep(time.Minute)
		assert.Equal(t, []any{"finished", "uploading"}, statuses(path))
		assert.Equal(t, "uploading", w.status(me, path))
		second := objects(w.get(me, path)["workers"])[1]
		p = w.peerOf(second["output_hostname"], second["output_auth_token"])
		p.download()
		p.call("POST", "/finalize", "{}").object()
		assert.Equal(t, "finished", w.status(me, path))
	}, proximltest.WithRunner(runnerFunc(sleeper)))
}

// What ends a job ends its workers, and what they say after that does not count.
func TestRunsAreEnded(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(w *world, me *proximltest.Account, path string){
		"stop": func(w *world, me *proximltest.Account, path string) { w.command(me, path, "stop").object() },
		"remove": func(w *world, me *proximltest.Account, path string) {
			w.send(me, "DELETE", path+"?force=true", nil).ok()
		},
		"no credits": func(_ *world, me *proximltest.Account, _ string) { me.SetCredits(0) },
		"a status":   func(w *world, _ *proximltest.Account, path string) { w.srv.SetStatus(path[len("/job/"):], "failed") },
		"its project": func(w *world, me *proximltest.Account, path string) {
			w.send(me, "DELETE", "/project/"+w.get(me, path)["project_uuid"].(string), nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			var running atomic.Int32
			bubble(t, func(t *testing.T, w *world) {
				me := w.srv.Account("me@example.com")
				path := w.job(me, with(training, object{"workers": types("a", "b"), "data": object{"output_type": "aws", "output_uri": "s3://b"}}))
				time.Sleep(150 * time.Second)
				synctest.Wait()
				require.EqualValues(t, 2, running.Load())
				if name == "its project" {
					require.NoError(t, w.srv.SetStatus(path[len("/job/"):], "stopping")) // the Personal one cannot be removed
				} else {
					end(w, me, path)
				}
				time.Sleep(time.Second)
				assert.Zero(t, running.Load())
				if name != "remove" {
					assert.NotContains(t, []any{"finished", "running"}, w.status(me, path))
				}
			}, proximltest.WithRunner(runnerFunc(func(ctx context.Context, w *proximltest.Worker) error {
				running.Add(1)
				defer running.Add(-1)
				<-ctx.Done()
				w.Log("late")
				assert.Error(t, w.SetOutput(fstest.MapFS{}), "the output of a job that was stopped")
				return nil
			})))
		})
	}
}

// A job that was stopped runs again when it is started.
func TestRunAgain(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		me := w.srv.Account("me@example.com")
		path := w.job(me, with(training, object{"workers": types("1234567890")}))
		time.Sleep(145 * time.Second)
		w.command(me, path, "stop").object()
		time.Sleep(time.Minute)
		w.command(me, path, "start").object()
		s := w.socket(me)
		s.history(path)
		s.follow(path)
		texts := s.texts()
		assert.Equal(t, []string{"begin 1234567890\n", "begin 1234567890\n", "end\n"}, texts[1:], "nothing is logged after the stop")
		assert.Equal(t, "finished", w.status(me, path))
	}, proximltest.WithRunner(runnerFunc(sleeper)))
}

// Notebooks and endpoints only seem to run; other scripts still hold.
func TestRunnersAndOtherScripts(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		me := w.srv.Account("me@example.com")
		for _, body := range []object{notebook, endpoint} {
			path := w.job(me, body)
			time.Sleep(day)
			assert.Equal(t, "running", w.status(me, path))
			s := w.socket(me)
			s.history(path)
			assert.Equal(t, "Downloading\n", s.read()["msg"])
			assert.Equal(t, "Worker 1: step 1 of 10\n", s.read()["msg"])
		}
		path := w.job(me, with(training, object{"name": "bad"}))
		s := w.socket(me)
		s.follow(path)
		s.texts()
		assert.Equal(t, "failed", w.status(me, path))
	}, proximltest.WithRunner(runnerFunc(sleeper)), proximltest.WithScript(func(e proximltest.Entity) proximltest.Script {
		if e.Name == "bad" {
			return proximltest.Script{FailIn: "running"}
		}
		return proximltest.Script{}
	}))
}

// What a worker is told, and what it puts out.
func TestWorkerIO(t *testing.T) {
	t.Parallel()
	var seen []*proximltest.Worker
	modified := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	runner := runnerFunc(func(_ context.Context, w *proximltest.Worker) error {
		seen = append(seen, w)
		if w.Command == "broken" {
			return w.SetOutput(brokenFS{})
		}
		return w.SetOutput(fstest.MapFS{
			"model/weights.bin": {Data: []byte("1234567"), Mode: 0o640, ModTime: modified},
			"latest":            {Data: []byte("model"), Mode: 0o777 | 1<<27, ModTime: modified}, // a symbolic link
			"socket":            {Mode: 1 << 24},
		})
	})
	w := newWorld(t, proximltest.WithRunner(runner))
	me := w.srv.Account("me@example.com")
	run := func(changes object) object {
		path := w.job(me, with(training, changes))
		var got object
		for range 400 {
			w.wait(time.Second)
			time.Sleep(time.Millisecond)
			got = w.get(me, path)
			if status := got["status"]; status == "finished" || status == "failed" || status == "uploading" && got["data"].(object)["output_type"] == "local" {
				break
			}
		}
		return got
	}
	env := object{"env": []object{{"key": "EPOCHS", "value": "10"}, {"key": "EMPTY", "value": ""}}}
	job := run(object{"environment": env, "data": object{"output_type": "local", "output_uri": "~/out"}})
	require.Equal(t, "uploading", job["status"])
	worker := objects(job["workers"])[0]
	assert.Equal(t, proximltest.Entity{Kind: "job", ID: job["job_uuid"].(string), Project: me.Project, Name: "train", Type: "training"}, seen[0].Job)
	assert.Equal(t, worker["job_worker_uuid"], seen[0].ID)
	assert.Equal(t, 1, seen[0].Number)
	assert.Equal(t, "python train.py", seen[0].Command)
	assert.Equal(t, []string{"EPOCHS=10", "EMPTY="}, seen[0].Env)
	assert.False(t, seen[0].SavesModel())
	stream := w.peerOf(worker["output_hostname"], worker["output_auth_token"]).download().text
	assert.Equal(t, map[string]string{"model/": "", "model/weights.bin": "1234567", "latest": "->model"}, untar(w, stream))

	// An output that stays with the service becomes the files of the new entity.
	job = run(object{"data": object{"output_type": "proximl", "output_uri": "model"}})
	assert.True(t, seen[1].SavesModel())
	made := objects(job["workers"])[0]["output_uuid"].(string)
	assert.Equal(t, 7.0, w.get(me, "/model/"+made)["size"])
	assert.Equal(t, stream, w.uploaded(made))
	w.send(me, "DELETE", "/job/"+job["job_uuid"].(string), nil).ok()
	w.wait(day)
	assert.Equal(t, stream, w.uploaded(made), "it outlives the job")

	job = run(object{"workers": types("broken"), "data": object{"output_type": "aws", "output_uri": "s3://b"}})
	assert.Equal(t, "failed", job["status"])
	job = run(object{"workers": types("broken")})
	assert.Equal(t, "finished", job["status"], "no output is wanted")
}

// The state of a service whose workers ran says that they ran: they begin anew, or seem to run where there is no runner.
func TestStateOfRuns(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		me := w.srv.Account("me@example.com")
		path := w.job(me, with(training, object{"workers": types("1", "1234567890")}))
		time.Sleep(145 * time.Second)
		assert.Equal(t, []any{"finished", "running"}, values(objects(w.get(me, path)["workers"]), "status"))
		saved := w.saved()
		var runs atomic.Int32
		count := runnerFunc(func(ctx context.Context, w *proximltest.Worker) error {
			runs.Add(1)
			return sleeper(ctx, w)
		})
		for name, opt := range map[string]proximltest.Option{"with a runner": proximltest.WithRunner(count), "without": proximltest.WithoutListener()} {
			again := &world{t, proximltest.New(t, proximltest.WithoutListener(), proximltest.WithState(strings.NewReader(saved)), opt), map[string]string{}}
			me := again.srv.Account("me@example.com")
			s := again.socket(me)
			s.history(path)
			s.follow(path)
			texts := s.texts()
			if name == "without" {
				assert.Contains(t, texts, "Worker 2: step 10 of 10\n")
			} else {
				assert.Equal(t, []string{"begin 1234567890\n", "end\n"}, texts[len(texts)-2:])
			}
			assert.Equal(t, "finished", again.status(me, path), name)
		}
		assert.EqualValues(t, 1, runs.Load(), "the worker that has ended does not run again")
	}, proximltest.WithRunner(runnerFunc(sleeper)))
}

// Close ends the workers and waits for them.
func TestCloseEndsRuns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ended := false
		srv, err := proximltest.NewServer(proximltest.WithoutListener(), proximltest.WithRunner(runnerFunc(func(ctx context.Context, _ *proximltest.Worker) error {
			<-ctx.Done()
			time.Sleep(time.Second)
			ended = true
			return nil
		})))
		require.NoError(t, err)
		w := &world{t, srv, map[string]string{}}
		me := srv.Account("me@example.com")
		w.job(me, training)
		time.Sleep(150 * time.Second)
		srv.Close()
		assert.True(t, ended)
		assert.Contains(t, w.saved(), `"status": "running"`)
		srv.Clock().Advance(day)
		assert.NotContains(t, w.saved(), `"status": "finished"`)
	})
}

// brokenFS is a folder that cannot be read.
type brokenFS struct{}

var errBrokenFS = errors.New("bad sector")

func (brokenFS) Open(string) (fs.File, error) { return nil, errBrokenFS }
