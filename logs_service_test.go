package proximl_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

// lastOf is the error with which a log ends.
func lastOf(t *testing.T, client *proximl.ProxiML, id string) (last error) {
	t.Helper()
	for _, err := range client.Jobs.Logs(t.Context(), id) {
		last = err
	}
	return last
}

// swallowing is a transport that never answers a log connection but those it
// lets through.
type swallowing struct {
	http.RoundTripper
	passes func(dial int) bool
	dials  int
}

func (s *swallowing) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Header.Get("Upgrade") == "" {
		return s.RoundTripper.RoundTrip(req)
	}
	if s.dials++; s.passes(s.dials) {
		return s.RoundTripper.RoundTrip(req)
	}
	<-req.Context().Done()
	return nil, req.Context().Err()
}

// A log is given up whichever of its connections cannot be made, however long
// each attempt takes.
func TestLogsOfAHostThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		passes func(int) bool
		dials  int
	}{
		"both":         {func(int) bool { return false }, 5},
		"for the past": {func(dial int) bool { return dial%2 == 1 }, 10},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv, _, job := logServer(t)
				transport := &swallowing{RoundTripper: srv.Transport(), passes: test.passes}
				client, err := srv.Client(srv.Account("me@example.com"), proximl.WithHTTPClient(&http.Client{Transport: transport}))
				require.NoError(t, err)
				start := time.Now()
				require.ErrorIs(t, lastOf(t, client, job.ID), context.DeadlineExceeded)
				assert.Equal(t, test.dials, transport.dials)
				assert.Less(t, time.Since(start), 3*time.Minute)
			})
		})
	}
}

// A login that is refused is not asked for again: that locks accounts.
func TestLogsOfARefusedLogin(t *testing.T) {
	t.Parallel()
	asked := 0
	tokens := sourceFunc(func(context.Context, string) (string, error) {
		if asked++; asked == 1 {
			return "token", nil
		}
		return "", &proximl.AuthError{Code: "NotAuthorizedException", Message: "Incorrect username or password."}
	})
	client, _ := play(t, []turn{ok(`{"job_uuid":"j","status":"running"}`)}, proximl.WithTokenSource(tokens))
	require.ErrorIs(t, lastOf(t, client, "j"), proximl.ErrUnauthorized)
	assert.Equal(t, 2, asked, "for the job and for its log")
}

// What the service refuses for good is not asked for again, but with another
// token; what it refuses for now is.
func TestLogsThatAreRefused(t *testing.T) {
	t.Parallel()
	for status, dials := range map[int]int{400: 1, 401: 2, 403: 2, 404: 1, 429: 5, 500: 5} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv, client, job := logServer(t)
				srv.Inject(proximltest.Fault{On: "GET /", Times: 100, Status: status, Body: `{"message":"no"}`})
				start := time.Now()
				assert.Equal(t, status, apiError(t, lastOf(t, client, job.ID)).StatusCode)
				assert.Equal(t, dials, 100-srv.ClearFaults())
				assert.Equal(t, dials > 2, time.Since(start) > 0, "attempts of the same kind are some time apart")
			})
		})
	}
}

// However late the history comes, each line comes once and in order. What was
// written meanwhile waits for it.
func TestLogsOfALateHistory(t *testing.T) {
	t.Parallel()
	for _, delay := range []time.Duration{2 * time.Second, 3 * time.Second, 10 * time.Second, 29 * time.Second} {
		for _, late := range []time.Duration{0, 141 * time.Second, 160 * time.Second} {
			t.Run(fmt.Sprint(delay, " after ", late), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv, client, job := logServer(t, proximltest.WithHistoryDelay(delay), proximltest.WithDuration("running", 2*time.Minute))
					time.Sleep(late)
					srv.Inject(proximltest.Fault{On: "GET /", Kind: proximltest.CutConnection, AfterMessages: 20, Times: 3})
					assert.Equal(t, scripted(), follow(t, client, job.ID))
				})
			})
		}
	}
}

// A history that does not come at all is not waited for without an end: the
// lines that come live are passed on, and the logger is told.
func TestLogsWithoutAHistory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		srv, _, job := logServer(t, proximltest.WithHistoryDelay(time.Hour))
		client, err := srv.Client(srv.Account("me@example.com"), proximl.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
		require.NoError(t, err)
		assert.Equal(t, scripted(), follow(t, client, job.ID))
		assert.Equal(t, 1, strings.Count(log.String(), "the history of a log did not come: lines may be missing"))
	})
}

