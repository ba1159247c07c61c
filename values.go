package proximl

import (
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/proximl/proximl-go/internal/stream"
)

// Secret is a string that prints, formats and logs as "[secret]". It encodes
// to JSON as what it holds; string(s) gives that too. So a log handler that
// encodes to JSON shows the secrets inside a slice or map of entities: log
// entities one by one, or as docs/recipes.md says.
type Secret string

const hidden = "[secret]"

// String returns "[secret]".
func (Secret) String() string { return hidden }

// Format writes "[secret]" for every verb.
func (Secret) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, hidden) }

// LogValue logs "[secret]".
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// printed writes an entity for its Format method: plain is the entity as a type
// without methods, and without its unknown fields, which may hold secrets.
func printed(s fmt.State, verb rune, plain any) {
	_, _ = fmt.Fprintf(s, fmt.FormatString(s, verb), plain)
}

// logged is the LogValue of an entity: what it prints, since a log handler that
// encodes to JSON would show the secrets.
func logged(entity any) slog.Value { return slog.StringValue(fmt.Sprintf("%+v", entity)) }

// orField takes a value from the unknown field of that name when the entity's
// own field is empty: some ids are called "id" in some replies, and the friendly
// name of a node or device is called "name" in the reply to a create.
func orField(value *string, name string, extra jsontext.Value) {
	if *value != "" || len(extra) == 0 {
		return
	}
	var fields map[string]jsontext.Value
	if json.Unmarshal(extra, &fields, stream.ReadOptions) == nil && fields[name].Kind() == jsontext.KindString {
		_ = json.Unmarshal(fields[name], value, stream.ReadOptions) // it is a string
	}
}

// Time is a time that is lenient when read: a time without a zone is UTC, a
// number counts milliseconds (or seconds, when it is that small) since 1970,
// and what cannot be read as a time is the zero Time. It is written as
// RFC 3339 in UTC with milliseconds, as the service writes it.
type Time struct{ time.Time }

const lastYear = 9999 // that RFC 3339 can say

var timeLayouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05", time.DateOnly}

// UnmarshalJSONFrom reads a time in any of the known forms.
func (t *Time) UnmarshalJSONFrom(decoder *jsontext.Decoder) error {
	value, err := decoder.ReadValue()
	if err != nil {
		return err
	}
	*t = parseTime(value)
	return nil
}

func parseTime(value jsontext.Value) Time {
	text := string(value)
	if value.Kind() == '"' {
		unquoted, err := jsontext.AppendUnquote(nil, value)
		if err != nil {
			return Time{}
		}
		text = string(unquoted)
	}
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, text); err == nil && t.UTC().Year() >= 1 && t.UTC().Year() <= lastYear {
			return Time{t.UTC()}
		}
	}
	number, err := strconv.ParseFloat(text, 64)
	const firstMillis, last = 1e11, 253402300799999 // 1973 in ms, 5138 in s; the end of lastYear
	switch {
	case err != nil || number <= 0 || number > last || number != number:
		return Time{}
	case number < firstMillis:
		number *= 1000
	}
	return Time{time.UnixMilli(int64(number)).UTC()}
}

// MarshalJSONTo writes RFC 3339, and an empty string for the zero Time.
func (t Time) MarshalJSONTo(encoder *jsontext.Encoder) error {
	if t.IsZero() {
		return encoder.WriteToken(jsontext.String(""))
	}
	layout := "2006-01-02T15:04:05.000Z"
	if t.Nanosecond()%int(time.Millisecond) != 0 {
		layout = "2006-01-02T15:04:05.999999999Z"
	}
	return encoder.WriteToken(jsontext.String(t.UTC().Format(layout)))
}
