package proximl_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"path/filepath"
	"reflect"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

type nilSource struct{ token string }

func (s *nilSource) Token(context.Context, string) (string, error) { return s.token, nil }

type nilCache struct{ tokens *proximl.Tokens }

func (c *nilCache) Load(context.Context, string) (*proximl.Tokens, error) { return c.tokens, nil }

func (c *nilCache) Save(_ context.Context, _ string, tokens *proximl.Tokens) error {
	c.tokens = tokens
	return nil
}

func TestNewRefusesBadOptions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		opts []proximl.Option
		text string
	}{
		{"nil", []proximl.Option{proximl.WithProject("p"), nil}, "proximl: option 2 is nil"},
		{"no user", []proximl.Option{proximl.WithCredentials("", "key")}, "proximl: WithCredentials: user and key must not be empty"},
		{"no key", []proximl.Option{proximl.WithCredentials("user", "")}, "proximl: WithCredentials: user and key must not be empty"},
		{"no endpoint", []proximl.Option{proximl.WithEndpoint("")}, "proximl: WithEndpoint: the URL is empty"},
		{"nil HTTP client", []proximl.Option{proximl.WithHTTPClient(nil)}, "proximl: WithHTTPClient: the client or its transport is nil"},
		{"nil transport", []proximl.Option{proximl.WithHTTPClient(&http.Client{Transport: (*http.Transport)(nil)})}, "proximl: WithHTTPClient: the client or its transport is nil"},
		{"nil logger", []proximl.Option{proximl.WithLogger(nil)}, "proximl: WithLogger: the logger is nil"},
		{"no user agent", []proximl.Option{proximl.WithUserAgent("")}, "proximl: WithUserAgent: the name is empty or no header value"},
		{"user agent of two lines", []proximl.Option{proximl.WithUserAgent("app/1\nX-Header: 1")}, "proximl: WithUserAgent: the name is empty or no header value"},
		{"nil token source", []proximl.Option{proximl.WithTokenSource(nil)}, "proximl: WithTokenSource: the source is nil"},
		{"typed nil token source", []proximl.Option{proximl.WithTokenSource((*nilSource)(nil))}, "proximl: WithTokenSource: the source is nil"},
		{"nil token cache", []proximl.Option{proximl.WithTokenCache(nil)}, "proximl: WithTokenCache: the cache is nil"},
		{"typed nil token cache", []proximl.Option{proximl.WithTokenCache((*nilCache)(nil))}, "proximl: WithTokenCache: the cache is nil"},
		{"rate of zero", []proximl.Option{proximl.WithRateLimit(0, 1)}, "proximl: WithRateLimit: this limit lets nothing through"},
		{"negative rate", []proximl.Option{proximl.WithRateLimit(-1, 1)}, "proximl: WithRateLimit: this limit lets nothing through"},
		{"rate that is no number", []proximl.Option{proximl.WithRateLimit(math.NaN(), 1)}, "proximl: WithRateLimit: this limit lets nothing through"},
		{"burst of zero", []proximl.Option{proximl.WithRateLimit(1, 0)}, "proximl: WithRateLimit: this limit lets nothing through"},
		{"negative attempts", []proximl.Option{proximl.WithRetryPolicy(proximl.RetryPolicy{Attempts: -1})}, "proximl: retry policy: attempts -1, waits 0s and 0s must not be negative"},
		{"negative wait", []proximl.Option{proximl.WithRetryPolicy(proximl.RetryPolicy{MinWait: -time.Second})}, "proximl: retry policy: attempts 0, waits -1s and 0s must not be negative"},
		{"negative longest wait", []proximl.Option{proximl.WithRetryPolicy(proximl.RetryPolicy{MaxWait: -1})}, "proximl: retry policy: attempts 0, waits 0s and -1ns must not be negative"},
		{"negative header limit", []proximl.Option{proximl.WithLimits(proximl.Limits{ResponseHeader: -1})}, "proximl: WithLimits: a limit is negative"},
		{"negative idle limit", []proximl.Option{proximl.WithLimits(proximl.Limits{BodyIdle: -1})}, "proximl: WithLimits: a limit is negative"},
		{"negative entity limit", []proximl.Option{proximl.WithLimits(proximl.Limits{Entity: -1})}, "proximl: WithLimits: a limit is negative"},
		{"negative error limit", []proximl.Option{proximl.WithLimits(proximl.Limits{ErrorBody: -1})}, "proximl: WithLimits: a limit is negative"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			usual := []proximl.Option{proximl.WithConfigDir(t.TempDir()), proximl.WithCredentials("user", "key")}
			client, err := proximl.New(append(usual, test.opts...)...)
			if len(test.opts) > 1 { // the number of the option counts
				client, err = proximl.New(test.opts...)
			}
			require.EqualError(t, err, test.text)
			assert.Nil(t, client)
		})
	}
}

// permutations calls each with every order of the options.
func permutations(options []proximl.Option, each func([]proximl.Option)) {
	var arrange func(int)
	arrange = func(from int) {
		if from == len(options) {
			each(options)
		}
		for i := from; i < len(options); i++ {
			options[from], options[i] = options[i], options[from]
			arrange(from + 1)
			options[from], options[i] = options[i], options[from]
		}
	}
	arrange(0)
}

