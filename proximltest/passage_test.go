package proximltest_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go/proximltest"
)

// finishedJob makes a job whose log has ended.
func (w *world) finishedJob(as *proximltest.Account) (path string) {
	w.Helper()
	path = w.job(as, training)
	w.wait(day)
	return path
}

// complete reads messages until the connection ends and returns their texts.
func (c *logSocket) complete() (texts []string, err error) {
	for {
		text, err := c.readText()
		if err != nil {
			return texts, err
		}
		texts = append(texts, string(text))
	}
}

// The connection ends after exactly as many messages as it should, over pipes and over TCP.
func TestSocketIsCutAfterMessages(t *testing.T) {
	t.Parallel()
	for _, after := range []int{0, 1, 2, 49, 50} {
		t.Run(fmt.Sprint(after), func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				me := w.srv.Account("me@example.com")
				path := w.finishedJob(me)
				w.srv.Inject(proximltest.Fault{On: "GET /", Kind: proximltest.CutConnection, AfterMessages: after})
				c := w.socket(me)
				if after > 0 {
					c.history(path)
				}
				texts, err := c.complete()
				assert.Len(t, texts, after)
				assert.ErrorIs(t, err, io.EOF)
				assert.Equal(t, websocket.StatusCode(-1), websocket.CloseStatus(err), "there is no goodbye")
				c = w.socket(me)
				c.history(path)
				c.follow(path)
				assert.Len(t, c.texts(), 50)
			}, says(numbered(50)...))
		})
	}
	t.Run("over TCP", func(t *testing.T) {
		t.Parallel()
		srv := proximltest.New(t, proximltest.WithManualClock(), says(numbered(50)...))
		w := &world{t, srv, map[string]string{}}
		me := srv.Account("me@example.com")
		path := w.finishedJob(me)
		srv.Inject(proximltest.Fault{On: "GET /", Kind: proximltest.CutConnection, AfterMessages: 7, AfterBytes: 30})
		conn, _, err := websocket.Dial(t.Context(), srv.URL+"/?Authorization="+me.Token(), nil)
		require.NoError(t, err)
		defer conn.CloseNow()
		c := &logSocket{w, conn}
		c.history(path)
		texts, err := c.complete()
		assert.LessOrEqual(t, len(texts), 7, "a reset can overtake what was sent before it")
		assert.True(t, errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.ErrUnexpectedEOF), err)
		http.DefaultClient.CloseIdleConnections()
	})
}

// With bytes, the cut is in the middle of a frame.
func TestSocketIsCutInAFrame(t *testing.T) {
	t.Parallel()
	for _, cut := range []struct {
		messages int
		bytes    int64
		whole    int // messages that arrive
	}{{0, 1, 0}, {0, 5, 0}, {3, 1, 3}, {3, 100, 3}, {3, 5000, 3}, {2, 10_250, 3}, {0, 25_600, 2}} {
		t.Run(fmt.Sprint(cut), func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				me := w.srv.Account("me@example.com")
				path := w.finishedJob(me)
				w.srv.Inject(proximltest.Fault{On: "GET /", Kind: proximltest.CutConnection, AfterMessages: cut.messages, AfterBytes: cut.bytes})
				c := w.socket(me)
				c.history(path)
				texts, err := c.complete()
				assert.Len(t, texts, cut.whole)
				assert.True(t, errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF), err)
			}, says(strings.Repeat("x", 10_000), strings.Repeat("y", 10_000), strings.Repeat("z", 10_000), strings.Repeat("z", 10_000)))
		})
	}
}

func TestSocketStalls(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		me := w.srv.Account("me@example.com")
		path := w.finishedJob(me)
		w.srv.Inject(proximltest.Fault{On: "GET /", Kind: proximltest.Stall, AfterMessages: 2, AfterBytes: 10, Delay: time.Minute})
		c := w.socket(me)
		begin := time.Now()
		c.history(path)
		c.follow(path)
		for range 2 {
			c.read()
		}
		assert.Zero(t, time.Since(begin))
		assert.Equal(t, []string{"line 2\n"}, c.texts())
		assert.Equal(t, time.Minute, time.Since(begin))
	}, says(numbered(3)...))

	t.Run("until the service is closed", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			srv, err := proximltest.NewServer(proximltest.WithoutListener())
			require.NoError(t, err)
			w := &world{t, srv, map[string]string{}}
			srv.Inject(proximltest.Fault{On: "GET /", Kind: proximltest.Stall, Delay: time.Minute})
			c := w.socket(srv.Account("me@example.com"))
			synctest.Wait()
			begin := time.Now()
			srv.Close()
			assert.Zero(t, time.Since(begin))
			_, err = c.readText()
			assert.Error(t, err)
		})
	})
}

// A socket can be sent anything in between.
func TestExtraFrames(t *testing.T) {
	t.Parallel()
	for name, frame := range map[string]string{
		"broken JSON": `{"type":"subscr`, "unknown type": `{"type":"ping"}`, "no text": "", "10 MB": strings.Repeat("x", 10<<20),
	} {
		t.Run(name, func(t *testing.T) {
			for _, after := range []int{0, 2, 4} {
				t.Run(fmt.Sprint(after), func(t *testing.T) {
					bubble(t, func(t *testing.T, w *world) {
						me := w.srv.Account("me@example.com")
						path := w.finishedJob(me)
						w.srv.Inject(proximltest.Fault{On: "GET /", Kind: proximltest.ExtraFrame, AfterMessages: after, Body: frame})
						c := w.socket(me)
						c.history(path)
						c.follow(path)
						for i := range 5 {
							text, err := c.readText()
							require.NoError(t, err)
							assert.Equal(t, i == after, string(text) == frame, i)
						}
						assert.Zero(t, w.srv.ClearFaults())
					}, says(numbered(3)...))
				})
			}
		})
	}
}

