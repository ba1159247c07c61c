package single

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// counted is work of a minute that counts how often it was begun and ended.
type counted struct{ begun, given atomic.Int32 }

func (c *counted) work(ctx context.Context) (int, error) {
	number := int(c.begun.Add(1))
	select {
	case <-time.After(time.Minute):
		return number, nil
	case <-ctx.Done():
		c.given.Add(1)
		return 0, ctx.Err()
	}
}

func TestCallersShareTheWorkUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var flight Flight[int]
		var c counted
		var callers sync.WaitGroup
		joined := make([]bool, 10)
		for i := range joined {
			callers.Go(func() {
				value, other, err := flight.Do(t.Context(), time.Hour, c.work)
				assert.NoError(t, err)
				assert.Equal(t, 1, value)
				joined[i] = other
			})
			synctest.Wait()
		}
		callers.Wait()
		assert.Equal(t, []bool{false, true, true, true, true, true, true, true, true, true}, joined)
		value, other, err := flight.Do(t.Context(), time.Hour, c.work)
		require.NoError(t, err)
		assert.Equal(t, 2, value, "what has ended is not handed out again")
		assert.False(t, other)
	})
}

func TestTheWorkLivesAsLongAsItsLastCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var flight Flight[int]
		var c counted
		enough := errors.New("enough")
		leave := func(after time.Duration) context.Context {
			ctx, cancel := context.WithTimeoutCause(t.Context(), after, enough)
			t.Cleanup(cancel)
			return ctx
		}
		var callers sync.WaitGroup
		for _, after := range []time.Duration{time.Second, 3 * time.Second, 2 * time.Second} {
			callers.Go(func() {
				start := time.Now()
				_, _, err := flight.Do(leave(after), time.Hour, c.work)
				assert.ErrorIs(t, err, enough)
				assert.Equal(t, after, time.Since(start))
			})
		}
		time.Sleep(2500 * time.Millisecond)
		assert.Zero(t, c.given.Load(), "one still waits")
		callers.Wait()
		synctest.Wait()
		assert.Equal(t, []int32{1, 1}, []int32{c.begun.Load(), c.given.Load()})
		value, other, err := flight.Do(t.Context(), time.Hour, c.work)
		assert.Equal(t, []any{2, false, nil}, []any{value, other, err}, "what was given up is begun anew")
	})
}

func TestTheWorkHasATimeoutOfItsOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var flight Flight[int]
		var c counted
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		start := time.Now()
		_, _, err := flight.Do(ctx, time.Second, c.work)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, time.Second, time.Since(start))
		assert.NoError(t, ctx.Err())
	})
}

type key struct{}

func TestTheWorkSeesTheValuesOfItsFirstCaller(t *testing.T) {
	t.Parallel()
	var flight Flight[any]
	value, _, err := flight.Do(context.WithValue(t.Context(), key{}, "trace"), time.Hour, func(ctx context.Context) (any, error) { return ctx.Value(key{}), nil })
	require.NoError(t, err)
	assert.Equal(t, "trace", value)
}
