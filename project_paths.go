package proximl

import (
	"errors"
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
func (p *projectPaths) write(plural string, call func(part string) error) error {
	if part, ok := p.known.Load(plural); ok {
		return call(part.(string))
	}
	part := plural
	err := call(part)
	if errors.Is(err, ErrNotFound) {
		part = strings.TrimSuffix(plural, "s")
		if other := call(part); other == nil || !routeless(other) {
			err = other
		}
	}
	if err == nil {
		p.known.Store(plural, part)
	}
	return err
}

// noRoute is what AWS's API gateway says, with 403, of a path that it does not
// know.
const noRoute = "Missing Authentication Token"

// routeless reports whether there may be no such path.
func routeless(err error) bool {
	refused, ok := errors.AsType[*APIError](err)
	return errors.Is(err, ErrNotFound) || ok && refused.Message == noRoute
}
