package proximl

import (
	"cmp"
	"context"
	"io"
	"iter"
	"net/http"
	"net/url"
	"slices"
)

// JobsAPI works with jobs.
type JobsAPI service

// List returns the jobs of the active project.
//
// GET /job
func (a *JobsAPI) List(ctx context.Context, opts ...RequestOption) ([]*Job, error) {
	return list[Job](ctx, a.client, "jobs.list", route("job"), opts)
}

// All is like List, but yields one job at a time.
//
// GET /job
func (a *JobsAPI) All(ctx context.Context, opts ...RequestOption) iter.Seq2[*Job, error] {
	return all[Job](ctx, a.client, "jobs.list", route("job"), opts)
}

// Get returns a job.
//
// GET /job/{id}
func (a *JobsAPI) Get(ctx context.Context, id string, opts ...RequestOption) (*Job, error) {
	return call[Job](ctx, a.client, "jobs.get", http.MethodGet, route("job", id), nil, opts)
}

// Create makes a job, which starts by itself and costs credits from then on. A
// spec without name, type or GPU type is refused with a *[ValidationError]; all
// else is for the service to judge. When it fails with [ErrOutcomeUnknown],
// look for the job's name in List before you create it again: a ctx that ends
// while the request is under way may leave a job behind, too.
//
// POST /job
func (a *JobsAPI) Create(ctx context.Context, spec *JobSpec, opts ...RequestOption) (*Job, error) {
	spec, err := spec.filledIn(a.client.project.Text)
	if err != nil {
		return nil, err
	}
	return call[Job](ctx, a.client, "jobs.create", http.MethodPost, route("job"), spec, with(projectInBody(spec.ProjectID), opts))
}

// Copy makes a job from a notebook that is running or stopped, in its project.
// What the spec leaves open of type and resources is as in the source; the disk
// cannot be smaller. With another type and workers, a notebook becomes a
// training job. Changes made in the source after the copy has begun do not reach
// it.
//
// GET /job/{id}, POST /job
func (a *JobsAPI) Copy(ctx context.Context, sourceID string, spec *JobSpec, opts ...RequestOption) (*Job, error) {
	if spec == nil || spec.Name == "" {
		return nil, missingName("job spec")
	}
	source, err := a.Get(ctx, sourceID, opts...)
	if err != nil {
		return nil, err
	}
	spec, err = spec.copyOf(source).filledIn(a.client.project.Text)
	if err != nil {
		return nil, err
	}
	return call[Job](ctx, a.client, "jobs.copy", http.MethodPost, route("job"), spec, with(projectInBody(spec.ProjectID), opts))
}

type jobCommand struct {
	Command string `json:"command"`
}

// Start starts a stopped job.
//
// PATCH /job/{id}
func (a *JobsAPI) Start(ctx context.Context, id string, opts ...RequestOption) (*Job, error) {
	return call[Job](ctx, a.client, "jobs.start", http.MethodPatch, route("job", id), jobCommand{"start"}, opts)
}

// Stop stops a job that runs or has yet to. It returns at once, with a job that
// is stopping: WaitFor waits until it has stopped. Notebooks and endpoints can be
// started again.
//
// PATCH /job/{id}
//
// Inferred: that endpoints can, as notebooks do.
func (a *JobsAPI) Stop(ctx context.Context, id string, opts ...RequestOption) (*Job, error) {
	return call[Job](ctx, a.client, "jobs.stop", http.MethodPatch, route("job", id), jobCommand{"stop"}, opts)
}

// Update changes a job.
//
// PATCH /job/{id}
func (a *JobsAPI) Update(ctx context.Context, id string, update *JobUpdate, opts ...RequestOption) (*Job, error) {
	return call[Job](ctx, a.client, "jobs.update", http.MethodPatch, route("job", id), update, opts)
}

// Delete removes a job. One that runs must be stopped first, unless WithForce
// is given.
//
// DELETE /job/{id}
func (a *JobsAPI) Delete(ctx context.Context, id string, opts ...RequestOption) error {
	return run(ctx, a.client, "jobs.delete", http.MethodDelete, route("job", id), deleteQuery{}, opts)
}

// WorkerLogURL returns where the zip of a worker's log can be had for a while.
// The URL needs no token: treat it as a secret.
//
// GET /job/{id}/worker/{worker id}/logs
func (a *JobsAPI) WorkerLogURL(ctx context.Context, id, workerID string, opts ...RequestOption) (string, error) {
	return text(ctx, a.client, "jobs.worker_log_url", http.MethodGet, route("job", id, "worker", workerID, "logs"), nil, opts)
}

// LogArchive downloads the zip of a worker's log, when the job is finished.
//
// GET /job/{id}/worker/{worker id}/logs
func (a *JobsAPI) LogArchive(ctx context.Context, id, workerID string, w io.Writer, opts ...RequestOption) error {
	logURL, err := a.WorkerLogURL(ctx, id, workerID, opts...)
	if err != nil {
		return err
	}
	return a.client.logArchive(ctx, "jobs.log_archive", logURL, w)
}

