package proximl

import (
	"context"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"
)

// DatastoresAPI works with the datastores of a region: file servers whose data
// jobs there can use. See ProjectDatastoresAPI for those that a project can use.
type DatastoresAPI service

// DatastoreType is the protocol of a datastore. The set is open.
type DatastoreType string

// The known types.
const (
	DatastoreTypeNFS DatastoreType = "nfs"
	DatastoreTypeSMB DatastoreType = "smb"
)

// Datastore is a datastore of a region.
type Datastore struct {
	ID         string         `json:"store_id"`
	ProviderID string         `json:"provider_uuid"`
	RegionID   string         `json:"region_uuid"`
	Type       DatastoreType  `json:"type"`
	Name       string         `json:"name"`
	URI        string         `json:"uri,omitzero"`  // the server's address
	Root       string         `json:"root,omitzero"` // the path there
	CreatedAt  Time           `json:"createdAt,omitzero"`
	Extra      jsontext.Value `json:",embed"` // fields that this version does not know
}

// DatastoreSpec says what datastore to create.
type DatastoreSpec struct {
	Name  string         `json:"name"`
	Type  DatastoreType  `json:"type"`
	URI   string         `json:"uri,omitzero"`  // the server's address
	Root  string         `json:"root,omitzero"` // the path there
	Extra jsontext.Value `json:",embed"`        // further fields, sent as they are
}

func (s *DatastoreSpec) filledIn(string) (any, error) {
	return s, need("datastore", needed{"name", s.Name}, needed{"type", string(s.Type)})
}

// List returns the datastores of a region.
//
// GET /provider/{provider id}/region/{region id}/datastore
func (a *DatastoresAPI) List(ctx context.Context, providerID, regionID string, opts ...RequestOption) ([]*Datastore, error) {
	return list[Datastore](ctx, a.client, "cloudbender.datastores.list", inRegion(providerID, regionID, "datastore"), opts)
}

// Get returns a datastore.
//
// GET /provider/{provider id}/region/{region id}/datastore/{id}
func (a *DatastoresAPI) Get(ctx context.Context, providerID, regionID, id string, opts ...RequestOption) (*Datastore, error) {
	return call[Datastore](ctx, a.client, "cloudbender.datastores.get", http.MethodGet, inRegion(providerID, regionID, "datastore", id), nil, opts)
}

// Create makes a datastore of a file server.
//
// POST /provider/{provider id}/region/{region id}/datastore
func (a *DatastoresAPI) Create(ctx context.Context, providerID, regionID string, spec *DatastoreSpec, opts ...RequestOption) (*Datastore, error) {
	return create[Datastore](ctx, a.client, "cloudbender.datastores.create", inRegion(providerID, regionID, "datastore"), spec, opts)
}

// Delete removes a datastore. The data stays on the server.
//
// DELETE /provider/{provider id}/region/{region id}/datastore/{id}
func (a *DatastoresAPI) Delete(ctx context.Context, providerID, regionID, id string, opts ...RequestOption) error {
	return run(ctx, a.client, "cloudbender.datastores.delete", http.MethodDelete, inRegion(providerID, regionID, "datastore", id), nil, opts)
}
