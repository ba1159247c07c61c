// Ensure_job makes sure that a job of a name exists, and creates it at most
// once, whatever happens on the way:
//
//	go run ./examples/ensure_job NAME
//
// It works in the active project. Its test shows how to test a program against
// an in-memory service that fails on request.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/proximl/proximl-go"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: ensure_job NAME")
	}
	client, err := proximl.New()
	if err != nil {
		log.Fatal(err)
	}
	job, err := ensureJob(context.Background(), client, os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(job.ID, job.Status)
}

// ensureJob returns the job of that name, which it creates if there is none.
func ensureJob(ctx context.Context, client *proximl.ProxiML, name string) (*proximl.Job, error) {
	if job, err := findJob(ctx, client, name); job != nil || err != nil {
		return job, err
	}
	job, createErr := client.Jobs.Create(ctx, &proximl.JobSpec{
		Name:      name,
		Type:      proximl.JobTypeTraining,
		Resources: proximl.JobResources{GPUTypes: []string{"rtx3090"}, GPUCount: new(1)},
		Workers:   []string{"nvidia-smi"},
	})
	if !errors.Is(createErr, proximl.ErrOutcomeUnknown) {
		return job, createErr
	}
	// The reply was lost. Creating it again could pay for two.
	job, err := findJob(ctx, client, name)
	if job == nil {
		return nil, errors.Join(createErr, err)
	}
	return job, nil
}

// findJob returns nil when no job has the name.
func findJob(ctx context.Context, client *proximl.ProxiML, name string) (*proximl.Job, error) {
	for job, err := range client.Jobs.All(ctx) {
		if err != nil || job.Name == name {
			return job, err
		}
	}
	return nil, nil
}
