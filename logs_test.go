package proximl_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

// logScript has lines in bursts, of which some are equal and in one millisecond.
func logScript(e proximltest.Entity, worker int) []proximltest.LogLine {
	if e.Kind != "job" || worker == 0 {
		return []proximltest.LogLine{{Text: "Downloading"}, {After: time.Second, Text: "Downloading"}}
	}
	var lines []proximltest.LogLine
	for step := range 10 {
		at := time.Duration(step) * 4 * time.Second
		lines = append(lines,
			proximltest.LogLine{After: at, Text: fmt.Sprintf("step %d", step)},
			proximltest.LogLine{After: at, Text: "tick"},
			proximltest.LogLine{After: at, Text: "tick"})
	}
	return lines
}

// scripted is what each stream of a job of two workers logs.
func scripted() map[int][]string {
	texts := func(worker int) (all []string) {
		for _, line := range logScript(proximltest.Entity{Kind: "job"}, worker) {
			all = append(all, line.Text)
		}
		return all
	}
	return map[int][]string{0: texts(0), 1: texts(1), 2: texts(2)}
}

// logServer is a service inside a synctest bubble and a job of two workers in
// it.
func logServer(t *testing.T, opts ...proximltest.Option) (*proximltest.Server, *proximl.ProxiML, *proximl.Job) {
	t.Helper()
	srv := proximltest.New(t, append([]proximltest.Option{proximltest.WithoutListener(), proximltest.WithLogScript(logScript)}, opts...)...)
	client, err := srv.Client(srv.Account("me@example.com"))
	require.NoError(t, err)
	spec := smallSpec()
	spec.Workers = []string{"python a.py", "python b.py"}
	job, err := client.Jobs.Create(t.Context(), spec)
	require.NoError(t, err)
	return srv, client, job
}

// follow collects a job's log by worker.
func follow(t *testing.T, client *proximl.ProxiML, id string) map[int][]string {
	t.Helper()
	lines := map[int][]string{}
	for entry, err := range client.Jobs.Logs(t.Context(), id) {
		require.NoError(t, err)
		lines[entry.Worker] = append(lines[entry.Worker], entry.Text)
	}
	return lines
}

// logConnections counts the connections that were made for logs.
func logConnections(srv *proximltest.Server) int {
	return len(slices.DeleteFunc(srv.Requests(), func(r proximltest.Request) bool { return r.Method+r.Path != "GET/" }))
}

func TestLogs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, client, job := logServer(t)
		last := map[string]time.Time{}
		var history time.Time
		count := 0
		for entry, err := range client.Jobs.Logs(t.Context(), job.ID) {
			require.NoError(t, err)
			assert.False(t, entry.Time.Before(last[entry.Stream]), "in order per stream")
			if count == 0 {
				history = time.Now()
			}
			assert.WithinDuration(t, time.Now(), entry.Time, time.Second+max(0, 3*time.Second-entry.Time.Sub(history)), "as it happens, once the history is complete")
			assert.Equal(t, job.WorkerNumber(entry.Stream), entry.Worker)
			last[entry.Stream] = entry.Time
			count++
		}
		assert.Equal(t, 62, count)
		assert.Len(t, last, 3)

		// The log of a job that has ended is empty.
		_, err := client.Jobs.WaitFor(t.Context(), job.ID, proximl.JobStatusFinished)
		require.NoError(t, err)
		assert.Empty(t, follow(t, client, job.ID))
	})
}

// Wherever the connection is cut, each line comes once.
func TestLogsLoseNothingAndRepeatNothing(t *testing.T) {
	t.Parallel()
	for _, overlap := range []int{0, 7} {
		for k := 1; k <= 50; k++ {
			t.Run(fmt.Sprintf("overlap %d/cut after %d", overlap, k), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv, client, job := logServer(t, proximltest.WithLogOverlap(overlap))
					srv.Inject(proximltest.Fault{On: "GET /", Kind: proximltest.CutConnection, AfterMessages: k, AfterBytes: int64(k % 3 * 11), Times: 3})
					assert.Equal(t, scripted(), follow(t, client, job.ID))
					assert.Zero(t, srv.ClearFaults())
				})
			})
		}
	}
}

