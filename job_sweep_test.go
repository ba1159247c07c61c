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

func TestSweepSpecs(t *testing.T) {
	t.Parallel()
	sweep := &proximl.Sweep{
		Spec:     *smallSpec(),
		Commands: []string{"python a.py", "python b.py"},
		Env:      []proximl.SweepVariable{{Key: "LR", Values: []string{"0.1", "0.01"}}, {Key: "SEED", Values: []string{"1", "2", "3"}}},
	}
	sweep.Spec.Environment = &proximl.JobEnvironment{Type: "DEEPLEARNING_PY313", Env: []proximl.EnvVar{{Key: "LR", Value: "default"}, {Key: "EPOCHS", Value: "10"}}}
	specs, err := sweep.Specs()
	require.NoError(t, err)
	var rows []string
	for _, spec := range specs {
		env := spec.Environment.Env
		require.Len(t, env, 3)
		assert.Equal(t, []string{"EPOCHS", "LR", "SEED"}, []string{env[0].Key, env[1].Key, env[2].Key})
		assert.Equal(t, "DEEPLEARNING_PY313", spec.Environment.Type)
		require.Len(t, spec.Workers, 1)
		rows = append(rows, spec.Name+" "+spec.Workers[0]+" "+env[1].Value+" "+env[2].Value)
	}
	assert.Equal(t, []string{
		"resnet-01 python a.py 0.1 1", "resnet-02 python a.py 0.1 2", "resnet-03 python a.py 0.1 3",
		"resnet-04 python a.py 0.01 1", "resnet-05 python a.py 0.01 2", "resnet-06 python a.py 0.01 3",
		"resnet-07 python b.py 0.1 1", "resnet-08 python b.py 0.1 2", "resnet-09 python b.py 0.1 3",
		"resnet-10 python b.py 0.01 1", "resnet-11 python b.py 0.01 2", "resnet-12 python b.py 0.01 3",
	}, rows)
	assert.Equal(t, "resnet", sweep.Spec.Name, "the caller's spec stays")
	assert.Equal(t, []proximl.EnvVar{{Key: "LR", Value: "default"}, {Key: "EPOCHS", Value: "10"}}, sweep.Spec.Environment.Env)
}

func TestSweepThatCannotBe(t *testing.T) {
	t.Parallel()
	many := make([]string, 101)
	for text, sweep := range map[string]*proximl.Sweep{
		"invalid sweep: name: is missing":             nil,
		"invalid sweep: env[0].key: is missing":       {Spec: *smallSpec(), Env: []proximl.SweepVariable{{Values: []string{"1"}}}},
		"invalid sweep: env[1].key: A is there twice": {Spec: *smallSpec(), Env: []proximl.SweepVariable{{Key: "A", Values: []string{"1"}}, {Key: "A", Values: []string{"1"}}}},
		"invalid sweep: env[0].values: A has none":    {Spec: *smallSpec(), Env: []proximl.SweepVariable{{Key: "A"}}},
		"invalid sweep: commands[1]: is empty":        {Spec: *smallSpec(), Commands: []string{"a", ""}},
		"invalid sweep: concurrency: is negative":     {Spec: *smallSpec(), Concurrency: -1},
		"invalid sweep: env: this would be 10201 jobs; a sweep has at most 10000": {
			Spec: *smallSpec(), Env: []proximl.SweepVariable{{Key: "A", Values: many}, {Key: "B", Values: many}},
		},
		`invalid sweep: name: is missing; type: is missing: notebook, training, inference or endpoint; ` +
			`resources.gpu_types: is missing: GPUTypes.List lists them; "cpu" is for jobs without a GPU`: {},
	} {
		client, _ := newMock(t)
		jobs, err := client.Jobs.Sweep(t.Context(), sweep)
		require.EqualError(t, err, text)
		require.ErrorIs(t, err, proximl.ErrInvalid)
		assert.Empty(t, jobs)
	}
}

// sweepOf makes a sweep of so many jobs.
func sweepOf(jobs int) *proximl.Sweep {
	return &proximl.Sweep{Spec: *smallSpec(), Env: []proximl.SweepVariable{{Key: "SEED", Values: make([]string, jobs)}}}
}

func jobNames(jobs []*proximl.Job) (names []string) {
	for _, job := range jobs {
		names = append(names, job.Name)
	}
	return names
}

