// Team_project makes a project for a team: it creates the project, shares it
// with a teammate, gives it a credential, a secret and a setting, shows what the
// teammate sees and is refused, and lets the teammate leave. In the end it
// removes the project.
//
//	go run ./examples/team_project
//
// does so at once, in an in-memory service with two accounts.
//
//	go run ./examples/team_project -live teammate@example.com
//
// does it in the real service, with the API key of your own configuration. The
// teammate's part is left out then, since it takes the teammate's API key.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C does not wait for the clean-up
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "team_project:", err)
		if ctx.Err() != nil {
			os.Exit(130)
		}
		os.Exit(1)
	}
}

// run is the program. The options are for the in-memory service.
func run(ctx context.Context, args []string, stdout io.Writer, opts ...proximltest.Option) (err error) {
	t := &team{out: stdout}
	switch {
	case len(args) == 0:
		return t.inMemory(ctx, opts)
	case len(args) == 2 && args[0] == "-live":
		t.email = args[1]
		if t.owner, err = proximl.New(); err != nil {
			return err
		}
		return t.run(ctx)
	}
	return fmt.Errorf("unexpected arguments %q; there is only the flag -live, with a teammate's e-mail address", args)
}

// inMemory runs in a service of its own, with two accounts in it. The owner has
// a machine with one RTX 3090.
func (t *team) inMemory(ctx context.Context, opts []proximltest.Option) error {
	srv, err := proximltest.NewServer(opts...)
	if err != nil {
		return err
	}
	defer srv.Close()
	owner := srv.Account("you@example.com")
	if err := owner.AddHardware("rtx3090"); err != nil {
		return err
	}
	if t.owner, err = srv.Client(owner); err != nil {
		return err
	}
	t.email = "teammate@example.com"
	if t.teammate, err = srv.Client(srv.Account(t.email)); err != nil {
		return err
	}
	return t.run(ctx)
}

// run makes the project, and removes it whatever happens in between.
func (t *team) run(ctx context.Context) (err error) {
	create := &proximl.ProjectSpec{Name: "Team"}
	project, err := t.owner.Projects.Create(context.WithoutCancel(ctx), create) // an interrupt must not leave it behind
	if err != nil {
		return err
	}
	t.say("created the project %s", project.Name)
	defer func() { err = errors.Join(err, t.remove(ctx, project.ID)) }()

	for _, step := range []func(context.Context, string) error{t.share, t.addKeys, t.ownHardwareOnly, t.look, t.leave} {
		if err := step(ctx, project.ID); err != nil {
			return err
		}
	}
	return nil
}

// remove cleans up, also after an interrupt.
func (t *team) remove(ctx context.Context, projectID string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	if err := t.owner.Projects.Delete(ctx, projectID); err != nil {
		return fmt.Errorf("project %s is still there, please remove it: %w", projectID, err)
	}
	t.say("removed the project")
	return nil
}
