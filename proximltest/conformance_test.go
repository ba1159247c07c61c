package proximltest_test

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go/proximltest"
)

// recordedRequest is what the Python client was recorded sending.
type recordedRequest struct {
	Method string            `json:"method"`
	Path   string            `json:"path"`
	Query  map[string]string `json:"query"`
	Body   jsontext.Value    `json:"body"`
}

// project returns the project that the request works in, "" for the Personal one.
func (r *recordedRequest) project() string {
	if r.Method != http.MethodPost || strings.HasSuffix(r.Path, "/export") {
		return r.Query["project_uuid"]
	}
	var body struct {
		ProjectID      string `json:"project_uuid"`
		ModelProjectID string `json:"model_project_uuid"`
	}
	json.Unmarshal(r.Body, &body)
	return cmp.Or(body.ProjectID, body.ModelProjectID)
}

// target returns the path with the query.
func (r *recordedRequest) target() string {
	query := url.Values{}
	for name, value := range r.Query {
		query.Set(name, value)
	}
	return r.Path + "?" + query.Encode()
}

// refused are the recorded calls that are answered with an error, and rightly so.
var refused = map[string]string{
	"jobs.create/no-workers":                       "Invalid Request - Training jobs must have at least one worker",
	"jobs.create_json":                             "Invalid Request - Training jobs must have at least one worker",
	"jobs.create/inference":                        "Not Found", // its model's project
	"jobs.create_json/from-get_create_json":        "Dataset Not Found",
	"datasets.create/none-source":                  "Invalid Request - source_type is required",
	"models.create/none-source":                    "Invalid Request - source_type is required",
	"checkpoints.create/none-source":               "Invalid Request - source_type is required",
	"project.secrets.put/none-value":               "Invalid Request - value is required",
	"project.secrets.put/name-with-slash":          "Not Found", // the client did not escape it
	"project.secrets.put/name-with-percent-escape": "Not Found",
	"projects.get_current":                         "Not Found", // without an active project it asks for "None"
	"gpu_types.refresh_gpu_types":                  "Not Found",

	"cloudbender.service.sign_client_certificate/project_uuid": badCSR,
	"project_service.sign_client_certificate":                  badCSR,
	"project_service.sign_client_certificate/project_uuid":     badCSR,
}

const badCSR = "Invalid Request - csr Invalid: it is not PEM of the type CERTIFICATE REQUEST" // it was recorded as "CSR"

// The service understands what the Python client was recorded sending, word for word.
func TestRecordedRequests(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../testdata/conformance/requests.json")
	require.NoError(t, err)
	var recording struct {
		Cases []struct {
			Op       string            `json:"op"`
			Requests []recordedRequest `json:"requests"`
		} `json:"cases"`
	}
	require.NoError(t, json.Unmarshal(text, &recording))
	met, states, readers := map[string]bool{}, map[string]string{}, map[string]*world{}
	for _, c := range recording.Cases {
		for _, r := range c.Requests {
			project := r.project()
			if states[project] == "" {
				states[project] = recordedState(t, project)
				readers[project] = newWorld(t, proximltest.WithState(strings.NewReader(states[project])))
			}
			w := readers[project]
			if r.Method != http.MethodGet {
				w = newWorld(t, proximltest.WithState(strings.NewReader(states[project])))
			}
			answer := w.send(w.srv.Account("me@example.com"), r.Method, r.target(), cmp.Or(string(r.Body), "null"))
			if answer.status != http.StatusOK {
				assert.JSONEq(t, `{"errorMessage":"`+refused[c.Op]+`"}`, answer.text, "%s: %s %s %s", c.Op, r.Method, r.Path, r.Body)
				met[c.Op] = true
			}
		}
	}
	assert.Len(t, met, len(refused))
}

// recordedState is the state of a service that has the entities of the recording, in one project; no project is the Personal one.
func recordedState(t *testing.T, project string) string {
	t.Helper()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	other := w.project(me, "My Other Project")
	for _, email := range types("new@gmail.com", "a+b c&d=e@gmail.com") {
		w.share(me, other, w.srv.Account(email), access("read"))
	}
	w.send(me, "PUT", "/project/"+other+"/credentials/aws", object{"key_id": "AK", "secret": "s"}).object()
	w.send(me, "PUT", "/project/"+other+"/secrets/super_secret", object{"value": "v"}).object()
	ids, in := map[string]string{other: "proj-1"}, object{}
	if project != "" {
		id := w.project(me, "Recorded")
		ids[id], in = project, object{"project_uuid": id}
	}
	maps.Copy(ids, w.recordedAssets(me, other))
	for id, path := range map[string]string{
		"job-id-1": w.job(me, with(notebook, in)),
		"ds-1":     w.entity(me, "dataset", with(dataset, in)),
		"model-1":  w.entity(me, "model", with(dataset, in)),
		"ckpt-1":   w.entity(me, "checkpoint", with(dataset, in)),
		"vol-1":    w.entity(me, "volume", with(with(dataset, in), object{"capacity": "10G"})),
	} {
		ids[path[strings.LastIndex(path, "/")+1:]] = id
	}
	created := w.send(me, "POST", "/job", with(training, in)).object()
	ids[created["job_uuid"].(string)] = "job-id-2"
	ids[created["workers"].([]any)[0].(object)["job_worker_uuid"].(string)] = "worker-id-11"
	w.wait(day)
	state := w.saved()
	for id, recorded := range ids {
		state = strings.ReplaceAll(state, id, recorded)
	}
	return state
}
