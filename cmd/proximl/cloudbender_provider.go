package main

import (
	"context"
	"iter"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/cmd/proximl/internal/output"
)

// providers have no names: their types take that part.
var providers = kind[proximl.Provider]{
	noun: "provider",
	in:   "cloudbender",
	all: func(ctx context.Context, client *proximl.ProxiML) iter.Seq2[*proximl.Provider, error] {
		return each(client.CloudBender.Providers.List(ctx))
	},
	get: func(ctx context.Context, client *proximl.ProxiML, id string) (*proximl.Provider, error) {
		return client.CloudBender.Providers.Get(ctx, id)
	},
	id:   func(p *proximl.Provider) string { return p.ID },
	name: func(p *proximl.Provider) string { return string(p.Type) },
	columns: []output.Column[proximl.Provider]{
		{Title: "ID", Width: 38, Whole: true, Value: func(p *proximl.Provider) string { return p.ID }},
		{Title: "TYPE", Width: 30, Value: func(p *proximl.Provider) string { return string(p.Type) }},
		{Title: "CREDITS", Width: 15, Value: func(p *proximl.Provider) string { return strconv.FormatFloat(p.Credits, 'f', -1, 64) }},
	},
}

func providerCommand(a *app) *cobra.Command {
	path := providers.path()
	show := providers.showCommand(a, &cobra.Command{
		Short:   "Show a provider",
		Long:    "Show all that is known of a provider.",
		Example: "  " + path + " show physical",
	})
	show.Use = "show TYPE_OR_ID"
	return group(providers.noun, "Work with providers: where infrastructure comes from",
		providers.listCommand(a, &cobra.Command{
			Short:   "List the providers of the account",
			Long:    "List the providers of the account. Commands take the type of one, or its id if\nthere are several of a type.",
			Example: "  " + path + " list",
		}),
		show,
		providerEnableCommand(a, path),
		providers.removeCommand(a, &cobra.Command{
			Use:     "remove TYPE_OR_ID",
			Short:   "Remove a provider",
			Long:    "Remove a provider from the account.",
			Example: "  " + path + " remove gcp",
		}, func(ctx context.Context, client *proximl.ProxiML, provider *proximl.Provider) error {
			return client.CloudBender.Providers.Delete(ctx, provider.ID)
		}),
		waitCommand(a, providers, statuses[proximl.Provider, proximl.ProviderStatus]{
			all: []proximl.ProviderStatus{proximl.ProviderStatusReady, proximl.ProviderStatusArchived},
			of:  func(p *proximl.Provider) proximl.ProviderStatus { return p.Status },
			wait: func(ctx context.Context, client *proximl.ProxiML, id string, wanted proximl.ProviderStatus, opts ...proximl.WaitOption) (*proximl.Provider, error) {
				return client.CloudBender.Providers.WaitFor(ctx, id, wanted, opts...)
			},
		}, path, "physical"),
	)
}

func providerEnableCommand(a *app, path string) *cobra.Command {
	var payment, project, id string
	cmd := &cobra.Command{
		Use:   "enable TYPE",
		Short: "Add a provider to the account",
		Long: `Add a provider of a type to the account, and print it. The types are physical,
for your own machines, and gcp, for Google Cloud.`,
		Example:   "  " + path + " enable physical\n  " + path + " enable gcp --gcp-project my-project --gcp-id me@my-project.iam.gserviceaccount.com",
		Args:      takes(1, 1),
		ValidArgs: []string{string(proximl.ProviderTypePhysical), string(proximl.ProviderTypeGCP)},
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			client, err := a.client(ctx)
			if err != nil {
				return err
			}
			spec := &proximl.ProviderSpec{Type: proximl.ProviderType(args[0]), PaymentMode: proximl.PaymentMode(payment)}
			if project != "" || id != "" {
				spec.Credentials = &proximl.ProviderCredentials{Project: project, ID: id}
			}
			provider, err := client.CloudBender.Providers.Enable(ctx, spec)
			if err != nil {
				return providers.lookAfter(ctx, client, err, args[0])
			}
			return providers.show(a, provider)
		},
	}
	cmd.Flags().StringVar(&payment, "payment-mode", "", "how it is paid for: `credits|stripe`")
	cmd.Flags().StringVar(&project, "gcp-project", "", "`PROJECT` of Google Cloud")
	cmd.Flags().StringVar(&id, "gcp-id", "", "e-mail `ADDRESS` of the service account there")
	return cmd
}
