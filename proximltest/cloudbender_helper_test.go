package proximltest_test

import (
	"path"
	"strings"

	"github.com/proximl/proximl-go/proximltest"
)

// idKeys are the names of the ids in CloudBender, by the last segment of the path that lists the kind.
var idKeys = map[string]string{
	"provider": "provider_uuid", "region": "region_uuid", "node": "rig_uuid", "device": "device_id", "config": "config_id",
	"datastore": "store_id", "data_connector": "connector_id", "service": "service_id",
}

// asset creates something of CloudBender and returns its path.
func (w *world) asset(as *proximltest.Account, list string, body object) string {
	w.Helper()
	return list + "/" + w.send(as, "POST", list, body).object()[idKeys[path.Base(list)]].(string)
}

// region makes a provider of physical hardware with one region and returns the region's path.
func (w *world) region(as *proximltest.Account) string {
	w.Helper()
	return w.asset(as, w.asset(as, "/provider", object{"type": "physical"})+"/region", object{"name": "Lab"})
}

// ids returns the ids of the provider and the region in a path.
func ids(in string) object {
	segments := strings.Split(in, "/")
	return object{"provider_uuid": segments[2], "region_uuid": segments[4]}
}

// The bodies of what can be in a region, valid ones.
var (
	nodeBody      = object{"friendly_name": "hq-a100-01", "hostname": "hq-a100-01.local", "minion_id": "minion-1", "type": "permanent", "service": "compute"}
	deviceBody    = object{"friendly_name": "hq-orin-01", "hostname": "hq-orin-01.local", "minion_id": "minion-2", "type": "device", "service": "compute"}
	datastoreBody = object{"name": "On-prem NFS", "type": "nfs", "uri": "192.168.0.50", "root": "/exports"}
	connectorBody = object{"name": "On-Prem Connection A", "type": "custom", "protocol": "TCP", "port_range": "8000-8099", "cidr": "10.0.3.0/24"}
	serviceBody   = object{"name": "On-Prem Service", "type": "https", "public": false, "port": "8989"}
)

// deviceConfig creates a model and a device config that uses it, and returns the config's path.
func (w *world) deviceConfig(as *proximltest.Account, region string) string {
	w.Helper()
	return w.asset(as, region+"/device/config", w.deviceConfigBody(as))
}

func (w *world) deviceConfigBody(as *proximltest.Account) object {
	w.Helper()
	return object{"name": "IoT 1", "model_uuid": path.Base(w.entity(as, "model", dataset)), "image": "nvidia/cuda", "command": "python run.py"}
}

// recordedAssets makes what the recording has of CloudBender, known to a project. It returns the recording's ids by those here.
func (w *world) recordedAssets(as *proximltest.Account, project string) map[string]string {
	w.Helper()
	region := w.region(as)
	device, first, second := w.asset(as, region+"/device", deviceBody), w.deviceConfig(as, region), w.deviceConfig(as, region)
	service := w.asset(as, region+"/service", serviceBody)
	w.send(as, "PATCH", device, object{"device_config_id": path.Base(first)}).object()
	w.send(as, "POST", service+"/certificate", nil).object()
	recorded := map[string]string{}
	for id, made := range map[string]string{
		"prov-1": path.Dir(path.Dir(region)), "reg-1": region, "rig-1": w.asset(as, region+"/node", nodeBody),
		"dev-1": device, "conf-1": first, "conf-2": second, "res-1": service,
		"store-1": w.asset(as, region+"/datastore", datastoreBody), "con-1": w.asset(as, region+"/data_connector", connectorBody),
	} {
		recorded[path.Base(made)] = id
	}
	for _, list := range []string{"datastores", "data_connectors", "services"} {
		w.send(as, "PATCH", "/project/"+project+"/"+list, nil).list()
	}
	return recorded
}
