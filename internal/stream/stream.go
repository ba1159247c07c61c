// Package stream reads JSON from a body that may be of any length, in bounded
// memory.
package stream

import (
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// ReadOptions are lenient: what the service sends is taken as it is.
var ReadOptions = json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

// Body is a body of which no single entity may be larger than a limit.
type Body struct {
	from        io.Reader
	limit, left int64
}

// NewBody bounds the entities of a body to limit bytes each.
func NewBody(from io.Reader, limit int64) *Body {
	return &Body{from: from, limit: limit, left: limit}
}

// Read reads as long as the limit allows. What a decoder reads ahead never
// counts for more than the limit, since Array sets it anew for each element.
func (b *Body) Read(p []byte) (int, error) {
	n, err := b.from.Read(p[:min(int64(len(p)), max(b.left, 1))])
	if n > 0 && b.left <= 0 {
		return 0, fmt.Errorf("an entity is larger than %d bytes; WithLimits allows more", b.limit)
	}
	b.left -= int64(n)
	return n, err
}

// Discard reads the rest, so that the connection can be used again.
func (b *Body) Discard() error {
	_, err := io.Copy(io.Discard, b)
	return err
}

// Decode reads the one value that the body is.
func Decode[T any](b *Body) (*T, error) {
	var value *T
	err := json.UnmarshalRead(b, &value, ReadOptions)
	if err == nil && value == nil {
		err = errors.New("it is null")
	}
	return value, err
}

// Merge reads the one value that the body is over one that is there already. An
// empty body and null leave that as it is.
func Merge[T any](b *Body, value *T) error {
	decoder := jsontext.NewDecoder(b, ReadOptions)
	if err := json.UnmarshalDecode(decoder, &value); err != nil && err != io.EOF {
		return err
	}
	if _, err := decoder.ReadToken(); err != io.EOF {
		return errors.New("there is more after the value")
	}
	return nil
}

// Array reads the array that the body is and hands over its elements as they
// come, until each returns false.
func Array[T any](b *Body, each func(*T) bool) error {
	decoder := jsontext.NewDecoder(b, ReadOptions)
	start, err := decoder.ReadToken()
	if err != nil {
		return err
	}
	if start.Kind() != '[' {
		return fmt.Errorf("it starts with %v, not with an array", start.Kind())
	}
	for decoder.PeekKind() != ']' {
		b.left = b.limit
		var value *T
		if err := json.UnmarshalDecode(decoder, &value); err != nil {
			return err
		}
		if value == nil {
			return errors.New("an element is null")
		}
		if !each(value) {
			return nil
		}
	}
	if _, err := decoder.ReadToken(); err != nil {
		return err
	}
	if _, err := decoder.ReadToken(); err != io.EOF {
		return errors.New("there is more after the array")
	}
	return nil
}
