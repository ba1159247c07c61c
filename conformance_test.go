package proximl_test

import (
	"errors"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

// The requests in testdata/conformance were recorded from the Python client of
// the service, one case for each of its calls. The Go call that means the same
// must send the same; where it does not on purpose, differences says why.
//
// That client sends the literal null with every request that has no body. The
// file leaves it out, and so does this SDK.

// recording is the file of all cases.
type recording struct {
	Cases []recordedCase `json:"cases"`
}

// recordedCase is a call of the Python client.
type recordedCase struct {
	Op       string            `json:"op"`
	Active   string            `json:"active_project"`
	Call     string            `json:"call"`
	Requests []recordedRequest `json:"requests"`
}

// recordedRequest is what it sent.
type recordedRequest struct {
	Method string            `json:"method"`
	Path   string            `json:"path"`
	Query  map[string]string `json:"query"`
	Body   map[string]any    `json:"body"` // nil = none
}

// replays are the Go calls, by the names of the cases.
var replays = joined(jobReplays, partReplays, cloudBenderReplays)

func joined(parts ...map[string]replayCall) map[string]replayCall {
	all := map[string]replayCall{}
	for _, part := range parts {
		maps.Copy(all, part)
	}
	return all
}

// difference is what this SDK does otherwise, and why.
type difference struct {
	cases  string // their prefix
	reason string
	change func([]recordedRequest) []recordedRequest
}

var differences = []difference{
	{"jobs.create/", "commands are sent as workers, the newer name, and none when there are none", func(sent []recordedRequest) []recordedRequest {
		body := sent[0].Body
		commands, _ := body["worker_commands"].([]any)
		if _, ok := body["workers"]; !ok && len(commands) > 0 {
			body["workers"] = commands
		}
		delete(body, "worker_commands")
		return sent
	}},
	{"jobs.create/training-gpu_type-and-gpu_types", "nothing that the caller says is dropped without a word", func(sent []recordedRequest) []recordedRequest {
		sent[0].Body["resources"].(map[string]any)["gpu_type_id"] = "1060-id"
		return sent
	}},
	{"job.copy", "it asks for the source, stays in its project and as preemptible as it is", func(sent []recordedRequest) []recordedRequest {
		sent[0].Body["project_uuid"] = "proj-ent"
		sent[0].Body["resources"].(map[string]any)["preemptible"] = true
		look := recordedRequest{Method: http.MethodGet, Path: "/job/job-id-1", Query: map[string]string{"project_uuid": "proj-ent"}}
		return slices.Insert(sent, 0, look)
	}},
	{"job.copy/gpu_type-ignored", "a GPU type that is given is not ignored", func(sent []recordedRequest) []recordedRequest {
		resources := sent[1].Body["resources"].(map[string]any)
		delete(resources, "gpu_types")
		resources["gpu_type_id"] = "v100-id"
		return sent
	}},
	{"model.rename", "as all calls, it works in the project of the call", inEntityProject},
	{"datasets.create/kwargs", "an option that is not set is left out", withoutNullOption},
	{"models.create/kwargs", "an option that is not set is left out", withoutNullOption},
	{"checkpoints.create/kwargs", "an option that is not set is left out", withoutNullOption},
	{"volumes.create/kwargs", "an option that is not set is left out", withoutNullOption},
	{"project.credentials.", "the path is the plural, as in the newest client", inPlural},
	{"project.secrets.", "the path is the plural, as in the newest client", inPlural},
	{"project.secrets.put/name-with-percent-escape", "a name is one segment of the path", toSecret("a%252Fb")},
	{"project.secrets.put/name-with-question-mark", "a name is one segment of the path", toSecret("a%3Fb=c")},
	{"project.secrets.put/name-with-slash", "a name is one segment of the path", toSecret("a%2Fb")},
	{"project.secrets.put/none-value", "a secret without a value is refused before it is sent", toNobody},
	{"gpu_types.", "without an active project nothing is sent (to /project/None)", notToProjectNone},
	{"projects.get_current", "without an active project nothing is sent (to /project/None)", notToProjectNone},
}

func inEntityProject(sent []recordedRequest) []recordedRequest {
	sent[0].Query["project_uuid"] = "proj-ent"
	return sent
}

func withoutNullOption(sent []recordedRequest) []recordedRequest {
	maps.DeleteFunc(sent[0].Body["source_options"].(map[string]any), func(_ string, value any) bool { return value == nil })
	return sent
}

func notToProjectNone(sent []recordedRequest) []recordedRequest {
	return slices.DeleteFunc(sent, func(request recordedRequest) bool { return strings.HasPrefix(request.Path, "/project/None") })
}

func inPlural(sent []recordedRequest) []recordedRequest {
	sent[0].Path = strings.NewReplacer("/credential/", "/credentials/", "/secret/", "/secrets/").Replace(sent[0].Path)
	return sent
}

func toSecret(escaped string) func([]recordedRequest) []recordedRequest {
	return func(sent []recordedRequest) []recordedRequest {
		sent[0].Path = "/project/proj-1/secrets/" + escaped
		delete(sent[0].Query, "b")
		return sent
	}
}

func toNobody(sent []recordedRequest) []recordedRequest { return sent[:0] }

// conformance reads one of the files.
func conformance[T any](t *testing.T, name string) (content T) {
	t.Helper()
	file, err := os.Open(filepath.Join("testdata", "conformance", name+".json"))
	require.NoError(t, err)
	defer file.Close()
	require.NoError(t, json.UnmarshalRead(file, &content))
	return content
}

// has reports whether the case is one of those.
func (c recordedCase) has(prefix string) bool { return strings.HasPrefix(c.Op, prefix) }

func TestConformance(t *testing.T) {
	t.Parallel()
	replayed, differs := map[string]bool{}, map[string]bool{}
	for _, recorded := range conformance[recording](t, "requests").Cases {
		call, ok := replays[recorded.Op]
		if !assert.True(t, ok, "no Go call for %s: %s", recorded.Op, recorded.Call) {
			continue
		}
		replayed[recorded.Op] = true
		want := recorded.Requests
		for _, d := range differences {
			if recorded.has(d.cases) {
				want = d.change(want)
				differs[d.cases] = true
			}
		}
		t.Run(recorded.Op+" in project "+recorded.Active, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, want, replay(t, recorded.Active, call), recorded.Call)
		})
	}
	assert.Len(t, replayed, len(replays), "a Go call without a case")
	assert.Len(t, differs, len(differences), "a difference without a case")
}

