package proximl

import (
	"cmp"
	"context"
	"errors"
	"sync"
)

// transferGroup are the transfers of one Connect, which run at once. The first
// that fails ends the others.
type transferGroup struct {
	ctx   context.Context // of all; ended by a failure
	stop  context.CancelFunc
	ended chan struct{} // tells that another one has ended
	all   sync.WaitGroup

	mu      sync.Mutex
	running int
	errs    []error
}

func newTransferGroup(ctx context.Context) *transferGroup {
	ctx, stop := context.WithCancel(ctx)
	return &transferGroup{ctx: ctx, stop: stop, ended: make(chan struct{}, 1)}
}

// begin starts a transfer.
func (g *transferGroup) begin(move func(context.Context) error) {
	g.mu.Lock()
	g.running++
	g.mu.Unlock()
	g.all.Go(func() { g.note(move(g.ctx)) })
}

// note takes down how a transfer has ended.
func (g *transferGroup) note(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.running--
	if err != nil {
		g.errs = append(g.errs, err)
		g.stop()
	}
	select {
	case g.ended <- struct{}{}:
	default: // it was told of another already
	}
}

func (g *transferGroup) isRunning() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.running > 0
}

// end stops what still runs, waits for it, and returns what failed first: a
// transfer, or what the caller gives.
func (g *transferGroup) end(err error) error {
	g.stop()
	g.all.Wait()
	return firstCause(append(g.errs, err))
}

// firstCause prefers the error that made the others stop.
func firstCause(errs []error) error {
	var stopped error
	for _, err := range errs {
		if err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
		stopped = cmp.Or(stopped, err)
	}
	return stopped
}
