package main

import (
	"strings"

	"github.com/spf13/pflag"
)

// word is the value of a flag that takes one of some words, in capitals or not.
type word string

// wordFlag adds the flag of a word.
func wordFlag(to *pflag.FlagSet, value *string, name, short, byDefault, usage string) {
	*value = byDefault
	to.VarP((*word)(value), name, short, usage)
}

// String implements [pflag.Value].
func (w *word) String() string { return string(*w) }

// Set implements [pflag.Value].
func (w *word) Set(text string) error {
	*w = word(strings.ToLower(text))
	return nil
}

// Type implements [pflag.Value].
func (w *word) Type() string { return "string" }

// lower is the list of such words.
func lower(words []string) []string {
	var all []string
	for _, word := range words {
		all = append(all, strings.ToLower(word))
	}
	return all
}
