package proximl

import (
	"context"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// ModelsAPI works with models: code and weights that jobs start from.
type ModelsAPI service

// Model is a model of a project.
type Model struct {
	ID string `json:"model_uuid"`
	Storage
}

// UnmarshalJSONFrom reads a model. Its id is model_uuid or, failing that, id.
func (v *Model) UnmarshalJSONFrom(decoder *jsontext.Decoder) error {
	type plain Model
	if err := json.UnmarshalDecode(decoder, (*plain)(v)); err != nil {
		return err
	}
	orID(&v.ID, v.Extra)
	return nil
}

// Format prints the model without its unknown fields.
func (v Model) Format(s fmt.State, verb rune) {
	printed(s, verb, struct {
		ID      string
		Storage Storage
	}{v.ID, v.Storage})
}

// LogValue logs what Format prints.
func (v Model) LogValue() slog.Value { return logged(v) }

// ModelSpec says what model to create.
type ModelSpec = StorageSpec

// List returns the models of the active project.
//
// GET /model
func (a *ModelsAPI) List(ctx context.Context, opts ...RequestOption) ([]*Model, error) {
	return list[Model](ctx, a.client, "models.list", route("model"), opts)
}

// All is List that holds one model at a time.
//
// GET /model
func (a *ModelsAPI) All(ctx context.Context, opts ...RequestOption) iter.Seq2[*Model, error] {
	return all[Model](ctx, a.client, "models.list", route("model"), opts)
}

// Get returns a model.
//
// GET /model/{id}
func (a *ModelsAPI) Get(ctx context.Context, id string, opts ...RequestOption) (*Model, error) {
	return call[Model](ctx, a.client, "models.get", http.MethodGet, route("model", id), nil, opts)
}

// Create makes a model of what is at its source. It is new at first; WaitFor
// tells when it is ready.
//
// POST /model
func (a *ModelsAPI) Create(ctx context.Context, spec *ModelSpec, opts ...RequestOption) (*Model, error) {
	spec, err := spec.in(a.client.project.Text, "model")
	if err != nil {
		return nil, err
	}
	return call[Model](ctx, a.client, "models.create", http.MethodPost, route("model"), spec, with(projectInBody(spec.ProjectID), opts))
}

// Rename changes the model's name. Names need not be unique.
//
// PATCH /model/{id}
func (a *ModelsAPI) Rename(ctx context.Context, id, name string, opts ...RequestOption) (*Model, error) {
	if name == "" {
		return nil, missingName("model")
	}
	return call[Model](ctx, a.client, "models.rename", http.MethodPatch, route("model", id), renameRequest{Name: name}, opts)
}

// Export copies the model to another place. WaitFor tells when it is ready
// again.
//
// POST /model/{id}/export
func (a *ModelsAPI) Export(ctx context.Context, id string, spec *ExportSpec, opts ...RequestOption) (*Model, error) {
	return call[Model](ctx, a.client, "models.export", http.MethodPost, route("model", id, "export"), spec, with(projectInQuery, opts))
}

// Delete removes a model. WithForce also removes one that is in use.
//
// DELETE /model/{id}
func (a *ModelsAPI) Delete(ctx context.Context, id string, opts ...RequestOption) error {
	return run(ctx, a.client, "models.delete", http.MethodDelete, route("model", id), deleteQuery{}, opts)
}

// LogURL returns where the zip of the model's log can be had for a while. The
// URL needs no token: treat it as a secret.
//
// GET /model/{id}/logs
func (a *ModelsAPI) LogURL(ctx context.Context, id string, opts ...RequestOption) (string, error) {
	return text(ctx, a.client, "models.log_url", http.MethodGet, route("model", id, "logs"), nil, opts)
}

// LogArchive downloads the zip of the model's log.
//
// GET /model/{id}/logs
func (a *ModelsAPI) LogArchive(ctx context.Context, id string, w io.Writer, opts ...RequestOption) error {
	logURL, err := a.LogURL(ctx, id, opts...)
	if err != nil {
		return err
	}
	return a.client.logArchive(ctx, "models.log_archive", logURL, w)
}

// Logs yields the lines of the model's log as they come, from the first on, and
// ends when it is ready or has failed. It connects again when the connection
// drops; no line is lost or yielded twice. An error is the last thing that it
// yields. The log of a model that is ready already is empty: see LogArchive.
//
// GET /model/{id}, then the log websocket
//
// Inferred: the service sends the whole history again to who asks again.
func (a *ModelsAPI) Logs(ctx context.Context, id string, opts ...RequestOption) iter.Seq2[LogEntry, error] {
	return a.logSource(id, opts).all(ctx)
}

// CopyLogs writes the lines of the model's log as Logs yields them, each with
// its local time.
//
// GET /model/{id}, then the log websocket
func (a *ModelsAPI) CopyLogs(ctx context.Context, id string, w io.Writer, opts ...RequestOption) error {
	return a.logSource(id, opts).copyTo(ctx, w)
}

func (a *ModelsAPI) logSource(id string, opts []RequestOption) *logSource {
	return &logSource{client: a.client, kind: "model", id: id, look: func(ctx context.Context) (*logState, error) {
		model, err := a.Get(ctx, id, opts...)
		if err != nil {
			return nil, err
		}
		return model.logState(a.client.project.Text), nil
	}}
}

// Details returns what files the model has.
//
// GET /model/{id}/details
func (a *ModelsAPI) Details(ctx context.Context, id string, opts ...RequestOption) (*Details, error) {
	return call[Details](ctx, a.client, "models.details", http.MethodGet, route("model", id, "details"), nil, opts)
}

// WaitFor waits until the model has a status, looking again and again. It
// ends with a *[StatusError] when that is out of reach, and returns the last
// model seen, nil when there was none. A model that cannot be found is
// archived. There is no timeout but that of ctx.
//
// GET /model/{id}
func (a *ModelsAPI) WaitFor(ctx context.Context, id string, status StorageStatus, opts ...WaitOption) (*Model, error) {
	return waitForStorage(ctx, id, status, a.Get, func(d *Model) StorageStatus { return d.Status }, opts)
}

// Connect uploads the local source of a model from the folder or file Input, or
// downloads its export to the folder Output: whichever the model waits for. It
// returns the model when it is ready.
//
// Nothing moves unless the caller names the folder; paths that the service knows
// are only shown.
//
// GET /model/{id}, then the model's own file transfer
func (a *ModelsAPI) Connect(ctx context.Context, id string, options ConnectOptions) (*Model, error) {
	c := storageConnection[Model]{client: a.client, kind: "model", id: id, options: options, get: a.Get, storage: func(v *Model) *Storage { return &v.Storage }}
	return c.run(ctx)
}
