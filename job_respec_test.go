package proximl_test

import (
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

// shelf is what the jobs of a project can use.
type shelf struct {
	client                    *proximl.ProxiML
	project                   string
	dataset, public           string
	model, volume, checkpoint string
}

func newShelf(t *testing.T) shelf {
	t.Helper()
	srv := proximltest.New(t, proximltest.WithoutListener(), proximltest.WithManualClock())
	client, err := srv.Client(srv.Account("me@example.com"))
	require.NoError(t, err)
	project, err := client.Projects.Create(t.Context(), &proximl.ProjectSpec{Name: "shelf"})
	require.NoError(t, err)
	client = client.InProject(project.ID)
	spec := &proximl.StorageSpec{Name: "mine", SourceType: "aws", SourceURI: "s3://bucket/path"}
	dataset, err := client.Datasets.Create(t.Context(), spec)
	require.NoError(t, err)
	model, err := client.Models.Create(t.Context(), spec)
	require.NoError(t, err)
	checkpoint, err := client.Checkpoints.Create(t.Context(), spec)
	require.NoError(t, err)
	volume, err := client.Volumes.Create(t.Context(), &proximl.VolumeSpec{Name: "mine", SourceType: "aws", SourceURI: "s3://bucket/path", Capacity: "10G"})
	require.NoError(t, err)
	public, err := client.Datasets.ListPublic(t.Context())
	require.NoError(t, err)
	return shelf{client, project.ID, dataset.ID, public[0].ID, model.ID, volume.ID, checkpoint.ID}
}

// A job's spec is the one that it was created with, whatever that was, and what
// it creates is the same job again.
func TestJobSpecOfAJob(t *testing.T) {
	t.Parallel()
	shelf := newShelf(t)
	rapid.Check(t, func(rt *rapid.T) {
		spec := shelf.spec(rt)
		asked := *spec
		if types := spec.Resources.GPUTypes; len(types) == 1 && rapid.Bool().Draw(rt, "older single type") {
			asked.Resources.GPUTypes, asked.Resources.GPUTypeID = nil, types[0]
		}
		first, err := shelf.client.Jobs.Create(t.Context(), &asked)
		require.NoError(rt, err)
		require.Equal(rt, spec, first.Spec())
		second, err := shelf.client.Jobs.Create(t.Context(), first.Spec())
		require.NoError(rt, err)
		require.NotEqual(rt, first.ID, second.ID)
		require.Equal(rt, spec, second.Spec())
	})
}

// spec is a random one that says all that the service would fill in.
func (s shelf) spec(t *rapid.T) *proximl.JobSpec {
	spec := &proximl.JobSpec{
		Name: rapid.StringMatching(`[a-z é☃"]{1,12}`).Draw(t, "name"), ProjectID: s.project,
		Type:        rapid.SampledFrom([]proximl.JobType{"notebook", "training", "inference", "endpoint"}).Draw(t, "type"),
		Resources:   someResources(t),
		Environment: someEnvironment(t),
		Model: maybe(t, "model", func() *proximl.JobModel {
			return &proximl.JobModel{SourceType: "proximl", SourceURI: s.model, ProjectID: maybe(t, "model project", func() string { return s.project })}
		}),
	}
	if rapid.Bool().Draw(t, "checkpoint") {
		spec.Model = &proximl.JobModel{
			SourceType: "git", SourceURI: "https://github.com/org/repo.git",
			Checkpoints: []proximl.CheckpointRef{{ID: s.checkpoint}, {ID: "gpt-j-6b", Public: new(true)}},
		}
	}
	s.addWork(t, spec)
	return spec
}

func (s shelf) addWork(t *rapid.T, spec *proximl.JobSpec) {
	data := &proximl.JobData{}
	switch spec.Type {
	case proximl.JobTypeTraining:
		spec.Workers = rapid.SliceOfN(commands, 1, 3).Draw(t, "workers")
	case proximl.JobTypeInference:
		spec.Workers = rapid.SliceOfN(commands, 1, 1).Draw(t, "workers")
		data.InputType, data.InputURI = "aws", "s3://bucket/in"
		data.InputOptions = maybe(t, "input options", func() *proximl.LocationOptions {
			return &proximl.LocationOptions{EndpointURL: "https://s3.example.com"}
		})
	case proximl.JobTypeEndpoint:
		spec.Endpoint = someEndpoint(t)
	}
	if spec.Type == proximl.JobTypeNotebook || spec.Type == proximl.JobTypeEndpoint {
		data.Volumes = maybe(t, "volumes", func() []string { return []string{s.volume} })
	} else if rapid.Bool().Draw(t, "output") {
		data.OutputType, data.OutputURI = "aws", "s3://bucket/out"
		data.OutputOptions = maybe(t, "output options", func() *proximl.LocationOptions {
			return &proximl.LocationOptions{Archive: new(false), SaveModel: new(true), Extra: jsontext.Value(`{"acl":1}`)}
		})
	}
	if spec.Type != proximl.JobTypeInference {
		data.Datasets = maybe(t, "datasets", func() []proximl.DatasetRef {
			return []proximl.DatasetRef{{ID: s.dataset}, {ID: s.public, Public: new(true)}}
		})
	}
	if !assert.ObjectsAreEqual(&proximl.JobData{}, data) {
		spec.Data = data
	}
}

var commands = rapid.SampledFrom([]string{"python train.py", `echo "é" > out`, "sh -c 'a && b'"})

func someResources(t *rapid.T) proximl.JobResources {
	resources := proximl.JobResources{
		DiskSize: new(rapid.IntRange(10, 2000).Draw(t, "disk")),
		MaxPrice: new(float64(rapid.IntRange(1, 100).Draw(t, "price")) / 8),
	}
	if rapid.Bool().Draw(t, "cpu") {
		resources.GPUTypes, resources.CPUCount = []string{"cpu"}, new(4*rapid.IntRange(1, 8).Draw(t, "cpus"))
		return resources
	}
	resources.GPUTypes = rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"rtx3090", "a100", "v100"}), 1, 3, rapid.ID[string]).Draw(t, "types")
	resources.GPUCount = new(rapid.IntRange(1, 4).Draw(t, "gpus"))
	resources.CPUCount = maybe(t, "cpu count", func() *int { return new(*resources.GPUCount * 8) })
	resources.Preemptible = maybe(t, "preemptible", func() *bool { return new(true) })
	return resources
}

