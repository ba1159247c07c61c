package proximl

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	"github.com/go-json-experiment/json"

	"github.com/proximl/proximl-go/internal/logstream"
	"github.com/proximl/proximl-go/internal/reply"
	"github.com/proximl/proximl-go/internal/single"
)

const (
	maxLogConnects = 5 // in a row that bring nothing, as in the Python client
	logDialTimeout = 30 * time.Second
	logQuiet       = 30 * time.Second // after which the connection is tested
	logPongTimeout = 15 * time.Second
	// logHistoryQuiet is how long nothing more of the history comes when it is
	// complete. Uncertain: how long the service takes to send it.
	logHistoryQuiet = 3 * time.Second
	dataWorker      = "data_worker"
	logPath         = "/ (log websocket)" // in errors
)

// LogEntry is a line of a log.
type LogEntry struct {
	Time   time.Time
	Stream string // the id of a job's worker, or data_worker
	Worker int    // the number of that worker, from 1 on; 0 is the one that moves data
	Text   string // without the line end
}

// logSource is an entity whose log can be read.
type logSource struct {
	client *ProxiML
	kind   string // as the websocket calls it: job, dataset, model
	id     string
	look   func(context.Context) (*logState, error)
}

// logState is what a log needs to know of its entity.
type logState struct {
	project string
	workers []string // ids, in order
	ended   bool     // no more lines will come
}

// all yields the lines of a log until it ends. An error is the last thing that
// it yields.
func (l *logSource) all(ctx context.Context) iter.Seq2[LogEntry, error] {
	return func(yield func(LogEntry, error) bool) {
		state, err := l.look(ctx)
		if err == nil && !state.ended {
			err = l.follow(ctx, state, func(entry LogEntry) bool { return yield(entry, nil) })
		}
		if err != nil && !errors.Is(err, errLogStopped) {
			yield(LogEntry{}, err)
		}
	}
}

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

// dropped is the end of a log connection, unless it is an error of the call that
// opened it.
func dropped(err error, connects int) error {
	var api *APIError
	var auth *AuthError
	if errors.As(err, &api) || errors.As(err, &auth) {
		return err
	}
	return &APIError{
		Method: http.MethodGet, Path: logPath, StatusCode: http.StatusSwitchingProtocols,
		Message: "the connection drops", Attempts: connects, err: err,
	}
}

// logReader reads one log over as many connections as it takes.
type logReader struct {
	*logSource
	state  *logState
	filter *logstream.Filter
	pass   func(LogEntry) bool
	buffer bytes.Buffer
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
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	live, err := r.open(ctx, "subscribe", "logs")
	if err != nil {
		return false, err
	}
	defer live.close()
	r.filter.Reconnected()
	if ended, err = r.history(ctx); ended || err != nil {
		return ended, err
	}
	var guard sync.WaitGroup
	guard.Go(func() { r.guard(ctx, live.Conn) })
	defer guard.Wait()
	defer cancel()
	r.filter.Reconnected()
	ended, err = r.read(ctx, live.Conn, func() {})
	return ended || r.ended.Load(), err
}

// history reads what was logged so far. Nothing says where it ends but that no
// more of it comes.
func (r *logReader) history(ctx context.Context) (ended bool, err error) {
	past, err := r.open(ctx, "getlogs", "init")
	if err != nil {
		return false, err
	}
	defer past.close()
	var quiet atomic.Bool
	timer := time.AfterFunc(logHistoryQuiet, func() {
		quiet.Store(true)
		_ = past.CloseNow()
	})
	defer timer.Stop()
	ended, err = r.read(ctx, past.Conn, func() { timer.Reset(logHistoryQuiet) })
	if quiet.Load() && !errors.Is(err, errLogStopped) {
		return ended, nil
	}
	return ended, err
}

// logConn is a websocket that closes when its ctx ends: that costs less than a
// ctx in every read.
type logConn struct {
	*websocket.Conn
	stop func() bool
}

func (c *logConn) close() {
	c.stop()
	_ = c.CloseNow()
}

// open connects and asks for something.
func (r *logReader) open(ctx context.Context, action, kind string) (*logConn, error) {
	conn, err := r.dial(ctx)
	if err != nil {
		return nil, err
	}
	opened := &logConn{conn, context.AfterFunc(ctx, func() { _ = conn.CloseNow() })}
	if err := r.send(ctx, conn, action, kind); err != nil {
		opened.close()
		return nil, err
	}
	return opened, nil
}

// send asks for the history or for the lines to come.
func (r *logReader) send(ctx context.Context, conn *websocket.Conn, action, kind string) error {
	data := map[string]string{"type": kind, "entity": r.kind, "id": r.id}
	if r.state.project != "" {
		data[projectParameter] = r.state.project
	}
	message, err := json.Marshal(map[string]any{"action": action, "data": data}, json.Deterministic(true))
	if err != nil {
		return err
	}
	return conn.Write(ctx, websocket.MessageText, message)
}

