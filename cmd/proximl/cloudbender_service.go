package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/cmd/proximl/internal/output"
)

func newServiceKind() regionalKind[proximl.Service] {
	return newRegionalKind(kind[proximl.Service]{
		noun: "service",
		id:   func(s *proximl.Service) string { return s.ID },
		name: func(s *proximl.Service) string { return s.Name },
		columns: []output.Column[proximl.Service]{
			{Title: "ID", Width: 25, Whole: true, Value: func(s *proximl.Service) string { return s.ID }},
			{Title: "NAME", Width: 29, Value: func(s *proximl.Service) string { return s.Name }},
			{Title: "HOSTNAME", Width: 40, Value: (*proximl.Service).Host},
		},
	}, func(api *proximl.CloudBenderAPI) regionalAPI[proximl.Service] { return api.Services })
}

func regionServiceCommand(a *app) *cobra.Command {
	k := newServiceKind()
	return k.command(a, "Work with services: host names under which what runs in a region can be reached",
		serviceCreateCommand(a, k),
		waitCommand(a, k.kind, statuses[proximl.Service, proximl.ServiceStatus]{
			all: []proximl.ServiceStatus{proximl.ServiceStatusActive, proximl.ServiceStatusArchived},
			of:  func(s *proximl.Service) proximl.ServiceStatus { return s.Status },
			wait: func(ctx context.Context, client *proximl.ProxiML, id string, wanted proximl.ServiceStatus, opts ...proximl.WaitOption) (*proximl.Service, error) {
				if err := k.resolve(ctx, client); err != nil {
					return nil, err
				}
				return client.CloudBender.Services.WaitFor(ctx, k.providerID, k.regionID, id, wanted, opts...)
			},
		}, k.path(), "example"+inBasement),
		serviceCertificateCommand(a, k),
	)
}

func serviceCreateCommand(a *app, k regionalKind[proximl.Service]) *cobra.Command {
	var spec proximl.ServiceSpec
	cmd := k.createCommand(a, &cobra.Command{
		Short:   "Create a service",
		Long:    "Create a service, and print it with the host name that it was given.",
		Example: "  " + k.path() + " create api --type https --port 8989 --no-public" + inBasement,
	}, func(ctx context.Context, client *proximl.ProxiML, name string) (*proximl.Service, error) {
		spec.Name = name
		return client.CloudBender.Services.Create(ctx, k.providerID, k.regionID, &spec)
	})
	wordFlag(cmd.Flags(), (*string)(&spec.Type), "type", "t", string(proximl.ServiceTypeHTTPS), "protocol: `https|tcp|udp`")
	onOff(cmd.Flags(), &spec.Public, "public", true, "let it be reached from outside the region")
	cmd.Flags().StringVar(&spec.Port, "port", "", "`PORT` in the region")
	return cmd
}
