package main

import (
	"context"
	"fmt"
	"iter"

	"github.com/spf13/cobra"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/cmd/proximl/internal/output"
)

var gpuTypes = kind[proximl.GPUType]{
	noun:      "GPU type",
	inProject: true,
	all: func(ctx context.Context, client *proximl.ProxiML) iter.Seq2[*proximl.GPUType, error] {
		return each(client.GPUTypes.List(ctx))
	},
	id:   func(g *proximl.GPUType) string { return g.ID },
	name: func(g *proximl.GPUType) string { return g.Abbreviation },
	columns: []output.Column[proximl.GPUType]{
		{Title: "ID", Width: 36, Whole: true, Value: func(g *proximl.GPUType) string { return g.ID }},
		{Title: "NAME", Width: 16, Value: func(g *proximl.GPUType) string { return g.Name }},
		{Title: "ABBRV", Width: 10, Whole: true, Value: func(g *proximl.GPUType) string { return g.Abbreviation }},
		{Title: "CREDITS/HR MIN", Width: 16, Value: func(g *proximl.GPUType) string { return credits(g.Price.Min) }},
		{Title: "CREDITS/HR MAX", Width: 16, Value: func(g *proximl.GPUType) string { return credits(g.Price.Max) }},
	},
}

func credits(amount float64) string { return fmt.Sprintf("%.2f", amount) }

func gpuCommand(a *app) *cobra.Command {
	return group("gpu", "See which GPUs there are",
		gpuTypes.listCommand(a, &cobra.Command{
			Short:   "List the GPU types that jobs of the project can use, and their prices",
			Long:    "List the GPU types that jobs of the project can use, with the range of their\nprices in credits per hour and GPU. Jobs take what is in the column ABBRV.",
			Example: "  proximl gpu list\n  proximl gpu list --project Research",
		}),
	)
}
