package proximltest

import (
	"slices"

	"github.com/go-json-experiment/json"
)

// awaits implements transferOwner: uploads while the job waits for its data, the output of a worker while that is uploading.
func (j *job) awaits(t *transfer) bool {
	if t == j.ModelUpload || t == j.InputUpload {
		return j.Status == statusFetching
	}
	w := j.workerOf(t)
	return w != nil && w.Status == statusUploading
}

// workerOf returns the worker whose output a transfer is, or nil.
func (j *job) workerOf(t *transfer) *worker {
	i := slices.IndexFunc(j.Workers, func(w *worker) bool { return w.Download == t })
	if i < 0 {
		return nil
	}
	return j.Workers[i]
}

// hasWorkerIn tells whether any worker has one of these statuses.
func (j *job) hasWorkerIn(statuses ...string) bool {
	return slices.ContainsFunc(j.Workers, func(w *worker) bool { return slices.Contains(statuses, w.Status) })
}

// transferred implements transferOwner.
func (j *job) transferred(s *Server, t *transfer) {
	j.text = nil
	if w := j.workerOf(t); w != nil {
		w.Status = statusFinished
		s.storeOutputs(j)
		return
	}
	s.agenda.schedule(j, s.now) // to see whether anything else is lacking
}

// openUploads opens what the user's own machine has to upload before the job can start.
func (s *Server) openUploads(j *job) {
	j.text = nil
	if j.Spec.Model.SourceType == sourceLocal && j.ModelUpload == nil {
		j.ModelUpload = s.openTransfer(j, nil, &transfer{Key: j.ID + modelFiles, IsUpload: true})
	}
	if j.Spec.Data.InputType == sourceLocal && j.InputUpload == nil {
		j.InputUpload = s.openTransfer(j, nil, &transfer{Key: j.ID + inputFiles, IsUpload: true})
	}
}

func (j *job) lacksUploads() bool {
	return j.Spec.Model.SourceType == sourceLocal && !j.ModelUpload.isDone() ||
		j.Spec.Data.InputType == sourceLocal && !j.InputUpload.isDone()
}

// moveWorker gives a worker the status that its job's new one makes of it. One that has ended by itself does not end once more.
func (s *Server) moveWorker(j *job, w *worker, status string) {
	settled := w.Status == statusFinished || w.Status == statusFailed
	switch status {
	case statusUploading:
		if !settled && w.Status != statusUploading {
			s.uploadOutput(j, w)
		}
	case statusStopped, statusFailed:
		if !settled {
			w.Status = status
		}
	default:
		w.Status = status
	}
}

// uploadOutput begins the upload of a worker's output. A local output waits until the user's machine has fetched it.
func (s *Server) uploadOutput(j *job, w *worker) {
	w.Status = statusUploading
	if j.Spec.Data.OutputType == sourceLocal {
		w.Download = s.openTransfer(j, w.Download, &transfer{
			Key: w.ID, Name: j.downloadName(w), Archive: wantsArchive(j.Spec.Data.OutputOptions),
		})
	}
}

// wantsArchive tells whether output options ask for a zip.
func wantsArchive(options []byte) bool {
	var wanted struct {
		Archive bool `json:"archive"`
	}
	return json.Unmarshal(options, &wanted) == nil && wanted.Archive
}

// viewWorker shows a worker, and where its output is while it is waited for.
func (s *Server) viewWorker(w *worker) workerView {
	view := w.workerView
	view.OutputHostname, view.OutputToken = s.door(w.Download)
	return view
}
