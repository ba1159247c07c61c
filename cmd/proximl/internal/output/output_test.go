package output_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/cmd/proximl/internal/output"
)

// thing is an entity as the SDK has them.
type thing struct {
	ID    string         `json:"id"`
	Token proximl.Secret `json:"quiet,omitzero"`
	Extra jsontext.Value `json:",embed"`
}

func id(t *thing) string { return t.ID }

func show(t *testing.T, format output.Format, secrets bool, of *thing) string {
	t.Helper()
	var b strings.Builder
	require.NoError(t, output.Show(&output.Printer{To: &b, Format: format, ShowSecrets: secrets}, of, id))
	return b.String()
}

func list(t *testing.T, p output.Printer, of []*thing, columns ...output.Column[thing]) string {
	t.Helper()
	var b strings.Builder
	p.To = &b
	require.NoError(t, output.List(&p, of, id, columns))
	return b.String()
}

var secretive = &thing{ID: "x", Token: "canary", Extra: jsontext.Value(`{
	"nb_token": "canary", "auth_token": "canary", "output_auth_token": "canary", "Secret": "canary", "PASSWORD": "canary",
	"ssh_private_key": "canary", "token": {"value": "canary"}, "db_password": 12, "client_secret": ["canary"],
	"nested": [{"deep": {"input_auth_token": "canary", "key_id": "shown", "tokens": 3}}],
	"secrets": ["shown"], "my_token": null, "is_secret": true, "no_token": "", "key": "shown"}`)}

func TestSecretsAreHidden(t *testing.T) {
	t.Parallel()
	for _, format := range []output.Format{output.Table, output.JSON, output.YAML, output.ID} {
		assert.NotContains(t, show(t, format, false, secretive), "canary", format)
		assert.NotContains(t, list(t, output.Printer{Format: format}, []*thing{secretive}), "canary", format)
	}
	assert.JSONEq(t, `{"id": "x", "quiet": "[secret]",
		"nb_token": "[secret]", "auth_token": "[secret]", "output_auth_token": "[secret]", "Secret": "[secret]", "PASSWORD": "[secret]",
		"ssh_private_key": "[secret]", "token": "[secret]", "db_password": "[secret]", "client_secret": "[secret]",
		"nested": [{"deep": {"input_auth_token": "[secret]", "key_id": "shown", "tokens": 3}}],
		"secrets": ["shown"], "my_token": null, "is_secret": true, "no_token": "", "key": "shown"}`, show(t, output.JSON, false, secretive))
	assert.Equal(t, 10, strings.Count(show(t, output.JSON, true, secretive), "canary"))
	assert.Equal(t, 10, strings.Count(show(t, output.YAML, true, secretive), "canary"))
}

// What a service or a teammate wrote cannot take over the terminal.
func TestControlCharacters(t *testing.T) {
	t.Parallel()
	const hostile = "a\x1b]0;owned\x07\nb\r\u009bc\u202ed"
	of := &thing{ID: hostile, Extra: jsontext.Value(`{"bell\u0007": "a\u001b[2J\u009b\u202e"}`)}
	column := output.Column[thing]{Title: "ID", Width: 8, Value: id}
	assert.Equal(t, "               ID\n  ---------------\n  a ]0;owned b cd\n", list(t, output.Printer{Format: output.Table}, []*thing{of}, column))
	for _, format := range []output.Format{output.Table, output.JSON, output.YAML, output.ID} {
		for _, text := range []string{show(t, format, false, of), list(t, output.Printer{Format: format}, []*thing{of}, column)} {
			for _, r := range text {
				assert.False(t, r < ' ' && r != '\n' || r >= 0x7f && r <= 0x9f || r == '\u202e', "%s has %q: %q", format, r, text)
			}
		}
	}
	var back thing
	require.NoError(t, jsonv2.Unmarshal([]byte(show(t, output.JSON, false, of)), &back))
	assert.Equal(t, hostile, back.ID, "JSON keeps them, escaped")
}

func TestEmptyLists(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "[]\n", list(t, output.Printer{Format: output.JSON}, nil))
	assert.Equal(t, "[]\n", list(t, output.Printer{Format: output.YAML}, nil))
	assert.Empty(t, list(t, output.Printer{Format: output.ID}, nil))
	assert.Equal(t, "    ID\n  ----\n", list(t, output.Printer{Format: output.Table}, nil, output.Column[thing]{Title: "ID", Width: 6, Value: id}))
}

