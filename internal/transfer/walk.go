package transfer

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	tarBlock    = 512
	tarTrailer  = 2 * tarBlock
	tarMaxPlain = 100 // bytes of a name that need no extra blocks
)

// member is what becomes an entry of the archive.
type member struct {
	path string // in the file system
	name string // in the archive
	info fs.FileInfo
}

// members yields the contents of a folder without the folder itself, in the
// order of their names, or the one file that the source is. A source that is a
// symbolic link stands for what it leads to; one inside the folder stays a link.
func members(ctx context.Context, source string) iter.Seq2[member, error] {
	return func(yield func(member, error) bool) {
		info, err := os.Stat(source)
		switch {
		case err != nil:
			yield(member{}, err)
		case info.Mode().IsRegular():
			yield(oneFile(source, info))
		case info.IsDir():
			walk(ctx, source, yield)
		default:
			yield(member{}, fmt.Errorf("%s is neither a folder nor a file", source))
		}
	}
}

func oneFile(source string, info fs.FileInfo) (member, error) {
	absolute, err := filepath.Abs(source)
	return member{source, filepath.Base(absolute), info}, err
}

func walk(ctx context.Context, source string, yield func(member, error) bool) {
	folder, err := filepath.EvalSymlinks(source)
	if err != nil {
		yield(member{}, err)
		return
	}
	err = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil || path == folder {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return vanished(path, err)
		}
		name := strings.TrimPrefix(path[len(folder):], string(filepath.Separator))
		if !yield(member{path, filepath.ToSlash(name), info}, nil) {
			return fs.SkipAll
		}
		return nil
	})
	if err != nil {
		yield(member{}, err)
	}
}

// vanished explains why a file that was there a moment ago is not.
func vanished(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s vanished while its folder was read: %w", path, fs.ErrNotExist)
	}
	return err
}

// header describes a member in GNU tar's format, which holds every name and
// every size. It has no owner, and whole seconds as GNU tar has them. It is nil
// for what no archive should hold: sockets, FIFOs and devices.
func (m *member) header() (*tar.Header, error) {
	header := &tar.Header{
		Name:    m.name,
		Mode:    tarMode(m.info.Mode()),
		ModTime: m.info.ModTime().Truncate(time.Second),
		Format:  tar.FormatGNU,
	}
	switch m.info.Mode().Type() {
	case 0:
		header.Typeflag, header.Size = tar.TypeReg, m.info.Size()
	case fs.ModeDir:
		header.Typeflag, header.Name = tar.TypeDir, m.name+"/"
	case fs.ModeSymlink:
		target, err := os.Readlink(m.path)
		if err != nil {
			return nil, vanished(m.path, err)
		}
		header.Typeflag, header.Linkname = tar.TypeSymlink, filepath.ToSlash(target)
	default:
		return nil, nil
	}
	return header, nil
}

// tarMode gives permissions and special bits the values that they have in tar.
func tarMode(mode fs.FileMode) int64 {
	bits := int64(mode.Perm())
	if mode&fs.ModeSetuid != 0 {
		bits |= 0o4000
	}
	if mode&fs.ModeSetgid != 0 {
		bits |= 0o2000
	}
	if mode&fs.ModeSticky != 0 {
		bits |= 0o1000
	}
	return bits
}

// TarSize returns the size of the stream that WriteTar would write now. It reads
// no file, but goes through the whole folder.
func TarSize(ctx context.Context, source string) (int64, error) {
	size := int64(tarTrailer)
	for m, err := range members(ctx, source) {
		if err != nil {
			return 0, err
		}
		header, err := m.header()
		if err != nil {
			return 0, err
		}
		if header != nil {
			size += tarBlock + longName(header.Name) + longName(header.Linkname) + padded(header.Size)
		}
	}
	return size, nil
}

// longName is what a name takes that does not fit into the header: a header of
// its own, and the name with a zero at its end.
func longName(name string) int64 {
	if len(name) <= tarMaxPlain {
		return 0
	}
	return tarBlock + padded(int64(len(name)+1))
}

func padded(size int64) int64 { return (size + tarBlock - 1) / tarBlock * tarBlock }
