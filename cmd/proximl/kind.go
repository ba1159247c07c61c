package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/cmd/proximl/internal/output"
)

// kind says how entities of one type are found and shown.
type kind[T any] struct {
	noun string // such as "project"
	in   string // the group of commands that has those of the kind, if one has
	// inProject says that the calls name the project in their path, so that
	// Personal is looked up when there is no active one.
	inProject bool
	all       func(context.Context, *proximl.ProxiML) iter.Seq2[*T, error]
	get       func(ctx context.Context, client *proximl.ProxiML, id string) (*T, error) // nil when there is no such call
	id        func(*T) string
	name      func(*T) string // nil when it has none
	columns   []output.Column[T]
}

// client returns a client for the calls of the kind.
func (k kind[T]) client(ctx context.Context, a *app) (*proximl.ProxiML, error) {
	if k.inProject {
		return a.projectClient(ctx)
	}
	return a.client(ctx)
}

// list prints entities. More columns may depend on the run.
func (k kind[T]) list(a *app, entities []*T, more ...output.Column[T]) error {
	return output.List(a.printer(), entities, k.id, slices.Concat(k.columns, more))
}

// show prints one entity.
func (k kind[T]) show(a *app, entity *T) error { return output.Show(a.printer(), entity, k.id) }

// find returns the entity with an id or, if there is none, the only one with
// that name. Of what looks like an id it asks for no more than the one.
func (k kind[T]) find(ctx context.Context, client *proximl.ProxiML, idOrName string) (*T, error) {
	if k.get != nil && isID(idOrName) {
		return k.get(ctx, client, idOrName)
	}
	return k.pick(k.all(ctx, client), idOrName)
}

// findID is find for calls that need no more than the id. What looks like an id
// is taken as one, which saves a request.
func (k kind[T]) findID(ctx context.Context, client *proximl.ProxiML, idOrName string) (string, error) {
	if isID(idOrName) {
		return idOrName, nil
	}
	entity, err := k.find(ctx, client, idOrName)
	if err != nil {
		return "", err
	}
	return k.id(entity), nil
}

func (k kind[T]) pick(entities iter.Seq2[*T, error], idOrName string) (*T, error) {
	var named []*T
	for entity, err := range entities {
		if err != nil {
			return nil, err
		}
		if k.id(entity) == idOrName {
			return entity, nil
		}
		if k.name != nil && k.name(entity) == idOrName {
			named = append(named, entity)
		}
	}
	switch len(named) {
	case 0:
		return nil, fmt.Errorf("%w: no %s is called %q; see %q", proximl.ErrNotFound, k.noun, idOrName, k.path()+" list")
	case 1:
		return named[0], nil
	}
	ids := make([]string, len(named))
	for i, entity := range named {
		ids[i] = k.id(entity) + k.status(entity)
	}
	return nil, fmt.Errorf("%w: %d %ss are called %q, use an id: %s", proximl.ErrNotUnique, len(named), k.noun, idOrName, strings.Join(ids, ", "))
}

// lookAfter tells, after a create whose outcome is unknown, what has the name.
func (k kind[T]) lookAfter(ctx context.Context, client *proximl.ProxiML, failed error, name string) error {
	if !errors.Is(failed, proximl.ErrOutcomeUnknown) || ctx.Err() != nil {
		return failed
	}
	found, err := k.pick(k.all(ctx, client), name)
	switch {
	case err == nil:
		return fmt.Errorf("%w; %s may be it, or an older one of that name", failed, k.describe(found))
	case errors.Is(err, proximl.ErrNotFound):
		return fmt.Errorf("%w; so far no %s is called %q", failed, k.noun, name)
	}
	return fmt.Errorf("%w; looking for it: %s", failed, err.Error()) // whose kind is not that of the failure
}

// status is what a list says of it, such as " (ready)", or nothing.
func (k kind[T]) status(entity *T) string {
	for _, column := range k.columns {
		if column.Title == "STATUS" {
			return " (" + column.Value(entity) + ")"
		}
	}
	return ""
}

// path is how its commands are called.
func (k kind[T]) path() string {
	return strings.Join(strings.Fields("proximl "+k.in+" "+strings.ReplaceAll(k.noun, " ", "-")), " ")
}

