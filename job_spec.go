package proximl

import "github.com/go-json-experiment/json/jsontext"

// JobType is the kind of a job. The set is open.
type JobType string

// The known job types.
const (
	JobTypeNotebook  JobType = "notebook"  // Jupyter Lab, runs until stopped
	JobTypeTraining  JobType = "training"  // runs its workers' commands to the end
	JobTypeInference JobType = "inference" // one worker over input data
	JobTypeEndpoint  JobType = "endpoint"  // serves requests until stopped
)

// JobSpec says what job to create.
type JobSpec struct {
	Name        string          `json:"name"`
	Type        JobType         `json:"type"`
	ProjectID   string          `json:"project_uuid,omitzero"` // the active project when empty
	Resources   JobResources    `json:"resources,omitzero"`
	Workers     []string        `json:"workers,omitzero"` // a command each
	Environment *JobEnvironment `json:"environment,omitzero"`
	Data        *JobData        `json:"data,omitzero"`
	Model       *JobModel       `json:"model,omitzero"`
	Endpoint    *JobEndpoint    `json:"endpoint,omitzero"`
	SourceJobID string          `json:"source_job_uuid,omitzero"` // makes a copy of a running or stopped job
	Extra       jsontext.Value  `json:",embed"`                   // further fields, sent as they are
}

// JobResources is what each worker of a job runs on.
type JobResources struct {
	GPUTypes    []string       `json:"gpu_types,omitzero"`   // abbreviations, any of which will do; or just "cpu"
	GPUTypeID   string         `json:"gpu_type_id,omitzero"` // the older single choice; GPUTypes is preferred
	GPUCount    *int           `json:"gpu_count,omitzero"`   // of each worker; the service's choice when nil; not for cpu
	CPUCount    *int           `json:"cpu_count,omitzero"`   // a multiple of 4
	DiskSize    *int           `json:"disk_size,omitzero"`   // GB, 10 to 2000; 10 when nil
	MaxPrice    *float64       `json:"max_price,omitzero"`   // credits per hour and GPU; 10 when nil
	Preemptible *bool          `json:"preemptible,omitzero"`
	Extra       jsontext.Value `json:",embed"` // further fields, sent as they are
}

// JobEnvironment is the software that a job runs in.
type JobEnvironment struct {
	Type        string         `json:"type,omitzero"`         // an Environment's id; CUSTOM needs CustomImage
	CustomImage string         `json:"custom_image,omitzero"` // a Docker image
	Env         []EnvVar       `json:"env,omitzero"`
	Packages    *Packages      `json:"packages,omitzero"`
	Credentials []string       `json:"credentials,omitzero"` // types of the project's keys to attach
	Secrets     []string       `json:"secrets,omitzero"`     // names of the project's secrets to attach
	Extra       jsontext.Value `json:",embed"`               // further fields, sent as they are
}

// EnvVar is an environment variable of a job.
type EnvVar struct {
	Key   string         `json:"key"`
	Value string         `json:"value"`
	Extra jsontext.Value `json:",embed"` // further fields, sent as they are
}

// Packages are installed before a job starts. A version goes with the name, as
// the package manager wants it: p=1.0 for apt and conda, p==1.0 for pip.
type Packages struct {
	APT   []string       `json:"apt,omitzero"`
	PIP   []string       `json:"pip,omitzero"`
	Conda []string       `json:"conda,omitzero"`
	Extra jsontext.Value `json:",embed"` // further fields, sent as they are
}

// JobData is what a job reads and where its output goes.
type JobData struct {
	Datasets      []DatasetRef     `json:"datasets,omitzero"`      // not for inference
	Volumes       []string         `json:"volumes,omitzero"`       // notebooks and endpoints only
	InputType     LocationType     `json:"input_type,omitzero"`    // of inference: any but git, proximl and regional
	InputURI      string           `json:"input_uri,omitzero"`     //
	InputOptions  *LocationOptions `json:"input_options,omitzero"` //
	OutputType    LocationType     `json:"output_type,omitzero"`   // any but git, kaggle and web
	OutputURI     string           `json:"output_uri,omitzero"`    // with type proximl: model, dataset, checkpoint or volume
	OutputOptions *LocationOptions `json:"output_options,omitzero"`
	Extra         jsontext.Value   `json:",embed"` // further fields, sent as they are
}

// DatasetRef names a dataset that a job reads.
type DatasetRef struct {
	ID     string         `json:"id"` // or its name
	Public *bool          `json:"public,omitzero"`
	Extra  jsontext.Value `json:",embed"` // further fields, sent as they are
}

// UnmarshalJSONFrom reads a reference, or the string that is its id or name.
func (r *DatasetRef) UnmarshalJSONFrom(decoder *jsontext.Decoder) error {
	type plain DatasetRef
	return objectOrString(decoder, (*plain)(r), &r.ID)
}

