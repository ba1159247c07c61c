package proximltest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The whole object of a finished training job, with everything that its creator said.
func TestJobObject(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	data := w.entity(me, "dataset", dataset)[len("/dataset/"):]
	w.entity(me, "checkpoint", with(dataset, object{"name": "weights"}))
	spec := object{
		"name": "train", "type": "training", "workers": types("python train.py", "python eval.py"),
		"resources": object{"gpu_types": types("RTX2080Ti", "rtx3090"), "gpu_count": 2, "cpu_count": 16, "disk_size": 50, "max_price": 2.5, "preemptible": true},
		"environment": object{
			"type": "PYTORCH_PY39_20", "env": []object{{"key": "EPOCHS", "value": "10"}}, "credentials": types("aws"), "secrets": types("token"),
			"packages": object{"pip": types("numpy==2.0")},
		},
		"data": object{
			"datasets":    []any{data, object{"id": "CIFAR-10", "public": true}},
			"output_type": "aws", "output_uri": "s3://bucket/out", "output_options": object{"archive": true},
		},
		"model": object{"source_type": "git", "source_uri": "https://github.com/org/repo.git", "checkpoints": []any{"weights", object{"id": "gpt-j-6b", "public": true}}},
	}
	path := w.job(me, spec)
	w.wait(day)
	got := w.get(me, path)
	workers := got["workers"].([]any)
	require.Len(t, workers, 2)
	wantWorker := func(i int, command string) object {
		worker := workers[i].(object)
		return object{"rig_uuid": worker["rig_uuid"], "job_worker_uuid": worker["job_worker_uuid"], "command": command, "status": "finished"}
	}
	assert.NotEqual(t, workers[0].(object)["job_worker_uuid"], workers[1].(object)["job_worker_uuid"])
	assert.Equal(t, object{
		"customer_uuid": got["customer_uuid"], "project_uuid": me.Project, "job_uuid": path[len("/job/"):],
		"name": "train", "type": "training", "status": "finished", "start": got["start"], "stop": got["stop"],
		"credits_per_hour": 1.4, "credits": got["credits"],
		"workers":       []any{wantWorker(0, "python train.py"), wantWorker(1, "python eval.py")},
		"worker_status": "finished",
		"resources": object{
			"gpu_types": []any{"rtx2080ti", "rtx3090"}, "gpu_type_id": "2080ti-id", "gpu_count": 2.0, "cpu_count": 16.0, "disk_size": 50.0,
			"max_price": 2.5, "preemptible": true,
		},
		"environment": object{
			"type": "PYTORCH_PY39_20", "env": []any{object{"key": "EPOCHS", "value": "10"}}, "credentials": []any{"aws"}, "secrets": []any{"token"},
			"packages": object{"pip": []any{"numpy==2.0"}}, "status": "ready", "image_size": 44966989795.0,
		},
		"data": object{
			"datasets": []any{
				object{"dataset_uuid": data, "name": "pictures", "type": "existing", "size": 100000000.0},
				object{"dataset_uuid": "public-dataset-CIFAR-10", "name": "CIFAR-10", "type": "public", "size": 184549376.0},
			},
			"output_type": "aws", "output_uri": "s3://bucket/out", "output_options": object{"archive": true}, "status": "ready",
		},
		"model": object{
			"source_type": "git", "source_uri": "https://github.com/org/repo.git", "status": "ready", "size": 7176192.0,
			"checkpoints": []any{object{"id": "weights"}, object{"id": "gpt-j-6b", "public": true}},
		},
	}, got)
	assert.Equal(t, []object{got}, w.send(me, "GET", "/job", nil).list(), "a list has whole objects")
	assert.Len(t, got["start"], len("2026-07-04T09:08:07.000Z"))
	assert.Less(t, got["start"], got["stop"])
}

func TestJobDefaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	got := w.send(me, "POST", "/job", object{"name": "n", "type": "notebook", "resources": object{"gpu_type_id": "gtx 1060"}}).object()
	assert.Equal(t, object{"gpu_types": []any{"gtx1060"}, "gpu_count": 1.0, "disk_size": 10.0, "max_price": 10.0}, got["resources"])
	assert.Equal(t, object{"type": "DEEPLEARNING_PY313", "env": []any{}, "credentials": []any{}, "status": "new"}, got["environment"])
	assert.Equal(t, object{"datasets": []any{}, "status": "new"}, got["data"])
	assert.Equal(t, object{"status": "new"}, got["model"])
	assert.Equal(t, object{"url": ""}, got["endpoint"])
	assert.Equal(t, "new", got["worker_status"])
	assert.NotContains(t, got, "start")
	assert.Equal(t, 0.0, got["credits"])
}

