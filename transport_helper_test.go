package proximl_test

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/proximl/proximl-go"
)

// pipes is a net.Listener without a network, so that net/http's own transport
// and server can talk in a bubble of testing/synctest.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
	dialed atomic.Int32
}

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	p.dialed.Add(1)
	select {
	case p.conns <- far:
		return near, nil
	case <-p.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }

// servePipes serves until the end of the test, and returns a transport that
// leads there whatever the host, and the listener.
func servePipes(t *testing.T, handler http.HandlerFunc) (http.RoundTripper, *pipes) {
	t.Helper()
	listener := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
	server := &http.Server{Handler: handler} //nolint:gosec // timeouts are what is tested
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) })
	transport := &http.Transport{DialContext: listener.dial}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = server.Close()
		serving.Wait()
	})
	return transport, listener
}

// auditor is a RoundTripper that counts the bodies that it hands on and that
// are not closed.
type auditor struct {
	http.RoundTripper
	sent, open atomic.Int32
}

func (a *auditor) RoundTrip(req *http.Request) (*http.Response, error) {
	a.sent.Add(1)
	resp, err := a.RoundTripper.RoundTrip(req)
	if err == nil {
		a.open.Add(1)
		resp.Body = &auditedBody{ReadCloser: resp.Body, open: &a.open}
	}
	return resp, err
}

type auditedBody struct {
	io.ReadCloser
	open *atomic.Int32
	once sync.Once
}

func (b *auditedBody) Close() error {
	b.once.Do(func() { b.open.Add(-1) })
	return b.ReadCloser.Close()
}

// answering is a RoundTripper in one function.
type answering func(*http.Request) (*http.Response, error)

func (a answering) RoundTrip(req *http.Request) (*http.Response, error) { return a(req) }

// tracked is a body that knows how far it was read and whether it was closed.
type tracked struct {
	io.Reader
	read   int
	closed bool
}

func (b *tracked) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	b.read += n
	return n, err
}

func (b *tracked) Close() error {
	b.closed = true
	return nil
}

// endless is a text without an end, of one letter.
type endless byte

func (e endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(e)
	}
	return len(p), nil
}

// tracking returns a client whose calls are all answered by one body.
func tracking(t *testing.T, status int, contentType string, body *tracked, opts ...proximl.Option) *proximl.ProxiML {
	t.Helper()
	return newClient(t, append([]proximl.Option{
		proximl.WithTokenSource(staticToken("t")),
		proximl.WithHTTPClient(&http.Client{Transport: answering(func(req *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: status, Request: req, Header: http.Header{"Content-Type": {contentType}}, Body: body, ContentLength: -1}, nil
		})}),
	}, opts...)...)
}

// discardLog keeps a server from writing about what a test does to it.
func discardLog() *log.Logger { return log.New(io.Discard, "", 0) }
