package proximl_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

// notebook is what the fixture called job_notebook says.
func notebook() *proximl.Job {
	return &proximl.Job{
		ID: "job-id-1", Name: "test notebook", Type: proximl.JobTypeNotebook, Status: proximl.JobStatusRunning,
		ProjectID: "proj-id-1", CustomerID: "cus-id-1", Start: at("2021-02-11T15:46:22.455Z"),
		CreditsPerHour: 0.1, Credits: 0.1007,
		Workers:      []proximl.JobWorker{{ID: "worker-id-1", RigID: "rig-id-1", Command: "jupyter lab", Status: "running"}},
		WorkerStatus: "running",
		Resources:    proximl.JobResourcesInfo{GPUTypes: []string{"1060-id"}, GPUTypeID: "1060-id", GPUCount: 1, DiskSize: 10, MaxPrice: 10},
		Model:        proximl.JobModelInfo{Size: 7176192, SourceType: "git", SourceURI: "git@github.com:proxiML/test-private.git", Status: "ready"},
		Data: proximl.JobDataInfo{
			Datasets: []proximl.JobDataset{{ID: "data-id-1", Name: "first one", Type: "public", Size: 184549376}}, Status: "ready",
		},
		Environment: proximl.JobEnvironmentInfo{
			Type: "DEEPLEARNING_PY310", ImageSize: 44966989795, Status: "ready",
			Env: []proximl.EnvVar{{Key: "env1", Value: "env1val"}}, Credentials: []string{"aws", "gcp"},
		},
		Endpoint:      proximl.JobEndpointInfo{URL: "https://example.com"},
		NotebookToken: "token",
	}
}

// training is what the fixture called job_training says.
func training() *proximl.Job {
	return &proximl.Job{
		ID: "job-id-2", Name: "test training", Type: proximl.JobTypeTraining, Status: proximl.JobStatusFinished,
		ProjectID: "proj-id-1", Start: at("2021-02-11T15:48:39.476Z"), Stop: at("2021-02-11T15:50:16.554Z"),
		CreditsPerHour: 0.3, Credits: 0.0054,
		Workers:      []proximl.JobWorker{{ID: "worker-id-11", RigID: "rig-id-1", Command: "python train.py", Status: "stopped"}},
		WorkerStatus: "stopped",
		Resources:    proximl.JobResourcesInfo{GPUTypeID: "1060-id", GPUCount: 1, DiskSize: 10},
		Model:        proximl.JobModelInfo{Size: 7086080, SourceType: "git", SourceURI: "git@github.com:proxiML/test-private.git", Status: "ready"},
		Data: proximl.JobDataInfo{
			Datasets: []proximl.JobDataset{{ID: "data-id-1", Name: "first one", Type: "public", Size: 184549376}}, Status: "ready",
			OutputType: "aws", OutputURI: "s3://proximl-examples/output/resnet_cifar10",
		},
		Environment: proximl.JobEnvironmentInfo{
			Type: "DEEPLEARNING_PY37", ImageSize: 39656398629, Status: "ready",
			Env: []proximl.EnvVar{}, Credentials: []string{},
		},
	}
}

// endpoint is what the fixture called job_endpoint says.
func endpoint() *proximl.Job {
	return &proximl.Job{
		ID: "job-id-3", Name: "test endpoint", Type: proximl.JobTypeEndpoint, Status: proximl.JobStatusRunning, ProjectID: "proj-id-1",
		Workers:     []proximl.JobWorker{{ID: "worker-id-1", RigID: "rig-id-1", Status: "running"}},
		Resources:   proximl.JobResourcesInfo{GPUTypes: []string{"rtx2070s"}, GPUCount: 1, DiskSize: 10, MaxPrice: 10},
		Model:       proximl.JobModelInfo{SourceType: "git", SourceURI: "https://github.com/proxiML/simple-tensorflow-classifier.git", Status: "ready"},
		Environment: proximl.JobEnvironmentInfo{Type: "DEEPLEARNING_PY313", Status: "ready"},
		Endpoint: proximl.JobEndpointInfo{
			URL: "https://job-id-3.proximl.cloud",
			Routes: []proximl.Route{{
				Path: "/predict", Verb: "POST", Function: "predict_image", File: "predict", Positional: new(true),
				Body: []proximl.RouteParameter{{Name: "filename", Type: "str"}},
			}},
		},
	}
}

