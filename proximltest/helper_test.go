package proximltest_test

import (
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/proximl/proximl-go/proximltest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// object is a decoded JSON object.
type object = map[string]any

// world is a service with a manual clock that a test talks to by plain HTTP, in this process and without sockets.
type world struct {
	*testing.T
	srv    *proximltest.Server
	tokens map[string]string
}

func newWorld(t *testing.T, opts ...proximltest.Option) *world {
	t.Helper()
	opts = append([]proximltest.Option{proximltest.WithManualClock(), proximltest.WithoutListener()}, opts...)
	return &world{t, proximltest.New(t, opts...), map[string]string{}}
}

// wait moves the service's clock.
func (w *world) wait(d time.Duration) { w.srv.Clock().Advance(d) }

// day is longer than any life cycle.
const day = 24 * time.Hour

// send makes one call as an account.
func (w *world) send(as *proximltest.Account, method, path string, body any) reply {
	w.Helper()
	if w.tokens[as.Email] == "" {
		w.tokens[as.Email] = as.Token()
	}
	return send(w.T, w.srv.Transport(), method, w.srv.URL+path, w.tokens[as.Email], body)
}

// send makes one call; no body becomes null, as the Python client sends it, and a string is sent as it is.
func send(t *testing.T, transport http.RoundTripper, method, url, token string, body any) reply {
	t.Helper()
	text, raw := body.(string)
	if !raw {
		encoded, err := json.Marshal(body)
		require.NoError(t, err)
		text = string(encoded)
	}
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(text))
	require.NoError(t, err)
	request.GetBody = nil // or the transport would repeat calls that the service breaks off
	request.Header.Set("Authorization", token)
	response, err := transport.RoundTrip(request)
	require.NoError(t, err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return reply{t, response.StatusCode, response.Header, string(answer)}
}

// reply is an answer.
type reply struct {
	t      *testing.T
	status int
	header http.Header
	text   string
}

// object decodes a successful answer that is an object.
func (r reply) object() object {
	r.t.Helper()
	return decode[object](r)
}

// list decodes a successful answer that is a list of objects.
func (r reply) list() []object {
	r.t.Helper()
	return decode[[]object](r)
}

func decode[T any](r reply) (value T) {
	r.t.Helper()
	require.Equal(r.t, http.StatusOK, r.status, r.text)
	require.Equal(r.t, "application/json", r.header.Get("Content-Type"))
	require.NoError(r.t, json.Unmarshal([]byte(r.text), &value), r.text)
	return value
}

// ok checks that the call succeeded without a result.
func (r reply) ok() {
	r.t.Helper()
	require.Empty(r.t, r.object())
}

// fails checks that the call was refused with exactly that status and message.
func (r reply) fails(status int, message string) {
	r.t.Helper()
	require.Equal(r.t, status, r.status, r.text)
	require.Equal(r.t, "application/json", r.header.Get("Content-Type"))
	wanted, err := json.Marshal(object{"errorMessage": message})
	require.NoError(r.t, err)
	require.JSONEq(r.t, string(wanted), r.text)
}

// invalid checks that the call was refused as a bad request with that reason.
func (r reply) invalid(reason string) {
	r.t.Helper()
	r.fails(http.StatusBadRequest, "Invalid Request - "+reason)
}

// forbidden checks that the caller's access did not allow the call.
func (r reply) forbidden() {
	r.t.Helper()
	r.fails(http.StatusForbidden, "Forbidden")
}

// values picks one field out of each object.
func values(list []object, field string) []any {
	picked := []any{}
	for _, one := range list {
		picked = append(picked, one[field])
	}
	return picked
}

// with returns an object with some fields changed or added; a nil removes one.
func with(base object, changes object) object {
	changed := maps.Clone(base)
	for field, value := range changes {
		if value == nil {
			delete(changed, field)
			continue
		}
		changed[field] = value
	}
	return changed
}

// The bodies of jobs and a dataset that are valid.
var (
	gpus      = object{"gpu_types": []string{"rtx3090"}, "gpu_count": 1, "disk_size": 10}
	training  = object{"name": "train", "type": "training", "workers": []string{"python train.py"}, "resources": gpus, "model": object{}}
	inference = with(training, object{"name": "infer", "type": "inference"})
	notebook  = object{"name": "notes", "type": "notebook", "resources": gpus, "model": object{}}
	endpoint  = object{"name": "serve", "type": "endpoint", "resources": gpus, "model": object{}, "endpoint": object{"start_command": "serve"}}
	dataset   = object{"name": "pictures", "source_type": "aws", "source_uri": "s3://bucket/pictures"}
)

// job creates a job and returns its path.
func (w *world) job(as *proximltest.Account, body object) string {
	w.Helper()
	return "/job/" + w.send(as, "POST", "/job", body).object()["job_uuid"].(string)
}

// entity creates a dataset, model, checkpoint or volume and returns its path.
func (w *world) entity(as *proximltest.Account, kind string, body object) string {
	w.Helper()
	created := w.send(as, "POST", "/"+kind, body).object()
	id, named := created[kind+"_uuid"].(string)
	if !named {
		id = created["id"].(string)
	}
	return "/" + kind + "/" + id
}

// get reads one object.
func (w *world) get(as *proximltest.Account, path string) object {
	w.Helper()
	return w.send(as, "GET", path, nil).object()
}

// status reads the status of a job or another entity.
func (w *world) status(as *proximltest.Account, path string) any {
	w.Helper()
	return w.get(as, path)["status"]
}

// command starts or stops a job.
func (w *world) command(as *proximltest.Account, path, command string) reply {
	w.Helper()
	return w.send(as, "PATCH", path, object{"command": command})
}

// journey steps the clock by a second at a time and returns the statuses that it meets, until the last one stays for a day.
func (w *world) journey(as *proximltest.Account, path string) []any {
	w.Helper()
	met := []any{w.status(as, path)}
	note := func() {
		if status := w.status(as, path); status != met[len(met)-1] {
			met = append(met, status)
		}
	}
	for range 300 {
		w.wait(time.Second)
		note()
	}
	w.wait(day)
	note()
	return met
}

// project creates a project and returns its id.
func (w *world) project(as *proximltest.Account, name string) string {
	w.Helper()
	return w.send(as, "POST", "/project", object{"name": name}).object()["id"].(string)
}

// share gives an account access to a project.
func (w *world) share(owner *proximltest.Account, project string, with *proximltest.Account, access object) {
	w.Helper()
	body := object{"email": with.Email}
	for kind, level := range access {
		body[kind] = level
	}
	w.send(owner, "POST", "/project/"+project+"/access", body).object()
}

// access to everything, at one level.
func access(level string) object {
	return object{"job": level, "dataset": level, "model": level, "checkpoint": level, "volume": level}
}

// in names the project of a call that is not a POST.
func in(project string) string { return "?project_uuid=" + project }
