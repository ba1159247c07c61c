//go:build long

package proximl_test

import (
	"archive/tar"
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

// The load tests assert bounds that do not depend on how fast the machine is.
// They run one after the other, so that each has the heap for itself; the
// figures include the service's side, which is in the same process.

func TestLongFaultSchedules(t *testing.T) { playSchedules(t, 1000) }

// usage is what a load took above what there was before it.
type usage struct {
	heap       float64 // MiB in use at the worst, garbage that was not collected yet included
	goroutines int     // at most
	took       time.Duration
}

func (u usage) String() string {
	return fmt.Sprintf("peak heap %.1f MiB and at most %d goroutines above the start, in %v", u.heap, u.goroutines, u.took.Round(time.Millisecond))
}

// measure runs a load and looks at the process every other millisecond.
func measure(do func()) usage {
	samples := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	heap := func() uint64 {
		metrics.Read(samples)
		return samples[0].Value.Uint64()
	}
	runtime.GC()
	startHeap, startGoroutines, start := heap(), runtime.NumGoroutine(), time.Now()
	peakHeap, peakGoroutines := startHeap, startGoroutines
	stop := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				peakHeap, peakGoroutines = max(peakHeap, heap()), max(peakGoroutines, runtime.NumGoroutine()-1)
			case <-stop:
				return
			}
		}
	})
	do()
	took := time.Since(start)
	close(stop)
	watching.Wait()
	return usage{float64(peakHeap-startHeap) / (1 << 20), peakGoroutines - startGoroutines, took}
}

// loadClient is a client of a handler on a port, with a token.
func loadClient(t *testing.T, handler http.HandlerFunc) *proximl.ProxiML {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	client := newClient(t, proximl.WithEndpoint(server.URL), proximl.WithTokenSource(staticToken("t")))
	t.Cleanup(client.CloseIdleConnections)
	return client
}

// Two thousand callers share one client, one login and a slow service.
func TestLongManyCallers(t *testing.T) {
	const callers, calls, latency = 2000, 10, 50 * time.Millisecond
	srv := proximltest.New(t)
	account := srv.Account("me@example.com")
	var logins, dials atomic.Int32
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 64 // as the client's own
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		dials.Add(1)
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	client, err := srv.Client(account, proximl.WithHTTPClient(&http.Client{Transport: answering(func(req *http.Request) (*http.Response, error) {
		if note, err := noteOf(req); err == nil && note == finishLogin {
			logins.Add(1)
		}
		return transport.RoundTrip(req)
	})}))
	require.NoError(t, err)
	job, err := client.Jobs.Create(t.Context(), smallSpec())
	require.NoError(t, err)
	before := runtime.NumGoroutine()
	burst := func() {
		srv.Inject(proximltest.Fault{Delay: latency, Times: callers * calls})
		var all sync.WaitGroup
		for range callers {
			all.Go(func() {
				for range calls {
					got, err := client.Jobs.Get(t.Context(), job.ID)
					if assert.NoError(t, err) {
						assert.Equal(t, job.ID, got.ID)
					}
				}
			})
		}
		all.Wait()
		transport.CloseIdleConnections()
		assert.Zero(t, srv.ClearFaults())
		assert.Eventually(t, func() bool { return runtime.NumGoroutine() <= before }, 10*time.Second, 10*time.Millisecond)
	}
	used := measure(burst)
	first := liveHeap()
	measure(burst)
	growth := (float64(liveHeap()) - float64(first)) / (1 << 20)
	t.Logf("%d calls by %d callers, each of at least %v: %v; %d login, %d connections in two rounds; live heap grew by %.2f MiB in the second",
		callers*calls, callers, latency, used, logins.Load(), dials.Load(), growth)
	assert.EqualValues(t, 1, logins.Load())
	assert.Less(t, used.goroutines, 7*callers, "a caller, two of its connection, and the service's")
	assert.Less(t, used.heap, 256.0)
	assert.Less(t, growth, 8.0)
}

