package main

import (
	"fmt"
	"io"
	"os"
	"strings"
)

const maxInput = 1 << 20 // bytes of a file that goes into a request

// readFile reads the file that a flag names; "-" is stdin.
func (a *app) readFile(flag, path string) ([]byte, error) {
	if path == "" {
		return nil, usage("%s is missing; it names a file, or - for stdin", flag)
	}
	from := a.stdin
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", flag, err)
		}
		defer file.Close()
		from = file
	}
	content, err := io.ReadAll(io.LimitReader(from, maxInput+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", flag, err)
	case len(content) == 0:
		return nil, fmt.Errorf("%s: %s is empty", flag, path)
	case len(content) > maxInput:
		return nil, fmt.Errorf("%s: %s is larger than 1 MiB", flag, path)
	}
	return content, nil
}

// printText prints a text of lines as it is.
func (a *app) printText(text string) error {
	_, err := io.WriteString(a.stdout, strings.TrimRight(text, "\n")+"\n")
	return err
}
