package proximl

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/coder/websocket"
	"github.com/go-json-experiment/json"

	"github.com/proximl/proximl-go/internal/reply"
)

const (
	logDialTimeout = 30 * time.Second
	logPath        = "/ (log websocket)" // in errors
)

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
