package main

import (
	"cmp"
	"context"
	"fmt"
	"iter"

	"github.com/spf13/cobra"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/cmd/proximl/internal/output"
)

const local = "local" // the type of a source or an output on a member's own machine

var jobs = kind[proximl.Job]{
	noun: "job",
	all: func(ctx context.Context, client *proximl.ProxiML) iter.Seq2[*proximl.Job, error] {
		return client.Jobs.All(ctx)
	},
	get: func(ctx context.Context, client *proximl.ProxiML, id string) (*proximl.Job, error) {
		return client.Jobs.Get(ctx, id)
	},
	id:   func(j *proximl.Job) string { return j.ID },
	name: func(j *proximl.Job) string { return j.Name },
	columns: []output.Column[proximl.Job]{
		{Title: "ID", Width: 38, Whole: true, Value: func(j *proximl.Job) string { return j.ID }},
		{Title: "NAME", Width: 40, Value: func(j *proximl.Job) string { return j.Name }},
		{Title: "STATUS", Width: 13, Value: func(j *proximl.Job) string { return string(j.Status) }},
		{Title: "TYPE", Width: 14, Value: func(j *proximl.Job) string { return string(j.Type) }},
	},
}

func jobCommand(a *app) *cobra.Command {
	return group("job", "Run notebooks, trainings, inferences and endpoints",
		jobListCommand(a),
		jobShowCommand(a),
		jobCreateCommand(a),
		jobCopyCommand(a),
		jobStartCommand(a),
		jobStopCommand(a),
		jobWaitCommand(a),
		jobAttachCommand(a),
		jobConnectCommand(a),
		jobLogsCommand(a),
		jobOpenCommand(a),
		jobRemoveCommand(a),
	)
}

func jobListCommand(a *app) *cobra.Command {
	cmd := jobs.listCommand(a, &cobra.Command{
		Short:   "List the jobs of a project",
		Long:    "List the jobs of the project, whatever their status.",
		Example: "  proximl job list\n  proximl job list --project Research -o json",
	})
	const format = "format" // of the Python command
	cmd.Flags().FuncP(format, "f", "the older word for --output: `text|json`", func(value string) error {
		if value == "text" {
			value = string(output.Table)
		}
		a.flags.format = value
		return nil
	})
	cmd.Flags().Lookup(format).Hidden = true
	return cmd
}

func jobShowCommand(a *app) *cobra.Command {
	return jobs.showCommand(a, &cobra.Command{
		Short: "Show a job",
		Long: `Show all that is known of a job: its status, its workers, what it has cost, where
it is reached. The token that opens a notebook is hidden without --show-secrets.`,
		Example: "  proximl job show resnet\n  proximl job show resnet -o json",
	})
}

func jobStartCommand(a *app) *cobra.Command {
	var connect bool
	cmd := jobs.on(a, &cobra.Command{
		Use:   "start NAME_OR_ID",
		Short: "Start a stopped notebook or endpoint",
		Long: `Start a notebook or endpoint that was stopped. It costs credits from then on. As
soon as it runs, it is opened, as "proximl job open" does; --no-connect does not
wait for that.`,
		Example: "  proximl job start sandbox\n  proximl job start sandbox --no-connect",
	}, func(ctx context.Context, client *proximl.ProxiML, job *proximl.Job) error {
		if _, err := client.Jobs.Start(ctx, job.ID); err != nil {
			return err
		}
		a.note("Started %s", jobs.describe(job))
		if !connect {
			return nil
		}
		return (&jobWatch{app: a, client: client, job: job}).launch(ctx, 0)
	})
	onOff(cmd.Flags(), &connect, "connect", true, "wait until it runs, and open it")
	return cmd
}

func jobStopCommand(a *app) *cobra.Command {
	var wait bool
	cmd := jobs.on(a, &cobra.Command{
		Use:   "stop NAME_OR_ID",
		Short: "Stop a job",
		Long: `Stop a job, which then costs nothing but its storage, and wait until it has
stopped. Notebooks and endpoints can be started again.`,
		Example: "  proximl job stop sandbox\n  proximl job stop sandbox --no-wait",
	}, func(ctx context.Context, client *proximl.ProxiML, job *proximl.Job) error {
		if _, err := client.Jobs.Stop(ctx, job.ID); err != nil {
			return err
		}
		if !wait {
			a.note("Stopping %s", jobs.describe(job))
			return nil
		}
		last, err := client.Jobs.WaitFor(ctx, job.ID, proximl.JobStatusStopped, waiting(a.progress, jobStatus)...)
		if err != nil && !outOfReach(err) {
			return err
		}
		job = cmp.Or(last, job)
		a.note("%s is %s", jobs.describe(job), job.Status)
		return nil
	})
	onOff(cmd.Flags(), &wait, "wait", true, "wait until it has stopped")
	return cmd
}

func jobRemoveCommand(a *app) *cobra.Command {
	var force bool
	cmd := jobs.removeCommand(a, &cobra.Command{
		Use:     "remove NAME_OR_ID",
		Short:   "Remove a job",
		Long:    "Remove a job with all that is on its disk. One that runs has to be stopped first,\nunless --force is given.",
		Example: "  proximl job remove resnet\n  proximl job remove resnet --force --yes",
	}, func(ctx context.Context, client *proximl.ProxiML, job *proximl.Job) error {
		var opts []proximl.RequestOption
		if force {
			opts = append(opts, proximl.WithForce())
		}
		return client.Jobs.Delete(ctx, job.ID, opts...)
	})
	onOff(cmd.Flags(), &force, "force", false, "remove it whatever its status")
	return cmd
}

// runsUntilStopped reports whether a job has no end of its own.
func runsUntilStopped(t proximl.JobType) bool {
	return t == proximl.JobTypeNotebook || t == proximl.JobTypeEndpoint
}

// jobStatus is the status line of a wait for a job.
func jobStatus(j *proximl.Job) string { return fmt.Sprintf("job %s is %s", j.Name, j.Status) }

// suggest repeats the flag --project in a command that a note suggests.
func (a *app) suggest(command string) string {
	if a.flags.project != "" {
		command += fmt.Sprintf(" --project %q", a.flags.project)
	}
	return "proximl " + command
}
