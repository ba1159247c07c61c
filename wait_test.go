package proximl_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

// life is an entity that the mock answers with, one status at each look. The
// last status stays.
type life struct {
	path, idKey, jobType string
	statuses             []string
	query                string          // of each look
	looks                []time.Duration // when they came, from the start
}

// gone is the "status" of an entity that cannot be found, broken of a service
// that fails.
const (
	gone   = "404"
	broken = "500"
)

// lead makes the mock answer the looks, from now on.
func (m *mock) lead(l *life) {
	start := time.Now()
	m.RegisterResponder(http.MethodGet, apiURL+l.path, func(req *http.Request) (*http.Response, error) {
		status := l.statuses[min(len(l.looks), len(l.statuses)-1)]
		l.looks = append(l.looks, time.Since(start))
		e := exchange{method: http.MethodGet, path: l.path, query: inActive + "&" + l.query}
		checkRequest(m.t, e, req)
		switch status {
		case gone:
			e.status, e.reply = http.StatusNotFound, `{"errorMessage":"Not Found"}`
		case broken:
			e.status, e.reply = http.StatusInternalServerError, `{"errorMessage":"broken"}`
		default:
			e.reply = `{"` + l.idKey + `":"x","name":"n","type":"` + l.jobType + `","status":"` + status + `"}`
		}
		return e.response(req), nil
	})
}

func jobLife(statuses ...string) *life {
	return &life{path: "/job/x", idKey: "job_uuid", jobType: "training", statuses: statuses}
}

func datasetLife(statuses ...string) *life {
	return &life{path: "/dataset/x", idKey: "dataset_uuid", statuses: statuses}
}

// waiting runs a test with a mock in a bubble of fake time.
func waiting(t *testing.T, test func(t *testing.T, client *proximl.ProxiML, mock *mock)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, mock := newMock(t)
		test(t, client, mock)
	})
}

func TestWaitForWhatIsThereAlready(t *testing.T) {
	waiting(t, func(t *testing.T, client *proximl.ProxiML, mock *mock) {
		l := jobLife("running")
		mock.lead(l)
		job, err := client.Jobs.WaitFor(t.Context(), "x", proximl.JobStatusRunning)
		require.NoError(t, err)
		assert.Equal(t, &proximl.Job{ID: "x", Name: "n", Type: proximl.JobTypeTraining, Status: proximl.JobStatusRunning}, job)
		assert.Equal(t, []time.Duration{0}, l.looks)
	})
}

func TestWaitForSkippedStatus(t *testing.T) {
	waiting(t, func(t *testing.T, client *proximl.ProxiML, mock *mock) {
		l := jobLife("new", "waiting for resources", "uploading", "finished")
		mock.lead(l)
		job, err := client.Jobs.WaitFor(t.Context(), "x", proximl.JobStatusRunning)
		require.NoError(t, err)
		assert.Equal(t, proximl.JobStatusUploading, job.Status)
		assert.Len(t, l.looks, 3)
	})
}

func TestWaitForModel(t *testing.T) {
	waiting(t, func(t *testing.T, client *proximl.ProxiML, mock *mock) {
		l := &life{path: "/model/x", idKey: "model_uuid", statuses: []string{"new", "downloading", "ready"}}
		mock.lead(l)
		model, err := client.Models.WaitFor(t.Context(), "x", proximl.StorageStatusReady)
		require.NoError(t, err)
		assert.Equal(t, "x", model.ID)
		assert.Equal(t, proximl.StorageStatusReady, model.Status)
		assert.Len(t, l.looks, 3)
	})
}

func TestWaitForPauses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		opts []proximl.WaitOption
		want []time.Duration
	}{
		"by default": {want: []time.Duration{
			5 * time.Second, 7500 * time.Millisecond, 11250 * time.Millisecond, 16875 * time.Millisecond,
			25312500 * time.Microsecond, 37968750 * time.Microsecond, 56953125 * time.Microsecond, time.Minute, time.Minute,
		}},
		"of the caller": {
			opts: []proximl.WaitOption{proximl.PollBetween(time.Second, 2*time.Second)},
			want: []time.Duration{time.Second, 1500 * time.Millisecond, 2 * time.Second, 2 * time.Second},
		},
		"that do not grow": {
			opts: []proximl.WaitOption{proximl.PollBetween(time.Hour, time.Hour)},
			want: []time.Duration{time.Hour, time.Hour},
		},
	} {
		t.Run(name, func(t *testing.T) {
			waiting(t, func(t *testing.T, client *proximl.ProxiML, mock *mock) {
				l := jobLife(append(make([]string, len(test.want)), "running")...)
				mock.lead(l)
				_, err := client.Jobs.WaitFor(t.Context(), "x", proximl.JobStatusRunning, test.opts...)
				require.NoError(t, err)
				require.Len(t, l.looks, len(test.want)+1)
				for i, pause := range test.want {
					assert.Equal(t, pause, l.looks[i+1]-l.looks[i], "pause %d", i+1)
				}
			})
		})
	}
}

