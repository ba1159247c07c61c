package main

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/proximl/proximl-go"
)

func cloudbenderCommand(a *app) *cobra.Command {
	return group("cloudbender", "Work with your own infrastructure",
		providerCommand(a),
		regionCommand(a),
		nodeCommand(a),
		deviceCommand(a),
		deviceConfigCommand(a),
		regionDatastoreCommand(a),
		regionDataConnectorCommand(a),
		regionServiceCommand(a),
	)
}

// place is where in the account's infrastructure a command works. Its flags name
// a provider and, unless the command is about regions themselves, a region of it.
type place struct {
	provider, region     string // names or ids
	providerID, regionID string // once they were looked up
	noRegion             bool
}

// flags adds the flags of a place to commands and those below them.
func (p *place) flags(a *app, cmd *cobra.Command) *cobra.Command {
	for _, sub := range cmd.Commands() {
		p.flags(a, sub)
	}
	if cmd.HasSubCommands() {
		return cmd
	}
	cmd.Flags().StringVarP(&p.provider, "provider", "p", "", "in the provider `TYPE_OR_ID`")
	a.completeFlag(cmd, "provider", providers.completions)
	if !p.noRegion {
		cmd.Flags().StringVarP(&p.region, "region", "r", "", "in the region `NAME_OR_ID`")
		a.completeFlag(cmd, "region", func(ctx context.Context, a *app, begun string) []cobra.Completion {
			return regionsOf(p.above()).completions(ctx, a, begun)
		})
	}
	return cmd
}

// resolve looks the place up, once.
func (p *place) resolve(ctx context.Context, client *proximl.ProxiML) (err error) {
	if p.provider == "" {
		return usage("--provider is missing; proximl cloudbender provider list shows what there is")
	}
	if p.region == "" && !p.noRegion {
		return usage("--region is missing; proximl cloudbender region list shows what there is")
	}
	if p.providerID == "" {
		if p.providerID, err = providers.findID(ctx, client, p.provider); err != nil {
			return err
		}
	}
	if p.regionID == "" && !p.noRegion {
		p.regionID, err = regionsOf(p.above()).findID(ctx, client, p.region)
	}
	return err
}

// above is the place of the region itself.
func (p *place) above() *place {
	return &place{provider: p.provider, providerID: p.providerID, noRegion: true}
}

// regionalAPI is what the calls for all that a region has have in common.
type regionalAPI[T any] interface {
	List(ctx context.Context, providerID, regionID string, opts ...proximl.RequestOption) ([]*T, error)
	Get(ctx context.Context, providerID, regionID, id string, opts ...proximl.RequestOption) (*T, error)
	Delete(ctx context.Context, providerID, regionID, id string, opts ...proximl.RequestOption) error
}

// regionalKind is a kind of what a region has.
type regionalKind[T any] struct {
	kind[T]
	*place
	api func(*proximl.CloudBenderAPI) regionalAPI[T]
}

// newRegionalKind completes a kind.
func newRegionalKind[T any](k kind[T], api func(*proximl.CloudBenderAPI) regionalAPI[T]) regionalKind[T] {
	p := &place{}
	k.in = "cloudbender"
	k.all = func(ctx context.Context, client *proximl.ProxiML) iter.Seq2[*T, error] {
		if err := p.resolve(ctx, client); err != nil {
			return each[T](nil, err)
		}
		return each(api(client.CloudBender).List(ctx, p.providerID, p.regionID))
	}
	k.get = func(ctx context.Context, client *proximl.ProxiML, id string) (*T, error) {
		if err := p.resolve(ctx, client); err != nil {
			return nil, err
		}
		return api(client.CloudBender).Get(ctx, p.providerID, p.regionID, id)
	}
	return regionalKind[T]{k, p, api}
}

const inBasement = " --provider physical --region basement" // of the examples

// command is the group of the kind's commands.
func (k regionalKind[T]) command(a *app, short string, more ...*cobra.Command) *cobra.Command {
	cmd := group(strings.ReplaceAll(k.noun, " ", "-"), short, slices.Concat([]*cobra.Command{
		k.listCommand(a, &cobra.Command{
			Short:   "List the " + k.noun + "s of a region",
			Long:    "List the " + k.noun + "s of a region.",
			Example: "  " + k.path() + " list" + inBasement,
		}),
		k.showCommand(a, &cobra.Command{
			Short:   "Show a " + k.noun,
			Long:    "Show all that is known of a " + k.noun + ".",
			Example: "  " + k.path() + " show example" + inBasement,
		}),
		k.removeCommand(a, &cobra.Command{
			Use:     "remove NAME_OR_ID",
			Short:   "Remove a " + k.noun,
			Long:    "Remove a " + k.noun + " from its region.",
			Example: "  " + k.path() + " remove example" + inBasement,
		}, func(ctx context.Context, client *proximl.ProxiML, entity *T) error {
			return k.api(client.CloudBender).Delete(ctx, k.providerID, k.regionID, k.id(entity))
		}),
	}, more)...)
	if alias := strings.ReplaceAll(k.noun, " ", "_"); alias != cmd.Name() {
		cmd.Aliases = []string{alias}
	}
	return k.flags(a, cmd)
}

// createCommand is the command "create".
func (k regionalKind[T]) createCommand(a *app, cmd *cobra.Command, create func(ctx context.Context, client *proximl.ProxiML, name string) (*T, error)) *cobra.Command {
	cmd.Use, cmd.Args = "create NAME", takes(1, 1)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ctx := cmd.Context()
		client, err := k.client(ctx, a)
		if err != nil {
			return err
		}
		if err := k.resolve(ctx, client); err != nil {
			return err
		}
		entity, err := create(ctx, client, args[0])
		if err != nil {
			return k.lookAfter(ctx, client, err, args[0])
		}
		return k.show(a, entity)
	}
	return cmd
}
