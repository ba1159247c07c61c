package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// saveFile writes the file that a flag names, or none at all; "-" is stdout. A
// file of that name is replaced, also one that a symbolic link leads to. Into
// what is no file, such as a pipe or a device, it is written.
func (a *app) saveFile(flag, path string, write func(io.Writer) error) error {
	if path == "-" {
		return write(a.stdout)
	}
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return writeInto(flag, path, write)
	}
	name := path
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
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
			a.note("Wrote %s", name)
			return nil
		}
		err = fmt.Errorf("%s: %w", flag, err)
	}
	return errors.Join(err, os.Remove(part.Name()))
}

func writeInto(flag, path string, write func(io.Writer) error) error {
	to, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	return errors.Join(write(to), to.Close())
}

// outputFile is the file of --output-file. It stays as it is until there is
// something to write.
type outputFile struct {
	path    string
	private bool
	file    *os.File // the end of the process closes it
}

func (o *outputFile) Write(p []byte) (int, error) {
	if o.file == nil {
		if err := o.open(); err != nil {
			return 0, fmt.Errorf("--output-file: %w", err)
		}
	}
	return o.file.Write(p)
}

func (o *outputFile) open() error {
	file, err := os.OpenFile(o.path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	o.file = file
	info, err := file.Stat()
	if err == nil && o.private && info.Mode().IsRegular() {
		err = file.Chmod(0o600)
	}
	return err
}
