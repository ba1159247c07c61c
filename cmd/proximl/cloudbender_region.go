package main

import (
	"context"
	"iter"

	"github.com/spf13/cobra"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/cmd/proximl/internal/output"
)

// regionsOf is the kind of the regions at a place.
func regionsOf(p *place) kind[proximl.Region] {
	return kind[proximl.Region]{
		noun: "region",
		in:   "cloudbender",
		all: func(ctx context.Context, client *proximl.ProxiML) iter.Seq2[*proximl.Region, error] {
			if err := p.resolve(ctx, client); err != nil {
				return each[proximl.Region](nil, err)
			}
			return each(client.CloudBender.Regions.List(ctx, p.providerID))
		},
		get: func(ctx context.Context, client *proximl.ProxiML, id string) (*proximl.Region, error) {
			if err := p.resolve(ctx, client); err != nil {
				return nil, err
			}
			return client.CloudBender.Regions.Get(ctx, p.providerID, id)
		},
		id:   func(r *proximl.Region) string { return r.ID },
		name: func(r *proximl.Region) string { return r.Name },
		columns: []output.Column[proximl.Region]{
			{Title: "ID", Width: 38, Whole: true, Value: func(r *proximl.Region) string { return r.ID }},
			{Title: "NAME", Width: 30, Value: func(r *proximl.Region) string { return r.Name }},
			{Title: "TYPE", Width: 15, Value: func(r *proximl.Region) string { return string(r.ProviderType) }},
			{Title: "STATUS", Width: 15, Value: func(r *proximl.Region) string { return string(r.Status) }},
		},
	}
}

const inPhysical = " --provider physical" // of the examples

func regionCommand(a *app) *cobra.Command {
	p := &place{noRegion: true}
	regions := regionsOf(p)
	path := regions.path()
	return p.flags(a, group(regions.noun, "Work with regions: places whose machines are close to each other",
		regions.listCommand(a, &cobra.Command{
			Short:   "List the regions of a provider",
			Long:    "List the regions of a provider.",
			Example: "  " + path + " list" + inPhysical,
		}),
		regions.showCommand(a, &cobra.Command{
			Short:   "Show a region",
			Long:    "Show all that is known of a region.",
			Example: "  " + path + " show basement" + inPhysical,
		}),
		regionCreateCommand(a, p, regions),
		regions.removeCommand(a, &cobra.Command{
			Use:     "remove NAME_OR_ID",
			Short:   "Remove a region with all that is in it",
			Long:    "Remove a region with all that is in it.",
			Example: "  " + path + " remove basement" + inPhysical,
		}, func(ctx context.Context, client *proximl.ProxiML, region *proximl.Region) error {
			return client.CloudBender.Regions.Delete(ctx, p.providerID, region.ID)
		}),
		waitCommand(a, regions, statuses[proximl.Region, proximl.RegionStatus]{
			all: []proximl.RegionStatus{proximl.RegionStatusHealthy, proximl.RegionStatusOffline, proximl.RegionStatusArchived},
			of:  func(r *proximl.Region) proximl.RegionStatus { return r.Status },
			wait: func(ctx context.Context, client *proximl.ProxiML, id string, wanted proximl.RegionStatus, opts ...proximl.WaitOption) (*proximl.Region, error) {
				if err := p.resolve(ctx, client); err != nil {
					return nil, err
				}
				return client.CloudBender.Regions.WaitFor(ctx, p.providerID, id, wanted, opts...)
			},
		}, path, "basement"+inPhysical),
		stageCommand(a, p, datasets, (*proximl.RegionsAPI).AddDataset),
		stageCommand(a, p, models, (*proximl.RegionsAPI).AddModel),
		stageCommand(a, p, checkpoints, (*proximl.RegionsAPI).AddCheckpoint),
	))
}

func regionCreateCommand(a *app, p *place, regions kind[proximl.Region]) *cobra.Command {
	var public bool
	var storage proximl.RegionStorage
	cmd := &cobra.Command{
		Use:   "create NAME",
		Short: "Create a region",
		Long: `Create a region, and print it.

--storage-mode is for physical providers: local keeps data on each node, central
on nodes whose service is storage. --instance-class is for clouds: the size of the
storage node. It is uncertain by which names the service takes them: the mode is
sent as mode, as the tests of the Python client do, not as storage_mode, as the
Python command does.`,
		Example: "  " + regions.path() + " create basement --no-public --storage-mode local" + inPhysical,
		Args:    takes(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			client, err := a.client(ctx)
			if err != nil {
				return err
			}
			if err := p.resolve(ctx, client); err != nil {
				return err
			}
			spec := &proximl.RegionSpec{Name: args[0], Public: public}
			if storage.Mode != "" || storage.InstanceClass != "" {
				spec.Storage = &storage
			}
			region, err := client.CloudBender.Regions.Create(ctx, p.providerID, spec)
			if err != nil {
				return regions.lookAfter(ctx, client, err, args[0])
			}
			return regions.show(a, region)
		},
	}
	flags := cmd.Flags()
	onOff(flags, &public, "public", true, "let its nodes run jobs of other accounts, too")
	wordFlag(flags, (*string)(&storage.Mode), "storage-mode", "", "", "where data is kept: `local|central`")
	wordFlag(flags, (*string)(&storage.InstanceClass), "instance-class", "", "", "size of the storage node: `micro|small|medium|large|xlarge`")
	return cmd
}

// stageCommand is the command that brings a dataset, model or checkpoint into a
// region.
func stageCommand[T any](a *app, p *place, k storageKind[T], add func(api *proximl.RegionsAPI, ctx context.Context, providerID, id, projectID, entityID string, opts ...proximl.RequestOption) error) *cobra.Command {
	name := "add-" + k.noun
	return &cobra.Command{
		Use:     name + " REGION_NAME_OR_ID NAME_OR_ID",
		Aliases: []string{"add_" + k.noun},
		Short:   "Stage a " + k.noun + " in a region",
		Long:    "Stage a " + k.noun + " of the project in a region: jobs there need not fetch it.",
		Example: "  proximl cloudbender region " + name + " basement example" + inPhysical,
		Args:    takes(2, 2),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) == 1 {
				return k.completions(cmd.Context(), a, begun), cobra.ShellCompDirectiveNoFileComp
			}
			return regionsOf(p).complete(a)(cmd, args, begun)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			client, err := a.projectClient(ctx)
			if err != nil {
				return err
			}
			region, err := regionsOf(p).find(ctx, client, args[0])
			if err != nil {
				return err
			}
			entity, err := k.find(ctx, client, args[1])
			if err != nil {
				return err
			}
			if err := add(client.CloudBender.Regions, ctx, p.providerID, region.ID, projectOf(client), k.id(entity)); err != nil {
				return err
			}
			a.note("Staged %s in region %s", k.describe(entity), region.Name)
			return nil
		},
	}
}
