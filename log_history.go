package proximl

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// Uncertain, both: how long the service takes to send a history.
const (
	logHistoryStart = 30 * time.Second // for its first line
	logHistoryQuiet = 3 * time.Second  // after a line; then it is complete

	logHistoryLook = 100 * time.Millisecond // how often that is looked at
)

// history reads what was logged so far. None of the lines to come is passed on
// before it: as soon as there is one, a history that is asked for then has a
// line, so one that had none, since it was empty or late, is asked for again.
func (r *logReader) history(ctx context.Context, live *logConn) (ended bool, err error) {
	for {
		logged := r.passed > 0 || live.hasLine()
		found, ended, err := r.past(ctx, live, logged)
		switch {
		case found || ended || err != nil:
			return ended, err
		case logged:
			r.client.sender.logger.WarnContext(ctx, "the history of a log did not come: lines may be missing", "id", r.id)
			return false, nil
		}
		ended, err = r.guarded(ctx, live, func() (bool, error) {
			<-live.ahead
			return false, nil
		})
		if ended || err != nil || !live.hasLine() {
			return ended, err
		}
	}
}

// past asks for the history and reads it. Nothing says where it ends but that no
// more of it comes. It reports whether it found one. While nothing is known to
// be logged, a line that comes live cuts the wait for the first.
func (r *logReader) past(ctx context.Context, live *logConn, logged bool) (found, ended bool, err error) {
	past, err := r.open(ctx, "getlogs", "init")
	if err != nil {
		return false, false, err
	}
	defer past.close()
	watching, cancel := context.WithCancel(ctx)
	defer cancel()
	var complete, cut atomic.Bool
	past.parts.Go(func() {
		if past.awaitQuiet(watching) == nil {
			complete.Store(true)
			_ = past.CloseNow()
		}
	})
	if !logged {
		defer context.AfterFunc(live.line, func() {
			if past.frames.Load() == 0 {
				cut.Store(true)
				_ = past.CloseNow()
			}
		})()
	}
	r.filter.History()
	ended, err = r.read(ctx, past)
	if (complete.Load() || cut.Load()) && !errors.Is(err, errLogStopped) {
		err = nil
	}
	return past.frames.Load() > 0 && !cut.Load(), ended, err
}

// awaitQuiet returns when nothing has come for so long that the history is
// complete. It looks at times: a timer for each line would cost as much as the
// reading of it.
func (c *logConn) awaitQuiet(ctx context.Context) error {
	seen := int64(0)
	for left := logHistoryStart; left > 0; {
		if err := sleep(ctx, logHistoryLook); err != nil {
			return err
		}
		frames, waiting := c.frames.Load(), c.state.Load() == logWaiting
		switch {
		case frames != seen:
			seen, left = frames, logHistoryQuiet
		case waiting:
			left -= logHistoryLook
		default:
			left = max(left, logHistoryQuiet)
		}
	}
	return nil
}
