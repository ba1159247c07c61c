package main

import (
	"context"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/proximl/proximl-go"
)

func jobConnectCommand(a *app) *cobra.Command {
	creation := &jobCreation{app: a, connect: true}
	var folders proximl.ConnectOptions
	cmd := a.asks(jobs.on(a, &cobra.Command{
		Use:   "connect NAME_OR_ID",
		Short: "Exchange the local files of a job with folders of this machine",
		Long: `Upload the local model and input of a job, and download the output of its workers,
until the job has ended. The output of several workers goes into worker-1,
worker-2 and so on. The log is printed as by "proximl job attach"; a notebook or
endpoint is opened instead, as soon as it runs.

Whoever created the job named the paths. One is used only if its folder is not
given here, and after a question, since another member of the project may have
chosen it.`,
		Example: "  proximl job connect resnet\n  proximl job connect resnet --model-dir ./code --output-dir ./results",
	}, func(ctx context.Context, client *proximl.ProxiML, job *proximl.Job) error {
		if err := a.nameFolders(ctx, job, &folders); err != nil {
			return err
		}
		if hasEnded(job) && job.Data.OutputType != local {
			a.note("Nothing was downloaded: %s has no output for this machine", jobs.describe(job))
		}
		if !creation.attach {
			return (&jobWatch{app: a, client: client, job: job, folders: folders}).serve(ctx)
		}
		return creation.follow(ctx, client, job, folders)
	}))
	onOff(cmd.Flags(), &creation.attach, "attach", true, "show the log until the job has ended")
	cmd.Flags().StringVar(&folders.Model, "model-dir", "", "folder `DIR` to upload as the model")
	cmd.Flags().StringVar(&folders.Input, "input-dir", "", "folder `DIR` to upload as the input")
	cmd.Flags().StringVar(&folders.Output, "output-dir", "", "folder `DIR` to download the output to")
	return cmd
}

// uploads are the statuses in which a job may still want its files.
var uploads = []proximl.JobStatus{
	proximl.JobStatusNew, proximl.JobStatusWaitingForGPUs, proximl.JobStatusWaitingForResources, proximl.JobStatusWaitingForDownload,
}

// nameFolders asks for what was not given whether to use the path that the
// service knows.
func (a *app) nameFolders(ctx context.Context, job *proximl.Job, folders *proximl.ConnectOptions) error {
	begins := slices.Contains(uploads, job.Status)
	for _, part := range []struct {
		wanted bool
		folder *string
		path   string
		flag   string
		doing  string
	}{
		{begins && job.Model.SourceType == local && job.Model.Status != "ready", &folders.Model, job.Model.SourceURI, "--model-dir", "upload as the model what is in"},
		{begins && job.Data.InputType == local && job.Data.Status != "ready", &folders.Input, job.Data.InputURI, "--input-dir", "upload as the input what is in"},
		{job.Data.OutputType == local, &folders.Output, job.Data.OutputURI, "--output-dir", "download the output to"},
	} {
		if !part.wanted || *part.folder != "" {
			continue
		}
		folder, err := a.suggested(ctx, part.path, part.flag, part.doing)
		if err != nil {
			return err
		}
		*part.folder = folder
	}
	return nil
}

// suggested asks whether to use a path that the service knows.
func (a *app) suggested(ctx context.Context, path, flag, doing string) (string, error) {
	if path == "" {
		return "", usage("%s is missing, and the service suggests no path", flag)
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return absolute, a.confirm(ctx, doing+" "+absolute)
}