// JobModel is where the code and weights of a job come from.
type JobModel struct {
	SourceType  LocationType    `json:"source_type,omitzero"`  // git, local, proximl; inferred: aws, azure, gcp, kaggle, wasabi, web
	SourceURI   string          `json:"source_uri,omitzero"`   // with type proximl: the id of a model
	ProjectID   string          `json:"project_uuid,omitzero"` // of a model of another project
	Checkpoints []CheckpointRef `json:"checkpoints,omitzero"`
	Extra       jsontext.Value  `json:",embed"` // further fields, sent as they are
}

// CheckpointRef names a checkpoint that a job reads.
type CheckpointRef struct {
	ID     string         `json:"id"` // or its name
	Public *bool          `json:"public,omitzero"`
	Extra  jsontext.Value `json:",embed"` // further fields, sent as they are
}

// UnmarshalJSONFrom reads a reference, or the string that is its id or name.
//
// Uncertain: the form in which jobs tell their datasets, with checkpoint_uuid
// and type, is read as well.
func (r *CheckpointRef) UnmarshalJSONFrom(decoder *jsontext.Decoder) error {
	type plain CheckpointRef
	if err := objectOrString(decoder, (*plain)(r), &r.ID); err != nil {
		return err
	}
	orField(&r.ID, "checkpoint_uuid", r.Extra)
	var kind string
	if orField(&kind, "type", r.Extra); r.Public == nil && kind == publicType {
		r.Public = new(true)
	}
	return nil
}

// JobEndpoint is what an endpoint serves: routes to functions of the model's
// code, or a command that listens on port 80.
type JobEndpoint struct {
	Routes        []Route             `json:"routes,omitzero"`
	StartCommand  string              `json:"start_command,omitzero"`
	ReservationID string              `json:"reservation_id,omitzero"` // uncertain: the service may know it by a newer name
	Authorizer    *EndpointAuthorizer `json:"authorizer,omitzero"`     // uncertain: the name of the field
	Extra         jsontext.Value      `json:",embed"`                  // further fields, sent as they are
}

// Route makes a function callable over HTTP.
type Route struct {
	Path       string           `json:"path"`
	Verb       string           `json:"verb"` // POST
	Function   string           `json:"function"`
	File       string           `json:"file"`                // with or without .py
	Positional *bool            `json:"positional,omitzero"` // pass the body's values by position
	Body       []RouteParameter `json:"body,omitzero"`
	Extra      jsontext.Value   `json:",embed"` // further fields, sent as they are
}

// RouteParameter is a value in the body of a request to a route.
type RouteParameter struct {
	Name       string         `json:"name"`
	Type       string         `json:"type"` // str, int, float, list; others are uncertain
	Optional   *bool          `json:"optional,omitzero"`
	Positional *bool          `json:"positional,omitzero"`
	Extra      jsontext.Value `json:",embed"` // further fields, sent as they are
}

const (
	defaultDiskSize = 10   // GB
	defaultMaxPrice = 10.0 // credits per hour and GPU
)

// filledIn checks what can never work and fills in what the spec leaves open, on a
// copy.
func (s *JobSpec) filledIn(project string) (*JobSpec, error) {
	if s == nil {
		return nil, missingName("job spec")
	}
	if err := s.impossible().orNil(); err != nil {
		return nil, err
	}
	filled := *s
	if filled.ProjectID == "" {
		filled.ProjectID = project
	}
	if filled.Resources.DiskSize == nil {
		filled.Resources.DiskSize = new(defaultDiskSize)
	}
	if filled.Resources.MaxPrice == nil {
		filled.Resources.MaxPrice = new(defaultMaxPrice)
	}
	if filled.Model == nil && filled.SourceJobID == "" {
		filled.Model = &JobModel{}
	}
	return &filled, nil
}

// impossible lists what can never work.
func (s *JobSpec) impossible() *ValidationError {
	problems := &ValidationError{What: "job spec"}
	if s.Name == "" {
		problems.add("name", "is missing")
	}
	if s.Type == "" {
		problems.add("type", "is missing: notebook, training, inference or endpoint")
	}
	if len(s.Resources.GPUTypes) == 0 && s.Resources.GPUTypeID == "" && s.SourceJobID == "" {
		problems.add("resources.gpu_types", "is missing: GPUTypes.List lists them; \"cpu\" is for jobs without a GPU")
	}
	return problems
}

// JobUpdate says what to change in a job: what is nil stays as it is.
//
// Inferred: the Python client changes notebooks only; the service documents
// that an endpoint's authorizer can be changed, so it accepts more.
type JobUpdate struct {
	Name        *string         `json:"name,omitzero"`
	Resources   *JobResources   `json:"resources,omitzero"`
	Workers     []string        `json:"workers,omitzero"`
	Environment *JobEnvironment `json:"environment,omitzero"`
	Data        *JobData        `json:"data,omitzero"`
	Model       *JobModel       `json:"model,omitzero"`
	Endpoint    *JobEndpoint    `json:"endpoint,omitzero"`
	Extra       jsontext.Value  `json:",embed"` // further fields, sent as they are
}
