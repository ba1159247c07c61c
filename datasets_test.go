package proximl_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/proximl/proximl-go"
)

// dataset is what the fixture of that name says.
func dataset() *proximl.Dataset {
	return &proximl.Dataset{ID: "data-id-1", Storage: proximl.Storage{
		Name: "new dataset", Status: proximl.StorageStatusNew, ProjectID: "proj-id-1", CustomerID: "cus-id-1", Type: "evefs",
		SourceType: "aws", SourceURI: "s3://proximl-examples/data/cifar10", Size: 100000000, CreatedAt: at("2020-12-20T16:46:23.909Z"),
	}}
}

// localDataset is what the fixture called dataset_local says.
func localDataset() *proximl.Dataset {
	return &proximl.Dataset{ID: "1", Storage: proximl.Storage{
		Name: "test dataset", Status: proximl.StorageStatusDownloading, ProjectID: "proj-id-1",
		SourceType: "local", SourceURI: "/path/to/source", Hostname: "example.com", AuthToken: "test-token",
	}}
}

func TestDatasets(t *testing.T) {
	t.Parallel()
	storage[proximl.Dataset]{
		kind: "dataset", title: "Dataset", idKey: "dataset_uuid", entity: fixture(t, "dataset"), want: dataset(),
		api: func(c *proximl.ProxiML) storageAPI[proximl.Dataset] { return c.Datasets },
		id:  func(v *proximl.Dataset) string { return v.ID },
	}.test(t)
}

func TestDatasetsPublic(t *testing.T) {
	t.Parallel()
	checkMethods(t, []method{{
		name: "ListPublic",
		call: func(ctx context.Context, c *proximl.ProxiML) (any, error) { return some(c.Datasets.ListPublic(ctx)) },
		exchange: exchange{
			method: http.MethodGet, path: "/dataset/public", query: inActive,
			reply: `[{"dataset_uuid":"p","name":"CIFAR-10","status":"ready","used_size":177,"billed_size":0},` + fixture(t, "dataset_local") + "]",
		},
		result: []*proximl.Dataset{
			{ID: "p", Storage: proximl.Storage{Name: "CIFAR-10", Status: proximl.StorageStatusReady, UsedSize: 177}},
			localDataset(),
		},
		failure: failure{
			http.StatusForbidden, "Forbidden", proximl.ErrForbidden,
			"GET /dataset/public: 403 Forbidden (project proj-active from an option)",
		},
	}})
}
