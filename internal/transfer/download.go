package transfer

import (
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"

	"github.com/go-json-experiment/json"

	"github.com/proximl/proximl-go/internal/reply"
	"github.com/proximl/proximl-go/internal/stream"
)

// DownloadOptions say how to download. A zero field has its default.
type DownloadOptions struct {
	Limits
	Progress Progress // after each MiB of the stream, and at its end
	Skipped  Skipped
}

// Download fetches what the service has into a folder, which is made when it is
// missing. A tar stream is unpacked by Extract. A zip is saved under its base
// name, or as archive.zip, and not unpacked.
//
// What arrived is returned with an error, too. A download cannot go on where it
// broke off, but it can be begun again until it succeeded once.
func (p *Peer) Download(ctx context.Context, target string, opts DownloadOptions) (Received, error) {
	received, err := p.download(ctx, target, opts)
	if err != nil {
		err = fmt.Errorf("download from %s to %s: %w", p.base.Host, target, err)
	}
	return received, err
}

func (p *Peer) download(ctx context.Context, target string, opts DownloadOptions) (received Received, err error) {
	if err := os.MkdirAll(target, 0o777); err != nil {
		return received, err
	}
	root, err := os.OpenRoot(target)
	if err != nil {
		return received, err
	}
	defer root.Close()
	isZip, err := p.info(ctx)
	if err != nil {
		return received, err
	}
	received, err = p.fetch(ctx, root, isZip, opts)
	if err != nil {
		return received, fmt.Errorf("%w (arrived: %d entries, %d bytes)", err, received.Entries, received.Bytes)
	}
	if err := p.finalize(ctx, &request{method: http.MethodPost, path: "/finalize", header: jsonHeader(), body: []byte("{}")}); err != nil {
		return received, fmt.Errorf("all of it arrived, but: %w", err)
	}
	return received, nil
}

// info asks whether the download is a zip. A service that does not know the
// question has none.
func (p *Peer) info(ctx context.Context) (isZip bool, err error) {
	r := &request{method: http.MethodGet, path: "/info"}
	var answer struct {
		Archive bool `json:"archive"`
	}
	err = p.policy.repeat(ctx, func(bool) error {
		text, err := p.ask(ctx, r)
		if hasStatus(err, http.StatusNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := json.Unmarshal(text, &answer, stream.ReadOptions); err != nil {
			return fmt.Errorf("%v: the reply cannot be read: %w", r, err)
		}
		return nil
	})
	return answer.Archive, err
}

// fetch downloads. Only the start of it is repeated.
func (p *Peer) fetch(ctx context.Context, root *os.Root, isZip bool, opts DownloadOptions) (Received, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := &request{method: http.MethodGet, path: "/download", header: http.Header{"Accept-Encoding": {"identity"}}}
	var resp *http.Response
	err := p.policy.repeat(ctx, func(bool) (err error) {
		resp, err = p.send(ctx, p.patient, r, nil)
		return err
	})
	if err != nil {
		return Received{}, err
	}
	defer resp.Body.Close()
	if !reply.IsArchive(resp) {
		return Received{}, fmt.Errorf("%v: no archive, but %s", r, p.says(resp))
	}
	arriving := readAhead(ctx, resp.Body)
	defer arriving.wait()
	defer cancel()
	body := &counter{from: arriving, total: max(resp.ContentLength, 0), progress: opts.Progress}
	defer body.tell()
	if mediaType, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); isZip || mediaType == "application/zip" || mediaType == "application/x-zip-compressed" {
		return saveZip(ctx, root, body, dispositionName(resp.Header.Get("Content-Disposition")), opts.Limits)
	}
	return Extract(ctx, root, body, opts.Limits, opts.Skipped)
}

// counter counts what is read from a body.
type counter struct {
	from              io.Reader
	done, told, total int64
	progress          Progress
}

const progressStep = 1 << 20

// Read reads the body.
func (c *counter) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	if c.done += int64(n); c.done-c.told >= progressStep {
		c.tell()
	}
	return n, err
}

func (c *counter) tell() {
	c.told = c.done
	c.progress.tell(c.done, c.total)
}
