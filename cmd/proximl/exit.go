package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/internal/reply"
)

// The exit codes, as "proximl --help" documents them.
const (
	exitOK          = 0
	exitError       = 1
	exitUsage       = 2
	exitNotFound    = 3
	exitNotAllowed  = 4
	exitFailed      = 5
	exitInterrupted = 130
)

// usageError is a command line that cannot work.
type usageError struct{ error }

func usage(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// errInterrupted is a Ctrl-C that came as a key, not as a signal.
var errInterrupted = errors.New("interrupted")

// outOfReach reports whether an entity cannot become any more what was wanted.
func outOfReach(err error) bool {
	_, is := errors.AsType[*proximl.StatusError](err)
	return is
}

func exitCode(ctx context.Context, err error) int {
	_, isUsage := errors.AsType[usageError](err)
	_, isInvalid := errors.AsType[*proximl.ValidationError](err)
	switch {
	case err == nil:
		return exitOK
	case ctx.Err() != nil, errors.Is(err, errInterrupted):
		return exitInterrupted
	case isUsage, isInvalid: // the latter was refused before it was sent
		return exitUsage
	case outOfReach(err):
		return exitFailed
	case errors.Is(err, proximl.ErrNotFound):
		return exitNotFound
	case errors.Is(err, proximl.ErrForbidden), errors.Is(err, proximl.ErrUnauthorized):
		return exitNotAllowed
	}
	return exitError
}

// report prints an error as one line.
func (a *app) report(code int, err error) {
	text := strings.NewReplacer("proximl: ", "", " from InProject)", ")", "the option WithCredentials, ", "").Replace(reply.OneLine(err.Error())) // words for programs
	switch {
	case code != exitInterrupted:
	case errors.Is(err, proximl.ErrOutcomeUnknown):
		text = "interrupted: " + text
	default:
		text = "interrupted"
	}
	fmt.Fprintln(a.stderr, "proximl: "+text+hint(err))
}

// hint says what to do next about errors that do not say it themselves.
func hint(err error) string {
	request, isAPI := errors.AsType[*proximl.APIError](err)
	connection, isConnection := errors.AsType[*net.OpError](err)
	switch {
	case isConnection && connection.Op == "dial":
		return "; check the network, and PROXIML_ENDPOINT if it is set"
	case isAPI && errors.Is(err, proximl.ErrForbidden):
		return "; the project's owner decides what its members may do"
	case isAPI && errors.Is(err, proximl.ErrNotFound) && lacksProject(request):
		return `; "proximl project list" shows the projects; PROXIML_PROJECT takes an id`
	case isAPI && errors.Is(err, proximl.ErrInvalid) && strings.Contains(request.Message, "GPU Type "), lacksGPUType(err):
		return `; "proximl gpu list" shows those of the project`
	case isAPI && errors.Is(err, proximl.ErrNotFound):
		return `; the command "list" shows what is there, --project says in which project`
	}
	return ""
}

// lacksGPUType reports whether GPU types, or an older single one, were refused
// before they were sent.
func lacksGPUType(err error) bool {
	invalid, is := errors.AsType[*proximl.ValidationError](err)
	return is && slices.ContainsFunc(invalid.Problems, func(p proximl.Problem) bool { return strings.HasPrefix(p.Field, "resources.gpu_type") })
}

// lacksProject reports whether it is the active project that was not found: a
// list of what is in it is there as long as it is. Of what else a create misses,
// the service says the name.
func lacksProject(request *proximl.APIError) bool {
	segments := strings.Split(strings.Trim(request.Path, "/"), "/")
	isList := len(segments) == 1 || len(segments) == 3 && segments[0] == "project"
	return isList && (request.Method == http.MethodGet || request.Message == http.StatusText(http.StatusNotFound))
}
