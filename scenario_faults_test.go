package proximl_test

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/proximl/proximl-go/proximltest"
)

// everywhere are the calls that any task may make.
var everywhere = []string{"", "", "InitiateAuth", "RespondToAuthChallenge", "GET /.well-known/auth-config.json"}

// met counts how often tasks met what. What is unused of several faults is known
// only together, so that they count when nothing is.
type met struct {
	mu    sync.Mutex
	times map[string]int
}

func (m *met) add(what string, times int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.times[what] += times
}

// count takes down what became of the faults of a task.
func (m *met) count(faults []proximltest.Fault, what []string, unused int) {
	switch {
	case unused == 0:
		for i, fault := range faults {
			m.add(what[i], fault.Times)
		}
	case len(faults) == 1:
		m.add(what[0], faults[0].Times-unused)
	}
}

// checkAll fails the test when something happened to no call.
func (m *met) checkAll(t *testing.T) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, what := range append(namesOf(mishaps), restarted) {
		assert.Positive(t, m.times[what], "%s happened to no call", what)
	}
}

func namesOf(mishaps []mishap) (names []string) {
	for _, m := range mishaps {
		names = append(names, m.what)
	}
	return names
}

// mishaps draws up to three faults for a task, most of them for its own calls.
func (s *scenario) mishaps(calls []string) (faults []proximltest.Fault, what []string) {
	for range s.random.IntN(4) {
		on := calls[s.random.IntN(len(calls))]
		if s.random.IntN(5) == 0 {
			on = everywhere[s.random.IntN(len(everywhere))]
		}
		m := s.mishap(wayOf(on))
		fault := m.draw(s.random)
		if fault.On == "" {
			fault.On = on
		}
		if fault.Times == 0 {
			fault.Times = 1 + s.random.IntN(2)
		}
		faults, what = append(faults, fault), append(what, m.what)
	}
	return faults, what
}

// mishap draws one. Half of those of a log or a transfer can happen to nothing
// else.
func (s *scenario) mishap(way way) mishap {
	if s.random.IntN(2) == 0 {
		way = anyWay
	}
	fitting := slices.DeleteFunc(slices.Clone(mishaps), func(m mishap) bool { return m.way != way })
	return fitting[s.random.IntN(len(fitting))]
}

// way is how things travel.
type way int

const (
	anyWay way = iota
	overSocket
	inTransfer
)

// wayOf tells it from a call as in Fault.On.
func wayOf(call string) way {
	switch {
	case call == "GET /":
		return overSocket
	case strings.Contains(call, "/transfer/"):
		return inTransfer
	}
	return anyWay
}

// upTo draws a time.
func upTo(random *rand.Rand, longest time.Duration) time.Duration {
	return time.Duration(random.Int64N(int64(longest)))
}

// page is longer than what errors quote of it.
var page = "<html>Please log in" + strings.Repeat(".", 10_000) + "</html>"

// mishap is something that goes wrong.
type mishap struct {
	what string
	way  way
	draw func(*rand.Rand) proximltest.Fault
}

func always(kind proximltest.FaultKind) func(*rand.Rand) proximltest.Fault {
	return func(*rand.Rand) proximltest.Fault { return proximltest.Fault{Kind: kind} }
}

const restarted = "a restart of the service"