func TestSweep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := proximltest.New(t, proximltest.WithoutListener())
		client, err := srv.Client(srv.Account("me@example.com"))
		require.NoError(t, err)
		srv.Inject(proximltest.Fault{On: "POST /job", Delay: time.Second, Times: 9})
		var info proximl.ResponseInfo
		start := time.Now()
		jobs, err := client.Jobs.Sweep(t.Context(), sweepOf(9), proximl.CaptureResponse(&info))
		require.NoError(t, err)
		want := []string{"resnet-1", "resnet-2", "resnet-3", "resnet-4", "resnet-5", "resnet-6", "resnet-7", "resnet-8", "resnet-9"}
		assert.Equal(t, want, jobNames(jobs))
		assert.Equal(t, 3*time.Second, time.Since(start), "four at once")
		assert.Zero(t, info)
		all, err := client.Jobs.List(t.Context())
		require.NoError(t, err)
		assert.ElementsMatch(t, want, jobNames(all))
	})
}

// One job after the other: the second fails, the third never begins.
func TestSweepStopsAtTheFirstFailure(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status  int
		reply   string
		unknown bool
		text    string
	}{
		"refused": {
			http.StatusBadRequest, `{"errorMessage":"Invalid Request - no"}`, false,
			"sweep: 1 of 3 jobs created; not created: resnet-2, resnet-3: POST /job: 400 Bad Request: Invalid Request - no",
		},
		"a reply that is lost": {
			http.StatusBadGateway, `{"error":"Bad Gateway"}`, true,
			"sweep: 1 of 3 jobs created; may have been created: resnet-2; not created: resnet-3: POST /job: 502 Bad Gateway: a reply of type application/json: {\"error\":\"Bad Gateway\"}; " +
				"the service may have done it all the same: look for the result before you repeat the call",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calls := 0
			client := newClient(t, proximl.WithTokenSource(staticToken(token)), proximl.WithHTTPClient(&http.Client{Transport: answering(func(req *http.Request) (*http.Response, error) {
				if calls++; calls == 2 {
					return jsonReply(req, test.status, test.reply), nil
				}
				return jsonReply(req, http.StatusOK, `{"job_uuid":"x","name":"resnet-1"}`), nil
			})}))
			sweep := sweepOf(3)
			sweep.Concurrency = 1
			jobs, err := client.Jobs.Sweep(t.Context(), sweep)
			require.EqualError(t, err, test.text)
			assert.Equal(t, []string{"resnet-1"}, jobNames(jobs))
			assert.Equal(t, test.unknown, errors.Is(err, proximl.ErrOutcomeUnknown))
			var failed *proximl.SweepError
			require.ErrorAs(t, err, &failed)
			assert.Equal(t, jobs, failed.Created)
			assert.Equal(t, test.status, apiError(t, err).StatusCode)
			assert.Equal(t, 2, calls)
		})
	}
}

// What is under way when another create fails ends: its outcome is known.
func TestSweepEndsWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := proximltest.New(t, proximltest.WithoutListener())
		client, err := srv.Client(srv.Account("me@example.com"))
		require.NoError(t, err)
		srv.Inject(
			proximltest.Fault{On: "POST /job", Status: http.StatusBadRequest, Body: `{"errorMessage":"no"}`, Delay: time.Second},
			proximltest.Fault{On: "POST /job", Delay: 3 * time.Second, Times: 3},
		)
		jobs, err := client.Jobs.Sweep(t.Context(), sweepOf(9))
		var failed *proximl.SweepError
		require.ErrorAs(t, err, &failed)
		assert.Len(t, jobs, 3)
		assert.Empty(t, failed.Unknown)
		assert.Len(t, failed.NotCreated, 6)
	})
}

// When the caller gives up, what was under way may exist.
func TestSweepThatIsCancelled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := proximltest.New(t, proximltest.WithoutListener())
		client, err := srv.Client(srv.Account("me@example.com"))
		require.NoError(t, err)
		srv.Inject(proximltest.Fault{On: "POST /job", Delay: 50 * time.Second, Times: 20})
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
		defer cancel()
		jobs, err := client.Jobs.Sweep(ctx, sweepOf(20))
		var failed *proximl.SweepError
		require.ErrorAs(t, err, &failed)
		require.ErrorIs(t, err, proximl.ErrOutcomeUnknown)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Len(t, jobs, 4)
		assert.Len(t, failed.Unknown, 4)
		assert.Len(t, failed.NotCreated, 12)
		assert.Contains(t, err.Error(), "and 2 more")
	})
}
