package output

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/proximl/proximl-go/internal/stream"
)

// fields writes an object as lines of a name and a value. The fields of nested
// objects have names like resources.gpu_count and workers[0].status.
func fields(document jsontext.Value) string {
	var lines [][2]string
	collect(document, "", &lines)
	widest := 0
	for _, line := range lines {
		widest = max(widest, Width(line[0]))
	}
	var b strings.Builder
	for _, line := range lines {
		b.WriteString(line[0] + ":" + strings.Repeat(" ", widest-Width(line[0])+1) + line[1] + "\n")
	}
	return b.String()
}

func collect(value jsontext.Value, name string, lines *[][2]string) {
	from := jsontext.NewDecoder(bytes.NewReader(value), stream.ReadOptions)
	inside := func(name string) error {
		inner, err := from.ReadValue()
		if err == nil {
			collect(inner.Clone(), name, lines)
		}
		return err
	}
	// It was encoded a moment ago, so that reading it cannot fail.
	switch {
	case value.Kind() == jsontext.KindBeginObject:
		_ = members(from, func(field string) error { return inside(strings.TrimPrefix(name+"."+field, ".")) })
	case holdsObjects(value):
		i := -1
		_ = elements(from, func() error { i++; return inside(name + "[" + strconv.Itoa(i) + "]") })
	default:
		*lines = append(*lines, [2]string{Clean(name), Clean(words(value))})
	}
}

// holdsObjects reports whether a value is an array whose first element is an
// object.
func holdsObjects(value jsontext.Value) bool {
	from := jsontext.NewDecoder(bytes.NewReader(value), stream.ReadOptions)
	_, err := from.ReadToken()
	return err == nil && value.Kind() == jsontext.KindBeginArray && from.PeekKind() == jsontext.KindBeginObject
}

// words is a value without quotes and, of an array of plain values, without
// brackets.
func words(value jsontext.Value) string {
	from := jsontext.NewDecoder(bytes.NewReader(value), stream.ReadOptions)
	switch value.Kind() {
	case jsontext.KindNull:
		return ""
	case jsontext.KindString:
		token, err := from.ReadToken()
		if err == nil {
			return token.String()
		}
	case jsontext.KindBeginArray:
		var items []string
		_ = elements(from, func() error {
			inner, err := from.ReadValue()
			if err == nil {
				items = append(items, words(inner.Clone()))
			}
			return err
		})
		return strings.Join(items, ", ")
	}
	return string(value)
}

// members calls back at each value of an object, which the callback reads.
func members(from *jsontext.Decoder, value func(name string) error) error {
	return elements(from, func() error {
		name, err := from.ReadToken()
		if err != nil {
			return err
		}
		return value(name.String())
	})
}

// elements calls back at each element of an array, which the callback reads.
func elements(from *jsontext.Decoder, value func() error) error {
	if _, err := from.ReadToken(); err != nil {
		return err
	}
	for from.PeekKind() != jsontext.KindEndArray && from.PeekKind() != jsontext.KindEndObject {
		if err := value(); err != nil {
			return err
		}
	}
	_, err := from.ReadToken()
	return err
}
