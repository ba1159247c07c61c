package proximltest_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/proximl/proximl-go/proximltest"
)

// resources returns the training job with these resources.
func resources(changes object) object {
	return with(training, object{"resources": with(gpus, changes)})
}

func types(abbrvs ...string) []string { return abbrvs }

// Every refusal that the real service was seen to give, word by word, and the refusals whose words are this service's own.
func TestJobValidation(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, message string
		job           object
	}{
		{"unknown GPU", "GPU Type k80 Invalid", resources(object{"gpu_types": types("rtx3090", "k80")})},
		{"disk too small", "Disk Size must be between 10 and 2000", resources(object{"disk_size": 9})},
		{"disk of nothing", "Disk Size must be between 10 and 2000", resources(object{"disk_size": 0})},
		{"disk too large", "Disk Size must be between 10 and 2000", resources(object{"disk_size": 2001})},
		{"cpu and GPUs", "All selected resource_types must have the same backend", resources(object{"gpu_types": types("cpu", "rtx3090"), "gpu_count": nil, "cpu_count": 4})},
		{"cpu without count", "cpu_count required for CPU only jobs", resources(object{"gpu_types": types("cpu"), "gpu_count": nil})},
		{"odd cpu count", "CPU Count must be a multiple of 4", resources(object{"gpu_types": types("cpu"), "gpu_count": nil, "cpu_count": 1})},
		{"odd cpu count with GPUs", "CPU Count must be a multiple of 4", resources(object{"cpu_count": 9})},
		{"negative cpu count", "CPU Count must be a multiple of 4", resources(object{"cpu_count": -4})},
		{"cpu with gpu_count", "gpu_count not valid for CPU only jobs", resources(object{"gpu_types": types("cpu"), "gpu_count": 1, "cpu_count": 4})},
		{"few cpus", "CPU Count must be at least 8 for gpu types rtx3090", resources(object{"cpu_count": 4})},
		{"few cpus for two", "CPU Count must be at least 8 for gpu types rtx2080ti and gpu_count 2", resources(object{"gpu_types": types("rtx2080ti"), "gpu_count": 2, "cpu_count": 4})},
		{"few cpus for the larger", "CPU Count must be at least 16 for gpu types rtx2080ti,rtx3090 and gpu_count 2", resources(object{"gpu_types": types("rtx2080ti", "rtx3090"), "gpu_count": 2, "cpu_count": 12})},
		{"notebook output", "output_type invalid for Notebook and Endpoint jobs", with(notebook, object{"data": object{"output_type": "aws", "output_uri": "s3://b"}})},
		{"endpoint output", "output_type invalid for Notebook and Endpoint jobs", with(endpoint, object{"data": object{"output_type": "aws", "output_uri": "s3://b"}})},
		{"training volumes", "Only Notebook and Endpoint job types can use writable volumes", with(training, object{"data": object{"volumes": types("v")}})},
		{"inference volumes", "Only Notebook and Endpoint job types can use writable volumes", with(inference, object{"data": object{"volumes": types("v")}})},
		{"inference datasets", "Inference jobs cannot use datasets", with(inference, object{"data": object{"datasets": types("CIFAR-10")}})},
		{"training without workers", "Training jobs must have at least one worker", with(training, object{"workers": nil})},
		{"training with no commands", "Training jobs must have at least one worker", with(training, object{"workers": nil, "worker_commands": types()})},
		{"inference without workers", "Inference jobs must have exactly one worker", with(inference, object{"workers": nil})},
		{"inference with two workers", "Inference jobs must have exactly one worker", with(inference, object{"workers": types("a", "b")})},
		{"endpoint with workers", "Endpoints do not use worker commands", with(endpoint, object{"workers": types("a")})},
		{"endpoint with workers and no route", "Endpoints must have at least one route specified", with(endpoint, object{"workers": types("a"), "endpoint": nil})},
		{"endpoint without routes", "Endpoints must have at least one route specified", with(endpoint, object{"endpoint": object{"routes": types()}})},
		{"workers before resources", "Training jobs must have at least one worker", with(resources(object{"gpu_types": types("k80")}), object{"workers": nil})},

		{"no name", "name is required", with(training, object{"name": nil})},
		{"no type", "type is required", with(training, object{"type": nil})},
		{"other type", "type headless Invalid", with(training, object{"type": "headless"})},
		{"no GPU type", "gpu_types is required", resources(object{"gpu_types": nil})},
		{"no resources", "gpu_types is required", with(training, object{"resources": nil})},
		{"legacy GPU", "GPU Type K80 Invalid", resources(object{"gpu_types": nil, "gpu_type_id": "K80"})},
		{"many GPUs", "gpu_count must be between 1 and 4", resources(object{"gpu_count": 5})},
		{"less than no GPUs", "gpu_count must be between 1 and 4", resources(object{"gpu_count": -1})},
		{"environment", "environment type PYTORCH Invalid", with(training, object{"environment": object{"type": "PYTORCH"}})},
		{"custom without image", "custom_image is required", with(training, object{"environment": object{"type": "CUSTOM"}})},
		{"credentials", "credential type ssh Invalid", with(training, object{"environment": object{"credentials": types("aws", "ssh")}})},
		{"input type", "input_type ftp Invalid", with(inference, object{"data": object{"input_type": "ftp"}})},
		{"output type", "output_type ftp Invalid", with(training, object{"data": object{"output_type": "ftp"}})},
		{"output kind", "output_uri job Invalid", with(training, object{"data": object{"output_type": "proximl", "output_uri": "job"}})},
		{"model type", "model source_type svn Invalid", with(training, object{"model": object{"source_type": "svn"}})},
		{"model without uri", "model source_uri is required", with(training, object{"model": object{"source_type": "git"}})},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			me := w.srv.Account("me@example.com")
			w.send(me, "POST", "/job", c.job).invalid(c.message)
			assert.Empty(t, w.send(me, "GET", "/job", nil).list(), "nothing was made")
		})
	}
}

