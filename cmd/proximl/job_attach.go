package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/cmd/proximl/internal/output"
)

const lastLines = 15 * time.Second // for the rest of the log of a job that has ended

func jobAttachCommand(a *app) *cobra.Command {
	return jobs.on(a, &cobra.Command{
		Use:   "attach NAME_OR_ID",
		Short: "Show the log and the status of a job until its end",
		Long: `Print the log of a job from its beginning, until the job has ended. The exit code
is 5 if it failed. The job goes on when this is interrupted.

For a job that has ended already, "proximl job logs --archive" downloads the log.`,
		Example: "  proximl job attach resnet",
	}, func(ctx context.Context, client *proximl.ProxiML, job *proximl.Job) error {
		watch := &jobWatch{app: a, client: client, job: job, log: a.stdout, wanted: proximl.JobStatusFinished}
		if runsUntilStopped(job.Type) {
			watch.wanted = proximl.JobStatusStopped
		}
		return watch.run(ctx)
	})
}

// jobWatch serves a job and tells of it until it has a status.
type jobWatch struct {
	*app
	client  *proximl.ProxiML
	job     *proximl.Job // as last seen
	wanted  proximl.JobStatus
	log     io.Writer              // nil: no log
	folders proximl.ConnectOptions // with none, no files are exchanged
	dataset string                 // the id of one that was told of
	lacking sync.Once              // tells of the others that it waits for
	fetched atomic.Bool            // output has arrived
}

// waiting are the options of a wait for the job.
func (w *jobWatch) waiting(ctx context.Context) []proximl.WaitOption {
	return waiting(w.progress, func(job *proximl.Job) string {
		if job.Status == proximl.JobStatusWaitingForDownload {
			w.lacking.Do(func() { w.noteLackingData(ctx, w.client, job, w.dataset) })
		}
		return jobStatus(job)
	})
}

// run returns when all that was asked for is done, or the first failure.
func (w *jobWatch) run(ctx context.Context) error {
	working, cancel := context.WithCancel(ctx)
	defer cancel()
	log, endLog := context.WithCancel(working)
	defer endLog()
	exchange, endExchange := context.WithCancel(working)
	defer endExchange()
	var tasks sync.WaitGroup
	var waited, connected, logged error
	id, hadEnded := w.job.ID, hasEnded(w.job) // the tasks go on when the job is seen anew
	if w.log != nil {
		tasks.Go(func() { logged = w.noteBroken(log, w.client.Jobs.CopyLogs(log, id, w.logTo(w.log))) })
	}
	if namesFolders(w.folders) {
		tasks.Go(func() {
			_, connected = w.connect(exchange, id)
			if connected != nil && !outOfReach(connected) {
				cancel() // else the wait sees it, too, and the log may say why
			}
		})
	}
	last, waited := w.client.Jobs.WaitFor(working, id, w.wanted, w.waiting(working)...)
	w.job = cmp.Or(last, w.job)
	failed := outOfReach(waited) || stopped(w.job, w.wanted) != nil
	if failed && !givesOutput(w.job) {
		endExchange()
	}
	switch {
	case w.wanted == proximl.JobStatusRunning:
		endLog() // it is there for the way to this status
	case waited == nil || failed:
		rest := time.AfterFunc(lastLines, endLog)
		defer rest.Stop()
	default:
		cancel()
	}
	tasks.Wait()
	w.progress.end()
	if outOfReach(connected) { // by what the wait tells best
		waited, connected = cmp.Or(waited, connected), nil
	}
	if w.wanted == proximl.JobStatusRunning {
		logged = nil // it runs, whatever became of its log
	}
	return w.outcome(hadEnded, ctx.Err(), connected, waited, logged)
}

