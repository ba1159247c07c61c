package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
)

const maxInput = 1 << 20 // bytes of a file that goes into a request

// readFile reads the file that a flag names; "-" is stdin. Either may be a pipe
// into which nobody writes, so that it ends with ctx.
func (a *app) readFile(ctx context.Context, flag, path string) ([]byte, error) {
	if path == "" {
		return nil, usage("%s is missing; it names a file, or - for stdin", flag)
	}
	content, err := await(ctx, func() ([]byte, error) { return a.readInput(path) })
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, fmt.Errorf("%s: %w", flag, err)
	case len(content) == 0:
		return nil, fmt.Errorf("%s: %s is empty", flag, path)
	case len(content) > maxInput:
		return nil, fmt.Errorf("%s: %s is larger than 1 MiB", flag, path)
	}
	return content, nil
}

// readInput reads no more than shows that it is too much.
func (a *app) readInput(path string) ([]byte, error) {
	from := a.stdin
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, usageError{err}
		}
		defer file.Close()
		from = file
	}
	return io.ReadAll(io.LimitReader(from, maxInput+1))
}

// printText prints a text of lines as it is.
func (a *app) printText(text string) error {
	_, err := io.WriteString(a.stdout, strings.TrimRight(text, "\n")+"\n")
	return err
}
