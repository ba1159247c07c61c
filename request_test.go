package proximl_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

// checkInvalid checks a request that was refused before anything was sent.
func checkInvalid(t *testing.T, err error, text string) {
	t.Helper()
	require.EqualError(t, err, text)
	require.ErrorIs(t, err, proximl.ErrInvalid)
	require.NotErrorIs(t, err, proximl.ErrOutcomeUnknown)
	var invalid *proximl.ValidationError
	require.ErrorAs(t, err, &invalid)
	assert.Len(t, invalid.Problems, 1)
}

func TestIDsAreOneSegmentOfThePath(t *testing.T) {
	t.Parallel()
	for id, path := range map[string]string{
		"j-1": "/job/j-1", "a/b": "/job/a%2Fb", "a?b#c": "/job/a%3Fb%23c", "../x": "/job/..%2Fx", "a b": "/job/a%20b", "%2e%2e": "/job/%252e%252e",
		"...": "/job/...", "a\\b": "/job/a%5Cb", "ä": "/job/%C3%A4", "a\nb": "/job/a%0Ab", ";v=1": "/job/%3Bv=1", "environments": "/job/environments", "+": "/job/+",
	} {
		client, s := play(t, []turn{ok(`{"job_uuid":"x"}`)})
		_, err := client.Jobs.Get(t.Context(), id)
		require.NoError(t, err)
		assert.Equal(t, path, s.arrivals[0].URL.EscapedPath())
		assert.Equal(t, "/job/"+id, s.arrivals[0].URL.Path)
	}
	for _, id := range []string{"", ".", ".."} {
		client, s := play(t, []turn{ok(`{}`)})
		_, err := client.Jobs.Get(t.Context(), id)
		checkInvalid(t, err, `invalid request: id: "`+id+`" is no id of a job`)
		checkInvalid(t, client.Jobs.Delete(t.Context(), id), `invalid request: id: "`+id+`" is no id of a job`)
		_, err = client.Jobs.WorkerLogURL(t.Context(), "j", id)
		checkInvalid(t, err, `invalid request: id: "`+id+`" is no id of a worker`)
		for _, err := range client.Jobs.All(t.Context(), nil) {
			checkInvalid(t, err, "invalid request: GET /job: a RequestOption is nil")
		}
		assert.Empty(t, s.sent())
	}
}

func TestPathsOfDo(t *testing.T) {
	t.Parallel()
	const form, segment = "it must start with one / and be escaped; give the query by WithQuery", "it has an empty or a dot segment"
	for path, problem := range map[string]string{
		"": form, "job": form, "https://evil.example/job": form, "?a=b": form, "/job?force=true": form, "/job#a": form, "/job/%zz": form, "/job/100%": form,
		"/": segment, "//evil.example/job": segment, "/job//x": segment, "/job/": segment, "/job/.": segment, "/job/../project": segment,
		"/job/%2e%2e": segment, "/job/%2E%2e/project": segment, "/job/.%2e": segment, "/job/%2e": segment, "/job/a%2F..%2Fb": segment, "/job/a%2F%2Fb": segment, "/job/a%2F": segment, "/%2Fevil.example": segment,
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
			client, s := play(t, []turn{ok(`{}`)})
			checkInvalid(t, client.Do(t.Context(), method, path, nil, nil), fmt.Sprintf("invalid request: path %q: %s", path, problem))
			assert.Empty(t, s.sent())
		}
	}
	for path, sent := range map[string]string{
		"/job": "/job", "/job/a%2Fb": "/job/a%2Fb", "/job/a%20b": "/job/a%20b", "/a/...": "/a/...", "/a/.b": "/a/.b", "/a/%252e%252e": "/a/%252e%252e", "/a:b": "/a:b", "/a;b=1": "/a;b=1",
	} {
		client, s := play(t, []turn{ok(`{}`)}, proximl.WithEndpoint("https://gpu.example.com/base"))
		require.NoError(t, client.Do(t.Context(), http.MethodGet, path, nil, nil))
		assert.Equal(t, "https://gpu.example.com/base"+sent, s.arrivals[0].URL.String())
	}
}

func TestMethodsOfDo(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"", "post", "Get", "BREW", "A B", "GET\n"} {
		client, s := play(t, []turn{ok(`{}`)})
		err := client.Do(t.Context(), method, "/job", nil, nil)
		require.ErrorIs(t, err, proximl.ErrInvalid, "%q", method)
		assert.Empty(t, s.sent())
	}
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		client, s := play(t, []turn{ok(`{}`)})
		require.NoError(t, client.Do(t.Context(), method, "/job", nil, nil))
		assert.Equal(t, []string{method + " /job"}, s.sent())
		assert.Empty(t, s.arrivals[0].body)
		assert.Empty(t, s.arrivals[0].Header.Get("Content-Type"))
	}
}

