package transfer

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"
)

const defaultPingDeadline = 510 * time.Second // what the waits of the Python client add up to

// policy says how often and how soon a step of a transfer is repeated.
type policy struct {
	attempts         int
	minWait, maxWait time.Duration
}

func newPolicy(opts Options) policy {
	return policy{
		attempts: cmp.Or(opts.Attempts, 8),
		minWait:  cmp.Or(opts.MinWait, time.Second),
		maxWait:  cmp.Or(opts.MaxWait, 30*time.Second),
	}
}

// wait waits after a failed attempt, the first is number 1. Half of the wait is
// random. It ends at once when ctx does.
func (p policy) wait(ctx context.Context, attempt int) error {
	ceiling := min(p.minWait, p.maxWait)
	for range attempt - 1 {
		ceiling = min(2*ceiling, p.maxWait)
	}
	timer := time.NewTimer(ceiling/2 + rand.N(ceiling/2+1))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// repeat takes a step until it succeeds, fails for good, or was tried often
// enough. The step is told whether it was tried before.
func (p policy) repeat(ctx context.Context, step func(again bool) error) error {
	for attempt := 1; ; attempt++ {
		err := step(attempt > 1)
		if !isTransient(err) {
			return err
		}
		if attempt >= p.attempts {
			return fmt.Errorf("%w (tried %d times)", err, attempt)
		}
		if ended := p.wait(ctx, attempt); ended != nil {
			return fmt.Errorf("%w, after %w", ended, err)
		}
	}
}

// Ping waits until the service is ready: GET /ping, until it answers 200.
// Whatever else happens is tried again, each time on a new connection and with
// a new look-up of the name, since both may not exist yet. Zero is the default
// deadline, 8.5 minutes.
func (p *Peer) Ping(ctx context.Context, deadline time.Duration) error {
	deadline = cmp.Or(deadline, defaultPingDeadline)
	limited, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	var last error
	for attempt := 1; ; attempt++ {
		_, err := p.ask(limited, &request{method: http.MethodGet, path: "/ping", fresh: true})
		if err == nil {
			return nil
		}
		if last == nil || limited.Err() == nil {
			last = err
		}
		if p.policy.wait(limited, attempt) == nil {
			continue
		}
		if ctx.Err() != nil {
			return fmt.Errorf("waiting for the transfer service on %s: %w; the last try: %w", p.base.Host, context.Cause(ctx), last)
		}
		return fmt.Errorf("the transfer service on %s was not ready within %v; the last of %d tries: %w", p.base.Host, deadline, attempt, last)
	}
}

// finalize ends a transfer. It may be repeated: to end twice is to end once.
func (p *Peer) finalize(ctx context.Context, r *request) error {
	unclear := false
	err := p.policy.repeat(ctx, func(bool) error {
		_, err := p.ask(ctx, r)
		unclear = unclear || mayHaveArrived(err)
		return err
	})
	if err != nil && !isVerdict(err) && (unclear || ctx.Err() != nil) {
		return fmt.Errorf("%w: %w", ErrUnconfirmed, err)
	}
	return err
}