// One GPU type can be named by abbreviation, id or name; gpu_types beats gpu_type_id.
func TestGPUTypeForms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	for _, form := range []object{
		{"gpu_types": types("rtx2070s")},
		{"gpu_types": types("RTX2070S")},
		{"gpu_types": types("2070s-id")},
		{"gpu_type_id": "2070s-id"},
		{"gpu_type_id": "RTX 2070 Super"},
		{"gpu_types": types("rtx2070s"), "gpu_type_id": "a100"},
	} {
		got := w.get(me, w.job(me, with(training, object{"resources": form})))["resources"].(object)
		assert.Equal(t, []any{"rtx2070s"}, got["gpu_types"], form)
	}
}

// Datasets and the like can be named by id, name or object, and commands come back as they were read from another job.
func TestOlderForms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	first := w.entity(me, "dataset", dataset)[len("/dataset/"):]
	w.entity(me, "dataset", dataset) // names are not unique: the first one counts
	for _, ref := range []any{
		first, "pictures",
		object{"id": first},
		object{"id": "pictures"},
		object{"dataset_uuid": first, "type": "existing", "name": "x", "size": 1},
		object{"id": "pictures", "type": "existing"},
	} {
		got := w.get(me, w.job(me, with(training, object{"data": object{"datasets": []any{ref}}})))["data"].(object)
		assert.Equal(t, []any{object{"dataset_uuid": first, "name": "pictures", "type": "existing", "size": 0.0}}, got["datasets"], ref)
	}
	for _, ref := range []any{
		"MNIST",
		object{"id": "MNIST"},
		object{"id": "MNIST", "public": true},
		object{"id": "public-dataset-MNIST", "type": "public"},
		object{"dataset_uuid": "MNIST", "type": "public"},
	} {
		got := w.get(me, w.job(me, with(training, object{"data": object{"datasets": []any{ref}}})))["data"].(object)
		assert.Equal(t, []any{object{"dataset_uuid": "public-dataset-MNIST", "name": "MNIST", "type": "public", "size": 54950048.0}}, got["datasets"], ref)
	}
	// An id is stronger than a name, and what is marked public is never the project's own.
	w.entity(me, "dataset", with(dataset, object{"name": first}))
	own := w.entity(me, "dataset", with(dataset, object{"name": "MNIST"}))[len("/dataset/"):]
	for id, ref := range map[string]any{first: first, own: "MNIST", "public-dataset-MNIST": object{"id": "MNIST", "public": true}} {
		got := w.get(me, w.job(me, with(training, object{"data": object{"datasets": []any{ref}}})))["data"].(object)
		assert.Equal(t, id, got["datasets"].([]any)[0].(object)["dataset_uuid"])
	}
	got := w.get(me, w.job(me, with(training, object{"workers": []any{"a", object{"command": "b", "status": "finished", "job_worker_uuid": "w"}}})))
	assert.Equal(t, "b", got["workers"].([]any)[1].(object)["command"])
	got = w.get(me, w.job(me, with(training, object{"model": object{"git_uri": "git@github.com:o/r.git"}})))
	assert.Equal(t, object{"source_type": "git", "source_uri": "git@github.com:o/r.git", "status": "new"}, got["model"])
}

// A job can use a model of another project that its creator sees.
func TestModelOfAnotherProject(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me, you := w.srv.Account("me@example.com"), w.srv.Account("you@example.com")
	shared := w.project(you, "Shared")
	w.share(you, shared, me, object{"model": "read"})
	id := w.entity(you, "model", with(dataset, object{"project_uuid": shared}))[len("/model/"):]
	source := object{"source_type": "proximl", "source_uri": id}
	w.send(me, "POST", "/job", with(training, object{"model": source})).fails(http.StatusNotFound, "Model Not Found")
	job := w.job(me, with(training, object{"model": with(source, object{"project_uuid": shared})}))
	assert.Equal(t, shared, w.get(me, job)["model"].(object)["project_uuid"])

	w.share(you, shared, me, object{"job": "read"})
	w.send(me, "POST", "/job", with(training, object{"model": with(source, object{"project_uuid": shared})})).forbidden()
}

