package proximl_test

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

// pythonRow is a row of docs/from-python.md: calls of the Python SDK, and what
// does the same here.
type pythonRow struct{ python, here []string }

var (
	codeSpan   = regexp.MustCompile("`([^`]+)`")
	goCall     = regexp.MustCompile(`^(client|proximl|job)((?:\.\w+)*)\.(\w+)\((.*)\)$`)
	pythonName = regexp.MustCompile(`^[a-z_.]+`)
)

func fromPython(t *testing.T) (prose string, rows []pythonRow) {
	t.Helper()
	page, err := os.ReadFile("docs/from-python.md")
	require.NoError(t, err)
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(line, " | ")
		if !strings.HasPrefix(line, "| `") {
			prose += line
			continue
		}
		require.Len(t, cells, 2, line)
		rows = append(rows, pythonRow{codeSpans(cells[0]), codeSpans(cells[1])})
	}
	require.NotEmpty(t, rows)
	return prose, rows
}

func codeSpans(text string) (spans []string) {
	for _, span := range codeSpan.FindAllStringSubmatch(text, -1) {
		spans = append(spans, span[1])
	}
	return spans
}

// declared returns the method or function that a call in the page is of.
func (r pythonRow) declared(docs map[string]declaration, call []string) (declaration, bool) {
	name := call[3]
	switch {
	case call[1] == "job":
		name = "Job." + name
	case call[1] == "client" && call[2] == "":
		name = "ProxiML." + name
	case call[1] == "client":
		name = serviceType(strings.TrimPrefix(call[2], ".")).Name() + "." + name
	}
	d, ok := docs[name]
	return d, ok
}

// serviceType finds a service by the field of the client, such as Jobs or
// CloudBender.Regions.
func serviceType(field string) reflect.Type {
	found := reflect.TypeFor[proximl.ProxiML]()
	for name := range strings.SplitSeq(field, ".") {
		part, ok := found.FieldByName(name)
		if !ok {
			return reflect.TypeFor[struct{}]()
		}
		found = part.Type.Elem()
	}
	return found
}

// Every call of the Python SDK that sends something is in the page.
func TestFromPythonHasEveryCall(t *testing.T) {
	t.Parallel()
	_, rows := fromPython(t)
	there := map[string]bool{}
	for _, row := range rows {
		for _, call := range row.python {
			there[pythonName.FindString(call)] = true
		}
	}
	for _, call := range pythonCalls(t) {
		assert.True(t, there[call.name], "the page lacks %s", call.name)
	}
}

// What stands beside a call of the Python SDK exists, takes what the page says,
// and calls the same endpoint.
func TestFromPythonNamesWhatDoesTheSame(t *testing.T) {
	t.Parallel()
	docs := docs(t)
	routes := map[string]string{}
	for _, call := range pythonCalls(t) {
		routes[call.name] = call.route
		if newer := newerPaths[call.route]; newer != "" {
			routes[call.name] = newer
		}
	}
	_, rows := fromPython(t)
	for _, row := range rows {
		for _, span := range row.here {
			call := goCall.FindStringSubmatch(span)
			if call == nil {
				assert.True(t, exists(docs, span), "%v: there is no %s", row.python, span)
				continue
			}
			found, ok := row.declared(docs, call)
			if !assert.True(t, ok, "there is no %s", span) {
				continue
			}
			parameters := slices.DeleteFunc(found.parameters(), func(name string) bool { return name == "opts" })
			assert.Equal(t, strings.Join(parameters, ", "), call[4], span)
			if route := routes[pythonName.FindString(row.python[0])]; route != "" && found.name != "ProxiML.Do" {
				named, _ := found.routes()
				assert.Contains(t, named, route, "%s is not %s", span, row.python[0])
			}
		}
	}
}

// exists finds a name without its arguments: a declaration, a method of a
// service, or a field of a job spec.
func exists(docs map[string]declaration, name string) bool {
	name, _, _ = strings.Cut(name, "(")
	name = strings.TrimPrefix(name, "proximl.")
	if _, ok := docs[name]; ok {
		return true
	}
	service, method, _ := strings.Cut(name, ".")
	if _, ok := docs[serviceType(service).Name()+"."+method]; ok {
		return true
	}
	field := reflect.StructField{Type: reflect.TypeFor[proximl.JobSpec]()}
	for part := range strings.SplitSeq(name, ".") {
		var ok bool
		if field.Type.Kind() == reflect.Pointer {
			field.Type = field.Type.Elem()
		}
		if field.Type.Kind() != reflect.Struct {
			return false
		}
		if field, ok = field.Type.FieldByName(part); !ok {
			return false
		}
	}
	return true
}

var goName = regexp.MustCompile(`^(?:proximl\.)?[A-Z]\w+(?:\.[A-Z]\w+)?(?:\(\))?$`)

// So does what the text around the tables names.
func TestFromPythonNamesWhatExists(t *testing.T) {
	t.Parallel()
	docs := docs(t)
	prose, _ := fromPython(t)
	ofPython := []string{"ApiError", "SpecificationError", "JobError", "TypeError", "None"}
	for _, span := range codeSpans(prose) {
		name := strings.TrimLeft(span, "*")
		if goName.MatchString(name) && !slices.Contains(ofPython, name) {
			assert.True(t, exists(docs, name), "there is no %s", name)
		}
	}
}
