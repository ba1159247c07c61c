package proximl

import (
	"cmp"
	"errors"
	"time"
)

// Limits bounds what one call may take. A zero field keeps its default.
type Limits struct {
	ResponseHeader time.Duration // from sending a request to the header of its reply; 60 s
	BodyIdle       time.Duration // without a byte while a body is read; 2 minutes
	Entity         int64         // bytes of one entity; 64 MiB
	ErrorBody      int64         // bytes read of an error's body; 4 KiB
}

// WithLimits changes the bounds.
func WithLimits(limits Limits) Option {
	return func(o *options) error {
		if min(limits.ResponseHeader, limits.BodyIdle) < 0 || min(limits.Entity, limits.ErrorBody) < 0 {
			return errors.New("WithLimits: a limit is negative")
		}
		o.limits = Limits{
			ResponseHeader: cmp.Or(limits.ResponseHeader, o.limits.ResponseHeader),
			BodyIdle:       cmp.Or(limits.BodyIdle, o.limits.BodyIdle),
			Entity:         cmp.Or(limits.Entity, o.limits.Entity),
			ErrorBody:      cmp.Or(limits.ErrorBody, o.limits.ErrorBody),
		}
		return nil
	}
}
