package main

import (
	"cmp"
	"context"

	"github.com/spf13/cobra"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/cmd/proximl/internal/output"
)

func newDeviceKind() regionalKind[proximl.Device] {
	return newRegionalKind(kind[proximl.Device]{
		noun: "device",
		id:   func(d *proximl.Device) string { return d.ID },
		name: func(d *proximl.Device) string { return d.FriendlyName },
		columns: []output.Column[proximl.Device]{
			{Title: "ID", Width: 37, Whole: true, Value: func(d *proximl.Device) string { return d.ID }},
			{Title: "NAME", Width: 29, Value: func(d *proximl.Device) string { return d.FriendlyName }},
			{Title: "JOB STATUS", Width: 11, Value: func(d *proximl.Device) string { return string(d.JobStatus) }},
			{Title: "STATUS", Width: 11, Value: func(d *proximl.Device) string { return string(d.Status) }},
			{Title: "ONLINE", Width: 7, Value: func(d *proximl.Device) string { return mark(d.Online) }},
			{Title: "MAINTENANCE", Width: 12, Value: func(d *proximl.Device) string { return mark(d.MaintenanceMode) }},
		},
	}, func(api *proximl.CloudBenderAPI) regionalAPI[proximl.Device] { return api.Devices })
}

func deviceCommand(a *app) *cobra.Command {
	k := newDeviceKind()
	api := func(api *proximl.CloudBenderAPI) machineAPI { return api.Devices }
	return k.command(a, "Work with devices: machines at the edge, each of which runs an endpoint",
		deviceCreateCommand(a, k),
		deviceConfigSetCommand(a, k),
		k.on(a, &cobra.Command{
			Use:     "deploy NAME_OR_ID",
			Short:   "Make a device run the endpoint of its config",
			Long:    "Make a device run the endpoint that its device config describes.",
			Example: "  " + k.path() + " deploy example" + inBasement,
		}, func(ctx context.Context, client *proximl.ProxiML, device *proximl.Device) error {
			if err := client.CloudBender.Devices.Deploy(ctx, k.providerID, k.regionID, device.ID); err != nil {
				return err
			}
			a.note("Deployed to %s", k.describe(device))
			return nil
		}),
		k.on(a, &cobra.Command{
			Use:     "stop NAME_OR_ID",
			Short:   "Stop the endpoint that a device runs",
			Long:    "Stop the endpoint that a device runs.",
			Example: "  " + k.path() + " stop example" + inBasement,
		}, func(ctx context.Context, client *proximl.ProxiML, device *proximl.Device) error {
			if err := client.CloudBender.Devices.Stop(ctx, k.providerID, k.regionID, device.ID); err != nil {
				return err
			}
			a.note("Stopped what runs on %s", k.describe(device))
			return nil
		}),
		maintenanceCommand(a, k, api, func(d *proximl.Device) bool { return d.MaintenanceMode }),
		actionCommand(a, k, api),
	)
}

func deviceCreateCommand(a *app, k regionalKind[proximl.Device]) *cobra.Command {
	var spec proximl.DeviceSpec
	cmd := k.createCommand(a, &cobra.Command{
		Short:   "Create a device",
		Long:    "Create a device of a machine, and print it. It is in maintenance at first.",
		Example: "  " + k.path() + " create hq-orin-01 --minion-id 3f1c" + inBasement,
	}, func(ctx context.Context, client *proximl.ProxiML, name string) (*proximl.Device, error) {
		spec.FriendlyName, spec.Hostname = name, cmp.Or(spec.Hostname, name)
		return client.CloudBender.Devices.Create(ctx, k.providerID, k.regionID, &spec)
	})
	cmd.Flags().StringVarP(&spec.MinionID, "minion-id", "m", "", "`ID` of the machine, as its installation tells it")
	cmd.Flags().StringVar(&spec.Hostname, "hostname", "", "host `NAME`, if it is not the name of the device")
	return needsFlags(cmd, "minion-id")
}

func deviceConfigSetCommand(a *app, k regionalKind[proximl.Device]) *cobra.Command {
	var config string
	var none bool
	cmd := k.on(a, &cobra.Command{
		Use:     "set-config NAME_OR_ID",
		Aliases: []string{"set_config"},
		Short:   "Say what endpoint a device is to run",
		Long:    "Say what endpoint a device is to run, and print it. \"" + k.path() + " deploy\"\nmakes it so.",
		Example: "  " + k.path() + " set-config example --config camera" + inBasement + "\n  " + k.path() + " set-config example --none" + inBasement,
	}, func(ctx context.Context, client *proximl.ProxiML, device *proximl.Device) error {
		id := ""
		if !none {
			configs := newDeviceConfigKind()
			*configs.place = *k.place
			var err error
			if id, err = configs.findID(ctx, client, config); err != nil {
				return err
			}
		}
		changed, err := client.CloudBender.Devices.SetConfig(ctx, k.providerID, k.regionID, device.ID, id)
		if err != nil {
			return err
		}
		return k.show(a, changed)
	})
	cmd.Flags().StringVar(&config, "config", "", "the device config `NAME_OR_ID`")
	cmd.Flags().BoolVar(&none, "none", false, "no endpoint")
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if none == (config != "") {
			return usage("give either --config or --none")
		}
		return nil
	}
	return cmd
}
