package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// shortFlag is the annotation of a flag with its short form in the Python command,
// which means something else here, or has two letters.
const shortFlag = "short form"

// shortOf says the short form of a flag of the set.
func shortOf(flags *pflag.FlagSet, name, short string) {
	_ = flags.SetAnnotation(name, shortFlag, []string{short}) // fails only for a flag that is not there
}

// spelled writes such short forms out, after the command that has them.
func spelled(root *cobra.Command, args []string) []string {
	cmd, _, err := root.Find(args)
	if err != nil {
		return args
	}
	long := map[string]string{}
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		for _, short := range flag.Annotations[shortFlag] {
			long[short] = "--" + flag.Name
		}
	})
	spelled := slices.Clone(args)
	for i := slices.Index(args, cmd.Name()) + 1; i < len(args) && args[i] != "--"; i++ {
		if name, found := long[args[i]]; found {
			spelled[i] = name
		}
		if takesNext(cmd.Flags(), spelled[i]) {
			i++
		}
	}
	return spelled
}

// takesNext reports whether an argument is a flag, or ends in one, whose value is
// the next argument.
func takesNext(flags *pflag.FlagSet, arg string) bool {
	if name, isLong := strings.CutPrefix(arg, "--"); isLong {
		flag := flags.Lookup(name) // none when its value follows in it
		return flag != nil && flag.NoOptDefVal == ""
	}
	letters, isShort := strings.CutPrefix(arg, "-")
	for i := 0; isShort && i < len(letters); i++ {
		flag := flags.ShorthandLookup(letters[i : i+1])
		if flag == nil || flag.NoOptDefVal == "" {
			return flag != nil && i == len(letters)-1
		}
	}
	return false
}
