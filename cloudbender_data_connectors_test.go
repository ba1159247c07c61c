package proximl_test

import (
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/proximl/proximl-go"
)

func TestDataConnectors(t *testing.T) {
	t.Parallel()
	regional[proximl.DataConnector, proximl.DataConnectorSpec]{
		path: "/data_connector", entity: fixture(t, "data_connector"),
		want: &proximl.DataConnector{
			ID: "con-id-1", ProviderID: "prov-id-1", RegionID: "reg-id-1", Type: proximl.DataConnectorTypeCustom,
			Name: "On-Prem Connection A", Protocol: "TCP", PortRange: "8000-8099", CIDR: "10.0.3.0/24",
		},
		api: func(c *proximl.ProxiML) regionalAPI[proximl.DataConnector, proximl.DataConnectorSpec] {
			return c.CloudBender.DataConnectors
		},
		create: map[string]creation[proximl.DataConnectorSpec]{
			"by name and type": {
				spec: proximl.DataConnectorSpec{Name: "n", Type: proximl.DataConnectorTypeCustom},
				body: `{"name":"n","type":"custom"}`,
			},
			"with a range of ports": {
				spec: proximl.DataConnectorSpec{Name: "n", Type: "custom", Protocol: "TCP", PortRange: "8000-8099", CIDR: "10.0.3.0/24"},
				body: `{"name":"n","type":"custom","protocol":"TCP","port_range":"8000-8099","cidr":"10.0.3.0/24"}`,
			},
			"with one port": {
				spec: proximl.DataConnectorSpec{Name: "n", Type: "custom", Protocol: "tcp", Port: "443", CIDR: "192.168.0.50/32", Extra: jsontext.Value(`{"a":1}`)},
				body: `{"name":"n","type":"custom","protocol":"tcp","port":"443","cidr":"192.168.0.50/32","a":1}`,
			},
		},
		empty: "invalid data connector: name: is missing; type: is missing",
	}.test(t)
}
