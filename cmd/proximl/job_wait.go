package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/proximl/proximl-go"
)

// waitable are the statuses that a job can be waited for to have.
var waitable = []proximl.JobStatus{
	proximl.JobStatusWaitingForResources,
	proximl.JobStatusWaitingForDownload,
	proximl.JobStatusRunning,
	proximl.JobStatusUploading,
	proximl.JobStatusFinished,
	proximl.JobStatusStopped,
	proximl.JobStatusArchived,
}

func jobWaitCommand(a *app) *cobra.Command {
	var status string
	var limit timeout
	cmd := &cobra.Command{
		Use:   "wait NAME_OR_ID",
		Short: "Wait until a job has a status",
		Long: fmt.Sprintf(`Wait until a job has a status, or has passed it, and print the job. Without --for
that is "running" for a notebook or endpoint, and "finished" for all else.

The statuses are:
    %s
An id that is not found counts as archived. When the status is out of reach, since
the job failed or was stopped, the exit code is 5. The job goes on when the wait is
interrupted.`, strings.ReplaceAll(jobStatusNames(), ", ", "\n    ")),
		Example:           "  proximl job wait resnet\n  proximl job wait sandbox --for stopped --timeout 10m",
		Args:              takes(1, 1),
		ValidArgsFunction: jobs.complete(a),
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ctx, wanted := cmd.Context(), proximl.JobStatus(status)
		client, err := a.client(ctx)
		if err != nil {
			return err
		}
		job, err := jobs.find(ctx, client, args[0])
		switch {
		case wanted == proximl.JobStatusArchived && isID(args[0]) && errors.Is(err, proximl.ErrNotFound):
			a.note("There is no job %s", args[0])
			return nil
		case err != nil:
			return err
		case wanted == "" && runsUntilStopped(job.Type):
			wanted = proximl.JobStatusRunning
		case wanted == "":
			wanted = proximl.JobStatusFinished
		}
		return a.waitForJob(ctx, client, job, wanted, limit)
	}
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if status != "" && !slices.Contains(waitable, proximl.JobStatus(status)) {
			return usage("--for %q is not one of %s", status, jobStatusNames())
		}
		return nil
	}
	cmd.Flags().StringVar(&status, "for", "", "the `STATUS` to wait for")
	cmd.Flags().Var(&limit, "timeout", "give up after this `TIME`: seconds, or such as 10m (default: never)")
	return cmd
}

func jobStatusNames() string {
	names := make([]string, len(waitable))
	for i, status := range waitable {
		names[i] = strconv.Quote(string(status))
	}
	return strings.Join(names, ", ")
}

func (a *app) waitForJob(ctx context.Context, client *proximl.ProxiML, job *proximl.Job, wanted proximl.JobStatus, limit timeout) error {
	limited, cancel := limit.context(ctx)
	defer cancel()
	last, err := client.Jobs.WaitFor(limited, job.ID, wanted, waiting(a.progress, jobStatus)...)
	switch {
	case err != nil:
		return limit.explain(a.unfinished(cmp.Or(last, job), err))
	case last == nil || wanted == proximl.JobStatusArchived:
		a.note("There is no more %s", jobs.describe(job))
		return nil
	}
	return errors.Join(jobs.show(a, last), stopped(last, wanted))
}

// stopped is the failure of a job that was to finish and was stopped, by somebody
// or for lack of credits. The SDK takes it for finished, the older word for that.
func stopped(job *proximl.Job, wanted proximl.JobStatus) error {
	if wanted != proximl.JobStatusFinished || job.Status != proximl.JobStatusStopped {
		return nil
	}
	return &proximl.StatusError{Entity: job, ID: job.ID, Status: string(job.Status), Wanted: string(wanted)}
}

// hasEnded reports whether a job does nothing more, unless it is started again.
func hasEnded(job *proximl.Job) bool {
	return job.Status.Terminal() || job.Status == proximl.JobStatusStopped
}

// unfinished says what to do about a job that failed, or that the command ends
// before: that one goes on and costs.
func (a *app) unfinished(job *proximl.Job, err error) error {
	switch {
	case job.Status == proximl.JobStatusFailed:
		return fmt.Errorf("%w; its log: %s", err, a.archivingJob(job))
	case !hasEnded(job) && !outOfReach(err) && !errors.Is(err, proximl.ErrNotFound):
		a.progress.end()
		a.note("%s goes on, and costs credits; to stop it: %s", jobs.describe(job), a.suggest("job stop "+job.ID))
	}
	return err
}

// timeout is a flag in seconds, as in the Python command, or with a unit; 0 is
// no limit.
type timeout time.Duration

// String implements [pflag.Value].
func (t *timeout) String() string {
	if *t == 0 {
		return ""
	}
	return time.Duration(*t).String()
}

// Set implements [pflag.Value].
func (t *timeout) Set(text string) error {
	d, err := time.ParseDuration(text)
	if seconds, number := strconv.ParseFloat(text, 64); number == nil {
		d, err = time.Duration(seconds*float64(time.Second)), nil
	}
	if err != nil || d < 0 {
		return errors.New("want seconds, or a time such as 10m")
	}
	*t = timeout(d)
	return nil
}

// Type implements [pflag.Value].
func (t *timeout) Type() string { return "time" }

func (t timeout) context(ctx context.Context) (context.Context, context.CancelFunc) {
	if t == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Duration(t))
}

// explain says what the end of the limit means.
func (t timeout) explain(err error) error {
	if t == 0 || !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("--timeout %s is over: %w", time.Duration(t), err)
}
