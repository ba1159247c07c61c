package proximltest

import (
	"context"
	"sync"
)

// tasks owns what goes on beside single calls: log sockets and the workers of a Runner.
type tasks struct {
	ctx    context.Context // ends when the service is closed
	cancel context.CancelFunc

	mu      sync.Mutex
	closed  bool
	running sync.WaitGroup
}

func newTasks() *tasks {
	ctx, cancel := context.WithCancel(context.Background())
	return &tasks{ctx: ctx, cancel: cancel}
}

// begin counts a task that calls done at its end. It returns false when the service is closed already.
func (t *tasks) begin() (done func(), open bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil, false
	}
	t.running.Add(1)
	return t.running.Done, true
}

// close ends all tasks and waits for them. The server's lock must not be held: they need it.
func (t *tasks) close() {
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
	t.cancel()
	t.running.Wait()
}