// Logs yields the lines of a job's log as they come, from the first on, and
// ends with the job. It connects again when the connection drops; no line is
// lost or yielded twice. An error is the last thing that it yields. The log of
// a job that has ended already is empty: see LogArchive. CaptureResponse has no
// effect, since looks at the job go on while the caller has a line.
//
// GET /job/{id}, then the log websocket
//
// Inferred: the service sends the whole history to each connection that asks for
// it, and in time.
func (a *JobsAPI) Logs(ctx context.Context, id string, opts ...RequestOption) iter.Seq2[LogEntry, error] {
	return a.logSource(id, opts).all(ctx)
}

// CopyLogs writes the lines of a job's log as Logs yields them, each with its
// local time, and with the number of its worker if there are several.
//
// GET /job/{id}, then the log websocket
func (a *JobsAPI) CopyLogs(ctx context.Context, id string, w io.Writer, opts ...RequestOption) error {
	return a.logSource(id, opts).copyTo(ctx, w)
}

func (a *JobsAPI) logSource(id string, opts []RequestOption) *logSource {
	opts = append(slices.Clip(opts), uncaptured)
	return &logSource{client: a.client, kind: "job", id: id, look: func(ctx context.Context) (*logState, error) {
		job, err := a.Get(ctx, id, opts...)
		if err != nil {
			return nil, err
		}
		state := &logState{project: cmp.Or(job.ProjectID, a.client.project.Text), ended: job.Status.Terminal() || job.Status == JobStatusStopped}
		for _, worker := range job.Workers {
			state.workers = append(state.workers, worker.ID)
		}
		return state, nil
	}}
}

// WaitFor waits until the job has a status, or has passed it, looking again and
// again. It ends with a *[StatusError] when that is out of reach: the job
// failed, was canceled or removed, or stopped; but a training job that stopped
// counts as finished, since that was the older word for it: look at the Status.
// It returns the last job seen, nil when there was none. A wait for
// [JobStatusArchived] ends well when the job cannot be found.
//
// Once the job was seen, a look that still fails after its retries, without a
// whole reply or with 429 or a 5xx, does not end the wait; the fifth in a row
// does, and any other error at once. WithPollRequest with WithRetry changes the
// looks.
//
// There is no timeout but that of ctx: a job may wait for credits, and a status
// that no job ever has is waited for, too. When ctx ends, the job goes on, and
// costs; Stop ends it.
//
// GET /job/{id}
func (a *JobsAPI) WaitFor(ctx context.Context, id string, status JobStatus, opts ...WaitOption) (*Job, error) {
	w := wait[Job, JobStatus]{
		id: id, wanted: status, get: a.Get,
		status: func(job *Job) JobStatus { return job.Status },
		judge:  judgeJob,
	}
	return w.run(ctx, opts)
}

// Connect exchanges a job's local files with folders of this machine, and serves
// the job to its end: it uploads the model and the input, each when the job
// waits for it, and downloads the output of each worker when it is there. With
// UploadOnly it returns after the upload. It returns the last job seen. When
// nothing is left to move, that is no error; Received tells what has arrived.
//
// It looks at the job all the time, and stops the transfer with a *[StatusError] when
// nothing can come of it any more: the job failed, was canceled or removed, or
// stops. But what a worker still gives is fetched first, whatever has become of
// the job. Any other failure of a transfer is a *[TransferError].
//
// Nothing moves unless the caller names a folder for all that will move; paths
// that the service knows are only shown.
//
// Inferred: a worker that runs or uploads while its job reads finished has an
// output that will be there to be fetched.
//
// GET /job/{id}, then the job's own file transfer
func (a *JobsAPI) Connect(ctx context.Context, id string, options ConnectOptions) (*Job, error) {
	return (&jobConnection{JobsAPI: a, id: id, options: options}).run(ctx)
}

// URL returns where an endpoint or notebook can be reached, empty when it
// cannot.
func (j *Job) URL() string { return j.Endpoint.URL }

// NotebookURL returns where a notebook can be opened, with the token that opens
// it. It is empty when the notebook cannot be reached. Treat it as a secret.
func (j *Job) NotebookURL() string {
	if j.Endpoint.URL == "" || j.NotebookToken == "" {
		return ""
	}
	return j.Endpoint.URL + "/?token=" + url.QueryEscape(string(j.NotebookToken))
}

// WorkerNumber returns the number of the worker with an id: from 1 on, in the
// order of Workers. It is 0 when there is no such worker.
func (j *Job) WorkerNumber(workerID string) int {
	for i, worker := range j.Workers {
		if worker.ID == workerID {
			return i + 1
		}
	}
	return 0
}

// copyOf fills in what a copy takes from its source.
func (s *JobSpec) copyOf(source *Job) *JobSpec {
	filled := *s
	filled.SourceJobID = source.ID
	if filled.Type == "" {
		filled.Type = source.Type
	}
	if filled.ProjectID == "" {
		filled.ProjectID = source.ProjectID
	}
	filled.Resources = filled.Resources.or(source.Resources)
	return &filled
}
