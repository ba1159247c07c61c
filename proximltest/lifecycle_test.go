package proximltest_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go/proximltest"
)

var toRunning = []any{"new", "waiting for resources", "waiting for data/model download", "provisioning", "starting", "running"}

func TestJourneys(t *testing.T) {
	t.Parallel()
	toAWS := object{"data": object{"output_type": "aws", "output_uri": "s3://b"}}
	for name, c := range map[string]struct {
		job  object
		ends []any
	}{
		"notebook":              {notebook, nil},
		"endpoint":              {endpoint, nil},
		"training":              {training, []any{"finished"}},
		"training with output":  {with(training, toAWS), []any{"uploading", "finished"}},
		"inference":             {inference, []any{"finished"}},
		"inference with output": {with(inference, toAWS), []any{"uploading", "finished"}},
		"local output":          {with(training, object{"data": object{"output_type": "local", "output_uri": "~/out"}}), []any{"uploading"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			me := w.srv.Account("me@example.com")
			assert.Equal(t, append(append([]any{}, toRunning...), c.ends...), w.journey(me, w.job(me, c.job)))
		})
	}
}

// Files of the user's own machine are waited for.
func TestLocalInputs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	for _, body := range []object{
		with(training, object{"model": object{"source_type": "local", "source_uri": "~/model"}}),
		with(inference, object{"data": object{"input_type": "local", "input_uri": "~/in"}}),
	} {
		path := w.job(me, body)
		w.wait(day)
		assert.Equal(t, "waiting for data/model download", w.status(me, path))
		w.command(me, path, "stop").object()
		w.wait(day)
		assert.Equal(t, "stopped", w.status(me, path))
	}
}

// Every status lasts as long as it should, to the millisecond.
func TestDurations(t *testing.T) {
	t.Parallel()
	w := newWorld(t,
		proximltest.WithDuration("new", 1500*time.Millisecond),
		proximltest.WithDuration("waiting for resources", 0),
		proximltest.WithDuration("waiting for data/model download", 2*time.Second),
		proximltest.WithDuration("provisioning", 0),
		proximltest.WithDuration("starting", 0),
		proximltest.WithDuration("running", time.Hour),
	)
	me := w.srv.Account("me@example.com")
	path := w.job(me, training)
	for _, step := range []struct {
		wait time.Duration
		want string
	}{
		{1499 * time.Millisecond, "new"},
		{time.Millisecond, "waiting for data/model download"},
		{1999 * time.Millisecond, "waiting for data/model download"},
		{time.Millisecond, "running"},
		{time.Hour - time.Millisecond, "running"},
		{time.Millisecond, "finished"},
		{-day, "finished"}, // time does not go back
	} {
		w.wait(step.wait)
		require.Equal(t, step.want, w.status(me, path))
	}
	got := w.get(me, path)
	start, _ := time.Parse(time.RFC3339, got["start"].(string))
	stop, _ := time.Parse(time.RFC3339, got["stop"].(string))
	assert.Equal(t, time.Hour, stop.Sub(start))
}

// Many small steps and one large one lead to the same states at the same times.
func TestStepsDoNotMatter(t *testing.T) {
	t.Parallel()
	run := func(steps int) object {
		w := newWorld(t)
		me := w.srv.Account("me@example.com")
		begin := w.srv.Clock().Now()
		path := w.job(me, training)
		for range steps {
			w.wait(10 * time.Minute / time.Duration(steps))
			w.status(me, path)
		}
		got := w.get(me, path)
		stop, _ := time.Parse(time.RFC3339, got["stop"].(string))
		return object{"status": got["status"], "credits": got["credits"], "stopped after": stop.Sub(begin).Round(time.Second), "left": me.Credits()}
	}
	want := object{"status": "finished", "credits": 0.049, "stopped after": 200 * time.Second, "left": 999.951}
	assert.Equal(t, want, run(1))
	assert.Equal(t, want, run(600))
}

func TestWorkersFollowTheJob(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	path := w.job(me, with(training, object{"workers": types("a", "b"), "data": object{"output_type": "aws", "output_uri": "s3://b"}}))
	var met []any
	for range 300 {
		got := w.get(me, path)
		pair := []any{got["status"], got["worker_status"]}
		for _, worker := range got["workers"].([]any) {
			require.Equal(t, got["worker_status"], worker.(object)["status"])
		}
		if len(met) == 0 || !assert.ObjectsAreEqual(pair, met[len(met)-1]) {
			met = append(met, pair)
		}
		w.wait(time.Second)
	}
	assert.Equal(t, []any{
		[]any{"new", "new"},
		[]any{"waiting for resources", "new"},
		[]any{"waiting for data/model download", "new"},
		[]any{"provisioning", "new"},
		[]any{"starting", "new"},
		[]any{"running", "running"},
		[]any{"uploading", "uploading"},
		[]any{"finished", "finished"},
	}, met)
	w.send(me, "DELETE", path, nil).ok()
	assert.Equal(t, "removed", w.get(me, path)["worker_status"])
}

