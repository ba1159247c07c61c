package transfer_test

import (
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go/internal/transfer"
)

const token = "canary-token"

// call is a request as the service saw it, without its body.
type call struct {
	line   string // such as PUT /upload
	rng    string // Content-Range
	id     string // Upload-Id, of the header or of the query
	remote int    // number of the connection
}

// fault takes the place of the service's own behaviour for one request, unless
// it returns false. The number counts the requests of this line from 1.
type fault func(w http.ResponseWriter, r *http.Request, number int) bool

// service is the service's side of a transfer, as far as it is known.
type service struct {
	t     *testing.T
	fault fault

	mu     sync.Mutex
	calls  []call
	counts map[string]int
	stored []byte
	ranges []string // that were stored, in order
	hash   string   // from finalize

	archive []byte      // of the download
	header  http.Header // of the download
	isZip   bool
}

// ServeHTTP checks what every request must have, and answers.
func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	assert.Equal(s.t, "Bearer "+token, r.Header.Get("Authorization"))
	assert.Equal(s.t, "app/1", r.Header.Get("User-Agent"))
	line := r.Method + " " + r.URL.Path
	s.mu.Lock()
	s.counts[line]++
	number := s.counts[line]
	connection, _ := r.Context().Value(connectionKey{}).(int)
	s.calls = append(s.calls, call{line, r.Header.Get("Content-Range"), r.Header.Get("Upload-Id") + r.URL.Query().Get("upload_id"), connection})
	s.mu.Unlock()
	if s.fault == nil || !s.fault(w, r, number) {
		s.serve(line, w, r)
	}
}

func (s *service) serve(line string, w http.ResponseWriter, r *http.Request) {
	switch line {
	case "GET /ping":
	case "PUT /upload":
		assert.Equal(s.t, "application/octet-stream", r.Header.Get("Content-Type"))
		s.store(r)
		_, _ = fmt.Fprintf(w, `{"expected_offset": %d}`, s.size())
	case "GET /upload/status":
		_, _ = fmt.Fprintf(w, `{"expected_offset": %d}`, s.size())
	case "POST /finalize":
		assert.Equal(s.t, "application/json", r.Header.Get("Content-Type"))
		body, err := io.ReadAll(r.Body)
		assert.NoError(s.t, err)
		s.mu.Lock()
		s.hash = string(body)
		s.mu.Unlock()
		_, _ = io.WriteString(w, `{"status":"ok"}`)
	case "GET /info":
		_, _ = fmt.Fprintf(w, `{"archive": %t}`, s.isZip)
	case "GET /download":
		for key, values := range s.header {
			w.Header()[key] = values
		}
		_, _ = w.Write(s.archive)
	default:
		http.NotFound(w, r)
	}
}

// store appends a chunk, and fails the test unless it is the next one.
func (s *service) store(r *http.Request) {
	body, err := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	rng := r.Header.Get("Content-Range")
	end := len(s.stored) + len(body)
	assert.NoError(s.t, err)
	assert.Equal(s.t, fmt.Sprintf("bytes %d-%d/%d", len(s.stored), end-1, end), rng)
	s.stored, s.ranges = append(s.stored, body...), append(s.ranges, rng)
}

func (s *service) size() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.stored)
}

// lines returns what was asked, in order.
func (s *service) lines() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var lines []string
	for _, c := range s.calls {
		lines = append(lines, strings.TrimSpace(c.line+" "+c.rng))
	}
	return lines
}

// finalHash is what finalize must carry for what was stored.
func (s *service) finalHash() string {
	sum := sha512.Sum512(s.stored)
	return `{"hash":"` + hex.EncodeToString(sum[:]) + `"}`
}

// lose drops the connection: the reply is lost.
func lose() { panic(http.ErrAbortHandler) }

// answer replies with a status and a body.
func answer(w http.ResponseWriter, status int, body string) bool {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
	return true
}

type connectionKey struct{}

// pipes is a network of net.Pipe, which can be used in a synctest bubble.
type pipes struct {
	dialed chan net.Conn
	closed chan struct{}
	mu     sync.Mutex
	dials  []string             // addresses
	refuse func(dial int) error // an error of the dial with that number
}

func (p *pipes) dial(ctx context.Context, _, address string) (net.Conn, error) {
	p.mu.Lock()
	p.dials = append(p.dials, address)
	number := len(p.dials)
	p.mu.Unlock()
	if p.refuse != nil {
		if err := p.refuse(number); err != nil {
			return nil, err
		}
	}
	client, server := net.Pipe()
	select {
	case p.dialed <- server:
		return client, nil
	case <-p.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.dialed:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

// start runs a service on pipes and returns a Peer for it. Both end with the
// returned function, which must be called in the same bubble.
func start(t *testing.T, s *service, opts transfer.Options) (*transfer.Peer, *pipes, func()) {
	s.t, s.counts = t, map[string]int{}
	network := &pipes{dialed: make(chan net.Conn), closed: make(chan struct{})}
	number := 0
	server := &http.Server{Handler: s, ConnContext: func(ctx context.Context, _ net.Conn) context.Context {
		number++
		return context.WithValue(ctx, connectionKey{}, number)
	}}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(network)
	}()
	transport := &http.Transport{DialContext: network.dial}
	opts.HTTP.Transport = transport
	opts.UserAgent = "app/1"
	peer, err := transfer.NewPeer("http://localhost", token, opts)
	require.NoError(t, err)
	return peer, network, func() {
		transport.CloseIdleConnections()
		_ = server.Close()
		<-served
		time.Sleep(time.Second) // of the bubble: net/http lingers after a reply that comes too early
	}
}

// write makes files of a map from names to contents. A name that ends in a slash
// is a folder.
func write(t *testing.T, folder string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(folder, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		if strings.HasSuffix(name, "/") {
			require.NoError(t, os.MkdirAll(path, 0o755))
			continue
		}
		require.NoError(t, os.WriteFile(path, []byte(content), 0o644))
	}
}

// tarOf returns the stream that an upload must send.
func tarOf(t *testing.T, source string) []byte {
	t.Helper()
	var stream bytes.Buffer
	require.NoError(t, transfer.WriteTar(t.Context(), &stream, source, nil))
	return stream.Bytes()
}