// mishaps are all that goes wrong in a schedule, besides restarts. A status of a
// service that did the work all the same is none of those that say that it did
// not.
var mishaps = []mishap{
	{"a refused connection", anyWay, func(random *rand.Rand) proximltest.Fault {
		return proximltest.Fault{Kind: proximltest.RefuseConnection, Times: 1 + random.IntN(6)}
	}},
	{"a reset before the work", anyWay, always(proximltest.ResetBeforeWork)},
	{"a reset during the reply", anyWay, always(proximltest.ResetDuringReply)},
	{"a reset after the work", anyWay, always(proximltest.ResetAfterWork)},
	{"a truncated body", anyWay, always(proximltest.TruncateBody)},
	{"a revoked token", anyWay, always(proximltest.RevokeToken)},
	{"a refused token", anyWay, func(*rand.Rand) proximltest.Fault {
		return proximltest.Fault{Status: 401, Body: `{"message":"Unauthorized"}`}
	}},
	{"a slow body", anyWay, func(random *rand.Rand) proximltest.Fault {
		return proximltest.Fault{Kind: proximltest.Stall, AfterBytes: random.Int64N(300), Delay: upTo(random, 5*time.Minute)}
	}},
	{"a slow service", anyWay, func(random *rand.Rand) proximltest.Fault {
		return proximltest.Fault{Delay: upTo(random, 3*time.Minute)}
	}},
	{"busy, with a time to come again", anyWay, func(random *rand.Rand) proximltest.Fault {
		times := []string{"0", "0.25", "2", "40", "7200", time.Now().Add(upTo(random, time.Minute)).UTC().Format(http.TimeFormat), "soon"}
		return proximltest.Fault{
			Status: []int{429, 502, 503}[random.IntN(3)], Header: http.Header{"Retry-After": {times[random.IntN(len(times))]}},
			Body: `{"message":"busy"}`, Times: 1 + random.IntN(5),
		}
	}},
	{"busy", anyWay, func(random *rand.Rand) proximltest.Fault {
		return proximltest.Fault{Status: []int{429, 500, 502, 503, 504}[random.IntN(5)], Body: `{"message":"busy"}`, Times: 1 + random.IntN(5)}
	}},
	{"a reply that is lost on its way", anyWay, func(random *rand.Rand) proximltest.Fault {
		return proximltest.Fault{Kind: proximltest.ReplyAfterWork, Status: []int{500, 502, 503, 504}[random.IntN(4)], Body: page}
	}},
	{"a page of something in between", anyWay, func(random *rand.Rand) proximltest.Fault {
		return proximltest.Fault{Status: []int{200, 403, 502, 503}[random.IntN(4)], Body: page}
	}},
	{"a page after the work", anyWay, func(*rand.Rand) proximltest.Fault {
		return proximltest.Fault{Kind: proximltest.ReplyAfterWork, Status: 200, Body: page}
	}},
	{"truncated JSON in a reply that is whole", anyWay, func(random *rand.Rand) proximltest.Fault { // where somebody reads it
		read := []string{"GET /{kind}", "GET /{kind}/{id}", "POST /{kind}", "PATCH /job/{id}"}
		return proximltest.Fault{On: read[random.IntN(len(read))], Kind: proximltest.ReplyAfterWork, Header: http.Header{"Content-Type": {"application/json"}}, Body: `{"id":"x","job_uuid":"x","na`}
	}},
	{"a cut websocket", overSocket, func(random *rand.Rand) proximltest.Fault {
		return proximltest.Fault{Kind: proximltest.CutConnection, AfterMessages: random.IntN(30), AfterBytes: random.Int64N(100), Times: 1 + random.IntN(5)}
	}},
	{"a slow websocket", overSocket, func(random *rand.Rand) proximltest.Fault {
		return proximltest.Fault{Kind: proximltest.Stall, AfterMessages: random.IntN(30), AfterBytes: random.Int64N(100), Delay: upTo(random, 5*time.Minute)}
	}},
	{"a log that does not say its end", overSocket, always(proximltest.WithholdEnd)},
	{"broken JSON in a log", overSocket, func(random *rand.Rand) proximltest.Fault {
		return proximltest.Fault{Kind: proximltest.ExtraFrame, AfterMessages: random.IntN(20), Body: `{"type":`}
	}},
	{"a cut transfer", inTransfer, func(random *rand.Rand) proximltest.Fault {
		return proximltest.Fault{Kind: proximltest.CutConnection, AfterBytes: random.Int64N(2 * smallChunk), Times: 1 + random.IntN(5)}
	}},
}
