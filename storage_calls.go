package proximl

import (
	"context"
	"io"
	"iter"
	"net/http"
	"slices"
)

// storageCalls are the calls of datasets, models, checkpoints and volumes, which
// are the same but for their kind. The services have them as methods of their
// own, so that each has its documentation.
type storageCalls[T any] struct {
	client  *ProxiML
	kind    string // in paths, operations, errors and logs: dataset
	storage func(*T) *Storage
}

func (s storageCalls[T]) status(entity *T) StorageStatus { return s.storage(entity).Status }

func (s storageCalls[T]) operation(name string) string { return s.kind + "s." + name }

func (s storageCalls[T]) list(ctx context.Context, opts []RequestOption) ([]*T, error) {
	return list[T](ctx, s.client, s.operation("list"), route(s.kind), opts)
}

func (s storageCalls[T]) all(ctx context.Context, opts []RequestOption) iter.Seq2[*T, error] {
	return all[T](ctx, s.client, s.operation("list"), route(s.kind), opts)
}

func (s storageCalls[T]) listPublic(ctx context.Context, opts []RequestOption) ([]*T, error) {
	return list[T](ctx, s.client, s.operation("list_public"), route(s.kind, "public"), opts)
}

func (s storageCalls[T]) get(ctx context.Context, id string, opts ...RequestOption) (*T, error) {
	return call[T](ctx, s.client, s.operation("get"), http.MethodGet, route(s.kind, id), nil, opts)
}

func (s storageCalls[T]) create(ctx context.Context, spec *StorageSpec, opts []RequestOption) (*T, error) {
	spec, err := spec.filledIn(s.client.project.Text, s.kind)
	if err != nil {
		return nil, err
	}
	return call[T](ctx, s.client, s.operation("create"), http.MethodPost, route(s.kind), spec, with(projectInBody(spec.ProjectID), opts))
}

func (s storageCalls[T]) rename(ctx context.Context, id, name string, opts []RequestOption) (*T, error) {
	if name == "" {
		return nil, missingName(s.kind)
	}
	return call[T](ctx, s.client, s.operation("rename"), http.MethodPatch, route(s.kind, id), renameRequest{Name: name}, opts)
}

func (s storageCalls[T]) export(ctx context.Context, id string, spec *ExportSpec, opts []RequestOption) (*T, error) {
	return call[T](ctx, s.client, s.operation("export"), http.MethodPost, route(s.kind, id, "export"), spec, with(projectInQuery, opts))
}

func (s storageCalls[T]) delete(ctx context.Context, id string, opts []RequestOption) error {
	return run(ctx, s.client, s.operation("delete"), http.MethodDelete, route(s.kind, id), deleteQuery{}, opts)
}

func (s storageCalls[T]) details(ctx context.Context, id string, opts []RequestOption) (*Details, error) {
	return call[Details](ctx, s.client, s.operation("details"), http.MethodGet, route(s.kind, id, "details"), nil, opts)
}

func (s storageCalls[T]) logURL(ctx context.Context, id string, opts []RequestOption) (string, error) {
	return text(ctx, s.client, s.operation("log_url"), http.MethodGet, route(s.kind, id, "logs"), nil, opts)
}

func (s storageCalls[T]) logArchive(ctx context.Context, id string, w io.Writer, opts []RequestOption) error {
	logURL, err := s.logURL(ctx, id, opts)
	if err != nil {
		return err
	}
	return s.client.logArchive(ctx, s.operation("log_archive"), logURL, w)
}

func (s storageCalls[T]) log(id string, opts []RequestOption) *logSource {
	opts = append(slices.Clip(opts), uncaptured)
	return &logSource{client: s.client, kind: s.kind, id: id, look: func(ctx context.Context) (*logState, error) {
		entity, err := s.get(ctx, id, opts...)
		if err != nil {
			return nil, err
		}
		return s.storage(entity).logState(s.client.project.Text), nil
	}}
}

func (s storageCalls[T]) waitFor(ctx context.Context, id string, wanted StorageStatus, opts []WaitOption) (*T, error) {
	w := wait[T, StorageStatus]{
		id: id, wanted: wanted, get: s.get, status: s.status,
		judge: func(entity *T, wanted StorageStatus, _ bool) verdict { return judgeStorage(s.status(entity), wanted) },
	}
	return w.run(ctx, opts)
}

func (s storageCalls[T]) connect(ctx context.Context, id string, options ConnectOptions) (*T, error) {
	return (&storageConnection[T]{storageCalls: s, id: id, options: options}).run(ctx)
}