func TestParamsAndResultOfDo(t *testing.T) {
	t.Parallel()
	type filter struct {
		Name  string   `url:"name"`
		Types []string `url:"type"`
	}
	type thing struct {
		Name  string `json:"name"`
		Count *int   `json:"count,omitzero"`
	}
	var got thing
	client, s := play(t, []turn{ok(`{"name":"\u00e4","name":"last","new":1}`)}, proximl.WithProject("p"))
	require.NoError(t, client.Do(t.Context(), http.MethodGet, "/thing", filter{"a&b", []string{"x", "y"}}, &got))
	assert.Equal(t, thing{Name: "last"}, got, "a duplicate name is not an error")
	require.NoError(t, client.Do(t.Context(), http.MethodDelete, "/thing", &filter{Name: "é"}, nil))
	require.NoError(t, client.Do(t.Context(), http.MethodPost, "/thing", thing{"<a>\xff", new(0)}, nil))
	require.NoError(t, client.Do(t.Context(), http.MethodPut, "/thing", map[string]any{"b": 1, "a": []int{}}, nil))
	assert.Equal(t, []string{
		"GET /thing?name=a%26b&project_uuid=p&type=x&type=y", "DELETE /thing?name=%C3%A9&project_uuid=p", "POST /thing", "PUT /thing?project_uuid=p",
	}, s.sent())
	assert.Equal(t, []string{"", "", `{"name":"<a>` + "\ufffd" + `","count":0}`, `{"a":[],"b":1}`},
		[]string{s.arrivals[0].body, s.arrivals[1].body, s.arrivals[2].body, s.arrivals[3].body})
	assert.Equal(t, "application/json", s.arrivals[2].Header.Get("Content-Type"))

	client, s = play(t, []turn{ok(`{}`)})
	checkInvalid(t, client.Do(t.Context(), http.MethodGet, "/thing", url.Values{}, nil), "invalid request: GET /thing: query: Values() expects struct input. Got map")
	checkInvalid(t, client.Do(t.Context(), http.MethodPost, "/thing", nil, got), "invalid request: result of type proximl_test.thing: is no pointer that a reply can be read into")
	checkInvalid(t, client.Do(t.Context(), http.MethodPost, "/thing", nil, (*thing)(nil)), "invalid request: result of type *proximl_test.thing: is no pointer that a reply can be read into")
	err := client.Do(t.Context(), http.MethodPost, "/thing", func() {}, nil)
	require.ErrorIs(t, err, proximl.ErrInvalid)
	assert.Empty(t, s.sent())
}

func TestTheProjectOfACall(t *testing.T) {
	t.Parallel()
	client, s := play(t, []turn{ok(`{}`)}, proximl.WithProject("active"))
	for _, call := range []struct {
		method string
		query  url.Values
		sent   string
	}{
		{http.MethodGet, nil, "/x?project_uuid=active"},
		{http.MethodPut, nil, "/x?project_uuid=active"},
		{http.MethodPatch, nil, "/x?project_uuid=active"},
		{http.MethodDelete, nil, "/x?project_uuid=active"},
		{http.MethodPost, nil, "/x"},
		{http.MethodPost, url.Values{"project_uuid": {"other"}}, "/x?project_uuid=other"},
		{http.MethodGet, url.Values{"project_uuid": {"other"}}, "/x?project_uuid=other"},
		{http.MethodGet, url.Values{"project_uuid": {""}}, "/x?project_uuid="},
		{http.MethodGet, url.Values{"a": {"1", "2"}}, "/x?a=1&a=2&project_uuid=active"},
	} {
		require.NoError(t, client.Do(t.Context(), call.method, "/x", nil, nil, proximl.WithQuery(call.query)))
		assert.Equal(t, call.method+" "+call.sent, s.sent()[len(s.sent())-1])
	}
}

func TestQueriesAreMerged(t *testing.T) {
	t.Parallel()
	client, s := play(t, []turn{ok(`{}`)}, proximl.WithProject("active"))
	given := url.Values{"a": {"1"}, "force": {"maybe"}}
	opts := append(make([]proximl.RequestOption, 0, 8), proximl.WithQuery(given), proximl.WithQuery(url.Values{"b": {"2"}, "a": {"3"}}))
	before := slices.Clone(opts[:8])
	require.NoError(t, client.Jobs.Delete(t.Context(), "j", opts...))
	require.NoError(t, client.Jobs.Delete(t.Context(), "j", proximl.WithForce(), proximl.WithQuery(nil)))
	require.NoError(t, client.Jobs.Delete(t.Context(), "j"))
	assert.Equal(t, []string{
		"DELETE /job/j?a=3&b=2&force=maybe&project_uuid=active",
		"DELETE /job/j?force=true&project_uuid=active",
		"DELETE /job/j?force=false&project_uuid=active",
	}, s.sent())
	assert.Equal(t, url.Values{"a": {"1"}, "force": {"maybe"}}, given)
	for i, opt := range opts[:8] {
		assert.Equal(t, before[i] == nil, opt == nil, "the caller's slice is left alone")
	}
}

