package proximl_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/proximl/proximl-go"
)

// checkpoint is what the fixture of that name says.
func checkpoint() *proximl.Checkpoint {
	return &proximl.Checkpoint{ID: "1", Storage: proximl.Storage{
		Name: "first one", Status: proximl.StorageStatusReady, ProjectID: "proj-id-1", Type: "evefs", Size: 100000000, CreatedAt: at("2020-12-31T23:59:59Z"),
	}}
}

func TestCheckpoints(t *testing.T) {
	t.Parallel()
	storage[proximl.Checkpoint]{
		kind: "checkpoint", title: "Checkpoint", idKey: "checkpoint_uuid", entity: fixture(t, "checkpoint"), want: checkpoint(),
		api: func(c *proximl.ProxiML) storageAPI[proximl.Checkpoint] { return c.Checkpoints },
		id:  func(v *proximl.Checkpoint) string { return v.ID },
	}.test(t)
}

func TestCheckpointsPublic(t *testing.T) {
	t.Parallel()
	checkMethods(t, []method{{
		name: "ListPublic",
		call: func(ctx context.Context, c *proximl.ProxiML) (any, error) { return some(c.Checkpoints.ListPublic(ctx)) },
		exchange: exchange{
			method: http.MethodGet, path: "/checkpoint/public", query: inActive,
			reply: `[{"checkpoint_uuid":"p","name":"gpt-j-6b","status":"ready","used_size":177},{"id":"only","name":"an id"}]`,
		},
		result: []*proximl.Checkpoint{
			{ID: "p", Storage: proximl.Storage{Name: "gpt-j-6b", Status: proximl.StorageStatusReady, UsedSize: 177}},
			{ID: "only", Storage: proximl.Storage{Name: "an id", Extra: []byte(`{"id":"only"}`)}},
		},
		failure: failure{
			http.StatusForbidden, "Forbidden", proximl.ErrForbidden,
			"GET /checkpoint/public: 403 Forbidden (project proj-active from an option)",
		},
	}})
}
