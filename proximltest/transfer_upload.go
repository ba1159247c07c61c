package proximltest

import (
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
)

// upload is a tar stream on its way in. Chunks come one after the other; of two that come at the same time the later one counts,
// since its sender has given the other up.
type upload struct {
	store *store

	mu      sync.Mutex
	id      string      // the Upload-Id, which clients send since May 2026
	file    *storedFile // nil before the first chunk
	sum     hash.Hash   // of what is stored
	offset  int64       // how much is stored
	last    int64       // where the last chunk began
	attempt int         // counts chunks that were begun
	files   *archive    // once the upload is finalized
	hash    string      // that it was finalized with
}

// offsetConflict refuses a chunk that does not begin where the stored ones end.
type offsetConflict struct {
	Message  string `json:"errorMessage"`
	Expected int64  `json:"expected_offset"`
}

func (c offsetConflict) Error() string { return c.Message }

// uploadOffset says which byte is wanted next.
type uploadOffset struct {
	Expected int64 `json:"expected_offset"`
}

// putChunk stores a chunk. Its answer names the next byte, which clients without an Upload-Id do not read.
func (s *Server) putChunk(t *transfer, r *http.Request) (any, error) {
	start, size, err := chunkRange(r.Header.Get("Content-Range"))
	if err != nil {
		return nil, err
	}
	if size > s.settings.chunkLimit {
		return nil, problem{http.StatusRequestEntityTooLarge, fmt.Sprintf(msgChunkTooLarge, s.settings.chunkLimit)}
	}
	if r.ContentLength >= 0 && r.ContentLength != size {
		return nil, invalid(msgChunkSize, size)
	}
	next, err := t.upload.receive(r.Header.Get("Upload-Id"), start, size, r.Body)
	if err != nil {
		io.CopyN(io.Discard, r.Body, size) // or the sender may not get to read the answer
		return nil, err
	}
	return uploadOffset{next}, nil
}

// chunkRange reads "bytes start-end/total". The total is not looked at: clients that do not know it send end+1 for it.
func chunkRange(text string) (start, size int64, err error) {
	bounds, total, found := strings.Cut(strings.TrimPrefix(text, "bytes "), "/")
	first, last, dash := strings.Cut(bounds, "-")
	from, err1 := strconv.ParseUint(first, 10, 62)
	to, err2 := strconv.ParseUint(last, 10, 62)
	_, err3 := strconv.ParseUint(total, 10, 63)
	if total == "*" {
		err3 = nil
	}
	if !strings.HasPrefix(text, "bytes ") || !found || !dash || errors.Join(err1, err2, err3) != nil || to < from {
		return 0, 0, invalid(msgBadRange, text)
	}
	return int64(from), int64(to-from) + 1, nil
}

// receive stores a chunk of an upload as a whole or not at all, and returns how much is stored then.
func (u *upload) receive(id string, start, size int64, body io.Reader) (next int64, err error) {
	c, err := u.begin(id, start, size)
	if err != nil || c == nil {
		return start + size, err
	}
	defer c.file.Close()
	n, err := io.Copy(c, io.LimitReader(body, size+1))
	if err == nil && n != size {
		err = invalid(msgChunkSize, size)
	}
	if err != nil {
		return 0, err
	}
	return c.commit()
}

// begin makes ready for a chunk. It returns nothing for one that is stored already.
func (u *upload) begin(id string, start, size int64) (*chunk, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	repeated := start == u.last && start+size == u.offset
	switch {
	case u.files != nil:
		return nil, u.conflict(u.offset)
	case start == 0 && (id != u.id || id == "" && u.offset > 0):
		// Another client has begun anew.
		if err := u.restart(id); err != nil {
			return nil, err
		}
	case id != u.id:
		return nil, u.conflict(0)
	case id == "" && repeated:
		// Inferred: clients without an Upload-Id send a chunk again whose answer was lost, and cannot ask what is stored.
		return nil, nil
	case start != u.offset:
		return nil, u.conflict(u.offset)
	}
	if u.file == nil {
		if err := u.restart(id); err != nil {
			return nil, err
		}
	}
	u.attempt++
	file, err := u.file.open()
	if err != nil {
		return nil, err
	}
	sum, err := u.sum.(hash.Cloner).Clone()
	return &chunk{upload: u, attempt: u.attempt, file: file, start: start, at: start, sum: sum}, err
}

// restart forgets what was stored.
func (u *upload) restart(id string) (err error) {
	u.file.remove()
	u.file, err = u.store.create()
	u.id, u.sum, u.offset, u.last = id, sha512.New(), 0, 0
	return err
}

func (u *upload) conflict(expected int64) error {
	return offsetConflict{fmt.Sprintf("The next byte is %d", expected), expected}
}

// abandon gives up what is on its way.
func (u *upload) abandon() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.attempt++
	if u.files == nil {
		u.file.remove()
		u.file, u.offset, u.last = nil, 0, 0
	}
}

// chunk is a part of an upload on its way.
type chunk struct {
	upload  *upload
	attempt int
	file    *os.File
	start   int64
	at      int64 // where the next byte goes
	sum     hash.Hash
}

// Write implements io.Writer.
func (c *chunk) Write(data []byte) (int, error) {
	u := c.upload
	u.mu.Lock()
	defer u.mu.Unlock()
	if c.attempt != u.attempt {
		return 0, u.conflict(u.offset)
	}
	if err := u.file.resize(max(u.file.size, c.at+int64(len(data)))); err != nil {
		return 0, err
	}
	n, err := c.file.WriteAt(data, c.at)
	c.sum.Write(data[:n])
	c.at += int64(n)
	return n, err
}

// commit makes a chunk that is complete part of the upload.
func (c *chunk) commit() (next int64, err error) {
	u := c.upload
	u.mu.Lock()
	defer u.mu.Unlock()
	if c.attempt != u.attempt {
		return 0, u.conflict(u.offset)
	}
	u.sum, u.offset, u.last = c.sum, c.at, c.start
	return u.offset, nil
}

// uploadStatus says how much of an upload is stored: nothing of one that the service has not heard of.
func uploadStatus(t *transfer, r *http.Request) (any, error) {
	u := &t.upload
	u.mu.Lock()
	defer u.mu.Unlock()
	if r.URL.Query().Get("upload_id") != u.id {
		return uploadOffset{0}, nil
	}
	return uploadOffset{u.offset}, nil
}

// finishUpload checks what was stored. Uncertain: that what is no tar stream is refused here.
func finishUpload(t *transfer, r *http.Request) (*archive, error) {
	var wanted struct {
		Hash string `json:"hash"`
	}
	if err := json.UnmarshalRead(io.LimitReader(r.Body, maxBody), &wanted); err != nil {
		return nil, invalid(msgMalformedBody, err)
	}
	u := &t.upload
	u.mu.Lock()
	defer u.mu.Unlock()
	switch id := r.Header.Get("Upload-Id"); {
	case u.files != nil && u.hash == wanted.Hash:
		return u.files, nil
	case u.files != nil || u.file == nil || id != u.id:
		return nil, u.conflict(u.offset)
	case hex.EncodeToString(u.sum.Sum(nil)) != wanted.Hash:
		return nil, invalid(msgWrongHash)
	}
	u.attempt++ // nothing is added any more
	files, err := u.file.seal(u.offset)
	if err != nil {
		return nil, err
	}
	u.files, u.hash = files, wanted.Hash
	return files, nil
}
