package proximl_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

// node is what the fixture of that name says.
func node() *proximl.Node {
	return &proximl.Node{
		ID: "rig-id-1", ProviderID: "prov-id-1", RegionID: "reg-id-1", Type: proximl.NodeTypePermanent, Service: proximl.NodeServiceCompute,
		FriendlyName: "hq-a100-01", Hostname: "hq-a100-01", Status: proximl.NodeStatusActive, Online: true,
	}
}

func TestNodes(t *testing.T) {
	t.Parallel()
	regional[proximl.Node, proximl.NodeSpec]{
		path: "/node", entity: fixture(t, "node"), want: node(),
		api: func(c *proximl.ProxiML) regionalAPI[proximl.Node, proximl.NodeSpec] { return c.CloudBender.Nodes },
		create: map[string]creation[proximl.NodeSpec]{
			"of a type by default": {
				spec: proximl.NodeSpec{FriendlyName: "n", Hostname: "h"},
				body: `{"friendly_name":"n","hostname":"h","type":"permanent","service":"compute"}`,
			},
			"all of it": {
				spec: proximl.NodeSpec{
					FriendlyName: "n", Hostname: "h", MinionID: "m", Type: proximl.NodeTypeEphemeral, Service: proximl.NodeServiceStorage,
					Extra: jsontext.Value(`{"a":0}`),
				},
				body: `{"friendly_name":"n","hostname":"h","minion_id":"m","type":"ephemeral","service":"storage","a":0}`,
			},
		},
		empty: "invalid node: friendly_name: is missing; hostname: is missing",
	}.test(t)
	const one = region + "/node/id-1"
	checkMethods(t, []method{
		act("ToggleMaintenance", http.MethodPatch, one+"/maintenance", "", func(ctx context.Context, c *proximl.ProxiML) error {
			return c.CloudBender.Nodes.ToggleMaintenance(ctx, "p-1", "r-1", "id-1")
		}),
		act("RunAction", http.MethodPost, one+"/action", `{"command":"report"}`, func(ctx context.Context, c *proximl.ProxiML) error {
			return c.CloudBender.Nodes.RunAction(ctx, "p-1", "r-1", "id-1", "report")
		}),
	})
}

// The reply to a create calls the name otherwise than other replies.
func TestNewNodesAndDevices(t *testing.T) {
	t.Parallel()
	client, mock := newMock(t)
	const reply = `{"rig_uuid":"rig-1","device_id":"dev-1","provider_uuid":"p-1","region_uuid":"r-1","name":"new","type":"ephemeral",
		"service":"storage","status":"new","online":false,"maintenance_mode":true,"createdAt":"2020-12-31T23:59:59.000Z"}`
	mock.expect(exchange{method: http.MethodGet, path: region + "/node/x", query: inActive, reply: reply})
	mock.expect(exchange{method: http.MethodGet, path: region + "/device/x", query: inActive, reply: reply})

	node, err := client.CloudBender.Nodes.Get(t.Context(), "p-1", "r-1", "x")
	require.NoError(t, err)
	assert.JSONEq(t, `{"device_id":"dev-1","name":"new"}`, string(node.Extra))
	node.Extra = nil
	assert.Equal(t, &proximl.Node{
		ID: "rig-1", ProviderID: "p-1", RegionID: "r-1", Type: proximl.NodeTypeEphemeral, Service: proximl.NodeServiceStorage,
		FriendlyName: "new", Status: proximl.NodeStatusNew, MaintenanceMode: true, CreatedAt: at("2020-12-31T23:59:59.000Z"),
	}, node)

	device, err := client.CloudBender.Devices.Get(t.Context(), "p-1", "r-1", "x")
	require.NoError(t, err)
	assert.JSONEq(t, `{"rig_uuid":"rig-1","name":"new"}`, string(device.Extra))
	device.Extra = nil
	assert.Equal(t, &proximl.Device{
		ID: "dev-1", ProviderID: "p-1", RegionID: "r-1", Type: proximl.NodeTypeEphemeral, Service: proximl.NodeServiceStorage,
		FriendlyName: "new", Status: proximl.NodeStatusNew, MaintenanceMode: true, CreatedAt: at("2020-12-31T23:59:59.000Z"),
	}, device)
}

func TestNodesName(t *testing.T) {
	t.Parallel()
	for reply, want := range map[string]string{
		`{"rig_uuid":"x","name":"other","friendly_name":"friendly"}`: "friendly",
		`{"rig_uuid":"x","name":5}`:                                  "",
		`{"rig_uuid":"x"}`:                                           "",
	} {
		client, mock := newMock(t)
		mock.expect(exchange{method: http.MethodGet, path: region + "/node/x", query: inActive, reply: reply})
		node, err := client.CloudBender.Nodes.Get(t.Context(), "p-1", "r-1", "x")
		require.NoError(t, err)
		assert.Equal(t, want, node.FriendlyName, reply)
	}
}

func TestNodesAndDevicesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	client, mock := newMock(t)
	for _, path := range []string{region + "/node/x", region + "/device/x"} {
		mock.expect(exchange{method: http.MethodGet, path: path, query: inActive, reply: `{"friendly_name":5}`})
	}
	_, err := client.CloudBender.Nodes.Get(t.Context(), "p-1", "r-1", "x")
	require.ErrorContains(t, err, "GET "+region+"/node/x: 200 OK: the reply cannot be read")
	_, err = client.CloudBender.Devices.Get(t.Context(), "p-1", "r-1", "x")
	require.ErrorContains(t, err, "GET "+region+"/device/x: 200 OK: the reply cannot be read")
}

// The mock fails the test when anything is sent.
func TestRunActionSendsNothing(t *testing.T) {
	t.Parallel()
	client, _ := newMock(t)
	for _, err := range []error{
		client.CloudBender.Nodes.RunAction(t.Context(), "p-1", "r-1", "id-1", ""),
		client.CloudBender.Devices.RunAction(t.Context(), "p-1", "r-1", "id-1", ""),
	} {
		require.EqualError(t, err, "invalid action: command: is missing")
		require.ErrorIs(t, err, proximl.ErrInvalid)
	}
}
