package proximltest

import (
	"archive/tar"
	"archive/zip"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// archiveInfo says what a download will be.
type archiveInfo struct {
	Archive bool `json:"archive"` // a zip, and else a tar stream
}

func downloadInfo(t *transfer, _ *http.Request) (any, error) { return archiveInfo{t.Archive}, nil }

// serveDownload sends the files of a transfer.
func (s *Server) serveDownload(w http.ResponseWriter, r *http.Request) {
	t, err := s.transferOf(r)
	if err == nil && t.IsUpload {
		err = errNotFound
	}
	if err != nil {
		writeProblem(w, err)
		return
	}
	files, err := s.beginDownload(t)
	if err != nil {
		writeProblem(w, err)
		return
	}
	stream, err := files.open()
	if err != nil {
		writeProblem(w, err)
		return
	}
	defer stream.Close()
	contentType, ending := "application/x-tar", ".tar"
	if t.Archive {
		contentType, ending = "application/zip", ".zip"
	} else {
		w.Header().Set("Content-Length", strconv.FormatInt(files.bytes, 10))
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": t.Name + ending}))
	if !t.Archive {
		io.Copy(w, stream)
	} else if err := zipTar(w, stream); err != nil {
		disconnect(w, reset) // the reader must not take what it has for the whole
	}
}

// beginDownload finds what a download serves: what was set or put out or uploaded before, or a file that says whose output it stands for.
func (s *Server) beginDownload(t *transfer) (*archive, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t.begun = true
	if files := s.kept[t.Key]; files != nil {
		return files, nil
	}
	text := "The output of " + t.Name + "\n"
	file, _, err := s.store.fill(func(w io.Writer) error {
		out := tar.NewWriter(w)
		err := out.WriteHeader(&tar.Header{Name: "output.txt", Mode: 0o644, Size: int64(len(text)), ModTime: s.now.time()})
		if err == nil {
			_, err = io.WriteString(out, text)
		}
		return errors.Join(err, out.Close())
	})
	if err != nil {
		return nil, err
	}
	files, err := file.seal(file.size)
	if err != nil {
		return nil, err
	}
	s.keep(t.Key, files)
	return files, nil
}

// zipTar makes a zip of a tar stream: files, folders and symbolic links.
func zipTar(w io.Writer, stream io.Reader) error {
	out := zip.NewWriter(w)
	for in := tar.NewReader(stream); ; {
		header, err := in.Next()
		if err == io.EOF {
			return out.Close()
		}
		if err != nil {
			return err
		}
		if err := zipEntry(out, header, in); err != nil {
			return err
		}
	}
}

func zipEntry(out *zip.Writer, header *tar.Header, content io.Reader) error {
	entry, err := zip.FileInfoHeader(header.FileInfo())
	if err != nil {
		return err
	}
	entry.Name, entry.Method = strings.TrimPrefix(header.Name, "./"), zip.Deflate
	switch header.Typeflag {
	case tar.TypeDir:
		entry.Name = strings.TrimSuffix(entry.Name, "/") + "/"
		entry.Method = zip.Store
	case tar.TypeSymlink:
		content = strings.NewReader(header.Linkname)
	case tar.TypeReg, tar.TypeGNUSparse:
	default:
		return nil
	}
	if entry.Name == "/" {
		return nil // the root itself
	}
	file, err := out.CreateHeader(entry)
	if err == nil && header.Typeflag != tar.TypeDir {
		_, err = io.Copy(file, content)
	}
	return err
}

// downloadName is what an output is saved as: the job's name, and the number of the worker if there are several.
func (j *job) downloadName(w *worker) string {
	name := fileName(j.Spec.Name)
	if len(j.Workers) > 1 {
		name += "_" + strconv.Itoa(slices.Index(j.Workers, w)+1)
	}
	return name
}

// fileName is an entity's name as that of a file.
func fileName(name string) string { return strings.ReplaceAll(name, " ", "_") }
