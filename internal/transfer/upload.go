package transfer

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"

	"github.com/go-json-experiment/json"

	"github.com/proximl/proximl-go/internal/stream"
)

const (
	// DefaultChunkSize is that of the Python client. Uncertain: on the wire its
	// chunks were never seen to be larger than SmallChunkSize.
	DefaultChunkSize = 5 << 20
	// SmallChunkSize is what chunks are cut to when larger ones are refused.
	SmallChunkSize = 192 << 10
	// MaxChunkSize bounds what a chunk takes of the memory.
	MaxChunkSize = 1 << 30
)

// Progress is told how many bytes of a stream are through, and how many there
// will be, or 0 when that is not known.
type Progress func(done, total int64)

func (p Progress) tell(done, total int64) {
	if p != nil {
		p(done, total)
	}
}

// UploadOptions say how to upload. A zero field has its default.
type UploadOptions struct {
	ChunkSize int      // most bytes of one request; two of them are held in memory
	Progress  Progress // after each chunk; costs a walk through the folder before, to know the total
	Skipped   Skipped  // while Progress may be called, too: by another goroutine
}

// upload is what is known of a running upload.
type upload struct {
	*Peer
	UploadOptions
	id     string
	size   int   // most bytes of one request
	offset int64 // of the stream: so much the service has
	total  int64 // of the stream, 0 = unknown
	sum    hash.Hash
}

// Upload sends the contents of a folder, or one file, as WriteTar writes them.
//
// The next chunk is read while one is on the wire. A chunk whose reply is lost
// is sent again only if the service does not have it. When chunks are refused as
// too large, the same stream goes on in small ones.
func (p *Peer) Upload(ctx context.Context, source string, opts UploadOptions) error {
	if opts.ChunkSize < 0 || opts.ChunkSize > MaxChunkSize {
		return fmt.Errorf("the chunk size %d is not between 1 and %d bytes", opts.ChunkSize, MaxChunkSize)
	}
	u := &upload{Peer: p, UploadOptions: opts, id: newUploadID(), size: cmp.Or(opts.ChunkSize, DefaultChunkSize), sum: sha512.New()}
	err := u.run(ctx, source)
	if err != nil {
		return fmt.Errorf("upload of %s to %s: %w", source, p.base.Host, err)
	}
	return nil
}

func (u *upload) run(ctx context.Context, source string) (err error) {
	if u.Progress != nil {
		if u.total, err = TarSize(ctx, source); err != nil {
			return err
		}
	}
	if err := u.sendAll(ctx, source); err != nil {
		return err
	}
	body := []byte(`{"hash":"` + hex.EncodeToString(u.sum.Sum(nil)) + `"}`)
	header := jsonHeader()
	header.Set("Upload-Id", u.id)
	if err := u.finalize(ctx, &request{method: http.MethodPost, path: "/finalize", header: header, body: body}); err != nil {
		return fmt.Errorf("all %d bytes were stored, but: %w", u.offset, err)
	}
	return nil
}

// sendAll sends the stream and hashes it on the way.
func (u *upload) sendAll(ctx context.Context, source string) (err error) {
	chunks := cut(ctx, u.size, func(ctx context.Context, to io.Writer) error {
		return WriteTar(ctx, to, source, u.Skipped)
	})
	for data := range chunks.full {
		var hashing sync.WaitGroup
		hashing.Go(func() { _, _ = u.sum.Write(data) }) // never fails
		err = u.send(ctx, data)
		hashing.Wait()
		if err != nil {
			_ = chunks.end()
			return err
		}
		chunks.recycle(data)
	}
	return chunks.end()
}

// send sends a part of the stream in one request, or in several when it had to
// go over to smaller ones.
func (u *upload) send(ctx context.Context, data []byte) error {
	for len(data) > 0 {
		c := chunk{u.offset, data[:min(len(data), u.size)]}
		err := u.policy.repeat(ctx, func(again bool) error {
			if again {
				return u.resume(ctx, c)
			}
			return u.put(ctx, c)
		})
		if u.offset == 0 && len(c.data) > SmallChunkSize && hasStatus(err, http.StatusRequestEntityTooLarge) {
			u.size = SmallChunkSize
			continue
		}
		if err != nil {
			return fmt.Errorf("%v: %w", c, err)
		}
		u.offset, data = c.end(), data[len(c.data):]
		u.Progress.tell(u.offset, max(u.total, u.offset))
	}
	return nil
}

// chunk is what one request carries.
type chunk struct {
	start int64
	data  []byte
}

func (c chunk) end() int64 { return c.start + int64(len(c.data)) }

// String is the range as in a Content-Range header, both ends included.
func (c chunk) String() string { return fmt.Sprintf("bytes %d-%d", c.start, c.end()-1) }

// put sends a chunk. The size of the stream is not known; as in the Python
// client, the end of the chunk stands for it.
func (u *upload) put(ctx context.Context, c chunk) error {
	reply, err := u.ask(ctx, &request{
		method: http.MethodPut, path: "/upload", body: c.data,
		header: http.Header{
			"Content-Type":  {"application/octet-stream"},
			"Content-Range": {c.String() + "/" + strconv.FormatInt(c.end(), 10)},
			"Upload-Id":     {u.id},
		},
	})
	if hasStatus(err, http.StatusConflict) {
		return &transientError{err}
	}
	if err != nil {
		return err
	}
	if expected, known := expectedOffset(reply); known && expected != c.end() {
		return c.desync(expected)
	}
	return nil
}

// resume asks the service how much it has and sends the chunk again if that is
// needed.
func (u *upload) resume(ctx context.Context, c chunk) error {
	r := &request{method: http.MethodGet, path: "/upload/status", query: url.Values{"upload_id": {u.id}}}
	reply, err := u.ask(ctx, r)
	if c.start == 0 && hasStatus(err, http.StatusNotFound) {
		return u.put(ctx, c) // the service knows nothing of the upload yet
	}
	if err != nil {
		return err
	}
	expected, known := expectedOffset(reply)
	switch {
	case !known:
		return fmt.Errorf("%v: the reply has no expected_offset", r)
	case expected == c.start:
		return u.put(ctx, c)
	case expected == c.end():
		return nil
	}
	return c.desync(expected)
}

func (c chunk) desync(expected int64) error {
	return fmt.Errorf("offset desync: the service expects byte %d next, where it should be %d or %d; begin the upload again", expected, c.start, c.end())
}

// expectedOffset finds the next byte that the service wants in a reply, which
// need not have it.
func expectedOffset(reply []byte) (int64, bool) {
	var known struct {
		ExpectedOffset *int64 `json:"expected_offset"`
	}
	if json.Unmarshal(reply, &known, stream.ReadOptions) != nil || known.ExpectedOffset == nil {
		return 0, false
	}
	return *known.ExpectedOffset, true
}

// newUploadID returns a random UUID, version 4.
func newUploadID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}