// outcome is the failure that made the others stop. A job that had ended before
// has no log but its archive.
func (w *jobWatch) outcome(hadEnded bool, interrupted error, failures ...error) error {
	first := interrupted
	for _, err := range failures {
		if err != nil && !errors.Is(err, context.Canceled) {
			first = err
			break
		}
	}
	if first != nil {
		return w.unfinished(w.job, first)
	}
	w.noteUnfetched()
	text := fmt.Sprintf("%s is %s", jobs.describe(w.job), w.job.Status)
	if hadEnded && w.log != nil {
		text += "; its log: " + w.archivingJob(w.job)
	}
	w.note("%s", text)
	return stopped(w.job, w.wanted)
}

// serve only exchanges files.
func (w *jobWatch) serve(ctx context.Context) error {
	last, err := w.connect(ctx, w.job.ID)
	w.progress.end()
	if err != nil {
		return w.unfinished(cmp.Or(last, w.job), err)
	}
	w.job = cmp.Or(last, w.job)
	w.noteUnfetched()
	w.note("All files of %s are exchanged", jobs.describe(w.job))
	return nil
}

// noteUnfetched tells why no output has arrived where some was wanted.
func (w *jobWatch) noteUnfetched() {
	switch {
	case w.fetched.Load() || w.folders.Output == "" || w.job.Data.OutputType != local || !hasEnded(w.job):
	case w.job.Status == proximl.JobStatusFinished:
		w.note("Nothing was downloaded: the output was fetched before")
	default:
		w.note("Nothing was downloaded: a job that is %s has no output", w.job.Status)
	}
}

// upload exchanges files before the rest of the watch. The limit is for the time
// until the job wants them, and not for the upload itself.
func (w *jobWatch) upload(ctx context.Context, limit timeout) error {
	limited, cancel := limit.context(ctx)
	defer cancel()
	last, err := w.client.Jobs.WaitFor(limited, w.job.ID, proximl.JobStatusWaitingForDownload, w.waiting(limited)...)
	if err == nil {
		last, err = w.connect(ctx, w.job.ID)
	}
	w.job = cmp.Or(last, w.job)
	w.progress.end()
	if err != nil {
		return limit.explain(w.unfinished(w.job, err))
	}
	w.folders = proximl.ConnectOptions{}
	return nil
}

// launch waits until a notebook or endpoint runs, and opens it.
func (w *jobWatch) launch(ctx context.Context, limit timeout) error {
	if namesFolders(w.folders) {
		if err := w.upload(ctx, limit); err != nil {
			return err
		}
	}
	limited, cancel := limit.context(ctx)
	defer cancel()
	w.wanted = proximl.JobStatusRunning
	if err := w.run(limited); err != nil {
		return limit.explain(err)
	}
	if output.Format(w.flags.format) != output.Table {
		return nil
	}
	return w.open(ctx, w.job)
}

func (w *jobWatch) connect(ctx context.Context, id string) (*proximl.Job, error) {
	options := w.telling(w.folders)
	tell := options.Received
	options.Received = func(r proximl.TransferReceipt) {
		w.fetched.Store(true)
		tell(r)
	}
	options.Wait = w.waiting(ctx)
	return w.client.Jobs.Connect(ctx, id, options)
}

// givesOutput reports whether a worker gives its output or has given it: then
// Connect knows best when it is there.
func givesOutput(job *proximl.Job) bool {
	return slices.ContainsFunc(job.Workers, func(worker proximl.JobWorker) bool {
		return worker.Status == string(proximl.JobStatusUploading) || worker.Status == string(proximl.JobStatusFinished)
	})
}

func namesFolders(o proximl.ConnectOptions) bool {
	return o.Model != "" || o.Input != "" || o.Output != ""
}

// logTo is a writer of log lines, which a terminal gets without control
// characters: somebody else may have written them.
func (a *app) logTo(to io.Writer) io.Writer {
	above := a.progress.above(to)
	if !isTerminal(to) {
		return above
	}
	return cleanLines{above}
}

type cleanLines struct{ to io.Writer }

func (c cleanLines) Write(line []byte) (int, error) {
	text := output.Clean(string(bytes.TrimSuffix(line, []byte("\n"))))
	if _, err := io.WriteString(c.to, text+"\n"); err != nil {
		return 0, err
	}
	return len(line), nil
}
