package proximl

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// JobStatus is the state of a job. The set is open: an unknown one passes
// through.
type JobStatus string

// The known statuses, in the order that a job goes through them (inferred from
// how the Python client waits), then those that end it or lie beside the way.
const (
	JobStatusNew                 JobStatus = "new"
	JobStatusWaitingForGPUs      JobStatus = "waiting for GPUs" // the older word for the next
	JobStatusWaitingForResources JobStatus = "waiting for resources"
	JobStatusWaitingForDownload  JobStatus = "waiting for data/model download"
	JobStatusProvisioning        JobStatus = "provisioning"
	JobStatusStarting            JobStatus = "starting"
	JobStatusRunning             JobStatus = "running"
	JobStatusUploading           JobStatus = "uploading"
	JobStatusFinished            JobStatus = "finished"

	JobStatusStopping       JobStatus = "stopping"
	JobStatusStopped        JobStatus = "stopped"
	JobStatusFailed         JobStatus = "failed"
	JobStatusCanceled       JobStatus = "canceled"
	JobStatusCopying        JobStatus = "copying"
	JobStatusReinitializing JobStatus = "reinitializing"
	JobStatusRemoving       JobStatus = "removing"
	JobStatusRemoved        JobStatus = "removed"
	JobStatusArchived       JobStatus = "archived" // what a 404 stands for
)

// Terminal reports whether the status cannot change any more. A stopped job can
// be started again if its type allows it.
func (s JobStatus) Terminal() bool {
	switch s {
	case JobStatusFinished, JobStatusFailed, JobStatusCanceled, JobStatusRemoved, JobStatusArchived:
		return true
	}
	return false
}

// progress numbers the statuses on a job's way forward; 0 is none of them.
func (s JobStatus) progress() int {
	switch s {
	case JobStatusNew:
		return 1
	case JobStatusWaitingForGPUs, JobStatusWaitingForResources:
		return 2
	case JobStatusWaitingForDownload:
		return 3
	case JobStatusProvisioning:
		return 4
	case JobStatusStarting:
		return 5
	case JobStatusRunning:
		return 6
	case JobStatusUploading:
		return 7
	case JobStatusFinished:
		return 8
	}
	return 0
}

// restartable reports whether a stopped job of the type can start again. An
// unknown type may.
func (t JobType) restartable() bool { return t != JobTypeTraining && t != JobTypeInference }

// judgeJob says what a job's status means for a wait. A stopped job may be about
// to start, unless it was seen to stop or its type never starts again.
func judgeJob(job *Job, wanted JobStatus, changed bool) verdict {
	status := job.Status
	passed := wanted.progress() > 0 && status.progress() >= wanted.progress()
	if status == JobStatusStopped && wanted == JobStatusFinished && job.Type == JobTypeTraining {
		passed = true // the older word for it
	}
	v := judge(status, wanted, passed)
	if v == goOn && status == JobStatusStopped && removal(wanted) == 0 && (changed || !job.Type.restartable()) {
		return outOfReach
	}
	return v
}

// Job is a job as the service tells of it.
type Job struct {
	ID             string             `json:"job_uuid"`
	Name           string             `json:"name"`
	Type           JobType            `json:"type,omitzero"`
	Status         JobStatus          `json:"status,omitzero"`
	ProjectID      string             `json:"project_uuid,omitzero"`
	CustomerID     string             `json:"customer_uuid,omitzero"`
	Start          Time               `json:"start,omitzero"`
	Stop           Time               `json:"stop,omitzero"`
	CreditsPerHour float64            `json:"credits_per_hour,omitzero"`
	Credits        float64            `json:"credits,omitzero"` // spent so far
	Workers        []JobWorker        `json:"workers,omitzero"`
	WorkerStatus   string             `json:"worker_status,omitzero"` // of all workers together
	Resources      JobResourcesInfo   `json:"resources,omitzero"`
	Model          JobModelInfo       `json:"model,omitzero"`
	Data           JobDataInfo        `json:"data,omitzero"`
	Environment    JobEnvironmentInfo `json:"environment,omitzero"`
	Endpoint       JobEndpointInfo    `json:"endpoint,omitzero"`
	NotebookToken  Secret             `json:"nb_token,omitzero"` // opens the notebook
	Extra          jsontext.Value     `json:",embed"`            // fields that this version does not know
}

