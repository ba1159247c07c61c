package proximl_test

import (
	"testing"

	"github.com/proximl/proximl-go"
)

// model is what the fixture of that name says.
func model() *proximl.Model {
	return &proximl.Model{ID: "model-id-1", Storage: proximl.Storage{
		Name: "new model", Status: proximl.StorageStatusNew, ProjectID: "proj-id-1", CustomerID: "cus-id-1", Type: "evefs",
		SourceType: "aws", SourceURI: "s3://proximl-examples/models/resnet50", CreatedAt: at("2020-12-20T16:46:23.909Z"),
	}}
}

func TestModels(t *testing.T) {
	t.Parallel()
	storage[proximl.Model]{
		kind: "model", title: "Model", idKey: "model_uuid", entity: fixture(t, "model"), want: model(),
		api: func(c *proximl.ProxiML) storageAPI[proximl.Model] { return c.Models },
		id:  func(v *proximl.Model) string { return v.ID },
	}.test(t)
}
