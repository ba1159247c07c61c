package proximltest_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go/proximltest"
)

// What is kept of a log is bounded, and so is what is kept for a client that does not read.
func TestLogsAreBounded(t *testing.T) {
	const length, count = 10_000, 300
	lines := numbered(count)
	for i := range lines {
		lines[i] += strings.Repeat(".", length)
	}
	bubble(t, func(t *testing.T, w *world) {
		me := w.srv.Account("me@example.com")
		path := w.job(me, training)
		late, asleep := w.socket(me), w.socket(me)
		late.follow(path)
		asleep.follow(path)
		late.closed(websocket.StatusTryAgainLater, "lines had to make room before they were sent")
		time.Sleep(day)
		_, err := asleep.readText()
		assert.Error(t, err)

		c := w.socket(me)
		c.history(path)
		c.follow(path)
		texts := c.texts()
		assert.Len(t, texts, 9, "100,000 bytes with what a line costs by itself")
		assert.Equal(t, withEnds(lines[count-9:]), texts)
	}, says(lines...), proximltest.WithLogLimit(100_000))

	t.Run("a line is kept however long it is", func(t *testing.T) {
		bubble(t, func(t *testing.T, w *world) {
			me := w.srv.Account("me@example.com")
			path := w.job(me, training)
			time.Sleep(day)
			c := w.socket(me)
			c.history(path)
			c.follow(path)
			assert.Equal(t, []string{"second and \uFFFD\n"}, c.texts())
		}, says("first", "second and \xff"), proximltest.WithLogLimit(1))
	})
}

// Close ends sockets whatever they are doing, and does not wait for their clients.
func TestCloseEndsSockets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, err := proximltest.NewServer(proximltest.WithoutListener(), says(strings.Repeat("x", 1<<20), strings.Repeat("y", 1<<20)))
		require.NoError(t, err)
		w := &world{t, srv, map[string]string{}}
		me := srv.Account("me@example.com")
		path := w.job(me, training)
		time.Sleep(150 * time.Second)
		idle, stuck, refused := w.socket(me), w.socket(me), w.socket(me)
		idle.follow(path)
		stuck.history(path) // and is never read from
		refused.say(object{})
		synctest.Wait()
		begin := time.Now()
		srv.Close()
		assert.Zero(t, time.Since(begin))
		for _, c := range []*logSocket{idle, stuck} {
			_, err := c.readText()
			assert.Error(t, err)
		}
		_, _, err = w.dial(me.Token())
		assert.Error(t, err)
	})
}

// Sockets work over TCP too, and clients that come and go leave nothing behind.
func TestSocketsOverTCP(t *testing.T) {
	t.Parallel()
	srv := proximltest.New(t, proximltest.WithManualClock(), says(numbered(500)...))
	w := &world{t, srv, map[string]string{}}
	me := srv.Account("me@example.com")
	path := w.job(me, training)
	w.wait(day)
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	for range 5 {
		conn, _, err := websocket.Dial(t.Context(), srv.URL+"/?Authorization="+me.Token(), &websocket.DialOptions{HTTPClient: &http.Client{Transport: transport}})
		require.NoError(t, err)
		c := &logSocket{w, conn}
		c.history(path)
		c.follow(path)
		assert.Equal(t, withEnds(numbered(500)), c.texts())
		require.NoError(t, conn.Close(websocket.StatusNormalClosure, ""))
	}
}

func TestLogOptionsThatAreWrong(t *testing.T) {
	t.Parallel()
	for want, opt := range map[string]proximltest.Option{
		"proximltest: WithLogScript: the function is nil":                        proximltest.WithLogScript(nil),
		"proximltest: WithLogLimit(0): the limit must be above 0":                proximltest.WithLogLimit(0),
		"proximltest: WithHistoryDelay(-1ns): the delay must be 0 or more":       proximltest.WithHistoryDelay(-1),
		"proximltest: WithLogOverlap(-1): the number of lines must be 0 or more": proximltest.WithLogOverlap(-1),
		"proximltest: WithStorage(0): the limit must be above 0":                 proximltest.WithStorage(0),
		"proximltest: WithChunkLimit(-1): the limit must be above 0":             proximltest.WithChunkLimit(-1),
		"proximltest: WithRunner: the runner is nil":                             proximltest.WithRunner(nil),
	} {
		_, err := proximltest.NewServer(opt)
		assert.EqualError(t, err, want)
	}
}