// replay makes a call and returns what it sends.
func replay(t *testing.T, active string, call replayCall) []recordedRequest {
	client, mock := newMock(t, proximl.WithProject(active))
	var lock sync.Mutex
	sent := []recordedRequest{}
	mock.RegisterNoResponder(func(req *http.Request) (*http.Response, error) {
		lock.Lock()
		defer lock.Unlock()
		sent = append(sent, record(t, req))
		return exchange{reply: leastReply(t, req)}.response(req), nil
	})
	err := call(t.Context(), client)
	if len(sent) == 0 {
		require.True(t, errors.Is(err, proximl.ErrNoProject) || errors.Is(err, proximl.ErrInvalid), err)
		return sent
	}
	require.NoError(t, err)
	return sent
}

func record(t *testing.T, req *http.Request) recordedRequest {
	sent := recordedRequest{Method: req.Method, Path: req.URL.EscapedPath(), Query: map[string]string{}}
	for name, values := range req.URL.Query() {
		assert.Len(t, values, 1)
		sent.Query[name] = values[0]
	}
	if body := bodyOf(t, req); body != "" {
		assert.NoError(t, json.Unmarshal([]byte(body), &sent.Body))
		assert.NotNil(t, sent.Body, "a null body")
	}
	return sent
}

// lists are the ends of paths, besides those of one segment, that answer a list.
var lists = []string{
	"/public", "/environments", "/datastores", "/data_connectors", "/services",
	"/region", "/node", "/device", "/device/config", "/datastore", "/data_connector", "/service",
}

// leastReply is the least that the service could answer. The source of a copy is
// the recorded client's own.
func leastReply(t *testing.T, req *http.Request) string {
	switch path := req.URL.Path; {
	case req.Method == http.MethodGet && path == "/job/job-id-1":
		return string(conformance[map[string]jsontext.Value](t, "fixtures")["JOB_NOTEBOOK"])
	case strings.HasSuffix(path, "/logs"):
		return `"https://s3.example.com/log.zip"`
	case strings.Contains(path, "/certificate/"):
		return strconv.Quote(pemA)
	case req.Method == http.MethodGet && (strings.Count(path, "/") == 1 || slices.ContainsFunc(lists, func(list string) bool { return strings.HasSuffix(path, list) })):
		return "[]"
	}
	return "{}"
}