// describe names an entity in messages.
func (k kind[T]) describe(entity *T) string {
	if k.name == nil {
		return k.noun + " " + k.id(entity)
	}
	return fmt.Sprintf("%s %s (%s)", k.noun, k.name(entity), k.id(entity))
}

// listCommand is the command "list".
func (k kind[T]) listCommand(a *app, cmd *cobra.Command) *cobra.Command {
	cmd.Use, cmd.Args = "list", takes(0, 0)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		client, err := k.client(cmd.Context(), a)
		if err != nil {
			return err
		}
		var entities []*T
		for entity, err := range k.all(cmd.Context(), client) {
			if err != nil {
				return err
			}
			entities = append(entities, entity)
		}
		return k.list(a, entities)
	}
	return cmd
}

// showCommand is the command "show".
func (k kind[T]) showCommand(a *app, cmd *cobra.Command) *cobra.Command {
	cmd.Use, cmd.Args, cmd.ValidArgsFunction = "show NAME_OR_ID", takes(1, 1), k.complete(a)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		client, err := k.client(cmd.Context(), a)
		if err != nil {
			return err
		}
		id, err := k.findID(cmd.Context(), client, args[0])
		if err != nil {
			return err
		}
		entity, err := k.get(cmd.Context(), client, id)
		if err != nil {
			return err
		}
		return k.show(a, entity)
	}
	return cmd
}

// removeCommand is a command on one entity that asks before it removes it.
func (k kind[T]) removeCommand(a *app, cmd *cobra.Command, remove func(context.Context, *proximl.ProxiML, *T) error) *cobra.Command {
	return a.asks(k.on(a, cmd, func(ctx context.Context, client *proximl.ProxiML, entity *T) error {
		if err := a.confirm(ctx, "remove "+k.describe(entity)); err != nil {
			return err
		}
		if err := remove(ctx, client, entity); err != nil {
			return err
		}
		a.note("Removed %s", k.describe(entity))
		return nil
	}))
}

// on makes a command work on the entity that its only argument names.
func (k kind[T]) on(a *app, cmd *cobra.Command, work func(context.Context, *proximl.ProxiML, *T) error) *cobra.Command {
	return k.onWith(a, 0, cmd, func(ctx context.Context, client *proximl.ProxiML, entity *T, _ []string) error {
		return work(ctx, client, entity)
	})
}

// onWith is on for a command with so many further arguments.
func (k kind[T]) onWith(a *app, more int, cmd *cobra.Command, work func(context.Context, *proximl.ProxiML, *T, []string) error) *cobra.Command {
	cmd.Args, cmd.ValidArgsFunction = takes(1+more, 1+more), k.complete(a)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		client, err := k.client(cmd.Context(), a)
		if err != nil {
			return err
		}
		entity, err := k.find(cmd.Context(), client, args[0])
		if err != nil {
			return err
		}
		return work(cmd.Context(), client, entity, args[1:])
	}
	return cmd
}

const completionTime = 2 * time.Second // a shell waits for it

// complete offers the ids and names of the service's entities for the first
// argument, or nothing when they do not come in time.
func (k kind[T]) complete(a *app) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return k.completions(cmd.Context(), a, begun), cobra.ShellCompDirectiveNoFileComp
	}
}

func (k kind[T]) completions(ctx context.Context, a *app, begun string) (found []cobra.Completion) {
	ctx, cancel := context.WithTimeout(ctx, completionTime)
	defer cancel()
	a.flags.quiet = true // a warning would end up among the shell's own lines
	client, err := k.client(ctx, a)
	if err != nil {
		return nil
	}
	for entity, err := range k.all(ctx, client) {
		if err != nil {
			return found
		}
		id, name := output.Clean(k.id(entity)), ""
		if k.name != nil {
			name = output.Clean(k.name(entity))
		}
		if name != "" && name != id && strings.HasPrefix(name, begun) {
			found = append(found, cobra.CompletionWithDesc(name, id))
		}
		if strings.HasPrefix(id, begun) {
			found = append(found, cobra.CompletionWithDesc(id, name))
		}
	}
	return found
}

// each makes a sequence of what a List method returns.
func each[T any](entities []*T, err error) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		if err != nil {
			yield(nil, err)
			return
		}
		for _, entity := range entities {
			if !yield(entity, nil) {
				return
			}
		}
	}
}
