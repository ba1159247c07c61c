package transfer

import (
	"context"
	"io"
)

const aheadBuffers = 4 // of copyBuffer bytes

// ahead reads a stream in a goroutine, so that what comes next arrives while the
// last is written to the disk.
type ahead struct {
	full chan piece
	free chan []byte
	done chan struct{} // closed when the goroutine has ended

	last piece  // that was taken
	left []byte // of it
}

// piece is what one read gave.
type piece struct {
	buffer []byte
	size   int
	err    error
}

// readAhead begins to read. The goroutine ends with the stream, or after the end
// of ctx, which must be one that ends a read of the stream, too.
func readAhead(ctx context.Context, from io.Reader) *ahead {
	a := &ahead{full: make(chan piece, aheadBuffers+1), free: make(chan []byte, aheadBuffers), done: make(chan struct{})}
	for range aheadBuffers {
		a.free <- make([]byte, copyBuffer)
	}
	go a.run(ctx, from)
	return a
}

// run has room in full for all buffers that there are, and for an error.
func (a *ahead) run(ctx context.Context, from io.Reader) {
	defer close(a.done)
	for {
		select {
		case <-ctx.Done():
			a.full <- piece{err: context.Cause(ctx)}
			return
		case buffer := <-a.free:
			n, err := from.Read(buffer)
			a.full <- piece{buffer, n, err}
			if err != nil {
				return
			}
		}
	}
}

// Read reads the stream.
func (a *ahead) Read(p []byte) (int, error) {
	for len(a.left) == 0 {
		if a.last.err != nil {
			return 0, a.last.err
		}
		if a.last.buffer != nil {
			a.free <- a.last.buffer
		}
		a.last = <-a.full
		a.left = a.last.buffer[:a.last.size]
	}
	n := copy(p, a.left)
	a.left = a.left[n:]
	return n, nil
}

// wait waits until nothing reads the stream any more.
func (a *ahead) wait() { <-a.done }
