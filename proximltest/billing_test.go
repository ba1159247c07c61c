package proximltest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go/proximltest"
)

// held is how long the training job of these tests holds its resources: download, provisioning, starting and running.
const held = 180

func TestCreditsAddUp(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		job   object
		price float64 // credits per hour, of all workers
	}{
		"one worker":           {training, 0.98},
		"three workers":        {with(training, object{"workers": types("a", "b", "c")}), 3 * 0.98},
		"two GPUs, two":        {with(resources(object{"gpu_count": 2}), object{"workers": types("a", "b")}), 4 * 0.98},
		"the cheapest of many": {resources(object{"gpu_types": types("a100", "rtx2080ti", "rtx3090")}), 0.35},
		"cpu":                  {resources(object{"gpu_types": types("cpu"), "gpu_count": nil, "cpu_count": 8}), 8 * 0.02},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			me := w.srv.Account("me@example.com", proximltest.WithCredits(100))
			path := w.job(me, c.job)
			w.wait(20 * time.Second)
			assert.Equal(t, 0.0, w.get(me, path)["credits"], "waiting for resources is free")
			for second := range held {
				got := w.get(me, path)
				want := c.price * float64(second) / 3600
				require.InDelta(t, c.price, got["credits_per_hour"], 1e-9)
				require.InDelta(t, want, got["credits"], 1e-9, "after %d s", second)
				require.InDelta(t, 100-want, me.Credits(), 1e-9, "after %d s", second)
				w.wait(time.Second)
			}
			w.wait(day)
			assert.Equal(t, "finished", w.status(me, path))
			assert.InDelta(t, c.price*held/3600, w.get(me, path)["credits"], 1e-9)
			assert.InDelta(t, 100-c.price*held/3600, me.Credits(), 1e-9)
		})
	}
}

// What an account lost is what the jobs of all its projects cost, stopped, failed and removed ones too.
func TestAllJobsArePaidFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me, you := w.srv.Account("me@example.com"), w.srv.Account("you@example.com")
	project := w.project(me, "Shared")
	w.share(me, project, you, access("all"))
	stopped, failed, ours, removed := w.job(me, notebook), w.job(me, notebook), w.job(you, with(training, object{"project_uuid": project})), w.job(me, notebook)
	w.wait(500 * time.Second)
	w.command(me, stopped, "stop").object()
	w.wait(77 * time.Second)
	require.NoError(t, w.srv.SetStatus(failed[len("/job/"):], "failed"))
	w.wait(3 * time.Second)
	lost := w.get(me, removed)["credits"].(float64)
	w.send(me, "DELETE", removed+"?force=true", nil).ok()
	w.wait(day)
	for path, credits := range map[string]float64{stopped: 480, failed: 557, ours + in(project): held} {
		got := w.get(me, path)["credits"].(float64)
		assert.InDelta(t, 0.98*credits/3600, got, 1e-9)
		lost += got
	}
	assert.InDelta(t, 0.98*560/3600, lost-0.98*(480+557+held)/3600, 1e-9)
	assert.InDelta(t, 1000-lost, me.Credits(), 1e-9)
	assert.Equal(t, 1000.0, you.Credits())
}

// A job waits for a GPU that it is willing to pay.
func TestMaxPrice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	for price, want := range map[float64]string{0: "waiting for resources", 2.779: "waiting for resources", 2.78: "finished"} {
		path := w.job(me, resources(object{"gpu_types": types("a100"), "max_price": price}))
		w.wait(day)
		assert.Equal(t, want, w.status(me, path), price)
	}
}

func TestOutOfCredits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com", proximltest.WithCredits(0.98)) // one notebook for an hour, or two for half an hour
	rich := w.srv.Account("rich@example.com")
	first, second, theirs := w.job(me, notebook), w.job(me, training), w.job(rich, notebook)
	w.wait(20*time.Second + (3600-held)*time.Second - time.Millisecond)
	assert.Equal(t, "finished", w.status(me, second))
	assert.Equal(t, "running", w.status(me, first))
	assert.Positive(t, me.Credits())

	w.wait(time.Millisecond)
	assert.Equal(t, "stopping", w.status(me, first))
	assert.Zero(t, me.Credits())
	w.wait(day)
	assert.Equal(t, "stopped", w.status(me, first))
	assert.Equal(t, "running", w.status(rich, theirs))
	assert.Zero(t, me.Credits(), "what is stopped costs nothing")

	// Nothing new is provisioned, and nothing starts.
	third := w.job(me, training)
	assert.Equal(t, "waiting for resources", w.command(me, first, "start").object()["status"])
	w.wait(day)
	assert.Equal(t, "waiting for resources", w.status(me, first))
	assert.Equal(t, "waiting for resources", w.status(me, third))

	// More credits let them go on.
	me.SetCredits(10)
	w.wait(10 * time.Minute)
	assert.Equal(t, "running", w.status(me, first))
	assert.Equal(t, "finished", w.status(me, third))

	// Taking credits away stops what runs at once, and a stopped job starts again after a top-up.
	me.SetCredits(0)
	assert.Equal(t, "stopping", w.status(me, first))
	w.wait(day)
	me.SetCredits(5)
	assert.Equal(t, "stopped", w.status(me, first))
	assert.Equal(t, "starting", w.command(me, first, "start").object()["status"])
	w.wait(time.Minute)
	assert.Equal(t, "running", w.status(me, first))
}

// New credits let jobs go on that wait for them; those that wait for other reasons take their time.
func TestCreditsDoNotHurry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	path := w.job(me, training)
	w.wait(6 * time.Second)
	me.SetCredits(100)
	w.wait(14*time.Second - time.Millisecond)
	assert.Equal(t, "waiting for resources", w.status(me, path))
	w.wait(time.Millisecond)
	assert.Equal(t, "waiting for data/model download", w.status(me, path))
}

// A training job that ran out of credits can be started again.
func TestTrainingOutOfCredits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com", proximltest.WithCredits(0.01))
	path := w.job(me, training)
	w.wait(day)
	assert.Equal(t, "stopped", w.status(me, path))
	assert.InDelta(t, 0.01, w.get(me, path)["credits"], 1e-6)
	assert.InDelta(t, 0, me.Credits(), 1e-6)
	me.SetCredits(1)
	w.command(me, path, "start").object()
	w.wait(day)
	assert.Equal(t, "finished", w.status(me, path))
	assert.InDelta(t, 1-0.98*100/3600, me.Credits(), 1e-9)
}
