package transfer

import (
	"os"
	"syscall"
)

// renamer gives files their names in one folder. Other than os.Root, it does not
// look first whether a folder has the name: the kernel says so, and a download
// of many small files is noticeably faster without that look.
type renamer struct{ folder *os.File }

func renamerIn(folder *os.Root) (renamer, error) {
	file, err := folder.Open(".")
	return renamer{file}, err
}

// rename takes plain names: with a path, it would follow links.
func (r renamer) rename(from, to string) error {
	fd := int(r.folder.Fd())
	for {
		switch err := syscall.Renameat(fd, from, fd, to); err {
		case syscall.EINTR: // as some network file systems answer to a signal
		case syscall.EISDIR:
			return errFolderInTheWay
		default:
			return err
		}
	}
}

func (r renamer) close() { _ = r.folder.Close() }