func TestStopAndStart(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]object{"notebook": notebook, "endpoint": endpoint, "training": training, "inference": inference} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			me := w.srv.Account("me@example.com")
			path := w.job(me, body)
			w.wait(150 * time.Second)
			running := w.get(me, path)
			require.Equal(t, "running", running["status"])
			assert.Equal(t, running, w.command(me, path, "start").object(), "a job that runs stays as it is")

			stopping := w.command(me, path, "stop").object()
			assert.Equal(t, "stopping", stopping["status"])
			assert.Equal(t, "stopping", w.command(me, path, "stop").object()["status"])
			w.command(me, path, "start").invalid("A job that is stopping cannot be started")
			w.wait(day)
			stopped := w.get(me, path)
			assert.Equal(t, "stopped", stopped["status"])
			assert.Equal(t, "stopped", stopped["worker_status"])
			assert.Equal(t, stopped, w.command(me, path, "stop").object())

			assert.Equal(t, "starting", w.command(me, path, "start").object()["status"])
			assert.Equal(t, "starting", w.command(me, path, "start").object()["status"])
			w.wait(50 * time.Second)
			again := w.get(me, path)
			assert.Equal(t, "running", again["status"])
			assert.Greater(t, again["start"], running["start"])
			assert.NotContains(t, again, "stop")
		})
	}
}

// A job can be stopped in every status before its end.
func TestStopEarly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	for _, after := range []time.Duration{0, 6 * time.Second, 25 * time.Second, 85 * time.Second, 110 * time.Second} {
		path := w.job(me, training)
		w.wait(after)
		assert.Equal(t, "stopping", w.command(me, path, "stop").object()["status"])
		w.wait(day)
		assert.Equal(t, "stopped", w.status(me, path), after)
	}
}

// The URL of a notebook or endpoint is empty unless it runs, and the endpoint object stays.
func TestURLs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	for _, body := range []object{notebook, endpoint} {
		path := w.job(me, body)
		url := func() any { return w.get(me, path)["endpoint"].(object)["url"] }
		assert.Equal(t, "", url())
		w.wait(day)
		running := "https://" + path[len("/job/"):] + ".proximl.cloud"
		assert.Equal(t, running, url())
		w.command(me, path, "stop").object()
		w.wait(day)
		assert.Equal(t, "", url())
		w.command(me, path, "start").object()
		w.wait(day)
		assert.Equal(t, running, url())
	}
	assert.NotContains(t, w.get(me, w.job(me, training)), "endpoint")
	assert.NotContains(t, w.get(me, w.job(me, endpoint)), "nb_token")
}

func TestRemoveJob(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	running, finished := w.job(me, notebook), w.job(me, training)
	w.send(me, "DELETE", running, nil).invalid("A job that is new must be stopped before it is removed")
	w.wait(day)
	w.send(me, "DELETE", running+"?force=false", nil).invalid("A job that is running must be stopped before it is removed")
	w.command(me, running, "stop").object()
	w.send(me, "DELETE", running, nil).invalid("A job that is stopping must be stopped before it is removed")
	forced := w.job(me, notebook)
	w.wait(150 * time.Second)

	for path, query := range map[string]string{running: "", finished: "", forced: "?force=true"} {
		w.send(me, "DELETE", path+query, nil).ok()
		assert.Equal(t, "removing", w.status(me, path))
		w.send(me, "DELETE", path+query, nil).ok()
		assert.Equal(t, "removing", w.command(me, path, "stop").object()["status"])
		w.command(me, path, "start").invalid("A job that is removing cannot be started")
	}
	w.wait(19 * time.Second)
	w.send(me, "DELETE", forced+"?force=true", nil).ok()
	assert.Len(t, w.send(me, "GET", "/job", nil).list(), 3)
	w.wait(time.Second)
	assert.Empty(t, w.send(me, "GET", "/job", nil).list())
	for _, path := range []string{running, finished, forced} {
		w.send(me, "GET", path, nil).fails(http.StatusNotFound, "Job Not Found")
		w.send(me, "DELETE", path, nil).fails(http.StatusNotFound, "Job Not Found")
	}
}

