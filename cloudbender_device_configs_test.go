package proximl_test

import (
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/proximl/proximl-go"
)

func TestDeviceConfigs(t *testing.T) {
	t.Parallel()
	regional[proximl.DeviceConfig, proximl.DeviceConfigSpec]{
		path: "/device/config", entity: fixture(t, "device_config"),
		want: &proximl.DeviceConfig{
			ID: "device_config-id-1", ProviderID: "provider-id-1", RegionID: "region-id-1", Name: "IoT 1", ModelID: "model-id-1",
			ModelProjectID: "proj-id-1", Image: "nvidia/cuda", Command: "python run.py", CreatedAt: at("2020-12-31T23:59:59.000Z"),
		},
		api: func(c *proximl.ProxiML) regionalAPI[proximl.DeviceConfig, proximl.DeviceConfigSpec] {
			return c.CloudBender.DeviceConfigs
		},
		create: map[string]creation[proximl.DeviceConfigSpec]{
			"with a model of the active project": {
				spec: proximl.DeviceConfigSpec{Name: "n", ModelID: "m", Image: "i", Command: "c"},
				body: `{"name":"n","model_uuid":"m","model_project_uuid":"proj-active","image":"i","command":"c"}`,
			},
			"without an active project": {
				spec: proximl.DeviceConfigSpec{Name: "n", ModelID: "m", Image: "i", Command: "c"},
				opts: []proximl.Option{proximl.WithProject("")},
				body: `{"name":"n","model_uuid":"m","image":"i","command":"c"}`,
			},
			"with a model of another project": {
				spec: proximl.DeviceConfigSpec{Name: "n", ModelID: "m", ModelProjectID: "proj-2", Image: "i", Command: "c", Extra: jsontext.Value(`{"env":[]}`)},
				body: `{"name":"n","model_uuid":"m","model_project_uuid":"proj-2","image":"i","command":"c","env":[]}`,
			},
		},
		empty: "invalid device config: name: is missing; model_uuid: is missing; image: is missing; command: is missing",
	}.test(t)
}
