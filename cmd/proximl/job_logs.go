package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/proximl/proximl-go"
)

func jobLogsCommand(a *app) *cobra.Command {
	var archive string
	cmd := jobs.on(a, &cobra.Command{
		Use:   "logs NAME_OR_ID",
		Short: "Show or download the log of a job",
		Long: `Print the log of a job from its beginning, and go on until the job has ended.

The log of a job that has ended already is a zip file for each worker, which
--archive downloads: log.zip, or of several workers log-1.zip, log-2.zip and so on.`,
		Example: "  proximl job logs resnet\n  proximl job logs resnet --archive log.zip",
	}, func(ctx context.Context, client *proximl.ProxiML, job *proximl.Job) error {
		switch {
		case archive != "":
			return a.archiveLogs(ctx, client, job, archive)
		case hasEnded(job):
			return fmt.Errorf("%s is %s; its log: %s", jobs.describe(job), job.Status, a.archivingJob(job))
		}
		return client.Jobs.CopyLogs(ctx, job.ID, a.logTo(a.stdout))
	})
	cmd.Flags().StringVar(&archive, "archive", "", "download the log to the zip `FILE`, or - for stdout")
	return cmd
}

// archivingJob is the command that downloads the log of a job.
func (a *app) archivingJob(job *proximl.Job) string {
	return a.suggest("job logs " + job.ID + " --archive log.zip")
}

// archiveLogs downloads the log of each worker to a file of its own.
func (a *app) archiveLogs(ctx context.Context, client *proximl.ProxiML, job *proximl.Job, path string) error {
	if path == "-" && len(job.Workers) > 1 {
		return usage("--archive -: %s has %d workers, and so as many zip files; name a file", jobs.describe(job), len(job.Workers))
	}
	if len(job.Workers) == 0 {
		return errors.New(jobs.describe(job) + " has no workers, and so no log")
	}
	extension := filepath.Ext(path)
	for i, worker := range job.Workers {
		file := path
		if len(job.Workers) > 1 {
			file = fmt.Sprintf("%s-%d%s", strings.TrimSuffix(path, extension), i+1, extension)
		}
		err := a.saveFile("--archive", file, func(to io.Writer) error {
			return client.Jobs.LogArchive(ctx, job.ID, worker.ID, to)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
