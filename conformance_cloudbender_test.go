package proximl_test

import (
	"context"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/proximl/proximl-go"
)

// bend makes a replay of a call of CloudBender.
func bend(call func(context.Context, *proximl.CloudBenderAPI) error) replayCall {
	return func(ctx context.Context, c *proximl.ProxiML) error { return call(ctx, c.CloudBender) }
}

var onlineOnly = query("online", "true", "maintenance_mode", "false")

// cloudBenderReplays are the Go calls of CloudBender, by the names of the cases.
var cloudBenderReplays = map[string]replayCall{
	"cloudbender.data_connector.refresh": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return failed(c.DataConnectors.Get(ctx, "prov-1", "reg-1", "con-1"))
	}),
	"cloudbender.data_connector.remove": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return c.DataConnectors.Delete(ctx, "prov-1", "reg-1", "con-1")
	}),
	"cloudbender.data_connectors.create": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return failed(c.DataConnectors.Create(ctx, "prov-1", "reg-1", &proximl.DataConnectorSpec{Name: "con", Type: "custom"}))
	}),
	"cloudbender.data_connectors.create/kwargs": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return failed(c.DataConnectors.Create(ctx, "prov-1", "reg-1", &proximl.DataConnectorSpec{
			Name: "con", Type: "custom", Protocol: "TCP", PortRange: "8000-8099", CIDR: "10.0.3.0/24",
		}))
	}),
	"cloudbender.data_connectors.get": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return failed(c.DataConnectors.Get(ctx, "prov-1", "reg-1", "con-1"))
	}),
	"cloudbender.data_connectors.list": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return failed(c.DataConnectors.List(ctx, "prov-1", "reg-1"))
	}),
	"cloudbender.data_connectors.list/bool-query": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return failed(c.DataConnectors.List(ctx, "prov-1", "reg-1", onlineOnly))
	}),
	"cloudbender.datastore.refresh": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return failed(c.Datastores.Get(ctx, "prov-1", "reg-1", "store-1"))
	}),
	"cloudbender.datastore.remove": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return c.Datastores.Delete(ctx, "prov-1", "reg-1", "store-1")
	}),
	"cloudbender.datastores.create": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return failed(c.Datastores.Create(ctx, "prov-1", "reg-1", &proximl.DatastoreSpec{Name: "nfs1", Type: "nfs"}))
	}),
	"cloudbender.datastores.get": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return failed(c.Datastores.Get(ctx, "prov-1", "reg-1", "store-1"))
	}),
	"cloudbender.datastores.get/project_uuid": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return failed(c.Datastores.Get(ctx, "prov-1", "reg-1", "store-1", explicit))
	}),
	"cloudbender.datastores.list": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return failed(c.Datastores.List(ctx, "prov-1", "reg-1"))
	}),
	"cloudbender.datastores.list/bool-query": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return failed(c.Datastores.List(ctx, "prov-1", "reg-1", onlineOnly))
	}),
	"cloudbender.datastores.remove": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return c.Datastores.Delete(ctx, "prov-1", "reg-1", "store-1")
	}),
	"cloudbender.datastores.remove/query": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return c.Datastores.Delete(ctx, "prov-1", "reg-1", "store-1", proximl.WithForce())
	}),
	"cloudbender.device.refresh": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return failed(c.Devices.Get(ctx, "prov-1", "reg-1", "dev-1"))
	}),
	"cloudbender.device.set_config": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return failed(c.Devices.SetConfig(ctx, "prov-1", "reg-1", "dev-1", "conf-2"))
	}),
	"cloudbender.device.stop_endpoint": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return c.Devices.Stop(ctx, "prov-1", "reg-1", "dev-1")
	}),
	"cloudbender.device.toggle_maintenance": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return c.Devices.ToggleMaintenance(ctx, "prov-1", "reg-1", "dev-1")
	}),
	"cloudbender.device_config.refresh": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return failed(c.DeviceConfigs.Get(ctx, "prov-1", "reg-1", "conf-1"))
	}),
	"cloudbender.device_configs.create/kwargs": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return failed(c.DeviceConfigs.Create(ctx, "prov-1", "reg-1", &proximl.DeviceConfigSpec{
			Name: "IoT 1", ModelID: "model-1", ModelProjectID: "proj-explicit", Image: "img:tag", Command: "run.sh",
			Env: []proximl.EnvVar{{Key: "K", Value: "V"}},
		}))
	}),
	"cloudbender.device_configs.get": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return failed(c.DeviceConfigs.Get(ctx, "prov-1", "reg-1", "conf-1"))
	}),
	"cloudbender.device_configs.get/project_uuid": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return failed(c.DeviceConfigs.Get(ctx, "prov-1", "reg-1", "conf-1", explicit))
	}),
	"cloudbender.device_configs.list": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return failed(c.DeviceConfigs.List(ctx, "prov-1", "reg-1"))
	}),
	"cloudbender.device_configs.remove": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return c.DeviceConfigs.Delete(ctx, "prov-1", "reg-1", "conf-1")
	}),
	"cloudbender.devices.create": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return failed(c.Devices.Create(ctx, "prov-1", "reg-1", &proximl.DeviceSpec{FriendlyName: "hq-orin-01", Hostname: "hq-orin-01.local", MinionID: "minion-1"}))
	}),
	"cloudbender.devices.get": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return failed(c.Devices.Get(ctx, "prov-1", "reg-1", "dev-1"))
	}),
	"cloudbender.devices.get/project_uuid": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return failed(c.Devices.Get(ctx, "prov-1", "reg-1", "dev-1", explicit))
	}),
	"cloudbender.devices.list": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return failed(c.Devices.List(ctx, "prov-1", "reg-1"))
	}),
	"cloudbender.devices.list/bool-query": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return failed(c.Devices.List(ctx, "prov-1", "reg-1", onlineOnly))
	}),
	"cloudbender.devices.remove": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return c.Devices.Delete(ctx, "prov-1", "reg-1", "dev-1")
	}),
	"cloudbender.node.toggle_maintenance": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return c.Nodes.ToggleMaintenance(ctx, "prov-1", "reg-1", "rig-1")
	}),
	"cloudbender.nodes.create": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return failed(c.Nodes.Create(ctx, "prov-1", "reg-1", &proximl.NodeSpec{FriendlyName: "hq-a100-01", Hostname: "hq-a100-01.local", MinionID: "minion-1"}))
	}),
	"cloudbender.nodes.create/kwargs": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return failed(c.Nodes.Create(ctx, "prov-1", "reg-1", &proximl.NodeSpec{
			FriendlyName: "n", Hostname: "h", Type: "ephemeral", Service: "storage", Extra: jsontext.Value(`{"extra":{"a":1}}`),
		}))
	}),
	"cloudbender.nodes.get/project_uuid": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return failed(c.Nodes.Get(ctx, "prov-1", "reg-1", "rig-1", explicit))
	}),
	"cloudbender.nodes.list": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return failed(c.Nodes.List(ctx, "prov-1", "reg-1"))
	}),
	"cloudbender.nodes.list/bool-query": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return failed(c.Nodes.List(ctx, "prov-1", "reg-1", onlineOnly))
	}),
	"cloudbender.nodes.remove": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return c.Nodes.Delete(ctx, "prov-1", "reg-1", "rig-1")
	}),
	"cloudbender.nodes.remove/query": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return c.Nodes.Delete(ctx, "prov-1", "reg-1", "rig-1", proximl.WithForce())
	}),
	"cloudbender.provider.remove": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return c.Providers.Delete(ctx, "prov-1")
	}),
	"cloudbender.providers.enable/kwargs": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return failed(c.Providers.Enable(ctx, &proximl.ProviderSpec{
			Type: "gcp", Credentials: &proximl.ProviderCredentials{Project: "p", ID: "i"}, PaymentMode: "stripe",
		}))
	}),
	"cloudbender.providers.list": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return failed(c.Providers.List(ctx))
	}),
	"cloudbender.providers.remove": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return c.Providers.Delete(ctx, "prov-1")
	}),
	"cloudbender.region.add_checkpoint": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return c.Regions.AddCheckpoint(ctx, "prov-1", "reg-1", "proj-explicit", "ckpt-1")
	}),
	"cloudbender.region.add_dataset": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return c.Regions.AddDataset(ctx, "prov-1", "reg-1", "proj-explicit", "ds-1")
	}),
	"cloudbender.region.add_model": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return c.Regions.AddModel(ctx, "prov-1", "reg-1", "proj-explicit", "model-1")
	}),
	"cloudbender.region.refresh": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return failed(c.Regions.Get(ctx, "prov-1", "reg-1"))
	}),
	"cloudbender.region.remove": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return c.Regions.Delete(ctx, "prov-1", "reg-1")
	}),
	"cloudbender.regions.get": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return failed(c.Regions.Get(ctx, "prov-1", "reg-1"))
	}),
	"cloudbender.regions.get/project_uuid": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return failed(c.Regions.Get(ctx, "prov-1", "reg-1", explicit))
	}),
	"cloudbender.regions.list": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return failed(c.Regions.List(ctx, "prov-1"))
	}),
	"cloudbender.regions.list/query": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return failed(c.Regions.List(ctx, "prov-1", query("project_uuid", "proj-explicit", "public", "false")))
	}),
	"cloudbender.regions.remove": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return c.Regions.Delete(ctx, "prov-1", "reg-1")
	}),
	"cloudbender.regions.remove/query": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return c.Regions.Delete(ctx, "prov-1", "reg-1", proximl.WithForce())
	}),
	"cloudbender.service.generate_certificate/algorithm": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return failed(c.Services.GenerateCertificate(ctx, "prov-1", "reg-1", "res-1", proximl.CertificateAlgorithmRSA4096, explicit))
	}),
	"cloudbender.service.generate_certificate/enum": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return failed(c.Services.GenerateCertificate(ctx, "prov-1", "reg-1", "res-1", proximl.CertificateAlgorithmP384))
	}),
	"cloudbender.service.refresh": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return failed(c.Services.Get(ctx, "prov-1", "reg-1", "res-1"))
	}),
	"cloudbender.service.remove": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return c.Services.Delete(ctx, "prov-1", "reg-1", "res-1")
	}),
	"cloudbender.service.sign_client_certificate/project_uuid": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return failed(c.Services.SignCertificate(ctx, "prov-1", "reg-1", "res-1", "CSR", explicit))
	}),
	"cloudbender.services.create": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return failed(c.Services.Create(ctx, "prov-1", "reg-1", &proximl.ServiceSpec{Name: "svc", Type: "tcp"}))
	}),
	"cloudbender.services.create/kwargs": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return failed(c.Services.Create(ctx, "prov-1", "reg-1", &proximl.ServiceSpec{Name: "svc", Type: "tcp", Public: true, Port: "8989"}))
	}),
	"cloudbender.services.get": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return failed(c.Services.Get(ctx, "prov-1", "reg-1", "res-1"))
	}),
	"cloudbender.services.get/project_uuid": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return failed(c.Services.Get(ctx, "prov-1", "reg-1", "res-1", explicit))
	}),
	"cloudbender.services.list": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return failed(c.Services.List(ctx, "prov-1", "reg-1"))
	}),
	"cloudbender.services.list/bool-query": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return failed(c.Services.List(ctx, "prov-1", "reg-1", onlineOnly))
	}),
	"cloudbender.services.remove": bend(func(ctx context.Context, c *proximl.CloudBenderAPI) error {
		return c.Services.Delete(ctx, "prov-1", "reg-1", "res-1")
	}),
}
