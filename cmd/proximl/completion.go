package main

import (
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
ids of what is in the service. The shell has to load it when it starts.`,
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
