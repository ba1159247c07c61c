package proximltest_test

import (
	"fmt"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go/proximltest"
)

func TestTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	good := me.Token()
	refused := func(name, token string) {
		t.Helper()
		r := send(t, w.srv.Transport(), "GET", w.srv.URL+"/project", token, nil)
		assert.Equal(t, http.StatusUnauthorized, r.status, name)
		assert.JSONEq(t, `{"message":"Unauthorized"}`, r.text, name)
		assert.Equal(t, "application/json", r.header.Get("Content-Type"), name)
	}
	send(t, w.srv.Transport(), "GET", w.srv.URL+"/project", good, nil).list()
	refused("missing", "")
	refused("garbage", "token")
	refused("with Bearer", "Bearer "+good)
	refused("changed", good[:len(good)-4]+"AAAA")
	refused("another pool's", newWorld(t).srv.Account("me@example.com").Token())
	me.RevokeTokens()
	refused("revoked", good)
	send(t, w.srv.Transport(), "GET", w.srv.URL+"/project", me.Token(), nil).list()
}

func TestPaths(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	for _, path := range []string{"/", "/nothing", "/job/", "/job//logs", "/job/../project", "/job/%2e%2e", "/job/%2E%2E/project", "/dataset/./x", "/model/public/x", "/job/%ff"} {
		w.send(me, "GET", path, nil).fails(http.StatusNotFound, "Not Found")
	}
	w.send(me, "PUT", "/job", nil).fails(http.StatusNotFound, "Not Found")
	w.send(me, "GET", "/job/a%2Fb", nil).fails(http.StatusNotFound, "Job Not Found")
	w.send(me, "GET", "/job/a%3Fb%23c", nil).fails(http.StatusNotFound, "Job Not Found")
}

func TestAuthConfig(t *testing.T) {
	t.Parallel()
	w := newWorld(t, proximltest.WithUserPool("eu-west-1", "eu-west-1_Tests", "client-id"))
	r := send(t, w.srv.Transport(), "GET", w.srv.URL+"/.well-known/auth-config.json", "", nil)
	assert.Equal(t, object{"region": "eu-west-1", "userPoolId": "eu-west-1_Tests", "userPoolSDKClientId": "client-id"}, r.object())

	r = send(t, w.srv.Transport(), "GET", w.srv.URL+"/eu-west-1_Tests/.well-known/jwks.json", "", nil)
	assert.Len(t, r.object()["keys"], 1)
}

// The hosts of the real service all lead to the one server, whatever the Host header says.
func TestHostDoesNotMatter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.srv.Account("me@example.com").Token()
	for _, base := range []string{"https://api.proximl.ai", "http://127.0.0.1:1", "https://app.proximl.dev"} {
		r := send(t, w.srv.Transport(), "GET", base+"/project", token, nil)
		assert.Equal(t, []any{"Personal"}, values(r.list(), "name"), base)
	}
}

func TestBodies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	job := w.job(me, training)
	for _, body := range []string{"", "null", " null\n", "{}", `{"unknown":[1,{"a":null}]}`} {
		w.send(me, "GET", "/project", body).list()
		w.send(me, "GET", job, body).object()
		w.send(me, "POST", "/project", body).invalid("name is required")
	}
	for _, body := range []string{"{", "[]", "1", `"text"`, `{"name":1}`, `{"name":"a","name":"b"}`, `{} {}`, "{\"name\":\"\xff\"}"} {
		r := w.send(me, "POST", "/project", body)
		assert.Equal(t, http.StatusBadRequest, r.status, body)
		assert.True(t, strings.HasPrefix(r.text, `{"errorMessage":"Invalid Request - The body is not what this call takes: `), r.text)
	}
	r := w.send(me, "POST", "/project", strings.Repeat(" ", 17<<20))
	assert.Equal(t, http.StatusBadRequest, r.status)
	assert.Contains(t, r.text, "too large")
}

// Every call that takes a body refuses one that is not what it takes.
func TestBodiesOfEachCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	project := "/project/" + w.project(me, "Mine")
	job, data := w.job(me, notebook), w.entity(me, "dataset", dataset)
	for call, body := range map[string]string{
		"POST /project":                       `{"name":[]}`,
		"PATCH " + project:                    `{"only_owned_resources":"yes"}`,
		"POST " + project + "/access":         `{"email":{}}`,
		"PUT " + project + "/credentials/aws": `{"key_id":1}`,
		"PUT " + project + "/secrets/one":     `{"value":1}`,
		"POST /job":                           `{"name":"a","type":"notebook","resources":{"disk_size":"10"}}`,
		"POST /job ":                          `{"worker_commands":"python"}`,
		"POST /job  ":                         `{"project_uuid":1}`,
		"POST /job   ":                        `{"type":"training","workers":[{"command":1}]}`,
		"POST /job    ":                       `{"data":{"datasets":[{"id":1}]}}`,
		"PATCH " + job:                        `{"command":1}`,
		"PATCH " + job + " ":                  `{"environment":{"env":[1]}}`,
		"POST /dataset":                       `{"name":"a","source_type":7}`,
		"PATCH " + data:                       `{"name":7}`,
		"POST " + data + "/export":            `{"output_uri":7}`,
	} {
		parts := strings.Fields(call)
		r := w.send(me, parts[0], parts[1], body)
		assert.Equal(t, http.StatusBadRequest, r.status, "%s %s: %s", call, body, r.text)
		assert.True(t, strings.HasPrefix(r.text, `{"errorMessage":"Invalid Request - The body is not what this call takes: `), r.text)
	}
	assert.Len(t, w.send(me, "GET", "/job", nil).list(), 1)
}

