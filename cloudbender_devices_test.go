package proximl_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/proximl/proximl-go"
)

// device is what the fixture of that name says.
func device() *proximl.Device {
	return &proximl.Device{
		ID: "dev-id-1", ProviderID: "prov-id-1", RegionID: "reg-id-1", Type: proximl.NodeTypeDevice, Service: proximl.NodeServiceCompute,
		FriendlyName: "hq-orin-01", Hostname: "hq-orin-01", Status: proximl.NodeStatusActive, Online: true, ConfigID: "conf-id-1",
		JobStatus: proximl.JobStatusRunning, JobLastDeployed: at("2023-06-02T21:22:40.084Z"), JobConfigID: "job-id-1",
		JobConfigRevision: "1685740490096",
	}
}

func TestDevices(t *testing.T) {
	t.Parallel()
	entity := fixture(t, "device")
	regional[proximl.Device, proximl.DeviceSpec]{
		path: "/device", entity: entity, want: device(),
		api: func(c *proximl.ProxiML) regionalAPI[proximl.Device, proximl.DeviceSpec] { return c.CloudBender.Devices },
		create: map[string]creation[proximl.DeviceSpec]{
			"all of it": {
				spec: proximl.DeviceSpec{FriendlyName: "n", Hostname: "h", MinionID: "m", Extra: jsontext.Value(`{"a":0}`)},
				body: `{"friendly_name":"n","hostname":"h","minion_id":"m","type":"device","service":"compute","a":0}`,
			},
		},
		empty: "invalid device: friendly_name: is missing; hostname: is missing; minion_id: is missing",
	}.test(t)
	const one = region + "/device/id-1"
	setConfig := func(name, configID, body string) method {
		return method{
			name: name,
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return some(c.CloudBender.Devices.SetConfig(ctx, "p-1", "r-1", "id-1", configID))
			},
			exchange: exchange{method: http.MethodPatch, path: one, query: inActive, body: body, reply: entity},
			result:   device(),
			failure:  refused("PATCH", one),
		}
	}
	checkMethods(t, []method{
		setConfig("SetConfig", "conf-2", `{"device_config_id":"conf-2"}`),
		setConfig("SetConfig to none", "", `{"device_config_id":null}`),
		act("Deploy", http.MethodPut, one+"/deploy", "", func(ctx context.Context, c *proximl.ProxiML) error {
			return c.CloudBender.Devices.Deploy(ctx, "p-1", "r-1", "id-1")
		}),
		act("Stop", http.MethodPut, one+"/stop", "", func(ctx context.Context, c *proximl.ProxiML) error {
			return c.CloudBender.Devices.Stop(ctx, "p-1", "r-1", "id-1")
		}),
		act("ToggleMaintenance", http.MethodPatch, one+"/maintenance", "", func(ctx context.Context, c *proximl.ProxiML) error {
			return c.CloudBender.Devices.ToggleMaintenance(ctx, "p-1", "r-1", "id-1")
		}),
		act("RunAction", http.MethodPost, one+"/action", `{"command":"report"}`, func(ctx context.Context, c *proximl.ProxiML) error {
			return c.CloudBender.Devices.RunAction(ctx, "p-1", "r-1", "id-1", "report")
		}),
	})
}
