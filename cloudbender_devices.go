package proximl

import (
	"context"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// DevicesAPI works with the devices of a region: machines at the edge, each of
// which runs the endpoint that its device config describes.
type DevicesAPI service

// Device is a device of a region.
type Device struct {
	ID              string      `json:"device_id"`
	ProviderID      string      `json:"provider_uuid"`
	RegionID        string      `json:"region_uuid"`
	Type            NodeType    `json:"type,omitzero"`
	Service         NodeService `json:"service,omitzero"`
	FriendlyName    string      `json:"friendly_name"`
	Hostname        string      `json:"hostname,omitzero"`
	Status          NodeStatus  `json:"status,omitzero"`
	Online          bool        `json:"online"`
	MaintenanceMode bool        `json:"maintenance_mode"`
	ConfigID        string      `json:"device_config_id,omitzero"` // what Deploy deploys
	// Of the endpoint that is deployed.
	JobStatus         JobStatus      `json:"job_status,omitzero"` // running, stopped
	JobLastDeployed   Time           `json:"job_last_deployed,omitzero"`
	JobConfigID       string         `json:"job_config_id,omitzero"`
	JobConfigRevision string         `json:"job_config_revision,omitzero"`
	CreatedAt         Time           `json:"createdAt,omitzero"`
	Extra             jsontext.Value `json:",embed"` // fields that this version does not know
}

// UnmarshalJSONFrom reads a device. Its name is friendly_name or, failing that,
// name.
func (d *Device) UnmarshalJSONFrom(decoder *jsontext.Decoder) error {
	type plain Device
	if err := json.UnmarshalDecode(decoder, (*plain)(d)); err != nil {
		return err
	}
	orField(&d.FriendlyName, "name", d.Extra)
	return nil
}

// DeviceSpec says what device to create.
type DeviceSpec struct {
	FriendlyName string         `json:"friendly_name"`
	Hostname     string         `json:"hostname"`
	MinionID     string         `json:"minion_id"` // of the machine, as its own installation tells it
	Extra        jsontext.Value `json:",embed"`    // further fields, sent as they are
}

// filledIn makes a node of the spec: to the service, a device is one of a certain type.
func (s *DeviceSpec) filledIn(string) (any, error) {
	node := &NodeSpec{FriendlyName: s.FriendlyName, Hostname: s.Hostname, MinionID: s.MinionID, Type: NodeTypeDevice, Service: NodeServiceCompute, Extra: s.Extra}
	return node, need("device", needed{"friendly_name", s.FriendlyName}, needed{"hostname", s.Hostname}, needed{"minion_id", s.MinionID})
}

// List returns the devices of a region.
//
// GET /provider/{provider id}/region/{region id}/device
func (a *DevicesAPI) List(ctx context.Context, providerID, regionID string, opts ...RequestOption) ([]*Device, error) {
	return list[Device](ctx, a.client, "cloudbender.devices.list", inRegion(providerID, regionID, "device"), opts)
}

// Get returns a device.
//
// GET /provider/{provider id}/region/{region id}/device/{id}
func (a *DevicesAPI) Get(ctx context.Context, providerID, regionID, id string, opts ...RequestOption) (*Device, error) {
	return call[Device](ctx, a.client, "cloudbender.devices.get", http.MethodGet, inRegion(providerID, regionID, "device", id), nil, opts)
}

// Create makes a device of a machine. It is in maintenance at first.
//
// POST /provider/{provider id}/region/{region id}/device
func (a *DevicesAPI) Create(ctx context.Context, providerID, regionID string, spec *DeviceSpec, opts ...RequestOption) (*Device, error) {
	return create[Device](ctx, a.client, "cloudbender.devices.create", inRegion(providerID, regionID, "device"), spec, opts)
}

// Delete removes a device.
//
// DELETE /provider/{provider id}/region/{region id}/device/{id}
func (a *DevicesAPI) Delete(ctx context.Context, providerID, regionID, id string, opts ...RequestOption) error {
	return run(ctx, a.client, "cloudbender.devices.delete", http.MethodDelete, inRegion(providerID, regionID, "device", id), nil, opts)
}

type deviceConfigRequest struct {
	ConfigID *string `json:"device_config_id"` // null = none
}

// SetConfig says what endpoint the device is to run; an empty configID says
// none. Deploy makes it so.
//
// PATCH /provider/{provider id}/region/{region id}/device/{id}
func (a *DevicesAPI) SetConfig(ctx context.Context, providerID, regionID, id, configID string, opts ...RequestOption) (*Device, error) {
	var config deviceConfigRequest
	if configID != "" {
		config.ConfigID = &configID
	}
	known := &Device{ID: id, ProviderID: providerID, RegionID: regionID, ConfigID: configID}
	return change(ctx, a.client, "cloudbender.devices.set_config", http.MethodPatch, inRegion(providerID, regionID, "device", id), config, known, opts)
}

// Deploy makes the device run the endpoint of its config.
//
// PUT /provider/{provider id}/region/{region id}/device/{id}/deploy
func (a *DevicesAPI) Deploy(ctx context.Context, providerID, regionID, id string, opts ...RequestOption) error {
	return run(ctx, a.client, "cloudbender.devices.deploy", http.MethodPut, inRegion(providerID, regionID, "device", id, "deploy"), nil, opts)
}

// Stop stops the endpoint that the device runs.
//
// PUT /provider/{provider id}/region/{region id}/device/{id}/stop
func (a *DevicesAPI) Stop(ctx context.Context, providerID, regionID, id string, opts ...RequestOption) error {
	return run(ctx, a.client, "cloudbender.devices.stop", http.MethodPut, inRegion(providerID, regionID, "device", id, "stop"), nil, opts)
}

// ToggleMaintenance puts a device into maintenance, or ends that. It is not
// repeated when its outcome is unknown ([ErrOutcomeUnknown]), since a second
// time would undo the first: look at MaintenanceMode.
//
// PATCH /provider/{provider id}/region/{region id}/device/{id}/maintenance
func (a *DevicesAPI) ToggleMaintenance(ctx context.Context, providerID, regionID, id string, opts ...RequestOption) error {
	return run(ctx, a.client, "cloudbender.devices.toggle_maintenance", http.MethodPatch, inRegion(providerID, regionID, "device", id, "maintenance"), nil, with(once, opts))
}

// RunAction makes a device run one of the commands that it knows, such as
// report.
//
// POST /provider/{provider id}/region/{region id}/device/{id}/action
func (a *DevicesAPI) RunAction(ctx context.Context, providerID, regionID, id, command string, opts ...RequestOption) error {
	return runAction(ctx, a.client, "cloudbender.devices.run_action", inRegion(providerID, regionID, "device", id, "action"), command, opts)
}
