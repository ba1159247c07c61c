package proximltest

import (
	"context"
	"math"
	"sync"
	"time"
)

// Clock is the time that the service lives by: life cycles, prices and time stamps.
// The login is not on it: a login proves that it is fresh by the time of the caller's machine, so the user pool keeps the real time.
type Clock struct {
	started time.Time // real time at which the clock began
	speed   float64   // service seconds per real second; 0 for a clock that only Advance moves

	mu    sync.Mutex
	base  time.Time     // service time at started, moved forward by Advance
	moved chan struct{} // closed by the next Advance
}

func newClock(speed float64, base time.Time) *Clock {
	return &Clock{started: time.Now(), speed: speed, base: base, moved: make(chan struct{})}
}

// Now returns the service's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	passed := float64(time.Since(c.started)) * c.speed
	return c.base.Add(time.Duration(passed))
}

// Advance moves the clock forward by d; a negative d is ignored.
// Whatever falls due on the way happens in order, each at its own time, before the next call is answered.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.base = c.base.Add(max(d, 0))
	close(c.moved)
	c.moved = make(chan struct{})
}

// sleep waits until d has passed on the clock, or ctx is done.
func (c *Clock) sleep(ctx context.Context, d time.Duration) error {
	end := c.Now().Add(d)
	for c.Now().Before(end) {
		reached, moved := c.alarm(end)
		select {
		case <-reached:
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// alarm returns two channels: one on which something comes once the clock has reached a time by itself, or has passed it already,
// and one that is closed once somebody moves the clock.
func (c *Clock) alarm(at time.Time) (reached <-chan time.Time, moved <-chan struct{}) {
	c.mu.Lock()
	moved = c.moved
	c.mu.Unlock()
	left := at.Sub(c.Now()) // after the look at moved: so no move is missed
	switch {
	case left <= 0:
		reached = time.After(0)
	case c.speed > 0:
		reached = time.After(time.Duration(min(math.Ceil(float64(left)/c.speed), math.MaxInt64/2))) // a slow clock may take longer than that
	}
	return reached, moved
}

// timestamp is a point in service time in milliseconds since 1970, the resolution of the API. Zero means never.
type timestamp int64

const timestampLayout = "2006-01-02T15:04:05.000Z"

func timestampOf(t time.Time) timestamp { return timestamp(t.UnixMilli()) }

func (t timestamp) add(d time.Duration) timestamp { return t + timestamp(d.Milliseconds()) }

func (t timestamp) time() time.Time { return time.UnixMilli(int64(t)).UTC() }

// MarshalText writes the time as the API does: ISO 8601 in UTC with milliseconds.
func (t timestamp) MarshalText() ([]byte, error) {
	return t.time().AppendFormat(nil, timestampLayout), nil
}

// UnmarshalText reads what MarshalText wrote.
func (t *timestamp) UnmarshalText(text []byte) error {
	parsed, err := time.Parse(timestampLayout, string(text))
	*t = timestampOf(parsed)
	return err
}
