// Quickstart creates a project, shares it with a teammate, creates a dataset and
// a training job that reads it, waits for both, and shows what the teammate may
// not do. What it made it removes again, also when it is interrupted.
//
//	go run ./examples/quickstart
//
// does so within seconds, in an in-memory service whose clock is fast.
//
//	go run ./examples/quickstart -spec job.json
//
// runs a training job of your own; the job.json beside this file shows the form.
//
//	go run ./examples/quickstart -live -member teammate@example.com
//
// does it all in the real service, with the API key of your own configuration
// (PROXIML_USER and PROXIML_KEY, or ~/.proximl). That takes minutes and costs
// credits. Without -member the project is shared with nobody.
//
// This file starts the program; the calls of the API are in show.go.
package main

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

//go:embed job.json
var builtInSpec []byte

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C does not wait for the clean-up
	err := run(ctx, os.Args[1:], os.Stdout)
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, "quickstart:", err)
	if ctx.Err() != nil {
		os.Exit(130)
	}
	os.Exit(1)
}

// run is the program. The options are for the in-memory service.
func run(ctx context.Context, args []string, stdout io.Writer, opts ...proximltest.Option) error {
	s := &show{out: stdout}
	flags := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // main prints the error
	file := flags.String("spec", "", "JSON `file` of the training job to run")
	live := flags.Bool("live", false, "use the real service, which costs credits")
	flags.StringVar(&s.email, "member", "", "`e-mail` of the account to share the project with")
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		flags.SetOutput(stdout)
		flags.PrintDefaults()
		return nil
	case err != nil:
		return err
	case flags.NArg() > 0:
		return fmt.Errorf("unexpected argument %q; there are only flags: -spec, -live and -member", flags.Arg(0))
	}
	if s.spec, err = readSpec(*file); err != nil {
		return err
	}
	if *live {
		return s.live(ctx)
	}
	return s.inMemory(ctx, opts)
}

func readSpec(file string) (*proximl.JobSpec, error) {
	content := builtInSpec
	if file != "" {
		var err error
		if content, err = os.ReadFile(file); err != nil {
			return nil, fmt.Errorf("cannot read the job spec: %w", err)
		}
	}
	spec := &proximl.JobSpec{}
	if err := json.Unmarshal(content, spec); err != nil {
		return nil, fmt.Errorf("%s is not the JSON of a job spec: %w", file, err)
	}
	if spec.Type != proximl.JobTypeTraining {
		return nil, fmt.Errorf("%s has a job of type %q; only a %q job reads a dataset and ends by itself", file, spec.Type, proximl.JobTypeTraining)
	}
	return spec, nil
}

// live runs the show in the service that the user's configuration names.
func (s *show) live(ctx context.Context) (err error) {
	if s.owner, err = proximl.New(); err != nil {
		return err
	}
	s.say("Using the service of your configuration; the job costs credits")
	return s.run(ctx)
}

// inMemory runs the show in a service of its own, with two accounts in it.
func (s *show) inMemory(ctx context.Context, opts []proximltest.Option) error {
	srv, err := proximltest.NewServer(append([]proximltest.Option{proximltest.WithSpeed(100)}, opts...)...)
	if err != nil {
		return err
	}
	defer srv.Close()
	s.email = cmp.Or(s.email, "teammate@example.com")
	s.poll = []proximl.WaitOption{proximl.PollBetween(20*time.Millisecond, 20*time.Millisecond)}
	if s.owner, err = srv.Client(srv.Account("you@example.com")); err != nil {
		return err
	}
	if s.member, err = srv.Client(srv.Account(s.email)); err != nil {
		return err
	}
	s.say("Using an in-memory service at %s", srv.URL)
	return s.run(ctx)
}
