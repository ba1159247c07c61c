package output

import (
	"bytes"
	"io"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/internal/stream"
)

const hidden = "[secret]"

// hideSecrets hides the fields that the SDK knows to be secret.
var hideSecrets = json.MarshalToFunc(func(e *jsontext.Encoder, secret proximl.Secret) error {
	if secret == "" {
		return e.WriteToken(jsontext.String(""))
	}
	return e.WriteToken(jsontext.String(hidden))
})

// hideByName hides the fields that the SDK does not know, and whose name says
// that they are secret.
func hideByName(document jsontext.Value) (jsontext.Value, error) {
	var out bytes.Buffer
	from := jsontext.NewDecoder(bytes.NewReader(document), stream.ReadOptions)
	to := jsontext.NewEncoder(&out, stream.ReadOptions)
	for {
		token, err := from.ReadToken()
		if err == io.EOF {
			return bytes.TrimSpace(out.Bytes()), nil
		}
		if err != nil {
			return nil, err
		}
		kind, length := from.StackIndex(from.StackDepth())
		isName := kind == jsontext.KindBeginObject && length%2 == 1
		hide := isName && isSecret(token.String())
		if err := to.WriteToken(token); err != nil {
			return nil, err
		}
		if !hide {
			continue
		}
		value, err := from.ReadValue()
		if err != nil {
			return nil, err
		}
		if says(value) {
			value = jsontext.Value(`"` + hidden + `"`)
		}
		if err := to.WriteValue(value); err != nil {
			return nil, err
		}
	}
}

// isSecret judges by the name of a field, such as nb_token.
func isSecret(name string) bool {
	name = strings.ToLower(name)
	for _, end := range []string{"token", "secret", "password", "private_key"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return false
}

// says reports whether there is anything in a value to hide.
func says(value jsontext.Value) bool {
	switch value.Kind() {
	case jsontext.KindNull, jsontext.KindTrue, jsontext.KindFalse:
		return false
	}
	return string(value) != `""`
}