// A log of a million lines: half are history, half come while it is read.
func TestLongLogOfAMillionLines(t *testing.T) {
	const half = 500_000
	client := loadClient(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"job_uuid":"j","type":"training","status":"running","workers":[{"job_worker_uuid":"w"}]}`)
			return
		}
		serveLines(t, w, r, half)
	})
	seen := 0
	var live [2]uint64
	used := measure(func() {
		for entry, err := range client.Jobs.Logs(t.Context(), "j") {
			require.NoError(t, err)
			require.Equal(t, 1, entry.Worker)
			if want := lineText(seen); entry.Text != want {
				require.Equal(t, want, entry.Text)
			}
			switch seen++; seen {
			case half / 10:
				live[0] = liveHeap()
			case 2*half - half/10:
				live[1] = liveHeap()
			}
		}
	})
	growth := (float64(live[1]) - float64(live[0])) / (1 << 20)
	t.Logf("%d lines: %v; live heap grew by %.2f MiB from the first tenth to the last", seen, used, growth)
	assert.Equal(t, 2*half, seen)
	assert.Less(t, growth, 2.0)
	assert.Less(t, used.heap, 32.0)
	assert.Less(t, used.goroutines, 20)
}

func lineText(n int) string { return fmt.Sprintf("step %d of the training, loss 0.12345", n) }

// serveLines is the log websocket: the first lines are the history, the others
// are to come. Ten lines have one time.
func serveLines(t *testing.T, w http.ResponseWriter, r *http.Request, half int) {
	conn, err := websocket.Accept(w, r, nil)
	if !assert.NoError(t, err) {
		return
	}
	defer conn.CloseNow()
	_, request, err := conn.Read(r.Context())
	if !assert.NoError(t, err) {
		return
	}
	first := 0
	if string(request) == `{"action":"subscribe","data":{"entity":"job","id":"j","type":"logs"}}` {
		first = half
	}
	for n := first; n < first+half; n++ {
		frame := fmt.Appendf(nil, `{"type":"subscription","stream":"w","time":"%d","msg":%q}`, 1_700_000_000_000+n/10, lineText(n)+"\n")
		if conn.Write(r.Context(), websocket.MessageText, frame) != nil {
			return
		}
	}
	if first > 0 {
		_ = conn.Write(r.Context(), websocket.MessageText, []byte(`{"type":"end"}`))
	}
	_, _, _ = conn.Read(r.Context()) // until the other side closes
}

// A list of a million jobs (1.3 GB) is gone through one by one.
func TestLongListOfAMillionJobs(t *testing.T) {
	const count = 1_000_000
	client := loadClient(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		out := bufio.NewWriterSize(w, 64<<10)
		job, separator := benchJob(1), "["
		for range count {
			_, _ = out.WriteString(separator)
			_, _ = out.Write(job)
			separator = ","
		}
		_, _ = out.WriteString("]")
		_ = out.Flush()
	})
	seen := 0
	var live [2]uint64
	used := measure(func() {
		for job, err := range client.Jobs.All(t.Context()) {
			require.NoError(t, err)
			if job.ID != "job-id-000001" {
				require.Equal(t, "job-id-000001", job.ID)
			}
			switch seen++; seen {
			case count / 10:
				live[0] = liveHeap()
			case count - count/10:
				live[1] = liveHeap()
			}
		}
	})
	growth := (float64(live[1]) - float64(live[0])) / (1 << 20)
	t.Logf("%d jobs: %v; live heap grew by %.2f MiB from the first tenth to the last", seen, used, growth)
	assert.Equal(t, count, seen)
	assert.Less(t, growth, 1.0)
	assert.Less(t, used.heap, 32.0)
	assert.Less(t, used.goroutines, 10)
}

// A hundred thousand files go up at once, half of them in one folder.
func TestLongUploadOfManyFiles(t *testing.T) {
	const count = 100_000
	dir := t.TempDir()
	for n := range count {
		name := filepath.Join(dir, "flat", fmt.Sprintf("file-%06d.txt", n))
		if n%2 == 1 {
			name = filepath.Join(dir, "deep", fmt.Sprintf("%03d", n/1000), fmt.Sprintf("file-%06d.txt", n))
		}
		if n < 2 || n%1000 == 1 {
			require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o700))
		}
		require.NoError(t, os.WriteFile(name, fmt.Appendf(nil, "content %d\n", n), 0o600))
	}
	srv := proximltest.New(t, proximltest.WithSpeed(1000))
	client, err := srv.Client(srv.Account("me@example.com"))
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	dataset, err := client.Datasets.Create(t.Context(), &proximl.DatasetSpec{Name: "files", SourceType: "local", SourceURI: "~/data"})
	require.NoError(t, err)
	used := measure(func() {
		_, err = client.Datasets.Connect(t.Context(), dataset.ID, proximl.ConnectOptions{
			Input: dir, Wait: []proximl.WaitOption{proximl.PollBetween(10*time.Millisecond, 10*time.Millisecond)},
		})
		require.NoError(t, err)
	})
	t.Logf("%d files: %v", count, used)
	assert.Less(t, used.heap, 96.0)
	assert.Less(t, used.goroutines, 40)

	stream, err := srv.Uploaded(dataset.ID)
	require.NoError(t, err)
	defer stream.Close()
	files := 0
	for archive := tar.NewReader(stream); ; {
		header, err := archive.Next()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		if header.Typeflag == tar.TypeReg {
			files++
		}
	}
	assert.Equal(t, count, files)
}

// A day of waiting for a hundred jobs at once, tokens and all.
func TestLongDayOfWaiting(t *testing.T) {
	const waits = 100
	synctest.Test(t, func(t *testing.T) {
		script := func(proximltest.Entity) proximltest.Script { return proximltest.Script{RunTime: 24 * time.Hour} }
		srv := proximltest.New(t, proximltest.WithoutListener(), proximltest.WithScript(script))
		wire := &tap{base: srv.Transport()}
		client, err := srv.Client(srv.Account("me@example.com", proximltest.WithCredits(1e6)), proximl.WithHTTPClient(&http.Client{Transport: wire}))
		require.NoError(t, err)
		before, steps := runtime.NumGoroutine(), map[string]int{}
		var all sync.WaitGroup
		for range waits {
			job, err := client.Jobs.Create(t.Context(), smallSpec())
			require.NoError(t, err)
			all.Go(func() {
				job, err := client.Jobs.WaitFor(t.Context(), job.ID, proximl.JobStatusFinished)
				if assert.NoError(t, err) {
					assert.Equal(t, proximl.JobStatusFinished, job.Status)
				}
			})
		}
		var heaps []uint64
		goroutines := 0
		for range 24 {
			time.Sleep(time.Hour)
			for _, note := range wire.taken() {
				steps[note]++
			}
			heaps, goroutines = append(heaps, liveHeap()), max(goroutines, runtime.NumGoroutine()-before)
		}
		all.Wait()
		growth := (float64(heaps[23]) - float64(heaps[1])) / (1 << 20)
		t.Logf("%d waits of a day: %d login, %d refreshes; live heap grew by %.2f MiB from the second hour to the last; at most %d goroutines above the start",
			waits, steps[finishLogin], steps[refreshLogin], growth, goroutines)
		assert.Equal(t, 1, steps[finishLogin])
		assert.InDelta(t, 26, steps[refreshLogin], 1, "one every 55 minutes")
		assert.Less(t, growth, 2.0)
		assert.Less(t, goroutines, 5*waits)
	})
}
