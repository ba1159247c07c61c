package proximl

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-querystring/query"

	"github.com/proximl/proximl-go/internal/reply"
	"github.com/proximl/proximl-go/internal/stream"
	"github.com/proximl/proximl-go/internal/urlpath"
)

const projectParameter = "project_uuid"

// Invalid UTF-8 in a request is replaced: the service would refuse it.
var writeOptions = json.JoinOptions(json.Deterministic(true), jsontext.AllowInvalidUTF8(true))

// path is an escaped URL path.
type path struct {
	escaped string
	err     error
}

// route joins path segments and escapes them.
func route(segments ...string) path {
	escaped, err := urlpath.Join(segments...)
	if err != nil {
		err = invalid("request", "id", err.Error())
	}
	return path{escaped, err}
}

// request is one call of the API.
type request struct {
	outgoing
	query       url.Values
	capture     *ResponseInfo
	project     string // what is sent of a project, for errors
	postProject bool   // also a POST has it in its query
	literal     bool   // a 404 to a DELETE is one, even after a lost reply
}

// projectInQuery makes a POST carry the active project like other calls.
func projectInQuery(r *request) error {
	r.postProject = true
	return nil
}

// projectInBody tells which project a create names in its body.
func projectInBody(id string) RequestOption {
	return func(r *request) error {
		r.project = id
		return nil
	}
}

// once marks a call that does something else when it is done twice.
func once(r *request) error {
	r.repeatable, r.retry.RepeatPOST = false, false
	return nil
}

// with puts an option of the method in front of the caller's.
func with(opt RequestOption, opts []RequestOption) []RequestOption {
	return slices.Concat([]RequestOption{opt}, opts)
}

// newRequest builds a call. Its params are the query of a GET or DELETE and
// the JSON body of the others.
func (c *ProxiML) newRequest(method string, to path, params any, opts []RequestOption) (*request, error) {
	what := method + " " + to.escaped
	if to.err != nil {
		return nil, to.err
	}
	r := &request{query: url.Values{}}
	r.method, r.header, r.retry = method, http.Header{"Accept": {"application/json"}}, c.sender.retry
	r.repeatable = method != http.MethodPost
	var err error
	switch {
	case params == nil:
	case isNil(params):
		return nil, invalid("request", what, "there is nothing to send")
	case method == http.MethodGet || method == http.MethodDelete:
		r.query, err = query.Values(params)
	default:
		r.header.Set("Content-Type", "application/json")
		r.body, err = json.Marshal(params, writeOptions)
	}
	if err != nil {
		return nil, invalid("request", what, err.Error())
	}
	for _, opt := range opts {
		if opt == nil {
			return nil, invalid("request", what, "a RequestOption is nil")
		}
		if err := opt(r); err != nil {
			return nil, invalid("request", what, err.Error())
		}
	}
	c.addProject(r)
	r.url = resolve(c.api, to.escaped, r.query)
	return r, nil
}

func (c *ProxiML) addProject(r *request) {
	if (r.method != http.MethodPost || r.postProject) && c.project.Text != "" && !r.query.Has(projectParameter) {
		r.query.Set(projectParameter, c.project.Text)
		r.project = c.project.Text
	}
	if r.project != "" && r.project == c.project.Text {
		r.project += " from " + c.project.Source
	}
}

// resolve puts an escaped path behind a base URL.
func resolve(base *url.URL, escaped string, values url.Values) *url.URL {
	u := *base
	u.RawPath = base.EscapedPath() + escaped
	u.Path, _ = url.PathUnescape(u.RawPath) // it was escaped or checked before
	u.RawQuery = values.Encode()
	return &u
}

