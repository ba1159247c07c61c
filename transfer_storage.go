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
	ctx = context.WithValue(ctx, operationKey{}, s.kind+"s.connect")
	entity, err := s.get(ctx, s.id)
	if err != nil {
		return nil, err
	}
	state, move, wanted := s.storage(entity), s.client.upload, StorageStatusDownloading
	p := part{what: s.kind, folder: s.options.Input, suggested: state.SourceURI}
	switch {
	case state.Status == StorageStatusExporting && state.OutputType == sourceLocal:
		move, wanted = s.client.download, StorageStatusExporting
		p.folder, p.suggested = s.options.Output, state.OutputURI
		err = p.named("Output")
	case state.Status == StorageStatusReady && s.options.Output != "":
		err = invalid("connect", s.kind, "is ready and exports nothing: call Export with the output type local first")
	case state.Status == StorageStatusReady:
		return entity, nil
	case state.SourceType != sourceLocal:
		err = invalid("connect", s.kind, fmt.Sprintf("has the source type %q: it neither waits for files of this machine nor exports to it", state.SourceType))
	default:
		err = p.readable("Input")
	}
	if err != nil {
		return entity, err
	}
	awaited, err := s.await(ctx, wanted)
	if entity = cmp.Or(awaited, entity); err != nil {
		return entity, err
	}
	if state = s.storage(entity); state.Status != wanted {
		return entity, nil // it is past the transfer: somebody else has done it
	}
	p.hostname, p.token = state.Hostname, state.AuthToken
	if err := confirm(ctx, move(ctx, p, &s.options), func(ctx context.Context) (bool, error) { return s.waits(ctx, wanted) }); err != nil {
		return entity, err
	}
	ready, err := waitForStorage(ctx, s.id, StorageStatusReady, s.get, s.status, s.options.Wait)
	return cmp.Or(ready, entity), err
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
