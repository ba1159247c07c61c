package proximl_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

// storageAPI is what the services of datasets, models, checkpoints and volumes
// have in common.
type storageAPI[T any] interface {
	List(context.Context, ...proximl.RequestOption) ([]*T, error)
	All(context.Context, ...proximl.RequestOption) iter.Seq2[*T, error]
	Get(context.Context, string, ...proximl.RequestOption) (*T, error)
	Create(context.Context, *proximl.StorageSpec, ...proximl.RequestOption) (*T, error)
	Rename(context.Context, string, string, ...proximl.RequestOption) (*T, error)
	Export(context.Context, string, *proximl.ExportSpec, ...proximl.RequestOption) (*T, error)
	Delete(context.Context, string, ...proximl.RequestOption) error
	LogURL(context.Context, string, ...proximl.RequestOption) (string, error)
	LogArchive(context.Context, string, io.Writer, ...proximl.RequestOption) error
	Logs(context.Context, string, ...proximl.RequestOption) iter.Seq2[proximl.LogEntry, error]
	CopyLogs(context.Context, string, io.Writer, ...proximl.RequestOption) error
	Details(context.Context, string, ...proximl.RequestOption) (*proximl.Details, error)
	WaitFor(context.Context, string, proximl.StorageStatus, ...proximl.WaitOption) (*T, error)
	Connect(context.Context, string, proximl.ConnectOptions) (*T, error)
}

// storage is one of these services.
type storage[T any] struct {
	kind     string // of the path
	title    string // in the service's messages
	idKey    string
	capacity string // that a spec must name; "" for a kind without one
	api      func(*proximl.ProxiML) storageAPI[T]
	entity   string // as JSON
	want     *T
	id       func(*T) string
}

// spec adds the capacity to a spec.
func (s storage[T]) spec(spec proximl.StorageSpec) *proximl.StorageSpec {
	spec.Capacity = s.capacity
	return &spec
}

// body is the JSON of a spec with these fields.
func (s storage[T]) body(fields string) string {
	if s.capacity != "" {
		fields += `,"capacity":"` + s.capacity + `"`
	}
	return "{" + fields + "}"
}

func (s storage[T]) test(t *testing.T) {
	t.Run("requests", s.testRequests)
	t.Run("specs", s.testSpecs)
	t.Run("nothing sent", s.testNothingSent)
	t.Run("operations", s.testOperations)
	t.Run("waiting", s.testWaiting)
	t.Run("logs", s.testLogs)
	t.Run("live log", s.testLiveLog)
	t.Run("connect", s.testConnect)
}

