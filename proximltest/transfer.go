package proximltest

import (
	"crypto/subtle"
	"errors"
	"net/http"

	"github.com/go-json-experiment/json"
)

// transferPath is where the hosts of transfers are, each under its id. The real service gives each a host name of its own.
const transferPath = "/transfer/"

// transfer is an exchange of files with the user's own machine. Its host and token are shown with what waits for it.
type transfer struct {
	ID       string `json:"id"`
	Token    string `json:"token"`
	Key      string `json:"key"` // of the files, as Uploaded and SetDownload know them
	IsUpload bool   `json:"is_upload,omitzero"`
	Name     string `json:"name,omitzero"`    // of what a download is saved as, without its ending
	Archive  bool   `json:"archive,omitzero"` // whether a download is a zip
	Done     bool   `json:"done,omitzero"`

	owner  transferOwner
	begun  bool // whether a download was asked for
	upload upload
}

// transferOwner is the job, dataset, model, checkpoint or volume whose files are transferred.
type transferOwner interface {
	// awaits tells whether a transfer is still waited for.
	awaits(t *transfer) bool
	// transferred goes on after a transfer.
	transferred(s *Server, t *transfer)
}

// isDone tells whether there was a transfer and it is done.
func (t *transfer) isDone() bool { return t != nil && t.Done }

// openTransfer makes a transfer ready, in place of an earlier one if there was any.
func (s *Server) openTransfer(owner transferOwner, earlier, t *transfer) *transfer {
	s.closeTransfer(earlier)
	t.ID, t.Token = newID(), newID()
	s.knowTransfer(owner, t)
	return t
}

// knowTransfer makes a transfer reachable.
func (s *Server) knowTransfer(owner transferOwner, t *transfer) {
	if t == nil {
		return
	}
	t.owner, t.upload.store = owner, &s.store
	s.transfers[t.ID] = t
}

// closeTransfer forgets a transfer. What it brought is kept.
func (s *Server) closeTransfer(t *transfer) {
	if t == nil {
		return
	}
	delete(s.transfers, t.ID)
	t.upload.abandon()
}

// door returns the host and the token that are shown while a transfer is waited for.
func (s *Server) door(t *transfer) (hostname, token string) {
	if t == nil || t.Done || !t.owner.awaits(t) {
		return "", ""
	}
	return s.URL + transferPath + t.ID, t.Token
}

// transferHandler answers a call of the file-transfer service. The server's lock is not held.
type transferHandler func(t *transfer, r *http.Request) (any, error)

// transferState is the answer to calls that have nothing else to say. Uncertain: what else the real service answers.
type transferState struct {
	Status string `json:"status"`
}

var transferOK = transferState{"ok"}

func (s *Server) transferRoutes(mux *http.ServeMux) {
	route := func(pattern string, takes func(*transfer) bool, h transferHandler) {
		mux.HandleFunc(pattern, s.transferCall(takes, h))
	}
	both := func(*transfer) bool { return true }
	up := func(t *transfer) bool { return t.IsUpload }
	down := func(t *transfer) bool { return !t.IsUpload }
	host := transferPath + "{transfer}"
	route("GET "+host+"/ping", both, func(*transfer, *http.Request) (any, error) { return transferOK, nil })
	route("PUT "+host+"/upload", up, s.putChunk)
	route("GET "+host+"/upload/status", up, uploadStatus)
	route("GET "+host+"/info", down, downloadInfo)
	route("POST "+host+"/finalize", both, s.finalize)
	mux.HandleFunc("GET "+host+"/download", s.serveDownload)
}

// transferCall wraps a handler with the check of the token, and JSON. A call that the transfer does not take is not found.
func (s *Server) transferCall(takes func(*transfer) bool, h transferHandler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		t, err := s.transferOf(r)
		if err == nil && !takes(t) {
			err = errNotFound
		}
		if err != nil {
			writeProblem(w, err)
			return
		}
		status := http.StatusOK
		answer, err := h(t, r)
		if conflict := (offsetConflict{}); errors.As(err, &conflict) {
			status, answer, err = http.StatusConflict, conflict, nil
		}
		if err != nil {
			writeProblem(w, err)
			return
		}
		text, _ := json.Marshal(answer)
		writeJSON(w, status, text)
	}
}

// transferOf finds the transfer that a call is for, and checks the call's token. A host of a transfer that nobody waits for any more
// is gone; one that is done stays, for clients that did not get the last answer. Uncertain: what a wrong token is answered.
func (s *Server) transferOf(r *http.Request) (*transfer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.catchUp()
	t, found := s.transfers[r.PathValue("transfer")]
	if !found || !t.Done && !t.owner.awaits(t) {
		return nil, errNotFound
	}
	if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte("Bearer "+t.Token)) != 1 {
		return nil, errUnauthorized
	}
	return t, nil
}

// finalize ends a transfer: an upload whose hash is right, or a download that was asked for. It can be repeated.
func (s *Server) finalize(t *transfer, r *http.Request) (any, error) {
	var files *archive
	if t.IsUpload {
		var err error
		if files, err = finishUpload(t, r); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.catchUp()
	switch {
	case t.Done:
		return transferOK, nil
	case !t.owner.awaits(t):
		return nil, errNotFound
	case !t.IsUpload && !t.begun:
		return nil, invalid(msgNotDownloaded)
	}
	if t.IsUpload {
		s.keep(t.Key, files)
	}
	t.Done = true
	t.owner.transferred(s, t)
	s.catchUp()
	return transferOK, nil
}
