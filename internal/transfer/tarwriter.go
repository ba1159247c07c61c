package transfer

import (
	"archive/tar"
	"context"
	"fmt"
	"io"
	"os"
	"syscall"
)

const copyBuffer = 256 << 10

// Skipped is told of something that is left out, by its name in the archive.
type Skipped func(name, reason string)

func (s Skipped) tell(name, reason string) {
	if s != nil {
		s(name, reason)
	}
}

// WriteTar writes the contents of a folder, or one file under its base name, as
// a tar stream. The same files give the same stream.
//
// Symbolic links stay links, files with several names are written once for
// each. Sockets, FIFOs and devices are skipped. A file that cannot be read, or
// that changes or vanishes while it is read, is an error that names it.
func WriteTar(ctx context.Context, to io.Writer, source string, skipped Skipped) error {
	w := &tarWriter{tar.NewWriter(to), make([]byte, copyBuffer), skipped}
	for m, err := range members(ctx, source) {
		if err == nil {
			err = w.add(m)
		}
		if err != nil {
			return err
		}
	}
	return w.tar.Close()
}

type tarWriter struct {
	tar     *tar.Writer
	buffer  []byte
	skipped Skipped
}

func (w *tarWriter) add(m member) error {
	if m.info.Mode().IsRegular() {
		return w.file(m)
	}
	header, err := m.header()
	if err != nil {
		return err
	}
	if header == nil {
		w.skipped.tell(m.name, "it is neither a file, a folder nor a link")
		return nil
	}
	return w.tar.WriteHeader(header)
}

// file writes a regular file, as large as it is when it is opened.
func (w *tarWriter) file(m member) error {
	// Without O_NONBLOCK, a FIFO that took the place of the file would block.
	file, err := os.OpenFile(m.path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return vanished(m.path, err)
	}
	defer file.Close()
	seen := m.info
	if m.info, err = file.Stat(); err != nil {
		return err
	}
	if !os.SameFile(seen, m.info) {
		return changed(m.path)
	}
	header, err := m.header()
	if err != nil {
		return err
	}
	if err := w.tar.WriteHeader(header); err != nil {
		return err
	}
	copied, err := io.CopyBuffer(w.tar, io.LimitReader(file, header.Size), w.buffer)
	if err != nil {
		return err
	}
	after, err := file.Stat()
	if err != nil {
		return err
	}
	if copied != header.Size || after.Size() != header.Size || !after.ModTime().Equal(m.info.ModTime()) {
		return changed(m.path)
	}
	return nil
}

func changed(path string) error {
	return fmt.Errorf("%s changed while it was read; upload it when nothing writes to it", path)
}
