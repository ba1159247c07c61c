package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/proximl/proximl-go"
)

// statuses are those that entities of a type can be waited for to have.
type statuses[T any, S ~string] struct {
	all  []S // the first is what is meant unless another is named
	of   func(*T) S
	wait func(ctx context.Context, client *proximl.ProxiML, id string, wanted S, opts ...proximl.WaitOption) (*T, error)
}

// names lists the statuses in a text.
func (s statuses[T, S]) names() string {
	names := make([]string, len(s.all))
	for i, status := range s.all {
		names[i] = string(status)
	}
	return strings.Join(names, ", ")
}

const archived = "archived" // the status of what is no more

// waitCommand is the command "wait". The example is what follows it.
func waitCommand[T any, S ~string](a *app, k kind[T], s statuses[T, S], path, example string) *cobra.Command {
	var status string
	var limit timeout
	cmd := &cobra.Command{
		Use:   "wait NAME_OR_ID",
		Short: fmt.Sprintf("Wait until a %s has a status", k.noun),
		Long: fmt.Sprintf(`Wait until a %s has a status, and print it. An id that is not found counts as
archived. When the status is out of reach, as after a failure, the exit code is 5.

The statuses are: %s.`, k.noun, s.names()),
		Example:           fmt.Sprintf("  %s wait %s\n  %[1]s wait %[2]s --for archived", path, example),
		Args:              takes(1, 1),
		ValidArgsFunction: k.complete(a),
		PreRunE: func(*cobra.Command, []string) error {
			if !slices.Contains(s.all, S(status)) {
				return usage("--for %q is not one of %s", status, s.names())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, wanted := cmd.Context(), S(status)
			client, err := k.client(ctx, a)
			if err != nil {
				return err
			}
			id, err := k.findID(ctx, client, args[0])
			if err != nil {
				return err
			}
			limited, cancel := limit.context(ctx)
			defer cancel()
			entity, err := s.wait(limited, client, id, wanted, waiting(a.progress, func(entity *T) string { return k.is(entity, string(s.of(entity))) })...)
			switch {
			case err != nil:
				return limit.explain(err)
			case wanted == archived:
				a.note("There is no more %s %s", k.noun, args[0])
				return nil
			}
			return k.show(a, entity)
		},
	}
	cmd.Flags().StringVar(&status, "for", string(s.all[0]), "the `STATUS` to wait for")
	cmd.Flags().Var(&limit, "timeout", "give up after this `TIME`: seconds, or such as 10m (default: never)")
	return cmd
}

// is says the status of an entity.
func (k kind[T]) is(entity *T, status string) string { return k.describe(entity) + " is " + status }