// A job that was not logged yet, and ends so, has a log that ends with it.
func TestLogsOfAJobThatNeverRuns(t *testing.T) {
	t.Parallel()
	for _, after := range []time.Duration{time.Second, 40 * time.Second, 3 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			srv, client, job := logServer(t, proximltest.WithScript(func(proximltest.Entity) proximltest.Script { return proximltest.Script{} }))
			require.NoError(t, srv.SetStatus(job.ID, "waiting for GPUs"))
			go func() {
				time.Sleep(after)
				assert.NoError(t, srv.SetStatus(job.ID, "canceled"))
			}()
			start := time.Now()
			assert.Empty(t, follow(t, client, job.ID))
			assert.LessOrEqual(t, time.Since(start), max(after, 30*time.Second)+time.Second)
		})
	}
}

// Looks at the job go on while the caller has a line: they must not write where
// the caller reads.
func TestLogsCaptureNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, client, job := logServer(t, proximltest.WithDuration("running", 10*time.Minute))
		var info proximl.ResponseInfo
		for _, err := range client.Jobs.Logs(t.Context(), job.ID, proximl.CaptureResponse(&info)) {
			require.NoError(t, err)
			require.Zero(t, info)
		}
		require.Zero(t, info)
		dataset, err := client.Datasets.Create(t.Context(), &proximl.DatasetSpec{Name: "d", SourceType: "aws", SourceURI: "s3://b/k"})
		require.NoError(t, err)
		require.NoError(t, client.Datasets.CopyLogs(t.Context(), dataset.ID, io.Discard, proximl.CaptureResponse(&info)))
		assert.Zero(t, info)
	})
}

// A line without a time is passed on with that of the line before it.
func TestLogsOfALineWithoutATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, client, job := logServer(t)
		_, err := client.Jobs.WaitFor(t.Context(), job.ID, proximl.JobStatusRunning)
		require.NoError(t, err)
		odd := fmt.Sprintf(`{"type":"subscription","stream":%q,"msg":"odd\n"}`, job.Workers[0].ID)
		srv.Inject(proximltest.Fault{On: "GET /", Kind: proximltest.ExtraFrame, AfterMessages: 8, Body: odd})
		want := scripted()
		var last proximl.LogEntry
		got := map[int][]string{}
		for entry, err := range client.Jobs.Logs(t.Context(), job.ID) {
			require.NoError(t, err)
			if entry.Text == "odd" {
				assert.Equal(t, last.Time, entry.Time)
			} else {
				got[entry.Worker] = append(got[entry.Worker], entry.Text)
			}
			if entry.Worker == 1 {
				last = entry
			}
		}
		assert.Equal(t, want, got)
		assert.Zero(t, srv.ClearFaults())
	})
}

// A log tells whose line it is as soon as there are several workers.
func TestCopyLogsOfNewWorkers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, client, job := logServer(t)
		srv.Inject(proximltest.Fault{On: "GET /job/{id}", Body: fmt.Sprintf(`{"job_uuid":%q,"status":"new"}`, job.ID)})
		var out bytes.Buffer
		require.NoError(t, client.Jobs.CopyLogs(t.Context(), job.ID, &out))
		assert.Equal(t, 30, strings.Count(out.String(), ": Worker 1 - "))
		assert.Equal(t, 30, strings.Count(out.String(), ": Worker 2 - "))
	})
}

// A history is asked for when the service knows who is to get the lines to come,
// so that none falls between the two.
func TestLogsAskForTheHistoryLast(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, _, job := logServer(t)
		transport := &tardy{RoundTripper: srv.Transport()}
		client, err := srv.Client(srv.Account("me@example.com"), proximl.WithHTTPClient(&http.Client{Transport: transport}))
		require.NoError(t, err)
		_, err = client.Jobs.WaitFor(t.Context(), job.ID, proximl.JobStatusRunning)
		require.NoError(t, err)
		assert.Equal(t, scripted(), follow(t, client, job.ID))
	})
}

// tardy is a transport over whose first log connection requests travel for 6
// seconds.
type tardy struct {
	http.RoundTripper
	sockets int
}

func (d *tardy) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := d.RoundTripper.RoundTrip(req)
	if err == nil && resp.StatusCode == http.StatusSwitchingProtocols {
		if d.sockets++; d.sockets == 1 {
			way := &longWay{ReadWriteCloser: resp.Body.(io.ReadWriteCloser), packets: make(chan []byte, 1000)}
			go way.deliver()
			resp.Body = way
		}
	}
	return resp, err
}

// longWay is a connection with a large delay in one direction.
type longWay struct {
	io.ReadWriteCloser
	packets chan []byte
	closed  atomic.Bool
}

func (l *longWay) deliver() {
	for packet := range l.packets {
		time.Sleep(6 * time.Second)
		_, _ = l.ReadWriteCloser.Write(packet)
	}
}

func (l *longWay) Write(p []byte) (int, error) {
	l.packets <- slices.Clone(p)
	return len(p), nil
}

func (l *longWay) Close() error {
	if l.closed.CompareAndSwap(false, true) {
		close(l.packets)
	}
	return l.ReadWriteCloser.Close()
}
