package main

import (
	"context"
	"iter"

	"github.com/spf13/cobra"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/cmd/proximl/internal/output"
)

var projects = kind[proximl.Project]{
	noun: "project",
	all: func(ctx context.Context, client *proximl.ProxiML) iter.Seq2[*proximl.Project, error] {
		return client.Projects.All(ctx)
	},
	get: func(ctx context.Context, client *proximl.ProxiML, id string) (*proximl.Project, error) {
		return client.Projects.Get(ctx, id)
	},
	id:   func(p *proximl.Project) string { return p.ID },
	name: func(p *proximl.Project) string { return p.Name },
	columns: []output.Column[proximl.Project]{
		{Title: "ID", Width: 38, Whole: true, Value: func(p *proximl.Project) string { return p.ID }},
		{Title: "NAME", Width: 30, Value: func(p *proximl.Project) string { return p.Name }},
		{Title: "OWNER", Width: 15, Value: func(p *proximl.Project) string { return p.OwnerName }},
		{Title: "MINE", Width: 4, Value: func(p *proximl.Project) string { return mark(p.Owner) }},
	},
}

func mark(yes bool) string {
	if yes {
		return "X"
	}
	return ""
}

func projectCommand(a *app) *cobra.Command {
	return group("project", "Work with projects and what belongs to them",
		projectListCommand(a),
		projectCreateCommand(a),
		projectShowCommand(a),
		projectRemoveCommand(a),
		projectLeaveCommand(a),
		projectSettingsCommand(a),
		projectRefreshCommand(a),
		memberCommand(a),
		credentialCommand(a),
		secretCommand(a),
		datastoreCommand(a),
		dataConnectorCommand(a),
		projectServiceCommand(a),
	)
}

func projectListCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the projects of the account and those it is a member of",
		Long:    "List the projects that the account owns (MINE) and those that it is a member of.\nThe one that commands work in is marked as ACTIVE.",
		Example: "  proximl project list\n  proximl project list -o json",
		Args:    takes(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := a.client(cmd.Context())
			if err != nil {
				return err
			}
			list, err := client.Projects.List(cmd.Context())
			if err != nil {
				return err
			}
			active := projectOf(client)
			return projects.list(a, list, output.Column[proximl.Project]{Title: "ACTIVE", Width: 7, Value: func(p *proximl.Project) string {
				return mark(p.ID == active || active == "" && isPersonal(p))
			}})
		},
	}
}

func projectCreateCommand(a *app) *cobra.Command {
	var copyCredentials, copySecrets bool
	cmd := &cobra.Command{
		Use:     "create NAME",
		Short:   "Create a project",
		Long:    "Create a project that the account owns, and print it. The active project stays the same.",
		Example: "  proximl project create \"My Other Project\" --copy-credentials",
		Args:    takes(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			client, err := a.client(ctx)
			if err != nil {
				return err
			}
			project, err := client.Projects.Create(ctx, &proximl.ProjectSpec{Name: args[0], CopyCredentials: &copyCredentials, CopySecrets: &copySecrets})
			if err != nil {
				return projects.lookAfter(ctx, client, err, args[0])
			}
			return projects.show(a, project)
		},
	}
	cmd.Flags().BoolVar(&copyCredentials, "copy-credentials", false, "begin with the credentials of Personal")
	cmd.Flags().BoolVar(&copySecrets, "copy-secrets", false, "begin with the secrets of Personal")
	return cmd
}

func projectShowCommand(a *app) *cobra.Command {
	return onProject(a, &cobra.Command{
		Use:     "show [NAME_OR_ID]",
		Short:   "Show a project",
		Long:    "Show all that is known of a project, the active one unless another is named.",
		Example: "  proximl project show\n  proximl project show Personal -o yaml",
	}, func(_ context.Context, _ *proximl.ProxiML, project *proximl.Project) error {
		return projects.show(a, project)
	})
}

func projectRemoveCommand(a *app) *cobra.Command {
	return a.asks(projects.on(a, &cobra.Command{
		Use:     "remove NAME_OR_ID",
		Short:   "Remove a project with all that is in it",
		Long:    "Remove a project with all that is in it. Only its owner can; Personal cannot be removed.",
		Example: "  proximl project remove \"My Other Project\"\n  proximl project remove \"My Other Project\" --yes",
	}, func(ctx context.Context, client *proximl.ProxiML, project *proximl.Project) error {
		if err := a.confirm(ctx, "remove "+projects.describe(project)+" with all that is in it"); err != nil {
			return err
		}
		if err := client.Projects.Delete(ctx, project.ID); err != nil {
			return err
		}
		a.note("Removed %s", projects.describe(project))
		a.noteIfActive(client, project)
		return nil
	}))
}

