// Package specfile reads job specs from files of YAML or JSON.
//
// It is a package of its own, since the YAML library that it takes would
// otherwise get into every program that imports proximl.
package specfile

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/proximl/proximl-go"
)

const (
	maxFile     = 256 << 10 // bytes; a spec takes a few hundred
	maxExpanded = 1 << 20   // bytes of its values, with every alias written out
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
	case !utf8.Valid(text):
		return nil, problem(nil, "", "the file is not UTF-8")
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

// nesting is how many brackets are open at once, or how many marks of lists and
// keys are in one line, at most.
func nesting(tokens token.Tokens) (deepest int) {
	open, marks, line := 0, 0, 0
	for _, t := range tokens {
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			open++
		case token.SequenceEndType, token.MappingEndType:
			open = max(0, open-1)
		case token.SequenceEntryType, token.MappingKeyType:
			if t.Position.Line != line {
				marks, line = 0, t.Position.Line
			}
			marks++
		}
		deepest = max(deepest, open, marks)
	}
	return deepest
}

func parse(text []byte) (ast.Node, error) {
	tokens := lexer.Tokenize(string(text))
	if nesting(tokens) > maxNesting {
		return nil, problem(nil, "", fmt.Sprintf("the file is nested too deeply: it has more than %d brackets open, or marks of lists or keys in one line", maxNesting))
	}
	file, err := parser.Parse(tokens, 0)
	if err != nil {
		return nil, unreadable(err)
	}
	documents := slices.DeleteFunc(file.Docs, func(document *ast.DocumentNode) bool {
		_, directive := document.Body.(*ast.DirectiveNode)
		return directive
	})
	switch {
	case len(documents) > 1:
		return nil, problemAt(documents[1].Start, "", "a second document begins here; a file has one job spec")
	case len(documents) == 0, documents[0].Body == nil:
		return nil, problem(nil, "", "the file is empty")
	}
	return documents[0].Body, nil
}

// decode reads a spec by way of JSON, whose rules are those of the wire.
func decode(root ast.Node, spec *proximl.JobSpec) error {
	if weight(root, map[string]int{}) > maxExpanded {
		return problem(root, "", "the aliases stand for too much")
	}
	var value any
	if err := yaml.NodeToValue(root, &value); err != nil {
		return unreadable(err)
	}
	if value == nil {
		return problem(nil, "", "the file is empty")
	}
	text, err := json.Marshal(value)
	if err != nil {
		return unwritable(root, err)
	}
	if err := json.Unmarshal(text, spec); err != nil {
		return misplaced(root, err)
	}
	return nil
}

// weight is about how many bytes a value takes with every alias written out: a
// few lines of aliases can stand for any number of values. It is given the
// weights of the anchors before.
func weight(node ast.Node, anchors map[string]int) (bytes int) {
	switch node := node.(type) {
	case *ast.AnchorNode:
		bytes = weight(node.Value, anchors)
		anchors[node.Name.GetToken().Value] = bytes
	case *ast.AliasNode:
		bytes = anchors[node.Value.GetToken().Value]
	case *ast.TagNode:
		bytes = weight(node.Value, anchors)
	case *ast.MappingNode:
		for _, entry := range node.Values {
			bytes += weight(entry.Key, anchors) + weight(entry.Value, anchors)
		}
	case *ast.SequenceNode:
		for _, item := range node.Values {
			bytes += weight(item, anchors)
		}
	case *ast.LiteralNode:
		bytes = len(node.Value.Value)
	default:
		bytes = len(node.GetToken().Value)
	}
	return min(bytes, maxExpanded) + 1
}
