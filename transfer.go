package proximl

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/proximl/proximl-go/internal/transfer"
)

const (
	sourceLocal         = "local"
	defaultTransferWait = 510 * time.Second // as long as the Python client waits
)

// ConnectOptions says which folders of this machine a Connect uses. They come
// from the caller alone: the paths that the service knows may have been written
// by a teammate, and to obey them would let that teammate read or overwrite any
// file.
type ConnectOptions struct {
	Model  string // folder or file to upload as a job's model
	Input  string // folder or file to upload as a job's input, or as a dataset or model
	Output string // folder to download to; of several workers, into worker-N below it

	UploadOnly bool // return after the upload, without waiting for a job's output

	ServiceWait time.Duration // for the file transfer to answer; 8.5 minutes by default
	ChunkSize   int           // bytes of one request of an upload; 5 MiB by default, uncertain whether the service takes as much
	MaxEntries  int64         // of one archive that is downloaded; 10 million by default
	MaxBytes    int64         // of one archive that is downloaded; no limit by default
	Progress    func(TransferProgress)
	Wait        []WaitOption // of the waits for the entity
}

// TransferProgress says how far a transfer is.
type TransferProgress struct {
	What   string // model, input or output
	Worker int    // number of the worker whose output it is; 0 when it has no number
	Done   int64  // bytes of the tar stream, or of the zip
	Total  int64  // bytes; 0 when it is not known
}

// part is one transfer that a Connect makes.
type part struct {
	what      string
	worker    int
	id        string // of the worker
	folder    string // of this machine
	suggested string // path that the service knows, never used
	hostname  string
	token     Secret
}

// named fails when the caller has named no folder for a part.
func (p *part) named(option string) error {
	if p.folder != "" {
		return nil
	}
	return invalid("connect", "ConnectOptions."+option, fmt.Sprintf("is missing: it names the folder of this machine for the %s; whoever made the entity suggests %q", p.what, p.suggested))
}

// readable fails when what is to be uploaded is not there.
func (p *part) readable(option string) error {
	if err := p.named(option); err != nil {
		return err
	}
	if _, err := os.Stat(p.folder); err != nil {
		return invalid("connect", "ConnectOptions."+option, err.Error())
	}
	return nil
}

func (p *part) waiting() bool { return p.hostname != "" && p.token != "" }

// TransferError is an exchange of local files that failed. Files that arrived
// whole stay. The next Connect begins anew with what the entity still waits for.
type TransferError struct {
	What   string // model, input or output; or dataset, model, checkpoint or volume
	Worker int    // number of the worker whose output it is; 0 when it has no number
	err    error
}

// Error says what was exchanged with whom, and what went wrong.
func (e *TransferError) Error() string { return "transfer of the " + e.What + ": " + e.err.Error() }

// Is reports whether target is [ErrOutcomeUnknown] and the service may have
// taken the transfer for complete: the state of the entity tells.
func (e *TransferError) Is(target error) bool {
	return target == ErrOutcomeUnknown && errors.Is(e.err, transfer.ErrUnconfirmed)
}

// Unwrap returns what went wrong.
func (e *TransferError) Unwrap() error { return e.err }

// upload sends a part.
func (c *ProxiML) upload(ctx context.Context, p part, o *ConnectOptions) error {
	return c.transfer(ctx, p, o, func(peer *transfer.Peer) error {
		return peer.Upload(ctx, p.folder, transfer.UploadOptions{ChunkSize: o.ChunkSize, Progress: o.progress(p), Skipped: c.skipped(ctx, p)})
	})
}

// download fetches a part.
func (c *ProxiML) download(ctx context.Context, p part, o *ConnectOptions) error {
	return c.transfer(ctx, p, o, func(peer *transfer.Peer) error {
		_, err := peer.Download(ctx, p.folder, transfer.DownloadOptions{
			Limits:   transfer.Limits{Entries: o.MaxEntries, Bytes: o.MaxBytes},
			Progress: o.progress(p),
			Skipped:  c.skipped(ctx, p),
		})
		return err
	})
}