// inference is what the fixture called job_inference says.
func inference() *proximl.Job {
	return &proximl.Job{
		ID: "job-id-4", Name: "test job", Type: proximl.JobTypeInference, Status: proximl.JobStatusWaitingForDownload,
		ProjectID: "proj-id-1", CustomerID: "cus-id-1",
		Workers: []proximl.JobWorker{{ID: "worker-1", Command: "python predict.py", Status: "new"}},
		Model:   proximl.JobModelInfo{SourceType: "local", SourceURI: "/path/to/model", Hostname: "model-host.com", AuthToken: "model-token"},
		Data: proximl.JobDataInfo{
			InputType: "local", InputURI: "/path/to/data", InputHostname: "data-host.com", InputAuthToken: "data-token",
			OutputType: "local", OutputURI: "/path/to/output", OutputOptions: proximl.LocationOptions{Archive: new(false)},
		},
	}
}

func TestJobs(t *testing.T) {
	t.Parallel()
	missing := func(verb string) failure {
		return failure{
			http.StatusNotFound, "Job Not Found", proximl.ErrNotFound,
			verb + " /job/job-id-1: 404 Not Found: Job Not Found (project proj-active from an option)",
		}
	}
	checkMethods(t, []method{
		{
			name: "List",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) { return some(c.Jobs.List(ctx)) },
			exchange: exchange{
				method: http.MethodGet, path: "/job", query: inActive,
				reply: "[" + fixture(t, "job_notebook") + "," + fixture(t, "job_training") + "," + fixture(t, "job_endpoint") + "," + fixture(t, "job_inference") + "]",
			},
			result: []*proximl.Job{notebook(), training(), endpoint(), inference()},
			failure: failure{
				http.StatusForbidden, "Forbidden", proximl.ErrForbidden,
				"GET /job: 403 Forbidden (project proj-active from an option)",
			},
		},
		{
			name: "All",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) { return some(collect(c.Jobs.All(ctx))) },
			exchange: exchange{
				method: http.MethodGet, path: "/job", query: inActive,
				reply: "[" + fixture(t, "job_training") + "," + fixture(t, "job_notebook") + "]",
			},
			result: []*proximl.Job{training(), notebook()},
			failure: failure{
				http.StatusForbidden, "Forbidden", proximl.ErrForbidden,
				"GET /job: 403 Forbidden (project proj-active from an option)",
			},
		},
		{
			name:     "Get",
			call:     func(ctx context.Context, c *proximl.ProxiML) (any, error) { return some(c.Jobs.Get(ctx, "job-id-1")) },
			exchange: exchange{method: http.MethodGet, path: "/job/job-id-1", query: inActive, reply: fixture(t, "job_notebook")},
			result:   notebook(),
			failure:  missing("GET"),
		},
		{
			name: "Create",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return some(c.Jobs.Create(ctx, smallSpec()))
			},
			exchange: exchange{
				method: http.MethodPost, path: "/job", reply: fixture(t, "job_training"),
				body: `{"name":"resnet","type":"training","project_uuid":"proj-active","workers":["python train.py"],"model":{},
					"resources":{"gpu_types":["rtx3090"],"disk_size":10,"max_price":10}}`,
			},
			result: training(),
			failure: failure{
				http.StatusBadRequest, "Invalid Request - GPU Type k80 Invalid", proximl.ErrInvalid,
				"POST /job: 400 Bad Request: Invalid Request - GPU Type k80 Invalid",
			},
		},
		{
			name: "Create in a project of its own",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				spec := smallSpec()
				spec.ProjectID = "proj-explicit"
				return some(c.Jobs.Create(ctx, spec))
			},
			exchange: exchange{
				method: http.MethodPost, path: "/job", reply: fixture(t, "job_training"),
				body: `{"name":"resnet","type":"training","project_uuid":"proj-explicit","workers":["python train.py"],"model":{},
					"resources":{"gpu_types":["rtx3090"],"disk_size":10,"max_price":10}}`,
			},
			result: training(),
			failure: failure{
				http.StatusNotFound, "Not Found", proximl.ErrNotFound,
				"POST /job: 404 Not Found (project proj-explicit)",
			},
		},
		{
			name: "Start",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) { return some(c.Jobs.Start(ctx, "job-id-1")) },
			exchange: exchange{
				method: http.MethodPatch, path: "/job/job-id-1", query: inActive,
				body: `{"command":"start"}`, reply: fixture(t, "job_notebook"),
			},
			result:  notebook(),
			failure: missing("PATCH"),
		},
		{
			name: "Stop",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) { return some(c.Jobs.Stop(ctx, "job-id-1")) },
			exchange: exchange{
				method: http.MethodPatch, path: "/job/job-id-1", query: inActive,
				body: `{"command":"stop"}`, reply: fixture(t, "job_notebook"),
			},
			result:  notebook(),
			failure: missing("PATCH"),
		},
		{
			name: "Update",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return some(c.Jobs.Update(ctx, "job-id-1", &proximl.JobUpdate{
					Name: new("renamed"), Resources: &proximl.JobResources{DiskSize: new(20)}, Workers: []string{},
				}))
			},
			exchange: exchange{
				method: http.MethodPatch, path: "/job/job-id-1", query: inActive,
				body: `{"name":"renamed","resources":{"disk_size":20},"workers":[]}`, reply: fixture(t, "job_notebook"),
			},
			result:  notebook(),
			failure: missing("PATCH"),
		},
		{
			name:     "Delete",
			call:     func(ctx context.Context, c *proximl.ProxiML) (any, error) { return nil, c.Jobs.Delete(ctx, "job-id-1") },
			exchange: exchange{method: http.MethodDelete, path: "/job/job-id-1", query: inActive + "&force=false"},
			failure:  missing("DELETE"),
		},
		{
			name: "Delete with force",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return nil, c.Jobs.Delete(ctx, "job-id-1", proximl.WithForce())
			},
			exchange: exchange{method: http.MethodDelete, path: "/job/job-id-1", query: inActive + "&force=true", reply: "null"},
			failure:  missing("DELETE"),
		},
		{
			name: "WorkerLogURL",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return some(c.Jobs.WorkerLogURL(ctx, "job-id-2", "worker-id-11"))
			},
			exchange: exchange{
				method: http.MethodGet, path: "/job/job-id-2/worker/worker-id-11/logs", query: inActive,
				reply: `"https://trainml-jobs-prod.s3.us-east-2.amazonaws.com/job-id-2/logs/worker-id-11/test_training.zip?sig=1&x=2"`,
			},
			result: "https://trainml-jobs-prod.s3.us-east-2.amazonaws.com/job-id-2/logs/worker-id-11/test_training.zip?sig=1&x=2",
			failure: failure{
				http.StatusNotFound, "Not Found", proximl.ErrNotFound,
				"GET /job/job-id-2/worker/worker-id-11/logs: 404 Not Found (project proj-active from an option)",
			},
		},
	})
}

