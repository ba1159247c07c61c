package logstream_test

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/proximl/proximl-go/internal/logstream"
)

func TestFilterPassesEqualLinesOnAndReplaysNot(t *testing.T) {
	t.Parallel()
	f := logstream.NewFilter()
	lines := []struct {
		time int64
		text string
	}{{1, "a"}, {2, "tick"}, {2, "tick"}, {3, "b"}}
	for _, line := range lines {
		assert.True(t, f.New("w", line.time, line.text))
	}
	for _, again := range []func(){f.History, f.Live, f.History} {
		again()
		for _, line := range lines {
			assert.False(t, f.New("w", line.time, line.text), "%v again", line)
		}
	}
	assert.True(t, f.New("w", 3, "b"), "one more than was passed on")
	assert.True(t, f.New("other", 1, "a"), "streams have nothing to do with each other")
	assert.True(t, f.New("w", 2, "late"), "a line that comes late is new")
}

// A connection that sends its lines once more gives itself away by the time.
func TestFilterOfAConnectionThatRepeats(t *testing.T) {
	t.Parallel()
	f := logstream.NewFilter()
	for _, isNew := range []bool{true, false} {
		assert.Equal(t, isNew, f.New("w", 1, "a"))
		assert.Equal(t, isNew, f.New("w", 2, "tick"))
		assert.Equal(t, isNew, f.New("w", 2, "tick"))
	}
	assert.True(t, f.New("w", 2, "tick"))
}

// Whatever part of a history and of the lines after it each connection brings,
// the lines of a stream are passed on once and in order, as soon as they come.
func TestFilterOfAnyConnections(t *testing.T) {
	t.Parallel()
	type line struct {
		time int64
		text string
	}
	rapid.Check(t, func(t *rapid.T) {
		var log []line
		for at := int64(0); len(log) < 40; at += rapid.Int64Range(1, 3).Draw(t, "gap") {
			for range rapid.IntRange(1, 4).Draw(t, "lines of one millisecond") {
				log = append(log, line{at, rapid.SampledFrom([]string{"tick", "tock"}).Draw(t, "text")})
			}
		}
		starts := []int{0} // of milliseconds
		for i := range log {
			if i > 0 && log[i].time > log[i-1].time {
				starts = append(starts, i)
			}
		}
		f := logstream.NewFilter()
		passed := 0
		replay := func(from, to int) {
			for i, line := range log[from:to] {
				isNew := f.New("w", line.time, line.text)
				require.Equal(t, from+i >= passed, isNew, "line %d of %v, of which %d were passed on", from+i, log, passed)
				passed = max(passed, from+i+1)
			}
		}
		for passed < len(log) {
			f.History()
			end := rapid.IntRange(0, len(log)).Draw(t, "end of the history")
			replay(0, end)
			if end < passed {
				continue // it was cut
			}
			start := rapid.SampledFrom(starts).Filter(func(start int) bool { return start <= end }).Draw(t, "start of the lines to come")
			f.Live()
			replay(start, rapid.IntRange(start, len(log)).Draw(t, "end of the connection"))
		}
	})
}

// The memory of a filter is bounded, and what it forgot is not passed on again.
func TestFilterForgets(t *testing.T) {
	t.Parallel()
	f := logstream.NewFilter()
	const lines = 50_000
	for i := range int64(lines) {
		require.True(t, f.New("w", i, "x"))
	}
	f.History()
	for i := range int64(lines) {
		require.False(t, f.New("w", i, "x"), "line %d", i)
	}
	assert.True(t, f.New("w", lines, "x"))
}

// The same goes for a history that comes after lines that are later than all of
// it.
func TestFilterForgetsOfALateHistory(t *testing.T) {
	t.Parallel()
	f := logstream.NewFilter()
	const lines = 50_000
	require.True(t, f.New("w", lines, "x"))
	for _, isNew := range []bool{true, false, false} {
		f.History()
		for i := range int64(lines) {
			require.Equal(t, isNew, f.New("w", i/3, "x"), "line %d", i)
		}
		require.False(t, f.New("w", lines, "x"))
	}
}

// A millisecond is remembered as a whole, in time that grows with its lines.
func TestFilterOfOneMillisecond(t *testing.T) {
	t.Parallel()
	f := logstream.NewFilter()
	const lines = 200_000
	for _, isNew := range []bool{true, false} {
		for i := range lines {
			require.Equal(t, isNew, f.New("w", 1, strconv.Itoa(i)), "line %d", i)
		}
		f.History()
	}
}

// Lines without a time, or more of one time than anybody would log, cost neither
// more and more time nor more and more memory.
func TestFilterOfOneTime(t *testing.T) {
	t.Parallel()
	f := logstream.NewFilter()
	text := func(i int) string { return "line " + strconv.Itoa(i) }
	for i := range 600_000 {
		require.True(t, f.New("w", 0, text(i)))
	}
	f.History()
	for i := 550_000; i < 600_000; i++ {
		require.False(t, f.New("w", 0, text(i)), "the last lines are known")
	}
	assert.True(t, f.New("w", 0, text(0)), "the first are not")
	for i := range 10_000 {
		require.True(t, f.New(text(i), 0, "x"))
	}
	f.Live()
	assert.False(t, f.New(text(9999), 0, "x"), "the last stream is known")
}

