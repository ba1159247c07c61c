package main

import (
	"context"
	"iter"
	"strings"

	"github.com/spf13/cobra"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/cmd/proximl/internal/output"
)

var datastores = kind[proximl.ProjectDatastore]{
	noun:      "datastore",
	in:        "project",
	inProject: true,
	all: func(ctx context.Context, client *proximl.ProxiML) iter.Seq2[*proximl.ProjectDatastore, error] {
		return each(client.Datastores.List(ctx, projectOf(client)))
	},
	get: func(ctx context.Context, client *proximl.ProxiML, id string) (*proximl.ProjectDatastore, error) {
		return client.Datastores.Get(ctx, projectOf(client), id)
	},
	id:   func(d *proximl.ProjectDatastore) string { return d.ID },
	name: func(d *proximl.ProjectDatastore) string { return d.Name },
	columns: []output.Column[proximl.ProjectDatastore]{
		{Title: "ID", Width: 38, Whole: true, Value: func(d *proximl.ProjectDatastore) string { return d.ID }},
		{Title: "NAME", Width: 30, Value: func(d *proximl.ProjectDatastore) string { return d.Name }},
		{Title: "TYPE", Width: 15, Value: func(d *proximl.ProjectDatastore) string { return string(d.Type) }},
		{Title: "REGION_UUID", Width: 38, Value: func(d *proximl.ProjectDatastore) string { return d.RegionID }},
	},
}

var dataConnectors = kind[proximl.ProjectDataConnector]{
	noun:      "data connector",
	in:        "project",
	inProject: true,
	all: func(ctx context.Context, client *proximl.ProxiML) iter.Seq2[*proximl.ProjectDataConnector, error] {
		return each(client.DataConnectors.List(ctx, projectOf(client)))
	},
	get: func(ctx context.Context, client *proximl.ProxiML, id string) (*proximl.ProjectDataConnector, error) {
		return client.DataConnectors.Get(ctx, projectOf(client), id)
	},
	id:   func(d *proximl.ProjectDataConnector) string { return d.ID },
	name: func(d *proximl.ProjectDataConnector) string { return d.Name },
	columns: []output.Column[proximl.ProjectDataConnector]{
		{Title: "ID", Width: 38, Whole: true, Value: func(d *proximl.ProjectDataConnector) string { return d.ID }},
		{Title: "NAME", Width: 30, Value: func(d *proximl.ProjectDataConnector) string { return d.Name }},
		{Title: "TYPE", Width: 15, Value: func(d *proximl.ProjectDataConnector) string { return string(d.Type) }},
		{Title: "REGION_UUID", Width: 38, Value: func(d *proximl.ProjectDataConnector) string { return d.RegionID }},
	},
}

var projectServices = kind[proximl.ProjectService]{
	noun:      "service",
	in:        "project",
	inProject: true,
	all: func(ctx context.Context, client *proximl.ProxiML) iter.Seq2[*proximl.ProjectService, error] {
		return each(client.Services.List(ctx, projectOf(client)))
	},
	get: func(ctx context.Context, client *proximl.ProxiML, id string) (*proximl.ProjectService, error) {
		return client.Services.Get(ctx, projectOf(client), id)
	},
	id:   func(s *proximl.ProjectService) string { return s.ID },
	name: func(s *proximl.ProjectService) string { return s.Name },
	columns: []output.Column[proximl.ProjectService]{
		{Title: "ID", Width: 38, Whole: true, Value: func(s *proximl.ProjectService) string { return s.ID }},
		{Title: "NAME", Width: 30, Value: func(s *proximl.ProjectService) string { return s.Name }},
		{Title: "HOSTNAME", Width: 30, Value: func(s *proximl.ProjectService) string { return s.Hostname }},
		{Title: "REGION_UUID", Width: 38, Value: func(s *proximl.ProjectService) string { return s.RegionID }},
	},
}

func datastoreCommand(a *app) *cobra.Command {
	return group("datastore", "Use the datastores of the owner's regions",
		resourceCommands(a, datastores, func(client *proximl.ProxiML) resourceAPI { return client.Datastores })...)
}

func dataConnectorCommand(a *app) *cobra.Command {
	cmd := group("data-connector", "Use the data connectors of the owner's regions",
		resourceCommands(a, dataConnectors, func(client *proximl.ProxiML) resourceAPI { return client.DataConnectors })...)
	cmd.Aliases = []string{"data_connector"}
	return cmd
}

