package proximltest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go/proximltest"
)

// manyJobs makes training jobs without the cost of a connection.
func manyJobs(tb testing.TB, srv *proximltest.Server, token string, count int) {
	tb.Helper()
	body, err := json.Marshal(with(training, object{"data": object{"datasets": types("CIFAR-10")}}))
	require.NoError(tb, err)
	for range count {
		require.Equal(tb, http.StatusOK, direct(srv, "POST", "/job", token, string(body)).Code)
	}
}

func direct(srv *proximltest.Server, method, path, token, body string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, path, strings.NewReader(body))
	request.Header.Set("Authorization", token)
	answer := httptest.NewRecorder()
	srv.ServeHTTP(answer, request)
	return answer
}

// All of many jobs live through their life cycles at once, and are paid for to the last digit.
func TestManyJobs(t *testing.T) {
	t.Parallel()
	const count = 2000
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	token := me.Token()
	manyJobs(t, w.srv, token, count)
	for wait, want := range map[time.Duration]string{150 * time.Second: "running"} {
		w.wait(wait)
		assert.Len(t, w.send(me, "GET", "/job", nil).list(), count)
		assert.Equal(t, want, w.send(me, "GET", "/job", nil).list()[count-1]["status"])
	}
	w.wait(day)
	list := w.send(me, "GET", "/job", nil).list()
	sum := 0.0
	for _, job := range list {
		require.Equal(t, "finished", job["status"])
		sum += job["credits"].(float64)
	}
	assert.InDelta(t, 0.049*count, sum, 1e-6)
	assert.InDelta(t, 1000-0.049*count, me.Credits(), 1e-6)
	for _, job := range list {
		direct(w.srv, "DELETE", "/job/"+job["job_uuid"].(string), token, "")
	}
	w.wait(day)
	assert.Empty(t, w.send(me, "GET", "/job", nil).list())
}

// Callers can use the service side by side while the clock moves.
func TestConcurrency(t *testing.T) {
	t.Parallel()
	srv := proximltest.New(t, proximltest.WithSpeed(10_000))
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			me := srv.Account(fmt.Sprintf("%d@example.com", i%4))
			token := me.Token()
			for range 10 {
				created := direct(srv, "POST", "/job", token, `{"name":"a","type":"notebook","resources":{"gpu_types":["t4"]}}`)
				var job object
				assert.NoError(t, json.Unmarshal(created.Body.Bytes(), &job))
				path := "/job/" + job["job_uuid"].(string)
				srv.Clock().Advance(time.Second)
				assert.Equal(t, http.StatusOK, direct(srv, "PATCH", path, token, `{"command":"stop"}`).Code)
				assert.Equal(t, http.StatusOK, direct(srv, "GET", "/job", token, "").Code)
				assert.Equal(t, http.StatusOK, direct(srv, "DELETE", path+"?force=true", token, "").Code)
				me.Credits()
				assert.NoError(t, srv.SaveState(io.Discard))
			}
		})
	}
	wg.Wait()
}

// BenchmarkListJobs lists 10,000 jobs: all of them running, whose credits change, and all of them finished.
func BenchmarkListJobs(b *testing.B) {
	srv := proximltest.New(b, proximltest.WithManualClock(), proximltest.WithoutListener())
	token := srv.Account("me@example.com", proximltest.WithCredits(1e6)).Token()
	manyJobs(b, srv, token, 10_000)
	for _, status := range []string{"running", "finished"} {
		srv.Clock().Advance(150 * time.Second)
		b.Run(status, func(b *testing.B) {
			for b.Loop() {
				answer := direct(srv, "GET", "/job", token, "")
				require.Contains(b, string(answer.Body.Bytes()[:1000]), status)
			}
		})
	}
}
