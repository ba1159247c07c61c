// Package logstream reads the frames of the log websocket and passes each line
// on once, however often connections drop and history is sent again.
package logstream

import (
	"cmp"
	"hash/maphash"
	"maps"
	"math"
	"slices"
)

// remembered is of how many lines of a stream the filter knows what it passed
// on, at least. It bounds the memory of a log of any length.
const remembered = 4096

const (
	// maxRemembered bounds the lines of one millisecond, of which no part may be
	// forgotten. Beyond it a replay brings them again.
	maxRemembered = 1 << 18
	// maxStreams bounds the streams in the same way. Jobs have some dozens.
	maxStreams = 1 << 12
)

// Filter tells lines that were passed on before from new ones. It rests on the
// history being complete and in time order per stream.
//
// A connection replays what was sent before. Lines are told apart by time and
// text, and counted: two equal lines in one millisecond are two lines. So in
// each replay, of equal lines as many are skipped as were passed on. A time that
// goes back is where another replay begins: history and live lines overlap.
//
// Only what it forgets makes a filter take a line that it does not know for an
// old one.
type Filter struct {
	seed    maphash.Seed
	streams map[uint64]*stream // by the hash of the name
}

type line struct {
	time int64
	text uint64 // hash
}

// count is how often a line was passed on, and how often it came in a replay.
type count struct {
	passed, came int
	replay       int // number of that replay; in any other, the line has not come
}

type stream struct {
	passed  []line         // on, from floor on
	counts  map[line]count // made of passed when it is needed
	counted int            // how many of passed are in it
	floor   int64          // lines before it are forgotten, and count as passed on
	newest  int64          // time of the newest line that was passed on
	last    int64          // time of the line before
	replay  int            // number of the one under way
	beyond  bool           // that one is past all that was passed on before it
	full    int            // lines that are too many
}

// NewFilter makes a filter that has passed nothing on.
func NewFilter() *Filter {
	return &Filter{seed: maphash.MakeSeed(), streams: map[uint64]*stream{}}
}

// History tells the filter that the history comes now, from its first line on.
func (f *Filter) History() {
	for _, s := range f.streams {
		s.begin()
		s.last = 0
	}
}

// Live tells the filter that the lines to come follow on the history, and that
// the first of them were perhaps in it.
func (f *Filter) Live() {
	for _, s := range f.streams {
		s.begin()
	}
}

// Last returns the time of the line before in a stream, which is that of a line
// without one. In each history it is the same.
func (f *Filter) Last(name string) int64 {
	if s := f.streams[maphash.String(f.seed, name)]; s != nil {
		return s.last
	}
	return 0
}

// New reports whether a line was not passed on before, and remembers it. The
// time is in milliseconds.
func (f *Filter) New(name string, time int64, text string) bool {
	key := maphash.String(f.seed, name)
	s := f.streams[key]
	if s == nil {
		if len(f.streams) >= maxStreams {
			clear(f.streams)
		}
		s = &stream{counts: map[line]count{}, floor: math.MinInt64, newest: math.MinInt64, full: 2 * remembered}
		f.streams[key] = s
	}
	if time < s.last {
		s.begin()
	}
	s.last = time
	return time >= s.floor && s.pass(line{time, maphash.String(f.seed, text)})
}

// begin begins a replay.
func (s *stream) begin() {
	s.replay++
	s.beyond = false
}

// pass reports whether a line was not passed on before, and remembers it. A
// replay is in time order: past all that was passed on, nothing is looked up.
func (s *stream) pass(l line) bool {
	s.beyond = s.beyond || l.time > s.newest
	if !s.beyond && s.known(l) {
		return false
	}
	s.newest = max(s.newest, l.time)
	s.passed = append(s.passed, l)
	s.forget()
	return true
}

// known counts a line, and reports whether it came no more often in this replay
// than it was passed on.
func (s *stream) known(l line) bool {
	s.count()
	c := s.counts[l]
	if c.replay != s.replay {
		c.came, c.replay = 0, s.replay
	}
	c.came++
	s.counts[l] = c
	return c.came <= c.passed
}

// count brings the counts up to date.
func (s *stream) count() {
	for _, l := range s.passed[s.counted:] {
		c := s.counts[l]
		c.passed++
		s.counts[l] = c
	}
	s.counted = len(s.passed)
}

// forget drops the older half when there are too many lines, but never a part of
// one millisecond. Where that leaves many, it is a while until the next time.
func (s *stream) forget() {
	if len(s.passed) < s.full {
		return
	}
	if !s.beyond {
		s.count()
	}
	slices.SortFunc(s.passed, func(a, b line) int { return cmp.Compare(a.time, b.time) }) // they are, but for lines that came late
	s.floor = s.passed[len(s.passed)/2].time
	s.passed = slices.DeleteFunc(s.passed, func(l line) bool { return l.time < s.floor })
	if len(s.passed) >= maxRemembered {
		s.passed = nil
	}
	if s.beyond || s.passed == nil { // what came before matters no more
		clear(s.counts)
		s.counted = 0
	} else {
		maps.DeleteFunc(s.counts, func(l line, _ count) bool { return l.time < s.floor })
		s.counted = len(s.passed)
	}
	s.full = 2 * max(remembered, len(s.passed))
}