func TestWaitForOnPoll(t *testing.T) {
	waiting(t, func(t *testing.T, client *proximl.ProxiML, mock *mock) {
		mock.lead(jobLife("new", "starting", "failed"))
		var seen []*proximl.Job
		last, err := client.Jobs.WaitFor(t.Context(), "x", proximl.JobStatusRunning, proximl.OnPoll(func(job *proximl.Job) { seen = append(seen, job) }))
		require.Error(t, err)
		require.Len(t, seen, 3)
		assert.Equal(t, proximl.JobStatusNew, seen[0].Status)
		assert.Equal(t, proximl.JobStatusStarting, seen[1].Status)
		assert.Same(t, last, seen[2])
	})
}

func TestWaitForPollRequest(t *testing.T) {
	waiting(t, func(t *testing.T, client *proximl.ProxiML, mock *mock) {
		l := datasetLife("new", "ready")
		l.query = "a=1&b=2"
		mock.lead(l)
		_, err := client.Datasets.WaitFor(t.Context(), "x", proximl.StorageStatusReady,
			proximl.WithPollRequest(query("a", "1")), proximl.WithPollRequest(query("b", "2")))
		require.NoError(t, err)
		assert.Len(t, l.looks, 2)
	})
}

// The mock fails the test when anything is sent.
func TestWaitForWrongOptions(t *testing.T) {
	t.Parallel()
	client, _ := newMock(t)
	for name, test := range map[string]struct {
		opt  proximl.WaitOption
		text string
	}{
		"OnPoll of another entity": {
			proximl.OnPoll(func(*proximl.Dataset) {}),
			"invalid wait: OnPoll: it takes a func(*proximl.Dataset), this waits with a func(*proximl.Job)",
		},
		"no OnPoll":           {proximl.OnPoll[proximl.Job](nil), "invalid wait: OnPoll: is nil"},
		"no option":           {nil, "invalid wait: WaitOption: is nil"},
		"no pause":            {proximl.PollBetween(0, time.Second), "invalid wait: PollBetween: 0s and 1s are no range of pauses"},
		"pauses that shrink":  {proximl.PollBetween(2*time.Second, time.Second), "invalid wait: PollBetween: 2s and 1s are no range of pauses"},
		"a pause in the past": {proximl.PollBetween(-2, -1), "invalid wait: PollBetween: -2ns and -1ns are no range of pauses"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			job, err := client.Jobs.WaitFor(t.Context(), "x", proximl.JobStatusRunning, test.opt)
			require.EqualError(t, err, test.text)
			require.ErrorIs(t, err, proximl.ErrInvalid)
			assert.Nil(t, job)
		})
	}
}

func TestWaitForEndsWithContext(t *testing.T) {
	t.Parallel()
	t.Run("cancelled", func(t *testing.T) {
		waiting(t, func(t *testing.T, client *proximl.ProxiML, mock *mock) {
			l := jobLife("new")
			mock.lead(l)
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(6*time.Second, cancel) // in the second pause
			start := time.Now()
			job, err := client.Jobs.WaitFor(ctx, "x", proximl.JobStatusRunning)
			assert.Equal(t, 6*time.Second, time.Since(start))
			require.EqualError(t, err, `waiting for x to become "running" (it is "new"): context canceled`)
			require.ErrorIs(t, err, context.Canceled)
			assert.Equal(t, proximl.JobStatusNew, job.Status)
			assert.Len(t, l.looks, 2)
		})
	})
	t.Run("cancelled with a cause", func(t *testing.T) {
		waiting(t, func(t *testing.T, client *proximl.ProxiML, mock *mock) {
			mock.lead(jobLife("new"))
			ctx, cancel := context.WithCancelCause(t.Context())
			cause := errors.New("no longer wanted")
			time.AfterFunc(time.Second, func() { cancel(cause) })
			_, err := client.Jobs.WaitFor(ctx, "x", proximl.JobStatusRunning)
			require.EqualError(t, err, `waiting for x to become "running" (it is "new"): context canceled: no longer wanted`)
			require.ErrorIs(t, err, cause)
			require.ErrorIs(t, err, context.Canceled)
		})
	})
	t.Run("a deadline", func(t *testing.T) {
		waiting(t, func(t *testing.T, client *proximl.ProxiML, mock *mock) {
			mock.lead(datasetLife("downloading"))
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			start := time.Now()
			dataset, err := client.Datasets.WaitFor(ctx, "x", proximl.StorageStatusReady)
			assert.Equal(t, time.Second, time.Since(start))
			require.EqualError(t, err, `waiting for x to become "ready" (it is "downloading"): context deadline exceeded`)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Equal(t, proximl.StorageStatusDownloading, dataset.Status)
		})
	})
	t.Run("over before the first look", func(t *testing.T) {
		waiting(t, func(t *testing.T, client *proximl.ProxiML, _ *mock) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			job, err := client.Jobs.WaitFor(ctx, "x", proximl.JobStatusRunning)
			require.ErrorIs(t, err, context.Canceled)
			assert.Nil(t, job)
		})
	})
}

