package proximl_test

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

func TestWaitsAreARandomPartOfADoublingOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, s := play(t, []turn{status(503, "busy")}, proximl.WithRetryPolicy(proximl.RetryPolicy{Attempts: 6, MinWait: time.Second, MaxWait: 5 * time.Second}))
		const rounds = 300
		for range rounds {
			_, err := client.Jobs.Get(t.Context(), "j")
			require.Error(t, err)
		}
		waits := s.waits()
		for i, ceiling := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 5 * time.Second, 5 * time.Second} {
			var nth []time.Duration
			for round := range rounds {
				nth = append(nth, waits[6*round+i])
			}
			shortest, longest := slices.Min(nth), slices.Max(nth)
			assert.GreaterOrEqual(t, shortest, time.Duration(0))
			assert.LessOrEqual(t, longest, ceiling)
			// Each fails in less than one of 10^13 runs.
			assert.Less(t, shortest, ceiling/10, "wait %d is not fully random", i+1)
			assert.Greater(t, longest, ceiling*9/10, "wait %d is not fully random", i+1)
		}
	})
}

func TestWaitsOfAnyLength(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, policy := range []proximl.RetryPolicy{
			{Attempts: 60, MinWait: 1, MaxWait: math.MaxInt64},
			{MinWait: math.MaxInt64, MaxWait: math.MaxInt64},
			{MinWait: math.MaxInt64, MaxWait: 1},
			{Attempts: 9, MinWait: 1, MaxWait: 1},
		} {
			client, _ := play(t, []turn{status(503, "busy")}, proximl.WithRetryPolicy(policy))
			ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
			_, err := client.Jobs.Get(ctx, "j")
			assert.Equal(t, 503, apiError(t, err).StatusCode)
			cancel()
		}
	})
}

func TestDefaultWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, s := play(t, []turn{status(503, "busy")})
		for range 100 {
			_, _ = client.Jobs.Get(t.Context(), "j")
		}
		for i, wait := range s.waits() {
			if i%4 < 3 {
				assert.LessOrEqual(t, wait, 500*time.Millisecond<<(i%4))
			}
		}
		assert.Greater(t, slices.Max(s.waits()), time.Second)
	})
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	const jitter = -1
	for header, want := range map[string]time.Duration{
		"0": 0, "7": 7 * time.Second, "1.5": 1500 * time.Millisecond, "0.001": time.Millisecond, "30": 30 * time.Second,
		"31": 30 * time.Second, "86400": 30 * time.Second, "1e300": 30 * time.Second, "Inf": 30 * time.Second,
		"date+9s": 9 * time.Second, "date+24h": 30 * time.Second, "date-1h": 0,
		"": jitter, "soon": jitter, "-5": jitter, "NaN": jitter, "7 seconds": jitter, "2026-07-04": jitter,
	} {
		t.Run(header, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				for _, code := range []int{429, 503} {
					value := header
					if offset, isDate := cutPrefix(header, "date"); isDate {
						value = time.Now().Add(offset).UTC().Format(http.TimeFormat)
					}
					client, s := play(t, []turn{status(code, "busy").with("Retry-After", value), ok(`{"job_uuid":"j"}`)})
					_, err := client.Jobs.Get(t.Context(), "j")
					require.NoError(t, err)
					require.Len(t, s.waits(), 1)
					if want == jitter {
						assert.LessOrEqual(t, s.waits()[0], 500*time.Millisecond)
					} else {
						assert.Equal(t, want, s.waits()[0])
					}
				}
			})
		})
	}
}

// cutPrefix reads the duration after a prefix.
func cutPrefix(text, prefix string) (time.Duration, bool) {
	if len(text) <= len(prefix) || text[:len(prefix)] != prefix {
		return 0, false
	}
	offset, err := time.ParseDuration(text[len(prefix):])
	return offset, err == nil
}

func TestLongestWaitCanBeChanged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, s := play(t, []turn{status(429, "busy").with("Retry-After", "86400"), ok(`{"job_uuid":"j"}`)})
		_, err := client.Jobs.Get(t.Context(), "j", proximl.WithRetry(proximl.RetryPolicy{MaxWait: 48 * time.Hour}))
		require.NoError(t, err)
		assert.Equal(t, []time.Duration{24 * time.Hour}, s.waits())
	})
}

func TestAWaitThatWouldOutlastTheDeadline(t *testing.T) {
	t.Parallel()
	for _, header := range []string{"2", "86400"} {
		for _, call := range []func(context.Context, *proximl.ProxiML) error{
			func(ctx context.Context, c *proximl.ProxiML) error { return second(c.Jobs.Get(ctx, "j")) },
			func(ctx context.Context, c *proximl.ProxiML) error { return second(c.Jobs.Create(ctx, newJob())) },
		} {
			synctest.Test(t, func(t *testing.T) {
				client, s := play(t, []turn{status(429, "slow down").with("Retry-After", header).with("X-Request-Id", "r-1")})
				ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
				defer cancel()
				start := time.Now()
				err := call(ctx, client)
				assert.Zero(t, time.Since(start), "there is nothing to wait for")
				require.ErrorIs(t, err, proximl.ErrRateLimited)
				require.NotErrorIs(t, err, proximl.ErrOutcomeUnknown)
				require.ErrorContains(t, err, ": 429 Too Many Requests: slow down (request id r-1)")
				assert.Len(t, s.sent(), 1)
			})
		}
	}
}