// UnmarshalJSONFrom reads a job. Its id is job_uuid or, failing that, id.
func (j *Job) UnmarshalJSONFrom(decoder *jsontext.Decoder) error {
	type plain Job
	if err := json.UnmarshalDecode(decoder, (*plain)(j)); err != nil {
		return err
	}
	orField(&j.ID, "id", j.Extra)
	return nil
}

// JobWorker is one of a job's workers.
type JobWorker struct {
	ID      string `json:"job_worker_uuid"`
	RigID   string `json:"rig_uuid,omitzero"` // the machine it runs on
	Command string `json:"command,omitzero"`
	Status  string `json:"status,omitzero"` // new, running, uploading, stopped, finished, removed; inferred: failed
	// Of the transfer of a local output.
	OutputHostname  string         `json:"output_hostname,omitzero"`
	OutputAuthToken Secret         `json:"output_auth_token,omitzero"`
	OutputID        string         `json:"output_uuid,omitzero"` // the model, dataset or checkpoint that it wrote
	Extra           jsontext.Value `json:",embed"`               // fields that this version does not know
}

// JobResourcesInfo is what each worker of a job runs on.
type JobResourcesInfo struct {
	GPUTypes    []string       `json:"gpu_types,omitzero"`
	GPUTypeID   string         `json:"gpu_type_id,omitzero"`
	GPUCount    int            `json:"gpu_count,omitzero"`
	CPUCount    int            `json:"cpu_count,omitzero"`
	DiskSize    int            `json:"disk_size,omitzero"` // GB
	MaxPrice    float64        `json:"max_price,omitzero"` // credits per hour and GPU
	Preemptible bool           `json:"preemptible,omitzero"`
	Extra       jsontext.Value `json:",embed"` // fields that this version does not know
}

// JobModelInfo is where the code and weights of a job come from.
type JobModelInfo struct {
	Size        int64           `json:"size,omitzero"` // bytes
	SourceType  LocationType    `json:"source_type,omitzero"`
	SourceURI   string          `json:"source_uri,omitzero"`
	Status      string          `json:"status,omitzero"` // new, ready
	ProjectID   string          `json:"project_uuid,omitzero"`
	Checkpoints []CheckpointRef `json:"checkpoints,omitzero"`
	Hostname    string          `json:"hostname,omitzero"`   // of the transfer of a local model
	AuthToken   Secret          `json:"auth_token,omitzero"` // of the transfer of a local model
	Extra       jsontext.Value  `json:",embed"`              // fields that this version does not know
}

// JobDataInfo is what a job reads and where its output goes.
type JobDataInfo struct {
	Datasets       []JobDataset    `json:"datasets,omitzero"`
	Volumes        []JobVolume     `json:"volumes,omitzero"`
	Status         string          `json:"status,omitzero"` // new, ready
	InputType      LocationType    `json:"input_type,omitzero"`
	InputURI       string          `json:"input_uri,omitzero"`
	InputOptions   LocationOptions `json:"input_options,omitzero"`
	InputHostname  string          `json:"input_hostname,omitzero"`   // of the transfer of a local input
	InputAuthToken Secret          `json:"input_auth_token,omitzero"` // of the transfer of a local input
	OutputType     LocationType    `json:"output_type,omitzero"`
	OutputURI      string          `json:"output_uri,omitzero"`
	OutputOptions  LocationOptions `json:"output_options,omitzero"`
	Extra          jsontext.Value  `json:",embed"` // fields that this version does not know
}

