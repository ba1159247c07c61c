package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/cmd/proximl/internal/output"
)

func newDeviceConfigKind() regionalKind[proximl.DeviceConfig] {
	return newRegionalKind(kind[proximl.DeviceConfig]{
		noun: "device config",
		id:   func(c *proximl.DeviceConfig) string { return c.ID },
		name: func(c *proximl.DeviceConfig) string { return c.Name },
		columns: []output.Column[proximl.DeviceConfig]{
			{Title: "ID", Width: 37, Whole: true, Value: func(c *proximl.DeviceConfig) string { return c.ID }},
			{Title: "NAME", Width: 29, Value: func(c *proximl.DeviceConfig) string { return c.Name }},
			{Title: "MODEL", Width: 38, Value: func(c *proximl.DeviceConfig) string { return c.ModelID }},
			{Title: "IMAGE", Width: 29, Value: func(c *proximl.DeviceConfig) string { return c.Image }},
		},
	}, func(api *proximl.CloudBenderAPI) regionalAPI[proximl.DeviceConfig] { return api.DeviceConfigs })
}

func deviceConfigCommand(a *app) *cobra.Command {
	k := newDeviceConfigKind()
	return k.command(a, "Work with device configs: endpoints that devices can run", deviceConfigCreateCommand(a, k))
}

func deviceConfigCreateCommand(a *app, k regionalKind[proximl.DeviceConfig]) *cobra.Command {
	var spec proximl.DeviceConfigSpec
	var model string
	k.inProject = true // the model is in a project, too
	cmd := k.createCommand(a, &cobra.Command{
		Short:   "Create a device config",
		Long:    "Create a device config of a model of the project, and print it.",
		Example: "  " + k.path() + " create camera --model detector --image nvidia/cuda --command \"python run.py\"" + inBasement,
	}, func(ctx context.Context, client *proximl.ProxiML, name string) (*proximl.DeviceConfig, error) {
		var err error
		if spec.ModelID, err = models.findID(ctx, client, model); err != nil {
			return nil, err
		}
		spec.Name = name
		return client.CloudBender.DeviceConfigs.Create(ctx, k.providerID, k.regionID, &spec)
	})
	cmd.Flags().StringVar(&model, "model", "", "the model `NAME_OR_ID`")
	cmd.Flags().StringVar(&spec.Image, "image", "", "the Docker `IMAGE`")
	cmd.Flags().StringVar(&spec.Command, "command", "", "the `COMMAND` to run")
	return needsFlags(cmd, "model", "image", "command")
}
