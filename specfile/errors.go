package specfile

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/internal/reply"
)

// Problem is one thing that is wrong with a file.
type Problem struct {
	Line, Column int    // from 1 on; 0 when it is the file as a whole
	Field        string // resources.gpu_types; empty when it is none
	Message      string
}

// Error is a file that is no job spec. It answers [errors.Is] with
// [proximl.ErrInvalid].
type Error struct{ Problems []Problem }

// Error lists the problems with their places, the first of very many.
func (e *Error) Error() string {
	texts := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		if p.Line > 0 {
			texts[i] = fmt.Sprintf("line %d, column %d: ", p.Line, p.Column)
		}
		if p.Field != "" {
			texts[i] += p.Field + ": "
		}
		texts[i] += p.Message
	}
	return reply.Line("job spec: " + strings.Join(texts, "; "))
}

// Is reports whether target is [proximl.ErrInvalid].
func (e *Error) Is(target error) bool { return target == proximl.ErrInvalid }

func problem(node ast.Node, field, message string) *Error {
	if node == nil {
		return problemAt(nil, field, message)
	}
	return problemAt(node.GetToken(), field, message)
}

func problemAt(at *token.Token, field, message string) *Error {
	p := Problem{Field: field, Message: message}
	if at != nil {
		p.Line, p.Column = at.Position.Line, at.Position.Column
	}
	return &Error{Problems: []Problem{p}}
}

// unreadable is text that is no YAML.
func unreadable(err error) *Error {
	failed, ok := errors.AsType[yaml.Error](err)
	if !ok {
		return problem(nil, "", err.Error())
	}
	return problemAt(failed.GetToken(), "", strings.ReplaceAll(failed.GetMessage(), "\t", `\t`))
}

// unwritable is a value that YAML has and JSON has not.
func unwritable(root ast.Node, err error) *Error {
	failed, ok := errors.AsType[*json.SemanticError](err)
	if !ok {
		return problem(root, "", err.Error())
	}
	found, _ := find(root, failed.JSONPointer)
	return problem(found, field(failed.JSONPointer), "is no number or text")
}

// misplaced is a value that does not belong where it is.
func misplaced(root ast.Node, err error) *Error {
	failed, ok := errors.AsType[*json.SemanticError](err)
	if !ok {
		return problem(root, "", err.Error())
	}
	found, _ := find(root, failed.JSONPointer)
	return problem(found, field(failed.JSONPointer), fmt.Sprintf("there is %s where %s belongs", kindOf(failed.JSONKind), wanted(failed.GoType)))
}

func kindOf(kind jsontext.Kind) string {
	switch kind {
	case jsontext.KindNumber:
		return "a number"
	case jsontext.KindString:
		return "a text"
	case jsontext.KindTrue, jsontext.KindFalse:
		return kind.String()
	case jsontext.KindBeginObject:
		return "a mapping"
	case jsontext.KindBeginArray:
		return "a list"
	}
	return "something else"
}

func wanted(goType reflect.Type) string {
	switch goType.Kind() {
	case reflect.String:
		return `a text (quote it: "1")`
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	case reflect.Slice:
		return "a list"
	}
	return "a mapping"
}