func TestTheEndCanBeWithheld(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		me := w.srv.Account("me@example.com")
		path := w.finishedJob(me)
		w.srv.Inject(proximltest.Fault{On: "GET /", Kind: proximltest.WithholdEnd})
		c := w.socket(me)
		c.history(path)
		c.follow(path)
		assert.Equal(t, "one\n", c.read()["msg"])
		c.silent()
	}, says("one"))
}

// Other faults hit the call that opens a socket as any other call.
func TestSocketHandshakeFaults(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		me := w.srv.Account("me@example.com")
		w.srv.Inject(
			proximltest.Fault{On: "GET /", Status: 502},
			proximltest.Fault{On: "GET /", Kind: proximltest.ResetBeforeWork},
			proximltest.Fault{On: "GET /", Kind: proximltest.ResetAfterWork},
			proximltest.Fault{On: "GET /", Delay: time.Minute},
		)
		_, answer, err := w.dial(me.Token())
		require.Error(t, err)
		assert.Equal(t, 502, answer.StatusCode)
		for range 2 {
			w.srv.Transport().(*http.Transport).CloseIdleConnections() // net/http repeats a call on one that was used before
			_, _, err := w.dial(me.Token())
			assert.ErrorIs(t, err, io.EOF)
		}
		begin := time.Now()
		w.socket(me)
		assert.Equal(t, time.Minute, time.Since(begin))
	})
}

// Bodies are cut and stalled too: those of requests that have one by their method, and else those of replies.
func TestBodiesAreInterrupted(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		me := w.srv.Account("me@example.com")
		token := me.Token()
		call := func(method, path, body string) (*http.Response, string, error) {
			request, err := http.NewRequestWithContext(t.Context(), method, w.srv.URL+path, strings.NewReader(body))
			require.NoError(t, err)
			request.GetBody = nil
			request.Header.Set("Authorization", token)
			response, err := w.srv.Transport().RoundTrip(request)
			if err != nil {
				return nil, "", err
			}
			defer response.Body.Close()
			text, err := io.ReadAll(response.Body)
			return response, string(text), err
		}
		create := `{"name":"a project with a long name"}`
		for _, after := range []int64{0, 1, int64(len(create)) - 1, int64(len(create))} {
			w.srv.Inject(proximltest.Fault{On: "POST /project", Kind: proximltest.CutConnection, AfterBytes: after})
			_, _, err := call("POST", "/project", create)
			require.Error(t, err, after)
			assert.Zero(t, w.srv.ClearFaults())
		}
		w.srv.Inject(proximltest.Fault{On: "POST /project", Kind: proximltest.CutConnection, AfterBytes: 1000})
		answer, _, err := call("POST", "/project", create)
		require.NoError(t, err, "a body that is shorter passes")
		assert.Equal(t, http.StatusOK, answer.StatusCode)
		_, whole, err := call("GET", "/project", "null")
		require.NoError(t, err)
		assert.Equal(t, 2, strings.Count(whole, `"name"`), "no other call was carried out")

		for _, after := range []int64{0, 1, 100, int64(len(whole)) - 1} {
			w.srv.Inject(proximltest.Fault{On: "GET /project", Kind: proximltest.CutConnection, AfterBytes: after})
			_, part, err := call("GET", "/project", "null")
			require.ErrorIs(t, err, io.ErrUnexpectedEOF, after)
			assert.Equal(t, whole[:after], part)
		}

		begin := time.Now()
		w.srv.Inject(
			proximltest.Fault{On: "GET /project", Kind: proximltest.Stall, AfterBytes: 50, Delay: time.Minute},
			proximltest.Fault{On: "POST /project", Kind: proximltest.Stall, AfterBytes: 5, Delay: time.Hour},
		)
		_, text, err := call("GET", "/project", "null")
		require.NoError(t, err)
		assert.Equal(t, whole, text)
		assert.Equal(t, time.Minute, time.Since(begin))
		answer, _, err = call("POST", "/project", create)
		require.NoError(t, err)
		assert.Equal(t, http.StatusOK, answer.StatusCode)
		assert.Equal(t, time.Minute+time.Hour, time.Since(begin))

		// The faults of sockets leave other calls alone.
		w.srv.Inject(proximltest.Fault{Kind: proximltest.WithholdEnd}, proximltest.Fault{Kind: proximltest.ExtraFrame, Body: "x"})
		for range 2 {
			_, text, err := call("GET", "/project", "")
			require.NoError(t, err)
			assert.Equal(t, 3, strings.Count(text, `"name"`))
		}
		assert.Zero(t, w.srv.ClearFaults())
	})
}

// A call can be carried out and answered as if it had not been.
func TestReplyAfterWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	w.srv.Inject(proximltest.Fault{On: "POST /project", Kind: proximltest.ReplyAfterWork, Status: 502, Body: `{"error":"Bad Gateway"}`})
	r := w.send(me, "POST", "/project", object{"name": "Mine"})
	assert.Equal(t, http.StatusBadGateway, r.status)
	assert.Equal(t, `{"error":"Bad Gateway"}`, r.text)
	assert.Equal(t, []any{"Personal", "Mine"}, values(w.send(me, "GET", "/project", nil).list(), "name"))
}
