package proximl_test

import (
	"cmp"
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

// serviceMethod is an exported method of a service.
type serviceMethod struct {
	service string // the field of ProxiML, such as Jobs or CloudBender.Regions
	reflect.Method
}

func (m serviceMethod) String() string { return m.service + "." + m.Name }

// serviceMethods are those of all services.
func serviceMethods() []serviceMethod { return methodsBelow("", reflect.TypeFor[proximl.ProxiML]()) }

func methodsBelow(parent string, client reflect.Type) (methods []serviceMethod) {
	for field := range client.Fields() {
		if !field.IsExported() {
			continue
		}
		for method := range field.Type.Methods() {
			methods = append(methods, serviceMethod{parent + field.Name, method})
		}
		methods = append(methods, methodsBelow(parent+field.Name+".", field.Type.Elem())...)
	}
	return methods
}

func TestSignatures(t *testing.T) {
	t.Parallel()
	methods := serviceMethods()
	require.NotEmpty(t, methods)
	t.Attr("methods", strconv.Itoa(len(methods)))
	for _, method := range methods {
		signature := method.Type
		assert.Equal(t, reflect.TypeFor[context.Context](), signature.In(1), "%v: ctx comes first", method)
		assert.True(t, takesOptions(signature), "%v: options come last", method)
		assert.True(t, answers(signature), "%v: answers (T, error), error, or a sequence of these", method)
	}
}

// takesOptions reports whether the last parameter is options. Those of a
// transfer are one struct, since a folder is not optional.
func takesOptions(signature reflect.Type) bool {
	switch last := signature.In(signature.NumIn() - 1); {
	case signature.IsVariadic():
		return last == reflect.TypeFor[[]proximl.RequestOption]() || last == reflect.TypeFor[[]proximl.WaitOption]()
	default:
		return last.Kind() == reflect.Struct && strings.HasSuffix(last.Name(), "Options")
	}
}

// answers reports whether the results are as they should be.
func answers(signature reflect.Type) bool {
	last := signature.Out(signature.NumOut() - 1)
	if sequence := last.String(); strings.HasPrefix(sequence, "iter.Seq2[") {
		return signature.NumOut() == 1 && strings.HasSuffix(sequence, ",error]")
	}
	return last == reflect.TypeFor[error]() && signature.NumOut() <= 2
}

// declaration is an exported name of the package in its source.
type declaration struct {
	name string // with the receiver: JobsAPI.Get
	doc  string
	fn   *ast.FuncDecl // nil for what is no function
}

func (d declaration) parameters() (names []string) {
	for _, field := range d.fn.Type.Params.List {
		for _, name := range field.Names {
			names = append(names, name.Name)
		}
	}
	return names
}

// declarations reads the source of a package.
func declarations(t *testing.T, dir string) (found []declaration) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(gotoken.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, d := range file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				found = append(found, declaration{receiver(d) + d.Name.Name, d.Doc.Text(), d})
			case *ast.GenDecl:
				found = append(found, declared(d)...)
			}
		}
	}
	return slices.DeleteFunc(found, func(d declaration) bool {
		return !ast.IsExported(d.name) || d.fn != nil && !d.fn.Name.IsExported()
	})
}

func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return ""
	}
	expression := d.Recv.List[0].Type
	if pointer, ok := expression.(*ast.StarExpr); ok {
		expression = pointer.X
	}
	if generic, ok := expression.(*ast.IndexExpr); ok {
		expression = generic.X
	}
	return fmt.Sprint(expression) + "."
}

// declared are the types, constants and variables of a declaration. The comment
// of a group is good for all in it, and so is one at the end of the line.
func declared(d *ast.GenDecl) (found []declaration) {
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			found = append(found, declaration{name: spec.Name.Name, doc: d.Doc.Text() + spec.Doc.Text()})
			found = append(found, interfaceMethods(spec)...)
		case *ast.ValueSpec:
			for _, name := range spec.Names {
				found = append(found, declaration{name: name.Name, doc: d.Doc.Text() + spec.Doc.Text() + spec.Comment.Text()})
			}
		}
	}
	return found
}

func interfaceMethods(spec *ast.TypeSpec) (found []declaration) {
	if t, ok := spec.Type.(*ast.InterfaceType); ok {
		for _, method := range t.Methods.List {
			for _, name := range method.Names {
				found = append(found, declaration{name: spec.Name.Name + "." + name.Name, doc: method.Doc.Text() + method.Comment.Text()})
			}
		}
	}
	return found
}

func TestEveryExportedNameHasADocComment(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{".", "proximltest", "specfile"} {
		found := declarations(t, dir)
		require.NotEmpty(t, found)
		for _, d := range found {
			assert.NotEmpty(t, strings.TrimSpace(d.doc), "%s in %s has no doc comment", d.name, dir)
		}
	}
}

