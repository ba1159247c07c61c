package proximl_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

// pythonCall is a row of testdata/endpoints.txt: what a call of the service's
// Python client was seen to send.
type pythonCall struct {
	name  string // job.start
	route string // PATCH /job/{}
}

func pythonCalls(t *testing.T) (calls []pythonCall) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", "endpoints.txt"))
	require.NoError(t, err)
	for line := range strings.Lines(string(content)) {
		name, route, found := strings.Cut(strings.TrimSpace(line), " ")
		require.True(t, found, line)
		calls = append(calls, pythonCall{name, template(route)})
	}
	require.NotEmpty(t, calls)
	return calls
}

// template is a route without the names of what stands in for ids.
func template(route string) string { return placeholder.ReplaceAllString(route, "{}") }

// newerPaths are the routes in whose place the SDK first tries a newer one.
var newerPaths = map[string]string{
	"PUT /project/{}/credential/{}":    "PUT /project/{}/credentials/{}",
	"DELETE /project/{}/credential/{}": "DELETE /project/{}/credentials/{}",
	"PUT /project/{}/secret/{}":        "PUT /project/{}/secrets/{}",
	"DELETE /project/{}/secret/{}":     "DELETE /project/{}/secrets/{}",
}

var (
	namedRoute = regexp.MustCompile(`\b(?:GET|POST|PUT|PATCH|DELETE) /(?:\{[^}]+\}|[\w/-])*`)
	elsewhere  = regexp.MustCompile(`, then (.+)`)
)

// routes are all that the doc comment names, and where the call goes after them.
func (d declaration) routes() (named []string, then string) {
	for _, route := range namedRoute.FindAllString(d.doc, -1) {
		named = append(named, template(route))
	}
	if match := elsewhere.FindStringSubmatch(endpointLine.FindString(d.doc)); match != nil {
		then = match[1]
	}
	return named, then
}

// Whatever the Python client sends, a method says that it sends it too; the test
// below proves that it does.
func TestEveryEndpointIsThatOfAMethod(t *testing.T) {
	t.Parallel()
	docs := docs(t)
	named := map[string]bool{}
	for _, method := range serviceMethods() {
		routes, _ := method.in(docs).routes()
		for _, route := range routes {
			named[route] = true
		}
	}
	used := map[string]bool{}
	for _, call := range pythonCalls(t) {
		route := call.route
		if newer := newerPaths[route]; newer != "" {
			used[route], route = true, newer
		}
		assert.True(t, named[route], "no doc comment names %s, which %s of the Python client sends", route, call.name)
	}
	assert.Len(t, used, len(newerPaths), "a newer path for none that is older")
}

// A method sends what its doc comment names, all of it and nothing else, and has
// its ids in the order of its parameters.
func TestDocCommentsNameAllRoutes(t *testing.T) {
	t.Parallel()
	docs := docs(t)
	for _, method := range serviceMethods() {
		t.Run(method.String(), func(t *testing.T) {
			t.Parallel()
			doc := method.in(docs)
			named, then := doc.routes()
			w := &wiretap{reply: method.usefulReply}
			method.tapped(t, doc, w)

			assert.Equal(t, named, w.templates(t, doc))
			assert.Equal(t, then != "", w.elsewhere != "", "then %q, but it went to %q", then, w.elsewhere)
			assert.True(t, strings.HasSuffix(then, w.elsewhere), "then %q, but it went to %q", then, w.elsewhere)
		})
	}
}

// Where the newer path is not found, the older one is sent.
func TestOlderPathsAreSent(t *testing.T) {
	t.Parallel()
	docs := docs(t)
	older := map[string]string{}
	for old, newer := range newerPaths {
		older[newer] = old
	}
	sent := map[string]bool{}
	for _, method := range serviceMethods() {
		doc := method.in(docs)
		named, _ := doc.routes()
		old := older[named[0]]
		if old == "" {
			continue
		}
		w := &wiretap{reply: method.usefulReply, missing: named[0]}
		method.tapped(t, doc, w)
		assert.Equal(t, []string{named[0], old}, w.templates(t, doc), method)
		assert.Contains(t, doc.doc, "Inferred: the path", method)
		sent[old] = true
	}
	assert.Len(t, sent, len(newerPaths))
}

