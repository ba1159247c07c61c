package proximl_test

import (
	"go/ast"
	"go/doc"
	"go/parser"
	gotoken "go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// unproven is how a doc comment says that it rests on a fact that was concluded
// from others, or that may be wrong.
var unproven = regexp.MustCompile(`(?i)\b(?:inferred|uncertain)\b`)

// unprovenNames are the exported names whose doc comments say so: functions,
// methods as JobsAPI.Get, types with their constants, and fields as Job.Name.
func unprovenNames(t *testing.T, files []*ast.File, positions *gotoken.FileSet) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	add := func(name, comment string) {
		if unproven.MatchString(comment) {
			names[name] = true
		}
	}
	pkg, err := doc.NewFromFiles(positions, files, "github.com/proximl/proximl-go", doc.PreserveAST)
	require.NoError(t, err)
	for _, fn := range pkg.Funcs {
		add(fn.Name, fn.Doc)
	}
	for _, declared := range pkg.Types {
		add(declared.Name, declared.Doc)
		for _, group := range declared.Consts {
			add(declared.Name, group.Doc)
			for _, spec := range group.Decl.Specs {
				add(declared.Name, spec.(*ast.ValueSpec).Comment.Text())
			}
		}
		for _, fn := range declared.Funcs {
			add(fn.Name, fn.Doc)
		}
		for _, method := range declared.Methods {
			add(declared.Name+"."+method.Name, method.Doc)
		}
		for _, field := range fields(declared.Decl) {
			for _, name := range field.Names {
				add(declared.Name+"."+name.Name, field.Doc.Text()+field.Comment.Text())
			}
		}
	}
	return names
}

// fields are those of a type that is a struct.
func fields(declaration *ast.GenDecl) (found []*ast.Field) {
	for _, spec := range declaration.Specs {
		if body, ok := spec.(*ast.TypeSpec).Type.(*ast.StructType); ok {
			found = append(found, body.Fields.List...)
		}
	}
	return found
}

// source is the package without its tests.
func source(t *testing.T) (files []*ast.File, positions *gotoken.FileSet) {
	t.Helper()
	positions = gotoken.NewFileSet()
	names, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, name := range names {
		if !strings.HasSuffix(name, "_test.go") {
			file, err := parser.ParseFile(positions, name, nil, parser.ParseComments)
			require.NoError(t, err)
			files = append(files, file)
		}
	}
	return files, positions
}

// identifiers are the names that the package declares at its top, methods
// without their receivers.
func identifiers(files []*ast.File) map[string]bool {
	names := map[string]bool{}
	for _, file := range files {
		for _, declaration := range file.Decls {
			switch d := declaration.(type) {
			case *ast.FuncDecl:
				names[d.Name.Name] = true
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					switch spec := spec.(type) {
					case *ast.TypeSpec:
						names[spec.Name.Name] = true
					case *ast.ValueSpec:
						for _, name := range spec.Names {
							names[name.Name] = true
						}
					}
				}
			}
		}
	}
	return names
}

// The page and the doc comments name the same, and where the page says that a
// fact is used, there is something.
func TestStabilityPage(t *testing.T) {
	t.Parallel()
	files, positions := source(t)
	declared := identifiers(files)
	content, err := os.ReadFile("docs/stability.md")
	require.NoError(t, err)
	var named []string
	for line := range strings.Lines(string(content)) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		require.Len(t, cells, 6, line) // with what is before the first and after the last
		named = append(named, codeSpans(cells[1])...)
		where := codeSpans(cells[3])
		assert.NotEmpty(t, where, line)
		for _, name := range where {
			if strings.HasSuffix(name, ".go") {
				assert.FileExists(t, name)
				continue
			}
			assert.True(t, declared[name[strings.LastIndex(name, ".")+1:]], "the package has no %s", name)
		}
	}

	assert.ElementsMatch(t, slices.Collect(maps.Keys(unprovenNames(t, files, positions))), named)
}
