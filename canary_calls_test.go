package proximl_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

// Key, tokens, and every secret of every request and reply are canaries, in every
// method of every service, whatever the service answers. None shows in what
// comes back or in the log.
func TestEveryMethodShowsNoSecret(t *testing.T) {
	t.Parallel()
	reply := func(status int, contentType, body string) func(serviceMethod) *http.Response {
		return func(serviceMethod) *http.Response {
			header := http.Header{"Content-Type": {contentType}, "Location": {"https://evil.example/?token=CANARY-location"}}
			return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)), ContentLength: -1}
		}
	}
	const asJSON = "application/json"
	for name, answer := range map[string]func(serviceMethod) *http.Response{
		"success": func(m serviceMethod) *http.Response { return reply(200, asJSON, m.canaryReply(t))(m) },
		"cut": func(m serviceMethod) *http.Response {
			return reply(200, asJSON, strings.TrimRight(m.canaryReply(t), "}]\""))(m)
		},
		"of another kind": reply(200, asJSON, `{"nb_token":["CANARY"],"auth_token":{"CANARY-name":1},"value":CANARY}`),
		"a page":          reply(200, "text/html", "<html>hello</html>"),
		"invalid":         reply(400, asJSON, `{"errorMessage":"no"}`),
		"not logged in":   reply(401, asJSON, `{"message":"no"}`),
		"forbidden":       reply(403, "text/html", "<html>no</html>"),
		"not found":       reply(404, asJSON, `{"errorMessage":"no"}`),
		"redirected":      reply(307, asJSON, ""),
		"broken":          reply(500, asJSON, `{}`),
		"busy":            reply(503, asJSON, `{}`),
		"reset":           func(serviceMethod) *http.Response { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var text, asJSON safeBuffer
				both := slog.NewMultiHandler(
					slog.NewTextHandler(&text, &slog.HandlerOptions{Level: slog.LevelDebug - 8, AddSource: true}),
					slog.NewJSONHandler(&asJSON, &slog.HandlerOptions{Level: slog.LevelDebug - 8}),
				)
				var method serviceMethod
				client := canaryClient(t, func(req *http.Request) (*http.Response, error) {
					if req.Header.Get("Upgrade") != "" || strings.HasSuffix(req.URL.Path, ".zip") {
						return jsonReply(req, 403, `{"message":"no"}`), nil // never an entity
					}
					resp := answer(method)
					if resp == nil {
						return nil, errReset
					}
					resp.Request = req
					return resp, nil
				}, proximl.WithLogger(slog.New(both)), proximl.WithProject("p"))
				docs := docs(t)
				for _, method = range serviceMethods() {
					for _, value := range method.onCanaries(t, client, method.in(docs)) {
						checkSilent(t, showings(value)...)
					}
				}
				assert.Contains(t, text.String(), "operation=cloudbender.services.generate_certificate")
				checkSilent(t, text.String(), asJSON.String())
			})
		})
	}
}

// canaryURL lets anybody read a log.
const canaryURL = `"https://bucket.example/log.zip?signature=CANARY-signature"`

// canaryReply is a success of the method with canaries in every secret and in
// fields that are not known.
func (m serviceMethod) canaryReply(t *testing.T) string {
	result := m.Type.Out(0)
	if result.Kind() == reflect.Func {
		result = result.In(0).In(0) // what the sequence yields
	}
	many := m.Type.Out(0).Kind() != reflect.Pointer || m.Name == "Find"
	for result.Kind() == reflect.Slice {
		result = result.Elem()
	}
	switch {
	case result.Kind() == reflect.String:
		return canaryURL
	case m.Name == "LogArchive":
		return canaryURL
	case result.Kind() != reflect.Pointer:
		return `{"nb_token":"CANARY-unread"}`
	}
	entity := reflect.New(result.Elem())
	new(filled).fillIn(entity.Elem())
	written, err := json.Marshal(entity.Interface())
	assert.NoError(t, err)
	reply := strings.NewReplacer(canary, "CANARY-reply", `"shown"`, `"x"`).Replace(string(written))
	if many {
		return "[" + reply + "," + reply + "]"
	}
	return reply
}

// onCanaries calls the method with canaries for secrets and returns all that
// comes back, one by one.
func (m serviceMethod) onCanaries(t *testing.T, client *proximl.ProxiML, doc declaration) (shown []any) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	in := []reflect.Value{reflect.ValueOf(ctx)}
	for _, argument := range m.arguments(doc, "", "") {
		if argument.Kind() == reflect.String && argument.String() == "go.mod" {
			path := filepath.Join(t.TempDir(), "secret")
			assert.NoError(t, os.WriteFile(path, []byte("CANARY-file"), 0o600))
			argument = reflect.ValueOf(path)
		}
		in = append(in, withCanaries(argument))
	}
	service := reflect.ValueOf(client)
	for name := range strings.SplitSeq(m.service, ".") {
		service = service.Elem().FieldByName(name)
	}
	for _, result := range service.MethodByName(m.Name).Call(in) {
		switch result.Kind() {
		case reflect.Func:
			for value, err := range result.Seq2() {
				shown = append(shown, value.Interface(), err.Interface())
			}
		case reflect.String: // a log URL or a certificate, which was asked for
		case reflect.Slice:
			for _, value := range result.Seq2() {
				shown = append(shown, value.Interface())
			}
			checkSilent(t, fmt.Sprintf("%v %+v %#v %s %q", result, result, result, result, result))
		default:
			shown = append(shown, result.Interface())
		}
	}
	for _, argument := range in[1:] {
		shown = append(shown, argument.Interface())
	}
	return shown
}

