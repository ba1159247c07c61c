package main

import (
	"context"
	"iter"

	"github.com/spf13/cobra"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/cmd/proximl/internal/output"
)

// customEnvironment stands for an image of the user's own. It is not listed.
const customEnvironment = "CUSTOM"

var environments = kind[proximl.Environment]{
	noun: "environment",
	all:  listedEnvironments,
	id:   func(e *proximl.Environment) string { return e.ID },
	name: func(e *proximl.Environment) string { return e.Name },
	columns: []output.Column[proximl.Environment]{
		{Title: "ID", Width: 21, Whole: true, Value: func(e *proximl.Environment) string { return e.ID }},
		{Title: "NAME", Width: 30, Value: func(e *proximl.Environment) string { return e.Name }},
		{Title: "PYTHON", Width: 8, Value: func(e *proximl.Environment) string { return e.PythonVersion }},
		{Title: "FRAMEWORK", Width: 15, Value: func(e *proximl.Environment) string { return e.Framework }},
		{Title: "VERSION", Width: 9, Value: func(e *proximl.Environment) string { return e.Version }},
		{Title: "CUDA", Width: 6, Value: func(e *proximl.Environment) string { return e.CUDAVersion }},
	},
}

func listedEnvironments(ctx context.Context, client *proximl.ProxiML) iter.Seq2[*proximl.Environment, error] {
	return func(yield func(*proximl.Environment, error) bool) {
		for environment, err := range each(client.Environments.List(ctx)) {
			if err == nil && environment.ID == customEnvironment {
				continue
			}
			if !yield(environment, err) {
				return
			}
		}
	}
}

func environmentCommand(a *app) *cobra.Command {
	return group("environment", "See which software environments there are",
		environments.listCommand(a, &cobra.Command{
			Short:   "List the software environments that jobs can run in",
			Long:    "List the software environments that jobs can run in. Jobs take what is in the\ncolumn ID.",
			Example: "  proximl environment list",
		}),
	)
}
