package transfer

import (
	"context"
	"io"
)

// chunks cuts what one goroutine writes into buffers that another one takes.
// Two buffers go to and fro: one is filled while the other is sent.
type chunks struct {
	full chan []byte
	free chan []byte
	done chan struct{} // closed after err was set
	err  error
	stop context.CancelFunc
}

const buffers = 2

// cut starts writing in a goroutine, which ends when all is written and taken,
// or after stop.
func cut(ctx context.Context, size int, write func(context.Context, io.Writer) error) *chunks {
	ctx, stop := context.WithCancel(ctx)
	c := &chunks{full: make(chan []byte), free: make(chan []byte, buffers), done: make(chan struct{}), stop: stop}
	go func() {
		defer close(c.done)
		defer close(c.full)
		w := &chunkWriter{ctx: ctx, chunks: c, size: size}
		if c.err = write(ctx, w); c.err == nil {
			c.err = w.flush()
		}
	}()
	return c
}

// recycle gives a buffer back.
func (c *chunks) recycle(buffer []byte) { c.free <- buffer }

// end stops the writing, waits for it, and returns what ended it.
func (c *chunks) end() error {
	c.stop()
	<-c.done
	return c.err
}

// chunkWriter fills buffers and hands them over.
type chunkWriter struct {
	*chunks
	ctx    context.Context // of the one stream
	size   int
	buffer []byte // is being filled
	made   int
}

// Write copies p into buffers.
func (w *chunkWriter) Write(p []byte) (int, error) {
	written := 0
	for written < len(p) {
		if err := w.room(); err != nil {
			return written, err
		}
		n := copy(w.buffer[len(w.buffer):w.size], p[written:])
		w.buffer = w.buffer[:len(w.buffer)+n]
		written += n
		if len(w.buffer) == w.size {
			if err := w.flush(); err != nil {
				return written, err
			}
		}
	}
	return written, nil
}

// room gets a buffer to write to.
func (w *chunkWriter) room() error {
	switch {
	case w.buffer != nil:
		return nil
	case w.made < buffers:
		w.made++
		w.buffer = make([]byte, 0, w.size)
		return nil
	}
	select {
	case buffer := <-w.free:
		w.buffer = buffer[:0]
		return nil
	case <-w.ctx.Done():
		return context.Cause(w.ctx)
	}
}

// flush hands the buffer over.
func (w *chunkWriter) flush() error {
	if len(w.buffer) == 0 {
		return nil
	}
	select {
	case w.full <- w.buffer:
		w.buffer = nil
		return nil
	case <-w.ctx.Done():
		return context.Cause(w.ctx)
	}
}
