package main

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/cmd/proximl/internal/output"
)

var members = kind[proximl.Member]{
	noun:      "member",
	in:        "project",
	inProject: true,
	all: func(ctx context.Context, client *proximl.ProxiML) iter.Seq2[*proximl.Member, error] {
		return each(client.Members.List(ctx, projectOf(client)))
	},
	id: func(m *proximl.Member) string { return m.Email },
	columns: []output.Column[proximl.Member]{
		{Title: "EMAIL", Width: 38, Whole: true, Value: func(m *proximl.Member) string { return m.Email }},
		{Title: "OWNER", Width: 7, Value: func(m *proximl.Member) string { return mark(m.Owner) }},
		{Title: "JOB", Width: 6, Value: func(m *proximl.Member) string { return string(m.Job) }},
		{Title: "DATASET", Width: 9, Value: func(m *proximl.Member) string { return string(m.Dataset) }},
		{Title: "MODEL", Width: 7, Value: func(m *proximl.Member) string { return string(m.Model) }},
		{Title: "CHECKPOINT", Width: 12, Value: func(m *proximl.Member) string { return string(m.Checkpoint) }},
		{Title: "VOLUME", Width: 8, Value: func(m *proximl.Member) string { return string(m.Volume) }},
	},
}

const levelsHelp = `The access to each type of resource is "read" (list, see details, download logs)
or "all" (also create, change and delete). Who can create jobs can read the
project's credentials and secrets inside of them.`

func memberCommand(a *app) *cobra.Command {
	return group("member", "Share a project with other accounts",
		members.listCommand(a, &cobra.Command{
			Short:   "List the members of a project and what they may do",
			Long:    "List the members of the project, its owner among them.\n" + levelsHelp,
			Example: "  proximl project member list --project Research",
		}),
		memberAddCommand(a),
		memberUpdateCommand(a),
		members.removeCommand(a, &cobra.Command{
			Use:     "remove EMAIL",
			Short:   "Take a project away from a member",
			Long:    "Take the project away from a member, at once.",
			Example: "  proximl project member remove teammate@example.com --project Research",
		}, func(ctx context.Context, client *proximl.ProxiML, member *proximl.Member) error {
			return client.Members.Remove(ctx, projectOf(client), member.Email)
		}),
	)
}

// levels are the flags for the access of a member.
type levels struct{ job, dataset, model, checkpoint, volume string }

func (l *levels) add(to *pflag.FlagSet) {
	for _, level := range l.all() {
		to.StringVar(level.value, level.flag, string(proximl.AccessRead), "access to "+level.flag+"s: `read|all`")
	}
}

type level struct {
	flag  string
	value *string
}

func (l *levels) all() []level {
	return []level{{"job", &l.job}, {"dataset", &l.dataset}, {"model", &l.model}, {"checkpoint", &l.checkpoint}, {"volume", &l.volume}}
}

// access is what the flags say, which must be levels that there are.
func (l *levels) access() (proximl.MemberAccess, error) {
	for _, level := range l.all() {
		if access := proximl.Access(*level.value); access != proximl.AccessAll && access != proximl.AccessRead {
			return proximl.MemberAccess{}, usage("--%s must be read or all, not %q", level.flag, access)
		}
	}
	return proximl.MemberAccess{
		Job: proximl.Access(l.job), Dataset: proximl.Access(l.dataset), Model: proximl.Access(l.model),
		Checkpoint: proximl.Access(l.checkpoint), Volume: proximl.Access(l.volume),
	}, nil
}

// keep takes over what a member has, except for the flags that were given. It
// reports whether there is any.
func (l *levels) keep(member *proximl.Member, given *pflag.FlagSet) (changed bool) {
	has := []proximl.Access{member.Job, member.Dataset, member.Model, member.Checkpoint, member.Volume}
	for i, level := range l.all() {
		if given.Changed(level.flag) {
			changed = true
		} else if has[i] != "" {
			*level.value = string(has[i])
		}
	}
	return changed
}

func memberAddCommand(a *app) *cobra.Command {
	var wanted levels
	cmd := &cobra.Command{
		Use:     "add EMAIL",
		Short:   "Share a project with an account",
		Long:    "Share the project with the account that has an e-mail address. Only the owner can.\n" + levelsHelp,
		Example: "  proximl project member add teammate@example.com --job all --project Research",
		Args:    takes(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			access, err := wanted.access()
			if err != nil {
				return err
			}
			ctx := cmd.Context()
			client, err := a.projectClient(ctx)
			if err != nil {
				return err
			}
			switch _, err := members.find(ctx, client, args[0]); {
			case err == nil:
				return fmt.Errorf("%s is a member already; proximl project member update changes what it may do", args[0])
			case !errors.Is(err, proximl.ErrNotFound):
				return err
			}
			member, err := client.Members.Add(ctx, projectOf(client), args[0], access)
			if err != nil {
				return err
			}
			return members.show(a, member)
		},
	}
	wanted.add(cmd.Flags())
	return cmd
}

func memberUpdateCommand(a *app) *cobra.Command {
	var wanted levels
	cmd := &cobra.Command{
		Use:     "update EMAIL",
		Short:   "Change what a member may do",
		Long:    "Change what a member may do, at once. What no flag names stays as it is.\n" + levelsHelp,
		Example: "  proximl project member update teammate@example.com --model all",
	}
	members.on(a, cmd, func(ctx context.Context, client *proximl.ProxiML, member *proximl.Member) error {
		if !wanted.keep(member, cmd.Flags()) {
			return usage("nothing to change: give --job, --dataset, --model, --checkpoint or --volume")
		}
		access, err := wanted.access()
		if err != nil {
			return err
		}
		changed, err := client.Members.Update(ctx, projectOf(client), member.Email, access)
		if err != nil {
			return err
		}
		return members.show(a, changed)
	})
	wanted.add(cmd.Flags())
	for _, level := range wanted.all() {
		cmd.Flags().Lookup(level.flag).DefValue = "" // there is none
	}
	return cmd
}
