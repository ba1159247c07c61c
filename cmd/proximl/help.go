package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// printUsage is the part of --help after what the command does: it fits the
// terminal.
func (a *app) printUsage(cmd *cobra.Command) error {
	width, _ := terminalWidth(a.stdout)
	var b strings.Builder
	section := func(title, text string) {
		if text = strings.Trim(text, "\n"); text != "" {
			b.WriteString(title + ":\n" + text + "\n\n")
		}
	}
	section("Usage", usageLines(cmd))
	if len(cmd.Aliases) > 0 {
		section("Aliases", "  "+cmd.NameAndAliases())
	}
	section("Examples", cmd.Example)
	section("Commands", commandLines(cmd))
	section("Flags", flagLines(cmd.LocalFlags(), width))
	section("Global flags", flagLines(cmd.InheritedFlags(), width))
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "%s COMMAND --help says more about a command.\n", cmd.CommandPath())
	}
	_, err := fmt.Fprintln(cmd.OutOrStdout(), strings.TrimRight(b.String(), "\n"))
	return err
}

func usageLines(cmd *cobra.Command) string {
	switch {
	case !cmd.HasAvailableSubCommands():
		return "  " + cmd.UseLine()
	case hasFlags(cmd):
		return "  " + cmd.UseLine() + "\n  " + cmd.CommandPath() + " COMMAND"
	}
	return "  " + cmd.CommandPath() + " COMMAND"
}

// hasFlags reports whether a command has flags of its own, other than --help.
func hasFlags(cmd *cobra.Command) (found bool) {
	cmd.LocalNonPersistentFlags().VisitAll(func(flag *pflag.Flag) { found = found || flag.Name != "help" && flag.Name != "version" })
	return found
}

func commandLines(cmd *cobra.Command) string {
	var b strings.Builder
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			fmt.Fprintf(&b, "  %-*s  %s\n", cmd.Commands()[0].NamePadding(), sub.Name(), sub.Short)
		}
	}
	return b.String()
}

const minHelpWidth = 40 // of a terminal; below it, texts would have no room beside the flags

// flagLines wraps the texts of flags, unless there is no terminal.
func flagLines(flags *pflag.FlagSet, width int) string {
	if width < minHelpWidth {
		width = 0
	}
	return flags.FlagUsagesWrapped(width)
}

func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]...",
		Short:   "Say what a command does",
		Long:    "Say what a command does and which flags it has, as --help does.",
		Example: "  proximl help project list",
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			found, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return usage("there is no command %q; see %s --help", strings.Join(args, " "), cmd.Root().Name())
			}
			found.InitDefaultHelpFlag()
			return found.Help()
		},
	}
}
