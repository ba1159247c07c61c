package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/proximl/proximl-go"
)

var datasets = newStorageKind("dataset",
	func(client *proximl.ProxiML) storageAPI[proximl.Dataset] { return client.Datasets },
	func(d *proximl.Dataset) string { return d.ID },
	func(d *proximl.Dataset) *proximl.Storage { return &d.Storage },
)

func datasetCommand(a *app) *cobra.Command {
	return datasets.command(a, "Keep data that jobs read",
		datasets.publicCommand(a, func(ctx context.Context, client *proximl.ProxiML) ([]*proximl.Dataset, error) {
			return client.Datasets.ListPublic(ctx)
		}))
}