// docs are the declarations of the services' methods.
func docs(t *testing.T) map[string]declaration {
	t.Helper()
	byName := map[string]declaration{}
	for _, d := range declarations(t, ".") {
		byName[d.name] = d
	}
	return byName
}

func (m serviceMethod) in(docs map[string]declaration) declaration {
	return docs[m.Type.In(0).Elem().Name()+"."+m.Name]
}

var (
	endpointLine = regexp.MustCompile(`(?m)^((?:GET|POST|PUT|PATCH|DELETE) /.+)$`)
	placeholder  = regexp.MustCompile(`\{[^}]+\}`)
)

// endpoints are those that a doc comment names, as patterns; more reports
// whether something that is not of the REST API comes after them.
func (d declaration) endpoints() (patterns []string, more bool) {
	line, _, more := strings.Cut(endpointLine.FindString(d.doc), ", then ")
	for endpoint := range strings.SplitSeq(line, ", ") {
		patterns = append(patterns, "^"+placeholder.ReplaceAllString(endpoint, "[^/]+")+"$")
	}
	return patterns, more
}

// The endpoint that a doc comment names is the one that is called.
func TestDocCommentsNameTheEndpoint(t *testing.T) {
	t.Parallel()
	docs := docs(t)
	for _, method := range serviceMethods() {
		doc := method.in(docs)
		assert.Regexp(t, endpointLine, doc.doc, "%v names no endpoint", method)
		endpoints, more := doc.endpoints()
		if more {
			continue
		}
		sent, _, err := method.call(t, method.arguments(doc, "", ""))
		require.NoError(t, err, method)
		require.Len(t, sent, len(endpoints), "%v: %v", method, sent)
		for i, endpoint := range endpoints {
			assert.Regexp(t, endpoint, sent[i], method)
		}
	}
}

// shares are the operations of methods that make the calls of another.
var shares = map[string]string{"all": "list", "sweep": "create", "find": "list", "wait_for": "get", "put_file": "put"}

// The operation that a RoundTripper sees is named after service and method.
func TestOperations(t *testing.T) {
	t.Parallel()
	docs := docs(t)
	for _, method := range serviceMethods() {
		doc := method.in(docs)
		if _, more := doc.endpoints(); more {
			continue
		}
		_, operation, err := method.call(t, method.arguments(doc, "", ""))
		require.NoError(t, err, method)
		name := snake(method.Name)
		want := snake(strings.TrimSuffix(method.Type.In(0).Elem().Name(), "API")) + "." + cmp.Or(shares[name], name)
		if strings.HasPrefix(method.service, "CloudBender.") {
			want = "cloudbender." + want
		}
		assert.Equal(t, want, operation, method)
	}
}

var wordEnd = regexp.MustCompile(`([a-z])([A-Z])|([A-Z])([A-Z][a-z])`)

func snake(name string) string {
	return strings.ToLower(wordEnd.ReplaceAllString(name, "${1}${3}_${2}${4}"))
}

// An id can neither hit another endpoint nor add a segment. Whatever text is a
// segment of the path counts as one.
func TestIDs(t *testing.T) {
	t.Parallel()
	docs := docs(t)
	tested := 0
	defer func() { t.Attr("parameters", strconv.Itoa(tested)) }()
	for _, method := range serviceMethods() {
		doc := method.in(docs)
		for i, parameter := range doc.parameters() {
			if parameter == "path" || method.Type.In(i+1).Kind() != reflect.String || strings.HasSuffix(method.Type.In(i+1).Name(), "Status") {
				continue
			}
			tested++
			t.Run(fmt.Sprintf("%v %s", method, parameter), func(t *testing.T) {
				t.Parallel()
				method.testID(t, doc, parameter)
			})
		}
	}
}

func (m serviceMethod) testID(t *testing.T, doc declaration, parameter string) {
	if _, more := doc.endpoints(); !more {
		good, _, err := m.call(t, m.arguments(doc, parameter, "MARK"))
		require.NotEmpty(t, good)
		if !strings.Contains(good[0], "/MARK") {
			return // it goes into the query or body
		}
		require.NoError(t, err)
		for _, id := range []string{"a/b", "a?b#c", "a%2Fb", "../x", " ", "é+", ";a=b"} {
			sent, _, err := m.call(t, m.arguments(doc, parameter, id))
			require.NoError(t, err)
			for i := range good {
				assert.Equal(t, strings.ReplaceAll(good[i], "MARK", url.PathEscape(id)), sent[i], "id %q", id)
			}
		}
	}
	for _, id := range []string{"", ".", ".."} {
		sent, _, err := m.call(t, m.arguments(doc, parameter, id))
		require.ErrorIs(t, err, proximl.ErrInvalid, "id %q", id)
		assert.Empty(t, sent, "id %q", id)
	}
}

