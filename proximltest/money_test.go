package proximltest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/proximl/proximl-go/proximltest"
)

// bank follows the credits of one account through whatever is done to its jobs.
type bank struct {
	w     *world
	me    *proximltest.Account
	given float64         // credits that the account was ever given
	gone  float64         // credits that removed jobs cost
	jobs  map[string]bool // paths; true once removed
}

// Money is neither made nor lost, whatever happens and however the clock moves: what the account was given is what it has left
// and what its jobs cost.
func TestMoneyIsKept(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		defer func() { w.srv.Close() }()
		b := &bank{w, w.srv.Account("me@example.com", proximltest.WithCredits(2)), 2, 0, map[string]bool{}}
		rt.Repeat(map[string]func(*rapid.T){
			"create": b.create,
			"wait": func(rt *rapid.T) {
				w.wait(time.Duration(rapid.Int64Range(0, int64(20*time.Minute)).Draw(rt, "wait")))
			},
			"command": func(rt *rapid.T) {
				command := rapid.SampledFrom(types("start", "stop")).Draw(rt, "command")
				w.send(b.me, "PATCH", b.pick(rt), object{"command": command})
			},
			"break": func(rt *rapid.T) {
				status := rapid.SampledFrom(types("failed", "running", "uploading", "stopped")).Draw(rt, "status")
				_ = w.srv.SetStatus(b.pick(rt)[len("/job/"):], status)
			},
			"remove":     b.remove,
			"top up":     b.topUp,
			"save, load": b.reload,
			"":           b.check,
		})
	})
}

func (b *bank) create(rt *rapid.T) {
	body := rapid.SampledFrom([]object{
		notebook, training, with(inference, object{"data": object{"output_type": "aws", "output_uri": "s3://b"}}),
		with(training, object{"workers": types("a", "b", "c"), "resources": object{"gpu_types": types("a100", "t4"), "gpu_count": 4}}),
	}).Draw(rt, "job")
	b.jobs[b.w.job(b.me, body)] = false
}

// pick draws a job that was not removed, or none.
func (b *bank) pick(rt *rapid.T) string {
	paths := types("/job/none")
	for _, job := range b.w.send(b.me, "GET", "/job", nil).list() {
		if path := "/job/" + job["job_uuid"].(string); !b.jobs[path] {
			paths = append(paths, path)
		}
	}
	return paths[rapid.IntRange(0, len(paths)-1).Draw(rt, "job")]
}

func (b *bank) remove(rt *rapid.T) {
	path := b.pick(rt)
	if path == "/job/none" {
		return
	}
	b.w.send(b.me, "DELETE", path+"?force=true", nil).ok()
	b.gone += b.w.get(b.me, path)["credits"].(float64)
	b.jobs[path] = true
}

func (b *bank) topUp(rt *rapid.T) {
	credits := float64(rapid.IntRange(0, 30).Draw(rt, "tenths")) / 10
	b.given += credits - b.me.Credits()
	b.me.SetCredits(credits)
}

func (b *bank) reload(*rapid.T) {
	loaded := newWorld(b.w.T, proximltest.WithState(strings.NewReader(b.w.saved())))
	b.w.srv.Close()
	*b.w, b.me = *loaded, loaded.srv.Account(b.me.Email)
}

func (b *bank) check(rt *rapid.T) {
	left, running := b.me.Credits(), 0
	spent := b.gone
	for _, job := range b.w.send(b.me, "GET", "/job", nil).list() {
		if !b.jobs["/job/"+job["job_uuid"].(string)] {
			spent += job["credits"].(float64)
		}
		if job["status"] == "running" && job["credits_per_hour"].(float64) > 0 {
			running++
		}
	}
	require.InDelta(rt, b.given, left+spent, 1e-6)
	assert.Greater(rt, left, -0.001)
	if left <= 0 {
		assert.Zero(rt, running, "nothing runs without credits")
	}
}
