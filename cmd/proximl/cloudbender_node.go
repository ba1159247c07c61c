package main

import (
	"cmp"
	"context"

	"github.com/spf13/cobra"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/cmd/proximl/internal/output"
)

func newNodeKind() regionalKind[proximl.Node] {
	return newRegionalKind(kind[proximl.Node]{
		noun: "node",
		id:   func(n *proximl.Node) string { return n.ID },
		name: func(n *proximl.Node) string { return n.FriendlyName },
		columns: []output.Column[proximl.Node]{
			{Title: "ID", Width: 37, Whole: true, Value: func(n *proximl.Node) string { return n.ID }},
			{Title: "NAME", Width: 29, Value: func(n *proximl.Node) string { return n.FriendlyName }},
			{Title: "SERVICE", Width: 9, Value: func(n *proximl.Node) string { return string(n.Service) }},
			{Title: "STATUS", Width: 11, Value: func(n *proximl.Node) string { return string(n.Status) }},
			{Title: "ONLINE", Width: 7, Value: func(n *proximl.Node) string { return mark(n.Online) }},
			{Title: "MAINTENANCE", Width: 12, Value: func(n *proximl.Node) string { return mark(n.MaintenanceMode) }},
		},
	}, func(api *proximl.CloudBenderAPI) regionalAPI[proximl.Node] { return api.Nodes })
}

func nodeCommand(a *app) *cobra.Command {
	k := newNodeKind()
	api := func(api *proximl.CloudBenderAPI) machineAPI { return api.Nodes }
	return k.command(a, "Work with nodes: machines that run jobs or store data",
		nodeCreateCommand(a, k),
		maintenanceCommand(a, k, api, func(n *proximl.Node) bool { return n.MaintenanceMode }),
		actionCommand(a, k, api),
		waitCommand(a, k.kind, statuses[proximl.Node, proximl.NodeStatus]{
			all: []proximl.NodeStatus{
				proximl.NodeStatusActive, proximl.NodeStatusMaintenance, proximl.NodeStatusOffline, proximl.NodeStatusStopped, proximl.NodeStatusArchived,
			},
			of: func(n *proximl.Node) proximl.NodeStatus { return n.Status },
			wait: func(ctx context.Context, client *proximl.ProxiML, id string, wanted proximl.NodeStatus, opts ...proximl.WaitOption) (*proximl.Node, error) {
				if err := k.resolve(ctx, client); err != nil {
					return nil, err
				}
				return client.CloudBender.Nodes.WaitFor(ctx, k.providerID, k.regionID, id, wanted, opts...)
			},
		}, k.path(), "example"+inBasement),
	)
}

func nodeCreateCommand(a *app, k regionalKind[proximl.Node]) *cobra.Command {
	var spec proximl.NodeSpec
	cmd := k.createCommand(a, &cobra.Command{
		Short: "Create a node",
		Long: `Create a node of a machine, and print it. It is in maintenance at first.

When it is active, "proximl project refresh-gpu-types" lets a project use its GPUs.`,
		Example: "  " + k.path() + " create hq-a100-01 --minion-id 3f1c" + inBasement,
	}, func(ctx context.Context, client *proximl.ProxiML, name string) (*proximl.Node, error) {
		spec.FriendlyName, spec.Hostname = name, cmp.Or(spec.Hostname, name)
		return client.CloudBender.Nodes.Create(ctx, k.providerID, k.regionID, &spec)
	})
	flags := cmd.Flags()
	flags.StringVarP(&spec.MinionID, "minion-id", "m", "", "`ID` of the machine, as its installation tells it")
	wordFlag(flags, (*string)(&spec.Type), "type", "t", string(proximl.NodeTypePermanent), "`permanent|device`")
	wordFlag(flags, (*string)(&spec.Service), "service", "", string(proximl.NodeServiceCompute), "what it is for: `compute|storage`")
	shortOf(flags, "service", "-s")
	flags.StringVar(&spec.Hostname, "hostname", "", "host `NAME`, if it is not the name of the node")
	return cmd
}
