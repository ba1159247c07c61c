package proximl_test

import (
	"net/http"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

// smallSpec is a spec with nothing that can be left out.
func smallSpec() *proximl.JobSpec {
	return &proximl.JobSpec{
		Name: "resnet", Type: proximl.JobTypeTraining, Workers: []string{"python train.py"},
		Resources: proximl.JobResources{GPUTypes: []string{"rtx3090"}},
	}
}

// fullSpec is a spec with all that can be said.
func fullSpec() *proximl.JobSpec {
	return &proximl.JobSpec{
		Name: "all", Type: "a new type", ProjectID: "proj-explicit", Workers: []string{"a", "b"}, SourceJobID: "job-id-9",
		Resources: proximl.JobResources{
			GPUTypes: []string{"rtx3090", "a100"}, GPUTypeID: "1060-id", GPUCount: new(2), CPUCount: new(8), DiskSize: new(20), MaxPrice: new(0.5),
			Preemptible: new(true), Extra: jsontext.Value(`{"region":"eu"}`),
		},
		Environment: &proximl.JobEnvironment{
			Type: "CUSTOM", CustomImage: "repo/image:tag", Env: []proximl.EnvVar{{Key: "EPOCHS", Value: "10"}},
			Packages:    &proximl.Packages{APT: []string{"git=1"}, PIP: []string{"numpy==2"}, Conda: []string{"scipy=3"}, Extra: jsontext.Value(`{"npm":["x"]}`)},
			Credentials: []string{"aws"}, Secrets: []string{"s"}, Extra: jsontext.Value(`{"shell":"zsh"}`),
		},
		Data: &proximl.JobData{
			Datasets: []proximl.DatasetRef{{ID: "CIFAR-10", Public: new(true)}, {ID: "mine", Extra: jsontext.Value(`{"type":"existing"}`)}},
			Volumes:  []string{"volume-id-1"}, InputType: "aws", InputURI: "s3://b/in", InputOptions: &proximl.LocationOptions{EndpointURL: "https://s3.example.com"},
			OutputType: "aws", OutputURI: "s3://b/out",
			OutputOptions: &proximl.LocationOptions{Archive: new(false), SaveModel: new(true), Path: "/p", Type: "t", Extra: jsontext.Value(`{"acl":1}`)},
			Extra:         jsontext.Value(`{"cache":true}`),
		},
		Model: &proximl.JobModel{
			SourceType: "proximl", SourceURI: "model-id-1", ProjectID: "other",
			Checkpoints: []proximl.CheckpointRef{{ID: "c", Public: new(false), Extra: jsontext.Value(`{"v":2}`)}}, Extra: jsontext.Value(`{"branch":"b"}`),
		},
		Endpoint: &proximl.JobEndpoint{
			Routes: []proximl.Route{{
				Path: "/predict", Verb: "POST", Function: "f", File: "app.py", Positional: new(false), Extra: jsontext.Value(`{"auth":"none"}`),
				Body: []proximl.RouteParameter{{Name: "x", Type: "int", Optional: new(true), Positional: new(true), Extra: jsontext.Value(`{"min":0}`)}},
			}},
			StartCommand: "serve", ReservationID: "res-1", Extra: jsontext.Value(`{"timeout":5}`),
			Authorizer: &proximl.EndpointAuthorizer{
				Type: proximl.AuthorizerTypeOIDC, APIKeys: []proximl.EndpointKey{{ClientID: "c", Key: "k", Extra: jsontext.Value(`{"since":1}`)}}, Issuer: "https://id.example.com",
				Audience: "a", Algorithms: []string{"RS256"}, JWKSURI: "https://id.example.com/keys", RequiredClaims: map[string]string{"group": "g"},
				Extra: jsontext.Value(`{"scopes":["s"]}`),
			},
		},
		Extra: jsontext.Value(`{"priority":[1,null]}`),
	}
}

const fullBody = `{
	"name":"all","type":"a new type","project_uuid":"proj-explicit","workers":["a","b"],"source_job_uuid":"job-id-9",
	"resources":{"gpu_types":["rtx3090","a100"],"gpu_type_id":"1060-id","gpu_count":2,"cpu_count":8,"disk_size":20,"max_price":0.5,
		"preemptible":true,"region":"eu"},
	"environment":{"type":"CUSTOM","custom_image":"repo/image:tag","env":[{"key":"EPOCHS","value":"10"}],
		"packages":{"apt":["git=1"],"pip":["numpy==2"],"conda":["scipy=3"],"npm":["x"]},
		"credentials":["aws"],"secrets":["s"],"shell":"zsh"},
	"data":{"datasets":[{"id":"CIFAR-10","public":true},{"id":"mine","type":"existing"}],"volumes":["volume-id-1"],
		"input_type":"aws","input_uri":"s3://b/in","input_options":{"endpoint_url":"https://s3.example.com"},
		"output_type":"aws","output_uri":"s3://b/out","output_options":{"archive":false,"save_model":true,"path":"/p","type":"t","acl":1},
		"cache":true},
	"model":{"source_type":"proximl","source_uri":"model-id-1","project_uuid":"other",
		"checkpoints":[{"id":"c","public":false,"v":2}],"branch":"b"},
	"endpoint":{"routes":[{"path":"/predict","verb":"POST","function":"f","file":"app.py","positional":false,"auth":"none",
			"body":[{"name":"x","type":"int","optional":true,"positional":true,"min":0}]}],
		"start_command":"serve","reservation_id":"res-1","timeout":5,
		"authorizer":{"type":"oidc","api_keys":[{"client_id":"c","key":"k","since":1}],"issuer":"https://id.example.com","audience":"a","algorithms":["RS256"],
			"jwks_uri":"https://id.example.com/keys","required_claims":{"group":"g"},"scopes":["s"]}},
	"priority":[1,null]}`

func TestJobSpecIsSent(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		spec *proximl.JobSpec
		opts []proximl.Option
		body string
	}{
		"all of it": {spec: fullSpec(), body: fullBody},
		"without an active project": {
			spec: smallSpec(), opts: []proximl.Option{proximl.WithProject("")},
			body: `{"name":"resnet","type":"training","workers":["python train.py"],"model":{},
				"resources":{"gpu_types":["rtx3090"],"disk_size":10,"max_price":10}}`,
		},
		"with zeros": {
			spec: &proximl.JobSpec{
				Name: "zero", Type: proximl.JobTypeNotebook, Workers: []string{},
				Resources: proximl.JobResources{GPUTypeID: "1060-id", GPUTypes: []string{}, GPUCount: new(0), DiskSize: new(0), MaxPrice: new(0.0)},
			},
			body: `{"name":"zero","type":"notebook","project_uuid":"proj-active","workers":[],"model":{},
				"resources":{"gpu_types":[],"gpu_type_id":"1060-id","gpu_count":0,"disk_size":0,"max_price":0}}`,
		},
		"a copy": {
			spec: &proximl.JobSpec{Name: "copy", Type: proximl.JobTypeNotebook, SourceJobID: "job-id-1"},
			body: `{"name":"copy","type":"notebook","project_uuid":"proj-active","source_job_uuid":"job-id-1",
				"resources":{"disk_size":10,"max_price":10}}`,
		},
		"not plain text": {
			spec: &proximl.JobSpec{
				Name: "jöb ☃ \xff", Type: proximl.JobTypeTraining, Workers: []string{`echo "é" <&>`},
				Resources: proximl.JobResources{GPUTypes: []string{"cpu"}},
			},
			body: `{"name":"jöb ☃ �","type":"training","project_uuid":"proj-active","workers":["echo \"é\" <&>"],"model":{},
				"resources":{"gpu_types":["cpu"],"disk_size":10,"max_price":10}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, mock := newMock(t, test.opts...)
			mock.expect(exchange{method: http.MethodPost, path: "/job", body: test.body, reply: fixture(t, "job_training")})
			_, err := client.Jobs.Create(t.Context(), test.spec)
			require.NoError(t, err)
		})
	}
}

func TestJobSpecOfTheCallerStays(t *testing.T) {
	t.Parallel()
	client, mock := newMock(t)
	mock.expect(exchange{
		method: http.MethodPost, path: "/job", reply: fixture(t, "job_training"),
		body: `{"name":"resnet","type":"training","project_uuid":"proj-active","workers":["python train.py"],"model":{},
			"resources":{"gpu_types":["rtx3090"],"disk_size":10,"max_price":10}}`,
	})
	spec := smallSpec()
	_, err := client.Jobs.Create(t.Context(), spec)
	require.NoError(t, err)
	assert.Equal(t, smallSpec(), spec)
}

// The mock fails the test when anything is sent.
func TestJobSpecThatCannotWork(t *testing.T) {
	t.Parallel()
	const (
		noType = "type: is missing: notebook, training, inference or endpoint"
		noGPU  = `resources.gpu_types: is missing: GPUTypes.List lists them; "cpu" is for jobs without a GPU`
	)
	for name, test := range map[string]struct {
		spec *proximl.JobSpec
		text string
	}{
		"no spec":     {nil, "invalid job spec: name: is missing"},
		"empty":       {&proximl.JobSpec{}, "invalid job spec: name: is missing; " + noType + "; " + noGPU},
		"no name":     {&proximl.JobSpec{Type: "t", Resources: proximl.JobResources{GPUTypeID: "g"}}, "invalid job spec: name: is missing"},
		"no type":     {&proximl.JobSpec{Name: "n", Resources: proximl.JobResources{GPUTypes: []string{"g"}}}, "invalid job spec: " + noType},
		"no GPU type": {&proximl.JobSpec{Name: "n", Type: "t", Resources: proximl.JobResources{GPUTypes: []string{}}}, "invalid job spec: " + noGPU},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := newMock(t)
			job, err := client.Jobs.Create(t.Context(), test.spec)
			require.EqualError(t, err, test.text)
			require.ErrorIs(t, err, proximl.ErrInvalid)
			var invalid *proximl.ValidationError
			require.ErrorAs(t, err, &invalid)
			assert.Equal(t, "job spec", invalid.What)
			assert.Nil(t, job)
		})
	}
}

// The service knows datasets and checkpoints by bare strings, too.
func TestReferencesMayBeStrings(t *testing.T) {
	t.Parallel()
	var spec proximl.JobSpec
	require.NoError(t, json.Unmarshal([]byte(`{"data":{"datasets":["d",{"id":"CIFAR-10","public":true}]},"model":{"checkpoints":["c",{"id":"e"}]}}`), &spec))
	assert.Equal(t, []proximl.DatasetRef{{ID: "d"}, {ID: "CIFAR-10", Public: new(true)}}, spec.Data.Datasets)
	assert.Equal(t, []proximl.CheckpointRef{{ID: "c"}, {ID: "e"}}, spec.Model.Checkpoints)
	var job proximl.Job
	require.NoError(t, json.Unmarshal([]byte(`{"job_uuid":"j","data":{"volumes":["v",{"id":"w","name":"n"}]},"model":{"checkpoints":["c"]}}`), &job))
	assert.Equal(t, []proximl.JobVolume{{ID: "v"}, {ID: "w", Name: "n"}}, job.Data.Volumes)
	assert.Equal(t, []proximl.CheckpointRef{{ID: "c"}}, job.Model.Checkpoints)
	require.Error(t, json.Unmarshal([]byte(`{"job_uuid":"j","data":{"volumes":[1]}}`), &job))
}
