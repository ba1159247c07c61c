package main

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// printHelp is --help: it fits the terminal.
func (a *app) printHelp(cmd *cobra.Command) {
	fmt.Fprintf(cmd.OutOrStdout(), "%s\n\n", wrapped(cmp.Or(cmd.Long, cmd.Short), a.helpWidth()))
	_ = a.printUsage(cmd) // which fails as the line above
}

// helpWidth is that of the texts of --help.
func (a *app) helpWidth() int {
	if width, _ := terminalWidth(a.stdout); width >= minHelpWidth {
		return width
	}
	return defaultHelpWidth
}

// printUsage is the part of --help after what the command does.
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
	section("Examples", exampleLines(cmd, a.helpWidth()))
	section("Commands", commandLines(cmd, a.helpWidth()))
	section("Flags", flagLines(cmd.LocalFlags(), width))
	section("Global flags", flagLines(cmd.InheritedFlags(), width))
	if cmd.HasAvailableSubCommands() {
		b.WriteString(wrapped(cmd.CommandPath()+" COMMAND --help says more about a command.", a.helpWidth()))
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

func commandLines(cmd *cobra.Command, width int) string {
	var b strings.Builder
	for _, sub := range cmd.Commands() {
		if !sub.IsAvailableCommand() {
			continue
		}
		name := fmt.Sprintf("  %-*s  ", cmd.Commands()[0].NamePadding(), sub.Name())
		short := wrapped(sub.Short, width-len(name))
		b.WriteString(name + strings.ReplaceAll(short, "\n", "\n"+strings.Repeat(" ", len(name))) + "\n")
	}
	return b.String()
}

// exampleLines goes on with a flag on another line where one is too long, as a
// shell understands it.
func exampleLines(cmd *cobra.Command, width int) string {
	var b strings.Builder
	for line := range strings.Lines(cmd.Example) {
		column := 0
		for i, part := range strings.Split(strings.TrimRight(line, "\n"), " --") {
			if i > 0 {
				part = " --" + part
			}
			if i > 0 && column+len(part)+len(" \\") > width {
				b.WriteString(" \\\n     ")
				column = len("     ")
			}
			b.WriteString(part)
			column += len(part)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// wrapped breaks the lines of a text anew, but for indented ones.
func wrapped(text string, width int) string {
	var b strings.Builder
	column := 0
	for line := range strings.SplitSeq(text, "\n") {
		if line == "" || line[0] == ' ' {
			b.WriteString(strings.Repeat("\n", min(column, 1)) + line + "\n")
			column = 0
			continue
		}
		for word := range strings.FieldsSeq(line) {
			switch {
			case column == 0:
			case column+1+len(word) > width:
				b.WriteString("\n")
				column = 0
			default:
				b.WriteString(" ")
				column++
			}
			b.WriteString(word)
			column += len(word)
		}
	}
	return strings.TrimRight(b.String(), "\n")
}

const (
	minHelpWidth     = 40 // of a terminal; below it, texts would have no room beside the flags
	defaultHelpWidth = 80
)

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
