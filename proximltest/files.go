package proximltest

import (
	"fmt"
	"io"
	"maps"
	"slices"
)

// The files of a job's uploads are known by its id with one of these behind.
const (
	modelFiles = "/model"
	inputFiles = "/input"
)

// WithStorage sets how many bytes uploads and outputs may take together, on the disk; without it that is 10 GiB.
// They are in a temporary folder that Close removes, and not part of what SaveState writes.
func WithStorage(bytes int64) Option {
	return func(set *settings) error {
		if bytes <= 0 {
			return fmt.Errorf("WithStorage(%d): the limit must be above 0", bytes)
		}
		set.storage = bytes
		return nil
	}
}

// WithoutOutputType hides where a dataset, model, checkpoint or volume is exported to, as the real service may.
func WithoutOutputType() Option {
	return func(set *settings) error {
		set.noOutputType = true
		return nil
	}
}

// WithChunkLimit sets how many bytes a chunk of an upload may have; larger ones are refused with 413. Without it that is 64 MiB.
// Uncertain: the real limit.
func WithChunkLimit(bytes int64) Option {
	return func(set *settings) error {
		if bytes <= 0 {
			return fmt.Errorf("WithChunkLimit(%d): the limit must be above 0", bytes)
		}
		set.chunkLimit = bytes
		return nil
	}
}

const (
	defaultDisk       = 10 << 30
	defaultChunkLimit = 64 << 20
)

// Uploaded opens the tar stream that was uploaded to a dataset, model, checkpoint or volume, known by its id, or that is the model or
// the input of a job: "JOB/model" or "JOB/input" with the job's id. By the id of a job's worker it opens that worker's output.
// It returns an error if there is none, or none that is complete. The caller closes it.
func (s *Server) Uploaded(id string) (io.ReadCloser, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.catchUp()
	files := s.kept[id]
	if files == nil {
		return nil, fmt.Errorf("proximltest: nothing was uploaded for %q", id)
	}
	return files.open()
}

// SetDownload sets what a download serves: the tar stream of an exported dataset, model, checkpoint or volume, known by its id, or the
// output of a job's worker, known by the worker's. When a zip is asked for, it is made of that. The stream is read to its end and kept
// as it is, whatever it is; one that is no tar cannot be made a zip. Without SetDownload a download serves what was uploaded, what
// a Runner's worker put out, or else a small text file.
func (s *Server) SetDownload(id string, stream io.Reader) error {
	file, size, err := s.store.fill(func(w io.Writer) error {
		_, err := io.Copy(w, stream)
		return err
	})
	if err != nil {
		return fmt.Errorf("proximltest: keeping the download of %q: %w", id, err)
	}
	files, err := file.seal(size)
	if err != nil {
		files = &archive{file: file, bytes: size}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.catchUp()
	if !s.hasFiles(id) {
		file.remove()
		return fmt.Errorf("proximltest: nothing has the id %q that could be downloaded", id)
	}
	s.keep(id, files)
	return nil
}

// hasFiles tells whether there is a dataset, model, checkpoint, volume or worker with that id.
func (s *Server) hasFiles(id string) bool {
	if _, found := s.collections.get(id); found {
		return true
	}
	return slices.ContainsFunc(s.jobs.rows, func(j *job) bool {
		return slices.ContainsFunc(j.Workers, func(w *worker) bool { return w.ID == id })
	})
}

// keep keeps files under a key, in place of what was there. No files forget what was there.
func (s *Server) keep(key string, files *archive) {
	earlier := s.kept[key]
	delete(s.kept, key)
	if files != nil {
		s.kept[key] = files
	}
	if earlier != nil && !s.isKept(earlier) {
		earlier.file.remove()
	}
}

// isKept tells whether files are known by any key: the output of a worker can be a dataset too.
func (s *Server) isKept(files *archive) bool {
	return slices.Contains(slices.Collect(maps.Values(s.kept)), files)
}

// forgetFiles forgets all files and transfers of a job.
func (s *Server) forgetFiles(j *job) {
	s.closeTransfer(j.ModelUpload)
	s.closeTransfer(j.InputUpload)
	s.keep(j.ID+modelFiles, nil)
	s.keep(j.ID+inputFiles, nil)
	for _, w := range j.Workers {
		s.closeTransfer(w.Download)
		s.keep(w.ID, nil)
	}
}
