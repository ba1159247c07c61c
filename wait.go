package proximl

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/proximl/proximl-go/internal/single"
)

const (
	defaultMinPoll = 5 * time.Second
	defaultMaxPoll = 60 * time.Second
	maxFailedLooks = 5 // in a row
)

// WaitOption changes how a WaitFor waits.
type WaitOption func(*waitOptions)

type waitOptions struct {
	minPoll, maxPoll time.Duration
	onPoll           any // func(*T)
	request          []RequestOption
}

// PollBetween sets the first and the longest pause between two looks; 5 and
// 60 seconds by default.
func PollBetween(shortest, longest time.Duration) WaitOption {
	return func(o *waitOptions) { o.minPoll, o.maxPoll = shortest, longest }
}

// OnPoll is called with the entity after each look, before it is judged. The
// type must be that of the wait: *[Job] for Jobs.WaitFor.
func OnPoll[T any](fn func(*T)) WaitOption {
	return func(o *waitOptions) {
		if o.onPoll = fn; fn == nil {
			o.onPoll = nil
		}
	}
}

// WithPollRequest sets options of each look's request.
func WithPollRequest(opts ...RequestOption) WaitOption {
	return func(o *waitOptions) { o.request = append(o.request, opts...) }
}

// StatusError is a wait that cannot end well any more: the entity reached a
// status from which the wanted one is out of reach.
type StatusError struct {
	Entity any // the last that was seen: *Job, *Dataset, ...
	ID     string
	Status string // what it is in
	Wanted string // what was waited for
}

// Error names the entity, its status and the one that was waited for.
func (e *StatusError) Error() string {
	return fmt.Sprintf("%s is %q and cannot become %q any more", e.ID, e.Status, e.Wanted)
}

// wait is one wait for an entity of type T to reach a status.
type wait[T any, S ~string] struct {
	id     string
	wanted S
	get    func(context.Context, string, ...RequestOption) (*T, error)
	status func(*T) S
	// judge says what an entity's status means. It has changed if the look before
	// showed another.
	judge func(entity *T, wanted S, changed bool) verdict
	seen  *T              // before the wait; may be nil
	hurry <-chan struct{} // ends a pause; may be nil
	// moves reports whether files move, which a look that fails must not end. It
	// is nil where there are none; else, what cannot be found any more was removed.
	moves func() bool
}

type verdict int

const (
	goOn verdict = iota
	satisfied
	outOfReach
)

// run looks at once, then again after pauses that grow by half each time, and
// are short again after a hurried one. Once it has seen the entity, some looks
// may fail: what is waited for takes hours, and a service is restarted at times.
func (w *wait[T, S]) run(ctx context.Context, opts []WaitOption) (*T, error) {
	o, onPoll, err := waitSettings[T](opts)
	if err != nil {
		return nil, err
	}
	last, failures := w.seen, 0
	for pause := o.minPoll; ; {
		entity, err := w.get(ctx, w.id, o.request...)
		if err != nil {
			if failures++; w.moves != nil && w.moves() {
				failures = 0
			}
			if over, err := w.failed(ctx, last, failures, err); over {
				return last, err
			}
		} else {
			changed := last != nil && w.status(last) != w.status(entity)
			last, failures = entity, 0
			onPoll(entity)
			switch w.judge(entity, w.wanted, changed) {
			case satisfied:
				return entity, nil
			case outOfReach:
				return entity, &StatusError{Entity: entity, ID: w.id, Status: string(w.status(entity)), Wanted: string(w.wanted)}
			case goOn:
			}
		}
		hurried, err := rest(ctx, pause, w.hurry)
		if err != nil {
			return last, w.ended(last, err)
		}
		if pause = min(pause*3/2, o.maxPoll); hurried {
			pause = o.minPoll
		}
	}
}

