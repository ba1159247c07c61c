package proximl

import (
	"cmp"
	"context"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// NodesAPI works with the nodes of a region: machines that run jobs or store
// data.
type NodesAPI service

// NodeType is the kind of a node. The set is open.
type NodeType string

// The known types.
const (
	NodeTypePermanent NodeType = "permanent"
	NodeTypeEphemeral NodeType = "ephemeral" // of a cloud, there as long as it is needed
	NodeTypeDevice    NodeType = "device"    // see Devices
)

// NodeService is what a node is for. The set is open.
type NodeService string

// The known services of a node.
const (
	NodeServiceCompute NodeService = "compute"
	NodeServiceStorage NodeService = "storage"
)

// NodeStatus is the state of a node or device. The set is open: an unknown one
// passes through.
type NodeStatus string

// The known statuses. Of devices only new and active have been seen.
const (
	NodeStatusNew         NodeStatus = "new"
	NodeStatusActive      NodeStatus = "active"
	NodeStatusMaintenance NodeStatus = "maintenance"
	NodeStatusOffline     NodeStatus = "offline"
	NodeStatusStopped     NodeStatus = "stopped"
	NodeStatusErrored     NodeStatus = "errored"
	NodeStatusFailed      NodeStatus = "failed"
	NodeStatusArchived    NodeStatus = "archived" // what a 404 stands for
)

// Terminal reports whether the status cannot change any more.
func (s NodeStatus) Terminal() bool { return ended(s) }

// Node is a node of a region.
type Node struct {
	ID              string         `json:"rig_uuid"`
	ProviderID      string         `json:"provider_uuid"`
	RegionID        string         `json:"region_uuid"`
	Type            NodeType       `json:"type,omitzero"`
	Service         NodeService    `json:"service,omitzero"`
	FriendlyName    string         `json:"friendly_name"`
	Hostname        string         `json:"hostname,omitzero"`
	Status          NodeStatus     `json:"status,omitzero"`
	Online          bool           `json:"online"`
	MaintenanceMode bool           `json:"maintenance_mode"` // it takes no jobs; so does a new one
	CreatedAt       Time           `json:"createdAt,omitzero"`
	Extra           jsontext.Value `json:",embed"` // fields that this version does not know
}

// UnmarshalJSONFrom reads a node. Its name is friendly_name or, failing that,
// name.
func (n *Node) UnmarshalJSONFrom(decoder *jsontext.Decoder) error {
	type plain Node
	if err := json.UnmarshalDecode(decoder, (*plain)(n)); err != nil {
		return err
	}
	orField(&n.FriendlyName, "name", n.Extra)
	return nil
}

// NodeSpec says what node to create. An empty Type is permanent, an empty
// Service compute.
type NodeSpec struct {
	FriendlyName string         `json:"friendly_name"`
	Hostname     string         `json:"hostname"`
	MinionID     string         `json:"minion_id,omitzero"` // of the machine, as its own installation tells it
	Type         NodeType       `json:"type"`
	Service      NodeService    `json:"service"`
	Extra        jsontext.Value `json:",embed"` // further fields, sent as they are
}

func (s *NodeSpec) filledIn(string) (any, error) {
	filled := *s
	filled.Type = cmp.Or(s.Type, NodeTypePermanent)
	filled.Service = cmp.Or(s.Service, NodeServiceCompute)
	return &filled, need("node", needed{"friendly_name", s.FriendlyName}, needed{"hostname", s.Hostname})
}

// List returns the nodes of a region.
//
// GET /provider/{provider id}/region/{region id}/node
func (a *NodesAPI) List(ctx context.Context, providerID, regionID string, opts ...RequestOption) ([]*Node, error) {
	return list[Node](ctx, a.client, "cloudbender.nodes.list", inRegion(providerID, regionID, "node"), opts)
}

// Get returns a node.
//
// GET /provider/{provider id}/region/{region id}/node/{id}
func (a *NodesAPI) Get(ctx context.Context, providerID, regionID, id string, opts ...RequestOption) (*Node, error) {
	return call[Node](ctx, a.client, "cloudbender.nodes.get", http.MethodGet, inRegion(providerID, regionID, "node", id), nil, opts)
}

// Create makes a node of a machine. It is in maintenance at first. Call
// GPUTypes.Refresh when it is active, to use its GPUs in the active project.
//
// POST /provider/{provider id}/region/{region id}/node
func (a *NodesAPI) Create(ctx context.Context, providerID, regionID string, spec *NodeSpec, opts ...RequestOption) (*Node, error) {
	return create[Node](ctx, a.client, "cloudbender.nodes.create", inRegion(providerID, regionID, "node"), spec, opts)
}

// Delete removes a node.
//
// DELETE /provider/{provider id}/region/{region id}/node/{id}
func (a *NodesAPI) Delete(ctx context.Context, providerID, regionID, id string, opts ...RequestOption) error {
	return run(ctx, a.client, "cloudbender.nodes.delete", http.MethodDelete, inRegion(providerID, regionID, "node", id), nil, opts)
}

// ToggleMaintenance puts a node into maintenance, or ends that. It is not
// repeated when its outcome is unknown ([ErrOutcomeUnknown]), since a second
// time would undo the first: look at MaintenanceMode.
//
// PATCH /provider/{provider id}/region/{region id}/node/{id}/maintenance
func (a *NodesAPI) ToggleMaintenance(ctx context.Context, providerID, regionID, id string, opts ...RequestOption) error {
	return run(ctx, a.client, "cloudbender.nodes.toggle_maintenance", http.MethodPatch, inRegion(providerID, regionID, "node", id, "maintenance"), nil, with(once, opts))
}

// RunAction makes a node run one of the commands that it knows, such as report.
//
// POST /provider/{provider id}/region/{region id}/node/{id}/action
func (a *NodesAPI) RunAction(ctx context.Context, providerID, regionID, id, command string, opts ...RequestOption) error {
	return runAction(ctx, a.client, "cloudbender.nodes.run_action", inRegion(providerID, regionID, "node", id, "action"), command, opts)
}

// WaitFor waits until the node has a status, looking again and again. It ends
// with a *[StatusError] when that is out of reach: the node errored or failed.
// It returns the last node seen, nil when there was none. A node that cannot be
// found is archived. There is no timeout but that of ctx.
//
// GET /provider/{provider id}/region/{region id}/node/{id}
func (a *NodesAPI) WaitFor(ctx context.Context, providerID, regionID, id string, status NodeStatus, opts ...WaitOption) (*Node, error) {
	get := func(ctx context.Context, id string, opts ...RequestOption) (*Node, error) {
		return a.Get(ctx, providerID, regionID, id, opts...)
	}
	return waitForStatus(ctx, id, status, get, func(n *Node) NodeStatus { return n.Status }, opts)
}
