package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/proximl/proximl-go"
)

func jobCopyCommand(a *app) *cobra.Command {
	creation, flags := &jobCreation{app: a, limit: defaultStartTimeout}, &jobFlags{}
	var t string
	cmd := &cobra.Command{
		Use:   "copy NAME_OR_ID NEW_NAME [COMMAND]...",
		Short: "Create a job from a notebook, with what is on its disk",
		Long: `Create a job from a notebook that is running or stopped, with what is on its disk.
What is not given stays as it is in the notebook; the disk cannot be smaller. With
--type training and a COMMAND for each worker it becomes a training job.

The copy starts by itself and costs credits from then on. It goes on when this is
interrupted. "proximl job create --help" says more.`,
		Example:           "  proximl job copy sandbox sandbox-2\n  proximl job copy sandbox resnet --type training --output-dir ./results \"python train.py\"",
		Args:              atLeast(2),
		ValidArgsFunction: jobs.complete(a),
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		spec, err := flags.spec(proximl.JobType(t), args[1], args[2:])
		if err != nil {
			return err
		}
		creation.create = func(ctx context.Context, client *proximl.ProxiML, spec *proximl.JobSpec) (*proximl.Job, error) {
			id, err := jobs.findID(ctx, client, args[0])
			if err != nil {
				return nil, err
			}
			return client.Jobs.Copy(ctx, id, spec)
		}
		return creation.run(cmd.Context(), spec)
	}
	flags.flags = cmd.Flags()
	cmd.Flags().StringVar(&t, "type", "", "make a job of another `TYPE`, such as training")
	flags.addResources(cmd.Flags())
	flags.addEnvironment(cmd.Flags())
	flags.addDatasets(cmd.Flags())
	flags.addVolumes(cmd.Flags())
	flags.addOutput(cmd.Flags())
	creation.serving(cmd.Flags())
	return cmd
}