// read reads a connection until it drops or the log ends, and tells of each
// message.
func (r *logReader) read(ctx context.Context, conn *websocket.Conn, came func()) (ended bool, err error) {
	uncancelled := context.WithoutCancel(ctx)
	for {
		_, message, err := conn.Reader(uncancelled)
		if err != nil {
			return false, err
		}
		frame, err := r.frame(message)
		if err != nil {
			return false, err
		}
		r.frames.Add(1)
		came()
		if frame == nil {
			continue
		}
		switch frame.Type {
		case logstream.TypeEnd:
			return true, nil
		case logstream.TypeLine:
			if !r.line(ctx, frame) {
				return false, errLogStopped
			}
		}
	}
}

// frame reads a message. It returns nil for one that cannot be a frame, which
// is no reason to stop.
func (r *logReader) frame(message io.Reader) (*logstream.Frame, error) {
	limit := r.client.sender.limits.Entity
	r.buffer.Reset()
	n, err := r.buffer.ReadFrom(io.LimitReader(message, limit+1))
	if err != nil {
		return nil, err
	}
	if n > limit {
		r.client.sender.logger.Warn("a log frame is left out: it is larger than WithLimits allows", "id", r.id)
		r.buffer = bytes.Buffer{}
		_, err := io.Copy(io.Discard, message)
		return nil, err
	}
	frame, err := logstream.Parse(r.buffer.Bytes())
	if err != nil {
		r.client.sender.logger.Warn("a log frame is left out", "id", r.id, "error", err)
		return nil, nil
	}
	return frame, nil
}

// line passes a line on if it is new.
func (r *logReader) line(ctx context.Context, frame *logstream.Frame) bool {
	millis := frame.Millis()
	if !r.filter.New(frame.Stream, millis, frame.Text) {
		return true
	}
	r.passed++
	r.busy.Store(true)
	defer r.busy.Store(false)
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
		if stream == dataWorker || r.asked[stream] {
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

// dial opens the websocket with a token that is fresh. A token that is refused
// is replaced once.
func (l *logSource) dial(ctx context.Context) (*websocket.Conn, error) {
	for rejected := ""; ; {
		token, err := l.client.tokens.Token(ctx, rejected)
		if err != nil {
			return nil, asAuthError(err)
		}
		conn, resp, err := l.client.openWebsocket(ctx, token)
		if err == nil {
			conn.SetReadLimit(-1) // frame bounds what is kept
			return conn, nil
		}
		if refused := resp != nil && (resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden); !refused || rejected != "" {
			return nil, dialError(resp, err)
		}
		rejected = token
	}
}

func (c *ProxiML) openWebsocket(ctx context.Context, token string) (*websocket.Conn, *http.Response, error) {
	ctx, cancel := context.WithTimeout(ctx, logDialTimeout)
	defer cancel()
	to := resolve(c.websocket, "/", url.Values{"Authorization": {token}})
	return websocket.Dial(ctx, to.String(), &websocket.DialOptions{
		HTTPClient: c.sender.plain,
		HTTPHeader: http.Header{"User-Agent": {c.sender.userAgent}, "Content-Type": {"application/json"}},
	})
}

// dialError never shows the URL, which has the token in it.
func dialError(resp *http.Response, err error) error {
	failed := &APIError{Method: http.MethodGet, Path: logPath, Attempts: 1}
	if resp == nil {
		failed.err = withoutURL(err)
		return failed
	}
	failed.StatusCode, failed.RequestID = resp.StatusCode, reply.RequestID(resp.Header)
	sample, _ := io.ReadAll(resp.Body)
	failed.Message, failed.Body = reply.Message(resp, sample)
	return failed
}

// copyTo prints a log as the Python client does: the local time, and the number
// of the worker if there are several.
func (l *logSource) copyTo(ctx context.Context, w io.Writer) error {
	state, err := l.look(ctx)
	if err != nil || state.ended {
		return err
	}
	var failed error
	err = l.follow(ctx, state, func(entry LogEntry) bool {
		who := ""
		if len(state.workers) > 1 {
			who = fmt.Sprintf("Worker %d - ", entry.Worker)
		}
		_, failed = fmt.Fprintf(w, "%s: %s%s\n", entry.Time.Local().Format("01/02/2006, 15:04:05"), who, entry.Text)
		return failed == nil
	})
	if failed != nil {
		return fmt.Errorf("writing the log: %w", failed)
	}
	return err
}

// archive downloads the zip that a log URL names. The URL lets anybody read the
// log: it goes into no error.
func (c *ProxiML) logArchive(ctx context.Context, operation, logURL string, w io.Writer) error {
	u, err := url.Parse(logURL)
	if err != nil {
		return errors.New("proximl: the service's log URL is no URL")
	}
	out := &outgoing{method: http.MethodGet, url: u, repeatable: true, retry: c.sender.retry}
	resp, failed := c.sender.send(context.WithValue(ctx, operationKey{}, operation), out)
	if failed != nil {
		return failed
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK || !reply.IsArchive(resp) {
		return c.sender.refused(out, resp)
	}
	n, err := io.Copy(w, resp.Body)
	if err != nil {
		failed := out.unreadable(resp, err)
		failed.Message = fmt.Sprintf("the log archive broke off after %d bytes", n)
		return failed
	}
	return nil
}