// withCanaries sets the secrets in an argument.
func withCanaries(value reflect.Value) reflect.Value {
	switch {
	case value.Type() == reflect.TypeFor[proximl.Secret]():
		return reflect.ValueOf(proximl.Secret("CANARY-argument"))
	case value.Kind() == reflect.Pointer && !value.IsNil():
		withCanaries(value.Elem())
	case value.Kind() == reflect.Struct && value.CanSet():
		for field, part := range value.Fields() {
			if field.IsExported() {
				part.Set(withCanaries(part))
			}
		}
	}
	return value
}

// The tokens of transfers, of the log websocket and of notebooks show nowhere,
// though all of them are used.
func TestTransfersAndLogsShowNoSecret(t *testing.T) {
	t.Parallel()
	for name, faults := range map[string][]proximltest.Fault{
		"success": nil,
		"faults": {
			{On: "PUT /transfer/{rest...}", Kind: proximltest.ResetAfterWork, Times: 2},
			{On: "GET /transfer/{rest...}", Status: 502, Times: 3},
			{On: "GET /", Kind: proximltest.CutConnection, AfterMessages: 3, Times: 2},
			{On: "GET /job/{id}", Kind: proximltest.RevokeToken, Times: 2},
		},
		"failure": {
			{On: "PUT /transfer/{rest...}", Status: 403, Body: `{"message":"no"}`, Times: 100},
			{On: "GET /", Status: 403, Body: `{"message":"no"}`, Times: 100},
		},
		"nobody there": {
			{On: "GET /transfer/{rest...}", Kind: proximltest.ResetBeforeWork, Times: 1000},
			{On: "GET /", Kind: proximltest.ResetBeforeWork, Times: 1000},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var log safeBuffer
				srv := proximltest.New(t, proximltest.WithoutListener())
				account, spy := srv.Account("me@example.com"), &spy{base: srv.Transport(), secrets: map[string]bool{}}
				client, err := srv.Client(account, proximl.WithLogger(textLogger(&log, slog.LevelDebug-8)), proximl.WithHTTPClient(&http.Client{Transport: spy}))
				require.NoError(t, err)
				spy.note(account.Key)
				job := localJob(t, client, "python a.py", "python b.py")
				model, output := folder(t, someFiles), t.TempDir()
				srv.Inject(faults...)
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				var shown []any
				var all sync.WaitGroup
				all.Go(func() {
					for entry, err := range client.Jobs.Logs(ctx, job.ID) {
						shown = append(shown, entry, err)
					}
				})
				var copied bytes.Buffer
				all.Go(func() { _ = client.Jobs.CopyLogs(ctx, job.ID, &copied) })
				ended, connectErr := client.Jobs.Connect(ctx, job.ID, proximl.ConnectOptions{
					Model: model, Output: output,
					Wait: []proximl.WaitOption{proximl.OnPoll(func(job *proximl.Job) {
						spy.note(string(job.Model.AuthToken), string(job.NotebookToken))
						for _, worker := range job.Workers {
							spy.note(string(worker.OutputAuthToken))
						}
						if texts := showings(job); len(spy.shownIn(texts...)) > 0 {
							t.Error("a job shows a secret")
						}
					})},
				})
				cancel()
				all.Wait()
				assert.Equal(t, name == "success" || name == "faults", connectErr == nil, connectErr)
				shown = append(shown, ended, connectErr, errors.Unwrap(connectErr), client)
				assert.Greater(t, len(spy.secrets), 2, "key, id token, a transfer's token")
				for _, value := range shown {
					assert.Empty(t, spy.shownIn(showings(value)...))
				}
				assert.Empty(t, spy.shownIn(log.String(), copied.String()))
				assert.Contains(t, log.String(), "operation=jobs.connect")
			})
		})
	}
}

// spy is a RoundTripper that notes the secrets that it sees on the wire.
type spy struct {
	base    http.RoundTripper
	mu      sync.Mutex
	secrets map[string]bool
}

func (s *spy) note(secrets ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, secret := range secrets {
		if secret != "" {
			s.secrets[strings.TrimPrefix(secret, "Bearer ")] = true
		}
	}
}

func (s *spy) RoundTrip(req *http.Request) (*http.Response, error) {
	s.note(req.Header.Get("Authorization"), req.URL.Query().Get("Authorization"))
	return s.base.RoundTrip(req)
}

// shownIn returns the secrets that are in the texts.
func (s *spy) shownIn(texts ...string) (shown []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for secret := range s.secrets {
		for _, text := range texts {
			if strings.Contains(text, secret) || strings.Contains(text, fmt.Sprintf("%x", secret)) {
				shown = append(shown, secret)
			}
		}
	}
	return shown
}