func TestWaitForArchived(t *testing.T) {
	t.Parallel()
	t.Run("gone at the first look", func(t *testing.T) {
		waiting(t, func(t *testing.T, client *proximl.ProxiML, mock *mock) {
			l := jobLife(gone)
			mock.lead(l)
			job, err := client.Jobs.WaitFor(t.Context(), "x", proximl.JobStatusArchived)
			require.NoError(t, err)
			assert.Nil(t, job)
			assert.Equal(t, []time.Duration{0}, l.looks)
		})
	})
	t.Run("gone later", func(t *testing.T) {
		waiting(t, func(t *testing.T, client *proximl.ProxiML, mock *mock) {
			mock.lead(datasetLife("ready", "removing", "removed", gone))
			dataset, err := client.Datasets.WaitFor(t.Context(), "x", proximl.StorageStatusArchived)
			if assert.NoError(t, err) {
				assert.Equal(t, proximl.StorageStatusRemoved, dataset.Status)
			}
		})
	})
	for _, wanted := range []proximl.JobStatus{proximl.JobStatusRemoving, proximl.JobStatusRemoved} {
		t.Run("gone is "+string(wanted), func(t *testing.T) {
			waiting(t, func(t *testing.T, client *proximl.ProxiML, mock *mock) {
				mock.lead(jobLife("running", gone))
				job, err := client.Jobs.WaitFor(t.Context(), "x", wanted)
				require.NoError(t, err)
				assert.Equal(t, proximl.JobStatusRunning, job.Status, "the last that was seen")
			})
		})
	}
	t.Run("gone, but something else was waited for", func(t *testing.T) {
		waiting(t, func(t *testing.T, client *proximl.ProxiML, mock *mock) {
			mock.lead(jobLife("new", gone))
			job, err := client.Jobs.WaitFor(t.Context(), "x", proximl.JobStatusRunning)
			checkFailure(t, failure{
				http.StatusNotFound, "Not Found", proximl.ErrNotFound,
				"GET /job/x: 404 Not Found (project proj-active from an option)",
			}, err)
			assert.Equal(t, proximl.JobStatusNew, job.Status, "the last that was seen")
		})
	})
}