// exchange makes a call and gives the body of a success to read. An empty body
// is given too: what it means is for the caller to say.
func (c *ProxiML) exchange(ctx context.Context, operation, method string, to path, params any, opts []RequestOption, read func(*stream.Body) error) error {
	r, err := c.newRequest(method, to, params, opts)
	if err != nil {
		return err
	}
	resp, err := c.authorized(context.WithValue(ctx, operationKey{}, operation), r)
	r.fillIn(resp, err)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		if r.method == http.MethodDelete && resp.StatusCode == http.StatusNotFound && r.unclear && !r.literal {
			return nil // an attempt whose reply was lost did the work
		}
		return r.finish(c.sender.refused(&r.outgoing, resp))
	}
	if !reply.IsJSON(resp) && resp.ContentLength != 0 {
		if e := c.sender.refused(&r.outgoing, resp); e.Body != "" {
			r.unclear = true
			return r.finish(e)
		}
	}
	if err := read(stream.NewBody(resp.Body, c.sender.limits.Entity)); err != nil {
		r.unclear = true
		return r.finish(r.unreadable(resp, err))
	}
	return nil
}

// fillIn does what CaptureResponse promises.
func (r *request) fillIn(resp *http.Response, err error) {
	if r.capture == nil {
		return
	}
	*r.capture = ResponseInfo{Attempts: r.attempts}
	if failed, ok := errors.AsType[*APIError](err); ok {
		r.capture.StatusCode = failed.StatusCode
	}
	if resp != nil {
		r.capture.StatusCode, r.capture.Header = resp.StatusCode, resp.Header.Clone()
	}
}

// finish adds what only the call knows.
func (r *request) finish(e *APIError) *APIError {
	e.Project = r.project
	e.outcomeUnknown = r.unclear && !r.repeatable
	return e
}

// authorized sends with a token. A token that the service refuses is replaced
// once.
func (c *ProxiML) authorized(ctx context.Context, r *request) (*http.Response, error) {
	var rejected string
	for {
		token, err := c.tokens.Token(ctx, rejected)
		if err != nil {
			return nil, asAuthError(err)
		}
		r.header.Set("Authorization", token)
		resp, failed := c.sender.send(ctx, &r.outgoing)
		if failed != nil {
			return nil, r.finish(failed)
		}
		if resp.StatusCode != http.StatusUnauthorized || rejected != "" {
			return resp, nil
		}
		rejected = token
		_ = resp.Body.Close()
	}
}

// run makes a call whose reply says nothing more.
func run(ctx context.Context, c *ProxiML, operation, method string, to path, params any, opts []RequestOption) error {
	return c.exchange(ctx, operation, method, to, params, opts, func(body *stream.Body) error {
		return body.Discard()
	})
}

// call makes a call that answers one value.
func call[T any](ctx context.Context, c *ProxiML, operation, method string, to path, params any, opts []RequestOption) (*T, error) {
	var value *T
	err := c.exchange(ctx, operation, method, to, params, opts, func(body *stream.Body) (err error) {
		value, err = stream.Decode[T](body)
		return err
	})
	if err != nil {
		return nil, err
	}
	return value, nil
}

// text makes a call that answers a bare string.
func text(ctx context.Context, c *ProxiML, operation, method string, to path, params any, opts []RequestOption) (string, error) {
	value, err := call[string](ctx, c, operation, method, to, params, opts)
	if err != nil {
		return "", err
	}
	return *value, nil
}

// all makes a call that answers an array and yields its elements as they come
// in. It holds one at a time, however many there are.
func all[T any](ctx context.Context, c *ProxiML, operation string, to path, opts []RequestOption) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		err := c.exchange(ctx, operation, http.MethodGet, to, nil, opts, func(body *stream.Body) error {
			return stream.Array(body, func(value *T) bool { return yield(value, nil) })
		})
		if err != nil { // there is none when the loop was left
			yield(nil, err)
		}
	}
}

// list makes a call that answers an array. It never returns a nil slice
// without an error.
func list[T any](ctx context.Context, c *ProxiML, operation string, to path, opts []RequestOption) ([]*T, error) {
	values := []*T{}
	for value, err := range all[T](ctx, c, operation, to, opts) {
		if err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	return values, nil
}
