package proximl

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/proximl/proximl-go/internal/logstream"
	"github.com/proximl/proximl-go/internal/single"
)

const (
	maxLogConnects = 5                // in a row that bring nothing, as in the Python client
	logQuiet       = 30 * time.Second // after which the connection is tested
	logPongTimeout = 15 * time.Second
	dataWorker     = "data_worker"
	maxAsked       = 1000 // streams of which no worker is known; more are not asked for
	maxWorkerID    = 200  // bytes; it is a UUID
)

// errLogStopped is how a loop over a log that was left early ends.
var errLogStopped = errors.New("stopped")

// follow connects again and again until the log ends. Each time the history is
// sent again, and the filter takes out what was passed on.
func (l *logSource) follow(ctx context.Context, state *logState, pass func(LogEntry) bool) error {
	ctx = context.WithValue(ctx, operationKey{}, l.kind+"s.logs")
	r := &logReader{logSource: l, state: state, pass: pass, filter: logstream.NewFilter()}
	for failures := 1; ; failures++ {
		before := r.passed
		ended, lasted, err := r.connect(ctx)
		switch {
		case ended:
			return nil
		case errors.Is(err, errLogStopped):
			return err
		case ctx.Err() != nil:
			return single.Ended(ctx)
		case refusedForGood(err):
			return err
		}
		if lasted || r.passed > before {
			failures = 1 // it was of use
		}
		if failures >= maxLogConnects {
			return dropped(err, failures)
		}
		l.client.sender.logger.DebugContext(ctx, "the log connection dropped", "error", err)
		if err := sleep(ctx, l.client.sender.retry.backoff(failures)); err != nil {
			return err
		}
	}
}

// logReader reads one log over as many connections as it takes.
type logReader struct {
	*logSource
	state  *logState
	filter *logstream.Filter
	pass   func(LogEntry) bool
	passed int             // lines
	asked  map[string]bool // streams for which the workers were asked for again
	ended  atomic.Bool     // by the entity's status, without a word of the websocket
}

// connect follows the log until a connection drops or the log ends. The lines to
// come are asked for first, on a connection of their own, then the history: so
// no line falls between the two, and what both bring can be told from what one
// brings twice. It reports whether the connection for the lines to come lasted.
func (r *logReader) connect(ctx context.Context) (ended, lasted bool, err error) {
	live, err := r.subscribe(ctx)
	if err != nil {
		return false, false, err
	}
	defer live.close()
	if ended, err = r.history(ctx, live); !ended && err == nil {
		r.filter.Live()
		ended, err = r.read(ctx, live)
	}
	return ended, live.followed >= logQuiet, err
}

// subscribe asks for the lines to come, and returns when the service has taken
// that in: it answers a ping after it, or sends a line.
func (r *logReader) subscribe(ctx context.Context) (*logConn, error) {
	live, err := r.open(ctx, "subscribe", "logs")
	if err != nil {
		return nil, err
	}
	live.readAhead()
	pong := make(chan error, 1)
	live.parts.Go(func() { pong <- live.ping(ctx) })
	select {
	case <-live.ahead:
		err = live.failed
	case err = <-pong:
		if errors.Is(err, net.ErrClosed) { // the reader knows why
			<-live.ahead
			err = live.failed
		}
	}
	if err != nil {
		live.close()
		return nil, err
	}
	return live, nil
}

// read reads a connection until it drops or the log ends.
func (r *logReader) read(ctx context.Context, conn *logConn) (ended bool, err error) {
	return r.guarded(ctx, conn, func() (ended bool, err error) {
		for err == nil && !ended {
			ended, err = r.message(ctx, conn)
		}
		return ended, err
	})
}

// message reads one message and passes on the line in it.
func (r *logReader) message(ctx context.Context, conn *logConn) (ended bool, err error) {
	if err := conn.next(); err != nil {
		return false, err
	}
	if conn.frame.Type == logstream.TypeLine && !r.line(ctx, conn) {
		return false, errLogStopped
	}
	return conn.frame.Type == logstream.TypeEnd, nil
}

// line passes on the line that was read, if it is new. One without a time has
// that of the line before it.
func (r *logReader) line(ctx context.Context, conn *logConn) bool {
	frame := &conn.frame
	millis, known := frame.Millis()
	if !known {
		millis = r.filter.Last(frame.Stream)
	}
	if !r.filter.New(frame.Stream, millis, frame.Text) {
		return true
	}
	r.passed++
	conn.state.Store(logHanded)
	return r.pass(LogEntry{
		Time:   time.UnixMilli(millis),
		Stream: frame.Stream,
		Worker: r.worker(ctx, frame.Stream),
		Text:   strings.TrimSuffix(frame.Text, "\n"),
	})
}

// worker numbers a stream. For one that is not known it asks, once, whether the
// job has more workers by now.
func (r *logReader) worker(ctx context.Context, stream string) int {
	for {
		for i, id := range r.state.workers {
			if id == stream {
				return i + 1
			}
		}
		if stream == dataWorker || r.asked[stream] || len(r.asked) >= maxAsked || len(stream) > maxWorkerID {
			return 0
		}
		if r.asked == nil {
			r.asked = map[string]bool{}
		}
		r.asked[stream] = true
		if state, err := r.look(ctx); err == nil {
			*r.state = *state // of whoever follows the log, too
		}
	}
}

// guarded does something with a connection, which is tested meanwhile.
func (r *logReader) guarded(ctx context.Context, conn *logConn, work func() (ended bool, err error)) (ended bool, err error) {
	guarding, cancel := context.WithCancel(ctx)
	var guard sync.WaitGroup
	guard.Go(func() { r.guard(guarding, conn) })
	defer guard.Wait()
	defer cancel()
	start := time.Now()
	ended, err = work()
	conn.followed += time.Since(start)
	return ended || r.ended.Load(), err
}

// guard tests a connection that is quiet: whether the other side is still
// there, and whether the entity ended without a word of it here.
func (r *logReader) guard(ctx context.Context, conn *logConn) {
	ended := false
	for frames := int64(-1); sleep(ctx, logQuiet) == nil; {
		last := frames
		if frames = conn.frames.Load(); conn.state.Load() == logHanded {
			frames = -1 // it is the caller who is quiet
		}
		if frames < 0 || frames != last {
			continue
		}
		if err := conn.ping(ctx); err != nil {
			if ctx.Err() == nil {
				_ = conn.CloseNow()
			}
			return
		}
		state, err := r.look(ctx)
		over := errors.Is(err, ErrNotFound) || err == nil && state.ended
		if over && ended {
			r.ended.Store(true)
			_ = conn.CloseNow()
			return
		}
		ended = over
	}
}
