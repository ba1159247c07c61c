// Package single lets many callers share one piece of work.
package single

import (
	"context"
	"sync"
	"time"
)

// Flight runs one piece of work at a time. Callers that come while it is under
// way get its result. Each waits on its own ctx, and a caller that gives up
// hurts no other; when the last one leaves, the work is cancelled.
type Flight[T any] struct {
	Timeout time.Duration // of the work; it has no other deadline

	mu      sync.Mutex
	current *flight[T]
}

type flight[T any] struct {
	done    chan struct{}
	cancel  context.CancelFunc
	waiters int
	value   T
	err     error
}

// Do joins the work under way or starts it, in a goroutine that ends with it.
// The work's ctx has the values of the caller that started it.
func (f *Flight[T]) Do(ctx context.Context, work func(context.Context) (T, error)) (T, error) {
	f.mu.Lock()
	if f.current == nil {
		f.current = f.start(ctx, work)
	}
	joined := f.current
	joined.waiters++
	f.mu.Unlock()

	select {
	case <-joined.done:
		return joined.value, joined.err
	case <-ctx.Done():
		f.leave(joined)
		var zero T
		return zero, context.Cause(ctx)
	}
}

func (f *Flight[T]) start(ctx context.Context, work func(context.Context) (T, error)) *flight[T] {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), f.Timeout)
	started := &flight[T]{done: make(chan struct{}), cancel: cancel}
	go func() {
		defer cancel()
		started.value, started.err = work(ctx)
		f.mu.Lock()
		defer f.mu.Unlock()
		f.forget(started)
		close(started.done)
	}()
	return started
}

func (f *Flight[T]) leave(left *flight[T]) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if left.waiters--; left.waiters == 0 {
		left.cancel()
		f.forget(left)
	}
}

func (f *Flight[T]) forget(ended *flight[T]) {
	if f.current == ended {
		f.current = nil
	}
}