// A cut within the header of a frame or right behind it loses nothing either.
// The websocket library takes the latter for an empty message.
func TestLogsOfAFrameCutAtItsHeader(t *testing.T) {
	t.Parallel()
	for k := range 7 {
		for bytes := int64(1); bytes <= 5; bytes++ {
			t.Run(fmt.Sprintf("%d bytes after %d", bytes, k*10), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					var log strings.Builder
					srv, _, job := logServer(t)
					client, err := srv.Client(srv.Account("me@example.com"), proximl.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
					require.NoError(t, err)
					srv.Inject(proximltest.Fault{On: "GET /", Kind: proximltest.CutConnection, AfterMessages: k * 10, AfterBytes: bytes, Times: 3})
					assert.Equal(t, scripted(), follow(t, client, job.ID))
					assert.Zero(t, srv.ClearFaults())
					assert.NotContains(t, log.String(), "left out", "no whole frame was")
				})
			})
		}
	}
}

// A caller may take longer for a line than the history may be quiet, and than a
// connection is trusted for: the lines wait for it, on the same connections.
func TestLogsOfASlowCaller(t *testing.T) {
	t.Parallel()
	for late, connections := range map[bool]int{true: 2, false: 3} { // an empty history is asked for again
		t.Run(fmt.Sprint("late ", late), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv, client, job := logServer(t)
				if late {
					_, err := client.Jobs.WaitFor(t.Context(), job.ID, proximl.JobStatusRunning)
					require.NoError(t, err)
					time.Sleep(20 * time.Second)
				}
				lines, count := map[int][]string{}, 0
				for entry, err := range client.Jobs.Logs(t.Context(), job.ID) {
					require.NoError(t, err)
					lines[entry.Worker] = append(lines[entry.Worker], entry.Text)
					time.Sleep(5 * time.Second)
					if count++; count%20 == 0 {
						time.Sleep(3 * time.Minute)
					}
				}
				assert.Equal(t, scripted(), lines)
				assert.Equal(t, connections, logConnections(srv))
			})
		})
	}
}

func TestLogsOfOddFrames(t *testing.T) {
	t.Parallel()
	line := fmt.Sprintf(`{"type":"subscription","stream":"data_worker","time":"%d","msg":%q}`, time.Now().Add(100*365*24*time.Hour).UnixMilli(), strings.Repeat("x", 10<<20))
	for name, test := range map[string]struct {
		frame string
		added int // lines
	}{
		"nothing":      {frame: ""},
		"broken JSON":  {frame: `{"type":`},
		"unknown type": {frame: `{"type":"news","msg":"x"}`},
		"no object":    {frame: `[1]`},
		"10 MB line":   {frame: line, added: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv, client, job := logServer(t)
				srv.Inject(proximltest.Fault{On: "GET /", Kind: proximltest.ExtraFrame, AfterMessages: 5, Body: test.frame})
				total := 0
				for _, lines := range follow(t, client, job.ID) {
					total += len(lines)
				}
				assert.Equal(t, 62+test.added, total)
				assert.Equal(t, 3, logConnections(srv), "as without it")
				assert.Zero(t, srv.ClearFaults())
			})
		})
	}
}

// A frame over the limit is left out, whatever is in it, and said so.
func TestLogsOfTooLargeAFrame(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		srv, _, job := logServer(t)
		client, err := srv.Client(srv.Account("me@example.com"), proximl.WithLimits(proximl.Limits{Entity: 64 << 10}),
			proximl.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
		require.NoError(t, err)
		frame := fmt.Sprintf(`{"type":"subscription","stream":"data_worker","time":1,"msg":%q}`, strings.Repeat("x", 64<<10))
		srv.Inject(proximltest.Fault{On: "GET /", Kind: proximltest.ExtraFrame, AfterMessages: 5, Body: frame})
		assert.Equal(t, scripted(), follow(t, client, job.ID))
		assert.Zero(t, srv.ClearFaults())
		assert.Equal(t, 1, strings.Count(log.String(), "a log frame is left out: it is larger than WithLimits allows"))
	})
}

