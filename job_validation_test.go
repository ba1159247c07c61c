package proximl_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

// catalogue is what GPUTypes.List could answer.
func catalogue() []*proximl.GPUType {
	return []*proximl.GPUType{
		{ID: "3090-id", Name: "RTX 3090", Abbreviation: "rtx3090", Price: proximl.GPUPrice{Min: 0.98, Max: 0.98}},
		{ID: "2080ti-id", Name: "RTX 2080 Ti", Abbreviation: "rtx2080ti", Price: proximl.GPUPrice{Min: 0.35, Max: 0.4}},
		{ID: "a100-id", Name: "A100", Abbreviation: "a100", Price: proximl.GPUPrice{Min: 2.78, Max: 4.9}},
		{ID: "cpu-id", Name: "CPU Only", Abbreviation: "cpu", Price: proximl.GPUPrice{Min: 0.02, Max: 0.02}},
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	resources := func(resources proximl.JobResources) func(*proximl.JobSpec) {
		return func(spec *proximl.JobSpec) { spec.Resources = resources }
	}
	gpus := func(types ...string) []string { return types }
	for name, test := range map[string]struct {
		change   func(*proximl.JobSpec)
		problems string // "; " between two
	}{
		"nothing wrong":         {func(*proximl.JobSpec) {}, ""},
		"a type by id and name": {resources(proximl.JobResources{GPUTypes: gpus("3090-id", "RTX 3090", "RTX3090")}), ""},
		"a type that is not there": {
			resources(proximl.JobResources{GPUTypes: gpus("k80", "rtx3090", "x")}), "resources.gpu_types: GPU Type k80 Invalid; resources.gpu_types: GPU Type x Invalid",
		},
		"CPUs, the older way":  {resources(proximl.JobResources{GPUTypeID: "cpu"}), "resources.cpu_count: cpu_count required for CPU only jobs"},
		"the older way":        {resources(proximl.JobResources{GPUTypeID: "rtx3090", CPUCount: new(4)}), "resources.cpu_count: CPU Count must be at least 8 for gpu types rtx3090"},
		"an older single type": {resources(proximl.JobResources{GPUTypeID: "k80"}), "resources.gpu_type_id: GPU Type k80 Invalid"},
		"a disk too small":     {resources(proximl.JobResources{GPUTypes: gpus("a100"), DiskSize: new(9)}), "resources.disk_size: Disk Size must be between 10 and 2000"},
		"a disk too large":     {resources(proximl.JobResources{GPUTypes: gpus("a100"), DiskSize: new(2001)}), "resources.disk_size: Disk Size must be between 10 and 2000"},
		"disks that will do":   {resources(proximl.JobResources{GPUTypes: gpus("a100"), DiskSize: new(2000)}), ""},
		"CPU beside a GPU":     {resources(proximl.JobResources{GPUTypes: gpus("cpu", "a100")}), "resources.gpu_types: All selected resource_types must have the same backend"},
		"capitals":             {resources(proximl.JobResources{GPUTypes: gpus("RTX3090"), CPUCount: new(4)}), "resources.cpu_count: CPU Count must be at least 8 for gpu types RTX3090"},
		"CPU only in capitals": {resources(proximl.JobResources{GPUTypes: gpus("CPU")}), "resources.cpu_count: cpu_count required for CPU only jobs"},
		"CPU only":             {resources(proximl.JobResources{GPUTypes: gpus("cpu"), CPUCount: new(4)}), ""},
		"CPU only with what is not for it": {
			resources(proximl.JobResources{GPUTypes: gpus("cpu"), GPUCount: new(1)}),
			"resources.gpu_count: gpu_count not valid for CPU only jobs; resources.cpu_count: cpu_count required for CPU only jobs",
		},
		"no multiple":      {resources(proximl.JobResources{GPUTypes: gpus("a100"), CPUCount: new(1)}), "resources.cpu_count: CPU Count must be a multiple of 4"},
		"too few CPUs":     {resources(proximl.JobResources{GPUTypes: gpus("rtx3090"), CPUCount: new(4), GPUCount: new(1)}), "resources.cpu_count: CPU Count must be at least 8 for gpu types rtx3090"},
		"enough CPUs":      {resources(proximl.JobResources{GPUTypes: gpus("rtx3090"), CPUCount: new(8)}), ""},
		"too few for two":  {resources(proximl.JobResources{GPUTypes: gpus("rtx2080ti"), CPUCount: new(4), GPUCount: new(2)}), "resources.cpu_count: CPU Count must be at least 8 for gpu types rtx2080ti and gpu_count 2"},
		"the highest wins": {resources(proximl.JobResources{GPUTypes: gpus("rtx2080ti", "rtx3090"), CPUCount: new(12), GPUCount: new(2)}), "resources.cpu_count: CPU Count must be at least 16 for gpu types rtx2080ti,rtx3090 and gpu_count 2"},
		"no GPU":           {resources(proximl.JobResources{GPUTypes: gpus("a100"), GPUCount: new(0)}), "resources.gpu_count: must be between 1 and 4"},
		"too many GPUs":    {resources(proximl.JobResources{GPUTypes: gpus("a100"), GPUCount: new(5)}), "resources.gpu_count: must be between 1 and 4"},
		"a negative price": {resources(proximl.JobResources{GPUTypes: gpus("a100"), MaxPrice: new(-1.0)}), "resources.max_price: must not be negative"},

		"training without workers": {func(s *proximl.JobSpec) { s.Workers = nil }, "workers: Training jobs must have at least one worker"},
		"inference with two":       {func(s *proximl.JobSpec) { s.Type, s.Workers = "inference", []string{"a", "b"} }, "workers: Inference jobs must have exactly one worker"},
		"inference with datasets": {
			func(s *proximl.JobSpec) {
				s.Type, s.Data = "inference", &proximl.JobData{Datasets: []proximl.DatasetRef{{ID: "d"}}}
			}, "data.datasets: Inference jobs cannot use datasets",
		},
		"a notebook without workers": {func(s *proximl.JobSpec) { s.Type, s.Workers = "notebook", nil }, ""},
		"an endpoint of commands": {
			func(s *proximl.JobSpec) { s.Type = "endpoint" },
			"workers: Endpoints do not use worker commands; endpoint.routes: Endpoints must have at least one route specified",
		},
		"an endpoint of a command": {
			func(s *proximl.JobSpec) {
				s.Type, s.Workers, s.Endpoint = "endpoint", nil, &proximl.JobEndpoint{StartCommand: "serve"}
			}, "",
		},
		"a route of nothing": {
			func(s *proximl.JobSpec) {
				s.Type, s.Workers = "endpoint", nil
				s.Endpoint = &proximl.JobEndpoint{
					Routes:     []proximl.Route{{Verb: "GET", Body: []proximl.RouteParameter{{}}}},
					Authorizer: &proximl.EndpointAuthorizer{APIKeys: make([]proximl.EndpointKey, 11)},
				}
			},
			"endpoint.routes[0].path: is missing; endpoint.routes[0].function: is missing; endpoint.routes[0].file: is missing; " +
				"endpoint.routes[0].verb: must be POST; endpoint.routes[0].body[0].name: is missing; " +
				"endpoint.authorizer.api_keys: an endpoint has at most 10 keys",
		},
		"an unknown type": {func(s *proximl.JobSpec) { s.Type = "headless" }, "type: headless is none of notebook, training, inference, endpoint"},

		"volumes in training": {func(s *proximl.JobSpec) { s.Data = &proximl.JobData{Volumes: []string{"v"}} }, "data.volumes: Only Notebook and Endpoint job types can use writable volumes"},
		"an output of a notebook": {
			func(s *proximl.JobSpec) {
				s.Type, s.Data = "notebook", &proximl.JobData{OutputType: "aws", OutputURI: "s3://b/out"}
			}, "data.output_type: output_type invalid for Notebook and Endpoint jobs",
		},
		"a regional output of a notebook": {func(s *proximl.JobSpec) { s.Type, s.Data = "notebook", &proximl.JobData{OutputType: "regional"} }, ""},
		"an output of an unknown kind": {
			func(s *proximl.JobSpec) { s.Data = &proximl.JobData{OutputType: "proximl", OutputURI: "modle"} },
			"data.output_uri: must be model, dataset, checkpoint or volume when output_type is proximl",
		},
		"output of no place": {func(s *proximl.JobSpec) { s.Data = &proximl.JobData{OutputType: "aws"} }, "data.output_uri: is missing"},
		"places of unknown types": {
			func(s *proximl.JobSpec) {
				s.Data = &proximl.JobData{InputType: "ftp", OutputType: "s3", OutputURI: "s3://b"}
			},
			"data.input_type: ftp is none of aws, azure, gcp, kaggle, local, wasabi, web; " +
				"data.output_type: s3 is none of aws, azure, gcp, local, proximl, regional, trainml, wasabi",
		},
		"an empty command": {func(s *proximl.JobSpec) { s.Workers = []string{"a", ""} }, "workers[1]: is missing"},
		"references to nothing": {
			func(s *proximl.JobSpec) {
				s.Type, s.Workers = "notebook", nil
				s.Data = &proximl.JobData{Datasets: make([]proximl.DatasetRef, 1), Volumes: []string{"v", ""}, InputType: "aws"}
				s.Model = &proximl.JobModel{SourceType: "git", Checkpoints: make([]proximl.CheckpointRef, 1)}
			},
			"data.datasets[0].id: is missing; data.volumes[1]: is missing; data.input_uri: is missing; model.source_uri: is missing; model.checkpoints[0].id: is missing",
		},
		"an image that is not named": {func(s *proximl.JobSpec) { s.Environment = &proximl.JobEnvironment{Type: "CUSTOM"} }, "environment.custom_image: is missing: the type CUSTOM needs it"},
		"variables without names, and twice": {
			func(s *proximl.JobSpec) {
				s.Environment = &proximl.JobEnvironment{Env: []proximl.EnvVar{{Value: "x"}, {Key: "A"}, {Key: "B"}, {Key: "A"}}}
			}, "environment.env[0].key: is missing; environment.env[3].key: A is set twice",
		},
		"a copy leaves open what it takes": {
			func(s *proximl.JobSpec) {
				s.SourceJobID, s.Workers, s.Resources = "job-id-1", nil, proximl.JobResources{DiskSize: new(1)}
			}, "resources.disk_size: Disk Size must be between 10 and 2000",
		},
		"everything at once": {
			func(s *proximl.JobSpec) { *s = proximl.JobSpec{Resources: proximl.JobResources{DiskSize: new(1)}} },
			"name: is missing; type: is missing: notebook, training, inference or endpoint; " +
				`resources.gpu_types: is missing: GPUTypes.List lists them; "cpu" is for jobs without a GPU; ` +
				"resources.disk_size: Disk Size must be between 10 and 2000",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec := smallSpec()
			test.change(spec)
			err := spec.Validate(catalogue())
			if test.problems == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, "invalid job spec: "+test.problems)
			require.ErrorIs(t, err, proximl.ErrInvalid)
			var invalid *proximl.ValidationError
			require.ErrorAs(t, err, &invalid)
			assert.Len(t, invalid.Problems, strings.Count(test.problems, "; ")+1-strings.Count(test.problems, `lists them; `))
		})
	}
}

// Without the GPU types of the service, their names are left to it.
func TestValidateWithoutGPUTypes(t *testing.T) {
	t.Parallel()
	spec := smallSpec()
	spec.Resources.GPUTypes = []string{"k80"}
	require.NoError(t, spec.Validate(nil))
	require.EqualError(t, spec.Validate([]*proximl.GPUType{}), "invalid job spec: resources.gpu_types: GPU Type k80 Invalid")
	require.EqualError(t, (*proximl.JobSpec)(nil).Validate(nil), "invalid job spec: name: is missing")
}

// What the service has become more lenient about can be created.
func TestCreateDoesNotValidate(t *testing.T) {
	t.Parallel()
	client, mock := newMock(t)
	spec := smallSpec()
	spec.Workers, spec.Resources.CPUCount = nil, new(1)
	mock.expect(exchange{
		method: "POST", path: "/job", reply: fixture(t, "job_training"),
		body: `{"name":"resnet","type":"training","project_uuid":"proj-active","model":{},
			"resources":{"gpu_types":["rtx3090"],"cpu_count":1,"disk_size":10,"max_price":10}}`,
	})
	require.Error(t, spec.Validate(nil))
	_, err := client.Jobs.Create(t.Context(), spec)
	require.NoError(t, err)
}
