package proximl_test

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

// stage is an in-memory service that may restart, and the connections to it.
type stage struct {
	t         *testing.T
	transport *http.Transport // to the service as it is now
	open      atomic.Int32    // connections
	restarts  atomic.Int32

	mu    sync.Mutex
	srv   *proximltest.Server
	aside *proximl.ProxiML // a client on other connections
}

func newStage(t *testing.T) *stage {
	s := &stage{t: t}
	s.start()
	s.transport = &http.Transport{DialContext: s.dial}
	t.Cleanup(func() {
		s.transport.CloseIdleConnections()
		s.server().Close()
	})
	return s
}

// start starts a service.
func (s *stage) start(opts ...proximltest.Option) {
	srv, err := proximltest.NewServer(append([]proximltest.Option{proximltest.WithoutListener(), proximltest.WithLogScript(logScript)}, opts...)...)
	if !assert.NoError(s.t, err) {
		return
	}
	aside, err := srv.Client(srv.Account("me@example.com", proximltest.WithCredits(1e6)))
	assert.NoError(s.t, err)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.srv, s.aside = srv, aside
}

// server is the service as it is now.
func (s *stage) server() *proximltest.Server {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.srv
}

// restartIn lets the service restart after a while, with a pause in which
// nothing answers. The function that it returns prevents that, or waits for the
// end of it.
func (s *stage) restartIn(after, pause time.Duration) (stop func()) {
	done := make(chan struct{})
	timer := time.AfterFunc(after, func() {
		defer close(done)
		s.restart(pause)
	})
	return func() {
		if !timer.Stop() {
			<-done
		}
	}
}

// restart ends the service, with all that is under way, and starts one that
// holds the same.
func (s *stage) restart(pause time.Duration) {
	s.restarts.Add(1)
	old := s.server()
	old.Close()
	var state bytes.Buffer
	if !assert.NoError(s.t, old.SaveState(&state)) {
		return
	}
	time.Sleep(pause)
	s.start(proximltest.WithState(&state))
}

// dial connects to the service as it is now.
func (s *stage) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := s.server().Transport().(*http.Transport).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	s.open.Add(1)
	return &countedConn{Conn: conn, open: &s.open}, nil
}

// countedConn is a connection that counts as open until it is closed.
type countedConn struct {
	net.Conn
	open *atomic.Int32
	once sync.Once
}

func (c *countedConn) Close() error {
	c.once.Do(func() { c.open.Add(-1) })
	return c.Conn.Close()
}

// newClient is a client over the stage's connections.
func (s *stage) newClient() *proximl.ProxiML {
	srv := s.server()
	client, err := srv.Client(srv.Account("me@example.com"), proximl.WithHTTPClient(&http.Client{Transport: s.transport}))
	require.NoError(s.t, err)
	return client
}

// witness is a client that meets no faults. There must be none when it is used.
func (s *stage) witness() *proximl.ProxiML {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.aside
}

// held is what the service holds of a kind: ids by name.
func (s *stage) held(k entityKind) map[string][]string {
	ids, err := k.list(s.t.Context(), s.witness())
	require.NoError(s.t, err)
	return ids
}