func (s storage[T]) testRequests(t *testing.T) {
	base := "/" + s.kind
	one := base + "/id-1"
	missing := func(verb, path string) failure {
		return failure{
			http.StatusNotFound, s.title + " Not Found", proximl.ErrNotFound,
			verb + " " + path + ": 404 Not Found: " + s.title + " Not Found (project proj-active from an option)",
		}
	}
	forbidden := func(verb, path string) failure {
		return failure{
			http.StatusForbidden, "Forbidden", proximl.ErrForbidden,
			verb + " " + path + ": 403 Forbidden (project proj-active from an option)",
		}
	}
	checkMethods(t, []method{
		{
			name:     "List",
			call:     func(ctx context.Context, c *proximl.ProxiML) (any, error) { return some(s.api(c).List(ctx)) },
			exchange: exchange{method: http.MethodGet, path: base, query: inActive, reply: "[" + s.entity + "," + s.entity + "]"},
			result:   []*T{s.want, s.want},
			failure:  forbidden("GET", base),
		},
		{
			name:     "List of none",
			call:     func(ctx context.Context, c *proximl.ProxiML) (any, error) { return some(s.api(c).List(ctx)) },
			exchange: exchange{method: http.MethodGet, path: base, query: inActive, reply: "[]"},
			result:   []*T{},
			failure:  forbidden("GET", base),
		},
		{
			name:     "All",
			call:     func(ctx context.Context, c *proximl.ProxiML) (any, error) { return some(collect(s.api(c).All(ctx))) },
			exchange: exchange{method: http.MethodGet, path: base, query: inActive, reply: "[" + s.entity + "," + s.entity + "]"},
			result:   []*T{s.want, s.want},
			failure:  forbidden("GET", base),
		},
		{
			name:     "Get",
			call:     func(ctx context.Context, c *proximl.ProxiML) (any, error) { return some(s.api(c).Get(ctx, "id-1")) },
			exchange: exchange{method: http.MethodGet, path: one, query: inActive, reply: s.entity},
			result:   s.want,
			failure:  missing("GET", one),
		},
		{
			name: "Create",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return some(s.api(c).Create(ctx, s.spec(proximl.StorageSpec{Name: "n", SourceType: "aws", SourceURI: "s3://b/k"})))
			},
			exchange: exchange{
				method: http.MethodPost, path: base, reply: s.entity,
				body: s.body(`"name":"n","source_type":"aws","source_uri":"s3://b/k","project_uuid":"proj-active","type":"evefs"`),
			},
			result:  s.want,
			failure: forbidden("POST", base),
		},
		{
			name: "Rename",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return some(s.api(c).Rename(ctx, "id-1", "new"))
			},
			exchange: exchange{method: http.MethodPatch, path: one, query: inActive, body: `{"name":"new"}`, reply: s.entity},
			result:   s.want,
			failure:  missing("PATCH", one),
		},
		{
			name: "Export",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return some(s.api(c).Export(ctx, "id-1", &proximl.ExportSpec{OutputType: "aws", OutputURI: "s3://b/k"}))
			},
			exchange: exchange{
				method: http.MethodPost, path: one + "/export", query: inActive, reply: s.entity,
				body: `{"output_type":"aws","output_uri":"s3://b/k","output_options":{}}`,
			},
			result:  s.want,
			failure: missing("POST", one+"/export"),
		},
		{
			name: "Export with options",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return some(s.api(c).Export(ctx, "id-1", &proximl.ExportSpec{
					OutputType: "local", OutputURI: "~/out", OutputOptions: proximl.LocationOptions{Archive: new(true), Extra: jsontext.Value(`{"acl":"x"}`)},
				}))
			},
			exchange: exchange{
				method: http.MethodPost, path: one + "/export", query: inActive, reply: s.entity,
				body: `{"output_type":"local","output_uri":"~/out","output_options":{"archive":true,"acl":"x"}}`,
			},
			result:  s.want,
			failure: forbidden("POST", one+"/export"),
		},
		{
			name:     "Delete",
			call:     func(ctx context.Context, c *proximl.ProxiML) (any, error) { return nil, s.api(c).Delete(ctx, "id-1") },
			exchange: exchange{method: http.MethodDelete, path: one, query: inActive + "&force=false"},
			failure:  forbidden("DELETE", one),
		},
		{
			name: "Delete with force",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return nil, s.api(c).Delete(ctx, "id-1", proximl.WithForce())
			},
			exchange: exchange{method: http.MethodDelete, path: one, query: inActive + "&force=true"},
			failure:  missing("DELETE", one),
		},
		{
			name:     "LogURL",
			call:     func(ctx context.Context, c *proximl.ProxiML) (any, error) { return some(s.api(c).LogURL(ctx, "id-1")) },
			exchange: exchange{method: http.MethodGet, path: one + "/logs", query: inActive, reply: `"https://s3.example.com/log.zip?a=1&b=2"`},
			result:   "https://s3.example.com/log.zip?a=1&b=2",
			failure:  missing("GET", one+"/logs"),
		},
		{
			name:     "Details",
			call:     func(ctx context.Context, c *proximl.ProxiML) (any, error) { return some(s.api(c).Details(ctx, "id-1")) },
			exchange: exchange{method: http.MethodGet, path: one + "/details", query: inActive, reply: fixture(t, "details")},
			result:   &proximl.Details{Type: "directory", Name: "/", Count: "8", Size: "177M", Contents: []*proximl.Details{}},
			failure:  missing("GET", one+"/details"),
		},
	})
}

