package proximl

import (
	"context"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"
)

// RegionsAPI works with the regions of a provider: places whose machines are
// close to each other.
type RegionsAPI service

// RegionStatus is the state of a region. The set is open: an unknown one passes
// through.
type RegionStatus string

// The known statuses.
const (
	RegionStatusNew      RegionStatus = "new"
	RegionStatusHealthy  RegionStatus = "healthy"
	RegionStatusOffline  RegionStatus = "offline"
	RegionStatusErrored  RegionStatus = "errored"
	RegionStatusFailed   RegionStatus = "failed"
	RegionStatusArchived RegionStatus = "archived" // what a 404 stands for
)

// Terminal reports whether the status cannot change any more.
func (s RegionStatus) Terminal() bool { return ended(s) }

// Region is a region of a provider.
type Region struct {
	ID           string         `json:"region_uuid"`
	ProviderID   string         `json:"provider_uuid"`
	ProviderType ProviderType   `json:"provider_type,omitzero"`
	Name         string         `json:"name"`
	Status       RegionStatus   `json:"status,omitzero"`
	CreatedAt    Time           `json:"createdAt,omitzero"`
	Extra        jsontext.Value `json:",embed"` // fields that this version does not know
}

// RegionStorageMode is where a physical region keeps its data. The set is open.
type RegionStorageMode string

// The known modes. Inferred: what they mean.
const (
	RegionStorageModeLocal   RegionStorageMode = "local"   // each node its own
	RegionStorageModeCentral RegionStorageMode = "central" // nodes whose service is storage, for all
)

// RegionInstanceClass is a size of machines in a cloud. The set is open.
type RegionInstanceClass string

// The known sizes.
const (
	RegionInstanceClassMicro  RegionInstanceClass = "micro"
	RegionInstanceClassSmall  RegionInstanceClass = "small"
	RegionInstanceClassMedium RegionInstanceClass = "medium"
	RegionInstanceClassLarge  RegionInstanceClass = "large"
	RegionInstanceClassXLarge RegionInstanceClass = "xlarge"
)

// RegionStorage says how a region keeps its data.
//
// Uncertain: the tests of the Python client send Mode, its command line sends
// StorageMode and InstanceClass. Set what the service takes.
type RegionStorage struct {
	Mode          RegionStorageMode   `json:"mode,omitzero"`
	StorageMode   RegionStorageMode   `json:"storage_mode,omitzero"`   // of a physical region
	InstanceClass RegionInstanceClass `json:"instance_class,omitzero"` // of a region in a cloud
	Extra         jsontext.Value      `json:",embed"`                  // further fields, sent as they are
}

// RegionSpec says what region to create.
type RegionSpec struct {
	Name    string         `json:"name"`
	Public  bool           `json:"public"` // inferred: whether other accounts can use it
	Storage *RegionStorage `json:"storage,omitzero"`
	// Credentials are those of a cloud. Uncertain: which ones a region takes; the
	// Python client passes on what it is given.
	Credentials *ProviderCredentials `json:"credentials,omitzero"`
	Extra       jsontext.Value       `json:",embed"` // further fields, sent as they are
}

func (s *RegionSpec) filledIn(string) (any, error) {
	return s, need("region", needed{"name", s.Name})
}

// List returns the regions of a provider.
//
// GET /provider/{provider id}/region
func (a *RegionsAPI) List(ctx context.Context, providerID string, opts ...RequestOption) ([]*Region, error) {
	return list[Region](ctx, a.client, "cloudbender.regions.list", route("provider", providerID, "region"), opts)
}

// Get returns a region.
//
// GET /provider/{provider id}/region/{id}
func (a *RegionsAPI) Get(ctx context.Context, providerID, id string, opts ...RequestOption) (*Region, error) {
	return call[Region](ctx, a.client, "cloudbender.regions.get", http.MethodGet, inRegion(providerID, id), nil, opts)
}

// Create makes a region. WaitFor tells when it is healthy.
//
// POST /provider/{provider id}/region
func (a *RegionsAPI) Create(ctx context.Context, providerID string, spec *RegionSpec, opts ...RequestOption) (*Region, error) {
	return create[Region](ctx, a.client, "cloudbender.regions.create", route("provider", providerID, "region"), spec, opts)
}

// Delete removes a region.
//
// DELETE /provider/{provider id}/region/{id}
func (a *RegionsAPI) Delete(ctx context.Context, providerID, id string, opts ...RequestOption) error {
	return run(ctx, a.client, "cloudbender.regions.delete", http.MethodDelete, inRegion(providerID, id), nil, opts)
}

// AddDataset stages a dataset of a project in the region: jobs there need not
// fetch it.
//
// POST /provider/{provider id}/region/{id}/dataset
func (a *RegionsAPI) AddDataset(ctx context.Context, providerID, id, projectID, datasetID string, opts ...RequestOption) error {
	return a.add(ctx, "dataset", inRegion(providerID, id, "dataset"), projectID, datasetID, opts)
}

// AddModel stages a model of a project in the region: jobs there need not fetch
// it.
//
// POST /provider/{provider id}/region/{id}/model
func (a *RegionsAPI) AddModel(ctx context.Context, providerID, id, projectID, modelID string, opts ...RequestOption) error {
	return a.add(ctx, "model", inRegion(providerID, id, "model"), projectID, modelID, opts)
}

// AddCheckpoint stages a checkpoint of a project in the region: jobs there need
// not fetch it.
//
// POST /provider/{provider id}/region/{id}/checkpoint
func (a *RegionsAPI) AddCheckpoint(ctx context.Context, providerID, id, projectID, checkpointID string, opts ...RequestOption) error {
	return a.add(ctx, "checkpoint", inRegion(providerID, id, "checkpoint"), projectID, checkpointID, opts)
}

func (a *RegionsAPI) add(ctx context.Context, kind string, to path, projectID, id string, opts []RequestOption) error {
	if err := need(kind, needed{projectParameter, projectID}, needed{kind + "_uuid", id}); err != nil {
		return err
	}
	return run(ctx, a.client, "cloudbender.regions.add_"+kind, http.MethodPost, to, map[string]string{projectParameter: projectID, kind + "_uuid": id}, opts)
}

// WaitFor waits until the region has a status, looking again and again. It ends
// with a *[StatusError] when that is out of reach: the region errored or failed.
// It returns the last region seen, nil when there was none. A region that cannot
// be found is archived. There is no timeout but that of ctx.
//
// GET /provider/{provider id}/region/{id}
func (a *RegionsAPI) WaitFor(ctx context.Context, providerID, id string, status RegionStatus, opts ...WaitOption) (*Region, error) {
	get := func(ctx context.Context, id string, opts ...RequestOption) (*Region, error) {
		return a.Get(ctx, providerID, id, opts...)
	}
	return waitForStatus(ctx, id, status, get, func(r *Region) RegionStatus { return r.Status }, opts)
}
