package main

import (
	"github.com/spf13/cobra"

	"github.com/proximl/proximl-go"
)

var models = newStorageKind("model",
	func(client *proximl.ProxiML) storageAPI[proximl.Model] { return client.Models },
	func(m *proximl.Model) string { return m.ID },
	func(m *proximl.Model) *proximl.Storage { return &m.Storage },
)

func modelCommand(a *app) *cobra.Command {
	return models.command(a, "Keep code and weights that jobs start from")
}