func TestJobsCopy(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, source string
		spec         proximl.JobSpec
		body         string
	}{
		{
			name: "all from the source", source: "job_notebook",
			spec: proximl.JobSpec{Name: "copy"},
			body: `{"name":"copy","type":"notebook","project_uuid":"proj-id-1","source_job_uuid":"job-id-1",
				"resources":{"gpu_types":["1060-id"],"gpu_count":1,"disk_size":10,"max_price":10}}`,
		},
		{
			name: "the older GPU type", source: "job_training",
			spec: proximl.JobSpec{Name: "copy", SourceJobID: "another"},
			body: `{"name":"copy","type":"training","project_uuid":"proj-id-1","source_job_uuid":"job-id-2",
				"resources":{"gpu_type_id":"1060-id","gpu_count":1,"disk_size":10,"max_price":10}}`,
		},
		{
			name: "the spec beats the source", source: "job_notebook",
			spec: proximl.JobSpec{
				Name: "train", Type: proximl.JobTypeTraining, ProjectID: "mine", Workers: []string{"python train.py"},
				Resources: proximl.JobResources{
					GPUTypes: []string{"rtx3090", "a100"}, GPUCount: new(0), CPUCount: new(8), DiskSize: new(50), MaxPrice: new(0.0), Preemptible: new(false),
				},
				Data: &proximl.JobData{Datasets: []proximl.DatasetRef{}}, Model: &proximl.JobModel{SourceType: "git", SourceURI: "u"},
			},
			body: `{"name":"train","type":"training","project_uuid":"mine","source_job_uuid":"job-id-1","workers":["python train.py"],
				"resources":{"gpu_types":["rtx3090","a100"],"gpu_count":0,"cpu_count":8,"disk_size":50,"max_price":0,"preemptible":false},
				"data":{"datasets":[]},"model":{"source_type":"git","source_uri":"u"}}`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client, mock := newMock(t)
			mock.expect(exchange{method: http.MethodGet, path: "/job/source", query: inActive, reply: fixture(t, test.source)})
			mock.expect(exchange{method: http.MethodPost, path: "/job", body: test.body, reply: fixture(t, "job_notebook")})
			given := test.spec
			job, err := client.Jobs.Copy(t.Context(), "source", &given)
			require.NoError(t, err)
			assert.Equal(t, notebook(), job)
			assert.Equal(t, test.spec, given, "the caller's spec")
		})
	}
}

