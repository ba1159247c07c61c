package proximl_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	proximl "github.com/proximl/proximl-go"
)

const benchLines = 50_000

// benchMessages are the messages of a log of two workers.
func benchMessages() (messages [][]byte) {
	for i := range benchLines {
		worker := fmt.Sprintf("worker-id-%d", 1+i%2)
		messages = append(messages, fmt.Appendf(nil, `{"type":"subscription","msg":"epoch %6d: loss 0.30280000, accuracy 0.8500, 1234.5 samples/s\n","time":%d,"stream":%q,"job_worker_uuid":%q}`, i, 1613079345318+i/4, worker, worker))
	}
	return append(messages, []byte(`{"type":"end"}`))
}

// benchFrames are messages as they are on the wire.
func benchFrames(messages [][]byte) []byte {
	const wholeText, lengthFollows = 0x81, 126
	var wire []byte
	for _, message := range messages {
		if len(message) < lengthFollows {
			wire = append(wire, wholeText, byte(len(message)))
		} else {
			wire = binary.BigEndian.AppendUint16(append(wire, wholeText, lengthFollows), uint16(len(message)))
		}
		wire = append(wire, message...)
	}
	return wire
}

// benchLogServer has one job. How it sends the history is the caller's to say.
func benchLogServer(b *testing.B, history func(*websocket.Conn, net.Conn) error) (*httptest.Server, *proximl.ProxiML) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") == "" {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"job_uuid":"job-id-1","status":"running","workers":[{"job_worker_uuid":"worker-id-1"},{"job_worker_uuid":"worker-id-2"}]}`)
			return
		}
		taken := &benchHijacker{ResponseWriter: w}
		conn, err := websocket.Accept(taken, r, nil)
		if err != nil {
			return
		}
		defer conn.CloseNow()
		for {
			_, request, err := conn.Read(context.Background())
			if err != nil {
				return
			}
			if bytes.Contains(request, []byte("getlogs")) && history(conn, taken.conn) != nil {
				return
			}
		}
	}))
	b.Cleanup(server.Close)
	client, err := proximl.New(proximl.WithEndpoint(server.URL), proximl.WithTokenSource(benchTokens{}), proximl.WithConfigDir(b.TempDir()))
	require.NoError(b, err)
	b.Cleanup(client.CloseIdleConnections)
	return server, client
}

// benchHijacker keeps hold of the connection that a websocket takes over.
type benchHijacker struct {
	http.ResponseWriter
	conn net.Conn
}

func (h *benchHijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffers, err := http.NewResponseController(h.ResponseWriter).Hijack()
	h.conn = conn
	return conn, buffers, err
}

// benchReadLoop reads the messages that the SDK reads. It does nothing with them,
// or decodes them by the same library.
func benchReadLoop(b *testing.B, url string, decode bool) {
	conn, _, err := websocket.Dial(context.Background(), url+"/?Authorization=token", nil)
	require.NoError(b, err)
	defer conn.CloseNow()
	require.NoError(b, conn.Write(context.Background(), websocket.MessageText, []byte(`{"action":"getlogs"}`)))
	var buffer bytes.Buffer
	for range benchLines + 1 {
		_, message, err := conn.Reader(context.Background())
		if err != nil {
			b.Fatal(err)
		}
		buffer.Reset()
		if _, err = buffer.ReadFrom(message); err != nil {
			b.Fatal(err)
		}
		var line struct {
			Type   string  `json:"type"`
			Stream string  `json:"stream"`
			Text   string  `json:"msg"`
			Time   float64 `json:"time"`
		}
		if decode && json.Unmarshal(buffer.Bytes(), &line) != nil {
			b.Fatal(buffer.String())
		}
	}
}

func benchReadLog(b *testing.B, client *proximl.ProxiML) {
	lines := 0
	for entry, err := range client.Jobs.Logs(context.Background(), "job-id-1") {
		if err != nil || entry.Worker == 0 {
			b.Fatal(entry, err)
		}
		lines++
	}
	require.Equal(b, benchLines, lines)
}

// BenchmarkLogs reports the lines per second, and what share they are of those of
// a bare read loop, and of one that decodes: 1 is as fast as the limit. In a stream, the service writes
// one message after another, as the library does it; a burst is on the wire in
// one piece, so that nothing but the reader counts.
func BenchmarkLogs(b *testing.B) {
	messages := benchMessages()
	frames := benchFrames(messages)
	b.Run("stream", func(b *testing.B) {
		benchLogs(b, func(conn *websocket.Conn, _ net.Conn) error {
			for _, message := range messages {
				if err := conn.Write(context.Background(), websocket.MessageText, message); err != nil {
					return err
				}
			}
			return nil
		})
	})
	b.Run("burst", func(b *testing.B) {
		benchLogs(b, func(_ *websocket.Conn, conn net.Conn) error {
			_, err := conn.Write(frames)
			return err
		})
	})
}

func benchLogs(b *testing.B, history func(*websocket.Conn, net.Conn) error) {
	server, client := benchLogServer(b, history)
	var bare, decoding, rates []float64
	for b.Loop() {
		took := timed(func() { benchReadLog(b, client) })
		bare = append(bare, timed(func() { benchReadLoop(b, server.URL, false) })/took)
		decoding = append(decoding, timed(func() { benchReadLoop(b, server.URL, true) })/took)
		rates = append(rates, benchLines/took)
	}
	b.ReportMetric(median(bare), "of-limit")
	b.ReportMetric(median(decoding), "of-decoding")
	b.ReportMetric(median(rates), "lines/s")
	b.ReportMetric(0, "ns/op")
}

// timed is how many seconds something took.
func timed(work func()) float64 {
	start := time.Now()
	work()
	return time.Since(start).Seconds()
}
