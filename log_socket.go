package proximl

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	"github.com/go-json-experiment/json"

	"github.com/proximl/proximl-go/internal/logstream"
	"github.com/proximl/proximl-go/internal/reply"
)

const (
	logDialTimeout = 30 * time.Second
	logPath        = "/ (log websocket)" // in errors
	maxDialReply   = 4 << 10             // bytes; the library keeps fewer
)

// What a connection is at; others look at that.
const (
	logWaiting int32 = iota // for a message
	logReading              // one
	logHanded               // its line to the caller: nobody reads meanwhile
)

// logConn is a websocket that closes when its ctx ends: that costs less than a
// ctx in every read.
type logConn struct {
	*websocket.Conn
	source   *logSource
	stop     func() bool
	limited  io.LimitedReader // of the message
	buffer   bytes.Buffer
	frame    logstream.Frame // the last, made of what is in the buffer
	frames   atomic.Int64    // lines and ends
	state    atomic.Int32
	followed time.Duration // for how long it was read, and tested
	parts    sync.WaitGroup

	// What readAhead has found.
	ahead  chan struct{}   // closed when it has ended; nil if nothing is read ahead
	line   context.Context // done when the next frame is a line
	failed error
}

func (c *logConn) close() {
	c.stop()
	_ = c.CloseNow()
	c.parts.Wait()
}

func (c *logConn) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, logPongTimeout)
	defer cancel()
	return c.Ping(ctx)
}

// readAhead reads the next frame before anybody wants it. Only a connection that
// is read notices its pongs.
func (c *logConn) readAhead() {
	c.ahead = make(chan struct{})
	line, found := context.WithCancel(context.Background())
	c.line = line
	c.parts.Go(func() {
		defer close(c.ahead)
		if c.failed = c.read(); c.failed == nil && c.frame.Type == logstream.TypeLine {
			found()
		}
	})
}

// hasLine reports whether the frame that was read ahead is a line.
func (c *logConn) hasLine() bool { return c.line.Err() != nil }

// next reads the next frame that means something into c.frame.
func (c *logConn) next() error {
	if c.ahead == nil {
		return c.read()
	}
	<-c.ahead
	c.ahead = nil
	return c.failed
}

func (c *logConn) read() error {
	for {
		if err := c.readFrame(); err != nil {
			return err
		}
		if c.frame.Type == logstream.TypeLine || c.frame.Type == logstream.TypeEnd {
			c.frames.Add(1)
			return nil
		}
	}
}

// readFrame reads a message. One that is no frame, or too large, is left out,
// and is no reason to stop.
func (c *logConn) readFrame() error {
	limits, logger := c.source.client.sender.limits, c.source.client.sender.logger
	c.frame.Type = ""
	c.state.Store(logWaiting)
	_, message, err := c.Reader(context.Background()) // the connection closes when ctx ends
	if err != nil {
		return err
	}
	c.state.Store(logReading)
	c.buffer.Reset()
	c.limited = io.LimitedReader{R: message, N: limits.Entity + 1}
	n, err := c.buffer.ReadFrom(&c.limited)
	if err != nil {
		return err
	}
	if n == 0 { // so the library shows a connection that is cut behind a frame's header
		return nil
	}
	if n > limits.Entity {
		logger.Warn("a log frame is left out: it is larger than WithLimits allows", "id", c.source.id)
		c.buffer = bytes.Buffer{}
		_, err := io.Copy(io.Discard, message)
		return err
	}
	if err := c.frame.Parse(c.buffer.Bytes()); err != nil {
		logger.Warn("a log frame is left out", "id", c.source.id, "error", err)
	}
	return nil
}

// open connects and asks for something.
func (r *logReader) open(ctx context.Context, action, kind string) (*logConn, error) {
	conn, err := r.dial(ctx)
	if err != nil {
		return nil, err
	}
	opened := &logConn{Conn: conn, source: r.logSource, stop: context.AfterFunc(ctx, func() { _ = conn.CloseNow() })}
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
			return nil, dialError(resp, err, token)
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
func dialError(resp *http.Response, err error, token string) error {
	failed := &APIError{Method: http.MethodGet, Path: logPath, Attempts: 1}
	if resp == nil {
		failed.err = withoutURL(err)
		return failed
	}
	failed.StatusCode, failed.RequestID = resp.StatusCode, reply.RequestID(resp.Header)
	failed.Message, failed.Body = reply.Message(resp, reply.Sample(resp.Body, maxDialReply, token))
	return failed
}

// refusedForGood reports whether to connect again would be in vain, or worse:
// repeated logins lock an account.
func refusedForGood(err error) bool {
	failed, ok := errors.AsType[*APIError](err)
	return errors.Is(err, ErrUnauthorized) ||
		ok && failed.StatusCode/100 == 4 && failed.StatusCode != http.StatusTooManyRequests
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