func someEnvironment(t *rapid.T) *proximl.JobEnvironment {
	environment := &proximl.JobEnvironment{Type: "DEEPLEARNING_PY310"}
	if rapid.Bool().Draw(t, "custom image") {
		environment = &proximl.JobEnvironment{Type: "CUSTOM", CustomImage: "org/image:tag"}
	}
	environment.Env = maybe(t, "env", func() []proximl.EnvVar { return []proximl.EnvVar{{Key: "EPOCHS", Value: "10"}, {Key: "EMPTY"}} })
	environment.Packages = maybe(t, "packages", func() *proximl.Packages { return &proximl.Packages{APT: []string{"git"}, PIP: []string{"numpy==2"}} })
	environment.Credentials = maybe(t, "credentials", func() []string { return []string{"aws", "kaggle"} })
	environment.Secrets = maybe(t, "secrets", func() []string { return []string{"super_secret"} })
	return environment
}

func someEndpoint(t *rapid.T) *proximl.JobEndpoint {
	endpoint := &proximl.JobEndpoint{StartCommand: "serve"}
	if rapid.Bool().Draw(t, "routes") {
		endpoint = &proximl.JobEndpoint{Routes: []proximl.Route{{
			Path: "/predict", Verb: "POST", Function: "predict", File: "app", Positional: new(true),
			Body: []proximl.RouteParameter{{Name: "x", Type: "int", Optional: new(false)}},
		}}}
	}
	endpoint.Authorizer = maybe(t, "authorizer", func() *proximl.EndpointAuthorizer {
		return &proximl.EndpointAuthorizer{Type: proximl.AuthorizerTypeOIDC, Issuer: "https://id.example.com", Algorithms: []string{"RS256"}}
	})
	return endpoint
}

// maybe makes a part or leaves it out.
func maybe[T any](t *rapid.T, label string, part func() T) (none T) {
	if rapid.Bool().Draw(t, label) {
		return part()
	}
	return none
}

// The older single type is all that some jobs tell; with GPUTypes it is the one
// that was chosen.
func TestJobSpecOfAJobWithAGPUTypeID(t *testing.T) {
	t.Parallel()
	for reply, want := range map[string]proximl.JobResources{
		`{"gpu_type_id":"1060-id","gpu_count":1}`:                                {GPUTypeID: "1060-id", GPUCount: new(1)},
		`{"gpu_types":["rtx3090","a100"],"gpu_type_id":"a100-id","gpu_count":1}`: {GPUTypes: []string{"rtx3090", "a100"}, GPUCount: new(1)},
	} {
		var job proximl.Job
		require.NoError(t, json.Unmarshal([]byte(`{"job_uuid":"x","name":"n","type":"training","resources":`+reply+`,"workers":[{"command":"c"}]}`), &job))
		assert.Equal(t, &proximl.JobSpec{Name: "n", Type: "training", Resources: want, Workers: []string{"c"}}, job.Spec())
	}
}

// However a job tells what it reads, its spec names the same.
func TestJobSpecOfAJobWithOtherReferences(t *testing.T) {
	t.Parallel()
	for _, reply := range []string{
		`"data":{"datasets":[{"dataset_uuid":"d","type":"existing"},{"dataset_uuid":"p","type":"public"}]},"model":{"checkpoints":[{"id":"c"},{"id":"q","public":true}]}`,
		`"data":{"datasets":["d",{"id":"p","public":true}]},"model":{"checkpoints":["c",{"checkpoint_uuid":"q","type":"public","name":"n"}]}`,
	} {
		var job proximl.Job
		require.NoError(t, json.Unmarshal([]byte(`{"job_uuid":"x","type":"notebook",`+reply+`}`), &job))
		assert.Equal(t, []proximl.DatasetRef{{ID: "d"}, {ID: "p", Public: new(true)}}, job.Spec().Data.Datasets)
		assert.Equal(t, []proximl.CheckpointRef{{ID: "c"}, {ID: "q", Public: new(true)}}, job.Spec().Model.Checkpoints)
	}
}

// What the service fills in and what it tells of its own is not in the spec.
func TestJobSpecOfANotebook(t *testing.T) {
	t.Parallel()
	var job proximl.Job
	require.NoError(t, json.Unmarshal([]byte(fixture(t, "job_notebook")), &job))
	assert.Equal(t, &proximl.JobSpec{
		Name: "test notebook", Type: "notebook", ProjectID: job.ProjectID,
		Resources: proximl.JobResources{GPUTypes: []string{"1060-id"}, GPUCount: new(1), DiskSize: new(10), MaxPrice: new(10.0)},
		Environment: &proximl.JobEnvironment{
			Type: "DEEPLEARNING_PY310", Env: []proximl.EnvVar{{Key: "env1", Value: "env1val"}}, Credentials: []string{"aws", "gcp"},
		},
		Data:  &proximl.JobData{Datasets: []proximl.DatasetRef{{ID: "data-id-1", Public: new(true)}}},
		Model: &proximl.JobModel{SourceType: "git", SourceURI: "git@github.com:proxiML/test-private.git"},
	}, job.Spec())
}
