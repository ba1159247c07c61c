package proximltest

import (
	"archive/tar"
	"errors"
	"io"
	"net/http"
	"os"
	"sync"
)

// store keeps what was uploaded and what workers put out, in a temporary folder that is made when it is needed.
type store struct {
	limit int64 // bytes of all files together

	mu     sync.Mutex
	folder string
	used   int64
}

// errStoreFull answers an upload for which there is no room. Uncertain: what the real service says then.
var errStoreFull = problem{http.StatusInsufficientStorage, "Insufficient Storage"}

// create makes an empty file.
func (st *store) create() (*storedFile, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.folder == "" {
		folder, err := os.MkdirTemp("", "proximltest-files-")
		if err != nil {
			return nil, err
		}
		st.folder = folder
	}
	file, err := os.CreateTemp(st.folder, "*.tar")
	if err != nil {
		return nil, err
	}
	return &storedFile{store: st, path: file.Name()}, file.Close()
}

// close removes everything.
func (st *store) close() {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.folder != "" {
		os.RemoveAll(st.folder)
	}
}

// storedFile is a file of a store. What is done to one happens one after the other.
type storedFile struct {
	store *store
	path  string
	size  int64 // that is accounted for
}

func (f *storedFile) open() (*os.File, error) { return os.OpenFile(f.path, os.O_RDWR, 0) }

// resize accounts for a file that is or will be as large as that.
func (f *storedFile) resize(size int64) error {
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	if size > f.size && f.store.used+size-f.size > f.store.limit {
		return errStoreFull
	}
	f.store.used += size - f.size
	f.size = size
	return nil
}

// remove removes the file, if there is one.
func (f *storedFile) remove() {
	if f == nil {
		return
	}
	f.resize(0)
	os.Remove(f.path)
}

// appender writes a file from its beginning on.
type appender struct {
	to   *storedFile
	file *os.File
	at   int64
}

// Write implements io.Writer.
func (a *appender) Write(data []byte) (int, error) {
	if err := a.to.resize(a.at + int64(len(data))); err != nil {
		return 0, err
	}
	n, err := a.file.Write(data)
	a.at += int64(n)
	return n, err
}

// fill makes a file of what write writes.
func (st *store) fill(write func(io.Writer) error) (_ *storedFile, size int64, err error) {
	f, err := st.create()
	if err != nil {
		return nil, 0, err
	}
	file, err := f.open()
	if err != nil {
		return nil, 0, err
	}
	a := &appender{to: f, file: file}
	if err := errors.Join(write(a), file.Close()); err != nil {
		f.remove()
		return nil, 0, err
	}
	return f, a.at, nil
}

// archive is a tar stream that is complete.
type archive struct {
	file  *storedFile
	bytes int64 // of the stream
	size  int64 // of the files in it, together
	files int
}

// seal makes an archive of the first bytes of a file, which has to be a tar stream.
func (f *storedFile) seal(bytes int64) (*archive, error) {
	if err := errors.Join(os.Truncate(f.path, bytes), f.resize(bytes)); err != nil {
		return nil, err
	}
	a := &archive{file: f, bytes: bytes}
	stream, err := a.open()
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	for in := tar.NewReader(stream); ; {
		header, err := in.Next()
		if err == io.EOF {
			return a, nil
		}
		if err != nil || a.size+header.Size < a.size {
			return nil, invalid(msgNoTar)
		}
		if header.Typeflag == tar.TypeReg || header.Typeflag == tar.TypeGNUSparse {
			a.files++
			a.size += header.Size
		}
	}
}

func (a *archive) open() (*os.File, error) { return os.Open(a.file.path) }
