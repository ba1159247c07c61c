// Endpoint serves a model: it creates an endpoint with one route, waits until it
// runs, prints where it can be called and how, stops it and removes it.
//
//	go run ./examples/endpoint
//
// does so within seconds, in an in-memory service, where nothing answers at the
// URL.
//
//	go run ./examples/endpoint -live
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

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C does not wait for the clean-up
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "endpoint:", err)
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
		return serve(ctx, client, stdout)
	}
	return fmt.Errorf("unexpected arguments %q; there is only the flag -live", args)
}

// inMemory serves in a service of its own, whose clock is fast.
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
	return serve(ctx, client, stdout, proximl.PollBetween(20*time.Millisecond, 100*time.Millisecond))
}

// spec has one route: a POST to /predict calls predict_image("...") of the
// model's predict.py.
func spec() *proximl.JobSpec {
	return &proximl.JobSpec{
		Name:        "classifier",
		Type:        proximl.JobTypeEndpoint,
		Resources:   proximl.JobResources{GPUTypes: []string{"rtx2070s"}, GPUCount: new(1)},
		Environment: &proximl.JobEnvironment{Type: "DEEPLEARNING_PY313"},
		Model:       &proximl.JobModel{SourceType: "git", SourceURI: "https://github.com/proxiML/simple-tensorflow-classifier.git"},
		Endpoint: &proximl.JobEndpoint{Routes: []proximl.Route{{
			Path: "/predict", Verb: "POST", File: "predict", Function: "predict_image", Positional: new(true),
			Body: []proximl.RouteParameter{{Name: "filename", Type: "str"}},
		}}},
	}
}

// serve has the endpoint from its creation to its removal.
func serve(ctx context.Context, client *proximl.ProxiML, stdout io.Writer, wait ...proximl.WaitOption) (err error) {
	created, err := client.Jobs.Create(context.WithoutCancel(ctx), spec()) // an interrupt must not leave a job behind
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, "created", created.Name)
	defer func() { err = errors.Join(err, remove(ctx, client, created.ID, stdout)) }()

	running, err := client.Jobs.WaitFor(ctx, created.ID, proximl.JobStatusRunning, wait...)
	if err != nil {
		return err
	}
	show(running, stdout)

	if _, err := client.Jobs.Stop(ctx, created.ID); err != nil {
		return err
	}
	stopped, err := client.Jobs.WaitFor(ctx, created.ID, proximl.JobStatusStopped, wait...)
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, stopped.Status)
	return nil
}

// show prints where each route is called, and with what.
func show(job *proximl.Job, stdout io.Writer) {
	for _, route := range job.Endpoint.Routes {
		fmt.Fprintf(stdout, "%s %s%s takes", route.Verb, job.URL(), route.Path)
		for _, parameter := range route.Body {
			fmt.Fprintf(stdout, " %s (%s)", parameter.Name, parameter.Type)
		}
		fmt.Fprintln(stdout)
	}
}

// remove cleans up, also after an interrupt.
func remove(ctx context.Context, client *proximl.ProxiML, id string, stdout io.Writer) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	if err := client.Jobs.Delete(ctx, id, proximl.WithForce()); err != nil {
		return fmt.Errorf("job %s is still there, please remove it: %w", id, err)
	}
	fmt.Fprintln(stdout, "removed")
	return nil
}
