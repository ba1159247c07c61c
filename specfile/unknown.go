package specfile

import (
	"cmp"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/goccy/go-yaml/ast"

	"github.com/proximl/proximl-go"
)

// unknown lists the fields of a file that a job spec does not have: they are
// what the spec has kept as further fields.
func unknown(root ast.Node, spec *proximl.JobSpec) error {
	failed := &Error{}
	for _, pointer := range further("", reflect.ValueOf(spec)) {
		_, key := find(root, pointer)
		failed.Problems = append(failed.Problems, problem(key, field(pointer), "is unknown").Problems...)
	}
	if len(failed.Problems) == 0 {
		return nil
	}
	slices.SortFunc(failed.Problems, func(a, b Problem) int {
		return cmp.Or(a.Line-b.Line, a.Column-b.Column, strings.Compare(a.Field, b.Field))
	})
	return failed
}

// further finds the further fields of a spec and of its parts.
func further(at jsontext.Pointer, value reflect.Value) (found []jsontext.Pointer) {
	switch value.Kind() {
	case reflect.Pointer:
		if !value.IsNil() {
			return further(at, value.Elem())
		}
	case reflect.Slice:
		for i := range value.Len() {
			found = append(found, further(at.AppendToken(strconv.Itoa(i)), value.Index(i))...)
		}
	case reflect.Struct:
		for field, part := range value.Fields() {
			if extra, ok := reflect.TypeAssert[jsontext.Value](part); ok {
				found = append(found, keys(at, extra)...)
				continue
			}
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			found = append(found, further(at.AppendToken(name), part)...)
		}
	}
	return found
}

func keys(at jsontext.Pointer, extra jsontext.Value) (found []jsontext.Pointer) {
	var fields map[string]jsontext.Value
	if json.Unmarshal(extra, &fields) != nil {
		return nil // there are none
	}
	for name := range fields {
		found = append(found, at.AppendToken(name))
	}
	return found
}
