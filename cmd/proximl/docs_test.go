package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const docsWidth = 100 // of a line of flags

// docs/cli.md says what --help says.
func TestDocs(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "..", "docs", "cli.md")
	want := reference(newRoot(&app{}))
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(want), 0o644))
	}
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, want, string(got), "go test ./cmd/proximl -run TestDocs -update writes docs/cli.md")
}

// reference is a Markdown text about all commands.
func reference(root *cobra.Command) string {
	var b strings.Builder
	b.WriteString("# The command proximl\n\nGenerated from the texts of `proximl --help`.\n\n```\n" + root.Long + "\n```\n\n")
	b.WriteString("Every command has these flags:\n\n" + block(root.PersistentFlags().FlagUsagesWrapped(docsWidth)))
	b.WriteString("## Commands\n\n")
	walk(root, func(cmd *cobra.Command) {
		if !cmd.HasSubCommands() {
			b.WriteString("- [" + cmd.CommandPath() + "](#" + strings.ReplaceAll(cmd.CommandPath(), " ", "-") + "): " + cmd.Short + "\n")
		}
	})
	walk(root, func(cmd *cobra.Command) {
		switch {
		case cmd == root:
		case cmd.HasSubCommands():
			b.WriteString("\n## " + cmd.CommandPath() + "\n\n" + cmd.Short + ".\n")
			if cmd.Long != "" {
				describe(&b, cmd)
			}
		default:
			level := "\n### "
			if cmd.Parent() == root {
				level = "\n## " // else it would belong to the group before it
			}
			b.WriteString(level + cmd.CommandPath() + "\n")
			describe(&b, cmd)
		}
	})
	return strings.ReplaceAll(b.String(), "\n\n\n", "\n\n")
}

// describe is the part about one command.
func describe(b *strings.Builder, cmd *cobra.Command) {
	b.WriteString("\n" + prose(cmd.Long) + "\n\n" + block(cmd.UseLine()) + block(unindent(cmd.Example)))
	if cmd.LocalNonPersistentFlags().HasAvailableFlags() {
		b.WriteString(block(cmd.LocalNonPersistentFlags().FlagUsagesWrapped(docsWidth)))
	}
	var aliases []string
	for at := cmd; at.HasParent(); at = at.Parent() {
		for _, alias := range at.Aliases {
			aliases = append(aliases, "`"+alias+"` for `"+at.Name()+"`")
		}
	}
	if len(aliases) > 0 {
		slices.Sort(aliases)
		b.WriteString("Also: " + strings.Join(aliases, ", ") + ".\n")
	}
}

// prose makes indented lines a code block, and keeps names as they are.
func prose(text string) string {
	var b strings.Builder
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		if strings.HasPrefix(paragraph, "  ") {
			b.WriteString(block(unindent(paragraph)))
		} else {
			b.WriteString(strings.NewReplacer("_", `\_`, "*", `\*`, "<", `\<`).Replace(paragraph) + "\n\n")
		}
	}
	return strings.TrimRight(b.String(), "\n")
}

func unindent(text string) string {
	return strings.ReplaceAll(strings.TrimPrefix(text, "  "), "\n  ", "\n")
}

// A command is under the heading of its group, or has one of its own.
func TestDocsHeadings(t *testing.T) {
	t.Parallel()
	text, group := reference(newRoot(&app{})), ""
	for line := range strings.Lines(text) {
		heading := strings.TrimSpace(line)
		if own, found := strings.CutPrefix(heading, "## proximl "); found {
			group = own
		}
		if path, found := strings.CutPrefix(heading, "### proximl "); found {
			assert.True(t, strings.HasPrefix(path, strings.Split(group, " ")[0]+" "), "%s is under %s", path, group)
		}
	}
}

func block(text string) string { return "```\n" + strings.TrimRight(text, "\n") + "\n```\n\n" }
