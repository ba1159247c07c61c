package proximltest

import (
	"bufio"
	"context"
	"net"
	"net/http"

	"github.com/coder/websocket"
)

// socketFault is what goes wrong with a log socket. A nil one is nothing.
type socketFault struct {
	Fault
	sleep    func() error
	passage  *passage // of the kinds CutConnection and Stall
	messages int      // that were sent
}

type socketFaultKey struct{}

// socketFaultOf returns the fault that a call brings along for its websocket, or nil.
func (s *Server) socketFaultOf(r *http.Request) *socketFault {
	fault, found := r.Context().Value(socketFaultKey{}).(Fault)
	if !found {
		return nil
	}
	return &socketFault{Fault: fault, sleep: func() error { return s.clock.sleep(s.tasks.ctx, fault.Delay) }}
}

// attach lets the fault have its hands on what a connection sends.
func (f *socketFault) attach(conn net.Conn) net.Conn {
	if f == nil || f.Kind != CutConnection && f.Kind != Stall {
		return conn
	}
	f.passage = newPassage(f.Fault, func() error {
		if f.Kind == Stall {
			return f.sleep()
		}
		reset(conn)
		return errInterrupted
	})
	return &passageConn{conn, f.passage}
}

// sent is called before the first message and after each.
func (f *socketFault) sent(k *socket, messages int) error {
	if f == nil {
		return nil
	}
	f.messages += messages
	switch {
	case f.passage != nil:
		return f.passage.message(messages)
	case f.Kind == ExtraFrame && f.messages == f.AfterMessages:
		return k.conn.Write(context.Background(), websocket.MessageText, []byte(f.Body))
	}
	return nil
}

func (f *socketFault) withholdsEnd() bool { return f != nil && f.Kind == WithholdEnd }

// tap keeps hold of the connection that a websocket takes over.
type tap struct {
	http.ResponseWriter
	fault *socketFault
	conn  net.Conn
}

// Hijack implements http.Hijacker.
func (t *tap) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffers, err := http.NewResponseController(t.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	t.conn = t.fault.attach(conn)
	buffers.Writer.Reset(t.conn)
	return t.conn, buffers, nil
}