func TestWaitForGivesTheLastWithAnError(t *testing.T) {
	t.Parallel()
	t.Run("after some looks", func(t *testing.T) {
		waiting(t, func(t *testing.T, client *proximl.ProxiML, mock *mock) {
			l := jobLife("new", "starting", broken)
			mock.lead(l)
			job, err := client.Jobs.WaitFor(t.Context(), "x", proximl.JobStatusArchived)
			require.EqualError(t, err, "GET /job/x: 500 Internal Server Error: broken")
			assert.Equal(t, proximl.JobStatusStarting, job.Status)
			assert.Len(t, l.looks, 2+5, "five in a row end the wait")
		})
	})
	t.Run("not after some that fail", func(t *testing.T) {
		waiting(t, func(t *testing.T, client *proximl.ProxiML, mock *mock) {
			l := jobLife("new", broken, broken, broken, broken, "starting", broken, broken, broken, broken, "finished")
			mock.lead(l)
			job, err := client.Jobs.WaitFor(t.Context(), "x", proximl.JobStatusFinished)
			require.NoError(t, err)
			assert.Equal(t, proximl.JobStatusFinished, job.Status)
			assert.Len(t, l.looks, 11)
		})
	})
	t.Run("a refusal", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			for _, refusal := range []turn{status(400, "no"), status(403, "no")} {
				client, s := play(t, []turn{ok(`{"job_uuid":"x","status":"new"}`), refusal})
				job, err := client.Jobs.WaitFor(t.Context(), "x", proximl.JobStatusRunning)
				assert.Equal(t, refusal.status, apiError(t, err).StatusCode)
				assert.Equal(t, proximl.JobStatusNew, job.Status)
				assert.Len(t, s.sent(), 2)
			}
		})
	})
	t.Run("no reply, half of one, or a page", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			client, s := play(t, []turn{
				ok(`{"job_uuid":"x","status":"new"}`),
				{err: errReset},
				{status: 200, body: `{"job_uuid":"x"`, cut: true},
				ok("<html>").with("Content-Type", "text/html"), ok(`{"job_uuid":"x","status":"running"}`),
			}, proximl.WithRetryPolicy(proximl.RetryPolicy{Attempts: 1}))
			_, err := client.Jobs.WaitFor(t.Context(), "x", proximl.JobStatusRunning)
			require.NoError(t, err)
			assert.Len(t, s.sent(), 5)
		})
	})
	t.Run("at the first look", func(t *testing.T) {
		waiting(t, func(t *testing.T, client *proximl.ProxiML, mock *mock) {
			mock.lead(jobLife(broken))
			job, err := client.Jobs.WaitFor(t.Context(), "x", proximl.JobStatusRunning)
			require.EqualError(t, err, "GET /job/x: 500 Internal Server Error: broken")
			assert.Nil(t, job)
		})
	})
}

func TestWaitForStatusError(t *testing.T) {
	waiting(t, func(t *testing.T, client *proximl.ProxiML, mock *mock) {
		mock.lead(jobLife("new", "failed"))
		job, err := client.Jobs.WaitFor(t.Context(), "x", proximl.JobStatusFinished)
		require.EqualError(t, err, `x is "failed" and cannot become "finished" any more`)
		var out *proximl.StatusError
		require.ErrorAs(t, err, &out)
		assert.Same(t, job, out.Entity)
		assert.Equal(t, proximl.StatusError{Entity: job, ID: "x", Status: "failed", Wanted: "finished"}, *out)
		assert.Equal(t, proximl.JobStatusFailed, job.Status)
	})
}

// A job's whole life in the in-memory service, in fake time.
func TestWaitForInTheService(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := proximltest.New(t, proximltest.WithoutListener())
		client, err := srv.Client(srv.Account("a@example.com"))
		require.NoError(t, err)
		dataset, err := client.Datasets.Create(t.Context(), &proximl.DatasetSpec{Name: "d", SourceType: "aws", SourceURI: "s3://b/k"})
		require.NoError(t, err)
		dataset, err = client.Datasets.WaitFor(t.Context(), dataset.ID, proximl.StorageStatusReady)
		require.NoError(t, err)
		assert.Equal(t, proximl.StorageStatusReady, dataset.Status)

		spec := smallSpec()
		spec.Data = &proximl.JobData{Datasets: []proximl.DatasetRef{{ID: dataset.ID}}}
		job, err := client.Jobs.Create(t.Context(), spec)
		require.NoError(t, err)
		seen := map[proximl.JobStatus]bool{}
		job, err = client.Jobs.WaitFor(t.Context(), job.ID, proximl.JobStatusFinished,
			proximl.PollBetween(time.Second, time.Second), proximl.OnPoll(func(job *proximl.Job) { seen[job.Status] = true }))
		require.NoError(t, err)
		assert.Equal(t, proximl.JobStatusFinished, job.Status)
		assert.True(t, seen[proximl.JobStatusWaitingForResources] && seen[proximl.JobStatusStarting] && seen[proximl.JobStatusRunning], "seen: %v", seen)

		_, err = client.Jobs.WaitFor(t.Context(), job.ID, proximl.JobStatusStopped)
		_, out := errors.AsType[*proximl.StatusError](err)
		require.True(t, out, err)

		require.NoError(t, client.Jobs.Delete(t.Context(), job.ID))
		_, err = client.Jobs.WaitFor(t.Context(), job.ID, proximl.JobStatusArchived)
		require.NoError(t, err)
		_, err = client.Jobs.Get(t.Context(), job.ID)
		require.ErrorIs(t, err, proximl.ErrNotFound)
	})
}
