package proximltest

import (
	"strconv"

	"github.com/go-json-experiment/json"
)

// jobView is a job as the API shows it, all but its credits: appendJob adds those.
type jobView struct {
	CustomerID     string          `json:"customer_uuid"`
	ProjectID      string          `json:"project_uuid"`
	ID             string          `json:"job_uuid"`
	Name           string          `json:"name"`
	Type           string          `json:"type"`
	Status         string          `json:"status"`
	Start          timestamp       `json:"start,omitzero"`
	Stop           timestamp       `json:"stop,omitzero"`
	CreditsPerHour float64         `json:"credits_per_hour"`
	Workers        []workerView    `json:"workers"`
	WorkerStatus   string          `json:"worker_status"`
	Resources      resourcesSpec   `json:"resources"`
	Model          modelView       `json:"model"`
	Data           dataView        `json:"data"`
	Environment    environmentView `json:"environment"`
	Endpoint       *endpointView   `json:"endpoint,omitzero"`
	NotebookToken  string          `json:"nb_token,omitzero"`
}

type modelView struct {
	modelSpec
	Size     int64  `json:"size,omitzero"` // bytes
	Status   string `json:"status"`
	Hostname string `json:"hostname,omitzero"` // while files of the user's own machine are waited for
	Token    string `json:"auth_token,omitzero"`
}

type dataView struct {
	Datasets []attachment `json:"datasets"`
	Volumes  []entityRef  `json:"volumes,omitzero"`
	transferSpec
	Status        string `json:"status"`
	InputHostname string `json:"input_hostname,omitzero"` // while files of the user's own machine are waited for
	InputToken    string `json:"input_auth_token,omitzero"`
}

type environmentView struct {
	environmentSpec
	ImageSize int64  `json:"image_size,omitzero"` // bytes
	Status    string `json:"status"`
}

type endpointView struct {
	URL string `json:"url"` // empty while nothing listens there
	endpointSpec
}

// Sizes in bytes that the service reports. Any would do: these were seen.
const (
	modelSize = 7_176_192
	imageSize = 44_966_989_795
)

// creditsSize is the most that appendJob adds to what it keeps of a job.
const creditsSize = len(`,"credits":-123456789.0123456789},`)

// appendJob appends what the API shows of a job, in JSON. The credits, which change all the time, are put in last,
// so that the rest can be kept until the job changes.
func (s *Server) appendJob(to encoded, j *job) (encoded, error) {
	if j.text == nil {
		view := s.viewJob(j)
		text, err := json.Marshal(&view)
		if err != nil {
			return nil, err
		}
		j.text = text[:len(text)-len("}")]
	}
	to = append(to, j.text...)
	to = append(to, `,"credits":`...)
	to = strconv.AppendFloat(to, j.Bill.at(s.now).credits(), 'f', -1, 64)
	return append(to, '}'), nil
}

func (s *Server) viewJob(j *job) jobView {
	spec := &j.Spec
	view := jobView{
		CustomerID: s.payer(j.ProjectID).CustomerID,
		ProjectID:  j.ProjectID,
		ID:         j.ID,
		Name:       spec.Name, Type: spec.Type, Status: j.Status,
		Start: j.Start, Stop: j.Stop,
		CreditsPerHour: float64(j.Bill.Rate) / milliCredits,
		Workers:        convert(j.Workers, s.viewWorker),
		WorkerStatus:   j.Workers[0].Status,
		Resources:      spec.Resources,
		Model:          modelView{modelSpec: spec.Model, Status: statusNew},
		Data:           dataView{Datasets: j.Datasets, Volumes: spec.Data.Volumes, transferSpec: spec.Data.transferSpec, Status: statusNew},
		Environment:    environmentView{environmentSpec: spec.Environment, Status: statusNew},
		NotebookToken:  j.NotebookToken,
	}
	view.Resources.GPUTypeID = j.GPUTypeID
	if j.Fetched {
		view.Model.Status, view.Data.Status, view.Environment.Status = statusReady, statusReady, statusReady
		view.Model.Size, view.Environment.ImageSize = modelSize, imageSize
	}
	if files := s.kept[j.ID+modelFiles]; files != nil {
		view.Model.Size = files.size
	}
	view.Model.Hostname, view.Model.Token = s.door(j.ModelUpload)
	view.Data.InputHostname, view.Data.InputToken = s.door(j.InputUpload)
	if j.runsUntilStopped() {
		view.Endpoint = &endpointView{URL: j.url(), endpointSpec: spec.Endpoint}
	}
	return view
}

// url returns where a notebook or endpoint is reached while it runs.
func (j *job) url() string {
	if j.Status != statusRunning {
		return ""
	}
	return "https://" + j.ID + ".proximl.cloud"
}