// wiretap stands in for the network, and notes what passes.
type wiretap struct {
	reply   func(*http.Request) string
	missing string // a route that is answered 404
	cancel  context.CancelFunc

	mu        sync.Mutex
	sent      []string // to the REST API
	elsewhere string   // where else the call went, in the words of a doc comment
}

const transferHost = "files.example.com"

func (w *wiretap) RoundTrip(req *http.Request) (*http.Response, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch host := req.URL.Host; host {
	case strings.TrimPrefix(apiURL, "https://"):
		route := req.Method + " " + req.URL.Path
		w.sent = append(w.sent, route)
		if sentTemplate(route) == w.missing {
			return exchange{status: http.StatusNotFound, reply: `{"errorMessage":"Not Found"}`}.response(req), nil
		}
		return exchange{reply: w.reply(req)}.response(req), nil
	case "s3.example.com": // what LogArchive downloads; its doc comment says so
	case transferHost:
		w.elsewhere = "file transfer"
	case "api-ws.proximl.ai":
		w.elsewhere = "the log websocket"
	default:
		w.elsewhere = host
	}
	w.cancel() // what happens there is for other tests
	return nil, errors.New("out of reach")
}

// templates are the requests as routes. The ids of a request are the names of
// the parameters that they came in by.
func (w *wiretap) templates(t *testing.T, doc declaration) (routes []string) {
	t.Helper()
	for _, sent := range w.sent {
		var order []int
		for _, name := range placeholder.FindAllString(sent, -1) {
			order = append(order, slices.Index(doc.parameters(), strings.Trim(name, "{}")))
		}
		assert.True(t, slices.IsSorted(order), "%s: its parameters are %v", sent, doc.parameters())
		routes = append(routes, sentTemplate(sent))
	}
	return slices.Compact(routes) // it may look several times
}

// sentTemplate takes for an id what came from a parameter, a struct or the
// client's settings.
func sentTemplate(sent string) string {
	route := strings.NewReplacer("/x/", "/{}/", "/"+activeProject+"/", "/{}/").Replace(sent + "/")
	return template(strings.TrimSuffix(route, "/"))
}

// tapped makes a call with the name of each parameter as its value, and "x" for
// each text in a struct.
func (m serviceMethod) tapped(t *testing.T, doc declaration, w *wiretap) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w.cancel = cancel
	client := newClient(t, proximl.WithHTTPClient(&http.Client{Transport: w}), proximl.WithTokenSource(staticToken(token)), proximl.WithProject(activeProject))
	arguments := append([]reflect.Value{reflect.ValueOf(ctx)}, m.arguments(doc, "", "")...)
	for i, name := range doc.parameters()[:len(arguments)] {
		switch argument := arguments[i]; {
		case argument.Type() == reflect.TypeFor[string]() && name != "path":
			argument.SetString("{" + name + "}")
		case argument.Type() == reflect.TypeFor[proximl.ConnectOptions]():
			folder := t.TempDir()
			options := proximl.ConnectOptions{Input: folder, Output: folder}
			if m.service == "Jobs" {
				options.Model = folder
			}
			arguments[i] = reflect.ValueOf(options)
		}
	}
	service := reflect.ValueOf(client)
	for name := range strings.SplitSeq(m.service, ".") {
		service = service.Elem().FieldByName(name)
	}
	results := service.MethodByName(m.Name).Call(arguments)
	if sequence := results[0]; sequence.Kind() == reflect.Func {
		for range sequence.Seq2() {
		}
	}
}

// usefulReply is one that leads a call on to all that it can send.
func (m serviceMethod) usefulReply(req *http.Request) string {
	if m.Name != "Connect" && m.Name != "Logs" {
		return m.reply(req)
	}
	status := "downloading"
	if m.service == "Jobs" {
		status = string(proximl.JobStatusWaitingForDownload)
	}
	const transfer = `"source_type":"local","hostname":"` + transferHost + `","auth_token":"t"`
	return `{"id":"x","name":"n","type":"training","status":"` + status + `",` + transfer + `,"model":{` + transfer + `}}`
}
