package proximl_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

// retold changes what the service tells of a job before the client reads it.
type retold struct {
	http.RoundTripper
	tell func(job string) string
}

func (r *retold) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := r.RoundTripper.RoundTrip(req)
	if err != nil || req.Method != http.MethodGet || !strings.HasPrefix(req.URL.Path, "/job/") {
		return resp, err
	}
	defer resp.Body.Close()
	job, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	told := r.tell(string(job))
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader([]byte(told))), int64(len(told))
	resp.Header.Del("Content-Length")
	return resp, nil
}

// retelling is connected with a service that tells of jobs what tell makes of it.
func retelling(t *testing.T, tell func(job string) string) (*proximltest.Server, *proximl.ProxiML) {
	t.Helper()
	srv := proximltest.New(t, proximltest.WithoutListener())
	client, err := srv.Client(srv.Account("me@example.com"), proximl.WithHTTPClient(&http.Client{Transport: &retold{srv.Transport(), tell}}))
	require.NoError(t, err)
	return srv, client
}

var (
	jobStatus  = regexp.MustCompile(`("status":)"uploading"(,"start")`)
	outputDoor = regexp.MustCompile(`,"output_hostname":"[^"]*","output_auth_token":"[^"]*"`)
	inputDoor  = regexp.MustCompile(`,"input_hostname":"[^"]*","input_auth_token":"[^"]*"`)
)

// After an end that nobody confirmed, the job may take a moment to go on.
func TestConnectUnconfirmedJobIsLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var waiting string // what the job was while it waited
		var ended time.Time
		var srv *proximltest.Server
		srv, client := retelling(t, func(job string) string {
			mu.Lock()
			defer mu.Unlock()
			switch {
			case strings.Contains(job, `"status":"waiting for data/model download"`):
				waiting = job
			case waiting != "" && ended.IsZero() && finalized(srv) == 8:
				ended = time.Now()
			}
			if waiting != "" && (ended.IsZero() || time.Since(ended) < 30*time.Second) {
				return waiting
			}
			return job
		})
		job := localJob(t, client, "python a.py")
		srv.Inject(lostFinalize(true))
		job, err := client.Jobs.Connect(t.Context(), job.ID, proximl.ConnectOptions{Model: folder(t, someFiles), UploadOnly: true})
		require.NoError(t, err)
		assert.NotEqual(t, proximl.JobStatusWaitingForDownload, job.Status)
		assert.Equal(t, someFiles, uploaded(t, srv, job.ID+"/model"))
		require.Zero(t, srv.ClearFaults())
		assert.GreaterOrEqual(t, time.Since(ended), 30*time.Second)
	})
}

// finalized counts the ends of transfers that the service was told of.
func finalized(srv *proximltest.Server) (count int) {
	for _, request := range srv.Requests() {
		if strings.HasSuffix(request.Path, "/finalize") {
			count++
		}
	}
	return count
}

// A job may read finished while a worker still runs, or is about to upload.
func TestConnectJobFinishedBeforeItsWorker(t *testing.T) {
	t.Parallel()
	for name, early := range map[string]string{"running": "running", "uploading, without a host": "uploading"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				looks := 0
				srv, client := retelling(t, func(job string) string {
					if !jobStatus.MatchString(job) {
						return job
					}
					job = jobStatus.ReplaceAllString(job, `$1"finished"$2`)
					if looks++; looks > 3 {
						return job
					}
					return strings.Replace(outputDoor.ReplaceAllString(job, ""), `"status":"uploading"`, `"status":"`+early+`"`, 1)
				})
				job := localJob(t, client, "python a.py")
				output := t.TempDir()
				_, err := client.Jobs.Connect(t.Context(), job.ID, proximl.ConnectOptions{Model: folder(t, someFiles), Output: output})
				require.NoError(t, err)
				assert.Greater(t, looks, 3)
				assert.NotEmpty(t, contents(t, output))
				assert.Equal(t, proximl.JobStatusFinished, statusOf(t, srv, client, job.ID))
			})
		})
	}
}

func statusOf(t *testing.T, srv *proximltest.Server, client *proximl.ProxiML, id string) proximl.JobStatus {
	t.Helper()
	job, err := client.Jobs.Get(t.Context(), id)
	require.NoError(t, err)
	return job.Status
}