// The mock fails the test when anything is sent.
func TestJobsUpdateOfNothing(t *testing.T) {
	t.Parallel()
	client, _ := newMock(t)
	job, err := client.Jobs.Update(t.Context(), "job-id-1", nil)
	require.ErrorIs(t, err, proximl.ErrInvalid)
	assert.Nil(t, job)
}

func TestJobsCopyFails(t *testing.T) {
	t.Parallel()
	look := exchange{method: http.MethodGet, path: "/job/source", query: inActive, reply: fixture(t, "job_notebook")}
	t.Run("no source", func(t *testing.T) {
		t.Parallel()
		client, mock := newMock(t)
		mock.expect(exchange{method: http.MethodGet, path: "/job/source", query: inActive, status: http.StatusNotFound, reply: `{"errorMessage":"Job Not Found"}`})
		job, err := client.Jobs.Copy(t.Context(), "source", &proximl.JobSpec{Name: "copy"})
		checkFailure(t, failure{
			http.StatusNotFound, "Job Not Found", proximl.ErrNotFound,
			"GET /job/source: 404 Not Found: Job Not Found (project proj-active from an option)",
		}, err)
		assert.Nil(t, job)
	})
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		client, mock := newMock(t)
		mock.expect(look)
		const message = "Invalid Request - Copied job disk_size must be greater than or equal to source job disk_size"
		mock.expect(exchange{
			method: http.MethodPost, path: "/job", status: http.StatusBadRequest, reply: `{"errorMessage":"` + message + `"}`,
			body: `{"name":"copy","type":"notebook","project_uuid":"proj-id-1","source_job_uuid":"job-id-1",
				"resources":{"gpu_types":["1060-id"],"gpu_count":1,"disk_size":9,"max_price":10}}`,
		})
		job, err := client.Jobs.Copy(t.Context(), "source", &proximl.JobSpec{Name: "copy", Resources: proximl.JobResources{DiskSize: new(9)}})
		checkFailure(t, failure{http.StatusBadRequest, message, proximl.ErrInvalid, "POST /job: 400 Bad Request: " + message}, err)
		assert.Nil(t, job)
	})
	t.Run("a source that says too little", func(t *testing.T) {
		t.Parallel()
		client, mock := newMock(t)
		mock.expect(exchange{method: http.MethodGet, path: "/job/source", query: inActive, reply: `{"job_uuid":"source"}`})
		job, err := client.Jobs.Copy(t.Context(), "source", &proximl.JobSpec{Name: "copy"})
		require.EqualError(t, err, "invalid job spec: type: is missing: notebook, training, inference or endpoint")
		require.ErrorIs(t, err, proximl.ErrInvalid)
		assert.Nil(t, job)
	})
	t.Run("no spec", func(t *testing.T) {
		t.Parallel()
		client, _ := newMock(t)
		job, err := client.Jobs.Copy(t.Context(), "source", nil)
		require.EqualError(t, err, "invalid job spec: name: is missing")
		require.ErrorIs(t, err, proximl.ErrInvalid)
		assert.Nil(t, job)
	})
	t.Run("no name", func(t *testing.T) {
		t.Parallel()
		client, _ := newMock(t) // nothing is sent, not even for the source
		job, err := client.Jobs.Copy(t.Context(), "source", &proximl.JobSpec{})
		require.EqualError(t, err, "invalid job spec: name: is missing")
		require.ErrorIs(t, err, proximl.ErrInvalid)
		assert.Nil(t, job)
	})
}