func TestCopyJob(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	source := w.job(me, with(notebook, object{
		"resources":   with(gpus, object{"disk_size": 20}),
		"environment": object{"type": "PYTORCH_PY39_20", "env": []object{{"key": "A", "value": "1"}}},
		"model":       object{"source_type": "git", "source_uri": "https://github.com/org/repo.git"},
	}))
	id := source[len("/job/"):]
	refusal := "Only notebook jobs that are running or stopped can be copied"
	w.send(me, "POST", "/job", object{"source_job_uuid": id, "name": "copy"}).invalid(refusal)
	w.wait(day)

	// To a notebook: all is the source's but the name.
	path := w.job(me, object{"source_job_uuid": id, "name": "copy", "type": "notebook"})
	assert.Equal(t, append([]any{"copying"}, toRunning[1:]...), w.journey(me, path))
	copied, original := w.get(me, path), w.get(me, source)
	assert.Equal(t, "copy", copied["name"])
	for _, part := range []string{"resources", "environment", "model", "data"} {
		assert.Equal(t, original[part], copied[part], part)
	}
	assert.NotEqual(t, original["nb_token"], copied["nb_token"])
	assert.Equal(t, "running", original["status"])

	// To a training job, with what that needs.
	path = w.job(me, object{
		"source_job_uuid": id, "name": "trained", "type": "training", "workers": types("python train.py"),
		"data":      object{"datasets": types("CIFAR-10"), "output_type": "aws", "output_uri": "s3://b"},
		"resources": object{"gpu_type_id": "t4", "disk_size": 30},
	})
	got := w.get(me, path)
	assert.Equal(t, []any{"t4"}, got["resources"].(object)["gpu_types"])
	assert.Equal(t, 30.0, got["resources"].(object)["disk_size"])
	assert.Equal(t, "python train.py", got["workers"].([]any)[0].(object)["command"])
	assert.Equal(t, []any{"copying"}, w.journey(me, path)[:1])
	assert.Equal(t, "finished", w.status(me, path))
	w.send(me, "POST", "/job", object{"source_job_uuid": id, "name": "trained", "type": "training"}).invalid("Training jobs must have at least one worker")

	w.send(me, "POST", "/job", object{"source_job_uuid": id, "name": "small", "resources": object{"disk_size": 19}}).
		invalid("Copied job disk_size must be greater than or equal to source job disk_size")
	w.job(me, object{"source_job_uuid": id, "name": "same", "resources": object{"disk_size": 20}})

	w.command(me, source, "stop").object()
	w.send(me, "POST", "/job", object{"source_job_uuid": id, "name": "copy"}).invalid(refusal)
	w.wait(day)
	w.job(me, object{"source_job_uuid": id, "name": "of a stopped one"})

	other := w.job(me, training)
	w.wait(150 * time.Second)
	w.send(me, "POST", "/job", object{"source_job_uuid": other[len("/job/"):], "name": "copy"}).invalid(refusal)
	project := w.project(me, "Other")
	w.send(me, "POST", "/job", object{"source_job_uuid": id, "name": "copy", "project_uuid": project}).fails(http.StatusNotFound, "Job Not Found")
}

// A job waits for a dataset that is not ready, and fails with it.
func TestJobsWaitForDatasets(t *testing.T) {
	t.Parallel()
	w := newWorld(t, proximltest.WithDuration("downloading", time.Hour))
	me := w.srv.Account("me@example.com")
	uses := func(name string) (data, job string) {
		data = w.entity(me, "dataset", with(dataset, object{"name": name}))
		return data, w.job(me, with(training, object{"data": object{"datasets": types(name, "MNIST")}}))
	}
	_, ready := uses("ready")
	failedData, failed := uses("failed")
	goneData, gone := uses("gone")
	w.wait(30 * time.Minute)
	for _, job := range []string{ready, failed, gone} {
		assert.Equal(t, "waiting for data/model download", w.status(me, job))
	}
	require.NoError(t, w.srv.SetStatus(failedData[len("/dataset/"):], "failed"))
	w.send(me, "DELETE", goneData+"?force=true", nil).ok()
	w.wait(time.Minute)
	assert.Equal(t, "waiting for data/model download", w.status(me, ready))
	assert.Equal(t, "failed", w.status(me, failed))
	assert.Equal(t, "failed", w.status(me, gone))
	w.wait(time.Hour)
	got := w.get(me, ready)
	assert.Equal(t, "finished", got["status"])
	assert.Equal(t, 100000000.0, got["data"].(object)["datasets"].([]any)[0].(object)["size"])
}

// What falls due at the same time happens in the order in which it was planned.
func TestSameTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, proximltest.WithDuration("downloading", 75*time.Second))
	me := w.srv.Account("me@example.com")
	data := w.entity(me, "dataset", dataset)
	job := w.job(me, with(training, object{"data": object{"datasets": types("pictures")}}))
	w.wait(80*time.Second - time.Millisecond)
	assert.Equal(t, "downloading", w.status(me, data))
	assert.Equal(t, "waiting for data/model download", w.status(me, job))
	w.wait(time.Millisecond)
	assert.Equal(t, "ready", w.status(me, data))
	assert.Equal(t, "provisioning", w.status(me, job))
}

