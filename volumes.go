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

// VolumesAPI works with volumes: storage that notebooks and endpoints read and
// write.
type VolumesAPI service

// Volume is a volume of a project.
type Volume struct {
	ID       string `json:"id"`
	Capacity string `json:"capacity,omitzero"` // such as 10G
	Storage
}

// UnmarshalJSONFrom reads a volume.
//
// Uncertain: a capacity that is a number is read, too, since the Python command
// takes one.
func (v *Volume) UnmarshalJSONFrom(decoder *jsontext.Decoder) error {
	type plain Volume
	type lenient struct {
		*plain
		Capacity *numberOrText `json:"capacity"`
	}
	return json.UnmarshalDecode(decoder, &lenient{(*plain)(v), (*numberOrText)(&v.Capacity)})
}

// numberOrText is a text that may come as a number.
type numberOrText string

// UnmarshalJSONFrom reads a text, or the digits of a number.
func (n *numberOrText) UnmarshalJSONFrom(decoder *jsontext.Decoder) error {
	if decoder.PeekKind() != jsontext.KindNumber {
		return json.UnmarshalDecode(decoder, (*string)(n))
	}
	number, err := decoder.ReadValue()
	*n = numberOrText(number)
	return err
}

// Format prints the volume without its unknown fields.
func (v Volume) Format(s fmt.State, verb rune) {
	printed(s, verb, struct {
		ID, Capacity string
		Storage      Storage
	}{v.ID, v.Capacity, v.Storage})
}

// LogValue logs what Format prints.
func (v Volume) LogValue() slog.Value { return logged(v) }

// VolumeSpec says what volume to create.
type VolumeSpec = StorageSpec

func (a *VolumesAPI) calls() storageCalls[Volume] {
	return storageCalls[Volume]{a.client, "volume", func(v *Volume) *Storage { return &v.Storage }}
}

// List returns the volumes of the active project.
//
// GET /volume
func (a *VolumesAPI) List(ctx context.Context, opts ...RequestOption) ([]*Volume, error) {
	return a.calls().list(ctx, opts)
}

// All is like List, but yields one volume at a time.
//
// GET /volume
func (a *VolumesAPI) All(ctx context.Context, opts ...RequestOption) iter.Seq2[*Volume, error] {
	return a.calls().all(ctx, opts)
}

// Get returns a volume.
//
// GET /volume/{id}
func (a *VolumesAPI) Get(ctx context.Context, id string, opts ...RequestOption) (*Volume, error) {
	return a.calls().get(ctx, id, opts...)
}

// Create makes a volume of the capacity that the spec must name, with what is at
// its source. It is new at first; WaitFor tells when it is ready.
//
// POST /volume
func (a *VolumesAPI) Create(ctx context.Context, spec *VolumeSpec, opts ...RequestOption) (*Volume, error) {
	if spec != nil && spec.Capacity == "" {
		return nil, invalid("volume", "capacity", "is missing; it is a size such as 10G")
	}
	return a.calls().create(ctx, spec, opts)
}

// Rename changes the volume's name. Names need not be unique.
//
// PATCH /volume/{id}
func (a *VolumesAPI) Rename(ctx context.Context, id, name string, opts ...RequestOption) (*Volume, error) {
	return a.calls().rename(ctx, id, name, opts)
}

// Export copies the volume to another place. WaitFor tells when it is ready
// again.
//
// POST /volume/{id}/export
func (a *VolumesAPI) Export(ctx context.Context, id string, spec *ExportSpec, opts ...RequestOption) (*Volume, error) {
	return a.calls().export(ctx, id, spec, opts)
}

// Delete removes a volume. WithForce also removes one that is in use.
//
// DELETE /volume/{id}
func (a *VolumesAPI) Delete(ctx context.Context, id string, opts ...RequestOption) error {
	return a.calls().delete(ctx, id, opts)
}

// LogURL returns where the zip of the volume's log can be had for a while. The
// URL needs no token: treat it as a secret.
//
// GET /volume/{id}/logs
func (a *VolumesAPI) LogURL(ctx context.Context, id string, opts ...RequestOption) (string, error) {
	return a.calls().logURL(ctx, id, opts)
}

// LogArchive downloads the zip of the volume's log.
//
// GET /volume/{id}/logs
func (a *VolumesAPI) LogArchive(ctx context.Context, id string, w io.Writer, opts ...RequestOption) error {
	return a.calls().logArchive(ctx, id, w, opts)
}

// Logs yields the lines of the volume's log as they come, from the first on, and
// ends when it is ready or has failed. It connects again when the connection
// drops; no line is lost or yielded twice. An error is the last thing that it
// yields. The log of a volume that is ready already is empty: see LogArchive.
// CaptureResponse has no effect.
//
// GET /volume/{id}, then the log websocket
//
// Inferred: the service sends the whole history again to who asks again.
func (a *VolumesAPI) Logs(ctx context.Context, id string, opts ...RequestOption) iter.Seq2[LogEntry, error] {
	return a.calls().log(id, opts).all(ctx)
}

// CopyLogs writes the lines of the volume's log as Logs yields them, each with
// its local time.
//
// GET /volume/{id}, then the log websocket
func (a *VolumesAPI) CopyLogs(ctx context.Context, id string, w io.Writer, opts ...RequestOption) error {
	return a.calls().log(id, opts).copyTo(ctx, w)
}

// Details returns what files the volume has.
//
// GET /volume/{id}/details
func (a *VolumesAPI) Details(ctx context.Context, id string, opts ...RequestOption) (*Details, error) {
	return a.calls().details(ctx, id, opts)
}

// WaitFor waits until the volume has a status, looking again and again. It
// ends with a *[StatusError] when that is out of reach, and returns the last
// volume seen, nil when there was none. A volume that cannot be found is
// archived. There is no timeout but that of ctx.
//
// GET /volume/{id}
func (a *VolumesAPI) WaitFor(ctx context.Context, id string, status StorageStatus, opts ...WaitOption) (*Volume, error) {
	return a.calls().waitFor(ctx, id, status, opts)
}

// Connect uploads the local source of a volume from the folder or file Input, or
// downloads its export to the folder Output: whichever the volume waits for. It
// returns the volume when it is ready.
//
// It looks at the volume all the time, and stops the transfer with a *[StatusError]
// when that failed or was removed. Any other failure of the transfer is a
// *[TransferError].
//
// Nothing moves unless the caller names the folder; paths that the service knows
// are only shown.
//
// GET /volume/{id}, then the volume's own file transfer
func (a *VolumesAPI) Connect(ctx context.Context, id string, options ConnectOptions) (*Volume, error) {
	return a.calls().connect(ctx, id, options)
}
