package proximl_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

// region is where the infrastructure of these tests is, as a path.
const region = "/provider/p-1/region/r-1"

// refused is how a call fails that the service forbids. A POST tells no project.
func refused(method, path string) failure {
	text := method + " " + path + ": 403 Forbidden"
	if method != http.MethodPost {
		text += " (project proj-active from an option)"
	}
	return failure{http.StatusForbidden, "Forbidden", proximl.ErrForbidden, text}
}

// regionalAPI is what the services of all parts of a region have in common.
type regionalAPI[T, S any] interface {
	List(ctx context.Context, providerID, regionID string, opts ...proximl.RequestOption) ([]*T, error)
	Get(ctx context.Context, providerID, regionID, id string, opts ...proximl.RequestOption) (*T, error)
	Create(ctx context.Context, providerID, regionID string, spec *S, opts ...proximl.RequestOption) (*T, error)
	Delete(ctx context.Context, providerID, regionID, id string, opts ...proximl.RequestOption) error
}

// regional is one of these services.
type regional[T, S any] struct {
	path   string // below that of the region
	entity string // as JSON
	want   *T
	api    func(*proximl.ProxiML) regionalAPI[T, S]
	create map[string]creation[S]
	empty  string // the error of a spec without anything
}

// creation is a spec and what is sent of it.
type creation[S any] struct {
	spec S
	opts []proximl.Option // of the client
	body string
}

func (r regional[T, S]) test(t *testing.T) {
	base := region + r.path
	one := base + "/id-1"
	checkMethods(t, []method{
		{
			name: "List",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return some(r.api(c).List(ctx, "p-1", "r-1"))
			},
			exchange: exchange{method: http.MethodGet, path: base, query: inActive, reply: "[" + r.entity + "," + r.entity + "]"},
			result:   []*T{r.want, r.want},
			failure:  refused("GET", base),
		},
		{
			name: "List of none",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return some(r.api(c).List(ctx, "p-1", "r-1"))
			},
			exchange: exchange{method: http.MethodGet, path: base, query: inActive, reply: "[]"},
			result:   []*T{},
			failure:  refused("GET", base),
		},
		{
			name: "Get",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return some(r.api(c).Get(ctx, "p-1", "r-1", "id-1"))
			},
			exchange: exchange{method: http.MethodGet, path: one, query: inActive, reply: r.entity},
			result:   r.want,
			failure:  refused("GET", one),
		},
		{
			name: "Delete",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return nil, r.api(c).Delete(ctx, "p-1", "r-1", "id-1")
			},
			exchange: exchange{method: http.MethodDelete, path: one, query: inActive},
			failure:  refused("DELETE", one),
		},
		{
			name: "Delete with force",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return nil, r.api(c).Delete(ctx, "p-1", "r-1", "id-1", proximl.WithForce())
			},
			exchange: exchange{method: http.MethodDelete, path: one, query: inActive + "&force=true", reply: "{}"},
			failure:  refused("DELETE", one),
		},
	})
	for name, c := range r.create {
		checkCreate(t, name, base, r.entity, r.want, c, func(ctx context.Context, client *proximl.ProxiML, spec *S) (*T, error) {
			return r.api(client).Create(ctx, "p-1", "r-1", spec)
		})
	}
	checkEmptySpec(t, r.empty, base, func(ctx context.Context, client *proximl.ProxiML, spec *S) (*T, error) {
		return r.api(client).Create(ctx, "p-1", "r-1", spec)
	})
}

// checkCreate creates something, well and not, and looks that the caller's spec
// stays as it is.
func checkCreate[T, S any](t *testing.T, name, path, entity string, want *T, c creation[S], create func(context.Context, *proximl.ProxiML, *S) (*T, error)) {
	t.Helper()
	for _, status := range []int{http.StatusOK, http.StatusForbidden} {
		t.Run("Create "+name+" "+http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			client, mock := newMock(t, c.opts...)
			sent := exchange{method: http.MethodPost, path: path, body: c.body, reply: entity}
			if status != http.StatusOK {
				sent.status, sent.reply = status, `{"errorMessage":"Forbidden"}`
			}
			mock.expect(sent)
			spec := c.spec
			created, err := create(t.Context(), client, &spec)
			assert.Equal(t, c.spec, spec, "the caller's spec")
			if status != http.StatusOK {
				assert.Nil(t, created)
				checkFailure(t, refused("POST", path), err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, want, created)
		})
	}
}

