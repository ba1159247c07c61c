package proximl_test

import (
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

// ids walks through jobs and returns the ids, and the error with the number of
// the element that came in its place.
func ids(jobs iter.Seq2[*proximl.Job, error]) (seen []string, failedAt int, err error) {
	failedAt = -1
	for job, e := range jobs {
		if e != nil {
			failedAt, err = len(seen), e
			continue // nothing may follow
		}
		seen = append(seen, job.ID)
	}
	return seen, failedAt, err
}

const threeJobs = `[{"job_uuid":"1"},{"job_uuid":"2"},{"job_uuid":"3"}]`

func TestAllYieldsEachElement(t *testing.T) {
	t.Parallel()
	client, s := play(t, []turn{ok(threeJobs), ok(" [ ] \n"), ok(threeJobs)}, proximl.WithProject("p"))
	all := client.Jobs.All(t.Context(), proximl.WithQuery(map[string][]string{"a": {"b"}}))
	assert.Empty(t, s.sent(), "nothing is sent before the loop")
	seen, _, err := ids(all)
	require.NoError(t, err)
	assert.Equal(t, []string{"1", "2", "3"}, seen)
	seen, _, err = ids(all)
	require.NoError(t, err)
	assert.Empty(t, seen)
	_, _, err = ids(all)
	require.NoError(t, err)
	assert.Equal(t, slices.Repeat([]string{"GET /job?a=b&project_uuid=p"}, 3), s.sent(), "each loop asks anew")
}

func TestAListIsNeverNil(t *testing.T) {
	t.Parallel()
	client, _ := play(t, []turn{ok(`[]`)})
	jobs, err := client.Jobs.List(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []*proximl.Job{}, jobs)
	client, _ = play(t, []turn{ok(threeJobs + "]")})
	jobs, err = client.Jobs.List(t.Context())
	require.Error(t, err)
	assert.Nil(t, jobs, "not the part that could be read")
}

func TestAllStopsWhenTheLoopDoes(t *testing.T) {
	t.Parallel()
	long := "[" + strings.Repeat(`{"job_uuid":"j","name":"`+strings.Repeat("n", 1000)+`"},`, 10_000) + "{}]"
	for name, leave := range map[string]func(iter.Seq2[*proximl.Job, error]){
		"break": func(all iter.Seq2[*proximl.Job, error]) {
			for range all {
				break
			}
		},
		"panic": func(all iter.Seq2[*proximl.Job, error]) {
			assert.PanicsWithValue(t, "mine", func() {
				for range all {
					panic("mine")
				}
			})
		},
		"pull": func(all iter.Seq2[*proximl.Job, error]) {
			next, stop := iter.Pull2(all)
			job, err, more := next()
			assert.Equal(t, []any{"j", nil, true}, []any{job.ID, err, more})
			stop()
		},
	} {
		body := &tracked{Reader: strings.NewReader(long)}
		leave(tracking(t, 200, "application/json", body).Jobs.All(t.Context()))
		assert.True(t, body.closed, name)
		assert.Less(t, body.read, 100_000, "%s: the rest is not read", name)
	}
}

func TestAllYieldsTheErrorLastAndOnce(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		turn turn
		seen []string
		text string
	}{
		"refused":               {status(403, "no"), nil, "GET /job: 403 Forbidden: no"},
		"page":                  {ok("<html>").with("Content-Type", "text/html"), nil, "GET /job: 200 OK: a reply of type text/html: <html>"},
		"no array":              {ok(`{"job_uuid":"1"}`), nil, "GET /job: 200 OK: the reply cannot be read: it starts with {, not with an array"},
		"cut after an element":  {turn{status: 200, body: `[{"job_uuid":"1"},{"job_uuid":"2"}`, cut: true}, []string{"1", "2"}, "GET /job: 200 OK: the reply cannot be read: "},
		"cut in an element":     {turn{status: 200, body: `[{"job_uuid":"1"},{"job_u`, cut: true}, []string{"1"}, "GET /job: 200 OK: the reply cannot be read: "},
		"no end":                {ok(`[{"job_uuid":"1"},{"job_uuid":"2"}`), []string{"1", "2"}, "GET /job: 200 OK: the reply cannot be read: "},
		"wrong element":         {ok(`[{"job_uuid":"1"},{"job_uuid":2},{"job_uuid":"3"}]`), []string{"1"}, `GET /job: 200 OK: the reply cannot be read: json: cannot unmarshal JSON number into Go string within "/1/job_uuid"`},
		"null element":          {ok(`[{"job_uuid":"1"},null]`), []string{"1"}, "GET /job: 200 OK: the reply cannot be read: "},
		"garbage in between":    {ok(`[{"job_uuid":"1"} {"job_uuid":"2"}]`), []string{"1"}, "GET /job: 200 OK: the reply cannot be read: "},
		"more after the array":  {ok(threeJobs + "[]"), []string{"1", "2", "3"}, "GET /job: 200 OK: the reply cannot be read: there is more after the array"},
		"a comma after the end": {ok(`[{"job_uuid":"1"},]`), []string{"1"}, "GET /job: 200 OK: the reply cannot be read: "},
	} {
		client, s := play(t, []turn{test.turn})
		seen, failedAt, err := ids(client.Jobs.All(t.Context()))
		require.Error(t, err, name)
		assert.Contains(t, words(err), test.text, name)
		assert.Equal(t, test.seen, seen, name)
		assert.Equal(t, len(test.seen), failedAt, name)
		assert.Len(t, s.sent(), 1, "%s: a failure in the middle is not repeated", name)
		assert.Equal(t, test.turn.status, apiError(t, err).StatusCode)
	}
}

