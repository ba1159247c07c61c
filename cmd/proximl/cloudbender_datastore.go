package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/cmd/proximl/internal/output"
)

func newRegionDatastoreKind() regionalKind[proximl.Datastore] {
	return newRegionalKind(kind[proximl.Datastore]{
		noun: "datastore",
		id:   func(d *proximl.Datastore) string { return d.ID },
		name: func(d *proximl.Datastore) string { return d.Name },
		columns: []output.Column[proximl.Datastore]{
			{Title: "ID", Width: 37, Whole: true, Value: func(d *proximl.Datastore) string { return d.ID }},
			{Title: "NAME", Width: 29, Value: func(d *proximl.Datastore) string { return d.Name }},
			{Title: "TYPE", Width: 9, Value: func(d *proximl.Datastore) string { return string(d.Type) }},
			{Title: "URI", Width: 12, Value: func(d *proximl.Datastore) string { return d.URI }},
			{Title: "ROOT", Width: 12, Value: func(d *proximl.Datastore) string { return d.Root }},
		},
	}, func(api *proximl.CloudBenderAPI) regionalAPI[proximl.Datastore] { return api.Datastores })
}

func regionDatastoreCommand(a *app) *cobra.Command {
	k := newRegionDatastoreKind()
	return k.command(a, "Work with datastores: file servers whose data jobs in a region can use", regionDatastoreCreateCommand(a, k))
}

func regionDatastoreCreateCommand(a *app, k regionalKind[proximl.Datastore]) *cobra.Command {
	var spec proximl.DatastoreSpec
	cmd := k.createCommand(a, &cobra.Command{
		Short:   "Create a datastore",
		Long:    "Create a datastore of a file server, and print it.",
		Example: "  " + k.path() + " create files --type nfs --uri 192.168.0.50 --root /exports" + inBasement,
	}, func(ctx context.Context, client *proximl.ProxiML, name string) (*proximl.Datastore, error) {
		spec.Name = name
		return client.CloudBender.Datastores.Create(ctx, k.providerID, k.regionID, &spec)
	})
	wordFlag(cmd.Flags(), (*string)(&spec.Type), "type", "t", "", "protocol: `nfs|smb`")
	cmd.Flags().StringVarP(&spec.URI, "uri", "u", "", "`ADDRESS` of the server")
	cmd.Flags().StringVar(&spec.Root, "root", "", "`PATH` on the server")
	return needsFlags(cmd, "type", "uri", "root")
}