// uploading makes a job whose worker is about to give its output. From a moment
// on, the service says another status of the job than it has; of what the job
// lacks it says nothing then.
func uploading(t *testing.T, moment time.Duration, status map[string]string) (*proximltest.Server, *proximl.ProxiML, *proximl.Job) {
	t.Helper()
	var other atomic.Bool
	srv, client := retelling(t, func(job string) string {
		if !other.Load() {
			return job
		}
		for is, says := range status {
			job = strings.Replace(job, `"status":"`+is+`","start"`, `"status":"`+says+`","start"`, 1)
		}
		return strings.ReplaceAll(job, `"status":"ready"`, `"status":"new"`)
	})
	job := localJob(t, client, "python a.py")
	_, err := client.Jobs.Connect(t.Context(), job.ID, proximl.ConnectOptions{Model: folder(t, someFiles), UploadOnly: true})
	require.NoError(t, err)
	job, err = client.Jobs.WaitFor(t.Context(), job.ID, proximl.JobStatusUploading)
	require.NoError(t, err)
	if moment == 0 {
		other.Store(true)
	}
	time.AfterFunc(moment, func() { other.Store(true) })
	return srv, client, job
}

const download = "GET /transfer/{id}/download"

// What a worker still gives is fetched, whatever has become of its job.
func TestConnectFetchesWhatIsGiven(t *testing.T) {
	t.Parallel()
	for status, after := range map[string]string{
		"failed": "failed", "canceled": "canceled", "removing": "removing", "stopping": "stopped", "stopped": "stopped",
	} {
		for when, moment := range map[string]time.Duration{"before": 0, "meanwhile": 30 * time.Second} {
			t.Run(status+" "+when, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv, client, job := uploading(t, moment, map[string]string{"uploading": status, "finished": after})
					srv.Inject(proximltest.Fault{On: download, Kind: proximltest.Stall, AfterBytes: 600, Delay: 100 * time.Second})
					start, output := time.Now(), t.TempDir()
					var told report
					job, err := client.Jobs.Connect(t.Context(), job.ID, told.of(proximl.ConnectOptions{Output: output, Wait: regularLooks}))
					if after == "stopped" { // as finished was called once
						require.NoError(t, err)
					} else {
						require.EqualError(t, err, job.ID+` is "`+after+`" and cannot become "finished" any more`)
					}
					assert.Equal(t, proximl.JobStatus(after), job.Status)
					assert.Equal(t, 100*time.Second, time.Since(start))
					assert.Len(t, told.received, 1)
					assert.NotEmpty(t, contents(t, output))
				})
			})
		}
	}
}

// What a worker has just given counts, too, while it is not known that it arrived.
func TestConnectTellsWhatWasGiven(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, client, job := uploading(t, time.Second, map[string]string{"uploading": "failed", "finished": "failed"})
		srv.Inject(lostFinalize(true))
		var told report
		_, err := client.Jobs.Connect(t.Context(), job.ID, told.of(proximl.ConnectOptions{Output: t.TempDir(), Wait: regularLooks}))
		require.EqualError(t, err, job.ID+` is "failed" and cannot become "finished" any more`)
		assert.Zero(t, srv.ClearFaults())
		assert.Len(t, told.received, 1)
	})
}

// A download that fails while its worker still gives it does so for a reason of
// its own.
func TestConnectTellsOfADownloadThatFailed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, client, job := uploading(t, 0, map[string]string{"uploading": "failed"})
		srv.Inject(proximltest.Fault{On: download, Status: 403})
		_, err := client.Jobs.Connect(t.Context(), job.ID, proximl.ConnectOptions{Output: t.TempDir(), Wait: regularLooks})
		failed, ok := errors.AsType[*proximl.TransferError](err)
		require.True(t, ok, "%v", err)
		assert.Equal(t, 403, failed.StatusCode)
	})
}