func TestAllIsRepeatedBeforeItsFirstElement(t *testing.T) {
	t.Parallel()
	client, s := play(t, []turn{{err: errReset}, status(503, "busy"), ok(threeJobs)}, quick)
	seen, _, err := ids(client.Jobs.All(t.Context()))
	require.NoError(t, err)
	assert.Equal(t, []string{"1", "2", "3"}, seen)
	assert.Len(t, s.sent(), 3)
}

func TestAllEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	more, write := io.Pipe()
	go func() { _, _ = io.WriteString(write, `[{"job_uuid":"1"},`) }()
	context.AfterFunc(ctx, func() { _ = write.CloseWithError(ctx.Err()) }) // as net/http does with a body
	body := &tracked{Reader: more}
	seen := 0
	for job, err := range tracking(t, 200, "application/json", body).Jobs.All(ctx) {
		if seen++; seen == 1 {
			require.NoError(t, err)
			assert.Equal(t, "1", job.ID)
			cancel()
			continue
		}
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorContains(t, err, "GET /job: 200 OK: the reply cannot be read: ")
	}
	assert.Equal(t, 2, seen)
	assert.True(t, body.closed)
}

func TestIteratorsLeaveTheCallersOptionsAlone(t *testing.T) {
	t.Parallel()
	client, s := play(t, []turn{ok(`[]`)})
	opts := make([]proximl.RequestOption, 1, 4)
	opts[0] = proximl.WithHeader("X-One", "1")
	for range client.Jobs.All(t.Context(), opts...) {
	}
	_, err := client.Datasets.Export(t.Context(), "d", &proximl.ExportSpec{OutputType: "aws", OutputURI: "s3://b"}, opts...)
	require.Error(t, err)
	for i, opt := range opts[:4] {
		assert.Equal(t, i > 0, opt == nil, i)
	}
	assert.Equal(t, "1", s.arrivals[0].Header.Get("X-One"))
}

func TestEveryIteratorOverTheService(t *testing.T) {
	t.Parallel()
	client, wire, _ := tapped(t)
	for i := range 3 {
		_, err := client.Projects.Create(t.Context(), &proximl.ProjectSpec{Name: fmt.Sprint("p", i)})
		require.NoError(t, err)
		_, err = client.Datasets.Create(t.Context(), &proximl.DatasetSpec{Name: fmt.Sprint("d", i), SourceType: "aws", SourceURI: "s3://b"})
		require.NoError(t, err)
		_, err = client.Models.Create(t.Context(), &proximl.ModelSpec{Name: fmt.Sprint("m", i), SourceType: "git", SourceURI: "https://g"})
		require.NoError(t, err)
		_, err = client.Jobs.Create(t.Context(), newJob())
		require.NoError(t, err)
	}
	wire.taken()
	checkSame(t, client.Projects.List, client.Projects.All, 4)
	checkSame(t, client.Datasets.List, client.Datasets.All, 3)
	checkSame(t, client.Models.List, client.Models.All, 3)
	checkSame(t, client.Jobs.List, client.Jobs.All, 3)
	assert.Equal(t, []string{"GET /project", "GET /project", "GET /dataset", "GET /dataset", "GET /model", "GET /model", "GET /job", "GET /job"}, wire.taken())
}

func checkSame[T any](t *testing.T, list func(context.Context, ...proximl.RequestOption) ([]*T, error), all func(context.Context, ...proximl.RequestOption) iter.Seq2[*T, error], count int) {
	t.Helper()
	listed, err := list(t.Context())
	require.NoError(t, err)
	assert.Len(t, listed, count)
	yielded, err := collect(all(t.Context()))
	require.NoError(t, err)
	assert.Equal(t, listed, yielded)
}
