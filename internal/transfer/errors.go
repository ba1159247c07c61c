package transfer

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/proximl/proximl-go/internal/attempt"
	"github.com/proximl/proximl-go/internal/reply"
)

const maxErrorBody = 4 << 10

// ErrUnconfirmed marks a transfer all of whose bytes arrived, but whose end the
// service may or may not have noted: a reply to finalize was lost. The state of
// the entity tells.
var ErrUnconfirmed = errors.New("the service may have ended the transfer, its reply was lost")

// StatusError is a reply that is no success.
type StatusError struct {
	Request    string // such as "PUT /upload"
	StatusCode int
	Message    string // of the service, or the start of what came
}

// Error says what was asked and what came back.
func (e *StatusError) Error() string {
	status := strings.TrimSpace(fmt.Sprint(e.StatusCode, " ", http.StatusText(e.StatusCode)))
	return e.Request + ": " + status + ": " + e.Message
}

// says reads the start of a reply that is not what it should be.
func (p *Peer) says(resp *http.Response) string {
	message, _ := reply.Message(resp, reply.Sample(resp.Body, maxErrorBody, p.token()))
	return message
}

// refused is a reply that is no success.
func (p *Peer) refused(r *request, resp *http.Response) error {
	err := &StatusError{r.String(), resp.StatusCode, p.says(resp)}
	if slices.Contains(transientStatuses, resp.StatusCode) {
		return &transientError{err}
	}
	return err
}

// transientStatuses come from what stands in front of the service. The last is
// Cloudflare's for a service that cannot be reached in time.
var transientStatuses = []int{http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout, 522}

// StatusCode returns the status of the reply that an error is about, or 0.
func StatusCode(err error) int {
	if refused, ok := errors.AsType[*StatusError](err); ok {
		return refused.StatusCode
	}
	return 0
}

// hasStatus reports whether the reply had this status.
func hasStatus(err error, status int) bool { return StatusCode(err) == status }

// isVerdict reports whether the service has judged what it was told, which it
// does not after an end. Any other status may be about a transfer that is over.
func isVerdict(err error) bool {
	return hasStatus(err, http.StatusBadRequest) || hasStatus(err, http.StatusUnprocessableEntity)
}

// transientError marks a failure after which another attempt makes sense.
type transientError struct{ error }

// Unwrap returns what failed.
func (e *transientError) Unwrap() error { return e.error }

func isTransient(err error) bool {
	_, ok := errors.AsType[*transientError](err)
	return ok
}

// mayHaveArrived reports whether the service may have seen the request.
func mayHaveArrived(err error) bool {
	_, never := errors.AsType[*attempt.NotSentError](err)
	return isTransient(err) && !never
}

// withoutPath leaves the path out of an error of the file system, for places
// that name the file themselves.
func withoutPath(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return e.Err
	}
	return err
}
