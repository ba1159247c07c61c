package logstream

import (
	"errors"
	"math"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	jsonstream "github.com/proximl/proximl-go/internal/stream"
)

// The types of frames that mean something. All others are to be ignored.
const (
	TypeLine = "subscription"
	TypeEnd  = "end"
)

// Frame is a message of the log websocket.
type Frame struct {
	Type   string         `json:"type"`
	Stream string         `json:"stream"`
	Text   string         `json:"msg"`
	Time   jsontext.Value `json:"time"` // milliseconds since 1970, a number or a string of one
}

// Parse reads a frame into f, in place of what was there. After an error, f is
// empty.
func (f *Frame) Parse(data []byte) error {
	if f.scan(data) {
		return nil
	}
	empty := Frame{Time: f.Time[:0]}
	*f = empty
	if err := json.Unmarshal(data, f, jsonstream.ReadOptions); err != nil {
		*f = empty
		return errors.New("the frame is no JSON object of the known form")
	}
	return nil
}

// Millis returns the time of the frame, if it has one.
func (f *Frame) Millis() (millis int64, known bool) {
	text := []byte(f.Time)
	if f.Time.Kind() == '"' {
		text, _ = jsontext.AppendUnquote(nil, f.Time)
	}
	if whole, err := strconv.ParseInt(string(text), 10, 54); err == nil {
		return whole, true
	}
	exact, err := strconv.ParseFloat(string(text), 64)
	if err != nil || math.IsNaN(exact) || math.Abs(exact) > 1<<53 {
		return 0, false
	}
	return int64(exact), true
}