// The service also works behind a server of the caller's own.
func TestHandler(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	front := httptest.NewTLSServer(w.srv)
	defer front.Close()
	r := send(t, front.Client().Transport, "GET", front.URL+"/project", w.srv.Account("me@example.com").Token(), nil)
	assert.Equal(t, []any{"Personal"}, values(r.list(), "name"))
}

func TestLoopback(t *testing.T) {
	t.Parallel()
	srv, err := proximltest.NewServer()
	require.NoError(t, err)
	assert.Regexp(t, `^http://127\.0\.0\.1:[0-9]+$`, srv.URL)
	token := srv.Account("me@example.com").Token()
	direct := &http.Transport{}
	for name, transport := range map[string]http.RoundTripper{"socket": direct, "pipe": srv.Transport()} {
		assert.Equal(t, []any{"Personal"}, values(send(t, transport, "GET", srv.URL+"/project", token, nil).list(), "name"), name)
	}
	srv.Close()
	srv.Close()
	for name, transport := range map[string]http.RoundTripper{"socket": direct, "pipe": srv.Transport()} {
		request, err := http.NewRequestWithContext(t.Context(), "GET", srv.URL+"/project", nil)
		require.NoError(t, err)
		response, err := transport.RoundTrip(request)
		if err == nil {
			response.Body.Close()
		}
		assert.Error(t, err, name)
	}
}

func TestOptionsThatAreWrong(t *testing.T) {
	t.Parallel()
	for want, opt := range map[string]proximltest.Option{
		"proximltest: WithSpeed(0): the factor must be above 0 and at most 100000000; WithManualClock makes the clock stand still":    proximltest.WithSpeed(0),
		"proximltest: WithSpeed(NaN): the factor must be above 0 and at most 100000000; WithManualClock makes the clock stand still":  proximltest.WithSpeed(math.NaN()),
		"proximltest: WithSpeed(+Inf): the factor must be above 0 and at most 100000000; WithManualClock makes the clock stand still": proximltest.WithSpeed(math.Inf(1)),
		"proximltest: WithTokenLife(0s): the duration must be above 0":                                                                proximltest.WithTokenLife(0),
		"proximltest: WithScript: the function is nil":                                                                                proximltest.WithScript(nil),
		"proximltest: option 1 is nil": nil,
		"proximltest: WithDuration(\"finished\", 1s): want a status that passes by itself and a duration of 0 or more":                          proximltest.WithDuration("finished", time.Second),
		"proximltest: WithDuration(\"running\", -1s): want a status that passes by itself and a duration of 0 or more":                          proximltest.WithDuration("running", -time.Second),
		"proximltest: making the user pool: user pool id \"pool\": want a region and a name with one _ between them, as in us-east-2_Ab12Cd34E": proximltest.WithUserPool("us-east-2", "pool", "client"),
	} {
		_, err := proximltest.NewServer(opt)
		assert.EqualError(t, err, want)
	}
}

// tb is a test that fails.
type tb struct {
	failure string
	cleanup []func()
}

func (*tb) Helper()                          {}
func (b *tb) Fatalf(format string, a ...any) { b.failure = fmt.Sprintf(format, a...) }
func (b *tb) Cleanup(f func())               { b.cleanup = append(b.cleanup, f) }

func TestNewFailsTheTest(t *testing.T) {
	t.Parallel()
	var b tb
	assert.Nil(t, proximltest.New(&b, proximltest.WithSpeed(-1)))
	assert.Equal(t, "cannot start the service: proximltest: WithSpeed(-1): the factor must be above 0 and at most 100000000; WithManualClock makes the clock stand still", b.failure)
	assert.Empty(t, b.cleanup)

	srv := proximltest.New(&b, proximltest.WithoutListener())
	require.Len(t, b.cleanup, 1)
	b.cleanup[0]()
	_, err := srv.Transport().RoundTrip(httptest.NewRequest("GET", srv.URL, nil))
	assert.ErrorIs(t, err, net.ErrClosed)
}
