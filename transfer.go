package proximl

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/proximl/proximl-go/internal/transfer"
)

const (
	defaultTransferWait = 510 * time.Second // as long as the Python client waits
	maxConfirmLooks     = 12                // a minute
)

// ConnectOptions says which folders of this machine a Connect uses. They come
// from the caller alone: the paths that the service knows may have been written
// by a teammate, and to obey them would let that teammate read or overwrite any
// file. A job may have several transfers at once: then Progress, Skipped and
// Received are called at once, too.
type ConnectOptions struct {
	Model  string // folder or file to upload as a job's model; of a job only
	Input  string // folder or file to upload as a job's input, or as a dataset or model
	Output string // folder to download to; of several workers, into worker-N below it

	UploadOnly bool // return after the upload, without waiting for a job's output; of a job only

	ServiceWait time.Duration          // for the file transfer to answer; 8.5 minutes by default
	ChunkSize   int                    // bytes of one request of an upload; 5 MiB by default, uncertain whether the service takes as much
	MaxEntries  int64                  // of one archive that is downloaded; 10 million by default
	MaxBytes    int64                  // of one archive that is downloaded; no limit by default
	Progress    func(TransferProgress) // now and then
	Skipped     func(TransferSkip)     // for each file or link that is left out
	Received    func(TransferReceipt)  // for each download, when it has come to its end
	Wait        []WaitOption           // of the waits for the entity
}

// check finds what can never work, whatever the entity is like.
func (o *ConnectOptions) check() *ValidationError {
	wrong := &ValidationError{What: "connect"}
	if o.ChunkSize < 0 || o.ChunkSize > transfer.MaxChunkSize {
		wrong.add("ConnectOptions.ChunkSize", fmt.Sprintf("%d is not between 1 and %d bytes", o.ChunkSize, transfer.MaxChunkSize))
	}
	if o.ServiceWait < 0 {
		wrong.add("ConnectOptions.ServiceWait", "is below 0")
	}
	if o.MaxEntries < 0 {
		wrong.add("ConnectOptions.MaxEntries", "is below 0")
	}
	if o.MaxBytes < 0 {
		wrong.add("ConnectOptions.MaxBytes", "is below 0")
	}
	return wrong
}

// TransferProgress says how far a transfer is.
type TransferProgress struct {
	What   string // model, input or output; or dataset, model, checkpoint or volume
	Worker int    // number of the worker whose output it is; 0 when it has no number
	Done   int64  // bytes of the tar stream, or of the zip
	Total  int64  // bytes; 0 when it is not known
}

// TransferSkip is something that a transfer leaves out: a socket, a FIFO or a
// device, and of a download a link that cannot be made or that leads out of the
// folder. It is not there on the other side.
type TransferSkip struct {
	What   string // as of TransferProgress
	Worker int    // as of TransferProgress
	Name   string // in the archive, whose names and links somebody else may have made
	Reason string
}

// TransferReceipt says what a download has brought.
type TransferReceipt struct {
	What    string // as of TransferProgress
	Worker  int    // as of TransferProgress
	Folder  string // where it is
	Zip     string // name in Folder of the zip, which is not unpacked; empty when a tar stream came
	Entries int64  // files, folders and links of the tar stream that were made
	Bytes   int64  // of the files' contents, or of the zip
}

// part is one transfer that a Connect makes.
type part struct {
	what      string
	isUpload  bool
	worker    int
	id        string // of the worker
	folder    string // of this machine
	suggested string // path that the service knows, never used
	hostname  string
	token     Secret
}

// named fails when the caller has named no folder for a part.
func (p *part) named(option string) error {
	if p.folder != "" {
		return nil
	}
	return invalid("connect", "ConnectOptions."+option, fmt.Sprintf("is missing: it names the folder of this machine for the %s; whoever made the entity suggests %q", p.what, p.suggested))
}

// readable fails when what is to be uploaded is not there.
func (p *part) readable(option string) error {
	if err := p.named(option); err != nil {
		return err
	}
	if _, err := os.Stat(p.folder); err != nil {
		return invalid("connect", "ConnectOptions."+option, err.Error())
	}
	return nil
}

// key tells the parts of one job apart.
func (p *part) key() string { return p.what + p.id }

func (p *part) waiting() bool { return p.hostname != "" && p.token != "" }

// TransferError is an exchange of local files that failed. Files that arrived
// whole stay. The next Connect begins anew with what the entity still waits for.
type TransferError struct {
	What       string // model, input or output; or dataset, model, checkpoint or volume
	Worker     int    // number of the worker whose output it is; 0 when it has no number
	StatusCode int    // of the reply that refused it; 0 when it failed otherwise, or never began
	err        error
}

