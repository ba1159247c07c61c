package main

import (
	"cmp"
	"context"

	"github.com/spf13/cobra"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/cmd/proximl/internal/output"
)

func newRegionDataConnectorKind() regionalKind[proximl.DataConnector] {
	return newRegionalKind(kind[proximl.DataConnector]{
		noun: "data connector",
		id:   func(d *proximl.DataConnector) string { return d.ID },
		name: func(d *proximl.DataConnector) string { return d.Name },
		columns: []output.Column[proximl.DataConnector]{
			{Title: "ID", Width: 37, Whole: true, Value: func(d *proximl.DataConnector) string { return d.ID }},
			{Title: "NAME", Width: 29, Value: func(d *proximl.DataConnector) string { return d.Name }},
			{Title: "TYPE", Width: 9, Value: func(d *proximl.DataConnector) string { return string(d.Type) }},
			{Title: "PROTOCOL", Width: 9, Value: func(d *proximl.DataConnector) string { return d.Protocol }},
			{Title: "CIDR", Width: 20, Value: func(d *proximl.DataConnector) string { return d.CIDR }},
			{Title: "PORTS", Width: 12, Value: func(d *proximl.DataConnector) string { return cmp.Or(d.PortRange, d.Port) }},
		},
	}, func(api *proximl.CloudBenderAPI) regionalAPI[proximl.DataConnector] { return api.DataConnectors })
}

func regionDataConnectorCommand(a *app) *cobra.Command {
	k := newRegionDataConnectorKind()
	return k.command(a, "Work with data connectors: addresses that jobs in a region may connect to", regionDataConnectorCreateCommand(a, k))
}

func regionDataConnectorCreateCommand(a *app, k regionalKind[proximl.DataConnector]) *cobra.Command {
	var spec proximl.DataConnectorSpec
	cmd := k.createCommand(a, &cobra.Command{
		Short: "Create a data connector",
		Long: `Create a data connector, and print it.

It is uncertain whether the service takes a single port as --port or as a range.`,
		Example: "  " + k.path() + " create database --protocol TCP --cidr 10.0.3.0/24 --port-range 5432-5433" + inBasement,
	}, func(ctx context.Context, client *proximl.ProxiML, name string) (*proximl.DataConnector, error) {
		spec.Name = name
		return client.CloudBender.DataConnectors.Create(ctx, k.providerID, k.regionID, &spec)
	})
	flags := cmd.Flags()
	wordFlag(flags, (*string)(&spec.Type), "type", "t", string(proximl.DataConnectorTypeCustom), "`custom`")
	flags.StringVar(&spec.Protocol, "protocol", "", "`PROTOCOL`, such as TCP")
	flags.StringVarP(&spec.CIDR, "cidr", "i", "", "`ADDRESSES`, such as 10.0.3.0/24")
	flags.StringVar(&spec.PortRange, "port-range", "", "`PORTS`, such as 8000-8099")
	flags.StringVar(&spec.Port, "port", "", "a single `PORT`")
	return needsFlags(cmd, "protocol", "cidr")
}
