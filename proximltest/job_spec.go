package proximltest

import (
	"cmp"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Job types.
const (
	typeNotebook  = "notebook"
	typeTraining  = "training"
	typeInference = "inference"
	typeEndpoint  = "endpoint"
)

// jobSpec is what a caller says about a job.
type jobSpec struct {
	Name        string          `json:"name"`
	Type        string          `json:"type"`
	Resources   resourcesSpec   `json:"resources"`
	Workers     []command       `json:"workers"`
	Environment environmentSpec `json:"environment"`
	Data        dataSpec        `json:"data"`
	Model       modelSpec       `json:"model"`
	Endpoint    endpointSpec    `json:"endpoint"`
}

type resourcesSpec struct {
	GPUTypes    []string `json:"gpu_types"`            // abbreviations, any of which will do
	GPUTypeID   string   `json:"gpu_type_id,omitzero"` // one type by id, name or abbreviation: the older form
	GPUCount    int      `json:"gpu_count,omitzero"`   // for each worker
	CPUCount    int      `json:"cpu_count,omitzero"`
	DiskSize    *int     `json:"disk_size,omitzero"` // GB
	MaxPrice    *float64 `json:"max_price,omitzero"` // credits per hour for one GPU
	Preemptible bool     `json:"preemptible,omitzero"`
}

type environmentSpec struct {
	Type        string        `json:"type,omitzero"`
	CustomImage string        `json:"custom_image,omitzero"`
	Env         []envVar      `json:"env"`
	Packages    *packageLists `json:"packages,omitzero"`
	Credentials []string      `json:"credentials"` // types of the project's credentials
	Secrets     []string      `json:"secrets,omitzero"`
}

type envVar struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

type packageLists struct {
	Apt   []string `json:"apt,omitzero"`
	Pip   []string `json:"pip,omitzero"`
	Conda []string `json:"conda,omitzero"`
}

type dataSpec struct {
	Datasets []entityRef `json:"datasets"`
	Volumes  []entityRef `json:"volumes,omitzero"`
	transferSpec
}

// transferSpec says where a job's input comes from and its output goes to.
type transferSpec struct {
	InputType     string         `json:"input_type,omitzero"`
	InputURI      string         `json:"input_uri,omitzero"`
	InputOptions  jsontext.Value `json:"input_options,omitzero"`
	OutputType    string         `json:"output_type,omitzero"`
	OutputURI     string         `json:"output_uri,omitzero"`
	OutputOptions jsontext.Value `json:"output_options,omitzero"`
}

type modelSpec struct {
	SourceType    string         `json:"source_type,omitzero"`
	SourceURI     string         `json:"source_uri,omitzero"`
	SourceOptions jsontext.Value `json:"source_options,omitzero"`
	ProjectID     string         `json:"project_uuid,omitzero"` // of a model of another project
	Checkpoints   []entityRef    `json:"checkpoints,omitzero"`
	GitURI        string         `json:"git_uri,omitzero"` // the older form of a git source
}

type endpointSpec struct {
	Routes       []jsontext.Value `json:"routes,omitzero"`
	StartCommand string           `json:"start_command,omitzero"`
	// Extra keeps what is not known by name, such as authorizers.
	Extra jsontext.Value `json:",embed"`
}

// command is a worker's command. It is given as a string, or as a worker object read from another job.
type command string

// UnmarshalJSON reads either form.
func (c *command) UnmarshalJSON(text []byte) error {
	if text[0] != '{' {
		return json.Unmarshal(text, (*string)(c))
	}
	var worker struct {
		Command string `json:"command"`
	}
	err := json.Unmarshal(text, &worker)
	*c = command(worker.Command)
	return err
}

// entityRef names a dataset, checkpoint or volume for use in a job.
type entityRef struct {
	ID     string `json:"id"` // or name
	Public bool   `json:"public,omitzero"`
}

// UnmarshalJSON reads an id or name, {"id", "public"}, and the older forms with "type" and an id key such as "dataset_uuid".
func (r *entityRef) UnmarshalJSON(text []byte) error {
	if text[0] != '{' {
		return json.Unmarshal(text, &r.ID)
	}
	var ref struct {
		ID           string `json:"id"`
		DatasetID    string `json:"dataset_uuid"`
		CheckpointID string `json:"checkpoint_uuid"`
		Type         string `json:"type"`
		Public       bool   `json:"public"`
	}
	err := json.Unmarshal(text, &ref)
	r.ID = cmp.Or(ref.ID, ref.DatasetID, ref.CheckpointID)
	r.Public = ref.Public || ref.Type == sourcePublic
	return err
}

// clone returns a copy that shares nothing with the original, onto which changes can be decoded.
func (spec *jobSpec) clone() (copied jobSpec) {
	text, _ := json.Marshal(spec)
	json.Unmarshal(text, &copied)
	return copied
}

// complete puts older forms into today's and fills in what was left out.
func (spec *jobSpec) complete() {
	res := &spec.Resources
	if len(res.GPUTypes) == 0 && res.GPUTypeID != "" {
		res.GPUTypes = []string{res.GPUTypeID}
	}
	res.GPUTypeID = ""
	for i, name := range res.GPUTypes {
		if g, known := gpuTypeNamed(name); known {
			res.GPUTypes[i] = g.abbrv
		}
	}
	if res.GPUCount == 0 && !res.isCPUOnly() {
		res.GPUCount = 1
	}
	if res.DiskSize == nil {
		res.DiskSize = new(minDiskSize)
	}
	if res.MaxPrice == nil {
		res.MaxPrice = new(10.0)
	}
	spec.Environment.Type = cmp.Or(spec.Environment.Type, defaultEnvironment)
	if spec.Model.GitURI != "" {
		spec.Model.SourceType, spec.Model.SourceURI, spec.Model.GitURI = "git", spec.Model.GitURI, ""
	}
}

func (res *resourcesSpec) isCPUOnly() bool {
	return len(res.GPUTypes) == 1 && res.GPUTypes[0] == cpuOnly
}
