package proximltest_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go/proximltest"
)

// logSocket is a plain websocket client.
type logSocket struct {
	w    *world
	conn *websocket.Conn
}

// dial opens the log websocket with a token, or returns the answer to the handshake.
func (w *world) dial(token string) (*websocket.Conn, *http.Response, error) {
	target := w.srv.URL + "/?Authorization=" + url.QueryEscape(token)
	return websocket.Dial(context.WithoutCancel(w.Context()), target, &websocket.DialOptions{HTTPClient: &http.Client{Transport: w.srv.Transport()}})
}

// socket opens the log websocket as an account. The test closes it at its end.
func (w *world) socket(as *proximltest.Account) *logSocket {
	w.Helper()
	conn, _, err := w.dial(as.Token())
	require.NoError(w, err)
	conn.SetReadLimit(-1)
	w.Cleanup(func() { conn.CloseNow() })
	return &logSocket{w, conn}
}

// ask sends one request for the log of an entity, named by its path as in /job/ID.
func (c *logSocket) ask(action, kind, path, project string) {
	c.w.Helper()
	_, entity, _ := strings.Cut(path, "/")
	entity, id, _ := strings.Cut(entity, "/")
	data := object{"type": kind, "entity": entity, "id": id}
	if project != "" {
		data["project_uuid"] = project
	}
	c.say(object{"action": action, "data": data})
}

// say sends one message.
func (c *logSocket) say(message object) {
	c.w.Helper()
	text, err := json.Marshal(message)
	require.NoError(c.w, err)
	require.NoError(c.w, c.conn.Write(c.w.Context(), websocket.MessageText, text))
}

func (c *logSocket) history(path string) { c.ask("getlogs", "init", path, "") }

func (c *logSocket) follow(path string) { c.ask("subscribe", "logs", path, "") }

// read returns the next message.
func (c *logSocket) read() object {
	c.w.Helper()
	text, err := c.readText()
	require.NoError(c.w, err)
	var message object
	require.NoError(c.w, json.Unmarshal(text, &message), string(text))
	return message
}

func (c *logSocket) readText() ([]byte, error) {
	kind, text, err := c.conn.Read(context.WithoutCancel(c.w.Context()))
	if err == nil {
		require.Equal(c.w, websocket.MessageText, kind)
	}
	return text, err
}

// texts reads messages up to and with the end and returns their texts.
func (c *logSocket) texts() (texts []string) {
	c.w.Helper()
	for {
		message := c.read()
		if message["type"] == "end" {
			require.Equal(c.w, object{"type": "end"}, message)
			return texts
		}
		require.Equal(c.w, "subscription", message["type"])
		texts = append(texts, message["msg"].(string))
	}
}

// closed requires that the service closes the connection with that status and reason.
func (c *logSocket) closed(status websocket.StatusCode, reason string) {
	c.w.Helper()
	_, err := c.readText()
	var closed websocket.CloseError
	require.ErrorAs(c.w, err, &closed)
	require.Equal(c.w, websocket.CloseError{Code: status, Reason: reason}, closed)
}

// silent requires that the service sends nothing for an hour. Only in a bubble.
func (c *logSocket) silent() {
	c.w.Helper()
	got := make(chan string, 1)
	go func() {
		text, err := c.readText()
		got <- fmt.Sprint(string(text), err)
	}()
	select {
	case text := <-got:
		require.Fail(c.w, "the service sent something", text)
	case <-time.After(time.Hour):
		c.conn.CloseNow()
		<-got
	}
}

// bubble runs a test in a bubble, where time passes as fast as it can.
func bubble(t *testing.T, test func(t *testing.T, w *world), opts ...proximltest.Option) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		opts := append([]proximltest.Option{proximltest.WithoutListener(), proximltest.WithTokenLife(100 * day)}, opts...)
		test(t, &world{t, proximltest.New(t, opts...), map[string]string{}})
	})
}

// says makes workers log these lines, all at once when they begin, and the data worker nothing.
func says(lines ...string) proximltest.Option {
	return proximltest.WithLogScript(func(_ proximltest.Entity, worker int) []proximltest.LogLine {
		var script []proximltest.LogLine
		for _, line := range lines {
			if worker > 0 {
				script = append(script, proximltest.LogLine{Text: line})
			}
		}
		return script
	})
}

// numbered returns "line 0", "line 1" and so on.
func numbered(count int) []string {
	lines := make([]string, count)
	for i := range lines {
		lines[i] = fmt.Sprint("line ", i)
	}
	return lines
}

// withEnds appends a line end to each text.
func withEnds(lines []string) []string {
	ended := []string{}
	for _, line := range lines {
		ended = append(ended, line+"\n")
	}
	return ended
}
