package proximl_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/proximl/proximl-go"
)

// A schedule is a seeded series of tasks, each under faults of its own between
// the client and the in-memory service. After each task the service is asked,
// without faults, what became of it. The seed decides on tasks and faults; only
// the jitter of the retries is left to chance.

var faultSeed = flag.Uint64("fault.seed", 0, "play only the schedule of faults with this seed")

const (
	scheduleLength = 10 // tasks
	// settled is longer than any fault lasts, and than jobs and datasets need to
	// come to an end or to rest.
	settled = 15 * time.Minute
)

func TestFaultSchedules(t *testing.T) {
	t.Parallel()
	playSchedules(t, 100)
}

// playSchedules plays the first schedules, or the one that the flag asks for.
func playSchedules(t *testing.T, count uint64) {
	t.Helper()
	first, last := uint64(1), count
	met := &met{times: map[string]int{}}
	if *faultSeed != 0 {
		first, last = *faultSeed, *faultSeed
	} else {
		t.Cleanup(func() { met.checkAll(t) }) // after all schedules
	}
	for seed := first; seed <= last; seed++ {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("to play it again: go test . -run TestFaultSchedules -fault.seed %d", seed)
				}
			})
			synctest.Test(t, func(t *testing.T) { newScenario(t, seed, met).play() })
		})
	}
}

// scenario is one schedule while it is played.
type scenario struct {
	*stage
	random *rand.Rand
	client *proximl.ProxiML // that meets the faults
	named  int
	met    *met
}

func newScenario(t *testing.T, seed uint64, met *met) *scenario {
	s := &scenario{stage: newStage(t), random: rand.New(rand.NewPCG(seed, 0)), met: met}
	s.client = s.newClient()
	return s
}

// play carries the tasks out. Each begins when nothing of the one before is left.
func (s *scenario) play() {
	for n := range scheduleLength {
		prepare := tasks[s.random.IntN(len(tasks))]
		s.perform(n, prepare(s))
		if s.t.Failed() {
			return
		}
	}
	for _, k := range entityKinds {
		for name, ids := range s.held(k) {
			assert.Len(s.t, ids, 1, name)
		}
	}
}

// task is something that a program might do.
type task struct {
	what  string
	calls []string // that faults may hit, as in Fault.On
	run   func(context.Context) error
	check func(error) // sees what the service made of it
}

// limits are how long tasks are given.
var limits = []time.Duration{2 * time.Second, time.Minute, 20 * time.Minute, 20 * time.Minute, 2 * time.Hour}

func (s *scenario) perform(n int, k task) {
	limit := limits[s.random.IntN(len(limits))]
	faults, what := s.mishaps(k.calls)
	s.transport.CloseIdleConnections()
	s.server().Inject(faults...)
	stopRestart, restarts := func() {}, s.restarts.Load()
	if s.random.IntN(6) == 0 {
		stopRestart = s.restartIn(time.Duration(s.random.Int64N(int64(90*time.Second))), time.Duration(s.random.Int64N(int64(20*time.Second))))
	}
	ctx, cancel := context.WithTimeout(s.t.Context(), limit)
	defer cancel()
	start := time.Now()
	err := k.run(ctx)
	took := time.Since(start)
	stopRestart()
	s.met.count(faults, what, s.server().ClearFaults())
	s.met.add(restarted, int(s.restarts.Load()-restarts))
	s.t.Logf("%d: %s within %v, under %+v: took %v: %v", n+1, k.what, limit, faults, took, err)

	assert.LessOrEqual(s.t, took, limit, "it hung past its deadline")
	assert.True(s.t, isDocumented(err), "no documented kind of error: %#v", err)
	s.transport.CloseIdleConnections()
	synctest.Wait()
	assert.Zero(s.t, s.open.Load(), "connections are in use, though the task is done and its ctx is not")
	cancel()
	time.Sleep(settled)
	k.check(err)
}

// isDocumented reports whether an error is of a kind that the README names, or
// the end of the caller's ctx.
func isDocumented(err error) bool {
	if err == nil || errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	var (
		api      *proximl.APIError
		auth     *proximl.AuthError
		status   *proximl.StatusError
		transfer *proximl.TransferError
	)
	return errors.As(err, &api) || errors.As(err, &auth) || errors.As(err, &status) || errors.As(err, &transfer)
}

// created checks a create: exactly one after success, none after a certain
// failure, at most one when the outcome is unknown.
func (s *scenario) created(k entityKind, name, id string, err error) {
	ids := s.held(k)[name]
	switch {
	case err == nil:
		assert.Equal(s.t, []string{id}, ids, "%s was created", name)
	case errors.Is(err, proximl.ErrOutcomeUnknown):
		assert.LessOrEqual(s.t, len(ids), 1, "%s may have been created: %v", name, err)
	default:
		assert.Empty(s.t, ids, "%s was not created: %v", name, err)
	}
}

// newName is a name that nothing else has.
func (s *scenario) newName(kind string) string {
	s.named++
	return fmt.Sprintf("%s %d", kind, s.named)
}