// What no worker gives any more ends the Connect.
func TestConnectOfAnOutputThatEnds(t *testing.T) {
	t.Parallel()
	for where, test := range map[string]struct {
		fault    proximltest.Fault
		received int
	}{
		notReady: {stuckUploads[notReady], 0},
		"bytes of one worker are under way": {
			proximltest.Fault{On: download, Kind: proximltest.Stall, AfterBytes: 600, Delay: 100 * time.Second}, 1,
		},
	} {
		for _, status := range []string{"failed", "stopped", "archived"} {
			t.Run(status+", "+where, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv, client, requests := audited(t)
					job := localJob(t, client, "python a.py", "python b.py")
					_, err := client.Jobs.Connect(t.Context(), job.ID, proximl.ConnectOptions{Model: folder(t, someFiles), UploadOnly: true})
					require.NoError(t, err)
					_, err = client.Jobs.WaitFor(t.Context(), job.ID, proximl.JobStatusUploading)
					require.NoError(t, err)
					srv.Inject(test.fault)
					const moment = 12 * time.Second
					time.AfterFunc(moment, func() {
						if status == "archived" {
							assert.NoError(t, client.Jobs.Delete(t.Context(), job.ID, proximl.WithForce()))
						} else {
							assert.NoError(t, srv.SetStatus(job.ID, status))
						}
					})
					var told report
					ended := requests.endsSoon(t, moment, func() error {
						_, err := client.Jobs.Connect(t.Context(), job.ID, told.of(proximl.ConnectOptions{Output: t.TempDir(), Wait: regularLooks}))
						return err
					})
					require.EqualError(t, ended, job.ID+` is "`+status+`" and cannot become "finished" any more`)
					assert.Len(t, told.received, test.received)
				})
			})
		}
	}
}

// A job that was stopped gives no output, though a worker may read running.
func TestConnectOfAStoppedJob(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, client := retelling(t, func(job string) string {
			return strings.Replace(job, `"status":"running","start"`, `"status":"stopped","start"`, 1)
		})
		spec := smallSpec()
		spec.Data = &proximl.JobData{OutputType: "local", OutputURI: "/output"}
		job, err := client.Jobs.Create(t.Context(), spec)
		require.NoError(t, err)
		require.NoError(t, srv.SetStatus(job.ID, "running"))
		start := time.Now()
		job, err = client.Jobs.Connect(t.Context(), job.ID, proximl.ConnectOptions{Output: t.TempDir()})
		require.NoError(t, err)
		assert.Equal(t, proximl.JobStatusStopped, job.Status)
		assert.Equal(t, "running", job.Workers[0].Status)
		assert.Zero(t, time.Since(start))
	})
}

// Each output is fetched when it is there, while that of another worker is still
// on its way.
func TestConnectBeginsEachOutput(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		looks := 0
		srv, client := retelling(t, func(job string) string {
			doors := outputDoor.FindAllStringIndex(job, -1)
			if len(doors) < 2 {
				return job
			}
			if looks++; looks > 2 {
				return job
			}
			return job[:doors[1][0]] + job[doors[1][1]:] // worker 2 is not ready
		})
		job := localJob(t, client, "python a.py", "python b.py")
		srv.Inject(proximltest.Fault{On: "GET /transfer/{id}/download", Kind: proximltest.Stall, AfterBytes: 600, Delay: 100 * time.Second})
		var order []int
		var at []time.Time
		output := t.TempDir()
		_, err := client.Jobs.Connect(t.Context(), job.ID, proximl.ConnectOptions{
			Model: folder(t, someFiles), Output: output, Wait: []proximl.WaitOption{proximl.PollBetween(5*time.Second, 10*time.Second)},
			Received: func(r proximl.TransferReceipt) {
				assert.Equal(t, proximl.TransferReceipt{
					What: "output", Worker: r.Worker, Folder: filepath.Join(output, "worker-"+string(rune('0'+r.Worker))), Entries: 1, Bytes: r.Bytes,
				}, r)
				assert.Positive(t, r.Bytes)
				order, at = append(order, r.Worker), append(at, time.Now())
			},
		})
		require.NoError(t, err)
		require.Equal(t, []int{2, 1}, order)
		assert.Greater(t, at[1].Sub(at[0]), time.Minute)
	})
}