// transfer moves a part once its file transfer answers.
func (c *ProxiML) transfer(ctx context.Context, p part, o *ConnectOptions, move func(*transfer.Peer) error) error {
	peer, err := c.peer(ctx, p, o)
	if err == nil {
		defer peer.Close()
		err = move(peer)
	}
	if err != nil {
		return &TransferError{What: p.what, Worker: p.worker, err: err}
	}
	return nil
}

// peer waits until the file transfer of a part answers.
func (c *ProxiML) peer(ctx context.Context, p part, o *ConnectOptions) (*transfer.Peer, error) {
	peer, err := transfer.NewPeer(p.hostname, string(p.token), transfer.Options{
		HTTP: *c.sender.plain, UserAgent: c.sender.userAgent, Logger: c.sender.logger, Operation: OperationFromContext,
		Question: c.sender.limits.ResponseHeader, BodyIdle: c.sender.limits.BodyIdle,
	})
	if err != nil {
		return nil, err
	}
	if err := peer.Ping(ctx, cmp.Or(o.ServiceWait, defaultTransferWait)); err != nil {
		peer.Close()
		return nil, err
	}
	return peer, nil
}

func (o *ConnectOptions) progress(p part) transfer.Progress {
	if o.Progress == nil {
		return nil
	}
	return func(done, total int64) {
		o.Progress(TransferProgress{What: p.what, Worker: p.worker, Done: done, Total: total})
	}
}

func (c *ProxiML) skipped(ctx context.Context, p part) transfer.Skipped {
	return func(name, reason string) {
		c.sender.logger.WarnContext(ctx, "left out of the transfer", "what", p.what, "name", name, "reason", reason)
	}
}

// storageConnection is a Connect of a dataset or model.
type storageConnection[T any] struct {
	client  *ProxiML
	kind    string
	id      string
	options ConnectOptions
	get     func(context.Context, string, ...RequestOption) (*T, error)
	storage func(*T) *Storage
}

// run uploads what is to become the entity, or downloads its export.
func (s *storageConnection[T]) run(ctx context.Context) (*T, error) {
	ctx = context.WithValue(ctx, operationKey{}, s.kind+"s.connect")
	entity, err := s.get(ctx, s.id)
	if err != nil {
		return nil, err
	}
	state, move, wanted := s.storage(entity), s.client.upload, StorageStatusDownloading
	p := part{what: s.kind, folder: s.options.Input, suggested: state.SourceURI}
	switch {
	case state.Status == StorageStatusExporting && state.OutputType == sourceLocal:
		move, wanted = s.client.download, StorageStatusExporting
		p.folder, p.suggested = s.options.Output, state.OutputURI
		err = p.named("Output")
	case state.Status == StorageStatusReady && s.options.Output != "":
		err = invalid("connect", s.kind, "is ready and exports nothing: call Export with the output type local first")
	case state.Status == StorageStatusReady:
		return entity, nil
	case state.SourceType != sourceLocal:
		err = invalid("connect", s.kind, fmt.Sprintf("has the source type %q: it neither waits for files of this machine nor exports to it", state.SourceType))
	default:
		err = p.readable("Input")
	}
	if err != nil {
		return entity, err
	}
	awaited, err := s.await(ctx, wanted)
	if entity = cmp.Or(awaited, entity); err != nil {
		return entity, err
	}
	if state = s.storage(entity); state.Status != wanted {
		return entity, nil // it is past the transfer: somebody else has done it
	}
	p.hostname, p.token = state.Hostname, state.AuthToken
	if err := move(ctx, p, &s.options); err != nil {
		return entity, err
	}
	ready, err := waitForStorage(ctx, s.id, StorageStatusReady, s.get, s.status, s.options.Wait)
	return cmp.Or(ready, entity), err
}

func (s *storageConnection[T]) status(entity *T) StorageStatus { return s.storage(entity).Status }

