package main

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A key is what it is after an Esc that begins no sequence, too.
func TestChoiceOfKeys(t *testing.T) {
	t.Parallel()
	for keys, want := range map[string]struct {
		answer, rest string
		err          error
	}{
		"\x1b\rnext":            {answer: "", rest: "next"},
		"x\x1b\nnext":           {answer: "x", rest: "next"},
		"x\x1b":                 {err: io.EOF},
		"x\x1b[":                {err: io.EOF},
		"x\x1b\x03\r":           {err: io.EOF, rest: "\r"}, // Ctrl-C
		"x\x1b[\x03\r":          {err: io.EOF, rest: "\r"},
		"\x1b\x04\r":            {err: io.EOF, rest: "\r"}, // Ctrl-D
		"\x1bx\r":               {answer: "x"},
		"\x1b1\r":               {answer: "1"},
		"\x1b;\r":               {answer: ";"},
		"\x1b\x1b\x1bx\r":       {answer: "x"},
		"\x1b研\r":               {answer: "研"},
		"\x1b[研\r":              {answer: "研"},
		"xy\x1b\x7f\r":          {answer: "x"},
		"xy\x1b[1;\x7f\r":       {answer: "x"},
		"xy\x1b\x15z\r":         {answer: "z"},
		"\x1b[\r":               {answer: ""},
		"\x1b[B\x1b[B\r":        {answer: "two"},
		"\x1b\x1b[B\r":          {answer: "one"},
		"\x1b\x1bOA\r":          {answer: "two"},
		"x\x1b[15~\x1b[3;2~y\r": {answer: "xy"},       // F5, Shift-Delete
		"a\xffb\xe7\xa0c\xc3\r": {answer: "abc"},      // Latin-1, or half of a key
		"a\uFFFDb\r":            {answer: "a\uFFFDb"}, // UTF-8 as any other
	} {
		from := strings.NewReader(keys)
		c := &choice{answers: []string{"one", "two"}, screen: io.Discard, columns: 80, at: -1}
		answer, err := c.read(iotest.OneByteReader(from))
		require.ErrorIs(t, err, want.err, "%q", keys)
		assert.Equal(t, want.answer, answer, "%q", keys)
		rest, err := io.ReadAll(from)
		require.NoError(t, err)
		assert.Equal(t, want.rest, string(rest), "%q", keys)
	}
}