// The output of each worker becomes an entity of its own.
func TestOwnPlatformOutputs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	for _, kind := range []string{"model", "dataset", "checkpoint", "volume"} {
		path := w.job(me, with(training, object{"name": kind, "workers": types("a", "b"), "data": object{"output_type": "proximl", "output_uri": kind}}))
		w.wait(day)
		workers := w.get(me, path)["workers"].([]any)
		require.NotEqual(t, workers[0].(object)["output_uuid"], workers[1].(object)["output_uuid"])
		for _, worker := range workers {
			made := w.get(me, "/"+kind+"/"+worker.(object)["output_uuid"].(string))
			assert.Equal(t, "Job - "+kind, made["name"])
			assert.Equal(t, "ready", made["status"])
		}
	}
}

func TestScripts(t *testing.T) {
	t.Parallel()
	var asked []proximltest.Entity
	w := newWorld(t, proximltest.WithScript(func(e proximltest.Entity) proximltest.Script {
		asked = append(asked, e)
		switch e.Name {
		case "long":
			return proximltest.Script{RunTime: time.Hour}
		case "fine":
			return proximltest.Script{}
		default:
			return proximltest.Script{FailIn: e.Name}
		}
	}))
	me := w.srv.Account("me@example.com")
	for _, status := range toRunning {
		for _, body := range []object{training, notebook} {
			journey := w.journey(me, w.job(me, with(body, object{"name": status})))
			assert.Equal(t, []any{status, "failed"}, journey[len(journey)-2:])
		}
	}
	data := w.entity(me, "dataset", with(dataset, object{"name": "downloading"}))
	assert.Equal(t, []any{"new", "downloading", "failed"}, w.journey(me, data))

	fine, long := w.job(me, with(training, object{"name": "fine"})), w.job(me, with(training, object{"name": "long"}))
	w.wait(time.Hour)
	assert.Equal(t, "finished", w.status(me, fine))
	assert.Equal(t, "running", w.status(me, long))
	w.wait(140 * time.Second)
	assert.Equal(t, "finished", w.status(me, long))
	assert.Equal(t, proximltest.Entity{Kind: "job", ID: long[len("/job/"):], Project: me.Project, Name: "long", Type: "training"}, asked[len(asked)-1])
	assert.Contains(t, asked, proximltest.Entity{Kind: "dataset", ID: data[len("/dataset/"):], Project: me.Project, Name: "downloading"})
}

func TestSetStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	path := w.job(me, notebook)
	id := path[len("/job/"):]
	w.wait(day)
	require.NoError(t, w.srv.SetStatus(id, "failed"))
	failed := w.get(me, path)
	assert.Equal(t, "failed", failed["status"])
	assert.Equal(t, "failed", failed["worker_status"])
	assert.NotEmpty(t, failed["stop"])
	w.command(me, path, "start").invalid("A job that is failed cannot be started")
	assert.Equal(t, failed, w.command(me, path, "stop").object())
	w.wait(day)
	assert.Equal(t, failed, w.get(me, path), "it stays so, and costs nothing more")
	w.send(me, "DELETE", path, nil).ok()

	// A status that this service never uses stays; one that it does goes on.
	path = w.job(me, training)
	for _, c := range []struct{ status, after string }{
		{"canceled", "canceled"}, {"starting", "finished"}, {"on the moon", "on the moon"}, {"copying", "finished"},
	} {
		require.NoError(t, w.srv.SetStatus(path[len("/job/"):], c.status))
		assert.Equal(t, c.status, w.status(me, path))
		w.wait(day)
		assert.Equal(t, c.after, w.status(me, path))
	}
	w.command(me, path, "start").invalid("A job that is finished cannot be started")
	require.NoError(t, w.srv.SetStatus(path[len("/job/"):], "canceled"))
	w.command(me, path, "start").invalid("A job that is canceled cannot be started")
	w.send(me, "DELETE", path, nil).ok()

	data := w.entity(me, "dataset", dataset)
	require.NoError(t, w.srv.SetStatus(data[len("/dataset/"):], "archived"))
	assert.Equal(t, "archived", w.status(me, data))
	for _, unknown := range types("unknown", "public-dataset-MNIST") {
		assert.EqualError(t, w.srv.SetStatus(unknown, "failed"), `proximltest: nothing has the id "`+unknown+`" whose status could be set to "failed"`)
	}
}
