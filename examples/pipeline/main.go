// Pipeline trains a model and uses it: a training job writes a model, which the
// service keeps, and an inference job starts from that model. What the second
// one logs is printed.
//
//	go run ./examples/pipeline
//
// does so within seconds, in an in-memory service that really runs the two
// commands.
//
//	go run ./examples/pipeline -live
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
	"syscall"
	"time"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

// A job whose output becomes a model leaves it in the model folder, which is
// where the next job finds it. This model is the mean of the numbers to 100.
const (
	train   = `awk 'BEGIN { for (i = 1; i <= 100; i++) sum += i; print sum / 100 }' > "$ML_MODEL_PATH/mean.txt"`
	predict = `awk '{ print "the model says", $1 }' "$ML_MODEL_PATH/mean.txt"`
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C does not wait for the clean-up
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "pipeline:", err)
		if ctx.Err() != nil {
			os.Exit(130)
		}
		os.Exit(1)
	}
}

// run is the program. The options are for the in-memory service.
func run(ctx context.Context, args []string, stdout io.Writer, opts ...proximltest.Option) error {
	p := &pipeline{out: stdout}
	switch {
	case len(args) == 0:
		return p.inMemory(ctx, opts)
	case slices.Equal(args, []string{"-live"}):
		var err error
		if p.client, err = proximl.New(); err != nil {
			return err
		}
		return p.run(ctx)
	}
	return fmt.Errorf("unexpected arguments %q; there is only the flag -live", args)
}

// pipeline is one run of the program.
type pipeline struct {
	client *proximl.ProxiML
	out    io.Writer
	wait   []proximl.WaitOption
	undo   []func(context.Context) error
}

// inMemory runs in a service of its own, whose clock is fast.
func (p *pipeline) inMemory(ctx context.Context, opts []proximltest.Option) error {
	opts = append([]proximltest.Option{proximltest.WithSpeed(100), proximltest.WithRunner(proximltest.LocalRunner{})}, opts...)
	srv, err := proximltest.NewServer(opts...)
	if err != nil {
		return err
	}
	defer srv.Close()
	p.wait = []proximl.WaitOption{proximl.PollBetween(20*time.Millisecond, 100*time.Millisecond)}
	if p.client, err = srv.Client(srv.Account("you@example.com")); err != nil {
		return err
	}
	return p.run(ctx)
}

// run trains, predicts, and removes what was made.
func (p *pipeline) run(ctx context.Context) error {
	err := p.trainAndPredict(ctx)
	// The clean-up has a ctx of its own, so that it also works after an interrupt.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Minute)
	defer cancel()
	for _, remove := range slices.Backward(p.undo) {
		err = errors.Join(err, remove(ctx))
	}
	return err
}

func (p *pipeline) trainAndPredict(ctx context.Context) error {
	model, err := p.train(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.out, "made the model %q\n", model.Name)
	return p.predict(ctx, model.ID)
}

// train returns the model that a training job makes.
func (p *pipeline) train(ctx context.Context) (*proximl.Model, error) {
	id, err := p.create(ctx, &proximl.JobSpec{
		Name:    "train",
		Type:    proximl.JobTypeTraining,
		Workers: []string{train},
		Data:    &proximl.JobData{OutputType: "proximl", OutputURI: "model"},
	})
	if err != nil {
		return nil, err
	}
	job, err := p.finish(ctx, id)
	if err != nil {
		return nil, err
	}
	modelID := job.Workers[0].OutputID
	if modelID == "" {
		return nil, fmt.Errorf("job %s is %s, but made no model", id, job.Status)
	}
	p.later("model", modelID, p.client.Models.Delete)
	return p.client.Models.WaitFor(ctx, modelID, proximl.StorageStatusReady, p.wait...)
}

// predict runs an inference job with a model and prints its log.
func (p *pipeline) predict(ctx context.Context, modelID string) error {
	id, err := p.create(ctx, &proximl.JobSpec{
		Name:    "predict",
		Type:    proximl.JobTypeInference,
		Workers: []string{predict},
		Model:   &proximl.JobModel{SourceType: "proximl", SourceURI: modelID},
	})
	if err != nil {
		return err
	}
	for entry, err := range p.client.Jobs.Logs(ctx, id) { // ends with the job
		if err != nil {
			return err
		}
		if entry.Worker > 0 { // not the one that moves data
			fmt.Fprintln(p.out, entry.Text)
		}
	}
	_, err = p.finish(ctx, id)
	return err
}

// create makes a job, for four CPUs, and notes that it is to be removed.
func (p *pipeline) create(ctx context.Context, spec *proximl.JobSpec) (id string, err error) {
	spec.Resources = proximl.JobResources{GPUTypes: []string{"cpu"}, CPUCount: new(4)}
	job, err := p.client.Jobs.Create(context.WithoutCancel(ctx), spec) // an interrupt must not leave a job behind
	if err != nil {
		return "", err
	}
	p.later("job", job.ID, p.client.Jobs.Delete)
	return job.ID, nil
}

// finish waits for the end of a job.
func (p *pipeline) finish(ctx context.Context, id string) (*proximl.Job, error) {
	job, err := p.client.Jobs.WaitFor(ctx, id, proximl.JobStatusFinished, p.wait...)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(p.out, "%s is %s\n", job.Name, job.Status)
	return job, nil
}

// later notes what to remove in the end.
func (p *pipeline) later(what, id string, remove func(context.Context, string, ...proximl.RequestOption) error) {
	p.undo = append(p.undo, func(ctx context.Context) error {
		if err := remove(ctx, id, proximl.WithForce()); err != nil {
			return fmt.Errorf("%s %s is still there, please remove it: %w", what, id, err)
		}
		fmt.Fprintf(p.out, "removed a %s\n", what)
		return nil
	})
}