// testSpecs sends specs of every kind and looks that the caller's stays.
func (s storage[T]) testSpecs(t *testing.T) {
	for name, test := range map[string]struct {
		spec proximl.StorageSpec
		opts []proximl.Option
		body string
	}{
		"name only": {
			spec: proximl.StorageSpec{Name: "n"},
			body: `"name":"n","project_uuid":"proj-active","type":"evefs"`,
		},
		"no active project": {
			spec: proximl.StorageSpec{Name: "n"},
			opts: []proximl.Option{proximl.WithProject("")},
			body: `"name":"n","type":"evefs"`,
		},
		"all of it": {
			spec: proximl.StorageSpec{
				Name: "n", SourceType: "wasabi", SourceURI: "s3://b/k", ProjectID: "proj-explicit", Type: "regional",
				SourceOptions: &proximl.LocationOptions{EndpointURL: "https://s3.example.com", Path: "/x", Extra: jsontext.Value(`{"a":null}`)},
				Extra:         jsontext.Value(`{"auto":false,"empty":""}`),
			},
			body: `"name":"n","source_type":"wasabi","source_uri":"s3://b/k","project_uuid":"proj-explicit","type":"regional",
				"source_options":{"endpoint_url":"https://s3.example.com","path":"/x","a":null},"auto":false,"empty":""`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, mock := newMock(t, test.opts...)
			mock.expect(exchange{method: http.MethodPost, path: "/" + s.kind, body: s.body(test.body), reply: s.entity})
			given := s.spec(test.spec)
			created, err := s.api(client).Create(t.Context(), given)
			require.NoError(t, err)
			assert.Equal(t, s.want, created)
			assert.Equal(t, s.spec(test.spec), given, "the caller's spec")
		})
	}
}

// testNothingSent gives what cannot work. The mock fails the test when anything
// is sent.
func (s storage[T]) testNothingSent(t *testing.T) {
	for name, call := range map[string]func(context.Context, storageAPI[T]) (*T, error){
		"Create without a spec": func(ctx context.Context, api storageAPI[T]) (*T, error) { return api.Create(ctx, nil) },
		"Create without a name": func(ctx context.Context, api storageAPI[T]) (*T, error) {
			return api.Create(ctx, s.spec(proximl.StorageSpec{SourceType: "aws"}))
		},
		"Rename to nothing": func(ctx context.Context, api storageAPI[T]) (*T, error) { return api.Rename(ctx, "id-1", "") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := newMock(t)
			entity, err := call(t.Context(), s.api(client))
			require.EqualError(t, err, "invalid "+s.kind+": name: is missing")
			require.ErrorIs(t, err, proximl.ErrInvalid)
			assert.Nil(t, entity)
		})
	}
	t.Run("Export without a spec", func(t *testing.T) {
		t.Parallel()
		client, _ := newMock(t)
		entity, err := s.api(client).Export(t.Context(), "id-1", nil)
		require.ErrorIs(t, err, proximl.ErrInvalid)
		assert.Nil(t, entity)
	})
}