// A connection on which nothing moves any more is noticed, and made anew.
func TestLogsOfAConnectionThatStalls(t *testing.T) {
	t.Parallel()
	for _, after := range []int{0, 1, 7} {
		synctest.Test(t, func(t *testing.T) {
			srv, client, job := logServer(t)
			srv.Inject(proximltest.Fault{On: "GET /", Kind: proximltest.Stall, Delay: time.Hour, AfterMessages: after, Times: 2})
			start := time.Now()
			assert.Equal(t, scripted(), follow(t, client, job.ID))
			assert.Less(t, time.Since(start), 10*time.Minute)
		})
	}
}

func TestLogsOfADeadConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, _, job := logServer(t)
		transport := &deafened{RoundTripper: srv.Transport()}
		client, err := srv.Client(srv.Account("me@example.com"), proximl.WithHTTPClient(&http.Client{Transport: transport}))
		require.NoError(t, err)
		start := time.Now()
		assert.Equal(t, scripted(), follow(t, client, job.ID))
		assert.Less(t, time.Since(start), 10*time.Minute)
		assert.Equal(t, 5, transport.sockets, "two, one for the history when there is one, and two again")
	})
}

// deafened is a transport whose first log connection brings nothing after a few
// reads, and does not end either.
type deafened struct {
	http.RoundTripper
	sockets int
}

func (d *deafened) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := d.RoundTripper.RoundTrip(req)
	if err == nil && resp.StatusCode == http.StatusSwitchingProtocols {
		if d.sockets++; d.sockets == 1 {
			resp.Body = &deaf{resp.Body.(io.ReadWriteCloser), make(chan struct{}), 20, sync.Once{}}
		}
	}
	return resp, err
}

type deaf struct {
	io.ReadWriteCloser
	closed chan struct{}
	reads  int
	once   sync.Once
}

func (d *deaf) Read(p []byte) (int, error) {
	if d.reads--; d.reads < 0 {
		<-d.closed
	}
	return d.ReadWriteCloser.Read(p)
}

func (d *deaf) Close() error {
	d.once.Do(func() { close(d.closed) })
	return d.ReadWriteCloser.Close()
}

// A log ends although the service does not say so.
func TestLogsEndWithTheJob(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, client, job := logServer(t)
		srv.Inject(proximltest.Fault{On: "GET /", Kind: proximltest.WithholdEnd})
		start := time.Now()
		assert.Equal(t, scripted(), follow(t, client, job.ID))
		assert.Less(t, time.Since(start), 10*time.Minute)
	})
}

// A worker that joins the job later gets its number, one that nobody knows has
// none, and the job is asked about each only once.
func TestLogsOfNewWorkers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, client, job := logServer(t)
		_, err := client.Jobs.WaitFor(t.Context(), job.ID, proximl.JobStatusRunning)
		require.NoError(t, err)
		before := len(srv.Requests())
		srv.Inject(
			proximltest.Fault{On: "GET /job/{id}", Body: fmt.Sprintf(`{"job_uuid":%q,"status":"running","workers":[{"job_worker_uuid":%q}]}`, job.ID, job.Workers[0].ID)},
			proximltest.Fault{On: "GET /", Kind: proximltest.ExtraFrame, AfterMessages: 3, Body: `{"type":"subscription","stream":"stranger","time":1e12,"msg":"hello"}`},
		)
		want := scripted()
		want[0] = append(want[0], "hello")
		assert.Equal(t, want, follow(t, client, job.ID))
		assert.Zero(t, srv.ClearFaults())
		var looks, sockets int
		for _, request := range srv.Requests()[before:] {
			switch request.Path {
			case "/job/" + job.ID:
				looks++
			case "/":
				sockets++
			}
		}
		assert.Equal(t, 3, looks, "at the start, for the second worker, for the stranger")
		assert.Equal(t, 2, sockets)
	})
}

func TestLogsStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, client, job := logServer(t)
		for range client.Jobs.Logs(t.Context(), job.ID) {
			break // leaves nothing behind: the bubble would not end
		}

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		var last error
		for _, err := range client.Jobs.Logs(ctx, job.ID) {
			last = err
		}
		require.ErrorIs(t, last, context.DeadlineExceeded)
		assert.Equal(t, time.Second, time.Since(start))

		// A service that refuses the websocket is given up.
		srv.Inject(proximltest.Fault{On: "GET /", Times: 100, Status: 502, Body: "Bad Gateway"})
		last = nil
		for _, err := range client.Jobs.Logs(t.Context(), job.ID) {
			last = err
		}
		require.EqualError(t, last, "GET / (log websocket): 502 Bad Gateway: a reply of type text/plain; charset=utf-8: Bad Gateway")
		assert.Equal(t, 95, srv.ClearFaults())

		_, err := proximl.New()
		require.Error(t, err)
		for _, err := range client.Jobs.Logs(t.Context(), "nope") {
			require.ErrorIs(t, err, proximl.ErrNotFound)
		}
	})
}

// A token that is refused is replaced, and goes into no error.
func TestLogsTokens(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, client, job := logServer(t)
		srv.Inject(proximltest.Fault{On: "GET /", Status: 401, Body: `{"message":"Unauthorized"}`})
		assert.Equal(t, scripted(), follow(t, client, job.ID))
		assert.Zero(t, srv.ClearFaults())

		srv.Inject(proximltest.Fault{Kind: proximltest.RefuseConnection, Times: 1000})
		client.CloseIdleConnections()
		for _, err := range client.Jobs.Logs(t.Context(), job.ID) {
			require.Error(t, err)
			assert.NotContains(t, fmt.Sprintf("%+v", err), "eyJ", "a token")
		}
	})
}

// Nor does a token that the reply quotes.
func TestLogsAreRefusedWithTheToken(t *testing.T) {
	t.Parallel()
	const token = "eyJraWQ.canary.canary"
	client := newClient(t, proximl.WithTokenSource(staticToken(token)), quick, proximl.WithHTTPClient(&http.Client{
		Transport: answering(func(req *http.Request) (*http.Response, error) {
			e := exchange{status: http.StatusForbidden, reply: `{"message":"not allowed: ` + req.URL.Query().Get("Authorization") + `"}`}
			if req.URL.Path != "/" {
				e = exchange{reply: `{"job_uuid":"x","status":"running"}`}
			}
			return e.response(req), nil
		}),
	}))
	require.EqualError(t, client.Jobs.CopyLogs(t.Context(), "x", io.Discard), "GET / (log websocket): 403 Forbidden: not allowed: [secret]")
}

func TestCopyLogs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, client, job := logServer(t)
		var out bytes.Buffer
		require.NoError(t, client.Jobs.CopyLogs(t.Context(), job.ID, &out))
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		require.Len(t, lines, 62)
		at := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
		assert.Regexp(t, `^\d\d/\d\d/\d{4}, \d\d:\d\d:\d\d: Worker 0 - Downloading$`, lines[0])
		assert.True(t, slices.ContainsFunc(lines, func(line string) bool { return strings.HasSuffix(line, ": Worker 2 - step 9") }))
		assert.True(t, strings.HasPrefix(lines[0], at.Local().Format("01/")), "the clock of the bubble begins in 2000: %s", lines[0])

		dataset, err := client.Datasets.Create(t.Context(), &proximl.DatasetSpec{Name: "d", SourceType: "aws", SourceURI: "s3://b/k"})
		require.NoError(t, err)
		require.ErrorContains(t, client.Datasets.CopyLogs(t.Context(), dataset.ID, failingWriter{}), "writing the log: disk full")
	})
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestLogArchive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, client, job := logServer(t)
		job, err := client.Jobs.WaitFor(t.Context(), job.ID, proximl.JobStatusFinished)
		require.NoError(t, err)
		var zip bytes.Buffer
		require.NoError(t, client.Jobs.LogArchive(t.Context(), job.ID, job.Workers[0].ID, &zip))
		assert.True(t, bytes.HasPrefix(zip.Bytes(), []byte("PK")), "a zip")
		require.ErrorIs(t, client.Jobs.LogArchive(t.Context(), job.ID, "nope", &zip), proximl.ErrNotFound)

		// What goes wrong tells nobody the URL, which opens the log without a token.
		for want, fault := range map[string]proximltest.Fault{
			"403 Forbidden": {Status: 403, Body: "<Error><Code>AccessDenied</Code></Error>"},
			"the log archive broke off after 20 bytes: ": {Kind: proximltest.CutConnection, AfterBytes: 20},
		} {
			fault.On = "GET /trainml-jobs-local/{rest...}"
			srv.Inject(fault)
			err := client.Jobs.LogArchive(t.Context(), job.ID, job.Workers[0].ID, &zip)
			require.ErrorContains(t, err, want)
			assert.NotContains(t, err.Error(), "X-Amz-Signature")
			assert.Zero(t, srv.ClearFaults())
		}
		require.ErrorContains(t, client.Jobs.LogArchive(t.Context(), job.ID, job.Workers[0].ID, failingWriter{}), "disk full")
	})
}

