package stream

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// item is an entity with what entities have: a name and unknown fields.
type item struct {
	Name  string         `json:"name"`
	Extra jsontext.Value `json:",embed"`
}

// readers hand a text out in different portions.
var readers = map[string]func(io.Reader) io.Reader{
	"whole":    func(r io.Reader) io.Reader { return r },
	"bytes":    iotest.OneByteReader,
	"halves":   iotest.HalfReader,
	"end":      iotest.DataErrReader, // the last portion comes with io.EOF
	"slow end": func(r io.Reader) io.Reader { return iotest.DataErrReader(iotest.OneByteReader(r)) },
}

const tooLarge = "an entity is larger than 100 bytes; WithLimits allows more"

// named is an item of so many bytes.
func named(size int) string { return `{"name":"` + strings.Repeat("n", size-11) + `"}` }

func TestTheLimitIsExact(t *testing.T) {
	t.Parallel()
	for name, reader := range readers {
		body := func(text string) *Body { return NewBody(reader(strings.NewReader(text)), 100) }
		value, err := Decode[item](body(named(100)))
		require.NoError(t, err, name)
		assert.Len(t, value.Name, 89)
		_, err = Decode[item](body(named(101)))
		require.ErrorContains(t, err, tooLarge, name)
		require.NoError(t, body(named(100)).Discard(), name)
		require.EqualError(t, body(named(101)).Discard(), tooLarge, name)
	}
}

func TestTheLimitOfAnArrayIsThatOfAnElement(t *testing.T) {
	t.Parallel()
	for name, reader := range readers {
		count := func(text string) (seen int, err error) {
			err = Array(NewBody(reader(strings.NewReader(text)), 100), func(*item) bool { seen++; return true })
			return seen, err
		}
		seen, err := count("[" + strings.Repeat(named(90)+",\n ", 1000) + named(90) + "]")
		require.NoError(t, err, name)
		assert.Equal(t, 1001, seen, name)
		seen, err = count("[" + named(50) + "," + named(5000) + "]")
		require.ErrorContains(t, err, tooLarge, name)
		assert.Equal(t, 1, seen, name)
		_, err = count("[" + named(50) + strings.Repeat(" ", 5000) + "]")
		require.ErrorContains(t, err, tooLarge, "%s: blanks without end", name)
		_, err = count("[" + named(50) + "]" + strings.Repeat(" ", 5000))
		require.Error(t, err, "%s: blanks after the end", name)
	}
}

func TestArrayStopsWhenItIsTold(t *testing.T) {
	t.Parallel()
	text := strings.NewReader("[" + strings.Repeat(named(100)+",", 10_000) + "{}]")
	seen := 0
	require.NoError(t, Array(NewBody(text, 1<<20), func(*item) bool { seen++; return seen < 3 }))
	assert.Equal(t, 3, seen)
	assert.Greater(t, text.Len(), 900_000, "the rest is not read")
}

func TestErrorsOfTheReaderAreKept(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection reset")
	cut := func(text string) *Body {
		return NewBody(io.MultiReader(strings.NewReader(text), iotest.ErrReader(broken)), 100)
	}
	_, err := Decode[item](cut(`{"name": "a`))
	require.ErrorIs(t, err, broken)
	_, err = Decode[item](cut(`{"name": "a"}`))
	require.ErrorIs(t, err, broken, "what follows a value could be wrong")
	require.ErrorIs(t, cut("x").Discard(), broken)
	for _, text := range []string{``, `[`, `[{}`, `[{},`, `[{"name"`, `[{}]`} {
		require.Error(t, Array(cut(text), func(*item) bool { return true }), text)
	}
}

func TestNullIsNoValue(t *testing.T) {
	t.Parallel()
	body := func(text string) *Body { return NewBody(strings.NewReader(text), 100) }
	_, err := Decode[item](body(`null`))
	require.EqualError(t, err, "it is null")
	seen := 0
	require.EqualError(t, Array(body(`[{}, null, {}]`), func(*item) bool { seen++; return true }), "an element is null")
	assert.Equal(t, 1, seen)
	require.EqualError(t, Array(body(`null`), func(*item) bool { return true }), "it starts with null, not with an array")
}

func TestMerge(t *testing.T) {
	t.Parallel()
	for name, reader := range readers {
		for text, want := range map[string]item{
			"": {Name: "a"}, "\n": {Name: "a"}, "null": {Name: "a"}, "{}": {Name: "a"},
			`{"new":1}`: {Name: "a", Extra: jsontext.Value(`{"new":1}`)}, `{"name":"b"}`: {Name: "b"},
		} {
			value := &item{Name: "a"}
			require.NoError(t, Merge(NewBody(reader(strings.NewReader(text)), 100), value), "%s: %q", name, text)
			assert.Equal(t, &want, value, "%s: %q", name, text)
		}
		for _, text := range []string{"{", `{"name":`, "[]", `"x"`, "{} {}", "null x", named(101)} {
			require.Error(t, Merge(NewBody(reader(strings.NewReader(text)), 100), new(item)), "%s: %q", name, text)
		}
	}
}

func TestReadingIsLenient(t *testing.T) {
	t.Parallel()
	value, err := Decode[item](NewBody(strings.NewReader("{\"name\": \"a\", \"name\": \"b\xff\", \"new\": [1]}"), 100))
	require.NoError(t, err)
	assert.Equal(t, "b\ufffd", value.Name)
	assert.JSONEq(t, `{"new":[1]}`, string(value.Extra))
}

// FuzzArray compares Array, however its bytes come in, with the same text read
// at once.
func FuzzArray(f *testing.F) {
	for _, seed := range []string{``, `[]`, `[{}]`, ` [ {"name":"a"} , {"name":"b","x":1} ] `, `[null]`, `[{},]`, `[{}]]`, `[{}`, `{}`, `[1]`, `[{"name":2}]`, "[{\"name\":\"\xff\"}]", `[{"name":"a","name":"b"}]`, `[[]]`, `"[]"`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var want []*item
		err := json.Unmarshal([]byte(text), &want, ReadOptions)
		valid := err == nil && want != nil && !slices.Contains(want, nil)
		for name, reader := range readers {
			got := []*item{}
			err := Array(NewBody(reader(strings.NewReader(text)), 1<<20), func(value *item) bool {
				got = append(got, value)
				return true
			})
			if valid != (err == nil) {
				t.Fatalf("%s: valid: %v, error: %v", name, valid, err)
			}
			if valid {
				assert.Equal(t, want, got, name)
			}
		}
	})
}
