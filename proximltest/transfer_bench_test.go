package proximltest_test

import (
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go/proximltest"
)

// BenchmarkUpload uploads 256 MiB in chunks of 5 MiB over the loopback interface, to the disk, with their SHA-512.
func BenchmarkUpload(b *testing.B) {
	const size, chunk = 256 << 20, 5 << 20
	stream := []byte(tarOf("file", strings.Repeat("x", size)))
	sum := sha512.Sum512(stream)
	srv := proximltest.New(b, proximltest.WithSpeed(1e6))
	token := srv.Account("me@example.com").Token()
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	b.SetBytes(int64(len(stream)))
	for b.Loop() {
		created := direct(srv, "POST", "/dataset", token, `{"name":"a","source_type":"local","source_uri":"~/a"}`).Body.String()
		id := field(created, "dataset_uuid")
		time.Sleep(time.Millisecond)
		shown := direct(srv, "GET", "/dataset/"+id, token, "").Body.String()
		call := func(method, path string, body []byte, contentRange string) {
			request, err := http.NewRequestWithContext(b.Context(), method, field(shown, "hostname")+path, bytes.NewReader(body))
			require.NoError(b, err)
			request.Header = http.Header{"Authorization": {"Bearer " + field(shown, "auth_token")}, "Upload-Id": {id}, "Content-Range": {contentRange}}
			response, err := client.Do(request)
			require.NoError(b, err)
			io.Copy(io.Discard, response.Body)
			response.Body.Close()
			require.Equal(b, http.StatusOK, response.StatusCode)
		}
		for start := 0; start < len(stream); start += chunk {
			end := min(start+chunk, len(stream))
			call("PUT", "/upload", stream[start:end], fmt.Sprintf("bytes %d-%d/%d", start, end-1, end))
		}
		call("POST", "/finalize", []byte(`{"hash":"`+hex.EncodeToString(sum[:])+`"}`), "")
		direct(srv, "DELETE", "/dataset/"+id, token, "")
	}
}

// field returns a string of a JSON object.
func field(text, name string) string {
	_, after, _ := strings.Cut(text, `"`+name+`":"`)
	value, _, _ := strings.Cut(after, `"`)
	return value
}

// BenchmarkLogs reads the history of 100,000 lines over the loopback interface.
func BenchmarkLogs(b *testing.B) {
	const count = 100_000
	srv := proximltest.New(b, proximltest.WithManualClock(), says(numbered(count)...))
	token := srv.Account("me@example.com").Token()
	job := field(direct(srv, "POST", "/job", token, encoded(training)).Body.String(), "job_uuid")
	srv.Clock().Advance(day)
	read := 0
	for b.Loop() {
		conn, _, err := websocket.Dial(b.Context(), srv.URL+"/?Authorization="+token, nil)
		require.NoError(b, err)
		for _, action := range [][2]string{{"getlogs", "init"}, {"subscribe", "logs"}} {
			request := encoded(object{"action": action[0], "data": object{"type": action[1], "entity": "job", "id": job}})
			require.NoError(b, conn.Write(b.Context(), websocket.MessageText, []byte(request)))
		}
		for range count {
			_, message, err := conn.Reader(context.Background())
			require.NoError(b, err)
			io.Copy(io.Discard, message)
			read++
		}
		conn.CloseNow()
	}
	b.ReportMetric(float64(read)/b.Elapsed().Seconds(), "lines/s")
	http.DefaultClient.CloseIdleConnections()
}
