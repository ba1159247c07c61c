package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/gofrs/flock"
	"github.com/spf13/cobra"

	"github.com/proximl/proximl-go/internal/atomicfile"
	"github.com/proximl/proximl-go/proximltest"
)

// firstAccount is there unless others are asked for.
const firstAccount = "me@example.com"

const (
	saveEvery = 2 * time.Second // how much of the state can be lost when the emulator is killed
	maxState  = 64 << 20        // bytes of a state to start with
)

// emulator is a proxiML service on this machine.
type emulator struct {
	addr        string
	expose      bool
	localRunner bool
	accounts    []string
	state       string
	speed       float64
}

func emulatorCommand(a *app) *cobra.Command {
	e := &emulator{}
	cmd := &cobra.Command{
		Use:   "emulator",
		Short: "Run a proxiML service on this machine, to try things out",
		Long: `Run an in-memory proxiML service on this machine until it is interrupted,
which is its normal end: the exit code is 0 then.

The first line on stdout is the environment in which commands and programs work
as the first account; each further account has a line of its own, and stderr says
which. In another terminal:

  export PROXIML_CONFIG_DIR=$(mktemp -d)   # keeps your own settings out of it
  export PROXIML_ENDPOINT=... PROXIML_USER=... PROXIML_KEY=...
  proximl project list

Jobs only seem to run, unless --local-runner lets this machine carry them out.
With --state, accounts, projects and jobs outlive a restart; files do not.

With --expose, other machines can connect, but clients send their key over plain
http only to their own machine. Elsewhere, put a TLS proxy in front of it, or
tunnel its port: ssh -L 8080:127.0.0.1:8080 HOST`,
		Example: "  proximl emulator\n  proximl emulator --addr 127.0.0.1:8080 --state emulator.json --speed 60\n" +
			"  proximl emulator --accounts a@example.com,b@example.com",
		Args: takes(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error { return e.run(cmd.Context(), a) },
	}
	flags := cmd.Flags()
	flags.StringVar(&e.addr, "addr", "127.0.0.1:0", "listen on `HOST:PORT`; port 0 is any free one")
	flags.BoolVar(&e.expose, "expose", false, "allow an --addr that other machines can reach")
	flags.BoolVar(&e.localRunner, "local-runner", false, "really run the commands of jobs, on this machine and with your rights")
	flags.StringSliceVar(&e.accounts, "accounts", nil, "`EMAILS` of the accounts to have, such as a@example.com,b@example.com (default: those of the state, or "+firstAccount+")")
	flags.StringVar(&e.state, "state", "", "keep the state in `FILE`, which holds the accounts' keys")
	flags.Float64Var(&e.speed, "speed", 1, "let the service's clock run `FACTOR` times as fast, ahead of yours; clients still look every 5 to 60 real seconds")
	return cmd
}

func (e *emulator) run(ctx context.Context, a *app) error {
	if err := e.check(); err != nil {
		return err
	}
	opts, unlock, err := e.options()
	if err != nil {
		return err
	}
	defer unlock()
	srv, err := proximltest.NewServer(opts...)
	if err != nil {
		return e.explain(err)
	}
	defer srv.Close()
	var lines strings.Builder
	var emails []string
	for i, account := range e.people(srv) {
		fmt.Fprintf(&lines, "PROXIML_ENDPOINT=%s PROXIML_USER=%s PROXIML_KEY=%s\n", srv.URL, account.User, account.Key)
		emails = append(emails, fmt.Sprintf("%s (line %d)", account.Email, i+1))
	}
	if err := e.save(srv, false); err != nil {
		return err
	}
	if _, err := fmt.Fprint(a.stdout, lines.String()); err != nil {
		return err
	}
	a.note("Listening on %s for %s; Ctrl-C ends it", srv.URL, strings.Join(emails, ", "))
	return e.serve(ctx, srv)
}

// people are the accounts to have: those that were asked for, or those of the
// state.
func (e *emulator) people(srv *proximltest.Server) (people []*proximltest.Account) {
	if len(e.accounts) == 0 {
		if people = srv.Accounts(); len(people) == 0 {
			return []*proximltest.Account{srv.Account(firstAccount)}
		}
		return people
	}
	for _, email := range e.accounts {
		people = append(people, srv.Account(email))
	}
	return people
}

// explain puts flags in the place of words for programs.
func (e *emulator) explain(err error) error {
	text := strings.TrimPrefix(err.Error(), "proximltest: ")
	if rest, found := strings.CutPrefix(text, "WithState: "); found {
		text = "--state " + e.state + ": " + rest
	}
	return errors.New(text)
}

func (e *emulator) check() error {
	host, _, err := net.SplitHostPort(e.addr)
	if err != nil {
		return usage("--addr %q is no HOST:PORT, such as 127.0.0.1:8080", e.addr)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) && !e.expose {
		return usage("--addr %s could be reached from other machines; add --expose if that is wanted, or listen on 127.0.0.1", e.addr)
	}
	for _, email := range e.accounts {
		if strings.TrimSpace(email) == "" {
			return usage("--accounts has an empty address")
		}
	}
	if e.speed <= 0 {
		return usage("--speed %v is not above 0", e.speed)
	}
	return nil
}

// options reads the state, which no other emulator may use until unlock is
// called.
func (e *emulator) options() (opts []proximltest.Option, unlock func(), err error) {
	opts = []proximltest.Option{proximltest.WithAddress(e.addr), proximltest.WithSpeed(e.speed)}
	if e.localRunner {
		opts = append(opts, proximltest.WithRunner(proximltest.LocalRunner{}))
	}
	if e.state == "" {
		return opts, func() {}, nil
	}
	lock := flock.New(e.state + ".lock")
	unlock = func() { _ = lock.Close() } // the end of the process does it as well
	free, err := lock.TryLock()
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("--state: %w", err)
	case !free:
		return nil, nil, fmt.Errorf("--state: another emulator uses %s; end that one or name another file", e.state)
	}
	content, err := atomicfile.Read(e.state, maxState)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		unlock()
		return nil, nil, fmt.Errorf("--state: %w", err)
	default:
		opts = append(opts, proximltest.WithState(bytes.NewReader(content)))
	}
	return opts, unlock, nil
}

// serve saves the state now and then, and at the end.
func (e *emulator) serve(ctx context.Context, srv *proximltest.Server) error {
	tick := time.NewTicker(saveEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return e.save(srv, true)
		case <-tick.C:
			if err := e.save(srv, false); err != nil {
				return err
			}
		}
	}
}

// save writes the state. Only the last time it does so when nothing but the
// service's clock differs from what is in the file.
func (e *emulator) save(srv *proximltest.Server, last bool) error {
	if e.state == "" {
		return nil
	}
	var content bytes.Buffer
	if err := srv.SaveState(&content); err != nil {
		return err
	}
	saved, err := atomicfile.Read(e.state, maxState)
	if err == nil && !last && sameButTime(saved, content.Bytes()) {
		return nil
	}
	if err := atomicfile.Write(e.state, content.Bytes()); err != nil {
		return fmt.Errorf("--state: %w", err)
	}
	return nil
}

func sameButTime(a, b []byte) bool {
	type state struct {
		Time jsontext.Value `json:"time"`
		Rest jsontext.Value `json:",embed"`
	}
	var one, other state
	return json.Unmarshal(a, &one) == nil && json.Unmarshal(b, &other) == nil && bytes.Equal(one.Rest, other.Rest)
}
