package proximl_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	getCommand     = "go get github.com/proximl/proximl-go"
	installCommand = "go install github.com/proximl/proximl-go/cmd/proximl@latest"
)

// readme is the README, cut into what the tests compare with the project.
type readme struct {
	text   string
	blocks map[string][]string // fenced, by their language
}

var fenced = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$")

func readREADME(t *testing.T) readme {
	t.Helper()
	content, err := os.ReadFile("README.md")
	require.NoError(t, err)
	r := readme{text: string(content), blocks: map[string][]string{}}
	for _, block := range fenced.FindAllStringSubmatch(r.text, -1) {
		r.blocks[block[1]] = append(r.blocks[block[1]], block[2])
	}
	return r
}

// section returns what stands below a heading.
func (r readme) section(t *testing.T, heading string) string {
	t.Helper()
	_, rest, found := strings.Cut(r.text, "\n## "+heading+"\n")
	require.True(t, found, "the README has no section %q", heading)
	section, _, _ := strings.Cut(rest, "\n## ")
	return section
}

// The README's Go code works in a module of its own that does what the README
// says: a stranger's.
func TestREADMECode(t *testing.T) {
	t.Parallel()
	readme := readREADME(t)
	require.Len(t, readme.blocks["go"], 6)
	module := newModule(t)
	for i, code := range readme.blocks["go"] {
		module.add(i, code)
	}
	module.fillCache()
	module.run("go", "mod", "init", "example.com/program")
	module.run("go", "mod", "edit", "-replace=github.com/proximl/proximl-go="+module.root)
	module.run(strings.Fields(getCommand)...)
	module.run("go", "vet", "./...")
	module.run("go", "test", "./...")

	imported := module.run("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}", "./...")
	want := append(bullets(readme.section(t, "Dependencies")), "github.com/goccy/go-yaml", "github.com/proximl/proximl-go")
	assert.ElementsMatch(t, want, unique(strings.Fields(imported)))
}

// The modules that only the command has are listed apart.
func TestREADMECommandModules(t *testing.T) {
	t.Parallel()
	section := readREADME(t).section(t, "Dependencies")
	var listed []string
	for _, item := range commandBullet.FindAllStringSubmatch(section, -1) {
		listed = append(listed, item[1])
	}
	listed = append(listed, bullets(section)...)
	m := &module{t: t, root: "."}
	imported := m.runIn(".", []string{"go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}", "./cmd/proximl"})
	assert.ElementsMatch(t, unique(strings.Fields(imported)), append(listed, "github.com/goccy/go-yaml"))
}

var commandBullet = regexp.MustCompile("(?m)^\\* `(.+)`$")

// module is a module in a folder of its own.
type module struct {
	t    *testing.T
	dir  string
	root string // of this project
}

func newModule(t *testing.T) *module {
	t.Helper()
	root, err := filepath.Abs(".")
	require.NoError(t, err)
	return &module{t, t.TempDir(), root}
}

// add writes a block of code: a program, its test, or the statements of a
// function.
func (m *module) add(i int, code string) {
	m.t.Helper()
	name := fmt.Sprintf("fragment%d/fragment.go", i)
	switch {
	case strings.Contains(code, "func Test"):
		name = "main_test.go"
	case strings.HasPrefix(code, "package main\n"):
		name = "main.go"
	default:
		code = function(code)
	}
	file := filepath.Join(m.dir, name)
	require.NoError(m.t, os.MkdirAll(filepath.Dir(file), 0o700))
	require.NoError(m.t, os.WriteFile(file, []byte(code), 0o600))
}

// function makes a package of statements that may use what a reader expects to
// be there.
func function(statements string) string {
	imports := map[string]string{
		"errors": "errors", "fmt": "fmt", "log": "log", "os": "os", "time": "time", "specfile": "github.com/proximl/proximl-go/specfile",
	}
	var b strings.Builder
	b.WriteString("package fragment\n\nimport (\n\t\"context\"\n\t\"github.com/proximl/proximl-go\"\n")
	for name, path := range imports {
		if strings.Contains(statements, name+".") {
			fmt.Fprintf(&b, "\t%q\n", path)
		}
	}
	b.WriteString(")\n\nfunc _(ctx context.Context, client *proximl.ProxiML, spec *proximl.JobSpec, jobID string) error {\n")
	b.WriteString(statements + "return nil\n}\n")
	return b.String()
}

