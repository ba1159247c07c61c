package output

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/goccy/go-yaml"

	"github.com/proximl/proximl-go/internal/stream"
)

// toYAML keeps the order of the fields.
func toYAML(document jsontext.Value) (string, error) {
	value, err := plain(jsontext.NewDecoder(bytes.NewReader(document), stream.ReadOptions))
	if err != nil {
		return "", err
	}
	text, err := yaml.Marshal(value)
	return string(text), err
}

// plain reads a JSON value into what the YAML encoder takes.
func plain(from *jsontext.Decoder) (any, error) {
	switch from.PeekKind() {
	case jsontext.KindBeginObject:
		fields := yaml.MapSlice{}
		err := members(from, func(name string) error {
			value, err := plain(from)
			fields = append(fields, yaml.MapItem{Key: name, Value: value})
			return err
		})
		return fields, err
	case jsontext.KindBeginArray:
		items := []any{}
		err := elements(from, func() error {
			value, err := plain(from)
			items = append(items, value)
			return err
		})
		return items, err
	}
	token, err := from.ReadToken()
	if err != nil {
		return nil, err
	}
	switch token.Kind() {
	case jsontext.KindNull:
		return nil, nil
	case jsontext.KindTrue, jsontext.KindFalse:
		return token.Bool(), nil
	case jsontext.KindNumber:
		return number(token.String())
	}
	return token.String(), nil
}

func number(text string) (any, error) {
	if whole, err := strconv.ParseInt(text, 10, 64); err == nil {
		return whole, nil
	}
	return strconv.ParseFloat(text, 64)
}

// members calls back at each value of an object, which the callback reads.
func members(from *jsontext.Decoder, value func(name string) error) error {
	if _, err := from.ReadToken(); err != nil {
		return err
	}
	for from.PeekKind() != jsontext.KindEndObject {
		name, err := from.ReadToken()
		if err != nil {
			return err
		}
		if err := value(name.String()); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	_, err := from.ReadToken()
	return err
}

// elements calls back at each element of an array, which the callback reads.
func elements(from *jsontext.Decoder, value func() error) error {
	if _, err := from.ReadToken(); err != nil {
		return err
	}
	for from.PeekKind() != jsontext.KindEndArray {
		if err := value(); err != nil {
			return err
		}
	}
	_, err := from.ReadToken()
	return err
}
