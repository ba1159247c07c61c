// Package single lets many callers share one piece of work.
package single

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Flight runs one piece of work at a time. Callers that come while it is under
// way get its result. Each waits on its own ctx, and a caller that gives up
// hurts no other; when the last one leaves, the work is cancelled.
type Flight[T any] struct {
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
// The work's ctx has the values of the caller that started it, and no deadline
// but the timeout. It tells whether the work was somebody else's.
func (f *Flight[T]) Do(ctx context.Context, timeout time.Duration, work func(context.Context) (T, error)) (value T, joined bool, err error) {
	f.mu.Lock()
	if joined = f.current != nil; !joined {
		f.current = f.start(ctx, timeout, work)
	}
	current := f.current
	current.waiters++
	f.mu.Unlock()

	select {
	case <-current.done:
		return current.value, joined, current.err
	case <-ctx.Done():
		f.leave(current)
		return value, joined, Ended(ctx)
	}
}

func (f *Flight[T]) start(ctx context.Context, timeout time.Duration, work func(context.Context) (T, error)) *flight[T] {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
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

// Ended is why a ctx ended: both the error of the package context and the cause
// that its owner gave.
func Ended(ctx context.Context) error {
	if cause := context.Cause(ctx); cause != ctx.Err() {
		return fmt.Errorf("%w: %w", ctx.Err(), cause)
	}
	return ctx.Err()
}
