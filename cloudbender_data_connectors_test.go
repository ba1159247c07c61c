package proximl_test

import (
	"net/http"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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

// One fixture has a port in place of a range of them.
func TestDataConnectorsPort(t *testing.T) {
	t.Parallel()
	client, mock := newMock(t)
	mock.expect(exchange{method: http.MethodGet, path: region + "/data_connector/x", query: inActive, reply: fixture(t, "data_connector_port")})
	connector, err := client.CloudBender.DataConnectors.Get(t.Context(), "p-1", "r-1", "x")
	require.NoError(t, err)
	assert.Equal(t, &proximl.DataConnector{
		ID: "connector-id-1", ProviderID: "provider-id-1", RegionID: "region-id-1", Type: proximl.DataConnectorTypeCustom,
		Name: "On-Prem DataConnector", Protocol: "tcp", Port: "443", CIDR: "192.168.0.50/32", CreatedAt: at("2020-12-31T23:59:59.000Z"),
	}, connector)
}