// JobDataset is a dataset that a job reads.
//
// Uncertain: the forms in which a spec names one, a bare string or an object with
// id and public, are read, too.
type JobDataset struct {
	ID     string         `json:"dataset_uuid"`
	Name   string         `json:"name,omitzero"`
	Type   string         `json:"type,omitzero"`   // public or existing
	Public bool           `json:"public,omitzero"` // in place of Type
	Size   int64          `json:"size,omitzero"`   // bytes
	Extra  jsontext.Value `json:",embed"`          // fields that this version does not know
}

// UnmarshalJSONFrom reads a dataset, or the string that names it. Its id is
// dataset_uuid or, failing that, id.
func (d *JobDataset) UnmarshalJSONFrom(decoder *jsontext.Decoder) error {
	type plain JobDataset
	err := objectOrString(decoder, (*plain)(d), &d.ID)
	orField(&d.ID, "id", d.Extra)
	return err
}

// JobVolume is a volume that a job reads and writes.
//
// Uncertain: a bare string, which is how a spec names a volume, is read, too.
type JobVolume struct {
	ID    string         `json:"id"`
	Name  string         `json:"name,omitzero"`
	Extra jsontext.Value `json:",embed"` // fields that this version does not know
}

// UnmarshalJSONFrom reads a volume, or the string that names it.
func (v *JobVolume) UnmarshalJSONFrom(decoder *jsontext.Decoder) error {
	type plain JobVolume
	return objectOrString(decoder, (*plain)(v), &v.ID)
}

// objectOrString reads an object or, in its place, a string that is its id.
func objectOrString(decoder *jsontext.Decoder, object any, id *string) error {
	if decoder.PeekKind() == '"' {
		return json.UnmarshalDecode(decoder, id)
	}
	return json.UnmarshalDecode(decoder, object)
}

// JobEnvironmentInfo is the software that a job runs in.
type JobEnvironmentInfo struct {
	Type        string         `json:"type,omitzero"`
	CustomImage string         `json:"custom_image,omitzero"`
	ImageSize   int64          `json:"image_size,omitzero"` // bytes
	Env         []EnvVar       `json:"env,omitzero"`
	Packages    Packages       `json:"packages,omitzero"`
	Credentials []string       `json:"credentials,omitzero"`
	Secrets     []string       `json:"secrets,omitzero"`
	Status      string         `json:"status,omitzero"` // new, ready
	Extra       jsontext.Value `json:",embed"`          // fields that this version does not know
}

// JobEndpointInfo is what an endpoint serves and where.
type JobEndpointInfo struct {
	URL           string             `json:"url,omitzero"` // empty while it cannot be reached
	Routes        []Route            `json:"routes,omitzero"`
	StartCommand  string             `json:"start_command,omitzero"`
	ReservationID string             `json:"reservation_id,omitzero"`
	Authorizer    EndpointAuthorizer `json:"authorizer,omitzero"` // uncertain: the name of the field
	Extra         jsontext.Value     `json:",embed"`              // fields that this version does not know
}

// or fills in what the resources of a copy leave open.
func (r JobResources) or(source JobResourcesInfo) JobResources {
	if r.GPUTypes == nil && r.GPUTypeID == "" {
		if r.GPUTypes = source.GPUTypes; len(r.GPUTypes) == 0 {
			r.GPUTypeID = source.GPUTypeID
		}
	}
	orInfo(&r.GPUCount, source.GPUCount)
	orInfo(&r.CPUCount, source.CPUCount)
	orInfo(&r.DiskSize, source.DiskSize)
	orInfo(&r.MaxPrice, source.MaxPrice)
	orInfo(&r.Preemptible, source.Preemptible)
	return r
}

func orInfo[T comparable](field **T, value T) {
	var zero T
	if *field == nil && value != zero {
		*field = &value
	}
}
