package proximl_test

import (
	"go/doc"
	"go/parser"
	gotoken "go/token"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every service has an example in its documentation, whose output is checked.
func TestEveryServiceHasAnExample(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("example*_test.go")
	require.NoError(t, err)
	runs := map[string]bool{}
	for _, name := range files {
		file, err := parser.ParseFile(gotoken.NewFileSet(), name, nil, parser.ParseComments)
		require.NoError(t, err)
		for _, example := range doc.Examples(file) {
			runs[example.Name] = example.Output != ""
		}
	}
	for _, method := range serviceMethods() {
		service := method.Type.In(0).Elem().Name()
		assert.True(t, runs[service], "%s has no example that is run", service)
	}
}
