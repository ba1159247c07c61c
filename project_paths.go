package proximl

import (
	"errors"
	"net/http"
	"strings"
	"sync"
)

// projectPaths knows by which path the service takes the credentials and
// secrets of a project: the newest of its clients writes to
// /project/{id}/secrets/{name}, those before it to /project/{id}/secret/{name}.
// A client shares one with all that InProject makes of it.
type projectPaths struct{ known sync.Map }

// write makes a call with the plural and, when that is not found, once with the
// singular. What works is kept.
//
// Not found can be the path as well as what it names, or the project. It is the
// path that was not found if the singular is; otherwise the first error stands.
func (p *projectPaths) write(plural string, opts []RequestOption, call func(part string, opts []RequestOption) error) error {
	if part, ok := p.known.Load(plural); ok {
		return call(part.(string), opts)
	}
	part, opts := plural, with(literally, opts)
	err := call(part, opts)
	if errors.Is(err, ErrNotFound) {
		part = strings.TrimSuffix(plural, "s")
		if other := call(part, opts); other == nil || !routeless(other) {
			err = other
		}
	}
	if err == nil {
		p.known.Store(plural, part)
	}
	return err
}

// literally takes a 404 for what it says, whatever became of the attempts before
// it: it may be the path that is not found.
func literally(r *request) error {
	r.literal = true
	return nil
}

// routeless reports whether there may be no such path. AWS's API gateway says so
// with 403: that the token is missing, or that the one that was sent is no
// signature.
func routeless(err error) bool {
	refused, ok := errors.AsType[*APIError](err)
	return errors.Is(err, ErrNotFound) || ok && refused.StatusCode == http.StatusForbidden &&
		(refused.Message == "Missing Authentication Token" || strings.Contains(refused.Message, "key=value pair"))
}
