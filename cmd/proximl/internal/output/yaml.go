package output

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/proximl/proximl-go/internal/stream"
)

// toYAML writes a JSON value as YAML, with its fields in their order. A string
// that is more than plain words is quoted as in JSON, which every YAML reader
// understands; encoders that choose among YAML's styles get some texts wrong,
// and let control characters through.
func toYAML(document jsontext.Value) (string, error) {
	y := yamlWriter{from: jsontext.NewDecoder(bytes.NewReader(document), stream.ReadOptions)}
	err := y.value(0, false)
	return escapeControls(y.text.String()), err
}

type yamlWriter struct {
	from *jsontext.Decoder
	text strings.Builder
}

// value writes the next value, at an indentation that is already there or, as
// the value of a field, behind the field's colon.
func (y *yamlWriter) value(indent int, ofField bool) error {
	token, err := y.from.ReadToken()
	if err != nil {
		return err
	}
	kind := token.Kind()
	isBlock := kind == jsontext.KindBeginObject || kind == jsontext.KindBeginArray
	isEmpty := isBlock && (y.from.PeekKind() == jsontext.KindEndObject || y.from.PeekKind() == jsontext.KindEndArray)
	switch {
	case !isBlock || isEmpty:
		if ofField {
			y.text.WriteString(" ")
		}
		y.text.WriteString(scalar(token))
	case ofField:
		if kind == jsontext.KindBeginObject {
			indent += 2
		}
		y.newLine(indent)
	}
	if !isBlock {
		return nil
	}
	for first := true; y.from.PeekKind() != jsontext.KindEndObject && y.from.PeekKind() != jsontext.KindEndArray; first = false {
		if !first {
			y.newLine(indent)
		}
		if err := y.element(kind, indent); err != nil {
			return err
		}
	}
	_, err = y.from.ReadToken()
	return err
}

// element writes a field of an object or an element of an array.
func (y *yamlWriter) element(of jsontext.Kind, indent int) error {
	if of == jsontext.KindBeginArray {
		y.text.WriteString("- ")
		return y.value(indent+2, false)
	}
	name, err := y.from.ReadToken()
	if err != nil {
		return err
	}
	y.text.WriteString(scalar(name) + ":")
	return y.value(indent, true)
}

func (y *yamlWriter) newLine(indent int) {
	y.text.WriteString("\n" + strings.Repeat(" ", indent))
}

// scalar also writes what begins an empty object or array, as a whole.
func scalar(token jsontext.Token) string {
	switch token.Kind() {
	case jsontext.KindBeginObject:
		return "{}"
	case jsontext.KindBeginArray:
		return "[]"
	case jsontext.KindString:
		return word(token.String())
	}
	return token.String()
}

var (
	// isPlain is true of words, paths and addresses, and of what begins with an id.
	isPlain = regexp.MustCompile(`^([A-Za-z_/]|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})([A-Za-z0-9_./@+ -]*[A-Za-z0-9_./@+-])?$`).MatchString
	// reserved are the words that mean something else to YAML, old or new.
	reserved = []string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
)

func word(text string) string {
	if isPlain(text) && !slices.Contains(reserved, strings.ToLower(text)) {
		return text
	}
	quoted, err := jsontext.AppendQuote(nil, text)
	if err != nil {
		return word(strings.ToValidUTF8(text, "\ufffd"))
	}
	return string(quoted)
}