// testOperations looks under which name each call travels.
func (s storage[T]) testOperations(t *testing.T) {
	t.Parallel()
	client, mock := newMock(t)
	var operations []string
	mock.RegisterNoResponder(func(req *http.Request) (*http.Response, error) {
		operations = append(operations, proximl.OperationFromContext(req.Context()))
		return exchange{reply: `"https://s3.example.com/log.zip"`}.response(req), nil
	})
	ctx, api := t.Context(), s.api(client)
	_, _ = api.List(ctx)
	_, _ = collect(api.All(ctx))
	_, _ = api.Get(ctx, "x")
	_, _ = api.Create(ctx, s.spec(proximl.StorageSpec{Name: "n"}))
	_, _ = api.Rename(ctx, "x", "n")
	_, _ = api.Export(ctx, "x", &proximl.ExportSpec{})
	_ = api.Delete(ctx, "x")
	_, _ = api.Details(ctx, "x")
	_, _ = api.LogURL(ctx, "x")
	_ = api.LogArchive(ctx, "x", io.Discard)
	names := []string{"list", "list", "get", "create", "rename", "export", "delete", "details", "log_url", "log_url", "log_archive"}
	if public, ok := api.(listsPublic[T]); ok {
		_, _ = public.ListPublic(ctx)
		names = append(names, "list_public")
	}
	var want []string
	for _, name := range names {
		want = append(want, s.kind+"s."+name)
	}
	assert.Equal(t, want, operations)
}

// listsPublic is what those services have besides whose data may be public.
type listsPublic[T any] interface {
	ListPublic(context.Context, ...proximl.RequestOption) ([]*T, error)
}

func (s storage[T]) testWaiting(t *testing.T) {
	waiting(t, func(t *testing.T, client *proximl.ProxiML, mock *mock) {
		l := &life{path: "/" + s.kind + "/x", idKey: s.idKey, statuses: []string{"new", "downloading", "ready"}}
		mock.lead(l)
		entity, err := s.api(client).WaitFor(t.Context(), "x", proximl.StorageStatusReady)
		require.NoError(t, err)
		assert.Equal(t, "x", s.id(entity))
		assert.Len(t, l.looks, 3)

		mock.lead(&life{path: "/" + s.kind + "/x", idKey: s.idKey, statuses: []string{"downloading", "failed"}})
		_, err = s.api(client).WaitFor(t.Context(), "x", proximl.StorageStatusReady)
		failed, ok := errors.AsType[*proximl.StatusError](err)
		require.True(t, ok, err)
		assert.IsType(t, entity, failed.Entity)
		require.EqualError(t, err, `x is "failed" and cannot become "ready" any more`)
	})
}

// testLogs downloads a log, and follows one that has ended and one that cannot
// be had.
func (s storage[T]) testLogs(t *testing.T) {
	t.Parallel()
	const archive = "https://s3.example.com/log.zip"
	one := "/" + s.kind + "/x"
	client, mock := newMock(t)
	mock.expect(exchange{method: http.MethodGet, path: one + "/logs", query: inActive, reply: `"` + archive + `"`})
	mock.RegisterResponder(http.MethodGet, archive, func(req *http.Request) (*http.Response, error) {
		assert.Empty(t, req.Header.Get("Authorization"))
		return httpmock.NewStringResponse(http.StatusOK, "the zip"), nil
	})
	var content strings.Builder
	require.NoError(t, s.api(client).LogArchive(t.Context(), "x", &content))
	assert.Equal(t, "the zip", content.String())

	ready := exchange{method: http.MethodGet, path: one, query: inActive, reply: `{"` + s.idKey + `":"x","status":"ready"}`, times: 2}
	mock.expect(ready)
	lines, err := collect(s.api(client).Logs(t.Context(), "x"))
	require.NoError(t, err)
	assert.Empty(t, lines)
	content.Reset()
	require.NoError(t, s.api(client).CopyLogs(t.Context(), "x", &content))
	assert.Empty(t, content.String())

	missing := exchange{method: http.MethodGet, path: "/" + s.kind + "/y", query: inActive, status: http.StatusNotFound, reply: `{}`, times: 2}
	mock.expect(missing)
	_, err = collect(s.api(client).Logs(t.Context(), "y"))
	require.ErrorIs(t, err, proximl.ErrNotFound)
	require.ErrorIs(t, s.api(client).CopyLogs(t.Context(), "y", &content), proximl.ErrNotFound)
}

