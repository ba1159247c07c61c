package proximl

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"github.com/proximl/proximl-go/internal/logstream"
	"github.com/proximl/proximl-go/internal/single"
)

const (
	maxLogConnects = 5                // in a row that bring nothing, as in the Python client
	logQuiet       = 30 * time.Second // after which the connection is tested
	logPongTimeout = 15 * time.Second
	// logHistoryQuiet is how long nothing more of the history comes when it is
	// complete. Uncertain: how long the service takes to send it.
	logHistoryQuiet = 3 * time.Second
	dataWorker      = "data_worker"
	maxAsked        = 1000 // streams of which no worker is known; more are not asked for
	maxWorkerID     = 200  // bytes; it is a UUID
)

// errLogStopped is how a loop over a log that was left early ends.
var errLogStopped = errors.New("stopped")

// follow connects again and again until the log ends. Each time the history is
// sent again, and the filter takes out what was passed on.
func (l *logSource) follow(ctx context.Context, state *logState, pass func(LogEntry) bool) error {
	ctx = context.WithValue(ctx, operationKey{}, l.kind+"s.logs")
	r := &logReader{logSource: l, state: state, pass: pass, filter: logstream.NewFilter()}
	for failures := 0; ; {
		start, before := time.Now(), r.passed
		ended, err := r.connect(ctx)
		switch {
		case ended:
			return nil
		case errors.Is(err, errLogStopped):
			return err
		case ctx.Err() != nil:
			return single.Ended(ctx)
		}
		if failures++; r.passed > before || time.Since(start) >= logQuiet {
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
	buffer bytes.Buffer
	frame  logstream.Frame // the last, made of what is in the buffer
	passed int             // lines
	asked  map[string]bool // streams for which the workers were asked for again
	ended  atomic.Bool     // by the entity's status, without a word of the websocket
	frames atomic.Int64
	busy   atomic.Bool // the caller has a line; the connection is not read meanwhile
}

// connect follows the log until a connection drops or the log ends. The lines to
// come are asked for first, on a connection of their own, then the history: so
// no line falls between the two, and what both bring can be told from what one
// brings twice.
func (r *logReader) connect(ctx context.Context) (ended bool, err error) {
	live, err := r.open(ctx, "subscribe", "logs")
	if err != nil {
		return false, err
	}
	defer live.close()
	if ended, err = r.history(ctx); ended || err != nil {
		return ended, err
	}
	return r.read(ctx, live.Conn, nil)
}

// history reads what was logged so far. Nothing says where it ends but that no
// more of it comes.
func (r *logReader) history(ctx context.Context) (ended bool, err error) {
	past, err := r.open(ctx, "getlogs", "init")
	if err != nil {
		return false, err
	}
	defer past.close()
	var complete atomic.Bool
	quiet := time.AfterFunc(logHistoryQuiet, func() {
		complete.Store(true)
		_ = past.CloseNow()
	})
	defer quiet.Stop()
	ended, err = r.read(ctx, past.Conn, quiet)
	if complete.Load() && !errors.Is(err, errLogStopped) {
		return ended, nil
	}
	return ended, err
}

// read reads a connection until it drops or the log ends. The timer, if there is
// one, runs while no message comes.
func (r *logReader) read(ctx context.Context, conn *websocket.Conn, quiet *time.Timer) (ended bool, err error) {
	r.filter.Reconnected()
	guarding, cancel := context.WithCancel(ctx)
	var guard sync.WaitGroup
	guard.Go(func() { r.guard(guarding, conn) })
	defer guard.Wait()
	defer cancel()
	for err == nil && !ended {
		ended, err = r.message(ctx, conn, quiet)
	}
	return ended || r.ended.Load(), err
}

// message reads one message and passes on the line in it.
func (r *logReader) message(ctx context.Context, conn *websocket.Conn, quiet *time.Timer) (ended bool, err error) {
	if quiet != nil {
		quiet.Reset(logHistoryQuiet)
	}
	_, message, err := conn.Reader(context.Background()) // the connection closes when ctx ends
	if quiet != nil {
		quiet.Stop()
	}
	if err == nil {
		err = r.readFrame(message)
	}
	if err != nil {
		return false, err
	}
	r.frames.Add(1)
	if r.frame.Type == logstream.TypeLine && !r.line(ctx) {
		return false, errLogStopped
	}
	return r.frame.Type == logstream.TypeEnd, nil
}

// readFrame reads a message. One that is no frame, or too large, is left out,
// and is no reason to stop.
func (r *logReader) readFrame(message io.Reader) error {
	limits, logger := r.client.sender.limits, r.client.sender.logger
	r.frame.Type = ""
	r.buffer.Reset()
	n, err := r.buffer.ReadFrom(io.LimitReader(message, limits.Entity+1))
	if err != nil {
		return err
	}
	if n > limits.Entity {
		logger.Warn("a log frame is left out: it is larger than WithLimits allows", "id", r.id)
		r.buffer = bytes.Buffer{}
		_, err := io.Copy(io.Discard, message)
		return err
	}
	if err := r.frame.Parse(r.buffer.Bytes()); err != nil {
		logger.Warn("a log frame is left out", "id", r.id, "error", err)
	}
	return nil
}

// line passes the line on that the frame holds, if it is new.
func (r *logReader) line(ctx context.Context) bool {
	millis := r.frame.Millis()
	if !r.filter.New(r.frame.Stream, millis, r.frame.Text) {
		return true
	}
	r.passed++
	r.busy.Store(true)
	defer r.busy.Store(false)
	return r.pass(LogEntry{
		Time:   time.UnixMilli(millis),
		Stream: r.frame.Stream,
		Worker: r.worker(ctx, r.frame.Stream),
		Text:   strings.TrimSuffix(r.frame.Text, "\n"),
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
			r.state = state
		}
	}
}

// guard tests a connection that is quiet: whether the other side is still
// there, and whether the entity ended without a word of it here.
func (r *logReader) guard(ctx context.Context, conn *websocket.Conn) {
	ended := false
	for frames := int64(-1); sleep(ctx, logQuiet) == nil; {
		last := frames
		if frames = r.frames.Load(); frames != last || r.busy.Load() {
			continue
		}
		if r.ping(ctx, conn) != nil {
			_ = conn.CloseNow()
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

func (r *logReader) ping(ctx context.Context, conn *websocket.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, logPongTimeout)
	defer cancel()
	return conn.Ping(ctx)
}