func TestEndpointKeepsWhatItWasGiven(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	given := object{
		"routes":         []any{object{"path": "/predict", "verb": "POST", "function": "f", "file": "predict", "positional": true, "body": []any{object{"name": "x", "type": "str"}}}},
		"reservation_id": "r", "authorizer": object{"kind": "none"},
	}
	path := w.job(me, with(endpoint, object{"endpoint": given}))
	assert.Equal(t, with(given, object{"url": ""}), w.get(me, path)["endpoint"])
	w.wait(day)
	assert.Equal(t, with(given, object{"url": "https://" + path[len("/job/"):] + ".proximl.cloud"}), w.get(me, path)["endpoint"])
}

func TestUpdateJob(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	path := w.job(me, with(notebook, object{"environment": object{"type": "DEEPLEARNING_PY310", "env": []object{{"key": "A", "value": "1"}, {"key": "B", "value": "2"}}}}))
	before := w.get(me, path)

	changed := w.send(me, "PATCH", path, object{"environment": object{"env": []object{{"key": "C", "value": "3"}}}}).object()
	assert.Equal(t, []any{object{"key": "C", "value": "3"}}, changed["environment"].(object)["env"])
	assert.Equal(t, "DEEPLEARNING_PY310", changed["environment"].(object)["type"])
	assert.Equal(t, before["resources"], changed["resources"])
	assert.Equal(t, changed, w.get(me, path))

	changed = w.send(me, "PATCH", path, object{"name": "new", "resources": object{"gpu_type_id": "t4", "disk_size": 30}}).object()
	assert.Equal(t, "new", changed["name"])
	assert.Equal(t, object{"gpu_types": []any{"t4"}, "gpu_count": 1.0, "disk_size": 30.0, "max_price": 10.0}, changed["resources"])

	w.send(me, "PATCH", path, object{"environment": object{"env": []object{{"key": "D", "value": "4"}}}, "resources": object{"disk_size": 1}}).
		invalid("Disk Size must be between 10 and 2000")
	assert.Equal(t, changed, w.get(me, path), "a refused change changes nothing")
	w.command(me, path, "stop").object()
	assert.Equal(t, changed["environment"], w.get(me, path)["environment"])

	both := w.job(me, with(notebook, object{"resources": object{"gpu_types": types("rtx3090"), "gpu_type_id": "t4"}}))
	changed = w.send(me, "PATCH", both, object{"name": "new"}).object()
	assert.Equal(t, []any{"rtx3090"}, changed["resources"].(object)["gpu_types"])

	served := w.job(me, endpoint)
	w.send(me, "PATCH", served, object{"endpoint": object{"authorizer": object{"kind": "key"}}}).object()
	assert.Equal(t, object{"url": "", "start_command": "serve", "authorizer": object{"kind": "key"}}, w.get(me, served)["endpoint"])

	for _, path := range []string{w.job(me, training), w.job(me, inference)} {
		w.send(me, "PATCH", path, object{"name": "new"}).invalid("Only notebook and endpoint jobs that have not failed can be updated")
	}
	require.NoError(t, w.srv.SetStatus(path[len("/job/"):], "failed"))
	w.send(me, "PATCH", path, object{"name": "new"}).invalid("Only notebook and endpoint jobs that have not failed can be updated")
	w.command(me, path, "pause").invalid("command pause Invalid")
	w.send(me, "PATCH", "/job/unknown", object{"command": "stop"}).fails(http.StatusNotFound, "Job Not Found")
}

func TestWorkerLogs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	path := w.job(me, with(training, object{"name": "my first job"}))
	worker := w.get(me, path)["workers"].([]any)[0].(object)["job_worker_uuid"].(string)
	url, _, signed := strings.Cut(decode[string](w.send(me, "GET", path+"/worker/"+worker+"/logs", nil)), "?")
	assert.Equal(t, w.srv.URL+"/trainml-jobs-local/"+path[len("/job/"):]+"/logs/"+worker+"/my_first_job.zip", url)
	assert.True(t, signed)
	w.send(me, "GET", path+"/worker/other/logs", nil).fails(http.StatusNotFound, "Not Found")
	w.send(me, "GET", "/job/other/worker/"+worker+"/logs", nil).fails(http.StatusNotFound, "Job Not Found")
}
