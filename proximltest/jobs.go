package proximltest

import (
	"cmp"
	"slices"
)

const kindJob = "job"

// job is one job as the service keeps it.
type job struct {
	ID            string       `json:"id"`
	ProjectID     string       `json:"project"`
	Status        string       `json:"status"`
	Spec          jobSpec      `json:"spec"`
	Workers       []*worker    `json:"workers"`
	Datasets      []attachment `json:"datasets"`
	GPUTypeID     string       `json:"gpu_type"` // once resources were found
	Fetched       bool         `json:"fetched"`  // model and data are there
	Start         timestamp    `json:"start,omitzero"`
	Stop          timestamp    `json:"stop,omitzero"`
	NotebookToken string       `json:"nb_token,omitzero"`
	Bill          bill         `json:"bill"`
	Fate          fate         `json:"fate"`
	Log           entityLog    `json:"log"`
	ModelUpload   *transfer    `json:"model_upload,omitzero"` // if the model is on the user's own machine
	InputUpload   *transfer    `json:"input_upload,omitzero"` // if the input is
	nextStep

	run  *run    // of a Runner, while there is one
	text encoded // what appendJob keeps, until something changes: it makes lists of many jobs fast
}

func (j *job) key() string { return j.ID }

// entity is what scripts and runners see.
func (j *job) entity() Entity {
	return Entity{Kind: kindJob, ID: j.ID, Project: j.ProjectID, Name: j.Spec.Name, Type: j.Spec.Type}
}

// worker is a worker as the service keeps it.
type worker struct {
	workerView
	Download *transfer `json:"download,omitzero"` // of a local output
}

// workerView is a worker as the API shows it.
type workerView struct {
	RigID          string `json:"rig_uuid"`
	ID             string `json:"job_worker_uuid"`
	Command        string `json:"command,omitzero"`
	Status         string `json:"status"`
	OutputID       string `json:"output_uuid,omitzero"`     // of the entity that its output became
	OutputHostname string `json:"output_hostname,omitzero"` // while a local output is waited for
	OutputToken    string `json:"output_auth_token,omitzero"`
}

// attachment is a dataset that a job uses.
type attachment struct {
	ID   string `json:"dataset_uuid"`
	Name string `json:"name"`
	Type string `json:"type"` // public or existing
	Size int64  `json:"size"` // bytes
}

func (s *Server) jobRoutes(api func(string, handler)) {
	reading := func(h handler) handler { return s.needing(kindJob, accessRead, h) }
	writing := func(h handler) handler { return s.needing(kindJob, accessAll, h) }
	api("GET /job", reading(s.listJobs))
	api("POST /job", writing(s.createJob))
	api("GET /job/environments", s.listEnvironments)
	api("GET /job/{id}", reading(s.getJob))
	api("PATCH /job/{id}", writing(s.changeJob))
	api("DELETE /job/{id}", writing(s.removeJob))
	api("GET /job/{id}/worker/{worker}/logs", reading(s.workerLogs))
}

// jobOf finds the job that a call names in the project of the call. Uncertain: that one of another project is answered as missing.
func (s *Server) jobOf(c *call, id string) (*job, error) {
	j, found := s.jobs.get(id)
	if !found || j.ProjectID != c.project.ID {
		return nil, notFound("Job Not Found")
	}
	return j, nil
}

func (s *Server) listJobs(c *call) (any, error) {
	var jobs []*job
	size := len("[]")
	for _, j := range s.jobs.rows {
		if j.ProjectID == c.project.ID {
			jobs = append(jobs, j)
			size += len(j.text) + creditsSize
		}
	}
	list := append(make(encoded, 0, size), '[')
	for i, j := range jobs {
		if i > 0 {
			list = append(list, ',')
		}
		var err error
		if list, err = s.appendJob(list, j); err != nil {
			return nil, err
		}
	}
	return append(list, ']'), nil
}

func (s *Server) getJob(c *call) (any, error) {
	j, err := s.jobOf(c, c.pathValue("id"))
	if err != nil {
		return nil, err
	}
	return s.appendJob(nil, j)
}

func (s *Server) createJob(c *call) (any, error) {
	var wanted struct {
		SourceID string    `json:"source_job_uuid"`
		Commands []command `json:"worker_commands"` // older name of workers
	}
	if err := c.decode(&wanted); err != nil {
		return nil, err
	}
	source, err := s.copySource(c, wanted.SourceID)
	if err != nil {
		return nil, err
	}
	j, status := &job{ID: newID(), ProjectID: c.project.ID}, statusNew
	if source != nil {
		j.Spec, status = source.Spec, statusCopying
	}
	if err := s.specify(c, j, wanted.Commands); err != nil {
		return nil, err
	}
	if source != nil && *j.Spec.Resources.DiskSize < *source.Spec.Resources.DiskSize {
		return nil, invalid("Copied job disk_size must be greater than or equal to source job disk_size")
	}
	j.Workers = j.newWorkers()
	if j.Spec.Type == typeNotebook {
		j.NotebookToken = newID()
	}
	j.Fate = s.decideFate(j.entity())
	s.jobs.add(j)
	s.enter(j, status)
	return s.appendJob(nil, j)
}

