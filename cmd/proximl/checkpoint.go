package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/proximl/proximl-go"
)

var checkpoints = newStorageKind("checkpoint",
	func(client *proximl.ProxiML) storageAPI[proximl.Checkpoint] { return client.Checkpoints },
	func(c *proximl.Checkpoint) string { return c.ID },
	func(c *proximl.Checkpoint) *proximl.Storage { return &c.Storage },
)

func checkpointCommand(a *app) *cobra.Command {
	return checkpoints.command(a, "Keep model weights that jobs read",
		checkpoints.publicCommand(a, func(ctx context.Context, client *proximl.ProxiML) ([]*proximl.Checkpoint, error) {
			return client.Checkpoints.ListPublic(ctx)
		}))
}
