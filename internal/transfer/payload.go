package transfer

import (
	"errors"
	"io"
	"sync"
)

// payload is the body of a request whose bytes may be used again once it is
// released. A transport may hold on to a body after it has returned the reply.
type payload struct {
	mu       sync.Mutex
	left     []byte
	released bool
}

// Read reads the body.
func (p *payload) Read(into []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.released:
		return 0, errors.New("the request is over")
	case len(p.left) == 0:
		return 0, io.EOF
	}
	n := copy(into, p.left)
	p.left = p.left[n:]
	return n, nil
}

// Close does nothing: release says when it is over.
func (p *payload) Close() error { return nil }

func (p *payload) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left, p.released = nil, true
}
