package proximltest

import (
	"cmp"
	"fmt"
	"path/filepath"
	"strings"
)

// Folders are where a worker finds its files and leaves what it makes.
type Folders struct {
	Model, Data, Output, Checkpoint string
}

// fileSource is an uploaded archive that a worker works with.
type fileSource struct {
	files  *archive
	folder func(Folders) string
	sub    string // the folder below that which it goes into, or ""
}

func modelFolder(f Folders) string      { return f.Model }
func dataFolder(f Folders) string       { return f.Data }
func checkpointFolder(f Folders) string { return f.Checkpoint }

// filesFor finds what a job works with, of what was uploaded. Inferred: that several datasets or checkpoints have a folder each.
func (s *Server) filesFor(j *job) (sources []fileSource) {
	add := func(key string, folder func(Folders) string, sub string) {
		if files := s.kept[key]; files != nil {
			sources = append(sources, fileSource{files, folder, sub})
		}
	}
	add(j.ID+modelFiles, modelFolder, "")
	add(j.ID+inputFiles, dataFolder, "")
	model := &j.Spec.Model
	if isOwnPlatform(model.SourceType) {
		if e := s.collectionNamed(cmp.Or(model.ProjectID, j.ProjectID), kindModel, model.SourceURI); e != nil {
			add(e.ID, modelFolder, "")
		}
	}
	for _, data := range j.Datasets {
		add(data.ID, dataFolder, subfolder(data.Name, len(j.Datasets)))
	}
	for _, ref := range model.Checkpoints {
		if e := s.collectionNamed(j.ProjectID, kindCheckpoint, ref.ID); e != nil {
			add(e.ID, checkpointFolder, subfolder(e.Name, len(model.Checkpoints)))
		}
	}
	return sources
}

// subfolder is the name of an entity as that of a folder, or "" for the only one of its kind.
func subfolder(name string, count int) string {
	if count == 1 {
		return ""
	}
	name = strings.NewReplacer("/", "_", `\`, "_").Replace(name)
	if !filepath.IsLocal(name) || name == "." {
		return "_"
	}
	return name
}

// Unpack writes what the worker works with into folders, which have to exist: the uploaded model, the uploaded checkpoints, and
// the uploaded input or datasets. An archive with anything in it that does not belong below its folder is refused.
// What was not uploaded to this service is not there.
func (w *Worker) Unpack(to Folders) error {
	for _, source := range w.sources {
		folder := filepath.Join(source.folder(to), source.sub)
		if err := unpackInto(w.ctx, folder, source.files, w.srv.settings.storage); err != nil {
			return fmt.Errorf("unpacking into %s: %w", filepath.Base(folder), err)
		}
	}
	return nil
}
