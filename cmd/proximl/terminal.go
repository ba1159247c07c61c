package main

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"github.com/proximl/proximl-go/cmd/proximl/internal/output"
)

func (a *app) printer() *output.Printer {
	a.progress.end()
	width, isTerminal := terminalWidth(a.stdout)
	return &output.Printer{
		To:          a.stdout,
		Format:      output.Format(a.flags.format),
		Width:       width,
		Bold:        isTerminal && !a.flags.noColor && a.getenv("NO_COLOR") == "" && a.getenv("TERM") != "dumb",
		ShowSecrets: a.flags.showSecrets,
	}
}

// note tells what was done, which is no result.
func (a *app) note(format string, args ...any) {
	if !a.flags.quiet {
		fmt.Fprintln(a.progress, output.Clean(fmt.Sprintf(format, args...)))
	}
}

func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// terminalWidth returns 0 for what is no terminal, or has no width.
func terminalWidth(w io.Writer) (int, bool) {
	if !isTerminal(w) {
		return 0, false
	}
	width, _, err := term.GetSize(int(w.(*os.File).Fd()))
	if err != nil {
		return 0, true
	}
	return width, true
}