// copySource finds the job to copy, or none if none is named. Inferred: that only notebooks can be copied.
func (s *Server) copySource(c *call, id string) (*job, error) {
	if id == "" {
		return nil, nil
	}
	source, err := s.jobOf(c, id)
	if err != nil {
		return nil, err
	}
	if source.Spec.Type != typeNotebook || source.Status != statusRunning && source.Status != statusStopped {
		return nil, invalid(msgCannotCopy)
	}
	return source, nil
}

// specify reads what the body says about a job over what the job is so far, checks it, and looks up what it refers to.
// The job is unchanged if anything is wrong.
func (s *Server) specify(c *call, j *job, olderWorkers []command) error {
	spec := j.Spec.clone()
	gpuTypes := spec.Resources.GPUTypes
	spec.Resources.GPUTypes = nil // so that a gpu_type_id in the body replaces them
	if err := c.decode(&spec); err != nil {
		return err
	}
	if len(spec.Resources.GPUTypes) == 0 && spec.Resources.GPUTypeID == "" {
		spec.Resources.GPUTypes = gpuTypes
	}
	if len(spec.Workers) == 0 {
		spec.Workers = olderWorkers
	}
	spec.complete()
	if err := cmp.Or(s.checkJob(&spec), c.project.checkGPUTypes(&spec.Resources)); err != nil {
		return err
	}
	datasets, err := s.references(c, &spec)
	if err != nil {
		return err
	}
	j.Spec, j.Datasets, j.text = spec, datasets, nil
	return nil
}

// newWorkers makes a worker for each command. Notebooks and endpoints have one, whatever commands they were given.
func (j *job) newWorkers() []*worker {
	commands := j.Spec.Workers
	switch j.Spec.Type {
	case typeNotebook:
		commands = []command{"jupyter lab"}
	case typeEndpoint:
		commands = []command{""}
	}
	return convert(commands, func(c command) *worker {
		return &worker{workerView: workerView{RigID: newID(), ID: newID(), Command: string(c), Status: statusNew}}
	})
}

// changeJob starts, stops or updates a job.
func (s *Server) changeJob(c *call) (any, error) {
	j, err := s.jobOf(c, c.pathValue("id"))
	if err != nil {
		return nil, err
	}
	var wanted struct {
		Command string `json:"command"`
	}
	if err := c.decode(&wanted); err != nil {
		return nil, err
	}
	switch wanted.Command {
	case "start":
		err = s.startJob(j)
	case "stop":
		s.stopJob(j)
	case "":
		err = s.updateJob(c, j)
	default:
		err = invalid(msgBadChoice, "command", wanted.Command)
	}
	if err != nil {
		return nil, err
	}
	return s.appendJob(nil, j)
}

// startJob starts a stopped job, of any type; one that is on its way already stays as it is, since clients repeat the call.
// Uncertain: that training and inference jobs can be started after a stop; they can after running out of credits.
func (s *Server) startJob(j *job) error {
	switch {
	case j.Status == statusStopped:
		next := statusWaiting
		if s.findResources(j) {
			next = statusStarting
			if j.lacksUploads() {
				next = statusFetching
			}
		}
		s.enter(j, next)
	case !j.isOnItsWay():
		return invalid(msgCannotStart, j.Status)
	}
	return nil
}

// stopJob stops a job that has not ended; any other stays as it is, since clients repeat the call.
func (s *Server) stopJob(j *job) {
	if j.isOnItsWay() {
		s.enter(j, statusStopping)
	}
}

// updateJob changes parts of a job. Inferred: that the service takes it for endpoints too; clients do it for notebooks only.
func (s *Server) updateJob(c *call, j *job) error {
	if !j.runsUntilStopped() || j.Status == statusFailed || j.Status == statusRemoving {
		return invalid(msgCannotUpdate)
	}
	return s.specify(c, j, nil)
}

// removeJob removes a job that has ended, or any by force. Uncertain: the text of the refusal.
func (s *Server) removeJob(c *call) (any, error) {
	j, err := s.jobOf(c, c.pathValue("id"))
	if err != nil {
		return nil, err
	}
	if !j.hasEnded() && j.Status != statusRemoving && c.query("force") != "true" {
		return nil, invalid(msgStopFirst, j.Status)
	}
	if j.Status != statusRemoving {
		s.enter(j, statusRemoving)
	}
	return void{}, nil
}

// workerLogs returns the URL of a worker's log archive.
func (s *Server) workerLogs(c *call) (any, error) {
	j, err := s.jobOf(c, c.pathValue("id"))
	if err != nil {
		return nil, err
	}
	id := c.pathValue("worker")
	if !slices.ContainsFunc(j.Workers, func(w *worker) bool { return w.ID == id }) {
		return nil, errNotFound
	}
	return s.logURL(j.ID+"/logs/"+id, j.Spec.Name), nil
}