func TestShowIsATableOfFields(t *testing.T) {
	t.Parallel()
	of := &thing{ID: "x", Extra: jsontext.Value(`{"resources": {"gpu_types": ["a", "b"], "empty": {}, "price": {"min": 1.50}}, "on": true, "none": null, "of": [{"a": 1}], "text": "two\nlines"}`)}
	assert.Equal(t, ""+
		"id:                  x\n"+
		"resources.gpu_types: a, b\n"+
		"resources.price.min: 1.50\n"+
		"on:                  true\n"+
		"none:                \n"+
		"of[0].a:             1\n"+
		"text:                two lines\n", show(t, output.Table, false, of))
}

// A table is never wider than its terminal, and cuts ids last.
func TestTablesFit(t *testing.T) {
	t.Parallel()
	rows := []*thing{{ID: strings.Repeat("i", 36)}, {ID: "生命の起源についての長い名前"}, {ID: ""}}
	columns := []output.Column[thing]{
		{Title: "ID", Width: 38, Whole: true, Value: id},
		{Title: "NAME", Width: 30, Value: func(t *thing) string { return t.ID + t.ID }},
		{Title: "MINE", Width: 4, Value: func(*thing) string { return "X" }},
	}
	for width := 8; width < 140; width++ {
		text := list(t, output.Printer{Format: output.Table, Width: width}, rows, columns...)
		for line := range strings.Lines(text) {
			assert.LessOrEqual(t, displayed(line), width, line)
			assert.True(t, utf8.ValidString(line))
		}
		if width >= 36+1+4+1+4 {
			assert.Contains(t, text, rows[0].ID+" ", "%d columns are enough for the id", width)
		}
	}
}

// displayed counts the wide characters of the test as two.
func displayed(line string) (width int) {
	for _, r := range strings.TrimSuffix(line, "\n") {
		if r > 0x3000 {
			width++
		}
		width++
	}
	return width
}

type brokenPipe struct{}

var errBroken = errors.New("broken")

func (brokenPipe) Write([]byte) (int, error) { return 0, errBroken }

func TestWhatCannotBeWrittenIsAnError(t *testing.T) {
	t.Parallel()
	for _, format := range []output.Format{output.Table, output.JSON, output.YAML, output.ID} {
		p := &output.Printer{To: brokenPipe{}, Format: format}
		require.ErrorIs(t, output.Show(p, secretive, id), errBroken)
		require.ErrorIs(t, output.List(p, []*thing{secretive}, id, nil), errBroken)
	}
}

// JSON and YAML say the same, whatever the texts are.
func FuzzYAMLSaysWhatJSONSays(f *testing.F) {
	for _, text := range []string{
		"", "true", "null", "~", "1e3", "0x10", "- a", "a: b", "#", "'", `"`, "two\nlines", " x ", "\t", "\x00", "\u0085", "\u2028", "\ufeff", "|", ">", "%", "@", "`",
		"2026-01-01", "1_000", "0o7", ".inf", "<<", "=", "!tag", "&a", "*a", "a\r\n", "no", "\x1b[0m", "{}", "[]", "?", ":", "-", "---", "...", "é", "生命", "👩‍👩‍👧",
		"a\n\n b\n", "\n", "x\\", "12:30:45", "+1", "0b1", "a #b", "a:", "trailing\n\n",
	} {
		f.Add(text, text)
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		if !utf8.ValidString(name) || !utf8.ValidString(value) || strings.ContainsAny(name, "\x00") {
			return
		}
		object, err := json.Marshal(map[string]any{"a": map[string]any{name: value}, "b": []any{value, 1, 2.5, nil, true, map[string]any{}, []any{}}})
		require.NoError(t, err)
		of := &thing{ID: value, Extra: object}
		document, text := show(t, output.JSON, true, of), show(t, output.YAML, true, of)
		var want, got any
		require.NoError(t, json.Unmarshal([]byte(document), &want))
		require.NoError(t, yaml.Unmarshal([]byte(text), &got), "%q", text)
		again, err := json.Marshal(got)
		require.NoError(t, err)
		assert.JSONEq(t, document, string(again), "%q", text)
	})
}
