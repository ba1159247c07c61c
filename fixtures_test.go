package proximl_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

// Whatever the methods answer has a fixture, that of the service.
func TestEveryEntityHasAFixture(t *testing.T) {
	t.Parallel()
	fixtures := map[reflect.Type]bool{}
	for _, entity := range entities {
		fixtures[reflect.TypeOf(entity()).Elem()] = true
	}
	answered := 0
	for _, method := range serviceMethods() {
		entity := answeredEntity(method.Type.Out(0))
		if entity == nil {
			continue
		}
		answered++
		assert.True(t, fixtures[entity], "%v answers a %v, which has no fixture", method, entity)
	}
	assert.NotZero(t, answered)
}

// answeredEntity is the struct of JSON that a method answers, one or many.
func answeredEntity(result reflect.Type) reflect.Type {
	switch result.Kind() {
	case reflect.Pointer, reflect.Slice:
		return answeredEntity(result.Elem())
	case reflect.Func: // an iterator
		return answeredEntity(result.In(0).In(0))
	case reflect.Struct:
		if hasJSON(result) {
			return result
		}
	}
	return nil
}

// Statuses, types and whatever else is of a fixed set today may have any other
// value tomorrow.
func TestUnknownValuesPassThrough(t *testing.T) {
	t.Parallel()
	seen := map[reflect.Type]bool{}
	for _, entity := range append(entityTypes(), specTypes()...) {
		for _, field := range reflect.VisibleFields(entity) {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if !isOpenSet(field.Type) || name == "" || name == "-" {
				continue
			}
			seen[field.Type] = true
			text := `{"` + name + `":"never heard of"}`
			value := reflect.New(entity)
			require.NoError(t, json.Unmarshal([]byte(text), value.Interface()), entity)
			assert.Equal(t, "never heard of", value.Elem().FieldByIndex(field.Index).String(), "%v.%s", entity, field.Name)
			written, err := json.Marshal(value.Interface())
			require.NoError(t, err)
			assert.Contains(t, string(written), text[1:len(text)-1], "%v.%s", entity, field.Name)
		}
	}
	for _, known := range []any{proximl.JobStatusNew, proximl.JobTypeTraining, proximl.StorageStatusNew, proximl.AccessAll, proximl.NodeStatusActive, proximl.CredentialAWS} {
		assert.True(t, seen[reflect.TypeOf(known)], "no field of type %T was tried", known)
	}
}

// isOpenSet reports whether a type is a string of ours with constants.
func isOpenSet(t reflect.Type) bool {
	return t.Kind() == reflect.String && t.PkgPath() == reflect.TypeFor[proximl.Job]().PkgPath() && t != reflect.TypeFor[proximl.Secret]()
}

// specTypes are the structs of JSON that the methods take, and their parts.
func specTypes() (found []reflect.Type) {
	seen := map[reflect.Type]bool{}
	for _, method := range serviceMethods() {
		for parameter := range method.Type.Ins() {
			if parameter != method.Type.In(0) {
				addEntityTypes(seen, parameter)
			}
		}
	}
	for spec := range seen {
		found = append(found, spec)
	}
	return found
}

// A spec that was read, from a file say, is sent as a whole.
func TestSpecsKeepWhatTheyDoNotKnow(t *testing.T) {
	t.Parallel()
	specs := specTypes()
	require.NotEmpty(t, specs)
	for _, spec := range specs {
		if spec == reflect.TypeFor[proximl.MemberAccess]() {
			continue // the levels of access are no request of their own
		}
		const field = `"a new field":{"deep":[null,1.5,"é"]}`
		value := reflect.New(spec).Interface()
		require.NoError(t, json.Unmarshal([]byte("{"+field+"}"), value))
		written, err := json.Marshal(value)
		require.NoError(t, err)
		assert.Contains(t, string(written), field, spec)
	}
}