// Nothing that is not the archive, and no part of it, passes for it.
func TestLogArchiveOfAnotherPlace(t *testing.T) {
	t.Parallel()
	for logURL, text := range map[string]string{
		"http://169.254.169.254/logs.zip?X-Amz-Signature=canary": "proximl: the URL of the log archive is plain http to 169.254.169.254, which is not encrypted; use https",
		"file:///etc/passwd?canary":                              "proximl: the URL of the log archive is no URL",
		"canary":                                                 "proximl: the URL of the log archive is no URL",
	} {
		client, s := play(t, []turn{ok(`"` + logURL + `"`)})
		var out bytes.Buffer
		err := client.Datasets.LogArchive(t.Context(), "x", &out)
		require.ErrorContains(t, err, text)
		assert.NotContains(t, err.Error(), "canary")
		assert.Len(t, s.sent(), 1)
		assert.Empty(t, out.String())
	}
}

func TestLogArchiveFaults(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault proximltest.Fault
		text  string
	}{
		"a page": {
			proximltest.Fault{Status: 200, Body: "<html>Please log in</html>"},
			"200 OK: a reply of type text/html; charset=utf-8: <html>Please log in</html>",
		},
		"JSON": {
			proximltest.Fault{Status: 200, Body: `{"message":"no"}`},
			"200 OK: no",
		},
		"a cut": {
			proximltest.Fault{Kind: proximltest.TruncateBody},
			"200 OK: the log archive broke off after",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv, client, job := logServer(t)
				job, err := client.Jobs.WaitFor(t.Context(), job.ID, proximl.JobStatusFinished)
				require.NoError(t, err)
				test.fault.On = "GET /{bucket}/{id}/logs/{rest...}"
				srv.Inject(test.fault)
				var out bytes.Buffer
				err = client.Jobs.LogArchive(t.Context(), job.ID, job.Workers[0].ID, &out)
				require.ErrorContains(t, err, test.text)
				assert.Equal(t, 200, apiError(t, err).StatusCode)
				if name != "a cut" {
					assert.Empty(t, out.String())
				}
			})
		})
	}
}

// A log whose connections drop before they bring anything is given up.
func TestLogsThatDropAreGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, client, job := logServer(t)
		srv.Inject(proximltest.Fault{On: "GET /", Kind: proximltest.CutConnection, Times: 100})
		var last error
		for _, err := range client.Jobs.Logs(t.Context(), job.ID) {
			last = err
		}
		failed := apiError(t, last)
		assert.Equal(t, 101, failed.StatusCode)
		assert.Equal(t, 5, failed.Attempts)
		require.ErrorContains(t, last, "GET / (log websocket): 101 Switching Protocols: the connection drops: ")
		assert.LessOrEqual(t, 90, srv.ClearFaults(), "each time at most one for the lines to come and one for the history")
	})
}
