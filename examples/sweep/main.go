// Sweep trains with each combination of some settings: one training job for each,
// with the settings in its environment variables. It waits for all of them,
// prints what each cost, and removes them.
//
//	go run ./examples/sweep
//
// does so within seconds, in an in-memory service whose clock is fast.
//
//	go run ./examples/sweep -live
//
// does it in the real service, with the API key of your own configuration. That
// takes minutes and costs credits.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C does not wait for the clean-up
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "sweep:", err)
		if ctx.Err() != nil {
			os.Exit(130)
		}
		os.Exit(1)
	}
}

// run is the program. The options are for the in-memory service.
func run(ctx context.Context, args []string, stdout io.Writer, opts ...proximltest.Option) error {
	switch {
	case len(args) == 0:
		return inMemory(ctx, stdout, opts)
	case slices.Equal(args, []string{"-live"}):
		client, err := proximl.New()
		if err != nil {
			return err
		}
		return sweep(ctx, client, stdout)
	}
	return fmt.Errorf("unexpected arguments %q; there is only the flag -live", args)
}

// inMemory sweeps in a service of its own, whose clock is fast.
func inMemory(ctx context.Context, stdout io.Writer, opts []proximltest.Option) error {
	srv, err := proximltest.NewServer(append([]proximltest.Option{proximltest.WithSpeed(100)}, opts...)...)
	if err != nil {
		return err
	}
	defer srv.Close()
	client, err := srv.Client(srv.Account("you@example.com"))
	if err != nil {
		return err
	}
	return sweep(ctx, client, stdout, proximl.PollBetween(20*time.Millisecond, 100*time.Millisecond))
}

// grid is two rates times two sizes: four jobs, train-1 to train-4.
func grid() *proximl.Sweep {
	return &proximl.Sweep{
		Spec: proximl.JobSpec{
			Name:      "train",
			Type:      proximl.JobTypeTraining,
			Resources: proximl.JobResources{GPUTypes: []string{"cpu"}, CPUCount: new(4)},
			Workers:   []string{`echo "training with a rate of $RATE and batches of $BATCH"`},
		},
		Env: []proximl.SweepVariable{
			{Key: "RATE", Values: []string{"0.1", "0.01"}},
			{Key: "BATCH", Values: []string{"32", "64"}},
		},
	}
}

// sweep has the jobs from their creation to their removal.
func sweep(ctx context.Context, client *proximl.ProxiML, stdout io.Writer, wait ...proximl.WaitOption) (err error) {
	jobs, err := client.Jobs.Sweep(context.WithoutCancel(ctx), grid()) // an interrupt must not leave a job behind
	if failed, ok := errors.AsType[*proximl.SweepError](err); ok {
		jobs = failed.Created // those that are there all the same
	}
	defer func() { err = errors.Join(err, remove(ctx, client, jobs, stdout)) }()
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "created %d jobs\n", len(jobs))

	table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "JOB\tSETTINGS\tSTATUS\tCREDITS")
	for _, created := range jobs { // all of them run meanwhile
		job, err := client.Jobs.WaitFor(ctx, created.ID, proximl.JobStatusFinished, wait...)
		if err != nil {
			return err
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%.4f\n", job.Name, settings(job), job.Status, job.Credits)
	}
	return table.Flush()
}

// settings are the environment variables of a job.
func settings(job *proximl.Job) string {
	var texts []string
	for _, variable := range job.Environment.Env {
		texts = append(texts, variable.Key+"="+variable.Value)
	}
	return strings.Join(texts, " ")
}

// remove cleans up, also after an interrupt.
func remove(ctx context.Context, client *proximl.ProxiML, jobs []*proximl.Job, stdout io.Writer) (err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	removed := 0
	for _, job := range jobs {
		if failed := client.Jobs.Delete(ctx, job.ID, proximl.WithForce()); failed != nil {
			err = errors.Join(err, fmt.Errorf("job %s is still there, please remove it: %w", job.ID, failed))
			continue
		}
		removed++
	}
	fmt.Fprintf(stdout, "removed %d jobs\n", removed)
	return err
}
