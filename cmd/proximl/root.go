package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/cmd/proximl/internal/output"
)

const rootHelp = `The command of proxiML, a GPU cloud for training and serving models.

It works as the account whose API key is in the environment (PROXIML_USER and
PROXIML_KEY) or in credentials.json of the configuration folder, which is
~/.proximl or what PROXIML_CONFIG_DIR says. It works in the active project:
that of --project, of PROXIML_PROJECT or of "proximl configure", and otherwise
in the account's Personal project.

Results go to stdout, all else to stderr. Exit codes:
    0  done
    1  error
    2  wrong usage: a flag, an argument, a question that nobody can answer
    3  not found
    4  not allowed: the login was refused, or the account has no right to it
    5  what was waited for failed
  130  interrupted`

// globalFlags are the flags that every command has.
type globalFlags struct {
	project      string
	format       string
	outputFile   string
	quiet        bool
	verbose      bool
	showSecrets  bool
	noColor      bool
	noTokenCache bool
	yes          bool // of the commands that ask
}

func (f *globalFlags) add(to *pflag.FlagSet) {
	to.StringVar(&f.project, "project", "", "work in the project `NAME_OR_ID`")
	to.StringVarP(&f.format, "output", "o", string(output.Table), "how to print results: `table|json|yaml|id`")
	to.StringVar(&f.outputFile, "output-file", "", "write results to `FILE` in place of stdout")
	to.BoolVarP(&f.quiet, "quiet", "q", false, "print only results and errors")
	to.BoolVarP(&f.quiet, "silent", "s", false, "the same as --quiet")
	to.BoolVarP(&f.verbose, "verbose", "v", false, "tell on stderr about each request and how long it took")
	to.BoolVarP(&f.verbose, "debug", "d", false, "the same as --verbose")
	to.BoolVar(&f.showSecrets, "show-secrets", false, "print secrets in JSON and YAML as they are")
	to.BoolVar(&f.noColor, "no-color", false, "print without colors (also NO_COLOR)")
	to.BoolVar(&f.noTokenCache, "no-token-cache", false, "keep no login tokens in the configuration folder (also PROXIML_NO_TOKEN_CACHE)")
	for _, same := range []string{"silent", "debug"} {
		to.Lookup(same).Hidden = true
	}
}

func newRoot(a *app) *cobra.Command {
	root := group("proximl", "The command of proxiML, a GPU cloud for training and serving models",
		configureCommand(a),
		projectCommand(a),
		jobCommand(a),
		datasetCommand(a),
		modelCommand(a),
		checkpointCommand(a),
		volumeCommand(a),
		cloudbenderCommand(a),
		gpuCommand(a),
		environmentCommand(a),
		emulatorCommand(a),
		completionCommand(a),
		versionCommand(a),
	)
	root.Long = rootHelp
	root.Example = "  proximl configure\n  proximl project list -o id"
	root.Version = proximl.Version
	root.SilenceUsage, root.SilenceErrors = true, true
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetHelpCommand(helpCommand())
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { a.printHelp(cmd) })
	root.SetUsageFunc(a.printUsage)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usage("%w; see %s --help", err, cmd.CommandPath())
	})
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error { return a.begin(cmd.Flags()) }
	a.flags.add(root.PersistentFlags())
	completeAll(a, root)
	a.completeFlag(root, "project", projects.completions)
	a.completeFlag(root, "output", func(context.Context, *app, string) []cobra.Completion {
		return []cobra.Completion{"table", "json", "yaml", "id"}
	})
	return root
}

// begin checks the global flags before the command runs.
func (a *app) begin(given *pflag.FlagSet) error {
	for _, name := range []string{"project", "output-file"} {
		if flag := given.Lookup(name); flag.Changed && flag.Value.String() == "" {
			return usage("--%s is empty; is a variable of the shell not set?", name)
		}
	}
	if !output.Format(a.flags.format).Known() {
		return usage("--output %q is not one of table, json, yaml and id; a file is named by --output-file", a.flags.format)
	}
	a.progress.shown = !a.flags.quiet && isTerminal(a.stderr) && a.getenv("TERM") != "dumb"
	if a.flags.outputFile == "" || a.flags.outputFile == "-" {
		return nil
	}
	switch folder, err := os.Stat(filepath.Dir(a.flags.outputFile)); {
	case err != nil:
		return fmt.Errorf("--output-file: %w", err)
	case !folder.IsDir():
		return fmt.Errorf("--output-file: %s is no folder", filepath.Dir(a.flags.outputFile))
	}
	a.stdout = &outputFile{path: a.flags.outputFile, private: a.flags.showSecrets}
	return nil
}

// group is a command that only has others.
func group(use, short string, commands ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use:   use,
		Short: short,
		Args:  cobra.ArbitraryArgs,

		SuggestionsMinimumDistance: 2,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			if !cmd.HasParent() {
				return cmd.Help()
			}
			return usage("%s needs a command: %s; see %[1]s --help", cmd.CommandPath(), names(cmd))
		},
	}
	cmd.AddCommand(commands...)
	return cmd
}

func unknownCommand(cmd *cobra.Command, name string) error {
	if similar := cmd.SuggestionsFor(name); len(similar) > 0 {
		return usage("%s has no command %q; did you mean %s?", cmd.CommandPath(), name, strings.Join(similar, " or "))
	}
	return usage("%s has no command %q; there are %s", cmd.CommandPath(), name, names(cmd))
}

func names(cmd *cobra.Command) string {
	var names []string
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	return strings.Join(names, ", ")
}

// takes checks the number of arguments. What they are is said by the command's
// usage line.
func takes(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < least || len(args) > most {
			return usage("the usage is: %s; see %s --help", cmd.UseLine(), cmd.CommandPath())
		}
		return nil
	}
}
