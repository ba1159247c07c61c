package proximltest

import (
	"context"
	"net"
	"net/http"
	"sync"
)

// webServer serves a Server on a loopback port and over pipes.
type webServer struct {
	faults    *faults
	http      http.Server
	pipes     *pipeListener
	transport *http.Transport
	running   sync.WaitGroup // the accept loops and every connection
}

// pipeURL is the base URL of a service without a port. It is never dialled: a pipe leads to the service whatever the host.
const pipeURL = "http://127.0.0.1"

// start serves, on the address if there is one, and returns the base URL.
func (w *webServer) start(s *Server, address string) (string, error) {
	w.faults = &s.faults
	w.pipes = newPipeListener()
	dial := s.faults.dial(w.pipes.dial)
	w.transport = &http.Transport{DialContext: dial, DialTLSContext: dial}
	w.http.Handler = s
	w.http.ConnState = w.connState
	url := pipeURL
	if address != "" {
		port, err := net.Listen("tcp", address)
		if err != nil {
			return "", err
		}
		w.running.Go(func() { w.http.Serve(port) })
		url = "http://" + reachable(port.Addr())
	}
	w.running.Go(func() { w.http.Serve(w.pipes) })
	return url, nil
}

// reachable is an address under which this machine reaches a listener.
func reachable(listener net.Addr) string {
	address := listener.(*net.TCPAddr)
	if !address.IP.IsUnspecified() {
		return address.String()
	}
	return (&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: address.Port}).String()
}

// connState counts the connections, and lets faults have theirs.
func (w *webServer) connState(conn net.Conn, state http.ConnState) {
	w.faults.connState(conn, state)
	switch state {
	case http.StateNew:
		w.running.Add(1)
	case http.StateClosed, http.StateHijacked:
		w.running.Done()
	}
}

func (w *webServer) close() {
	w.http.Close()
	w.transport.CloseIdleConnections()
	w.running.Wait()
}

// pipeListener is a net.Listener without a network: dial makes a pipe and hands its far end to Accept.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *pipeListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case l.conns <- far:
		return near, nil
	case <-l.closed:
		return nil, &net.OpError{Op: "dial", Net: "pipe", Err: net.ErrClosed}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept implements net.Listener.
func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr implements net.Listener.
func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "proximltest", Net: "pipe"} }
