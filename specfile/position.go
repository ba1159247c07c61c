package specfile

import (
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/goccy/go-yaml/ast"
)

// field writes a pointer as the SDK's other errors do: data.datasets[0].id.
func field(pointer jsontext.Pointer) string {
	var b strings.Builder
	for token := range pointer.Tokens() {
		switch {
		case token != "" && strings.Trim(token, "0123456789") == "":
			b.WriteString("[" + token + "]")
		case b.Len() > 0:
			b.WriteString("." + token)
		default:
			b.WriteString(token)
		}
	}
	return b.String()
}

// find returns the value that a pointer leads to, and its key, if it has one:
// of both the last on the way, when it leads into an alias.
func find(node ast.Node, pointer jsontext.Pointer) (value, key ast.Node) {
	value, key = node, node
	for token := range pointer.Tokens() {
		nextValue, nextKey := child(value, token)
		if nextValue == nil {
			break
		}
		value, key = nextValue, nextKey
	}
	return value, key
}

func child(node ast.Node, token string) (value, key ast.Node) {
	switch node := node.(type) {
	case *ast.AnchorNode:
		return child(node.Value, token)
	case *ast.TagNode:
		return child(node.Value, token)
	case *ast.MappingNode:
		for _, entry := range node.Values {
			if entry.Key.GetToken().Value == token {
				return entry.Value, entry.Key
			}
		}
	case *ast.SequenceNode:
		for i, item := range node.Values {
			if strconv.Itoa(i) == token {
				return item, item
			}
		}
	}
	return nil, nil
}