func projectLeaveCommand(a *app) *cobra.Command {
	return a.asks(projects.on(a, &cobra.Command{
		Use:     "leave NAME_OR_ID",
		Short:   "End the account's membership of a project",
		Long:    "End the account's membership of a project that another account owns.\nOnly the owner can bring it back.",
		Example: "  proximl project leave \"Project Shared With Me\"",
	}, func(ctx context.Context, client *proximl.ProxiML, project *proximl.Project) error {
		if err := a.confirm(ctx, "leave "+projects.describe(project)); err != nil {
			return err
		}
		if err := client.Projects.Leave(ctx, project.ID); err != nil {
			return err
		}
		a.note("Left %s", projects.describe(project))
		a.noteIfActive(client, project)
		return nil
	}))
}

// noteIfActive tells that the active project is gone.
func (a *app) noteIfActive(client *proximl.ProxiML, gone *proximl.Project) {
	if active, source := client.ActiveProject(); active == gone.ID {
		a.note("It was the active project, from %s; choose another by proximl configure", source)
	}
}

func projectSettingsCommand(a *app) *cobra.Command {
	var onlyOwned bool
	cmd := onProject(a, &cobra.Command{
		Use:   "settings [NAME_OR_ID]",
		Short: "Change the settings of a project",
		Long: `Change the settings of a project, the active one unless another is named, and
print it. Only its owner can.

With --only-owned-resources, jobs run, and datasets and models are stored, only
on the owner's own hardware. Refresh the GPU types afterwards.`,
		Example: "  proximl project settings Research --only-owned-resources\n  proximl project refresh-gpu-types Research",
	}, func(ctx context.Context, client *proximl.ProxiML, project *proximl.Project) error {
		changed, err := client.Projects.Update(ctx, project.ID, &proximl.ProjectSettings{OnlyOwnedResources: &onlyOwned})
		if err != nil {
			return err
		}
		return projects.show(a, changed)
	})
	const flag = "only-owned-resources"
	cmd.Flags().BoolVar(&onlyOwned, flag, false, "use only hardware of the owner (=false: any)")
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error {
		if !cmd.Flags().Changed(flag) {
			return usage("nothing to change: give --%s or --%[1]s=false", flag)
		}
		return nil
	}
	return cmd
}

func projectRefreshCommand(a *app) *cobra.Command {
	return onProject(a, &cobra.Command{
		Use:     "refresh-gpu-types [NAME_OR_ID]",
		Aliases: []string{"refresh_gpu_types"},
		Short:   "Look again which GPU types a project can use",
		Long:    "Make the service look again which GPU types a project can use: after its settings\nchanged, or hardware was added. Without a name it is the active project.",
		Example: "  proximl project refresh-gpu-types Research",
	}, func(ctx context.Context, client *proximl.ProxiML, project *proximl.Project) error {
		if err := client.InProject(project.ID).GPUTypes.Refresh(ctx); err != nil {
			return err
		}
		a.note("Refreshed the GPU types of %s", projects.describe(project))
		return nil
	})
}

// onProject makes a command work on the project that its argument names, or
// else on the active one.
func onProject(a *app, cmd *cobra.Command, work func(context.Context, *proximl.ProxiML, *proximl.Project) error) *cobra.Command {
	cmd.Args, cmd.ValidArgsFunction = takes(0, 1), projects.complete(a)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ctx := cmd.Context()
		client, project, err := a.namedProject(ctx, args)
		if err != nil {
			return err
		}
		return work(ctx, client, project)
	}
	return cmd
}

func (a *app) namedProject(ctx context.Context, args []string) (*proximl.ProxiML, *proximl.Project, error) {
	if len(args) > 0 {
		client, err := a.client(ctx)
		if err != nil {
			return nil, nil, err
		}
		project, err := projects.find(ctx, client, args[0])
		return client, project, err
	}
	client, err := a.projectClient(ctx)
	if err != nil {
		return nil, nil, err
	}
	project, err := client.Projects.Current(ctx)
	return client, project, err
}