func TestAShortDeadlineLeavesTimeForShortWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, s := play(t, []turn{status(429, "slow down").with("Retry-After", "0.02"), ok(`{"job_uuid":"j"}`)})
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err := client.Jobs.Get(ctx, "j")
		require.NoError(t, err)
		assert.Equal(t, []time.Duration{20 * time.Millisecond}, s.waits())
	})
}

func TestACallCancelledInAWaitKeepsTheServicesWords(t *testing.T) {
	t.Parallel()
	for _, code := range []int{429, 503} {
		synctest.Test(t, func(t *testing.T) {
			client, s := play(t, []turn{status(code, "slow down").with("Retry-After", "20").with("X-Request-Id", "r-1")})
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(3*time.Second, cancel)
			start := time.Now()
			var info proximl.ResponseInfo
			_, err := client.Jobs.Create(ctx, newJob(), proximl.CaptureResponse(&info))
			assert.Equal(t, 3*time.Second, time.Since(start), "at once")
			require.ErrorIs(t, err, context.Canceled)
			assert.Equal(t, code == 429, errors.Is(err, proximl.ErrRateLimited))
			require.NotErrorIs(t, err, proximl.ErrOutcomeUnknown)
			require.EqualError(t, err, "POST /job: "+map[int]string{429: "429 Too Many Requests", 503: "503 Service Unavailable"}[code]+": slow down: context canceled (request id r-1)")
			assert.Equal(t, []int{1, code, 1}, []int{len(s.sent()), info.StatusCode, info.Attempts})
		})
	}
}

func TestACallCancelledInItsSecondAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		turns := []turn{status(429, "slow down").with("Retry-After", "1"), {status: 200, after: time.Hour}}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		client, s := play(t, turns)
		_, err := client.Jobs.Create(ctx, newJob())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, proximl.ErrOutcomeUnknown, "the second request was under way")
		require.NotErrorIs(t, err, proximl.ErrRateLimited, "whoever sees that will repeat the call")
		assert.Len(t, s.sent(), 2)
		assert.Equal(t, 2, apiError(t, err).Attempts)

		ctx, cancel = context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		client, s = play(t, turns)
		start := time.Now()
		_, err = client.Jobs.Get(ctx, "j")
		assert.Equal(t, 5*time.Second, time.Since(start))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Len(t, s.sent(), 2)
		assert.Equal(t, 2, apiError(t, err).Attempts)
	})
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limit := proximl.WithRateLimit(2, 3)
		client, s := play(t, []turn{ok(`{"job_uuid":"j"}`)}, limit)
		for range 6 {
			_, err := client.Jobs.Get(t.Context(), "j")
			require.NoError(t, err)
		}
		assert.Equal(t, []time.Duration{0, 0, 500 * time.Millisecond, 500 * time.Millisecond, 500 * time.Millisecond}, s.waits())

		// Attempts count, too.
		client, s = play(t, []turn{status(429, "busy").with("Retry-After", "0"), ok(`{"job_uuid":"j"}`)}, proximl.WithRateLimit(1, 1))
		_, err := client.Jobs.Get(t.Context(), "j")
		require.NoError(t, err)
		assert.Equal(t, []time.Duration{time.Second}, s.waits())

		// What waits for the limit has not been sent.
		client, s = play(t, []turn{ok(`{"job_uuid":"j"}`)}, proximl.WithRateLimit(0.01, 1))
		_, err = client.Jobs.Create(t.Context(), newJob())
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		_, err = client.Jobs.Create(ctx, newJob())
		assert.Zero(t, time.Since(start), "it is known at once that it cannot be sent in time")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotErrorIs(t, err, proximl.ErrOutcomeUnknown)
		assert.Len(t, s.sent(), 1)

		ctx, cancelNow := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancelNow)
		start = time.Now()
		_, err = client.Jobs.Create(ctx, newJob())
		assert.Equal(t, time.Second, time.Since(start))
		require.ErrorIs(t, err, context.Canceled)
		require.NotErrorIs(t, err, proximl.ErrOutcomeUnknown)
		assert.Len(t, s.sent(), 1)
	})
}

func TestAttemptsAreLogged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log safeBuffer
		client, _ := play(t, []turn{{err: errReset}, {status: 503, body: `{}`, after: 2 * time.Second}, ok(`{"job_uuid":"j"}`)},
			proximl.WithLogger(textLogger(&log, slog.LevelDebug)), proximl.WithProject("proj"))
		_, err := client.Jobs.Get(t.Context(), "j 1")
		require.NoError(t, err)
		assert.Equal(t, []string{
			`level=DEBUG msg=request operation=jobs.get method=GET path="/job/j 1" took=0s error="read tcp: connection reset by peer"`,
			`level=DEBUG msg=request operation=jobs.get method=GET path="/job/j 1" took=2s status=503`,
			`level=DEBUG msg=request operation=jobs.get method=GET path="/job/j 1" took=0s status=200`,
		}, lines(log.String()))
	})
}
