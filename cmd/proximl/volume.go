package main

import (
	"github.com/spf13/cobra"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/cmd/proximl/internal/output"
)

var volumes = newVolumeKind()

// newVolumeKind has CAPACITY in place of SIZE.
func newVolumeKind() storageKind[proximl.Volume] {
	k := newStorageKind("volume",
		func(client *proximl.ProxiML) storageAPI[proximl.Volume] { return client.Volumes },
		func(v *proximl.Volume) string { return v.ID },
		func(v *proximl.Volume) *proximl.Storage { return &v.Storage },
	)
	k.hasCapacity = true
	k.columns[len(k.columns)-1] = output.Column[proximl.Volume]{Title: "CAPACITY", Width: 14, Whole: true, Value: func(v *proximl.Volume) string { return v.Capacity }}
	return k
}

func volumeCommand(a *app) *cobra.Command {
	return volumes.command(a, "Keep files that notebooks and endpoints read and write")
}
