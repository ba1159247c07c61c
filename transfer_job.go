package proximl

import (
	"cmp"
	"context"
	"path/filepath"
	"slices"
	"strconv"
)

// jobConnection is a Connect of a job.
type jobConnection struct {
	*JobsAPI
	id      string
	options ConnectOptions
	served  map[string]bool // parts that were transferred, by their key
}

// run serves the job to its end.
func (j *jobConnection) run(ctx context.Context) (*Job, error) {
	ctx = context.WithValue(ctx, operationKey{}, "jobs.connect")
	job, err := j.Get(ctx, j.id)
	if err != nil {
		return nil, err
	}
	if err := j.check(job); err != nil {
		return job, err
	}
	if len(j.uploads(job)) > 0 {
		uploaded, err := j.upload(ctx)
		if job = cmp.Or(uploaded, job); err != nil {
			return job, err
		}
	}
	if job.Data.OutputType != sourceLocal || j.options.UploadOnly {
		return job, nil
	}
	ended, err := j.download(ctx)
	return cmp.Or(ended, job), err
}

// check finds out, before anything moves, whether the caller has named a folder
// for all that will move.
func (j *jobConnection) check(job *Job) error {
	uploads, output := j.uploads(job), part{what: "output", folder: j.options.Output, suggested: job.Data.OutputURI}
	takesOutput := job.Data.OutputType == sourceLocal && !j.options.UploadOnly
	if len(uploads) == 0 && !takesOutput {
		return invalid("connect", "job", "has neither a local model nor a local input or output")
	}
	for _, p := range uploads {
		if err := p.readable(map[string]string{"model": "Model", "input": "Input"}[p.what]); err != nil {
			return err
		}
	}
	if takesOutput {
		return output.named("Output")
	}
	return nil
}

// uploads lists what a job still takes from this machine.
func (j *jobConnection) uploads(job *Job) []part {
	if job.Status.progress() > JobStatusWaitingForDownload.progress() {
		return nil
	}
	model := part{what: "model", folder: j.options.Model, suggested: job.Model.SourceURI, hostname: job.Model.Hostname, token: job.Model.AuthToken}
	input := part{what: "input", folder: j.options.Input, suggested: job.Data.InputURI, hostname: job.Data.InputHostname, token: job.Data.InputAuthToken}
	var parts []part
	if job.Model.SourceType == sourceLocal && job.Model.Status != "ready" && !j.served[model.key()] {
		parts = append(parts, model)
	}
	if job.Data.InputType == sourceLocal && job.Data.Status != "ready" && !j.served[input.key()] {
		parts = append(parts, input)
	}
	return parts
}

// waitingUploads lists the uploads that can begin. One that a former Connect has
// made does not wait, though the job may still wait for the other.
func (j *jobConnection) waitingUploads(job *Job) []part {
	return slices.DeleteFunc(j.uploads(job), func(p part) bool { return !p.waiting() })
}

// upload sends files as the job comes to wait for them, until it lacks none.
func (j *jobConnection) upload(ctx context.Context) (*Job, error) {
	for {
		job, err := j.await(ctx, JobStatusWaitingForDownload, j.waitingUploads)
		if err != nil {
			return job, err
		}
		uploads := j.waitingUploads(job)
		if err := j.serve(ctx, uploads, j.client.upload, j.waitingUploads); err != nil || len(uploads) == 0 || len(j.uploads(job)) == 0 {
			return job, err
		}
	}
}

// download fetches the output of each worker as it becomes ready, until the job
// has ended and none is left.
func (j *jobConnection) download(ctx context.Context) (*Job, error) {
	for {
		job, err := j.await(ctx, JobStatusFinished, j.outputs)
		outputs := j.outputs(job)
		if len(outputs) == 0 {
			return job, err
		}
		if err := j.serve(ctx, outputs, j.client.download, j.outputs); err != nil {
			return job, err
		}
	}
}

// serve makes the transfers that wait, and remembers that they are made.
func (j *jobConnection) serve(ctx context.Context, parts []part, move func(context.Context, part, *ConnectOptions) error, waiting func(*Job) []part) error {
	err := together(ctx, parts, func(ctx context.Context, p part) error {
		return confirm(ctx, move(ctx, p, &j.options), func(ctx context.Context) (bool, error) {
			job, err := j.Get(ctx, j.id)
			return err == nil && slices.ContainsFunc(waiting(job), func(other part) bool { return other.key() == p.key() }), err
		})
	})
	if err != nil {
		return err
	}
	for _, p := range parts {
		j.served[p.key()] = true
	}
	return nil
}

// outputs lists the outputs that wait to be fetched. A job may have finished
// while a worker still waits.
func (j *jobConnection) outputs(job *Job) []part {
	if job == nil {
		return nil
	}
	var parts []part
	for i, worker := range job.Workers {
		p := part{what: "output", id: worker.ID, folder: j.options.Output, hostname: worker.OutputHostname, token: worker.OutputAuthToken}
		if len(job.Workers) > 1 {
			p.worker = i + 1
			p.folder = filepath.Join(p.folder, "worker-"+strconv.Itoa(p.worker))
		}
		if worker.Status == string(JobStatusUploading) && p.waiting() && !j.served[p.key()] {
			parts = append(parts, p)
		}
	}
	return parts
}

// await waits until a job waits for a transfer, or is past the status in which
// it would.
func (j *jobConnection) await(ctx context.Context, wanted JobStatus, waiting func(*Job) []part) (*Job, error) {
	w := wait[Job, JobStatus]{
		id: j.id, wanted: wanted, get: j.Get, gone: JobStatusArchived,
		status: func(job *Job) JobStatus { return job.Status },
		judge: func(job *Job, wanted JobStatus, changed bool) verdict {
			if len(j.outputs(job)) > 0 {
				return satisfied
			}
			if job.Status == wanted && len(waiting(job)) == 0 && !job.Status.Terminal() {
				return goOn
			}
			return judgeJob(job, wanted, changed)
		},
	}
	return w.run(ctx, j.options.Wait)
}
