package main

import (
	"strconv"

	"github.com/spf13/pflag"
)

// onOff adds the flags --name and --no-name.
func onOff(to *pflag.FlagSet, value *bool, name string, byDefault bool, usage string) {
	to.BoolVar(value, name, byDefault, usage)
	to.BoolFunc("no-"+name, "the opposite of --"+name, func(text string) error {
		off, err := strconv.ParseBool(text)
		if err != nil {
			return err
		}
		*value = !off
		return nil
	})
}
