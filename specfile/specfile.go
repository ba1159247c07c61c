// Package specfile reads job specs from files of YAML or JSON.
//
// It is a package of its own, since the YAML library that it takes would
// otherwise get into every program that imports proximl.
package specfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json"
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/proximl/proximl-go"
)

const (
	maxFile     = 256 << 10 // bytes; a spec takes a few hundred
	maxExpanded = 4 << 20   // bytes of the same as JSON, with every alias written out
	maxNesting  = 100       // the parser's time and memory grow with its square

	byteOrderMark = "\ufeff" // that some editors begin a file with
)

// LoadJobSpec reads a job spec in YAML, of which JSON is a part, with the field
// names of the API: name, type, resources.gpu_types and so on. Datasets and
// checkpoints may be strings. It fails with an *[Error] that names the line and
// the column of every unknown field, or of the first value that does not belong
// where it is. What the spec says is not checked: that is for Validate.
func LoadJobSpec(r io.Reader) (*proximl.JobSpec, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("proximl: cannot read the job spec: %w", err)
	case len(text) > maxFile:
		return nil, problem(nil, "", fmt.Sprintf("the file is larger than %d KiB", maxFile>>10))
	case nesting(text) > maxNesting:
		return nil, problem(nil, "", fmt.Sprintf("the file is nested too deeply: it has more than %d brackets open, or list marks in one line", maxNesting))
	}
	root, err := parse(bytes.TrimPrefix(text, []byte(byteOrderMark)))
	if err != nil {
		return nil, err
	}
	spec := new(proximl.JobSpec)
	if err := decode(root, spec); err != nil {
		return nil, err
	}
	if err := unknown(root, spec); err != nil {
		return nil, err
	}
	return spec, nil
}

// nesting is how many brackets are open at once, or how many list marks one line
// begins with, at most.
func nesting(text []byte) (deepest int) {
	open := 0
	for _, c := range text {
		switch c {
		case '[', '{':
			open++
			deepest = max(deepest, open)
		case ']', '}':
			open--
		}
	}
	for line := range bytes.Lines(text) {
		marks := line[:len(line)-len(bytes.TrimLeft(line, "-? "))]
		deepest = max(deepest, bytes.Count(marks, []byte("- "))+bytes.Count(marks, []byte("? ")))
	}
	return deepest
}

func parse(text []byte) (ast.Node, error) {
	file, err := parser.ParseBytes(text, 0)
	switch {
	case err != nil:
		return nil, unreadable(err)
	case len(file.Docs) > 1:
		return nil, problem(file.Docs[1].Body, "", "a second document begins here; a file has one job spec")
	case len(file.Docs) == 0, file.Docs[0].Body == nil:
		return nil, problem(nil, "", "the file is empty")
	}
	return file.Docs[0].Body, nil
}

// decode reads a spec by way of JSON, whose rules are those of the wire.
func decode(root ast.Node, spec *proximl.JobSpec) error {
	var value any
	if err := yaml.NodeToValue(root, &value); err != nil {
		return unreadable(err)
	}
	if value == nil {
		return problem(nil, "", "the file is empty")
	}
	text := &bounded{limit: maxExpanded}
	switch err := json.MarshalWrite(text, value); {
	case errors.Is(err, errTooMuch):
		return problem(root, "", errTooMuch.Error())
	case err != nil:
		return unwritable(root, err)
	}
	if err := json.Unmarshal(text.Bytes(), spec); err != nil {
		return misplaced(root, err)
	}
	return nil
}

var errTooMuch = errors.New("the aliases stand for too much")

// bounded is a buffer that refuses more than its limit: a few lines of aliases
// can stand for any number of values.
type bounded struct {
	bytes.Buffer
	limit int
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > b.limit {
		return 0, errTooMuch
	}
	return b.Buffer.Write(p)
}