// testLiveLog looks what the log websocket is asked for.
func (s storage[T]) testLiveLog(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 2)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path != "/" {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"`+s.idKey+`":"x","status":"downloading","project_uuid":"proj-ent"}`)
			return
		}
		conn, err := websocket.Accept(w, req, nil)
		if !assert.NoError(t, err) {
			return
		}
		_, message, err := conn.Read(req.Context())
		assert.NoError(t, err)
		asked <- string(message)
		if strings.Contains(string(message), "subscribe") {
			_, _, _ = conn.Read(req.Context()) // until the client closes
			return
		}
		for _, frame := range []string{`{"type":"subscription","msg":"hello\n","time":1613079345318,"stream":"data_worker"}`, `{"type":"end"}`} {
			assert.NoError(t, conn.Write(req.Context(), websocket.MessageText, []byte(frame)))
		}
		_, _, _ = conn.Read(req.Context()) // until the client closes
	}))
	defer srv.Close()
	client, err := proximl.New(proximl.WithEndpoint(srv.URL), proximl.WithTokenSource(staticToken(token)), proximl.WithConfigDir(t.TempDir()))
	require.NoError(t, err)
	defer client.CloseIdleConnections()
	lines, err := collect(s.api(client).Logs(t.Context(), "x"))
	require.NoError(t, err)
	require.Len(t, lines, 1)
	assert.Equal(t, "hello", lines[0].Text)
	data := `"entity":"` + s.kind + `","id":"x","project_uuid":"proj-ent"`
	history, live := <-asked, <-asked // on two connections, so in any order
	if strings.Contains(history, "subscribe") {
		history, live = live, history
	}
	assert.JSONEq(t, `{"action":"getlogs","data":{"type":"init",`+data+`}}`, history)
	assert.JSONEq(t, `{"action":"subscribe","data":{"type":"logs",`+data+`}}`, live)
}

// testConnect looks whether the state of the entity is understood. No file moves.
func (s storage[T]) testConnect(t *testing.T) {
	t.Parallel()
	client, mock := newMock(t)
	mock.expect(exchange{
		method: http.MethodGet, path: "/" + s.kind + "/x", query: inActive,
		reply: `{"` + s.idKey + `":"x","status":"downloading","source_type":"local","source_uri":"~/data"}`,
	})
	entity, err := s.api(client).Connect(t.Context(), "x", proximl.ConnectOptions{})
	require.ErrorIs(t, err, proximl.ErrInvalid)
	require.EqualError(t, err, "invalid connect: ConnectOptions.Input: is missing: it names the folder of this machine for the "+s.kind+`; whoever made the entity suggests "~/data"`)
	assert.Equal(t, "x", s.id(entity))

	mock.expect(exchange{method: http.MethodGet, path: "/" + s.kind + "/y", query: inActive, reply: `{"` + s.idKey + `":"y","status":"ready"}`})
	entity, err = s.api(client).Connect(t.Context(), "y", proximl.ConnectOptions{})
	require.NoError(t, err)
	assert.Equal(t, "y", s.id(entity))
}

func TestStorageStatusTerminal(t *testing.T) {
	t.Parallel()
	terminal := map[proximl.StorageStatus]bool{
		proximl.StorageStatusFailed: true, proximl.StorageStatusRemoved: true, proximl.StorageStatusArchived: true,
	}
	for _, status := range append(storageStatuses, "never heard of") {
		assert.Equal(t, terminal[status], status.Terminal(), status)
	}
}

// storageStatuses are all that are known.
var storageStatuses = []proximl.StorageStatus{
	proximl.StorageStatusNew, proximl.StorageStatusDownloading, proximl.StorageStatusReady, proximl.StorageStatusExporting,
	proximl.StorageStatusFailed, proximl.StorageStatusRemoving, proximl.StorageStatusRemoved, proximl.StorageStatusArchived,
}
