// Create_job creates a training job and prints its id.
//
//	PROXIML_PROJECT="PROJECT ID" go run ./examples/create_job
//
// The API key comes from PROXIML_USER and PROXIML_KEY, or from ~/.proximl.
// Without PROXIML_PROJECT, or a project in ~/.proximl/config.json, the job runs
// in the account's Personal project.
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/proximl/proximl-go"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "create_job:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, stdout io.Writer) error {
	client, err := proximl.New()
	if err != nil {
		return err
	}
	job, err := client.Jobs.Create(ctx, &proximl.JobSpec{
		Name:      "resnet",
		Type:      proximl.JobTypeTraining,
		Resources: proximl.JobResources{GPUTypes: []string{"rtx3090"}, GPUCount: new(1)},
		Workers:   []string{"python train.py"},
		Model:     &proximl.JobModel{SourceType: "git", SourceURI: "https://github.com/org/repo.git"},
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(stdout, job.ID)
	return err
}
