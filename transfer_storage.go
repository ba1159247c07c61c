package proximl

import (
	"cmp"
	"context"
	"fmt"
)

// storageConnection is a Connect of a dataset or model.
type storageConnection[T any] struct {
	client  *ProxiML
	kind    string
	id      string
	options ConnectOptions
	get     func(context.Context, string, ...RequestOption) (*T, error)
	storage func(*T) *Storage
}

// run uploads what is to become the entity, or downloads its export.
func (s *storageConnection[T]) run(ctx context.Context) (*T, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	ctx = context.WithValue(ctx, operationKey{}, s.kind+"s.connect")
	entity, err := s.get(ctx, s.id)
	if err != nil {
		return nil, err
	}
	p, wanted, err := s.plan(s.storage(entity))
	if err != nil || wanted == "" {
		return entity, err
	}
	awaited, err := s.await(ctx, wanted)
	if entity = cmp.Or(awaited, entity); err != nil {
		return entity, err
	}
	state := s.storage(entity)
	if state.Status != wanted {
		return entity, nil // it is past the transfer: somebody else has done it
	}
	p.hostname, p.token = state.Hostname, state.AuthToken
	if err := s.client.moveFiles(ctx, p, &s.options, func(ctx context.Context) (bool, error) { return s.waits(ctx, wanted) }); err != nil {
		return entity, err
	}
	ready, err := waitForStorage(ctx, s.id, StorageStatusReady, s.get, s.status, s.options.Wait)
	return cmp.Or(ready, entity), err
}

// check refuses what can never work, and what is for jobs only.
func (s *storageConnection[T]) check() error {
	wrong := s.options.check()
	if s.options.Model != "" {
		wrong.add("ConnectOptions.Model", "is for jobs: Input names what to upload as a "+s.kind)
	}
	if s.options.UploadOnly {
		wrong.add("ConnectOptions.UploadOnly", "is for jobs: a "+s.kind+" has no output to wait for")
	}
	if err := wrong.orNil(); err != nil {
		return err
	}
	_, _, err := waitSettings[T](s.options.Wait)
	return err
}

// plan says what moves, and the status in which the entity waits for it; that is
// empty when nothing moves.
func (s *storageConnection[T]) plan(state *Storage) (p part, wanted StorageStatus, err error) {
	switch {
	case state.exportsHere():
		p = part{what: s.kind, folder: s.options.Output, suggested: state.OutputURI}
		return p, StorageStatusExporting, p.named("Output")
	case state.Status == StorageStatusReady || state.Status == StorageStatusExporting:
		if s.options.Output != "" {
			err = invalid("connect", s.kind, fmt.Sprintf("is %s and exports nothing to this machine: call Export with the output type local first", state.Status))
		}
		return p, "", err
	case state.SourceType != sourceLocal:
		return p, "", invalid("connect", s.kind, fmt.Sprintf("has the source type %q: it neither waits for files of this machine nor exports to it", state.SourceType))
	}
	p = part{what: s.kind, isUpload: true, folder: s.options.Input, suggested: state.SourceURI}
	return p, StorageStatusDownloading, p.readable("Input")
}

// exportsHere reports whether what is exported goes to the user's machine, or
// may go there.
func (s *Storage) exportsHere() bool {
	return s.Status == StorageStatusExporting && (s.OutputType == "" || s.OutputType == sourceLocal)
}

// waits reports whether the entity still waits for a transfer.
func (s *storageConnection[T]) waits(ctx context.Context, wanted StorageStatus) (bool, error) {
	entity, err := s.get(ctx, s.id)
	if err != nil {
		return false, err
	}
	state := s.storage(entity)
	return state.Status == wanted && state.Hostname != "", nil
}

func (s *storageConnection[T]) status(entity *T) StorageStatus { return s.storage(entity).Status }

// await waits until the entity waits for a transfer, or is past it.
func (s *storageConnection[T]) await(ctx context.Context, wanted StorageStatus) (*T, error) {
	w := wait[T, StorageStatus]{
		id: s.id, wanted: wanted, get: s.get, gone: StorageStatusArchived, status: s.status,
		judge: func(entity *T, wanted StorageStatus, _ bool) verdict {
			state := s.storage(entity)
			if state.Status == wanted && (state.Hostname == "" || state.AuthToken == "") {
				return goOn
			}
			if state.Status == StorageStatusReady {
				return satisfied
			}
			return judgeStorage(state.Status, wanted)
		},
	}
	return w.run(ctx, s.options.Wait)
}
