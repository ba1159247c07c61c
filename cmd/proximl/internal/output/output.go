// Package output prints entities: as a table, as JSON, as YAML, or only their
// ids.
package output

import (
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/proximl/proximl-go/internal/reply"
	"github.com/proximl/proximl-go/internal/stream"
)

// Format is how results are printed.
type Format string

// The formats.
const (
	Table Format = "table"
	JSON  Format = "json"
	YAML  Format = "yaml"
	ID    Format = "id"
)

// Known reports whether there is such a format.
func (f Format) Known() bool { return f == Table || f == JSON || f == YAML || f == ID }

// Printer says where and how to print.
type Printer struct {
	To          io.Writer
	Format      Format
	Width       int  // of the terminal; 0 = no limit
	Bold        bool // heads of tables
	ShowSecrets bool
}

// List prints many entities.
func List[T any](p *Printer, entities []*T, id func(*T) string, columns []Column[T]) error {
	var text strings.Builder
	switch p.Format {
	case ID:
		for _, entity := range entities {
			text.WriteString(Clean(id(entity)) + "\n")
		}
	case Table:
		writeTable(&text, p, entities, columns)
	default:
		if entities == nil {
			entities = []*T{}
		}
		return p.document(entities)
	}
	return p.write(text.String())
}

// Show prints one entity. As a table, each of its fields is a line.
func Show[T any](p *Printer, entity *T, id func(*T) string) error {
	switch p.Format {
	case ID:
		return p.write(Clean(id(entity)) + "\n")
	case Table:
		document, err := p.encode(entity)
		if err != nil {
			return err
		}
		return p.write(fields(document))
	}
	return p.document(entity)
}

// document prints a value as JSON or YAML.
func (p *Printer) document(value any) error {
	document, err := p.encode(value)
	if err != nil {
		return err
	}
	if p.Format == YAML {
		text, err := toYAML(document)
		if err != nil {
			return err
		}
		return p.write(text + "\n")
	}
	if err := document.Indent(stream.ReadOptions, jsontext.WithIndent("  ")); err != nil {
		return err
	}
	return p.write(escapeControls(string(document)) + "\n")
}

// encode returns the JSON of a value as the service has it, unknown fields
// included, with its secrets hidden.
func (p *Printer) encode(value any) (jsontext.Value, error) {
	if p.ShowSecrets {
		return json.Marshal(value, stream.ReadOptions)
	}
	text, err := json.Marshal(value, stream.ReadOptions, json.WithMarshalers(hideSecrets))
	if err != nil {
		return nil, err
	}
	return hideByName(text)
}

func (p *Printer) write(text string) error {
	_, err := io.WriteString(p.To, text)
	return err
}

// byteOrderMark is taken for no part of a text by some who read it.
const byteOrderMark = '\ufeff'

// Clean keeps out of a text what could take over a terminal or break a line.
func Clean(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, reply.OneLine(text))
}

// escapeControls escapes the control characters that JSON's strings may hold,
// and those that turn the direction of writing.
func escapeControls(document string) string {
	var b strings.Builder
	for _, r := range document {
		if r != '\n' && unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Bidi_Control) || r == byteOrderMark {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
