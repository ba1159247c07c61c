package proximltest

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
)

// errInterrupted is what a handler gets whose connection a fault has taken away.
var errInterrupted = errors.New("a fault has ended the connection")

// isUpgrade tells whether a call opens a websocket.
func isUpgrade(r *http.Request) bool { return strings.EqualFold(r.Header.Get("Upgrade"), "websocket") }

// interrupt carries a call out whose connection the fault ends or stops half-way. That of a websocket is left to the websocket.
func (f *faults) interrupt(fault Fault, next http.Handler, w http.ResponseWriter, r *http.Request) {
	p := newPassage(fault, func() error {
		if fault.Kind == Stall {
			return f.sleep(r.Context(), fault.Delay)
		}
		http.NewResponseController(w).Flush()
		disconnect(w, reset)
		return errInterrupted
	})
	switch {
	case isUpgrade(r):
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), socketFaultKey{}, fault)))
	case fault.Kind != CutConnection && fault.Kind != Stall:
		next.ServeHTTP(w, r)
	case r.Method == http.MethodPost || r.Method == http.MethodPut || r.Method == http.MethodPatch:
		r.Body = &passageBody{r.Body, p}
		next.ServeHTTP(&passageReply{w, p, false}, r)
	default:
		next.ServeHTTP(&passageReply{w, p, true}, r)
	}
}

// passage lets a part of what a connection carries through. Then it strikes, once, and lets the rest through if strike returns nil.
type passage struct {
	strike func() error

	mu       idleLock
	messages int   // of a socket, that pass first
	bytes    int64 // that pass then
	struck   bool
	over     bool // nothing passes any more
}

func newPassage(fault Fault, strike func() error) *passage {
	return &passage{strike: strike, mu: make(idleLock, 1), messages: fault.AfterMessages, bytes: fault.AfterBytes}
}

// idleLock is a mutex. Who waits for it counts as idle in a bubble of testing/synctest, so that time goes on: a stall holds it in its sleep.
type idleLock chan struct{}

// Lock takes the lock.
func (l idleLock) Lock() { l <- struct{}{} }

// Unlock gives it back.
func (l idleLock) Unlock() { <-l }

// message counts a message that has passed, or notes that messages can come.
func (p *passage) message(passed int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.messages = max(p.messages-passed, 0)
	return p.check()
}

// check strikes when the time has come. The lock is held.
func (p *passage) check() error {
	if p.struck || p.messages > 0 || p.bytes > 0 {
		return nil
	}
	p.struck = true
	err := p.strike()
	p.over = err != nil
	return err
}

// isOver tells whether the strike has ended the connection.
func (p *passage) isOver() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.over
}

// allowance returns how much of n bytes may pass before a strike. The lock is held.
func (p *passage) allowance(n int) int {
	if p.struck || p.messages > 0 {
		return n
	}
	return int(min(int64(n), p.bytes))
}

// spend counts bytes that have passed. The lock is held.
func (p *passage) spend(n int) error {
	if p.struck || p.messages > 0 {
		return nil
	}
	p.bytes -= int64(n)
	return p.check()
}

// write lets bytes through to w.
func (p *passage) write(w io.Writer, data []byte) (written int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.check(); err != nil {
		return 0, err
	}
	for {
		n, err := w.Write(data[written : written+p.allowance(len(data)-written)])
		written += n
		if err == nil {
			err = p.spend(n)
		}
		if err != nil || written == len(data) {
			return written, err
		}
	}
}

// passageBody is the body of a request that passes through.
type passageBody struct {
	io.ReadCloser
	passage *passage
}

// Read implements io.Reader.
func (b *passageBody) Read(data []byte) (int, error) {
	b.passage.mu.Lock()
	defer b.passage.mu.Unlock()
	if err := b.passage.check(); err != nil {
		return 0, err
	}
	n, err := b.ReadCloser.Read(data[:b.passage.allowance(len(data))])
	if struck := b.passage.spend(n); struck != nil {
		return n, struck
	}
	return n, err
}

// passageReply is a reply whose body passes through, or one to a request whose body does. It is dropped once the connection is gone.
type passageReply struct {
	http.ResponseWriter
	passage *passage
	counts  bool // whether it is the reply's body that passes
}

// WriteHeader implements http.ResponseWriter.
func (w *passageReply) WriteHeader(status int) {
	if !w.passage.isOver() {
		w.ResponseWriter.WriteHeader(status)
	}
}

// Write implements http.ResponseWriter.
func (w *passageReply) Write(data []byte) (int, error) {
	switch {
	case w.passage.isOver():
		return 0, errInterrupted
	case w.counts:
		return w.passage.write(w.ResponseWriter, data)
	default:
		return w.ResponseWriter.Write(data)
	}
}

// Unwrap is for http.ResponseController.
func (w *passageReply) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// passageConn is a connection of which what is written passes through.
type passageConn struct {
	net.Conn
	passage *passage
}

// Write implements net.Conn.
func (c *passageConn) Write(data []byte) (int, error) { return c.passage.write(c.Conn, data) }
