package logstream

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// scan reads a frame in the form in which the service writes them: one object of
// strings and whole numbers. It takes a third of the time of the JSON library,
// to which it leaves whatever else there may be.
func (f *Frame) scan(data []byte) (known bool) {
	before := f.Stream
	*f = Frame{Time: f.Time[:0]}
	rest, more := cut(data, '{')
	for more {
		name, behind, ok := cutString(rest)
		if !ok {
			return false
		}
		if rest, ok = cut(behind, ':'); !ok {
			return false
		}
		value, behind, ok := cutValue(rest)
		if !ok {
			return false
		}
		switch string(name) {
		case `"type"`:
			f.Type, ok = unquote(value, TypeLine)
		case `"stream"`:
			f.Stream, ok = unquote(value, before)
		case `"msg"`:
			f.Text, ok = unquote(value, "")
		case `"time"`:
			f.Time, ok = append(f.Time[:0], value...), valid(value)
		default:
			ok = valid(value) && valid(name) && bytes.IndexByte(name, '\\') < 0
		}
		if !ok {
			return false
		}
		if rest, more = cut(behind, ','); !more {
			rest, ok = cut(rest, '}')
			return ok && len(rest) == 0
		}
	}
	return false
}

// unquote returns what a string means, without a copy if it is what is likely.
func unquote(quoted []byte, likely string) (string, bool) {
	var space [256]byte
	text, err := jsontext.AppendUnquote(space[:0], quoted)
	if string(text) == likely {
		return likely, err == nil
	}
	return string(text), err == nil
}

// valid reports whether what looks like a string is one.
func valid(value []byte) bool {
	if value[0] != '"' {
		return true
	}
	var space [256]byte
	_, err := jsontext.AppendUnquote(space[:0], value)
	return err == nil
}

// cutValue takes a string or a whole number, as it is written, from the
// beginning of data. What is in the string was not looked at.
func cutValue(data []byte) (value, rest []byte, found bool) {
	if text, rest, found := cutString(data); found {
		return text, rest, true
	}
	n := 0
	for n < len(data) && '0' <= data[n] && data[n] <= '9' {
		n++
	}
	return data[:n], data[n:], n == 1 || n > 1 && data[0] != '0'
}

func cutString(data []byte) (text, rest []byte, found bool) {
	if len(data) == 0 || data[0] != '"' {
		return nil, data, false
	}
	end := 1
	for {
		quote := bytes.IndexByte(data[end:], '"')
		if quote < 0 {
			return nil, data, false
		}
		end += quote + 1
		if data[end-2] != '\\' {
			return data[:end], data[end:], true
		}
	}
}

// cut takes a character and the white space around it from the beginning of data.
func cut(data []byte, char byte) (rest []byte, found bool) {
	data = trimSpace(data)
	if len(data) == 0 || data[0] != char {
		return data, false
	}
	return trimSpace(data[1:]), true
}

func trimSpace(data []byte) []byte {
	for len(data) > 0 && (data[0] == ' ' || data[0] == '\t' || data[0] == '\r' || data[0] == '\n') {
		data = data[1:]
	}
	return data
}
