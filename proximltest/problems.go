package proximltest

import (
	"fmt"
	"net/http"
)

// problem is an error answer of the API: {"errorMessage": message}.
type problem struct {
	status  int
	message string
}

func (p problem) Error() string { return p.message }

// invalid is the answer to a request that breaks a rule of the API.
func invalid(format string, args ...any) error {
	return problem{http.StatusBadRequest, "Invalid Request - " + fmt.Sprintf(format, args...)}
}

func notFound(message string) error { return problem{http.StatusNotFound, message} }

// errUnauthorized answers a call whose token is missing, wrong or expired. Inferred: status and shape.
var errUnauthorized = problem{http.StatusUnauthorized, "Unauthorized"}

// errForbidden answers a call that the caller's access does not allow. Uncertain: status and text were not seen.
var errForbidden error = problem{http.StatusForbidden, "Forbidden"}

// errClosed answers a call that comes in while the service is being closed.
var errClosed = problem{http.StatusServiceUnavailable, "Service Unavailable"}

// errNotFound answers for a project that the caller cannot see, and for paths that do not exist.
var errNotFound = notFound("Not Found")

// What the service says where a rule is known but the words were not seen. Uncertain, all of them.
const (
	msgMalformedBody = "The body is not what this call takes: %v"
	msgRequired      = "%s is required"
	msgBadChoice     = "%s %s Invalid" // which field, and its value
	msgOutOfRange    = "%s must be between %d and %d"
	msgNotPersonal   = "The Personal project cannot be shared, changed or removed"
	msgNoSuchAccount = "No account has the email %s"
	msgOwnerAccess   = "The owner's access cannot be changed or removed"
	msgCannotCopy    = "Only notebook jobs that are running or stopped can be copied"
	msgCannotStart   = "A job that is %s cannot be started"
	msgCannotUpdate  = "Only notebook and endpoint jobs that have not failed can be updated"
	msgStopFirst     = "A job that is %s must be stopped before it is removed"
	msgCannotExport  = "Only what is ready can be exported, and this is %s"
	msgBadRange      = "Content-Range %q is not bytes START-END/TOTAL"
	msgChunkSize     = "The body is not the %d bytes that Content-Range says"
	msgChunkTooLarge = "A chunk has at most %d bytes"
	msgWrongHash     = "The hash is not that of what was uploaded"
	msgNoTar         = "What was uploaded is no tar stream"
	msgNotDownloaded = "Nothing was downloaded yet"
	msgCannotRemove  = "What is %s can only be removed by force"
	msgNoConfig      = "The device has no device config to deploy"
	msgNoCertificate = "No certificate was generated for the service"
	msgBadCSR        = "csr Invalid: %v"
	msgWrongUnit     = "The csr must have the service's id %s as organizational unit"
	msgWrongUsage    = "The csr must ask for client authentication"
	msgDisabled      = "It is disabled in this project"
)