// checkEmptySpec gives no spec, and one without anything. The mock fails the
// test when anything is sent.
func checkEmptySpec[T, S any](t *testing.T, text, path string, create func(context.Context, *proximl.ProxiML, *S) (*T, error)) {
	t.Helper()
	for name, spec := range map[string]*S{"no spec": nil, "empty spec": new(S)} {
		t.Run("Create with "+name, func(t *testing.T) {
			t.Parallel()
			client, _ := newMock(t)
			want := text
			if spec == nil {
				want = "invalid request: POST " + path + ": there is nothing to send"
			}
			created, err := create(t.Context(), client, spec)
			require.EqualError(t, err, want)
			require.ErrorIs(t, err, proximl.ErrInvalid)
			assert.Nil(t, created)
		})
	}
}

// act is a method that answers nothing; the service's own answer does not
// matter.
func act(name, verb, path, body string, call func(context.Context, *proximl.ProxiML) error) method {
	m := method{
		name:     name,
		call:     func(ctx context.Context, c *proximl.ProxiML) (any, error) { return nil, call(ctx, c) },
		exchange: exchange{method: verb, path: path, body: body, reply: "null"},
		failure:  refused(verb, path),
	}
	if verb != http.MethodPost {
		m.query = inActive
	}
	return m
}

// A second toggle would undo the first: it is sent again only when the service
// certainly did nothing.
func TestToggleMaintenanceIsNotRepeated(t *testing.T) {
	t.Parallel()
	for what, toggle := range map[string]func(context.Context, *proximl.ProxiML, ...proximl.RequestOption) error{
		"node": func(ctx context.Context, c *proximl.ProxiML, opts ...proximl.RequestOption) error {
			return c.CloudBender.Nodes.ToggleMaintenance(ctx, "p-1", "r-1", "id-1", opts...)
		},
		"device": func(ctx context.Context, c *proximl.ProxiML, opts ...proximl.RequestOption) error {
			return c.CloudBender.Devices.ToggleMaintenance(ctx, "p-1", "r-1", "id-1", opts...)
		},
	} {
		for name, test := range map[string]struct {
			turn turn
			opts []proximl.RequestOption
			sent int
			done bool // perhaps
		}{
			"reset":            {turn: turn{err: errReset}, sent: 1, done: true},
			"timeout":          {turn: turn{after: 2 * time.Minute}, sent: 1, done: true},
			"500":              {turn: status(500, "no"), sent: 1, done: true},
			"502":              {turn: status(502, "no"), sent: 1, done: true},
			"503":              {turn: status(503, "no"), sent: 1, done: true},
			"504":              {turn: status(504, "no"), sent: 1, done: true},
			"429":              {turn: status(429, "no"), sent: 4},
			"503, Retry-After": {turn: status(503, "no").with("Retry-After", "1"), sent: 4},
			"failed dial":      {turn: turn{err: errDial}, sent: 4},
			"asked for": {
				turn: status(502, "no"), sent: 4, done: true,
				opts: []proximl.RequestOption{proximl.WithRetry(proximl.RetryPolicy{RepeatPOST: true})},
			},
		} {
			t.Run(what+" "+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					client, s := play(t, []turn{test.turn}, proximl.WithRetryPolicy(proximl.RetryPolicy{RepeatPOST: true}))
					err := toggle(t.Context(), client, test.opts...)
					require.Error(t, err)
					assert.Len(t, s.arrivals, test.sent)
					assert.Equal(t, test.done, errors.Is(err, proximl.ErrOutcomeUnknown), err)
				})
			})
		}
	}
}

// The other PATCH and the PUTs can be repeated.
func TestDeviceCallsAreRepeated(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(context.Context, *proximl.DevicesAPI) error{
		"SetConfig": func(ctx context.Context, a *proximl.DevicesAPI) error {
			return failed(a.SetConfig(ctx, "p-1", "r-1", "id-1", "c-1"))
		},
		"Deploy": func(ctx context.Context, a *proximl.DevicesAPI) error { return a.Deploy(ctx, "p-1", "r-1", "id-1") },
		"Stop":   func(ctx context.Context, a *proximl.DevicesAPI) error { return a.Stop(ctx, "p-1", "r-1", "id-1") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, s := play(t, []turn{{err: errReset}, status(502, "no"), ok(`{"device_id":"id-1"}`)})
				require.NoError(t, call(t.Context(), client.CloudBender.Devices))
				assert.Len(t, s.arrivals, 3)
			})
		})
	}
}

// InProject changes the project of all of CloudBender's services too.
func TestCloudBenderInProject(t *testing.T) {
	t.Parallel()
	client, mock := newMock(t)
	mock.expect(exchange{method: http.MethodGet, path: region + "/node", query: "project_uuid=other", reply: "[]"})
	nodes, err := client.InProject("other").CloudBender.Nodes.List(t.Context(), "p-1", "r-1")
	require.NoError(t, err)
	assert.Empty(t, nodes)
}
