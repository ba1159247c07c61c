package main

import "github.com/spf13/pflag"

// onOff adds the flags --name and --no-name.
func onOff(to *pflag.FlagSet, value *bool, name string, byDefault bool, usage string) {
	to.BoolVar(value, name, byDefault, usage)
	to.BoolFunc("no-"+name, "the opposite of --"+name, func(string) error {
		*value = false
		return nil
	})
}
