package main

import (
	"context"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// shells write the script of a shell that asks the command what fits.
var shells = map[string]func(*cobra.Command, io.Writer) error{
	"bash":       func(root *cobra.Command, to io.Writer) error { return root.GenBashCompletionV2(to, true) },
	"zsh":        (*cobra.Command).GenZshCompletion,
	"fish":       func(root *cobra.Command, to io.Writer) error { return root.GenFishCompletion(to, true) },
	"powershell": (*cobra.Command).GenPowerShellCompletionWithDesc,
}

func completionCommand(a *app) *cobra.Command {
	names := slices.Sorted(maps.Keys(shells))
	return &cobra.Command{
		Use:   "completion " + strings.Join(names, "|"),
		Short: "Print a script that completes commands in a shell",
		Long: `Print a script that makes a shell complete commands, flags, and the names and
ids of what is in the service. The shell has to load it when it starts; that of
bash needs the package bash-completion.`,
		Example:   "  source <(proximl completion bash)\n  proximl completion zsh > \"${fpath[1]}/_proximl\"\n  proximl completion fish > ~/.config/fish/completions/proximl.fish",
		Args:      takes(1, 1),
		ValidArgs: names,
		RunE: func(cmd *cobra.Command, args []string) error {
			write, known := shells[args[0]]
			if !known {
				return usage("there is no completion for %q; there is one for %s", args[0], strings.Join(names, ", "))
			}
			return write(cmd.Root(), a.stdout)
		},
	}
}

// completeAll offers names of the service's entities for the flags that take
// them, in every command that has them, and files only where an argument is one.
func completeAll(a *app, cmd *cobra.Command) {
	for _, sub := range cmd.Commands() {
		completeAll(a, sub)
	}
	if cmd.ValidArgsFunction == nil && len(cmd.ValidArgs) == 0 && !strings.Contains(cmd.Use, "FILE") && !strings.Contains(cmd.Use, "PATH") {
		cmd.ValidArgsFunction = cobra.NoFileCompletions
	}
	if cmd.HasParent() && cmd.Parent().Name() == "member" {
		return // whose flags of these names are levels of access
	}
	for flag, with := range map[string]func(context.Context, *app, string) []cobra.Completion{
		"dataset": datasets.completions, "checkpoint": checkpoints.completions, "volume": volumes.completions,
		"model-id": models.completions, "gpu-type": gpuTypes.completions, "environment": environments.completions,
		"secret": secrets.completions, "credential": credentials.completions,
	} {
		if cmd.Flags().Lookup(flag) != nil {
			a.completeFlag(cmd, flag, with)
		}
	}
}

// completeFlag says what fits a flag of a command.
func (a *app) completeFlag(cmd *cobra.Command, flag string, with func(context.Context, *app, string) []cobra.Completion) {
	// It fails only for a flag that is not there.
	_ = cmd.RegisterFlagCompletionFunc(flag, func(cmd *cobra.Command, _ []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return with(cmd.Context(), a, begun), cobra.ShellCompDirectiveNoFileComp
	})
}