// Two refusals were worded differently before July 2026.
func TestEarlierMessages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, proximltest.WithEarlierMessages())
	me := w.srv.Account("me@example.com")
	w.send(me, "POST", "/job", resources(object{"gpu_types": types("cpu", "rtx3090"), "gpu_count": nil, "cpu_count": 4})).
		invalid("CPU Only may be not be combined with other GPU Types")
	w.send(me, "POST", "/job", with(endpoint, object{"workers": types("a"), "endpoint": nil})).
		invalid("Endpoints do not use worker commands")
}

// What the rules allow, at their edges.
func TestJobsThatAreValid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	volume := w.get(me, w.entity(me, "volume", object{"name": "v", "capacity": "10G"}))["id"]
	for name, body := range map[string]object{
		"smallest disk":     resources(object{"disk_size": 10}),
		"largest disk":      resources(object{"disk_size": 2000}),
		"cpu":               resources(object{"gpu_types": types("cpu"), "gpu_count": nil, "cpu_count": 4}),
		"cpu, no GPU":       resources(object{"gpu_types": types("cpu"), "gpu_count": 0, "cpu_count": 4}),
		"CPU, capitals":     resources(object{"gpu_types": types("CPU"), "gpu_count": nil, "cpu_count": 4}),
		"just enough cpus":  resources(object{"gpu_types": types("rtx2080ti", "rtx3090"), "gpu_count": 2, "cpu_count": 16}),
		"four GPUs":         resources(object{"gpu_count": 4}),
		"notebook volume":   with(notebook, object{"data": object{"volumes": []any{volume}}}),
		"notebook regional": with(notebook, object{"data": object{"output_type": "regional", "output_uri": "store"}}),
		"endpoint route":    with(endpoint, object{"endpoint": object{"routes": []object{{"path": "/predict", "verb": "POST"}}}}),
		"worker_commands":   with(training, object{"workers": nil, "worker_commands": types("a")}),
		"own platform":      with(training, object{"data": object{"output_type": "trainml", "output_uri": "checkpoint"}}),
		"custom image":      with(training, object{"environment": object{"type": "CUSTOM", "custom_image": "repo/image"}}),
		"nulls":             with(notebook, object{"environment": object{"env": nil}, "data": object{"datasets": nil, "input_type": nil}, "workers": nil}),
	} {
		r := w.send(me, "POST", "/job", body)
		assert.Equal(t, http.StatusOK, r.status, "%s: %s", name, r.text)
	}
}

func TestReferencesThatAreMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me, you := w.srv.Account("me@example.com"), w.srv.Account("you@example.com")
	w.entity(you, "dataset", dataset)
	elsewhere := w.entity(me, "dataset", with(dataset, object{"project_uuid": w.project(me, "Other"), "name": "elsewhere"}))[len("/dataset/"):]
	dataset := func(ref any) object { return with(training, object{"data": object{"datasets": []any{ref}}}) }
	for message, bodies := range map[string][]object{
		"Dataset Not Found": {
			dataset("pictures"), dataset("elsewhere"), dataset(elsewhere),
			dataset(object{"id": "pictures"}), dataset(object{"id": "PASCAL", "public": true}),
		},
		"Checkpoint Not Found": {with(training, object{"model": object{"checkpoints": types("c")}})},
		"Volume Not Found":     {with(notebook, object{"data": object{"volumes": types("v")}})},
		"Model Not Found":      {with(training, object{"model": object{"source_type": "proximl", "source_uri": "m"}})},
		"Not Found":            {with(training, object{"model": object{"source_type": "proximl", "source_uri": "m", "project_uuid": you.Project}})},
		"Job Not Found":        {{"source_job_uuid": "j"}},
	} {
		for _, body := range bodies {
			w.send(me, "POST", "/job", body).fails(http.StatusNotFound, message)
		}
	}
	assert.Empty(t, w.send(me, "GET", "/job", nil).list())
}
