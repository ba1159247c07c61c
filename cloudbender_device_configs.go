package proximl

import (
	"context"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"
)

// DeviceConfigsAPI works with the device configs of a region: endpoints that its
// devices can run.
type DeviceConfigsAPI service

// DeviceConfig is an endpoint that devices can run.
type DeviceConfig struct {
	ID             string         `json:"config_id"`
	ProviderID     string         `json:"provider_uuid"`
	RegionID       string         `json:"region_uuid"`
	Name           string         `json:"name"`
	ModelID        string         `json:"model_uuid,omitzero"`
	ModelProjectID string         `json:"model_project_uuid,omitzero"`
	Image          string         `json:"image,omitzero"` // a Docker image
	Command        string         `json:"command,omitzero"`
	CreatedAt      Time           `json:"createdAt,omitzero"`
	Extra          jsontext.Value `json:",embed"` // fields that this version does not know
}

// DeviceConfigSpec says what device config to create. An empty ModelProjectID is
// the active project.
type DeviceConfigSpec struct {
	Name           string         `json:"name"`
	ModelID        string         `json:"model_uuid"`
	ModelProjectID string         `json:"model_project_uuid,omitzero"`
	Image          string         `json:"image"` // a Docker image
	Command        string         `json:"command"`
	Env            []EnvVar       `json:"env,omitzero"`
	Extra          jsontext.Value `json:",embed"` // further fields, sent as they are
}

func (s *DeviceConfigSpec) filledIn(project string) (any, error) {
	filled := *s
	if filled.ModelProjectID == "" {
		filled.ModelProjectID = project
	}
	return &filled, need("device config", needed{"name", s.Name}, needed{"model_uuid", s.ModelID}, needed{"image", s.Image}, needed{"command", s.Command})
}

// List returns the device configs of a region.
//
// GET /provider/{provider id}/region/{region id}/device/config
func (a *DeviceConfigsAPI) List(ctx context.Context, providerID, regionID string, opts ...RequestOption) ([]*DeviceConfig, error) {
	return list[DeviceConfig](ctx, a.client, "cloudbender.device_configs.list", inRegion(providerID, regionID, "device", "config"), opts)
}

// Get returns a device config.
//
// GET /provider/{provider id}/region/{region id}/device/config/{id}
func (a *DeviceConfigsAPI) Get(ctx context.Context, providerID, regionID, id string, opts ...RequestOption) (*DeviceConfig, error) {
	return call[DeviceConfig](ctx, a.client, "cloudbender.device_configs.get", http.MethodGet, inRegion(providerID, regionID, "device", "config", id), nil, opts)
}

// Create makes a device config. Devices.SetConfig gives it to a device.
//
// POST /provider/{provider id}/region/{region id}/device/config
func (a *DeviceConfigsAPI) Create(ctx context.Context, providerID, regionID string, spec *DeviceConfigSpec, opts ...RequestOption) (*DeviceConfig, error) {
	return create[DeviceConfig](ctx, a.client, "cloudbender.device_configs.create", inRegion(providerID, regionID, "device", "config"), spec, opts)
}

// Delete removes a device config.
//
// DELETE /provider/{provider id}/region/{region id}/device/config/{id}
func (a *DeviceConfigsAPI) Delete(ctx context.Context, providerID, regionID, id string, opts ...RequestOption) error {
	return run(ctx, a.client, "cloudbender.device_configs.delete", http.MethodDelete, inRegion(providerID, regionID, "device", "config", id), nil, opts)
}