// Lines that came live before any history do not hide it.
func TestFilterOfALateHistory(t *testing.T) {
	t.Parallel()
	f := logstream.NewFilter()
	f.Live()
	assert.True(t, f.New("w", 4, "four"))
	f.History()
	for time, text := range []string{"zero", "one", "two", "three"} {
		assert.True(t, f.New("w", int64(time), text), text)
	}
	assert.False(t, f.New("w", 4, "four"))
}

// A line without a time has that of the line before it, in each history the
// same, and is no replay for those after it.
func TestFilterOfLinesWithoutATime(t *testing.T) {
	t.Parallel()
	f := logstream.NewFilter()
	untimed := func(text string) bool { return f.New("w", f.Last("w"), text) }
	for _, isNew := range []bool{true, false, false} {
		f.History()
		assert.Equal(t, isNew, untimed("first"))
		assert.Equal(t, isNew, f.New("w", 100, "tick"))
		assert.Equal(t, isNew, untimed("odd"))
		assert.Equal(t, isNew, f.New("w", 100, "tick"), "an equal line")
		f.Live()
		assert.False(t, untimed("odd"), "live and history overlap")
	}
	assert.True(t, untimed("new"))
}

func TestMillis(t *testing.T) {
	t.Parallel()
	millis := func(frame *logstream.Frame) any {
		if millis, known := frame.Millis(); known {
			return millis
		}
		return nil
	}
	for text, want := range map[string]any{
		`1613079345318`: int64(1613079345318), `"1613079345318"`: int64(1613079345318), `1.5`: int64(1), `0`: int64(0),
		`null`: nil, `""`: nil, `"soon"`: nil, `1e300`: nil, `{}`: nil,
	} {
		var frame logstream.Frame
		require.NoError(t, frame.Parse(fmt.Appendf(nil, `{"type":"subscription","time":%s}`, text)))
		assert.Equal(t, want, millis(&frame), text)
		require.NoError(t, frame.Parse([]byte(`{"type":"end"}`)))
		assert.Equal(t, logstream.Frame{Type: "end", Time: frame.Time[:0]}, frame, "nothing is left of the frame before")
		assert.Nil(t, millis(&frame))
	}
}

// A frame as the service sends it costs no more than its text, however it is
// spaced and whatever is in it.
func TestParseAllocates(t *testing.T) {
	for _, text := range []string{
		`{"type":"subscription","msg":"text\n","time":1613079345318,"stream":"0b5d3c1e-worker","job_worker_uuid":"0b5d3c1e-worker"}`,
		`{"type": "subscription", "msg": "\u001b[1mf\u00fcr \"a\" \\ für\n", "time": "1613079345318", "stream": "0b5d3c1e-worker"}`,
	} {
		var frame logstream.Frame
		frames := []byte(text)
		assert.LessOrEqual(t, testing.AllocsPerRun(100, func() { _ = frame.Parse(frames) }), 1.0, text)
		assert.Equal(t, "0b5d3c1e-worker", frame.Stream)
	}
}

// Parse reads what the JSON library reads, and refuses what it refuses.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{"type":"subscription","msg":"text\n","time":1613079345318,"stream":"w","job_worker_uuid":"x"}`,
		` { "type" : "subscription" , "msg" : "\u001b[1mf\u00fcr \\"\ud83d\ude00\" für" , "time" : "1613079345318" , "stream" : "" } `,
		`{"type":"end"}`, `{"type":1}`, `[]`, `{}`, `null`, `{`, "", `{"type":"a","type":"b"}`, `{"type":"end"}}`, `{"type":"end",}`, `{"type":"end"`, "{\"a\tb\":1}",
		`{"msg":"\x"}`, `{"x":"\x"}`, `{"\x":1}`, `{"\u0074ype":"end"}`, "{\"msg\":\"a\xff\"}", "{\"msg\":\"a\tb\"}", `{"msg":"\ud800"}`, `{"msg":"a\\"}`, `{"msg":"a\\","type":"end"}`,
		`{"time":007}`, `{"time":1.5e3}`, `{"time":-1}`, `{"time":"\x"}`, `{"time":null,"msg":null}`, `{"msg":1}`, `{"x":{"type":"end"},"y":[1],"z":true}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var frame logstream.Frame
		require.NoError(t, frame.Parse([]byte(`{"type":"before","msg":"before","time":1,"stream":"w"}`)))
		var want struct {
			Type   string         `json:"type"`
			Stream string         `json:"stream"`
			Text   string         `json:"msg"`
			Time   jsontext.Value `json:"time"`
		}
		if json.Unmarshal(data, &want, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)) != nil {
			require.Error(t, frame.Parse(data))
			require.Equal(t, logstream.Frame{Time: frame.Time[:0]}, frame)
			return
		}
		require.NoError(t, frame.Parse(data))
		require.Equal(t, want.Type, frame.Type)
		require.Equal(t, want.Stream, frame.Stream)
		require.Equal(t, want.Text, frame.Text)
		require.Equal(t, string(want.Time), string(frame.Time))

		filter := logstream.NewFilter()
		millis, _ := frame.Millis()
		assert.True(t, filter.New(frame.Stream, millis, frame.Text), "the first line is new")
		filter.Live()
		assert.False(t, filter.New(frame.Stream, millis, frame.Text), "and then it is not")
	})
}
