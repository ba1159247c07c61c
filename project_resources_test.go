package proximl_test

import (
	"context"
	"net/http"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

// projectResourceAPI is what the services of a project's datastores, data
// connectors and services have in common.
type projectResourceAPI[T any] interface {
	List(context.Context, string, ...proximl.RequestOption) ([]*T, error)
	Get(context.Context, string, string, ...proximl.RequestOption) (*T, error)
	Refresh(context.Context, string, ...proximl.RequestOption) error
	Enable(context.Context, string, string, ...proximl.RequestOption) error
	Disable(context.Context, string, string, ...proximl.RequestOption) error
}

// projectResource is one of these services.
type projectResource[T any] struct {
	part   string // of the path
	api    func(*proximl.ProxiML) projectResourceAPI[T]
	entity string // as JSON
	want   *T
}

func (p projectResource[T]) test(t *testing.T) {
	t.Run("requests", p.testRequests)
	t.Run("operations", p.testOperations)
}

func (p projectResource[T]) testRequests(t *testing.T) {
	base := "/project/proj-id-1/" + p.part
	refused := func(verb, path string) failure {
		return failure{
			http.StatusNotFound, "Not Found", proximl.ErrNotFound,
			verb + " " + path + ": 404 Not Found (project proj-active from an option)",
		}
	}
	checkMethods(t, []method{
		{
			name: "List",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return some(p.api(c).List(ctx, "proj-id-1"))
			},
			exchange: exchange{method: http.MethodGet, path: base, query: inActive, reply: "[" + p.entity + "," + p.entity + "]"},
			result:   []*T{p.want, p.want},
			failure:  refused("GET", base),
		},
		{
			name: "Get",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return some(p.api(c).Get(ctx, "proj-id-1", "id-1"))
			},
			exchange: exchange{method: http.MethodGet, path: base + "/id-1", query: inActive, reply: p.entity},
			result:   p.want,
			failure:  refused("GET", base+"/id-1"),
		},
		{
			name: "Refresh",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return nil, p.api(c).Refresh(ctx, "proj-id-1")
			},
			exchange: exchange{method: http.MethodPatch, path: base, query: inActive, reply: "null"},
			failure:  refused("PATCH", base),
		},
		{
			name: "Enable",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return nil, p.api(c).Enable(ctx, "proj-id-1", "id-1")
			},
			exchange: exchange{method: http.MethodPatch, path: base + "/id-1/enable", query: inActive, reply: p.entity},
			failure:  refused("PATCH", base+"/id-1/enable"),
		},
		{
			name: "Disable",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return nil, p.api(c).Disable(ctx, "proj-id-1", "id-1")
			},
			exchange: exchange{method: http.MethodPatch, path: base + "/id-1/disable", query: inActive},
			failure:  refused("PATCH", base+"/id-1/disable"),
		},
	})
}

// testOperations looks under which name each call travels. To do one of them
// twice is to do it once: a reply that is lost is no reason to give up.
func (p projectResource[T]) testOperations(t *testing.T) {
	waiting(t, func(t *testing.T, client *proximl.ProxiML, mock *mock) {
		var operations []string
		mock.RegisterNoResponder(func(req *http.Request) (*http.Response, error) {
			operations = append(operations, proximl.OperationFromContext(req.Context()))
			if len(operations)%2 == 1 {
				return exchange{status: http.StatusBadGateway, reply: "{}"}.response(req), nil
			}
			return exchange{reply: "{}"}.response(req), nil
		})
		ctx, api := t.Context(), p.api(client)
		_, _ = api.List(ctx, "p")
		_, _ = api.Get(ctx, "p", "x")
		require.NoError(t, api.Refresh(ctx, "p"))
		require.NoError(t, api.Enable(ctx, "p", "x"))
		require.NoError(t, api.Disable(ctx, "p", "x"))
		var want []string
		for _, name := range []string{"list", "get", "refresh", "enable", "disable"} {
			operation := "project_" + p.part + "." + name
			want = append(want, operation, operation)
		}
		assert.Equal(t, want, operations)
	})
}

func TestProjectDatastores(t *testing.T) {
	t.Parallel()
	projectResource[proximl.ProjectDatastore]{
		part: "datastores", entity: fixture(t, "project_datastore"),
		want: &proximl.ProjectDatastore{ID: "store-id-1", ProjectID: "proj-id-1", RegionID: "reg-id-1", Name: "On-prem NFS", Type: "nfs"},
		api:  func(c *proximl.ProxiML) projectResourceAPI[proximl.ProjectDatastore] { return c.Datastores },
	}.test(t)
}

func TestProjectDataConnectors(t *testing.T) {
	t.Parallel()
	projectResource[proximl.ProjectDataConnector]{
		part: "data_connectors", entity: fixture(t, "project_data_connector"),
		want: &proximl.ProjectDataConnector{ID: "con-id-1", ProjectID: "proj-id-1", RegionID: "reg-id-1", Name: "On-Prem Connection A", Type: "custom"},
		api:  func(c *proximl.ProxiML) projectResourceAPI[proximl.ProjectDataConnector] { return c.DataConnectors },
	}.test(t)
}

func TestProjectServices(t *testing.T) {
	t.Parallel()
	projectResource[proximl.ProjectService]{
		part: "services", entity: fixture(t, "project_service"),
		want: &proximl.ProjectService{
			ID: "res-id-1", ProjectID: "proj-id-1", RegionID: "reg-id-1", Name: "On-Prem Service A", Type: "port",
			Hostname: "service-a.local", Extra: []byte(`{"resource":"8001"}`),
		},
		api: func(c *proximl.ProxiML) projectResourceAPI[proximl.ProjectService] { return c.Services },
	}.test(t)
}

func TestProjectServiceCertificates(t *testing.T) {
	t.Parallel()
	const path = "/project/proj-id-1/services/res-id-1/certificate/"
	const csr = "-----BEGIN CERTIFICATE REQUEST-----\nQQ==\n-----END CERTIFICATE REQUEST-----\n"
	checkMethods(t, []method{
		{
			name: "CACertificate",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return some(c.Services.CACertificate(ctx, "proj-id-1", "res-id-1"))
			},
			exchange: exchange{method: http.MethodGet, path: path + "ca", query: inActive, reply: strconv.Quote(pemA)},
			result:   pemA,
			failure: failure{
				http.StatusNotFound, "Not Found", proximl.ErrNotFound,
				"GET " + path + "ca: 404 Not Found (project proj-active from an option)",
			},
		},
		{
			name: "SignCertificate",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return some(c.Services.SignCertificate(ctx, "proj-id-1", "res-id-1", csr))
			},
			exchange: exchange{method: http.MethodPost, path: path + "sign", body: `{"csr":` + strconv.Quote(csr) + `}`, reply: `{"certificate":` + strconv.Quote(pemB) + `}`},
			result:   pemB,
			failure: failure{
				http.StatusBadRequest, "Invalid Request - csr", proximl.ErrInvalid,
				"POST " + path + "sign: 400 Bad Request: Invalid Request - csr",
			},
		},
	})
}
