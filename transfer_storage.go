package proximl

import (
	"context"
	"fmt"
)

// storageConnection is a Connect of a dataset, model, checkpoint or volume.
type storageConnection[T any] struct {
	storageCalls[T]
	id      string
	options ConnectOptions
}

// run uploads what is to become the entity, or downloads its export.
func (s *storageConnection[T]) run(ctx context.Context) (*T, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	ctx = context.WithValue(ctx, operationKey{}, s.operation("connect"))
	entity, err := s.get(ctx, s.id)
	if err != nil {
		return nil, err
	}
	p, awaits, err := s.plan(s.storage(entity))
	if err != nil || awaits == "" {
		return entity, err
	}
	return s.serve(ctx, entity, p, awaits)
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

// plan says what moves, and the status in which the entity awaits it; that is
// empty when nothing moves.
func (s *storageConnection[T]) plan(state *Storage) (p part, awaits StorageStatus, err error) {
	switch {
	case state.exportsHere():
		p = part{what: s.kind, folder: s.options.Output, suggested: state.OutputURI}
		return p, StorageStatusExporting, p.named("Output")
	case state.Status == StorageStatusReady || state.Status == StorageStatusExporting:
		if s.options.Output != "" {
			err = invalid("connect", s.kind, fmt.Sprintf("is %s and exports nothing to this machine: call Export with the output type local first", state.Status))
		}
		return p, "", err
	case state.SourceType != LocationLocal:
		return p, "", invalid("connect", s.kind, fmt.Sprintf("has the source type %q: it neither waits for files of this machine nor exports to it", state.SourceType))
	}
	p = part{what: s.kind, isUpload: true, folder: s.options.Input, suggested: state.SourceURI}
	return p, StorageStatusDownloading, p.readable("Input")
}

// exportsHere reports whether what is exported goes to the user's machine, or
// may go there.
func (s *Storage) exportsHere() bool {
	return s.Status == StorageStatusExporting && (s.OutputType == "" || s.OutputType == LocationLocal)
}

// serve looks at the entity until it is ready, and begins the transfer when it
// finds that the entity has the status that awaits it.
func (s *storageConnection[T]) serve(ctx context.Context, seen *T, p part, awaits StorageStatus) (*T, error) {
	transfers := newTransferGroup(ctx, s.client, &s.options)
	return serve(ctx, transfers, wait[T, StorageStatus]{
		id: s.id, wanted: StorageStatusReady, get: s.get, status: s.status, seen: seen,
		judge: func(entity *T, wanted StorageStatus, _ bool) verdict {
			state := s.storage(entity)
			if state.Status == awaits {
				p.hostname, p.token = state.Hostname, state.AuthToken
				transfers.begin(p, s.waits(awaits))
			}
			if p.isUpload && state.Status == StorageStatusExporting {
				return satisfied // somebody exports what is there
			}
			return judgeStorage(state.Status, wanted)
		},
	}, s.options.Wait)
}

// waits looks whether the entity still awaits a transfer.
func (s *storageConnection[T]) waits(awaits StorageStatus) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		entity, err := s.get(ctx, s.id)
		if err != nil {
			return false, err
		}
		state := s.storage(entity)
		return state.Status == awaits && state.Hostname != "", nil
	}
}