// A spec or an option that is nil is refused before anything is sent.
func TestNil(t *testing.T) {
	t.Parallel()
	docs := docs(t)
	tested := map[reflect.Kind]int{}
	for _, method := range serviceMethods() {
		arguments := method.arguments(method.in(docs), "", "")
		refused := func(what string, arguments []reflect.Value) {
			sent, _, err := method.call(t, arguments)
			require.ErrorIs(t, err, proximl.ErrInvalid, "%v: %s", method, what)
			assert.Empty(t, sent, "%v: %s", method, what)
		}
		for i, argument := range arguments {
			if argument.Kind() == reflect.Pointer || argument.Kind() == reflect.Func {
				without := slices.Clone(arguments)
				without[i] = reflect.Zero(argument.Type())
				refused("a nil spec", without)
				tested[argument.Kind()]++
			}
		}
		if method.Type.IsVariadic() {
			option := reflect.Zero(method.Type.In(method.Type.NumIn() - 1).Elem())
			refused("a nil option", append(slices.Clip(arguments), option))
			tested[reflect.Slice]++
		}
	}
	assert.Greater(t, tested[reflect.Pointer], 15)
	assert.Greater(t, tested[reflect.Slice], 100)
}

// arguments are what a method is called with: one text for the parameter of
// that name, "x" for the others and for every text in a struct.
func (m serviceMethod) arguments(doc declaration, parameter, text string) (arguments []reflect.Value) {
	for i, name := range doc.parameters()[1:] {
		t := m.Type.In(i + 2)
		switch {
		case t.Kind() == reflect.Slice: // the options
			continue
		case t == reflect.TypeFor[io.Writer]():
			arguments = append(arguments, reflect.ValueOf(io.Discard))
			continue
		}
		argument := reflect.New(t).Elem()
		switch {
		case name == parameter:
			argument.SetString(text)
		case name == "path":
			argument.SetString("go.mod") // a file that is there
		default:
			setTexts(argument)
		}
		arguments = append(arguments, argument)
	}
	return arguments
}

func setTexts(value reflect.Value) {
	switch value.Kind() {
	case reflect.String:
		value.SetString("x")
	case reflect.Pointer:
		value.Set(reflect.New(value.Type().Elem()))
		setTexts(value.Elem())
	case reflect.Struct:
		for field, part := range value.Fields() {
			if field.IsExported() && (part.Kind() == reflect.String || part.Kind() == reflect.Struct) {
				setTexts(part)
			}
		}
	}
}

// call calls a method and returns what it sends to the service, and as what
// operation in the end.
func (m serviceMethod) call(t *testing.T, arguments []reflect.Value) (sent []string, operation string, err error) {
	t.Helper()
	client, mock := newMock(t)
	mock.RegisterNoResponder(func(req *http.Request) (*http.Response, error) {
		operation = proximl.OperationFromContext(req.Context())
		if req.URL.Host == strings.TrimPrefix(apiURL, "https://") {
			sent = append(sent, req.Method+" "+req.URL.EscapedPath())
		}
		resp := exchange{reply: m.reply(req)}.response(req)
		if strings.HasSuffix(req.URL.Path, ".zip") {
			resp.Header.Set("Content-Type", "application/zip")
		}
		return resp, nil
	})
	service := reflect.ValueOf(client)
	for name := range strings.SplitSeq(m.service, ".") {
		service = service.Elem().FieldByName(name)
	}
	results := service.MethodByName(m.Name).Call(append([]reflect.Value{reflect.ValueOf(t.Context())}, arguments...))
	last := results[len(results)-1]
	if last.Kind() == reflect.Func {
		for _, failed := range last.Seq2() {
			err, _ = failed.Interface().(error)
		}
		return sent, operation, err
	}
	err, _ = last.Interface().(error)
	return sent, operation, err
}

// reply is what the service could answer.
func (m serviceMethod) reply(req *http.Request) string {
	switch result := m.Type.Out(0); {
	case strings.Contains(req.URL.Path, "/certificate/"):
		return `"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"`
	case strings.HasSuffix(req.URL.Path, "/logs"):
		return `"https://s3.example.com/log.zip"`
	case req.Method == http.MethodGet && (result.Kind() == reflect.Slice || result.Kind() == reflect.Func || m.Name == "Find"):
		return `[{"id":"x","name":"x"}]`
	}
	return `{"job_uuid":"x","name":"n","type":"training","status":"x"}`
}