// failed reports whether a look that failed ends the wait, and how. What cannot be
// found was removed.
func (w *wait[T, S]) failed(ctx context.Context, last *T, failures int, err error) (over bool, _ error) {
	switch {
	case errors.Is(err, ErrNotFound) && removal(w.wanted) > 0:
		return true, nil
	case ctx.Err() != nil:
		return true, w.ended(last, err)
	case last == nil:
		return true, err
	case w.moves != nil && errors.Is(err, ErrNotFound):
		return true, &StatusError{Entity: last, ID: w.id, Status: archived, Wanted: string(w.wanted)}
	case failures == 0 && !loginRefused(err): // files move
		return false, nil
	}
	return failures == maxFailedLooks || !passing(err), err
}

// passing reports whether what failed may work the next time: there was no reply,
// or none of the service itself.
func passing(err error) bool {
	if failed, ok := errors.AsType[*APIError](err); ok {
		return failed.StatusCode < 300 || failed.StatusCode == http.StatusTooManyRequests || failed.StatusCode >= http.StatusInternalServerError
	}
	_, isLogin := errors.AsType[*AuthError](err)
	return isLogin && !loginRefused(err)
}

// loginRefused reports whether the login was refused. To repeat that locks an
// account.
func loginRefused(err error) bool {
	login, isLogin := errors.AsType[*AuthError](err)
	return isLogin && login.Code != ""
}

// ended is the error of a wait that ctx ended.
func (w *wait[T, S]) ended(last *T, err error) error {
	seen := ""
	if last != nil {
		seen = fmt.Sprintf(" (it is %q)", w.status(last))
	}
	return fmt.Errorf("waiting for %s to become %q%s: %w", w.id, w.wanted, seen, err)
}

func waitSettings[T any](opts []WaitOption) (*waitOptions, func(*T), error) {
	o := &waitOptions{minPoll: defaultMinPoll, maxPoll: defaultMaxPoll, onPoll: func(*T) {}}
	for _, opt := range opts {
		if opt == nil {
			return nil, nil, invalid("wait", "WaitOption", "is nil")
		}
		opt(o)
	}
	if o.minPoll <= 0 || o.maxPoll < o.minPoll {
		return nil, nil, invalid("wait", "PollBetween", fmt.Sprintf("%v and %v are no range of pauses", o.minPoll, o.maxPoll))
	}
	onPoll, ok := o.onPoll.(func(*T))
	switch {
	case o.onPoll == nil:
		return nil, nil, invalid("wait", "OnPoll", "is nil")
	case !ok:
		return nil, nil, invalid("wait", "OnPoll", fmt.Sprintf("it takes a %T, this waits with a %T", o.onPoll, onPoll))
	}
	return o, onPoll, nil
}

// lifeStatus is a status of something that lives, ends and is removed.
type lifeStatus interface {
	~string
	Terminal() bool
}

// judge says what a status means, given whether the wanted one was passed on
// the way to it.
func judge[S lifeStatus](status, wanted S, passed bool) verdict {
	switch {
	case status == wanted, passed, removal(wanted) > 0 && removal(status) > removal(wanted):
		return satisfied
	case removal(wanted) > 0:
		return goOn // whatever its status, anything can be removed
	case status.Terminal(), removal(status) > 0:
		return outOfReach
	}
	return goOn
}

// archived is the status that a 404 stands for.
const archived = "archived"

// removal numbers the statuses of a removal; 0 is none of them.
func removal[S ~string](status S) int {
	switch string(status) {
	case "removing":
		return 1
	case "removed":
		return 2
	case archived:
		return 3
	}
	return 0
}

func sleep(ctx context.Context, d time.Duration) error {
	_, err := rest(ctx, d, nil)
	return err
}

// rest sleeps until somebody hurries it.
func rest(ctx context.Context, d time.Duration, hurry <-chan struct{}) (hurried bool, err error) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return false, nil
	case <-hurry:
		return true, nil
	case <-ctx.Done():
		return false, single.Ended(ctx)
	}
}
