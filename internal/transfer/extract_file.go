package transfer

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// enter returns the folder of an entry, which is made when it is missing, and
// the entry's name in it.
func (x *extraction) enter(name string) (*os.Root, string, error) {
	parent, base := filepath.Dir(name), filepath.Base(name)
	if x.in != nil && x.inName == parent {
		return x.in, base, nil
	}
	x.leave()
	in, err := x.root.OpenRoot(parent)
	if errors.Is(err, fs.ErrNotExist) {
		if err = x.root.MkdirAll(parent, 0o777); err == nil {
			in, err = x.root.OpenRoot(parent)
		}
	}
	if err != nil {
		return nil, "", fmt.Errorf("cannot enter its folder, which has to be one within the target: %w", withoutPath(err))
	}
	if x.renamer, err = renamerIn(in); err != nil {
		_ = in.Close()
		return nil, "", withoutPath(err)
	}
	x.in, x.inName = in, parent
	return in, base, nil
}

// leave closes the folder of the last entry.
func (x *extraction) leave() {
	if x.in != nil {
		x.renamer.close()
		_ = x.in.Close()
		x.in = nil
	}
}

// file writes a file under a temporary name and renames it.
func (x *extraction) file(ctx context.Context, name string, header *tar.Header, content io.Reader) error {
	if header.Size > x.limits.Bytes-x.received.Bytes {
		return fmt.Errorf("with it, the archive has more bytes than the limit of %d", x.limits.Bytes)
	}
	in, base, err := x.enter(name)
	if err != nil {
		return err
	}
	// O_NONBLOCK means nothing to a file, and spares it the four system calls
	// with which package os would set and unset it.
	file, err := in.OpenFile(x.temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NONBLOCK, permissions(header))
	if err != nil {
		return withoutPath(err)
	}
	err = x.copy(ctx, file, content)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = in.Chtimes(x.temp, time.Time{}, header.ModTime)
	}
	return x.appear(base, name, err)
}

// permissions are the bits of a mode that are kept.
func permissions(header *tar.Header) fs.FileMode { return fs.FileMode(header.Mode).Perm() }

var errFolderInTheWay = errors.New("a folder of that name is in the way")

// appear gives what was made in the folder that was entered last its name, or
// takes it away after an error.
func (x *extraction) appear(base, name string, err error) error {
	if err == nil {
		if err = x.renamer.rename(x.temp, base); err == nil {
			delete(x.links, name)
			x.received.Entries++
			return nil
		}
	}
	_ = x.in.Remove(x.temp)
	return withoutPath(err)
}

func (x *extraction) copy(ctx context.Context, to io.Writer, content io.Reader) error {
	for {
		n, err := content.Read(x.buffer)
		if n > 0 {
			if _, err := to.Write(x.buffer[:n]); err != nil {
				return err
			}
			x.received.Bytes += int64(n)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
}

// folder is a folder that gets its mode and time at the end: until then it must
// be writable, and every entry changes its time.
type folder struct {
	name  string
	added fs.FileMode // permissions that it has for the time being
	time  time.Time
}

const ownerAll = 0o700

func (x *extraction) folder(name string, header *tar.Header) error {
	if name == "." {
		return nil // it is the caller's
	}
	in, base, err := x.enter(name)
	if err != nil {
		return err
	}
	perm := permissions(header)
	held := folder{name, ownerAll &^ perm, header.ModTime}
	err = in.Mkdir(base, perm|ownerAll)
	if errors.Is(err, fs.ErrExist) {
		held.added = 0
		err = isFolder(in.Stat(base))
	}
	if err != nil {
		return withoutPath(err)
	}
	delete(x.links, name)
	x.received.Entries++
	x.folders = append(x.folders, held)
	return x.hold(name)
}

func isFolder(info fs.FileInfo, err error) error {
	if err == nil && !info.IsDir() {
		return errors.New("something that is no folder has that name")
	}
	return err
}

// finishFolders gives folders their modes and times, the inner ones first.
func (x *extraction) finishFolders(ctx context.Context) error {
	slices.SortStableFunc(x.folders, func(a, b folder) int { return strings.Compare(b.name, a.name) })
	for _, f := range x.folders {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := x.finishFolder(f); err != nil {
			return fmt.Errorf("folder %q: %w", f.name, withoutPath(err))
		}
	}
	return nil
}

func (x *extraction) finishFolder(f folder) error {
	if f.added != 0 {
		info, err := x.root.Stat(f.name)
		if err != nil {
			return err
		}
		if err := x.root.Chmod(f.name, info.Mode().Perm()&^f.added); err != nil {
			return err
		}
	}
	return x.root.Chtimes(f.name, time.Time{}, f.time)
}
