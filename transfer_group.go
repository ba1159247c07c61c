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
	client  *ProxiML
	options *ConnectOptions
	ctx     context.Context // of all; ended by a failure
	stop    context.CancelFunc
	ended   chan struct{} // tells that another one has ended
	all     sync.WaitGroup

	mu   sync.Mutex
	done map[string]bool // by the key of each part that was begun: whether it has ended well
	errs []error
}

func newTransferGroup(ctx context.Context, client *ProxiML, options *ConnectOptions) *transferGroup {
	ctx, stop := context.WithCancel(ctx)
	return &transferGroup{client: client, options: options, ctx: ctx, stop: stop, ended: make(chan struct{}, 1), done: map[string]bool{}}
}

// begin starts the transfer of a part that waits for it, once. It reports whether
// the part needs no more than it got, now or earlier. After an end that was not
// confirmed, waits says whether the part still waits.
func (g *transferGroup) begin(p part, waits func(context.Context) (bool, error)) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, begun := g.done[p.key()]; begun || !p.waiting() {
		return begun
	}
	g.done[p.key()] = false
	g.all.Go(func() { g.note(p, g.client.moveFiles(g.ctx, p, g.options, waits)) })
	return true
}

// note takes down how a transfer has ended.
func (g *transferGroup) note(p part, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err != nil {
		g.errs = append(g.errs, err)
		g.stop()
	} else {
		g.done[p.key()] = true
	}
	select {
	case g.ended <- struct{}{}:
	default: // it was told of another already
	}
}

// unfinished are the keys of the parts that were begun and have not ended well.
func (g *transferGroup) unfinished() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var keys []string
	for key, done := range g.done {
		if !done {
			keys = append(keys, key)
		}
	}
	return keys
}

func (g *transferGroup) hasFailed() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.errs) > 0
}

// end stops what still runs, waits for it, and returns why the Connect ends: what
// has become of the entity, or else what failed first.
func (g *transferGroup) end(err error) error {
	g.stop()
	g.all.Wait()
	if _, outOfReach := errors.AsType[*StatusError](err); outOfReach {
		return err
	}
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

// serve looks at an entity, whose judge begins its transfers, until all have
// ended and the judge is satisfied. As soon as that is out of reach, it ends them.
// After a failure it looks once more: what has become of the entity may explain it.
func serve[T any, S ~string](ctx context.Context, transfers *transferGroup, w wait[T, S], opts []WaitOption) (*T, error) {
	judge := w.judge
	w.hurry = transfers.ended
	w.moves = func() bool { return !transfers.hasFailed() && len(transfers.unfinished()) > 0 }
	w.judge = func(entity *T, wanted S, changed bool) verdict {
		switch v := judge(entity, wanted, changed); {
		case v == outOfReach:
			return outOfReach
		case transfers.hasFailed():
			return satisfied // to wait for nothing more
		case w.moves():
			return goOn
		default:
			return v
		}
	}
	entity, err := w.run(ctx, opts)
	return entity, transfers.end(err)
}
