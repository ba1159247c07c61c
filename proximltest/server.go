// Package proximltest is an in-memory proxiML service for tests: it speaks the service's own protocol (REST, the Cognito login, the log
// websocket, file transfers) and enforces its rules, so that any client of the service, written in any language, can be tried against it
// without cost and without network.
//
//	srv := proximltest.New(t)
//	account := srv.Account("me@example.com")
//	client, err := srv.Client(account)
//
// Jobs, datasets and models live through their life cycles by the service's clock, which WithSpeed makes faster and WithManualClock
// puts into the test's hands; jobs cost their project's owner credits on the way. Their workers only seem to run, and log what
// WithLogScript says, unless WithRunner lets something carry them out.
//
// What the service does where its documentation and its clients are silent was chosen, and is marked "Uncertain" at its one place in the source.
package proximltest

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Server is the service. It is an http.Handler; every host name leads to the same service, since it ignores the Host header.
type Server struct {
	// URL is the base of everything the service offers: REST, login, auth config, log websocket, log archives and file transfers.
	// With WithoutListener it is a URL that only works through Transport.
	URL string

	settings  settings
	clock     *Clock
	pool      *userPool
	faults    faults
	handler   http.Handler
	web       webServer
	tasks     *tasks
	store     store
	logKey    []byte // signs the URLs of log archives
	configDir string // of the clients that Client makes; nothing is there unless they write it

	mu          sync.Mutex
	now         timestamp // when what is being carried out happens
	agenda      agenda
	accounts    table[*account]
	projects    table[*project]
	jobs        table[*job]
	collections table[*collection]
	assets      table[*asset] // of CloudBender
	transfers   map[string]*transfer
	kept        map[string]*archive // what was uploaded and put out
}

// TB is the part of testing.TB that New needs.
type TB interface {
	// Helper marks the caller as a test helper.
	Helper()
	// Fatalf fails the test and ends it.
	Fatalf(format string, args ...any)
	// Cleanup has a function called when the test has ended.
	Cleanup(func())
}

// New starts a server for one test, which closes it at its end.
func New(tb TB, opts ...Option) *Server {
	tb.Helper()
	srv, err := NewServer(opts...)
	if err != nil {
		tb.Fatalf("cannot start the service: %v", err)
		return nil
	}
	tb.Cleanup(srv.Close)
	return srv
}

// NewServer starts a server on a free port of the loopback interface, on what WithAddress says, or on none at all with WithoutListener.
// The caller closes it.
func NewServer(opts ...Option) (*Server, error) {
	set, err := newSettings(opts)
	if err != nil {
		return nil, err
	}
	s := &Server{
		settings: set, clock: newClock(set.speed, set.startTime()),
		tasks: newTasks(), store: store{limit: set.storage}, logKey: randomBytes(32),
		transfers: map[string]*transfer{}, kept: map[string]*archive{},
	}
	s.now = timestampOf(s.clock.Now())
	s.configDir = filepath.Join(os.TempDir(), "proximltest-"+newID())
	if s.pool, err = newUserPool(set.region, set.poolID, set.clientID, time.Now); err != nil {
		return nil, fmt.Errorf("proximltest: making the user pool: %w", err)
	}
	s.pool.tokenLife = set.tokenLife
	s.faults.pool, s.faults.sleep = s.pool, s.sleep
	if set.state != nil {
		s.load(set.state)
	}
	s.handler = s.faults.wrap(s.routes())
	if s.URL, err = s.web.start(s, set.listenAddress()); err != nil {
		return nil, fmt.Errorf("proximltest: opening a port: %w", err)
	}
	if set.runner != nil {
		s.keepUp()
	}
	return s, nil
}

// sleep lets time pass on the server's clock, until ctx is done or the server is closed. A caller that goes away while its
// request is being read is not noticed otherwise.
func (s *Server) sleep(ctx context.Context, d time.Duration) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.tasks.ctx, cancel)()
	return s.clock.sleep(ctx, d)
}

// Close stops the service, closes all its connections and waits until nothing of it is left running.
func (s *Server) Close() {
	s.tasks.close()
	s.web.close()
	s.store.close()
	os.RemoveAll(s.configDir)
}

// ServeHTTP answers one request, so that the service can also be put behind a server of the caller's own.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Transport returns a RoundTripper whose connections lead to this service over net.Pipe, whatever host and port a request names.
// It can be used inside testing/synctest, and with the real service's URLs: https requests are not encrypted.
func (s *Server) Transport() http.RoundTripper { return s.web.transport }

// Clock returns the service's clock.
func (s *Server) Clock() *Clock { return s.clock }

// catchUp carries out all that has fallen due since the service was last looked at. The lock is held.
func (s *Server) catchUp() {
	now := timestampOf(s.clock.Now())
	for {
		appointment, found := s.agenda.next(now)
		if !found {
			break
		}
		s.now = appointment.at
		appointment.with.step(s)
	}
	s.now = now
}
