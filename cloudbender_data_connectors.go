package proximl

import (
	"context"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"
)

// DataConnectorsAPI works with the data connectors of a region: addresses in its
// network that jobs there may connect to. See ProjectDataConnectorsAPI for those
// that a project can use.
type DataConnectorsAPI service

// DataConnectorType is the kind of a data connector. The set is open.
type DataConnectorType string

// DataConnectorTypeCustom is the one known type.
const DataConnectorTypeCustom DataConnectorType = "custom"

// DataConnector is a data connector of a region.
type DataConnector struct {
	ID         string            `json:"connector_id"`
	ProviderID string            `json:"provider_uuid"`
	RegionID   string            `json:"region_uuid"`
	Type       DataConnectorType `json:"type"`
	Name       string            `json:"name"`
	Protocol   string            `json:"protocol,omitzero"`   // such as TCP
	PortRange  string            `json:"port_range,omitzero"` // such as 8000-8099
	Port       string            `json:"port,omitzero"`       // in place of PortRange in one test of the Python client
	CIDR       string            `json:"cidr,omitzero"`       // such as 10.0.3.0/24
	CreatedAt  Time              `json:"createdAt,omitzero"`
	Extra      jsontext.Value    `json:",embed"` // fields that this version does not know
}

// DataConnectorSpec says what data connector to create.
//
// Uncertain: a test of the Python client sends Port where others send PortRange.
// Set what the service takes.
type DataConnectorSpec struct {
	Name      string            `json:"name"`
	Type      DataConnectorType `json:"type"`
	Protocol  string            `json:"protocol,omitzero"`   // such as TCP
	PortRange string            `json:"port_range,omitzero"` // such as 8000-8099
	Port      string            `json:"port,omitzero"`       // such as 443
	CIDR      string            `json:"cidr,omitzero"`       // such as 10.0.3.0/24
	Extra     jsontext.Value    `json:",embed"`              // further fields, sent as they are
}

func (s *DataConnectorSpec) filledIn(string) (any, error) {
	return s, need("data connector", needed{"name", s.Name}, needed{"type", string(s.Type)})
}

// List returns the data connectors of a region.
//
// GET /provider/{provider id}/region/{region id}/data_connector
func (a *DataConnectorsAPI) List(ctx context.Context, providerID, regionID string, opts ...RequestOption) ([]*DataConnector, error) {
	return list[DataConnector](ctx, a.client, "cloudbender.data_connectors.list", inRegion(providerID, regionID, "data_connector"), opts)
}

// Get returns a data connector.
//
// GET /provider/{provider id}/region/{region id}/data_connector/{id}
func (a *DataConnectorsAPI) Get(ctx context.Context, providerID, regionID, id string, opts ...RequestOption) (*DataConnector, error) {
	return call[DataConnector](ctx, a.client, "cloudbender.data_connectors.get", http.MethodGet, inRegion(providerID, regionID, "data_connector", id), nil, opts)
}

// Create makes a data connector.
//
// POST /provider/{provider id}/region/{region id}/data_connector
func (a *DataConnectorsAPI) Create(ctx context.Context, providerID, regionID string, spec *DataConnectorSpec, opts ...RequestOption) (*DataConnector, error) {
	return create[DataConnector](ctx, a.client, "cloudbender.data_connectors.create", inRegion(providerID, regionID, "data_connector"), spec, opts)
}

// Delete removes a data connector.
//
// DELETE /provider/{provider id}/region/{region id}/data_connector/{id}
func (a *DataConnectorsAPI) Delete(ctx context.Context, providerID, regionID, id string, opts ...RequestOption) error {
	return run(ctx, a.client, "cloudbender.data_connectors.delete", http.MethodDelete, inRegion(providerID, regionID, "data_connector", id), nil, opts)
}
