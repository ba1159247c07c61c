package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// needsFlags makes a command refuse to run without some of its flags.
func needsFlags(cmd *cobra.Command, names ...string) *cobra.Command {
	for _, name := range names {
		flag := cmd.Flags().Lookup(name)
		flag.Usage += " (required)"
	}
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error {
		var missing []string
		for _, name := range names {
			if cmd.Flags().Lookup(name).Value.String() == "" {
				missing = append(missing, "--"+name)
			}
		}
		if len(missing) > 0 {
			return usage("%s is missing; see %s --help", strings.Join(missing, ", "), cmd.CommandPath())
		}
		return nil
	}
	return cmd
}
