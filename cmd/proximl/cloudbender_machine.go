package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/proximl/proximl-go"
)

// machineAPI is what the calls for nodes and devices have in common.
type machineAPI interface {
	ToggleMaintenance(ctx context.Context, providerID, regionID, id string, opts ...proximl.RequestOption) error
	RunAction(ctx context.Context, providerID, regionID, id, command string, opts ...proximl.RequestOption) error
}

// maintenanceCommand is the command "maintenance". The service can only toggle:
// a wanted state is compared with that of the machine.
func maintenanceCommand[T any](a *app, k regionalKind[T], api func(*proximl.CloudBenderAPI) machineAPI, isOn func(*T) bool) *cobra.Command {
	var on, off bool
	cmd := k.on(a, &cobra.Command{
		Use:   "maintenance NAME_OR_ID",
		Short: "Put a " + k.noun + " into maintenance, or end that",
		Long: `Put a ` + k.noun + ` into maintenance, in which it takes no jobs, or end that if it is
in it; and print it. With --on or --off, change nothing if it is so already.`,
		Example: "  " + k.path() + " maintenance example --off" + inBasement,
	}, func(ctx context.Context, client *proximl.ProxiML, machine *T) error {
		if (on && isOn(machine)) || (off && !isOn(machine)) {
			return k.show(a, machine)
		}
		if err := api(client.CloudBender).ToggleMaintenance(ctx, k.providerID, k.regionID, k.id(machine)); err != nil {
			return err
		}
		changed, err := k.get(ctx, client, k.id(machine))
		if err != nil {
			return err
		}
		return k.show(a, changed)
	})
	cmd.Flags().BoolVar(&on, "on", false, "only put it into maintenance")
	cmd.Flags().BoolVar(&off, "off", false, "only end maintenance")
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if on && off {
			return usage("--on and --off cannot both be given")
		}
		return nil
	}
	return cmd
}

// actionCommand is the command "action".
func actionCommand[T any](a *app, k regionalKind[T], api func(*proximl.CloudBenderAPI) machineAPI) *cobra.Command {
	return k.onWith(a, 1, &cobra.Command{
		Use:     "action NAME_OR_ID COMMAND",
		Short:   "Make a " + k.noun + " run a command that it knows",
		Long:    "Make a " + k.noun + " run one of the commands that it knows, such as report.",
		Example: "  " + k.path() + " action example report" + inBasement,
	}, func(ctx context.Context, client *proximl.ProxiML, machine *T, args []string) error {
		if err := api(client.CloudBender).RunAction(ctx, k.providerID, k.regionID, k.id(machine), args[0]); err != nil {
			return err
		}
		a.note("Sent %s to %s", args[0], k.describe(machine))
		return nil
	})
}
