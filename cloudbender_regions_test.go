package proximl_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

// physicalRegion is what the fixture called region says.
func physicalRegion() *proximl.Region {
	return &proximl.Region{
		ID: "reg-id-1", ProviderID: "prov-id-1", ProviderType: proximl.ProviderTypePhysical, Name: "Physical Region 1",
		Status: proximl.RegionStatusHealthy, CreatedAt: at("2020-12-31T23:59:59.000Z"),
	}
}

func TestRegions(t *testing.T) {
	t.Parallel()
	entity := fixture(t, "region")
	const base = "/provider/p-1/region"
	checkMethods(t, []method{
		{
			name: "List",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return some(c.CloudBender.Regions.List(ctx, "p-1"))
			},
			exchange: exchange{method: http.MethodGet, path: base, query: inActive, reply: "[" + entity + "]"},
			result:   []*proximl.Region{physicalRegion()},
			failure:  refused("GET", base),
		},
		{
			name: "Get",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return some(c.CloudBender.Regions.Get(ctx, "p-1", "r-1"))
			},
			exchange: exchange{method: http.MethodGet, path: region, query: inActive, reply: entity},
			result:   physicalRegion(),
			failure:  refused("GET", region),
		},
		act("Delete", http.MethodDelete, region, "", func(ctx context.Context, c *proximl.ProxiML) error {
			return c.CloudBender.Regions.Delete(ctx, "p-1", "r-1")
		}),
		act("AddDataset", http.MethodPost, region+"/dataset", `{"project_uuid":"proj-1","dataset_uuid":"ds-1"}`, func(ctx context.Context, c *proximl.ProxiML) error {
			return c.CloudBender.Regions.AddDataset(ctx, "p-1", "r-1", "proj-1", "ds-1")
		}),
		act("AddModel", http.MethodPost, region+"/model", `{"project_uuid":"proj-1","model_uuid":"model-1"}`, func(ctx context.Context, c *proximl.ProxiML) error {
			return c.CloudBender.Regions.AddModel(ctx, "p-1", "r-1", "proj-1", "model-1")
		}),
		act("AddCheckpoint", http.MethodPost, region+"/checkpoint", `{"project_uuid":"proj-1","checkpoint_uuid":"ckpt-1"}`, func(ctx context.Context, c *proximl.ProxiML) error {
			return c.CloudBender.Regions.AddCheckpoint(ctx, "p-1", "r-1", "proj-1", "ckpt-1")
		}),
	})
	create := func(ctx context.Context, c *proximl.ProxiML, spec *proximl.RegionSpec) (*proximl.Region, error) {
		return c.CloudBender.Regions.Create(ctx, "p-1", spec)
	}
	for name, c := range map[string]creation[proximl.RegionSpec]{
		"by name only": {spec: proximl.RegionSpec{Name: "r"}, body: `{"name":"r","public":false}`},
		"as the Python client's tests do": {
			spec: proximl.RegionSpec{Name: "r", Storage: &proximl.RegionStorage{Mode: proximl.RegionStorageModeLocal}},
			body: `{"name":"r","public":false,"storage":{"mode":"local"}}`,
		},
		"as its command line does": {
			spec: proximl.RegionSpec{
				Name: "r", Public: true, Extra: jsontext.Value(`{"credentials":{"id":"x"}}`),
				Storage: &proximl.RegionStorage{
					StorageMode: proximl.RegionStorageModeCentral, InstanceClass: proximl.RegionInstanceClassXLarge, Extra: jsontext.Value(`{"size":1}`),
				},
			},
			body: `{"name":"r","public":true,"storage":{"storage_mode":"central","instance_class":"xlarge","size":1},"credentials":{"id":"x"}}`,
		},
	} {
		checkCreate(t, name, base, entity, physicalRegion(), c, create)
	}
	checkEmptySpec(t, "invalid region: name: is missing", base, create)
}

// The mock fails the test when anything is sent.
func TestRegionsSendNothing(t *testing.T) {
	t.Parallel()
	client, _ := newMock(t)
	regions := client.CloudBender.Regions
	for text, err := range map[string]error{
		"invalid dataset: project_uuid: is missing; dataset_uuid: is missing": regions.AddDataset(t.Context(), "p-1", "r-1", "", ""),
		"invalid model: model_uuid: is missing":                               regions.AddModel(t.Context(), "p-1", "r-1", "proj-1", ""),
		"invalid checkpoint: project_uuid: is missing":                        regions.AddCheckpoint(t.Context(), "p-1", "r-1", "", "ckpt-1"),
	} {
		require.EqualError(t, err, text)
		require.ErrorIs(t, err, proximl.ErrInvalid)
	}
}
