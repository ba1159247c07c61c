package proximltest

import (
	"fmt"
	"slices"
	"time"
)

// Statuses of jobs, and of datasets, models, checkpoints and volumes.
const (
	statusNew          = "new"
	statusWaiting      = "waiting for resources"
	statusFetching     = "waiting for data/model download"
	statusProvisioning = "provisioning"
	statusStarting     = "starting"
	statusRunning      = "running"
	statusUploading    = "uploading"
	statusFinished     = "finished"
	statusStopping     = "stopping"
	statusStopped      = "stopped"
	statusFailed       = "failed"
	statusCanceled     = "canceled" // only ever set by SetStatus
	statusCopying      = "copying"
	statusRemoving     = "removing"
	statusRemoved      = "removed"
	statusDownloading  = "downloading"
	statusReady        = "ready"
	statusExporting    = "exporting"
)

// defaultDurations says how long the statuses last that pass by themselves. The real service was seen to need up to 2 to 5 minutes from
// start to running, 1 to 2 to stop, 1 until a removed job is gone and 1 to 5 until a dataset is ready.
var defaultDurations = map[string]time.Duration{
	statusNew:          5 * time.Second,
	statusWaiting:      15 * time.Second,
	statusFetching:     60 * time.Second,
	statusProvisioning: 20 * time.Second,
	statusStarting:     40 * time.Second,
	statusRunning:      60 * time.Second,
	statusUploading:    20 * time.Second,
	statusStopping:     30 * time.Second,
	statusCopying:      30 * time.Second,
	statusRemoving:     20 * time.Second,
	statusDownloading:  60 * time.Second,
	statusExporting:    60 * time.Second,
}

// recheck is how often a job looks for a dataset that is not ready yet.
const recheck = 5 * time.Second

// billed are the statuses in which a job holds compute resources and is charged for them.
// Inferred: that waiting for a download costs, since the resources are found before it.
var billed = map[string]bool{
	statusFetching: true, statusProvisioning: true, statusStarting: true, statusRunning: true, statusUploading: true,
}

// workersBecome says what a job's new status makes of its workers; other statuses leave them as they are.
var workersBecome = map[string]string{
	statusStarting: statusNew, statusRunning: statusRunning, statusUploading: statusUploading,
	statusFinished: statusFinished, statusStopped: statusStopped, statusFailed: statusFailed, statusRemoving: statusRemoved,
}

// ended are the statuses in which nothing of a job is left running.
var ended = []string{statusStopped, statusFinished, statusFailed, statusCanceled}

func (j *job) hasEnded() bool { return slices.Contains(ended, j.Status) }

// isOnItsWay tells whether a job runs or is about to.
func (j *job) isOnItsWay() bool {
	return !j.hasEnded() && j.Status != statusStopping && j.Status != statusRemoving
}

// runsUntilStopped tells whether a job has no end of its own.
func (j *job) runsUntilStopped() bool {
	return j.Spec.Type == typeNotebook || j.Spec.Type == typeEndpoint
}

// enter gives a job a new status, with all that follows from it, and plans that status's end.
func (s *Server) enter(j *job, status string) {
	j.Status, j.text = status, nil
	s.charge(j, billed[status])
	s.endRun(j)
	s.note(&j.Log, j.hasEnded() || status == statusRemoving)
	if workers, changes := workersBecome[status]; changes {
		for _, w := range j.Workers {
			s.moveWorker(j, w, workers)
		}
	}
	switch {
	case status == statusFetching:
		s.openUploads(j)
		s.script(&j.Log, j.entity(), 0, dataWorker)
	case status == statusRunning:
		j.Start, j.Stop = s.now, 0
		s.beginRun(j)
	case j.hasEnded():
		j.Stop = s.now
	}
	s.agenda.schedule(j, s.endOf(j))
}

// endOfStatus returns when a status that something enters now is over, or zero if only a call ends it.
func (s *Server) endOfStatus(status string) timestamp {
	if lasts, passes := s.settings.durations[status]; passes {
		return s.now.add(lasts)
	}
	return 0
}

// endOf returns when a status that a job enters is over, or zero if only a call ends it.
func (s *Server) endOf(j *job) timestamp {
	lasts, passes := s.settings.durations[j.Status]
	switch {
	case !passes:
		return 0
	case j.run != nil:
		return 0 // the runner ends it
	case j.Status != statusRunning:
		return s.now.add(lasts)
	case j.runsUntilStopped() && j.Fate.FailIn != statusRunning:
		return 0
	case j.Fate.RunTime > 0:
		return s.now + timestamp(j.Fate.RunTime)
	default:
		return s.now.add(lasts)
	}
}

