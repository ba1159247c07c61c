package proximl

import (
	"context"
	"fmt"
	"io"
	"iter"
	"log/slog"

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
	orField(&v.ID, "id", v.Extra)
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

func (a *ModelsAPI) calls() storageCalls[Model] {
	return storageCalls[Model]{a.client, "model", func(v *Model) *Storage { return &v.Storage }}
}

// List returns the models of the active project.
//
// GET /model
func (a *ModelsAPI) List(ctx context.Context, opts ...RequestOption) ([]*Model, error) {
	return a.calls().list(ctx, opts)
}

// All is like List, but yields one model at a time.
//
// GET /model
func (a *ModelsAPI) All(ctx context.Context, opts ...RequestOption) iter.Seq2[*Model, error] {
	return a.calls().all(ctx, opts)
}

// Get returns a model.
//
// GET /model/{id}
func (a *ModelsAPI) Get(ctx context.Context, id string, opts ...RequestOption) (*Model, error) {
	return a.calls().get(ctx, id, opts...)
}

// Create makes a model of what is at its source. It is new at first; WaitFor
// tells when it is ready.
//
// POST /model
func (a *ModelsAPI) Create(ctx context.Context, spec *ModelSpec, opts ...RequestOption) (*Model, error) {
	return a.calls().create(ctx, spec, opts)
}

// Rename changes the model's name. Names need not be unique.
//
// PATCH /model/{id}
func (a *ModelsAPI) Rename(ctx context.Context, id, name string, opts ...RequestOption) (*Model, error) {
	return a.calls().rename(ctx, id, name, opts)
}

// Export copies the model to another place. WaitFor tells when it is ready
// again.
//
// POST /model/{id}/export
func (a *ModelsAPI) Export(ctx context.Context, id string, spec *ExportSpec, opts ...RequestOption) (*Model, error) {
	return a.calls().export(ctx, id, spec, opts)
}

// Delete removes a model. WithForce also removes one that is in use.
//
// DELETE /model/{id}
func (a *ModelsAPI) Delete(ctx context.Context, id string, opts ...RequestOption) error {
	return a.calls().delete(ctx, id, opts)
}

// LogURL returns where the zip of the model's log can be had for a while. The
// URL needs no token: treat it as a secret.
//
// GET /model/{id}/logs
func (a *ModelsAPI) LogURL(ctx context.Context, id string, opts ...RequestOption) (string, error) {
	return a.calls().logURL(ctx, id, opts)
}

// LogArchive downloads the zip of the model's log.
//
// GET /model/{id}/logs
func (a *ModelsAPI) LogArchive(ctx context.Context, id string, w io.Writer, opts ...RequestOption) error {
	return a.calls().logArchive(ctx, id, w, opts)
}

// Logs yields the lines of the model's log as they come, from the first on, and
// ends when it is ready or has failed. It connects again when the connection
// drops; no line is lost or yielded twice. An error is the last thing that it
// yields. The log of a model that is ready already is empty: see LogArchive.
// CaptureResponse has no effect.
//
// GET /model/{id}, then the log websocket
//
// Inferred: the service sends the whole history again to who asks again.
func (a *ModelsAPI) Logs(ctx context.Context, id string, opts ...RequestOption) iter.Seq2[LogEntry, error] {
	return a.calls().log(id, opts).all(ctx)
}

// CopyLogs writes the lines of the model's log as Logs yields them, each with
// its local time.
//
// GET /model/{id}, then the log websocket
func (a *ModelsAPI) CopyLogs(ctx context.Context, id string, w io.Writer, opts ...RequestOption) error {
	return a.calls().log(id, opts).copyTo(ctx, w)
}

// Details returns what files the model has.
//
// GET /model/{id}/details
func (a *ModelsAPI) Details(ctx context.Context, id string, opts ...RequestOption) (*Details, error) {
	return a.calls().details(ctx, id, opts)
}

// WaitFor waits until the model has a status, looking again and again. It
// ends with a *[StatusError] when that is out of reach, and returns the last
// model seen, nil when there was none. A model that cannot be found is
// archived. There is no timeout but that of ctx.
//
// GET /model/{id}
func (a *ModelsAPI) WaitFor(ctx context.Context, id string, status StorageStatus, opts ...WaitOption) (*Model, error) {
	return a.calls().waitFor(ctx, id, status, opts)
}

// Connect uploads the local source of a model from the folder or file Input, or
// downloads its export to the folder Output: whichever the model waits for. It
// returns the model when it is ready.
//
// It looks at the model all the time, and stops the transfer with a *[StatusError]
// when that failed or was removed. Any other failure of the transfer is a
// *[TransferError].
//
// Nothing moves unless the caller names the folder; paths that the service knows
// are only shown.
//
// GET /model/{id}, then the model's own file transfer
func (a *ModelsAPI) Connect(ctx context.Context, id string, options ConnectOptions) (*Model, error) {
	return a.calls().connect(ctx, id, options)
}
