package proximl_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

const canary = "canary-in-the-mine"

func TestSecret(t *testing.T) {
	t.Parallel()
	secret := proximl.Secret(canary)
	for _, verb := range verbs {
		assert.Equal(t, "[secret]", fmt.Sprintf(verb, secret), verb)
	}
	assert.Equal(t, "[secret]", fmt.Sprint(secret))
	assert.Equal(t, "[secret]", secret.String())
	assert.Equal(t, "[secret]", fmt.Sprintf("%v", proximl.Secret("")), "an empty one does not show either")
	assert.Equal(t, "[[secret]]", fmt.Sprint([]proximl.Secret{secret}))
	assert.Equal(t, "map[k:[secret]]", fmt.Sprint(map[string]proximl.Secret{"k": secret}))
	assert.Equal(t, "{[secret]}", fmt.Sprint(struct{ S proximl.Secret }{secret}))
	require.EqualError(t, fmt.Errorf("key %v", secret), "key [secret]")
	require.EqualError(t, errors.New("key "+secret.String()), "key [secret]")

	text, err := json.Marshal(secret)
	require.NoError(t, err)
	assert.Equal(t, `"`+canary+`"`, string(text), "as JSON it is what it is")
	assert.Equal(t, canary, string(secret))
}

// verbs are all that fmt has for a string, and some that are wrong for one.
var verbs = []string{"%v", "%+v", "%#v", "%s", "%q", "%+q", "%x", "%X", "% x", "%d", "%t", "%50v", "%.3s", "%-20q"}

// No entity, and no part of one, shows a secret or a field that is not known,
// however it is printed or logged.
func TestEntitiesHideSecrets(t *testing.T) {
	t.Parallel()
	for _, entity := range append(entityTypes(), specTypes()...) {
		t.Run(entity.Name(), func(t *testing.T) {
			t.Parallel()
			pointer := reflect.New(entity)
			var has filled
			has.fillIn(pointer.Elem())
			value := pointer.Elem().Interface()
			many := inMany(pointer)
			for _, shown := range append(many, value, pointer.Interface(), []any{value}, struct{ Entity any }{pointer.Interface()}) {
				for _, verb := range append(verbs[:4:4], "%#+v", "%x") {
					checkHidden(t, fmt.Sprintf(verb, shown), verb)
				}
			}
			for _, shown := range []any{value, pointer.Interface()} {
				checkHidden(t, logLine(func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) }, shown), "text log")
				checkHidden(t, logLine(func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) }, shown), "JSON log")
			}
			for _, shown := range many {
				checkHidden(t, logLine(func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) }, shown), "text log")
				printing := &slog.HandlerOptions{ReplaceAttr: printedInLogs}
				checkHidden(t, logLine(func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, printing) }, shown), "JSON log")
			}
			text := fmt.Sprintf("%+v", value)
			assert.Equal(t, has, filled{strings.Count(text, "[secret]"), strings.Count(text, "shown")}, text)
		})
	}
}

// inMany are a slice and a map of the pointer, and of what it points to.
func inMany(pointer reflect.Value) (many []any) {
	for _, value := range []reflect.Value{pointer, pointer.Elem()} {
		ofKeys := reflect.MakeMap(reflect.MapOf(reflect.TypeFor[string](), value.Type()))
		ofKeys.SetMapIndex(reflect.ValueOf("key"), value)
		many = append(many, reflect.Append(reflect.MakeSlice(reflect.SliceOf(value.Type()), 0, 1), value).Interface(), ofKeys.Interface())
	}
	return many
}

// filled counts what fillIn has set.
type filled struct{ secrets, texts int }

// fillIn sets every string of an entity; the secrets and unknown fields become
// the canary.
func (f *filled) fillIn(value reflect.Value) {
	switch value.Interface().(type) {
	case proximl.Secret:
		f.secrets++
		value.SetString(canary)
		return
	case jsontext.Value:
		value.SetBytes([]byte(`{"new_token":"` + canary + `"}`))
		return
	case proximl.Time:
		return
	}
	switch value.Kind() {
	case reflect.String:
		f.texts++
		value.SetString("shown")
	case reflect.Struct:
		for _, field := range value.Fields() {
			f.fillIn(field)
		}
	case reflect.Pointer:
		value.Set(reflect.New(value.Type().Elem()))
		if !value.Type().Implements(reflect.TypeFor[fmt.Formatter]()) {
			f = new(filled) // it prints as an address
		}
		f.fillIn(value.Elem())
	case reflect.Slice:
		if value.Type().Elem().Kind() != reflect.Pointer { // details hold details
			value.Set(reflect.MakeSlice(value.Type(), 1, 1))
			f.fillIn(value.Index(0))
		}
	}
}

func checkHidden(t *testing.T, text, how string) {
	t.Helper()
	for _, form := range []string{canary, hex.EncodeToString([]byte(canary)), fmt.Sprint([]byte(canary))[1:20], "new_token"} {
		assert.NotContains(t, strings.ToLower(text), form, how)
	}
}

func logLine(handler func(*bytes.Buffer) slog.Handler, value any) string {
	var b bytes.Buffer
	logger := slog.New(handler(&b))
	logger.Info("entity", "value", value, slog.Group("group", "again", value))
	return b.String()
}