// fillCache gets what go get will ask for: of some modules, this project's own
// build needs nothing. It uses the network only if something is not there yet.
func (m *module) fillCache() {
	m.t.Helper()
	m.runIn(m.root, []string{"go", "list", "-m", "all"}, "GOWORK=off")
}

// run runs a command in the module, without the network: there is no version of
// this project to be had but the one that is tested.
func (m *module) run(command ...string) string {
	m.t.Helper()
	return m.runIn(m.dir, command, "GOFLAGS=-mod=mod", "GOPROXY=off", "GOSUMDB=off", "GOWORK=off")
}

func (m *module) runIn(dir string, command []string, env ...string) string {
	m.t.Helper()
	cmd := exec.CommandContext(m.t.Context(), command[0], command[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	output, err := cmd.CombinedOutput()
	require.NoError(m.t, err, "%s\n%s", strings.Join(command, " "), output)
	return string(output)
}

var bullet = regexp.MustCompile("(?m)^- `(.+)`$")

func bullets(section string) (items []string) {
	for _, item := range bullet.FindAllStringSubmatch(section, -1) {
		items = append(items, item[1])
	}
	return items
}

func unique(values []string) []string {
	slices.Sort(values)
	return slices.Compact(values)
}

// All that the README tells people to type is typed by a machine too: by
// .ci/run, or by the tests of its code and of its command.
func TestREADMECommands(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile(".ci/run")
	require.NoError(t, err)
	typed := []string{getCommand, installCommand}
	for line := range strings.Lines(string(script)) {
		typed = append(typed, strings.TrimSpace(line))
	}
	commands := strings.Split(strings.TrimSpace(strings.Join(readREADME(t).blocks["sh"], "")), "\n")

	assert.Subset(t, typed, commands)
	assert.Subset(t, commands, []string{"go run ./examples/quickstart", "go test -race ./..."})
}

func TestREADMEOutput(t *testing.T) {
	t.Parallel()
	output, err := os.ReadFile("examples/quickstart/testdata/output.txt") // what the program's test wants
	require.NoError(t, err)

	assert.Equal(t, []string{string(output)}, readREADME(t).blocks["text"])
}

var serviceRow = regexp.MustCompile("(?m)^\\| `client\\.([\\w.]+)` \\| (.+) \\|$")

func TestREADMEServices(t *testing.T) {
	t.Parallel()
	listed := map[string][]string{}
	for _, row := range serviceRow.FindAllStringSubmatch(readREADME(t).section(t, "Services"), -1) {
		listed[row[1]] = strings.Split(row[2], ", ")
		slices.Sort(listed[row[1]])
	}
	there := map[string][]string{}
	for _, method := range serviceMethods() {
		there[method.service] = append(there[method.service], method.Name)
	}

	assert.Equal(t, there, listed)
}

var link = regexp.MustCompile(`\]\(([^)#]+)`)

func TestREADMELinks(t *testing.T) {
	t.Parallel()
	for _, match := range link.FindAllStringSubmatch(readREADME(t).text, -1) {
		if !strings.HasPrefix(match[1], "https://") {
			assert.FileExists(t, match[1])
		}
	}
}

// The code in docs/testing.md is that of the example, which has been run.
func TestTestingPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("docs/testing.md")
	require.NoError(t, err)
	var example strings.Builder
	for _, file := range []string{"main.go", "main_test.go"} {
		content, err := os.ReadFile("examples/ensure_job/" + file)
		require.NoError(t, err)
		example.Write(content)
	}
	blocks := fenced.FindAllStringSubmatch(string(page), -1)
	require.Len(t, blocks, 2)
	for _, block := range blocks {
		assert.Contains(t, example.String(), block[2])
	}
}