// step ends a job's status.
func (j *job) step(s *Server) {
	if j.Fate.FailIn == j.Status {
		s.enter(j, statusFailed)
		return
	}
	switch j.Status {
	case statusNew, statusCopying:
		s.enter(j, statusWaiting)
	case statusWaiting:
		if s.findResources(j) {
			s.enter(j, statusFetching)
		}
	case statusFetching:
		s.fetchInputs(j)
	case statusProvisioning:
		s.enter(j, statusStarting)
	case statusStarting:
		s.enter(j, statusRunning)
	case statusRunning:
		s.finishRun(j)
	case statusUploading:
		s.storeOutputs(j)
	case statusStopping:
		s.enter(j, statusStopped)
	case statusRemoving:
		s.removeJobNow(j)
	}
}

// findResources picks the cheapest type that will do and sets the job's price. Without one, and without credits, the job keeps waiting
// until resumeWaiting. Uncertain: that a job without credits waits, and is not refused.
func (s *Server) findResources(j *job) bool {
	p, _ := s.projects.get(j.ProjectID)
	if s.payer(j.ProjectID).Balance <= 0 {
		return false
	}
	res := j.Spec.Resources
	var chosen gpuType
	for _, abbrv := range s.availableGPUs(p) {
		g, _ := gpuTypeNamed(abbrv)
		affordable := float64(g.minPrice) <= *res.MaxPrice*milliCredits
		if slices.Contains(res.GPUTypes, abbrv) && affordable && (chosen.id == "" || g.minPrice < chosen.minPrice) {
			chosen = g
		}
	}
	if chosen.id == "" {
		return false
	}
	units := res.GPUCount
	if chosen.abbrv == cpuOnly {
		units = res.CPUCount
	}
	j.GPUTypeID = chosen.id
	j.Bill.Rate = chosen.minPrice * int64(units*len(j.Workers))
	return true
}

// resumeWaiting lets what waits for credits or hardware of an account try again.
func (s *Server) resumeWaiting(a *account) {
	for _, j := range s.jobs.rows {
		if j.Status == statusWaiting && j.Due == 0 && s.payer(j.ProjectID) == a {
			s.agenda.schedule(j, s.now)
		}
	}
	for _, e := range s.collections.rows {
		if e.Status == statusNew && e.Due == 0 && s.payer(e.ProjectID) == a {
			s.agenda.schedule(e, s.now)
		}
	}
}

// fetchInputs ends the download of a job's model and data. Files of the user's own machine are waited for.
func (s *Server) fetchInputs(j *job) {
	if j.lacksUploads() {
		s.openUploads(j)
		return
	}
	for i := range j.Datasets {
		if j.Datasets[i].Type == sourcePublic {
			continue
		}
		e, found := s.collections.get(j.Datasets[i].ID)
		if !found || e.Status == statusFailed || e.Status == statusRemoving {
			s.enter(j, statusFailed)
			return
		}
		if e.Status == statusNew || e.Status == statusDownloading {
			s.agenda.schedule(j, s.now.add(recheck))
			return
		}
		j.Datasets[i].Size = e.Size
	}
	j.Fetched = true
	s.enter(j, statusProvisioning)
}

func (s *Server) finishRun(j *job) {
	if j.Spec.Data.OutputType != "" {
		s.enter(j, statusUploading)
		return
	}
	s.enter(j, statusFinished)
}

// storeOutputs ends the upload of a job's output. A local output is waited for until the user's machine has fetched it.
func (s *Server) storeOutputs(j *job) {
	data := j.Spec.Data
	if data.OutputType == sourceLocal && j.hasWorkerIn(statusRunning, statusUploading) {
		return
	}
	if isOwnPlatform(data.OutputType) {
		for _, w := range j.Workers {
			w.OutputID = s.saveOutput(j, w.ID, data.OutputURI).ID
		}
	}
	s.enter(j, statusFinished)
}

// removeJobNow makes a job disappear.
func (s *Server) removeJobNow(j *job) {
	s.charge(j, false)
	s.endRun(j)
	j.Status = statusRemoved
	s.note(&j.Log, true)
	s.agenda.schedule(j, 0)
	s.jobs.remove(j.ID)
	s.forgetFiles(j)
}

// fate is what was decided for an entity when it was made.
type fate struct {
	RunTime int64  `json:"run_ms,omitzero"` // 0 for the usual time
	FailIn  string `json:"fail_in,omitzero"`
}

func (s *Server) decideFate(e Entity) fate {
	script := s.settings.script(e)
	return fate{script.RunTime.Milliseconds(), script.FailIn}
}

// SetStatus puts a job, dataset, model, checkpoint or volume into a status at once, "failed" or any other, also one that this service
// never uses; a provider, region, node, device or service of CloudBender too, which can be "errored". From a status that passes by itself
// it goes on as usual. It returns an error if nothing with a status has that id.
func (s *Server) SetStatus(id, status string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.catchUp()
	if j, found := s.jobs.get(id); found {
		s.enter(j, status)
		return nil
	}
	if e, found := s.collections.get(id); found {
		s.enterCollection(e, status)
		return nil
	}
	if a, found := s.assets.get(id); found && assetKinds[a.Kind].settled != "" {
		s.enterAsset(a, status)
		return nil
	}
	return fmt.Errorf("proximltest: nothing has the id %q whose status could be set to %q", id, status)
}
