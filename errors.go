package proximl

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/proximl/proximl-go/internal/reply"
)

// Sentinels for [errors.Is]. The same error also answers [errors.As] with its
// detail: *[APIError], *[AuthError], *[ValidationError] or *[StatusError].
var (
	ErrInvalid      = errors.New("proximl: invalid request")    // 400, and a *ValidationError
	ErrUnauthorized = errors.New("proximl: unauthorized")       // 401, and a refused login
	ErrForbidden    = errors.New("proximl: forbidden")          // 403
	ErrNotFound     = errors.New("proximl: not found")          // 404
	ErrConflict     = errors.New("proximl: conflict")           // 409
	ErrRateLimited  = errors.New("proximl: too many requests")  // 429
	ErrNoProject    = errors.New("proximl: no active project")  // the call needs one, nothing was sent
	ErrNotUnique    = errors.New("proximl: name is not unique") // several projects have that name

	// ErrNoCredentials is what [New] fails with when it finds no user and key.
	ErrNoCredentials = errors.New("proximl: no credentials")

	// ErrOutcomeUnknown marks a call that the service may or may not have
	// carried out: its reply was lost, was no valid one, or was a 5xx. Such a
	// call is not repeated unless a RetryPolicy says so, since repeating it could
	// create (and charge) something twice. Look for the result before you call
	// again.
	ErrOutcomeUnknown = errors.New("proximl: outcome unknown")
)

var statusSentinels = map[int]error{
	http.StatusBadRequest:      ErrInvalid,
	http.StatusUnauthorized:    ErrUnauthorized,
	http.StatusForbidden:       ErrForbidden,
	http.StatusNotFound:        ErrNotFound,
	http.StatusConflict:        ErrConflict,
	http.StatusTooManyRequests: ErrRateLimited,
}

// APIError is a call that failed: the service refused it, answered something
// that is not its protocol, or did not answer.
type APIError struct {
	StatusCode int    // of the last reply; 0 when there was none
	Message    string // the service's own words, or what is wrong with the reply
	Method     string
	Path       string // escaped, without the query
	RequestID  string // as the reply named it, if it did
	Project    string // the active project that was sent and where it came from, if one was
	Attempts   int    // requests sent for the call
	Body       string // start of a body that is not JSON

	outcomeUnknown bool
	err            error
}

// Error says what was tried, what came back, and what to do next.
func (e *APIError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: ", e.Method, e.Path)
	if e.StatusCode == 0 {
		b.WriteString("no reply")
	} else {
		fmt.Fprintf(&b, "%d %s", e.StatusCode, http.StatusText(e.StatusCode))
	}
	if e.Message != "" && e.Message != http.StatusText(e.StatusCode) {
		b.WriteString(": " + e.Message)
	}
	if e.err != nil {
		b.WriteString(": " + e.err.Error())
	}
	if notes := e.notes(); len(notes) > 0 {
		b.WriteString(" (" + strings.Join(notes, ", ") + ")")
	}
	if e.outcomeUnknown {
		b.WriteString("; the service may have done it all the same: look for the result before you repeat the call")
	}
	return reply.Line(b.String())
}

func (e *APIError) notes() []string {
	var notes []string
	if e.RequestID != "" {
		notes = append(notes, "request id "+e.RequestID)
	}
	if e.Attempts > 1 {
		notes = append(notes, fmt.Sprintf("after %d attempts", e.Attempts))
	}
	if e.Project != "" && (e.StatusCode == http.StatusForbidden || e.StatusCode == http.StatusNotFound) {
		notes = append(notes, "project "+e.Project)
	}
	return notes
}

// Is reports whether target is the sentinel of the error's status, or
// [ErrOutcomeUnknown] when the outcome is unknown.
func (e *APIError) Is(target error) bool {
	return target != nil && (target == statusSentinels[e.StatusCode] || e.outcomeUnknown && target == ErrOutcomeUnknown)
}

// Unwrap returns what kept the reply from coming or from being read.
func (e *APIError) Unwrap() error { return e.err }

// AuthError is a login that did not work. Cognito's refusals are never
// retried, since repeated ones lock an account.
type AuthError struct {
	Code    string // Cognito's name of the error, such as NotAuthorizedException; empty when it did not refuse
	Message string // Cognito's own words
	Hint    string // what to do next
	err     error
}

// Error says why the login failed and what to do next.
func (e *AuthError) Error() string {
	parts := []string{"login"}
	for _, part := range []string{e.Code, e.Message} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	if e.err != nil {
		parts = append(parts, e.err.Error())
	}
	text := strings.Join(parts, ": ")
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	return reply.Line(text)
}

// Is reports whether target is [ErrUnauthorized] and the login was refused.
func (e *AuthError) Is(target error) bool { return target == ErrUnauthorized && e.Code != "" }

// Unwrap returns what kept the login from being answered. What a reply to the
// login said is no answer to the call: a missing auth config is not a missing
// job, so such an error is not unwrapped.
func (e *AuthError) Unwrap() error {
	if failed, ok := e.err.(*APIError); ok {
		return failed.err
	}
	return e.err
}

// withoutURL takes away the layer of net/http that repeats method and URL.
func withoutURL(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}
