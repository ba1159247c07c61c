package proximl

import (
	"context"

	"github.com/proximl/proximl-go/internal/stream"
)

// change makes a call that answers what it changed, or nothing that says more:
// null, an empty object, no body. It returns what is known, as the caller asked
// for it, with the answer written over it.
func change[T any](ctx context.Context, c *ProxiML, operation, method string, to path, params any, known *T, opts []RequestOption) (*T, error) {
	err := c.exchange(ctx, operation, method, to, params, opts, func(body *stream.Body) error {
		return stream.Merge(body, known)
	})
	if err != nil {
		return nil, err
	}
	return known, nil
}
