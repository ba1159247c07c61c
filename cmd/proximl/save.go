package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/proximl/proximl-go/internal/atomicfile"
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
	var broken error // what was to be written, which is not the file's fault
	err = atomicfile.Stream(path, func(to io.Writer) error {
		broken = write(to)
		return broken
	})
	switch {
	case broken != nil:
		return err
	case err != nil:
		return ofFlag(flag, err)
	}
	a.note("Wrote %s", path)
	return nil
}

func writeInto(flag, path string, write func(io.Writer) error) error {
	to, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return ofFlag(flag, err)
	}
	return errors.Join(write(to), ofFlag(flag, to.Close()))
}

// ofFlag tells, with an error of a file, the flag that names the file.
func ofFlag(flag string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", flag, err)
}

// outputFile is the file of --output-file. It stays as it is until there is
// something to write. What is written, such as the lines of a log, can be read
// at once.
type outputFile struct {
	path    string
	private bool
	file    *os.File // nil: nothing was written
}

func (o *outputFile) Write(p []byte) (int, error) {
	if o.file == nil {
		if err := o.open(); err != nil {
			return 0, ofFlag("--output-file", err)
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

// Close tells whether all that was written is there.
func (o *outputFile) Close() error {
	if o.file == nil {
		return nil
	}
	return ofFlag("--output-file", o.file.Close())
}
