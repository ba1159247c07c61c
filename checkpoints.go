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

// CheckpointsAPI works with checkpoints: trained weights, of up to 500 GB each,
// that jobs read beside their model.
type CheckpointsAPI service

// Checkpoint is a checkpoint of a project, or a public one.
type Checkpoint struct {
	ID string `json:"checkpoint_uuid"`
	Storage
}

// UnmarshalJSONFrom reads a checkpoint. Its id is checkpoint_uuid or, failing that, id.
func (v *Checkpoint) UnmarshalJSONFrom(decoder *jsontext.Decoder) error {
	type plain Checkpoint
	if err := json.UnmarshalDecode(decoder, (*plain)(v)); err != nil {
		return err
	}
	orField(&v.ID, "id", v.Extra)
	return nil
}

// Format prints the checkpoint without its unknown fields.
func (v Checkpoint) Format(s fmt.State, verb rune) {
	printed(s, verb, struct {
		ID      string
		Storage Storage
	}{v.ID, v.Storage})
}

// LogValue logs what Format prints.
func (v Checkpoint) LogValue() slog.Value { return logged(v) }

// CheckpointSpec says what checkpoint to create.
type CheckpointSpec = StorageSpec

func (a *CheckpointsAPI) calls() storageCalls[Checkpoint] {
	return storageCalls[Checkpoint]{a.client, "checkpoint", func(v *Checkpoint) *Storage { return &v.Storage }}
}

// List returns the checkpoints of the active project.
//
// GET /checkpoint
func (a *CheckpointsAPI) List(ctx context.Context, opts ...RequestOption) ([]*Checkpoint, error) {
	return a.calls().list(ctx, opts)
}

// All is like List, but yields one checkpoint at a time.
//
// GET /checkpoint
func (a *CheckpointsAPI) All(ctx context.Context, opts ...RequestOption) iter.Seq2[*Checkpoint, error] {
	return a.calls().all(ctx, opts)
}

// ListPublic returns the checkpoints that every account can use.
//
// GET /checkpoint/public
func (a *CheckpointsAPI) ListPublic(ctx context.Context, opts ...RequestOption) ([]*Checkpoint, error) {
	return a.calls().listPublic(ctx, opts)
}

// Get returns a checkpoint.
//
// GET /checkpoint/{id}
func (a *CheckpointsAPI) Get(ctx context.Context, id string, opts ...RequestOption) (*Checkpoint, error) {
	return a.calls().get(ctx, id, opts...)
}

// Create makes a checkpoint of what is at its source. It is new at first; WaitFor
// tells when it is ready.
//
// POST /checkpoint
func (a *CheckpointsAPI) Create(ctx context.Context, spec *CheckpointSpec, opts ...RequestOption) (*Checkpoint, error) {
	return a.calls().create(ctx, spec, opts)
}

// Rename changes the checkpoint's name. Names need not be unique.
//
// PATCH /checkpoint/{id}
func (a *CheckpointsAPI) Rename(ctx context.Context, id, name string, opts ...RequestOption) (*Checkpoint, error) {
	return a.calls().rename(ctx, id, name, opts)
}

// Export copies the checkpoint to another place. WaitFor tells when it is ready
// again.
//
// POST /checkpoint/{id}/export
func (a *CheckpointsAPI) Export(ctx context.Context, id string, spec *ExportSpec, opts ...RequestOption) (*Checkpoint, error) {
	return a.calls().export(ctx, id, spec, opts)
}

// Delete removes a checkpoint. WithForce also removes one that is in use.
//
// DELETE /checkpoint/{id}
func (a *CheckpointsAPI) Delete(ctx context.Context, id string, opts ...RequestOption) error {
	return a.calls().delete(ctx, id, opts)
}

// LogURL returns where the zip of the checkpoint's log can be had for a while. The
// URL needs no token: treat it as a secret.
//
// GET /checkpoint/{id}/logs
func (a *CheckpointsAPI) LogURL(ctx context.Context, id string, opts ...RequestOption) (string, error) {
	return a.calls().logURL(ctx, id, opts)
}

// LogArchive downloads the zip of the checkpoint's log.
//
// GET /checkpoint/{id}/logs
func (a *CheckpointsAPI) LogArchive(ctx context.Context, id string, w io.Writer, opts ...RequestOption) error {
	return a.calls().logArchive(ctx, id, w, opts)
}

// Logs yields the lines of the checkpoint's log as they come, from the first on, and
// ends when it is ready or has failed. It connects again when the connection
// drops; no line is lost or yielded twice. An error is the last thing that it
// yields. The log of a checkpoint that is ready already is empty: see LogArchive.
// CaptureResponse has no effect.
//
// GET /checkpoint/{id}, then the log websocket
//
// Inferred: the service sends the whole history again to who asks again.
func (a *CheckpointsAPI) Logs(ctx context.Context, id string, opts ...RequestOption) iter.Seq2[LogEntry, error] {
	return a.calls().log(id, opts).all(ctx)
}

// CopyLogs writes the lines of the checkpoint's log as Logs yields them, each with
// its local time.
//
// GET /checkpoint/{id}, then the log websocket
func (a *CheckpointsAPI) CopyLogs(ctx context.Context, id string, w io.Writer, opts ...RequestOption) error {
	return a.calls().log(id, opts).copyTo(ctx, w)
}

// Details returns what files the checkpoint has.
//
// GET /checkpoint/{id}/details
func (a *CheckpointsAPI) Details(ctx context.Context, id string, opts ...RequestOption) (*Details, error) {
	return a.calls().details(ctx, id, opts)
}

// WaitFor waits until the checkpoint has a status, looking again and again. It
// ends with a *[StatusError] when that is out of reach, and returns the last
// checkpoint seen, nil when there was none. A checkpoint that cannot be found is
// archived. There is no timeout but that of ctx.
//
// GET /checkpoint/{id}
func (a *CheckpointsAPI) WaitFor(ctx context.Context, id string, status StorageStatus, opts ...WaitOption) (*Checkpoint, error) {
	return a.calls().waitFor(ctx, id, status, opts)
}

// Connect uploads the local source of a checkpoint from the folder or file Input, or
// downloads its export to the folder Output: whichever the checkpoint waits for. It
// returns the checkpoint when it is ready.
//
// It looks at the checkpoint all the time, and stops the transfer with a *[StatusError]
// when that failed or was removed. Any other failure of the transfer is a
// *[TransferError].
//
// Nothing moves unless the caller names the folder; paths that the service knows
// are only shown.
//
// GET /checkpoint/{id}, then the checkpoint's own file transfer
func (a *CheckpointsAPI) Connect(ctx context.Context, id string, options ConnectOptions) (*Checkpoint, error) {
	return a.calls().connect(ctx, id, options)
}