// So are the uploads.
func TestConnectBeginsEachUpload(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		looks := 0
		srv, client := retelling(t, func(job string) string {
			if !inputDoor.MatchString(job) {
				return job
			}
			if looks++; looks > 2 {
				return job
			}
			return inputDoor.ReplaceAllString(job, "")
		})
		spec := smallSpec()
		spec.Model = &proximl.JobModel{SourceType: "local", SourceURI: "/model"}
		spec.Data = &proximl.JobData{InputType: "local", InputURI: "/input"}
		job, err := client.Jobs.Create(t.Context(), spec)
		require.NoError(t, err)
		srv.Inject(proximltest.Fault{On: "PUT /transfer/{id}/upload", Delay: 5 * time.Minute})
		var order []string
		var at []time.Time
		files := folder(t, map[string]string{"a": "a"})
		_, err = client.Jobs.Connect(t.Context(), job.ID, proximl.ConnectOptions{
			Model: files, Input: files,
			Progress: func(p proximl.TransferProgress) { order, at = append(order, p.What), append(at, time.Now()) },
		})
		require.NoError(t, err)
		require.Equal(t, []string{"input", "model"}, order)
		assert.Greater(t, at[1].Sub(at[0]), 4*time.Minute)
		assert.Less(t, time.Since(at[1]), time.Second, "the end of the last is noticed at once")
	})
}

// What moves goes on when the job cannot be looked at meanwhile.
func TestConnectOutlivesLooks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, client := connected(t)
		job := localJob(t, client, "python a.py")
		srv.Inject(proximltest.Fault{On: "PUT /transfer/{id}/upload", Delay: 5 * time.Minute})
		time.AfterFunc(2*time.Minute, func() {
			srv.Inject(proximltest.Fault{On: "GET /job/{id}", Status: 500, Body: `{"message":"no"}`, Times: 20})
		})
		job, err := client.Jobs.Connect(t.Context(), job.ID, proximl.ConnectOptions{Model: folder(t, someFiles), UploadOnly: true, Wait: regularLooks})
		require.NoError(t, err)
		assert.Equal(t, someFiles, uploaded(t, srv, job.ID+"/model"))
		assert.Zero(t, srv.ClearFaults(), "the looks met the faults")
	})
}

// The first transfer that fails ends the others, at once.
func TestConnectEndsWithAFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, client := connected(t)
		job := localJob(t, client, "python a.py", "python b.py")
		_, err := client.Jobs.Connect(t.Context(), job.ID, proximl.ConnectOptions{Model: folder(t, someFiles), UploadOnly: true})
		require.NoError(t, err)
		srv.Inject(
			proximltest.Fault{On: "GET /transfer/{id}/download", Kind: proximltest.Stall, AfterBytes: 600, Delay: 100 * time.Second},
			proximltest.Fault{On: "GET /transfer/{id}/download", Status: 403, Body: `{"message":"no"}`},
		)
		start := time.Now()
		_, err = client.Jobs.WaitFor(t.Context(), job.ID, proximl.JobStatusUploading)
		require.NoError(t, err)
		waited := time.Since(start)
		_, err = client.Jobs.Connect(t.Context(), job.ID, proximl.ConnectOptions{Output: t.TempDir()})
		require.ErrorIs(t, err, proximl.ErrForbidden)
		require.ErrorContains(t, err, "GET /download: 403 Forbidden: no")
		assert.Less(t, time.Since(start)-waited, time.Minute)
	})
}

// A Connect of a job that has all that it needs succeeds, and moves nothing.
func TestConnectJobAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, client := connected(t)
		job := localJob(t, client, "python a.py")
		uploads := proximl.ConnectOptions{Model: folder(t, someFiles), UploadOnly: true}
		_, err := client.Jobs.Connect(t.Context(), job.ID, uploads)
		require.NoError(t, err)
		_, err = client.Jobs.WaitFor(t.Context(), job.ID, proximl.JobStatusRunning)
		require.NoError(t, err)
		again, err := client.Jobs.Connect(t.Context(), job.ID, uploads)
		require.NoError(t, err)
		assert.Equal(t, proximl.JobStatusRunning, again.Status)

		for _, arrivals := range []int{1, 0} {
			var received []proximl.TransferReceipt
			before := len(srv.Requests())
			_, err = client.Jobs.Connect(t.Context(), job.ID, proximl.ConnectOptions{
				Output: t.TempDir(), Received: func(r proximl.TransferReceipt) { received = append(received, r) },
			})
			require.NoError(t, err)
			require.Len(t, received, arrivals)
			if arrivals == 0 {
				for _, request := range srv.Requests()[before:] {
					assert.NotContains(t, request.Path, "/transfer/")
				}
			}
		}
	})
}