func projectServiceCommand(a *app) *cobra.Command {
	commands := resourceCommands(a, projectServices, func(client *proximl.ProxiML) resourceAPI { return client.Services })
	return group("service", "Use the services of the owner's regions", append(commands, certificateCommand(a))...)
}

// resourceAPI is what the calls for datastores, data connectors and services
// have in common.
type resourceAPI interface {
	Refresh(ctx context.Context, projectID string, opts ...proximl.RequestOption) error
	Enable(ctx context.Context, projectID, id string, opts ...proximl.RequestOption) error
	Disable(ctx context.Context, projectID, id string, opts ...proximl.RequestOption) error
}

func resourceCommands[T any](a *app, k kind[T], api func(*proximl.ProxiML) resourceAPI) []*cobra.Command {
	path := k.path()
	return []*cobra.Command{
		k.listCommand(a, &cobra.Command{
			Short:   "List the " + k.noun + "s that a project can use",
			Long:    "List the " + k.noun + "s that the project can use, of the regions that its owner runs.",
			Example: "  " + path + " list --project Research",
		}),
		k.showCommand(a, &cobra.Command{
			Short:   "Show a " + k.noun,
			Long:    "Show all that the project knows of a " + k.noun + ".",
			Example: "  " + path + " show on-premises",
		}),
		{
			Use:     "refresh",
			Short:   "Look again which " + k.noun + "s a project can use",
			Long:    "Make the service look again which " + k.noun + "s the project can use.",
			Example: "  " + path + " refresh",
			Args:    takes(0, 0),
			RunE: func(cmd *cobra.Command, _ []string) error {
				client, err := k.client(cmd.Context(), a)
				if err != nil {
					return err
				}
				if err := api(client).Refresh(cmd.Context(), projectOf(client)); err != nil {
					return err
				}
				a.note("Refreshed the %ss", k.noun)
				return nil
			},
		},
		switchCommand(a, k, "enable NAME_OR_ID", "Let a project use a "+k.noun, path, api, resourceAPI.Enable),
		switchCommand(a, k, "disable NAME_OR_ID", "End a project's use of a "+k.noun, path, api, resourceAPI.Disable),
	}
}

// switchCall is the call that enables or disables.
type switchCall func(api resourceAPI, ctx context.Context, projectID, id string, opts ...proximl.RequestOption) error

func switchCommand[T any](a *app, k kind[T], use, short, path string, api func(*proximl.ProxiML) resourceAPI, call switchCall) *cobra.Command {
	verb, _, _ := strings.Cut(use, " ")
	return k.on(a, &cobra.Command{
		Use:     use,
		Short:   short,
		Long:    short + ". Only its owner can.",
		Example: "  " + path + " " + verb + " on-premises",
	}, func(ctx context.Context, client *proximl.ProxiML, entity *T) error {
		if err := call(api(client), ctx, projectOf(client), k.id(entity)); err != nil {
			return err
		}
		a.note("%s is %sd", k.describe(entity), verb)
		return nil
	})
}

func certificateCommand(a *app) *cobra.Command {
	var csr string
	sign := projectServices.on(a, &cobra.Command{
		Use:     "sign NAME_OR_ID",
		Short:   "Have a client certificate signed by the authority of a service",
		Long:    "Have a certificate request (CSR) signed by the authority of a service, and print\nthe certificate. Both are PEM. The request has the client's name as its common\nname (CN), and the id of the service as its organizational unit (OU).",
		Example: "  proximl project service certificate sign label-studio --csr client.csr > client.pem",
	}, func(ctx context.Context, client *proximl.ProxiML, service *proximl.ProjectService) error {
		request, err := a.readFile(ctx, "--csr", csr)
		if err != nil {
			return err
		}
		signed, err := client.Services.SignCertificate(ctx, projectOf(client), service.ID, string(request))
		if err != nil {
			return err
		}
		return a.printText(signed)
	})
	sign.Flags().StringVar(&csr, "csr", "", "`FILE` with the certificate request, or - for stdin")
	return group("certificate", "Work with the certificates of a service",
		projectServices.on(a, &cobra.Command{
			Use:     "ca NAME_OR_ID",
			Short:   "Print the certificate of a service's authority",
			Long:    "Print the certificate, as PEM, of the authority that signs the certificates of a\nservice.",
			Example: "  proximl project service certificate ca label-studio > ca.pem",
		}, func(ctx context.Context, client *proximl.ProxiML, service *proximl.ProjectService) error {
			authority, err := client.Services.CACertificate(ctx, projectOf(client), service.ID)
			if err != nil {
				return err
			}
			return a.printText(authority)
		}),
		sign,
	)
}
