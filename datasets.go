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

// DatasetsAPI works with datasets: data that jobs read.
type DatasetsAPI service

// Dataset is a dataset of a project, or a public one.
type Dataset struct {
	ID string `json:"dataset_uuid"`
	Storage
}

// UnmarshalJSONFrom reads a dataset. Its id is dataset_uuid or, failing that, id.
func (v *Dataset) UnmarshalJSONFrom(decoder *jsontext.Decoder) error {
	type plain Dataset
	if err := json.UnmarshalDecode(decoder, (*plain)(v)); err != nil {
		return err
	}
	orField(&v.ID, "id", v.Extra)
	return nil
}

// Format prints the dataset without its unknown fields.
func (v Dataset) Format(s fmt.State, verb rune) {
	printed(s, verb, struct {
		ID      string
		Storage Storage
	}{v.ID, v.Storage})
}

// LogValue logs what Format prints.
func (v Dataset) LogValue() slog.Value { return logged(v) }

// DatasetSpec says what dataset to create.
type DatasetSpec = StorageSpec

func (a *DatasetsAPI) calls() storageCalls[Dataset] {
	return storageCalls[Dataset]{a.client, "dataset", func(v *Dataset) *Storage { return &v.Storage }}
}

// List returns the datasets of the active project.
//
// GET /dataset
func (a *DatasetsAPI) List(ctx context.Context, opts ...RequestOption) ([]*Dataset, error) {
	return a.calls().list(ctx, opts)
}

// All is like List, but yields one dataset at a time.
//
// GET /dataset
func (a *DatasetsAPI) All(ctx context.Context, opts ...RequestOption) iter.Seq2[*Dataset, error] {
	return a.calls().all(ctx, opts)
}

// ListPublic returns the datasets that every account can use.
//
// GET /dataset/public
func (a *DatasetsAPI) ListPublic(ctx context.Context, opts ...RequestOption) ([]*Dataset, error) {
	return a.calls().listPublic(ctx, opts)
}

// Get returns a dataset.
//
// GET /dataset/{id}
func (a *DatasetsAPI) Get(ctx context.Context, id string, opts ...RequestOption) (*Dataset, error) {
	return a.calls().get(ctx, id, opts...)
}

// Create makes a dataset of what is at its source. It is new at first; WaitFor
// tells when it is ready.
//
// POST /dataset
func (a *DatasetsAPI) Create(ctx context.Context, spec *DatasetSpec, opts ...RequestOption) (*Dataset, error) {
	return a.calls().create(ctx, spec, opts)
}

// Rename changes the dataset's name. Names need not be unique.
//
// PATCH /dataset/{id}
func (a *DatasetsAPI) Rename(ctx context.Context, id, name string, opts ...RequestOption) (*Dataset, error) {
	return a.calls().rename(ctx, id, name, opts)
}

// Export copies the dataset to another place. WaitFor tells when it is ready
// again.
//
// POST /dataset/{id}/export
func (a *DatasetsAPI) Export(ctx context.Context, id string, spec *ExportSpec, opts ...RequestOption) (*Dataset, error) {
	return a.calls().export(ctx, id, spec, opts)
}

// Delete removes a dataset. WithForce also removes one that is in use.
//
// DELETE /dataset/{id}
func (a *DatasetsAPI) Delete(ctx context.Context, id string, opts ...RequestOption) error {
	return a.calls().delete(ctx, id, opts)
}

// LogURL returns where the zip of the dataset's log can be had for a while. The
// URL needs no token: treat it as a secret.
//
// GET /dataset/{id}/logs
func (a *DatasetsAPI) LogURL(ctx context.Context, id string, opts ...RequestOption) (string, error) {
	return a.calls().logURL(ctx, id, opts)
}

// LogArchive downloads the zip of the dataset's log.
//
// GET /dataset/{id}/logs
func (a *DatasetsAPI) LogArchive(ctx context.Context, id string, w io.Writer, opts ...RequestOption) error {
	return a.calls().logArchive(ctx, id, w, opts)
}

// Logs yields the lines of the dataset's log as they come, from the first on, and
// ends when it is ready or has failed. It connects again when the connection
// drops; no line is lost or yielded twice. An error is the last thing that it
// yields. The log of a dataset that is ready already is empty: see LogArchive.
// CaptureResponse has no effect.
//
// GET /dataset/{id}, then the log websocket
//
// Inferred: the service sends the whole history again to who asks again.
func (a *DatasetsAPI) Logs(ctx context.Context, id string, opts ...RequestOption) iter.Seq2[LogEntry, error] {
	return a.calls().log(id, opts).all(ctx)
}

// CopyLogs writes the lines of the dataset's log as Logs yields them, each with
// its local time.
//
// GET /dataset/{id}, then the log websocket
func (a *DatasetsAPI) CopyLogs(ctx context.Context, id string, w io.Writer, opts ...RequestOption) error {
	return a.calls().log(id, opts).copyTo(ctx, w)
}

// Details returns what files the dataset has.
//
// GET /dataset/{id}/details
func (a *DatasetsAPI) Details(ctx context.Context, id string, opts ...RequestOption) (*Details, error) {
	return a.calls().details(ctx, id, opts)
}

// WaitFor waits until the dataset has a status, looking again and again. It
// ends with a *[StatusError] when that is out of reach, and returns the last
// dataset seen, nil when there was none. A dataset that cannot be found is
// archived. There is no timeout but that of ctx.
//
// GET /dataset/{id}
func (a *DatasetsAPI) WaitFor(ctx context.Context, id string, status StorageStatus, opts ...WaitOption) (*Dataset, error) {
	return a.calls().waitFor(ctx, id, status, opts)
}

// Connect uploads the local source of a dataset from the folder or file Input, or
// downloads its export to the folder Output: whichever the dataset waits for. It
// returns the dataset when it is ready.
//
// It looks at the dataset all the time, and stops the transfer with a *[StatusError]
// when that failed or was removed. Any other failure of the transfer is a
// *[TransferError].
//
// Nothing moves unless the caller names the folder; paths that the service knows
// are only shown.
//
// GET /dataset/{id}, then the dataset's own file transfer
func (a *DatasetsAPI) Connect(ctx context.Context, id string, options ConnectOptions) (*Dataset, error) {
	return a.calls().connect(ctx, id, options)
}
