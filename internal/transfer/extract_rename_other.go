//go:build !linux

package transfer

import (
	"errors"
	"io/fs"
	"os"
)

// renamer gives files their names in one folder.
type renamer struct{ folder *os.Root }

func renamerIn(folder *os.Root) (renamer, error) { return renamer{folder}, nil }

func (r renamer) rename(from, to string) error {
	err := r.folder.Rename(from, to)
	if errors.Is(err, fs.ErrExist) {
		return errFolderInTheWay
	}
	return err
}

func (renamer) close() {} // the folder is the caller's