func TestNewDoesNotDependOnTheOrderOfItsOptions(t *testing.T) {
	t.Parallel()
	s := &script{turns: []turn{status(http.StatusServiceUnavailable, "busy")}}
	options := []proximl.Option{
		proximl.WithHTTPClient(&http.Client{Transport: s}),
		proximl.WithTokenSource(staticToken("id-token")),
		proximl.WithConfigDir(filepath.Join(t.TempDir(), "none")),
		proximl.WithEndpoint("https://gpu.example.com/base/"),
		proximl.WithProject("proj"),
		proximl.WithRetryPolicy(proximl.RetryPolicy{Attempts: 1}),
	}
	tried := 0
	permutations(options, func(order []proximl.Option) {
		tried++
		client, err := proximl.New(append([]proximl.Option{proximl.WithUserAgent("app/1")}, order...)...)
		require.NoError(t, err)
		_, err = client.Jobs.Get(t.Context(), "j")
		require.EqualError(t, err, "GET /base/job/j: 503 Service Unavailable: busy")
		require.Len(t, s.arrivals, tried)
		came := s.arrivals[tried-1]
		require.Equal(t, "https://gpu.example.com/base/job/j?project_uuid=proj", came.URL.String())
		require.Equal(t, "id-token", came.Header.Get("Authorization"))
		require.Equal(t, "app/1 proximl-go/"+proximl.Version, came.Header.Get("User-Agent"))
	})
	assert.Equal(t, 720, tried)
}

func TestNewUsesNoNetworkAndStartsNoGoroutine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // which fails when a goroutine is left waiting
		s := &script{turns: []turn{{err: errors.New("no network")}}}
		_ = newClient(t, proximl.WithHTTPClient(&http.Client{Transport: s}), proximl.WithCredentials("user", "key"),
			proximl.WithRateLimit(1, 1), proximl.WithTokenCache(&nilCache{}))
		synctest.Wait()
		assert.Empty(t, s.sent())
	})
}

func TestTheCallersHTTPClientIsUsedAndNotChanged(t *testing.T) {
	t.Parallel()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	var redirects atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/job/old" {
			http.SetCookie(w, &http.Cookie{Name: "seen", Value: "1"})
			http.Redirect(w, r, "/job/new?"+r.URL.RawQuery, http.StatusFound)
			return
		}
		cookie, err := r.Cookie("seen")
		if assert.NoError(t, err) {
			assert.Equal(t, "1", cookie.Value)
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprint(w, `{"job_uuid":"new"}`)
	}))
	defer server.Close()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	callers := &http.Client{
		Transport: transport, Jar: jar, Timeout: time.Hour,
		CheckRedirect: func(*http.Request, []*http.Request) error { redirects.Add(1); return nil },
	}
	before := *callers

	client := newClient(t, proximl.WithHTTPClient(callers), proximl.WithEndpoint(server.URL), proximl.WithTokenSource(staticToken("t")))
	job, err := client.Jobs.Get(t.Context(), "old")
	require.NoError(t, err)
	assert.Equal(t, "new", job.ID)
	assert.EqualValues(t, 1, redirects.Load(), "the caller's redirect policy is asked")

	assert.Same(t, before.Transport, callers.Transport)
	assert.Same(t, before.Jar, callers.Jar)
	assert.Equal(t, before.Timeout, callers.Timeout)
	assert.Equal(t, reflect.ValueOf(before.CheckRedirect).Pointer(), reflect.ValueOf(callers.CheckRedirect).Pointer())
	assert.Zero(t, transport.MaxIdleConnsPerHost)
	assert.Zero(t, transport.ResponseHeaderTimeout)
}

func TestTheCallersTimeoutHolds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{turns: []turn{{after: time.Minute}}}
		client := newClient(t, proximl.WithHTTPClient(&http.Client{Transport: s, Timeout: 3 * time.Second}), proximl.WithTokenSource(staticToken("t")))
		start := time.Now()
		_, err := client.Jobs.Get(t.Context(), "j", proximl.WithRetry(proximl.RetryPolicy{Attempts: 1}))
		assert.Equal(t, 3*time.Second, time.Since(start))
		require.ErrorContains(t, err, "GET /job/j: no reply: ")
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestTheDefaultHTTPClientIsNotChanged(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprint(w, `[]`)
	}))
	defer server.Close()
	client := newClient(t, proximl.WithEndpoint(server.URL), proximl.WithTokenSource(staticToken("t")))
	_, err := client.Jobs.List(t.Context())
	require.NoError(t, err)
	client.CloseIdleConnections()
	assert.Equal(t, http.Client{}, *http.DefaultClient)
	assert.Zero(t, http.DefaultTransport.(*http.Transport).MaxIdleConnsPerHost)
}

func TestInProjectLeavesTheClientAlone(t *testing.T) {
	t.Parallel()
	client, s := play(t, []turn{ok(`{"job_uuid":"j"}`)}, proximl.WithProject("one"))
	other, none := client.InProject("two"), client.InProject("")
	for _, c := range []*proximl.ProxiML{client, other, none} {
		_, err := c.Jobs.Get(t.Context(), "j")
		require.NoError(t, err)
	}
	assert.Equal(t, []string{"GET /job/j?project_uuid=one", "GET /job/j?project_uuid=two", "GET /job/j"}, s.sent())
	id, source := other.ActiveProject()
	assert.Equal(t, [2]string{"two", "InProject"}, [2]string{id, source})
	id, source = client.ActiveProject()
	assert.Equal(t, [2]string{"one", "an option"}, [2]string{id, source})
}

func TestTheSDKIsSilentByDefault(t *testing.T) {
	// Not parallel: slog.Default and log write where every test would see it.
	var written safeBuffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&written, &slog.HandlerOptions{Level: slog.LevelDebug})))
	defer slog.SetDefault(before)
	client, _ := play(t, []turn{status(http.StatusServiceUnavailable, "busy"), ok(`[]`)}, proximl.WithRetryPolicy(proximl.RetryPolicy{MinWait: 1, MaxWait: 1}))
	_, err := client.Jobs.List(t.Context())
	require.NoError(t, err)
	assert.Empty(t, written.String())
}
