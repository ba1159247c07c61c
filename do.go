package proximl

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"slices"

	"github.com/go-json-experiment/json"

	"github.com/proximl/proximl-go/internal/stream"
	"github.com/proximl/proximl-go/internal/urlpath"
)

// Do calls any endpoint with all that the SDK does for its own methods: token,
// active project, retries, bounds and errors. It is for endpoints that have no
// method yet.
//
// The path starts with one slash and is escaped already. The params are the
// JSON body; with GET and DELETE they are the query, from a struct with url
// tags. A nil result drops the reply. A PATCH counts as one that must not be
// repeated, like a POST.
func (c *ProxiML) Do(ctx context.Context, method, escapedPath string, params, result any, opts ...RequestOption) error {
	to := path{escaped: escapedPath}
	if err := urlpath.Check(escapedPath); err != nil {
		to.err = invalid("request", fmt.Sprintf("path %q", escapedPath), err.Error())
	}
	if !slices.Contains([]string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}, method) {
		to.err = invalid("request", fmt.Sprintf("method %q", method), "is none of GET, POST, PUT, PATCH and DELETE")
	}
	if method == http.MethodPatch {
		opts = with(once, opts) // it may be one that toggles
	}
	if v := reflect.ValueOf(result); result != nil && (v.Kind() != reflect.Pointer || v.IsNil()) {
		to.err = invalid("request", fmt.Sprintf("result of type %T", result), "is no pointer that a reply can be read into")
	}
	if result == nil {
		return run(ctx, c, "do", method, to, params, opts)
	}
	return c.exchange(ctx, "do", method, to, params, opts, func(body *stream.Body) error {
		return json.UnmarshalRead(body, result, stream.ReadOptions)
	})
}
