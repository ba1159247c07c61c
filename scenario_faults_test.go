package proximl_test

import (
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/proximl/proximl-go/proximltest"
)

// everywhere are the calls that any task may make.
var everywhere = []string{"", "", "InitiateAuth", "RespondToAuthChallenge", "GET /.well-known/auth-config.json"}

// met counts, by the kind of mishap, how often the calls of tasks met it. Only of
// a fault that is alone with a task it is known whether it happened.
type met [len(mishapKinds)]atomic.Int64

// count takes down what became of the faults of a task.
func (m *met) count(faults []proximltest.Fault, kinds []int, unused int) {
	if len(faults) == 1 {
		m[kinds[0]].Add(int64(faults[0].Times - unused))
	}
}

// mishaps draws up to three faults for a task, most of them for its own calls.
func (s *scenario) mishaps(calls []string) (faults []proximltest.Fault, kinds []int) {
	for range s.random.IntN(4) {
		on := calls[s.random.IntN(len(calls))]
		if s.random.IntN(5) == 0 {
			on = everywhere[s.random.IntN(len(everywhere))]
		}
		kind := s.random.IntN(len(mishapKinds))
		fault := mishapKinds[kind](s.random)
		if fault.On == "" {
			fault.On = on
		}
		if fault.Times == 0 {
			fault.Times = 1 + s.random.IntN(2)
		}
		faults, kinds = append(faults, fault), append(kinds, kind)
	}
	return faults, kinds
}

// upTo draws a time.
func upTo(random *rand.Rand, longest time.Duration) time.Duration {
	return time.Duration(random.Int64N(int64(longest)))
}

// page is longer than what errors quote of it.
var page = "<html>Please log in" + strings.Repeat(".", 10_000) + "</html>"

// mishapKinds are all that goes wrong in a schedule. A status of a service that
// did the work all the same is none of those that say that it did not.
var mishapKinds = [...]func(*rand.Rand) proximltest.Fault{
	func(random *rand.Rand) proximltest.Fault {
		return proximltest.Fault{Kind: proximltest.RefuseConnection, Times: 1 + random.IntN(6)}
	},
	func(*rand.Rand) proximltest.Fault { return proximltest.Fault{Kind: proximltest.ResetBeforeWork} },
	func(*rand.Rand) proximltest.Fault { return proximltest.Fault{Kind: proximltest.ResetDuringReply} },
	func(*rand.Rand) proximltest.Fault { return proximltest.Fault{Kind: proximltest.ResetAfterWork} },
	func(*rand.Rand) proximltest.Fault { return proximltest.Fault{Kind: proximltest.TruncateBody} },
	func(*rand.Rand) proximltest.Fault { return proximltest.Fault{Kind: proximltest.RevokeToken} },
	func(*rand.Rand) proximltest.Fault { return proximltest.Fault{Kind: proximltest.WithholdEnd} },
	func(random *rand.Rand) proximltest.Fault { // a cut in the middle
		return proximltest.Fault{Kind: proximltest.CutConnection, AfterMessages: random.IntN(30), AfterBytes: random.Int64N(3000), Times: 1 + random.IntN(5)}
	},
	func(random *rand.Rand) proximltest.Fault { // a slow body
		return proximltest.Fault{Kind: proximltest.Stall, AfterMessages: random.IntN(30), AfterBytes: random.Int64N(300), Delay: upTo(random, 5*time.Minute)}
	},
	func(random *rand.Rand) proximltest.Fault { // a slow service
		return proximltest.Fault{Delay: upTo(random, 3*time.Minute)}
	},
	func(random *rand.Rand) proximltest.Fault { // busy, with a time to come again
		times := []string{"0", "0.25", "2", "40", "7200", time.Now().Add(upTo(random, time.Minute)).UTC().Format(http.TimeFormat), "soon"}
		return proximltest.Fault{
			Status: []int{429, 503}[random.IntN(2)], Header: http.Header{"Retry-After": {times[random.IntN(len(times))]}},
			Body: `{"message":"busy"}`, Times: 1 + random.IntN(5),
		}
	},
	func(random *rand.Rand) proximltest.Fault { // busy
		return proximltest.Fault{Status: []int{429, 500, 502, 503, 504}[random.IntN(5)], Body: `{"message":"busy"}`, Times: 1 + random.IntN(5)}
	},
	func(random *rand.Rand) proximltest.Fault { // the reply is lost on its way
		return proximltest.Fault{Kind: proximltest.ReplyAfterWork, Status: []int{500, 502, 503, 504}[random.IntN(4)], Body: page}
	},
	func(random *rand.Rand) proximltest.Fault { // a page of something in between
		return proximltest.Fault{Status: []int{200, 403, 502, 503}[random.IntN(4)], Body: page}
	},
	func(*rand.Rand) proximltest.Fault {
		return proximltest.Fault{Kind: proximltest.ReplyAfterWork, Status: 200, Body: page}
	},
	func(random *rand.Rand) proximltest.Fault { // truncated JSON in a reply that is whole, where somebody reads it
		read := []string{"GET /{kind}", "GET /{kind}/{id}", "POST /{kind}", "PATCH /job/{id}"}
		return proximltest.Fault{On: read[random.IntN(len(read))], Kind: proximltest.ReplyAfterWork, Header: http.Header{"Content-Type": {"application/json"}}, Body: `{"id":"x","job_uuid":"x","na`}
	},
	func(*rand.Rand) proximltest.Fault {
		return proximltest.Fault{Status: 401, Body: `{"message":"Unauthorized"}`}
	},
	func(random *rand.Rand) proximltest.Fault {
		return proximltest.Fault{Kind: proximltest.ExtraFrame, AfterMessages: random.IntN(20), Body: `{"type":`}
	},
}
