package proximltest

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
)

// unpackInto unpacks an archive into a folder, which is made if it is missing. limit is how many bytes may come out of it:
// a tar stream with holes in its files can be small. Its entries are bounded by the storage that it fits in.
func unpackInto(ctx context.Context, folder string, files *archive, limit int64) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer root.Close()
	stream, err := files.open()
	if err != nil {
		return err
	}
	defer stream.Close()
	u := &unpacking{root: root, in: tar.NewReader(stream), left: limit}
	for {
		header, err := u.in.Next()
		if err == io.EOF {
			return u.makeLinks()
		}
		if err == nil {
			err = errors.Join(ctx.Err(), u.entry(header))
		}
		if err != nil {
			return err
		}
	}
}

// unpacking is an archive being unpacked below a root, which nothing gets out of.
type unpacking struct {
	root  *os.Root
	in    *tar.Reader
	left  int64        // bytes
	links []tar.Header // symbolic ones come last, so that no file is written through one
}

func (u *unpacking) entry(header *tar.Header) error {
	name := path.Clean(header.Name)
	if name == "." {
		return nil // the folder itself
	}
	if err := u.root.MkdirAll(path.Dir(name), 0o700); err != nil {
		return err
	}
	switch header.Typeflag {
	case tar.TypeDir:
		return u.root.MkdirAll(name, 0o700)
	case tar.TypeReg, tar.TypeGNUSparse:
		return u.file(name, header)
	case tar.TypeLink:
		return u.root.Link(path.Clean(header.Linkname), name)
	case tar.TypeSymlink:
		u.links = append(u.links, tar.Header{Name: name, Linkname: header.Linkname})
		return nil
	default:
		return fmt.Errorf("%s is no file, folder or link", header.Name)
	}
}

// file writes a file; of two with one name the later one counts.
func (u *unpacking) file(name string, header *tar.Header) (err error) {
	if u.left -= header.Size; u.left < 0 {
		return errors.New("the files in the archive are larger than the storage")
	}
	if err := u.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file, err := u.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, header.FileInfo().Mode().Perm()|0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, u.in)
	return errors.Join(err, file.Close())
}

// makeLinks makes the symbolic links. One whose target is outside is refused, one whose target is missing is not.
func (u *unpacking) makeLinks() error {
	for _, link := range u.links {
		if err := u.root.Symlink(link.Linkname, link.Name); err != nil {
			return err
		}
		if _, err := u.root.Stat(link.Name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return errors.Join(err, u.root.Remove(link.Name))
		}
	}
	return nil
}

// archive keeps the files, folders and symbolic links of a folder as a tar stream.
func (st *store) archive(ctx context.Context, files fs.FS) (*archive, error) {
	file, size, err := st.fill(func(w io.Writer) error {
		out := tar.NewWriter(w)
		err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
			if err := errors.Join(err, ctx.Err()); err != nil || name == "." {
				return err
			}
			return writeEntry(out, files, name, entry)
		})
		return errors.Join(err, out.Close())
	})
	if err != nil {
		return nil, err
	}
	return file.seal(size)
}

// writeEntry adds one file, folder or symbolic link to a tar stream, and leaves out what is none of these.
func writeEntry(out *tar.Writer, files fs.FS, name string, entry fs.DirEntry) error {
	info, err := entry.Info()
	if err != nil {
		return err
	}
	target := ""
	switch {
	case entry.Type() == fs.ModeSymlink:
		if target, err = fs.ReadLink(files, name); err != nil {
			return err
		}
	case !info.IsDir() && !info.Mode().IsRegular():
		return nil
	}
	header, err := tar.FileInfoHeader(info, target)
	if err != nil {
		return err
	}
	header.Name = name
	if info.IsDir() {
		header.Name += "/"
	}
	header.Uid, header.Gid, header.Uname, header.Gname = 0, 0, "", ""
	if err := out.WriteHeader(header); err != nil || !info.Mode().IsRegular() {
		return err
	}
	file, err := files.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(out, file)
	return err
}