// Error says what was exchanged with whom, and what went wrong.
func (e *TransferError) Error() string { return "transfer of the " + e.What + ": " + e.err.Error() }

// Is reports whether target is the sentinel of the status, such as
// [ErrForbidden], or [ErrOutcomeUnknown] when the service may have taken the
// transfer for complete: the state of the entity tells.
func (e *TransferError) Is(target error) bool {
	if errors.Is(e.err, transfer.ErrUnconfirmed) {
		return target == ErrOutcomeUnknown
	}
	return target != nil && target == statusSentinels[e.StatusCode]
}

// Unwrap returns what went wrong.
func (e *TransferError) Unwrap() error { return e.err }

// moveFiles makes a transfer and tells what it brought. After an end that was not
// confirmed, waits says whether the entity still waits for the transfer.
func (c *ProxiML) moveFiles(ctx context.Context, p part, o *ConnectOptions, waits func(context.Context) (bool, error)) error {
	received, err := c.transfer(ctx, p, o)
	if err := confirm(ctx, err, waits); err != nil {
		return err
	}
	if o.Received != nil && !p.isUpload {
		o.Received(TransferReceipt{p.what, p.worker, p.folder, received.Zip, received.Entries, received.Bytes})
	}
	return nil
}

// transfer moves a part once its file transfer answers.
func (c *ProxiML) transfer(ctx context.Context, p part, o *ConnectOptions) (received transfer.Received, err error) {
	peer, err := c.peer(ctx, p, o)
	if err != nil {
		return received, &TransferError{What: p.what, Worker: p.worker, err: err}
	}
	defer peer.Close()
	if p.isUpload {
		err = peer.Upload(ctx, p.folder, transfer.UploadOptions{ChunkSize: o.ChunkSize, Progress: o.progress(p), Skipped: c.skipped(ctx, p, o)})
	} else {
		limits := transfer.Limits{Entries: o.MaxEntries, Bytes: o.MaxBytes}
		received, err = peer.Download(ctx, p.folder, transfer.DownloadOptions{Limits: limits, Progress: o.progress(p), Skipped: c.skipped(ctx, p, o)})
	}
	if err != nil {
		err = &TransferError{What: p.what, Worker: p.worker, StatusCode: transfer.StatusCode(err), err: err}
	}
	return received, err
}

// peer waits until the file transfer of a part answers.
func (c *ProxiML) peer(ctx context.Context, p part, o *ConnectOptions) (*transfer.Peer, error) {
	peer, err := transfer.NewPeer(p.hostname, string(p.token), transfer.Options{
		HTTP: *c.sender.plain, UserAgent: c.sender.userAgent, Logger: c.sender.logger, Operation: OperationFromContext,
		Question: c.sender.limits.ResponseHeader, BodyIdle: c.sender.limits.BodyIdle,
	})
	if err != nil {
		return nil, err
	}
	if err := peer.Ping(ctx, cmp.Or(o.ServiceWait, defaultTransferWait)); err != nil {
		peer.Close()
		return nil, err
	}
	return peer, nil
}

func (o *ConnectOptions) progress(p part) transfer.Progress {
	if o.Progress == nil {
		return nil
	}
	return func(done, total int64) {
		o.Progress(TransferProgress{What: p.what, Worker: p.worker, Done: done, Total: total})
	}
}

func (c *ProxiML) skipped(ctx context.Context, p part, o *ConnectOptions) transfer.Skipped {
	return func(name, reason string) {
		c.sender.logger.WarnContext(ctx, "left out of the transfer", "what", p.what, "name", name, "reason", reason)
		if o.Skipped != nil {
			o.Skipped(TransferSkip{p.what, p.worker, name, reason})
		}
	}
}

// confirm finds out whether a transfer came to its end whose last reply was
// lost: then nothing waits for it any more. It looks for a while, since what
// waited may take a moment to go on.
func confirm(ctx context.Context, err error, waits func(context.Context) (bool, error)) error {
	if !errors.Is(err, transfer.ErrUnconfirmed) {
		return err
	}
	var why error
	for range maxConfirmLooks {
		if ended := sleep(ctx, defaultMinPoll); ended != nil {
			why = fmt.Errorf("it was not looked at any more: %w", ended)
			break
		}
		switch waiting, failed := waits(ctx); {
		case failed != nil:
			why = fmt.Errorf("a look at it failed: %w", failed)
		case waiting:
			why = errors.New("it still waits for the transfer")
		default:
			return nil
		}
	}
	return fmt.Errorf("%w; %w: look at its status, and call Connect again if that does not change", err, why)
}
