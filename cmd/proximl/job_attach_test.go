package main

import (
	"bytes"
	"net/http"
	"regexp"
	"runtime/debug"
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

// late lets the looks of the exchange, or those of all others, come late from a
// moment on.
type late struct {
	http.RoundTripper
	isExchange bool
	by         time.Duration
	begun      atomic.Bool
}

func (l *late) RoundTrip(req *http.Request) (*http.Response, error) {
	isExchange := bytes.Contains(debug.Stack(), []byte("jobWatch).connect(")) // both are the same requests
	if l.begun.Load() && strings.HasPrefix(req.URL.Path, "/job/") && isExchange == l.isExchange {
		select {
		case <-req.Context().Done():
			return nil, req.Context().Err()
		case <-time.After(l.by):
		}
	}
	return l.RoundTripper.RoundTrip(req)
}

// watched is a watch of a new job, and what it says.
func watched(t *testing.T, client *proximl.ProxiML, model *proximl.JobModel, data *proximl.JobData, folders proximl.ConnectOptions) (watch *jobWatch, stdout, stderr *shared) {
	t.Helper()
	job, err := client.Jobs.Create(t.Context(), &proximl.JobSpec{
		Name: "resnet", Type: proximl.JobTypeTraining, Workers: []string{"true"}, Model: model, Data: data,
		Resources: proximl.JobResources{GPUTypes: []string{"rtx3090"}, GPUCount: new(1)},
	})
	require.NoError(t, err)
	stdout, stderr = &shared{}, &shared{}
	a := &app{stdout: stdout, stderr: stderr, progress: &progress{stderr: stderr}}
	return &jobWatch{app: a, client: client, job: job, log: stdout, wanted: proximl.JobStatusFinished, folders: folders}, stdout, stderr
}

// A job that ends while its upload waits ends the watch, with its log and an exit
// code of its own.
func TestJobEndsWhileItsFilesMove(t *testing.T) {
	t.Parallel()
	for status, advice := range map[string]string{"failed": "; its log: proximl job logs JOB --archive log.zip", "removing": ""} {
		for name, transport := range map[string]*late{
			"the exchange sees it first": {by: 3 * time.Second},
			"the wait sees it first":     {isExchange: true, by: time.Hour},
		} {
			t.Run(status+", "+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := proximltest.New(t, proximltest.WithoutListener(), proximltest.WithDuration("removing", time.Hour),
						proximltest.WithLogScript(func(proximltest.Entity, int) []proximltest.LogLine {
							return []proximltest.LogLine{{Text: "no space left"}}
						}))
					transport.RoundTripper = srv.Transport()
					client, err := srv.Client(srv.Account("me@example.com"), proximl.WithHTTPClient(&http.Client{Transport: transport}))
					require.NoError(t, err)
					folder := t.TempDir()
					watch, stdout, stderr := watched(t, client, &proximl.JobModel{SourceType: local, SourceURI: folder}, nil, proximl.ConnectOptions{Model: folder})
					id := watch.job.ID
					srv.Inject(proximltest.Fault{On: "GET /transfer/{id}/ping", Status: 404, Times: 1000})
					const moment = 2 * time.Minute
					time.AfterFunc(moment, func() {
						transport.begun.Store(true)
						assert.NoError(t, srv.SetStatus(id, status))
					})
					start := time.Now()
					err = watch.run(t.Context())
					assert.Less(t, time.Since(start), moment+maxPoll+lastLines)
					require.EqualError(t, err, id+` is "`+status+`" and cannot become "finished" any more`+strings.Replace(advice, "JOB", id, 1))
					assert.Equal(t, exitFailed, exitCode(t.Context(), err))
					assert.Contains(t, stdout.String(), "no space left")
					assert.Empty(t, stderr.String())
				})
			})
		}
	}
}

// The output that a worker gives is fetched, though its job has ended otherwise.
func TestJobEndsWhileItsOutputMoves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := proximltest.New(t, proximltest.WithoutListener())
		client, err := srv.Client(srv.Account("me@example.com"))
		require.NoError(t, err)
		output := t.TempDir()
		watch, _, stderr := watched(t, client, nil, &proximl.JobData{OutputType: local, OutputURI: output}, proximl.ConnectOptions{Output: output})
		id := watch.job.ID
		srv.Inject(proximltest.Fault{On: "GET /transfer/{id}/download", Kind: proximltest.Stall, AfterBytes: 600, Delay: 100 * time.Second})
		go func() {
			_, err := client.Jobs.WaitFor(t.Context(), id, proximl.JobStatusUploading)
			assert.NoError(t, err)
			time.Sleep(maxPoll)
			assert.NoError(t, srv.SetStatus(id, "canceled"))
		}()
		err = watch.run(t.Context())
		require.EqualError(t, err, id+` is "canceled" and cannot become "finished" any more`)
		assert.Regexp(t, `^Downloaded the output to `+regexp.QuoteMeta(output)+`: \S+ B\n$`, stderr.String())
	})
}

// A log that breaks off is told of, and ends nothing but what is there for it.
func TestJobLogThatBreaksOff(t *testing.T) {
	t.Parallel()
	srv, me := service(t, proximltest.WithSpeed(100))
	srv.Inject(proximltest.Fault{On: "GET /", Status: http.StatusForbidden, Body: `{"message":"no"}`, Times: 999})
	const note = "The log broke off: GET / (log websocket): 403 Forbidden: no\n"
	r := me.run("job", "create", "notebook", "sandbox", "-o", "id").ok()
	assert.Contains(t, r.stderr, note)

	r = me.run("job", "create", "training", "fails", "-o", "id", "true")
	assert.Contains(t, r.stderr, note)
	assert.Equal(t, exitNotAllowed, r.code)
	list, err := me.client.Jobs.List(t.Context())
	require.NoError(t, err)
	require.Len(t, list, 2)
	for _, job := range list {
		assert.Equal(t, map[string]proximl.JobStatus{"sandbox": proximl.JobStatusRunning, "fails": proximl.JobStatusFinished}[job.Name], job.Status)
	}
}