func TestHeadersOfACall(t *testing.T) {
	t.Parallel()
	client, s := play(t, []turn{ok(`{}`)}, proximl.WithUserAgent("app/1 (test)"))
	require.NoError(t, client.Do(t.Context(), http.MethodPost, "/x", map[string]int{}, nil,
		proximl.WithHeader("X-Trace", "one"), proximl.WithHeader("x-trace", "two"), proximl.WithHeader("Content-Type", "application/merge-patch+json")))
	require.NoError(t, client.Do(t.Context(), http.MethodGet, "/x", nil, nil))
	assert.Equal(t, http.Header{
		"Accept": {"application/json"}, "Authorization": {"id-token"}, "Content-Type": {"application/merge-patch+json"},
		"User-Agent": {"app/1 (test) proximl-go/" + proximl.Version}, "X-Trace": {"two"},
	}, s.arrivals[0].Header)
	assert.Equal(t, http.Header{
		"Accept": {"application/json"}, "Authorization": {"id-token"}, "User-Agent": {"app/1 (test) proximl-go/" + proximl.Version},
	}, s.arrivals[1].Header, "options are of one call")
	for _, header := range [][2]string{{"X-Trace", "one\r\nX-Evil: 1"}, {"X Trace", "one"}, {"", "one"}, {"authorization", "mine"}, {"User-Agent", "mine"}, {"idempotency-key", "k"}, {"X-Idempotency-Key", "k"}} {
		_, err := client.Jobs.Create(t.Context(), newJob(), proximl.WithHeader(header[0], header[1]))
		require.ErrorIs(t, err, proximl.ErrInvalid, "%q", header)
		require.NotErrorIs(t, err, proximl.ErrOutcomeUnknown, "%q", header)
	}
	assert.Len(t, s.sent(), 2)
}

func TestCaptureResponse(t *testing.T) {
	t.Parallel()
	fast := proximl.WithRetryPolicy(proximl.RetryPolicy{MinWait: 1, MaxWait: 1})
	client, s := play(t, []turn{
		status(http.StatusServiceUnavailable, "busy").with("X-Request-Id", "1"), ok(`{}`).with("X-Request-Id", "2"),
		status(http.StatusNotFound, "gone").with("X-Request-Id", "3"),
		ok("<html>").with("Content-Type", "text/html").with("X-Request-Id", "4"),
		ok(`{"a":`).with("X-Request-Id", "5"),
	}, fast)
	var info proximl.ResponseInfo
	call := func() error {
		return client.Do(t.Context(), http.MethodGet, "/x", nil, &struct{}{}, proximl.CaptureResponse(&info))
	}
	check := func(code, attempts int, id string) {
		t.Helper()
		assert.Equal(t, []any{code, attempts, id}, []any{info.StatusCode, info.Attempts, info.Header.Get("X-Request-Id")})
	}
	require.NoError(t, call())
	check(http.StatusOK, 2, "2")
	info.Header.Set("X-Request-Id", "mine")
	require.ErrorIs(t, call(), proximl.ErrNotFound)
	check(http.StatusNotFound, 1, "3")
	require.Error(t, call())
	check(http.StatusOK, 1, "4")
	require.Error(t, call())
	check(http.StatusOK, 1, "5")
	assert.Len(t, s.sent(), 5)

	client, _ = play(t, []turn{{err: http.ErrServerClosed}}, fast)
	require.Error(t, call())
	assert.Equal(t, proximl.ResponseInfo{Attempts: 4}, info)
	ctx, cancel := context.WithCancel(t.Context())
	client, _ = play(t, []turn{{status: http.StatusServiceUnavailable, body: `{}`, sent: func(*http.Request) { cancel() }}},
		proximl.WithRetryPolicy(proximl.RetryPolicy{MinWait: 1 << 40, MaxWait: 1 << 40}))
	err := client.Do(ctx, http.MethodGet, "/x", nil, nil, proximl.CaptureResponse(&info))
	require.ErrorIs(t, err, context.Canceled)
}

func TestOperationFromContext(t *testing.T) {
	t.Parallel()
	var operations []string
	client, wire, _ := tapped(t)
	wire.answer = func(_ string, req *http.Request) (*http.Response, error) {
		operations = append(operations, proximl.OperationFromContext(req.Context()))
		return nil, nil
	}
	_, err := client.Projects.List(t.Context())
	require.NoError(t, err)
	_, err = client.Jobs.Create(t.Context(), newJob())
	require.NoError(t, err)
	require.NoError(t, client.Do(t.Context(), http.MethodGet, "/project", nil, nil))
	assert.Equal(t, []string{"login", "login", "login", "projects.list", "jobs.create", "do"}, operations)
	assert.Empty(t, proximl.OperationFromContext(t.Context()))
}

func TestNilRequestOption(t *testing.T) {
	t.Parallel()
	client, s := play(t, []turn{ok(`{}`)})
	_, err := client.Jobs.Get(t.Context(), "j", proximl.WithForce(), nil)
	checkInvalid(t, err, "invalid request: GET /job/j: a RequestOption is nil")
	_, err = client.Jobs.Get(t.Context(), "j", proximl.WithRetry(proximl.RetryPolicy{MaxWait: -1}))
	checkInvalid(t, err, "invalid request: GET /job/j: retry policy: attempts 0, waits 0s and -1ns must not be negative")
	assert.Empty(t, s.sent())
}
