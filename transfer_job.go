package proximl

import (
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
}

// run serves the job to its end.
func (j *jobConnection) run(ctx context.Context) (*Job, error) {
	if err := j.options.check().orNil(); err != nil {
		return nil, err
	}
	if _, _, err := waitSettings[Job](j.options.Wait); err != nil {
		return nil, err
	}
	ctx = context.WithValue(ctx, operationKey{}, "jobs.connect")
	job, err := j.Get(ctx, j.id)
	if err != nil {
		return nil, err
	}
	if err := j.check(job); err != nil {
		return job, err
	}
	if len(j.uploads(job)) > 0 {
		if job, err = j.serve(ctx, job, JobStatusWaitingForDownload, j.uploads); err != nil {
			return job, err
		}
	}
	if !j.takesOutput(job) {
		return job, nil
	}
	return j.serve(ctx, job, JobStatusFinished, j.outputs)
}

// check finds out, before anything moves, whether the caller has named a folder
// for all that will move.
func (j *jobConnection) check(job *Job) error {
	if !slices.Contains([]LocationType{job.Model.SourceType, job.Data.InputType, job.Data.OutputType}, LocationLocal) {
		return invalid("connect", "job", "has neither a local model nor a local input or output")
	}
	for _, p := range j.uploads(job) {
		if err := p.readable(map[string]string{"model": "Model", "input": "Input"}[p.what]); err != nil {
			return err
		}
	}
	if !j.takesOutput(job) {
		return nil
	}
	output := part{what: "output", folder: j.options.Output, suggested: job.Data.OutputURI}
	return output.named("Output")
}

func (j *jobConnection) takesOutput(job *Job) bool {
	return job.Data.OutputType == LocationLocal && !j.options.UploadOnly
}

// uploads lists what a job lacks of this machine. That one that a former Connect
// has made has no host any more, though the job may still wait for the other. A
// job whose worker gives its output has had all, whatever its status.
func (j *jobConnection) uploads(job *Job) []part {
	if job.Status.progress() > JobStatusWaitingForDownload.progress() || len(j.outputs(job)) > 0 {
		return nil
	}
	model := part{what: "model", isUpload: true, folder: j.options.Model, suggested: job.Model.SourceURI}
	input := part{what: "input", isUpload: true, folder: j.options.Input, suggested: job.Data.InputURI}
	if job.Status == JobStatusWaitingForDownload {
		model.hostname, model.token = job.Model.Hostname, job.Model.AuthToken
		input.hostname, input.token = job.Data.InputHostname, job.Data.InputAuthToken
	}
	var parts []part
	if job.Model.SourceType == LocationLocal && job.Model.Status != "ready" {
		parts = append(parts, model)
	}
	if job.Data.InputType == LocationLocal && job.Data.Status != "ready" {
		parts = append(parts, input)
	}
	return parts
}

// outputs lists the outputs that are there to be fetched or will be soon. A
// worker may be at it still when its job reads finished.
func (j *jobConnection) outputs(job *Job) []part {
	if !j.takesOutput(job) {
		return nil
	}
	var parts []part
	for i, worker := range job.Workers {
		p := part{what: "output", id: worker.ID, folder: j.options.Output}
		if len(job.Workers) > 1 {
			p.worker = i + 1
			p.folder = filepath.Join(p.folder, "worker-"+strconv.Itoa(p.worker))
		}
		switch {
		case worker.Status == string(JobStatusUploading):
			p.hostname, p.token = worker.OutputHostname, worker.OutputAuthToken
			parts = append(parts, p)
		case worker.Status == string(JobStatusRunning) && job.Status == JobStatusFinished:
			parts = append(parts, p)
		}
	}
	return parts
}

// serve looks at the job until it has reached a status, and begins each transfer
// when it finds that the job waits for it. It returns when all have ended that
// the job has parts for.
func (j *jobConnection) serve(ctx context.Context, seen *Job, wanted JobStatus, parts func(*Job) []part) (*Job, error) {
	transfers := newTransferGroup(ctx, j.client, &j.options)
	return serve(ctx, transfers, wait[Job, JobStatus]{
		id: j.id, wanted: wanted, get: j.Get, seen: seen,
		status: func(job *Job) JobStatus { return job.Status },
		judge: func(job *Job, wanted JobStatus, changed bool) verdict {
			lacking := slices.DeleteFunc(parts(job), func(p part) bool { return transfers.begin(p, j.waits(p, parts)) })
			unfinished, v := transfers.unfinished(), judgeJob(job, wanted, changed)
			if stops := job.Status == JobStatusStopping || job.Status == JobStatusStopped; stops && len(unfinished) > 0 {
				v = outOfReach // what is under way is waited for no more
			}
			if v == outOfReach && givesAny(job, unfinished) || v == satisfied && len(lacking) > 0 {
				return goOn
			}
			return v
		},
	}, j.options.Wait)
}

// waits looks whether the job still waits for a part.
func (j *jobConnection) waits(p part, parts func(*Job) []part) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		job, err := j.Get(ctx, j.id)
		return err == nil && slices.ContainsFunc(parts(job), func(other part) bool { return other.key() == p.key() && other.waiting() }), err
	}
}

// givesAny reports whether a worker still gives one of these outputs, or has just
// given it: that counts, whatever has become of the job.
func givesAny(job *Job, keys []string) bool {
	return slices.ContainsFunc(job.Workers, func(worker JobWorker) bool {
		output := part{what: "output", id: worker.ID}
		gives := worker.Status == string(JobStatusUploading) || worker.Status == string(JobStatusFinished)
		return gives && slices.Contains(keys, output.key())
	})
}
