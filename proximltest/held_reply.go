package proximltest

import (
	"bytes"
	"cmp"
	"maps"
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// maxHeldReply bounds what is kept of a reply that will be cut. Of a longer one half of that is sent.
const maxHeldReply = 1 << 20

// heldReply is a reply that does not go out as it is.
type heldReply struct {
	header http.Header
	status int
	size   int // of the whole body
	body   bytes.Buffer
}

// hold carries a call out and keeps its reply.
func hold(handler http.Handler, r *http.Request) *heldReply {
	held := &heldReply{header: http.Header{}, status: http.StatusOK}
	handler.ServeHTTP(held, r)
	return held
}

// Header implements http.ResponseWriter.
func (h *heldReply) Header() http.Header { return h.header }

// WriteHeader implements http.ResponseWriter.
func (h *heldReply) WriteHeader(status int) { h.status = status }

// Write implements http.ResponseWriter.
func (h *heldReply) Write(p []byte) (int, error) {
	h.size += len(p)
	h.body.Write(p[:min(len(p), maxHeldReply-h.body.Len())])
	return len(p), nil
}

// sendHalf sends the reply's header and the first half of its body. The header promises the whole, and at least one byte,
// so that the reader of an empty body notices too.
func (h *heldReply) sendHalf(w http.ResponseWriter) {
	maps.Copy(w.Header(), h.header)
	w.Header().Set("Content-Length", strconv.Itoa(max(h.size, 1)))
	w.WriteHeader(h.status)
	w.Write(h.body.Bytes()[:h.body.Len()/2])
	http.NewResponseController(w).Flush()
}

// reply sends the reply that a fault brings along.
func (fault *Fault) reply(w http.ResponseWriter) {
	if jsontext.Value(fault.Body).IsValid() {
		w.Header().Set("Content-Type", "application/json")
	}
	for name, values := range fault.Header {
		w.Header()[http.CanonicalHeaderKey(name)] = values
	}
	w.WriteHeader(cmp.Or(fault.Status, http.StatusOK))
	w.Write([]byte(fault.Body))
}
