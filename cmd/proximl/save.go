package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// saveFile writes the file that a flag names, or none at all; "-" is stdout. A
// file of that name is replaced.
func (a *app) saveFile(flag, path string, write func(io.Writer) error) error {
	if path == "-" {
		return write(a.stdout)
	}
	part, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	err = write(part)
	if closed := part.Close(); err == nil && closed != nil {
		err = fmt.Errorf("%s: %w", flag, closed)
	}
	if err == nil {
		if err = os.Rename(part.Name(), path); err == nil {
			a.note("Wrote %s", path)
			return nil
		}
		err = fmt.Errorf("%s: %w", flag, err)
	}
	return errors.Join(err, os.Remove(part.Name()))
}
