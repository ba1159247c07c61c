package proximl_test

import (
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

// What the project is held to as a whole. Figures go out as attributes, which
// internal/criteria puts into its table.

var core = []string{"proximl.go", "options.go", "config.go", "auth.go", "request.go", "retry.go", "errors.go"}

func TestCriterionCore(t *testing.T) {
	t.Parallel()
	code, largest := 0, 0
	for _, file := range core {
		lines, all := linesOf(t, file)
		code += lines
		largest = max(largest, all)
	}
	t.Attr("code", strconv.Itoa(code))
	t.Attr("largest", strconv.Itoa(largest))
	assert.LessOrEqual(t, code, 900)
	assert.LessOrEqual(t, largest, 450)
}

// linesOf counts the lines of a file: those that are code, and all.
func linesOf(t *testing.T, file string) (code, all int) {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	for line := range strings.Lines(string(content)) {
		all++
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "//") {
			code++
		}
	}
	return code, all
}

func TestCriterionMethods(t *testing.T) {
	t.Parallel()
	var lengths []int
	methods := map[string]bool{}
	for _, method := range serviceMethods() {
		methods[method.Type.In(0).Elem().Name()+"."+method.Name] = true
	}
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	positions := gotoken.NewFileSet()
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(positions, name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, d := range file.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && methods[receiver(fn)+fn.Name.Name] {
				lengths = append(lengths, positions.Position(fn.Body.Rbrace).Line-positions.Position(fn.Body.Lbrace).Line-1)
			}
		}
	}
	slices.Sort(lengths)
	require.Len(t, lengths, len(methods))
	median, p90 := lengths[len(lengths)/2], lengths[len(lengths)*9/10]
	t.Attr("median", strconv.Itoa(median))
	t.Attr("p90", strconv.Itoa(p90))
	assert.LessOrEqual(t, median, 4)
	assert.LessOrEqual(t, p90, 10)
}

func TestCriterionModules(t *testing.T) {
	t.Parallel()
	output, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}", ".").Output()
	require.NoError(t, err)
	modules := unique(strings.Fields(string(output)))
	t.Attr("modules", strconv.Itoa(len(modules)))
	assert.LessOrEqual(t, len(modules), 8, modules)
}

var fuzzTarget = regexp.MustCompile(`(?m)^func Fuzz\w+\(f \*testing\.F\)`)

func TestCriterionTests(t *testing.T) {
	t.Parallel()
	code, tests, fuzz := 0, 0, 0
	examples := map[string]bool{}
	require.NoError(t, filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil || filepath.Ext(path) != ".go":
			return err
		case !strings.HasSuffix(path, "_test.go"):
			lines, _ := linesOf(t, path)
			code += lines
			return nil
		}
		lines, _ := linesOf(t, path)
		tests += lines
		content, err := os.ReadFile(path)
		fuzz += len(fuzzTarget.FindAll(content, -1))
		for _, example := range exampleOf.FindAllStringSubmatch(string(content), -1) {
			examples[example[1]] = true
		}
		return err
	}))
	lacking := 0
	for _, service := range serviceTypes() {
		if !examples[service] {
			lacking++
			t.Errorf("%s has no Example", service)
		}
	}
	ratio := float64(tests) / float64(code)
	t.Attr("ratio", strconv.FormatFloat(ratio, 'f', 2, 64))
	t.Attr("fuzz", strconv.Itoa(fuzz))
	t.Attr("lacking", strconv.Itoa(lacking))
	assert.GreaterOrEqual(t, ratio, 1.0)
	assert.GreaterOrEqual(t, fuzz, 6)
}

var exampleOf = regexp.MustCompile(`(?m)^func Example(\w+API)\w*\(\)`)

// serviceTypes are the names of the services' types.
func serviceTypes() (names []string) {
	for _, method := range serviceMethods() {
		names = append(names, method.Type.In(0).Elem().Name())
	}
	return unique(names)
}

// What CI runs by default is all that there is.
func TestCriterionCI(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile(".ci/run")
	require.NoError(t, err)
	text := string(script)
	for _, check := range []string{"test", "format", "vet", "staticcheck", "tidy", "generate", "api", "criteria"} {
		assert.Regexp(t, `(?m)^all=\([^)]*\b`+check+`\b`, text, "CI does not run %s", check)
		assert.Contains(t, text, "check_"+check+"() {")
	}
	assert.Contains(t, text, "go test -race ./...")
}

func TestTheChangelogHasTheVersion(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("CHANGELOG.md")
	require.NoError(t, err)
	versions := regexp.MustCompile(`(?m)^## \[(.+)\] - \d{4}-\d\d-\d\d$`).FindSubmatch(text)
	require.NotNil(t, versions)
	assert.Equal(t, proximl.Version, string(versions[1]), "the latest one")
}