// await waits until the entity waits for a transfer, or is past it.
func (s *storageConnection[T]) await(ctx context.Context, wanted StorageStatus) (*T, error) {
	w := wait[T, StorageStatus]{
		id: s.id, wanted: wanted, get: s.get, gone: StorageStatusArchived, status: s.status,
		judge: func(entity *T, wanted StorageStatus, _ bool) verdict {
			state := s.storage(entity)
			if state.Status == wanted && (state.Hostname == "" || state.AuthToken == "") {
				return goOn
			}
			if state.Status == StorageStatusReady {
				return satisfied
			}
			return judgeStorage(state.Status, wanted)
		},
	}
	return w.run(ctx, s.options.Wait)
}

// jobConnection is a Connect of a job.
type jobConnection struct {
	*JobsAPI
	id      string
	options ConnectOptions
	served  map[string]bool // workers whose output is here
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
	var parts []part
	if job.Status.progress() > JobStatusWaitingForDownload.progress() {
		return nil
	}
	if job.Model.SourceType == sourceLocal && job.Model.Status != "ready" {
		parts = append(parts, part{what: "model", folder: j.options.Model, suggested: job.Model.SourceURI, hostname: job.Model.Hostname, token: job.Model.AuthToken})
	}
	if job.Data.InputType == sourceLocal && job.Data.Status != "ready" {
		parts = append(parts, part{what: "input", folder: j.options.Input, suggested: job.Data.InputURI, hostname: job.Data.InputHostname, token: job.Data.InputAuthToken})
	}
	return parts
}

// upload waits until the job wants its files and sends them.
func (j *jobConnection) upload(ctx context.Context) (*Job, error) {
	job, err := j.await(ctx, JobStatusWaitingForDownload, func(job *Job) bool {
		for _, p := range j.uploads(job) {
			if !p.waiting() {
				return false
			}
		}
		return true
	})
	if err != nil {
		return job, err
	}
	return job, together(ctx, j.uploads(job), func(ctx context.Context, p part) error { return j.client.upload(ctx, p, &j.options) })
}

// download fetches the output of each worker as it becomes ready, until the job
// has ended and none is left.
func (j *jobConnection) download(ctx context.Context) (*Job, error) {
	for {
		job, err := j.await(ctx, JobStatusFinished, func(job *Job) bool { return len(j.outputs(job)) > 0 })
		outputs := j.outputs(job)
		if len(outputs) == 0 {
			return job, err
		}
		if err := together(ctx, outputs, func(ctx context.Context, p part) error { return j.client.download(ctx, p, &j.options) }); err != nil {
			return job, err
		}
		for _, p := range outputs {
			j.served[p.id] = true
		}
	}
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
		if worker.Status == string(JobStatusUploading) && p.waiting() && !j.served[worker.ID] {
			parts = append(parts, p)
		}
	}
	return parts
}

// await waits until a job is ready for a transfer, or past the status in which
// it would be.
func (j *jobConnection) await(ctx context.Context, wanted JobStatus, ready func(*Job) bool) (*Job, error) {
	w := wait[Job, JobStatus]{
		id: j.id, wanted: wanted, get: j.Get, gone: JobStatusArchived,
		status: func(job *Job) JobStatus { return job.Status },
		judge: func(job *Job, wanted JobStatus, changed bool) verdict {
			if len(j.outputs(job)) > 0 {
				return satisfied
			}
			if job.Status == wanted && !ready(job) && !job.Status.Terminal() {
				return goOn
			}
			return judgeJob(job, wanted, changed)
		},
	}
	return w.run(ctx, j.options.Wait)
}

// together makes several transfers at once. The first that fails ends the
// others.
func together(ctx context.Context, parts []part, move func(context.Context, part) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	errs := make([]error, len(parts))
	var all sync.WaitGroup
	for i, p := range parts {
		all.Go(func() {
			if errs[i] = move(ctx, p); errs[i] != nil {
				cancel()
			}
		})
	}
	all.Wait()
	return firstCause(errs)
}

// firstCause prefers the error that made the others stop.
func firstCause(errs []error) error {
	var stopped error
	for _, err := range errs {
		if err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
		stopped = cmp.Or(stopped, err)
	}
	return stopped
}