func TestJobURLs(t *testing.T) {
	t.Parallel()
	job := notebook()
	job.NotebookToken = "a b&c"
	assert.Equal(t, "https://example.com", job.URL())
	assert.Equal(t, "https://example.com/?token=a+b%26c", job.NotebookURL())
	job.Endpoint.URL = ""
	assert.Empty(t, job.URL())
	assert.Empty(t, job.NotebookURL(), "without a URL")
	assert.Empty(t, endpoint().NotebookURL(), "without a token")
}

func TestJobWorkerNumber(t *testing.T) {
	t.Parallel()
	job := &proximl.Job{Workers: []proximl.JobWorker{{ID: "first"}, {ID: "second"}}}
	assert.Equal(t, 1, job.WorkerNumber("first"))
	assert.Equal(t, 2, job.WorkerNumber("second"))
	assert.Equal(t, 0, job.WorkerNumber("third"))
}

func TestJobID(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ reply, id string }{
		"job_uuid":          {`{"job_uuid":"a","name":"n"}`, "a"},
		"id":                {`{"id":"b","name":"n"}`, "b"},
		"both":              {`{"id":"b","job_uuid":"a","name":"n"}`, "a"},
		"an id of a number": {`{"id":1,"name":"n"}`, ""},
		"neither":           {`{"other":"b","name":"n"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, mock := newMock(t)
			mock.expect(exchange{method: http.MethodGet, path: "/job/x", query: inActive, reply: test.reply})
			job, err := client.Jobs.Get(t.Context(), "x")
			require.NoError(t, err)
			assert.Equal(t, test.id, job.ID)
			assert.Equal(t, "n", job.Name)
		})
	}
}

func TestJobStatusTerminal(t *testing.T) {
	t.Parallel()
	terminal := map[proximl.JobStatus]bool{
		proximl.JobStatusFinished: true, proximl.JobStatusFailed: true, proximl.JobStatusCanceled: true,
		proximl.JobStatusRemoved: true, proximl.JobStatusArchived: true,
	}
	for _, status := range append(jobStatuses, "never heard of") {
		assert.Equal(t, terminal[status], status.Terminal(), status)
	}
}

// jobStatuses are all that are known.
var jobStatuses = []proximl.JobStatus{
	proximl.JobStatusNew, proximl.JobStatusWaitingForGPUs, proximl.JobStatusWaitingForResources, proximl.JobStatusWaitingForDownload,
	proximl.JobStatusProvisioning, proximl.JobStatusStarting, proximl.JobStatusRunning, proximl.JobStatusUploading, proximl.JobStatusFinished,
	proximl.JobStatusStopping, proximl.JobStatusStopped, proximl.JobStatusFailed, proximl.JobStatusCanceled, proximl.JobStatusCopying,
	proximl.JobStatusReinitializing, proximl.JobStatusRemoving, proximl.JobStatusRemoved, proximl.JobStatusArchived,
}
