// Package logstream reads the frames of the log websocket and passes each line
// on once, however often connections drop and history is sent again.
package logstream

import (
	"hash/maphash"
	"maps"
	"slices"
)

// remembered is of how many lines of a stream the filter knows what it passed
// on, at least. It bounds the memory of a log of any length.
const remembered = 4096

// Filter tells lines that were passed on before from new ones. It rests on the
// history being complete and in time order per stream.
//
// A connection replays what was sent before. Lines are told apart by time and
// text, and counted: two equal lines in one millisecond are two lines. So in
// each replay, of equal lines as many are skipped as were passed on. A time that
// goes back is where another replay begins: history and live lines overlap.
type Filter struct {
	seed    maphash.Seed
	streams map[string]*stream
}

type line struct {
	time int64
	text uint64 // hash
}

type stream struct {
	passed   map[line]int // of the lines from floor on
	replayed map[line]int // of those, in the replay under way
	floor    int64        // all lines before it were passed on
	last     int64        // time of the line before
}

// NewFilter makes a filter that has passed nothing on.
func NewFilter() *Filter {
	return &Filter{seed: maphash.MakeSeed(), streams: map[string]*stream{}}
}

// Reconnected tells the filter that what comes now was perhaps sent before.
func (f *Filter) Reconnected() {
	for _, s := range f.streams {
		clear(s.replayed)
	}
}

// New reports whether a line was not passed on before, and remembers it. The
// time is in milliseconds.
func (f *Filter) New(name string, time int64, text string) bool {
	s := f.streams[name]
	if s == nil {
		s = &stream{passed: map[line]int{}, replayed: map[line]int{}, floor: time}
		f.streams[name] = s
	}
	if time < s.last {
		clear(s.replayed)
	}
	s.last = time
	if time < s.floor {
		return false
	}
	l := line{time, maphash.String(f.seed, text)}
	s.replayed[l]++
	if s.replayed[l] <= s.passed[l] {
		return false
	}
	s.passed[l]++
	if len(s.passed) >= 2*remembered {
		s.forget()
	}
	return true
}

// forget drops the older half, but never a part of one millisecond.
func (s *stream) forget() {
	times := slices.Sorted(func(yield func(int64) bool) {
		for l := range s.passed {
			if !yield(l.time) {
				return
			}
		}
	})
	s.floor = times[len(times)/2]
	old := func(l line, _ int) bool { return l.time < s.floor }
	maps.DeleteFunc(s.passed, old)
	maps.DeleteFunc(s.replayed, old)
}
