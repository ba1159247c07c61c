package proximl_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

var (
	errReset = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	errDial  = &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	errDNS   = &net.DNSError{Err: "no such host", Name: "api.proximl.ai", IsNotFound: true}
)

// lookFirst is how an error ends whose outcome is unknown.
const lookFirst = "; the service may have done it all the same: look for the result before you repeat the call"

func TestWhatIsRepeated(t *testing.T) {
	t.Parallel()
	busy := status(http.StatusServiceUnavailable, "no")
	for name, test := range map[string]struct {
		turn         turn
		usual, post  int  // requests sent; a POST or PATCH may not be repeatable
		maybeCreated bool // by one of these
	}{
		"400":                  {status(400, "no"), 1, 1, false},
		"403":                  {status(403, "no"), 1, 1, false},
		"404":                  {status(404, "no"), 1, 1, false},
		"408":                  {status(408, "no"), 1, 1, false},
		"409":                  {status(409, "no"), 1, 1, false},
		"429":                  {status(429, "no"), 4, 4, false},
		"429 with Retry-After": {status(429, "no").with("Retry-After", "1"), 4, 4, false},
		"500":                  {status(500, "no"), 1, 1, true},
		"500 with Retry-After": {status(500, "no").with("Retry-After", "1"), 1, 1, true},
		"501":                  {status(501, "no"), 1, 1, true},
		"502":                  {status(502, "no"), 4, 1, true},
		"502 with Retry-After": {status(502, "no").with("Retry-After", "1"), 4, 1, true},
		"503":                  {busy, 4, 1, true},
		"503 with Retry-After": {busy.with("Retry-After", "1"), 4, 4, false},
		"504":                  {status(504, "no"), 4, 1, true},
		"599":                  {status(599, "no"), 1, 1, true},
		"reset":                {turn{err: errReset}, 4, 1, true},
		"timeout":              {turn{after: 2 * time.Minute}, 4, 1, true},
		"anything else":        {turn{err: errors.New("something odd")}, 4, 1, true},
		"failed dial":          {turn{err: errDial}, 4, 4, false},
		"failed DNS look-up":   {turn{err: errDNS}, 4, 4, false},
	} {
		for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodPost} {
			t.Run(name+" "+method, func(t *testing.T) {
				t.Parallel()
				sent, unknown := test.usual, false
				if method == http.MethodPost || method == http.MethodPatch {
					sent, unknown = test.post, test.maybeCreated
				}
				synctest.Test(t, func(t *testing.T) {
					client, s := play(t, []turn{test.turn})
					var info proximl.ResponseInfo
					err := client.Do(t.Context(), method, "/x", nil, nil, proximl.CaptureResponse(&info))
					require.Error(t, err)
					assert.Equal(t, slices.Repeat([]string{method + " /x"}, sent), s.sent())
					t.Attr("requests", strconv.Itoa(len(s.sent())))
					assert.Equal(t, sent, info.Attempts)
					assert.Equal(t, test.turn.status, info.StatusCode)
					failed := apiError(t, err)
					assert.Equal(t, []any{method, "/x", test.turn.status, sent}, []any{failed.Method, failed.Path, failed.StatusCode, failed.Attempts})
					assert.Equal(t, unknown, errors.Is(err, proximl.ErrOutcomeUnknown))
					if unknown {
						assert.Contains(t, err.Error(), lookFirst)
					} else {
						assert.NotContains(t, err.Error(), "look for the result")
					}
				})
			})
		}
	}
}

func TestTextsOfWhatWasGivenUp(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		method string
		turn   turn
		text   string
	}{
		{http.MethodGet, status(503, "busy"), "GET /x: 503 Service Unavailable: busy (after 4 attempts)"},
		{http.MethodGet, turn{err: errReset}, "GET /x: no reply: read tcp: connection reset by peer (after 4 attempts)"},
		{http.MethodGet, turn{after: time.Hour}, "GET /x: no reply: the header of the reply did not come in time: WithLimits gives it more (after 4 attempts)"},
		{http.MethodPost, status(500, "oh"), "POST /x: 500 Internal Server Error: oh" + lookFirst},
		{http.MethodPost, status(429, "slow down"), "POST /x: 429 Too Many Requests: slow down (after 4 attempts)"},
		{http.MethodPost, turn{err: errReset}, "POST /x: no reply: read tcp: connection reset by peer" + lookFirst},
		{http.MethodPost, turn{after: time.Hour}, "POST /x: no reply: the header of the reply did not come in time: WithLimits gives it more" + lookFirst},
		{http.MethodPost, turn{err: errDial}, "POST /x: no reply: dial tcp: connection refused (after 4 attempts)"},
		{http.MethodPost, turn{err: errDNS}, "POST /x: no reply: lookup api.proximl.ai: no such host (after 4 attempts)"},
	} {
		synctest.Test(t, func(t *testing.T) {
			client, _ := play(t, []turn{test.turn})
			err := client.Do(t.Context(), test.method, "/x", nil, nil)
			require.EqualError(t, err, test.text)
			if test.turn.err != nil {
				require.ErrorIs(t, err, test.turn.err)
			}
		})
	}
}

func TestARepeatedRequestIsTheSame(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, s := play(t, []turn{{err: errDial}, status(429, "slow down"), status(503, "busy").with("Retry-After", "0"), ok(`{"job_uuid":"j"}`)}, proximl.WithProject("p"))
		job, err := client.Jobs.Create(t.Context(), newJob(), proximl.WithHeader("X-Trace", "1"))
		require.NoError(t, err)
		assert.Equal(t, "j", job.ID)
		require.Len(t, s.arrivals, 4)
		assert.JSONEq(t, `{"name":"resnet","type":"training","project_uuid":"p","resources":{"gpu_types":["rtx3090"],"disk_size":10,"max_price":10},"workers":["python train.py"],"model":{}}`, s.arrivals[0].body)
		for _, came := range s.arrivals[1:] {
			assert.Equal(t, s.arrivals[0].body, came.body)
			assert.Equal(t, s.arrivals[0].Header, came.Header)
			assert.EqualValues(t, len(came.body), came.ContentLength)
		}
	})
}

func TestTheOutcomeStaysUnknown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for name, test := range map[string]struct {
			turns   []turn
			sent    int
			unknown bool
		}{
			"not sent, then failed":         {[]turn{{err: errDial}, status(500, "oh")}, 2, true},
			"not sent, then refused":        {[]turn{{err: errDial}, status(400, "oh")}, 2, false},
			"limited, then lost":            {[]turn{status(429, "slow"), {err: errReset}}, 2, true},
			"limited, then busy":            {[]turn{status(429, "slow"), status(503, "busy")}, 2, true},
			"a reply that is a page":        {[]turn{ok("<html>").with("Content-Type", "text/html")}, 1, true},
			"a reply that is cut":           {[]turn{ok(`{"job_uuid":`)}, 1, true},
			"a reply that breaks off":       {[]turn{{status: 200, body: `{"job_uuid":"j"`, cut: true}}, 1, true},
			"a reply that is null":          {[]turn{ok(`null`)}, 1, true},
			"a reply without a word":        {[]turn{ok(``)}, 1, true},
			"a token that is refused twice": {[]turn{status(401, "no")}, 2, false},
			"a redirect to the result":      {[]turn{status(303, "there")}, 1, true},
			"a redirect to another place":   {[]turn{status(302, "there")}, 1, false},
		} {
			client, s := play(t, test.turns)
			_, err := client.Jobs.Create(t.Context(), newJob())
			require.Error(t, err, name)
			assert.Len(t, s.sent(), test.sent, name)
			assert.Equal(t, test.unknown, errors.Is(err, proximl.ErrOutcomeUnknown), "%s: %v", name, err)
			if test.unknown {
				require.NotErrorIs(t, err, proximl.ErrRateLimited, "%s: whoever sees that will repeat the call", name)
			}
		}
	})
}

func TestRepeatPOST(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		repeat := proximl.RetryPolicy{RepeatPOST: true}
		for _, lost := range []turn{status(502, "no"), status(503, "no"), status(504, "no"), {err: errReset}} {
			client, s := play(t, []turn{lost, ok(`{"job_uuid":"j"}`)})
			_, err := client.Jobs.Create(t.Context(), newJob(), proximl.WithRetry(repeat))
			require.NoError(t, err)
			assert.Len(t, s.sent(), 2)
			_, err = client.Jobs.Create(t.Context(), newJob())
			require.NoError(t, err, "the option is of one call")

			client, s = play(t, []turn{lost}, proximl.WithRetryPolicy(repeat))
			_, err = client.Jobs.Create(t.Context(), newJob())
			require.ErrorIs(t, err, proximl.ErrOutcomeUnknown)
			assert.Len(t, s.sent(), 4)
			_, err = client.Jobs.Create(t.Context(), newJob(), proximl.WithRetry(proximl.RetryPolicy{Attempts: 1}))
			require.ErrorIs(t, err, proximl.ErrOutcomeUnknown)
			assert.Len(t, s.sent(), 5, "a single attempt beats the client's RepeatPOST")
		}
		client, s := play(t, []turn{status(500, "no")}, proximl.WithRetryPolicy(repeat))
		_, err := client.Jobs.Create(t.Context(), newJob())
		require.ErrorIs(t, err, proximl.ErrOutcomeUnknown)
		assert.Len(t, s.sent(), 1, "like a GET, which is not repeated on a 500 either")
	})
}

func TestADeleteWhoseFirstReplyWasLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gone := status(404, "Job Not Found")
		for name, test := range map[string]struct {
			turns []turn
			done  bool
		}{
			"reset":               {[]turn{{err: errReset}, gone}, true},
			"502":                 {[]turn{status(502, "no"), gone}, true},
			"504":                 {[]turn{status(504, "no"), gone}, true},
			"busy all the time":   {[]turn{status(503, "no"), status(502, "no"), gone}, true},
			"first reply":         {[]turn{gone}, false},
			"never sent":          {[]turn{{err: errDial}, gone}, false},
			"limited":             {[]turn{status(429, "no"), gone}, false},
			"busy, and knows it":  {[]turn{status(503, "no").with("Retry-After", "1"), gone}, false},
			"token refused":       {[]turn{status(401, "no"), gone}, false},
			"lost, and no access": {[]turn{{err: errReset}, status(403, "no")}, false},
		} {
			client, s := play(t, test.turns)
			err := client.Jobs.Delete(t.Context(), "j")
			assert.Equal(t, test.done, err == nil, "%s: %v", name, err)
			assert.Len(t, s.sent(), len(test.turns), name)
		}
		client, _ := play(t, []turn{{err: errReset}, gone})
		_, err := client.Jobs.Get(t.Context(), "j")
		require.ErrorIs(t, err, proximl.ErrNotFound, "a GET that is lost does not delete")
	})
}

func TestPatchesThatCanBeRepeated(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(context.Context, *proximl.ProxiML) error{
		"start": func(ctx context.Context, c *proximl.ProxiML) error { return second(c.Jobs.Start(ctx, "x")) },
		"stop":  func(ctx context.Context, c *proximl.ProxiML) error { return second(c.Jobs.Stop(ctx, "x")) },
		"update": func(ctx context.Context, c *proximl.ProxiML) error {
			return second(c.Jobs.Update(ctx, "x", &proximl.JobUpdate{Name: new("n")}))
		},
		"rename a dataset": func(ctx context.Context, c *proximl.ProxiML) error { return second(c.Datasets.Rename(ctx, "x", "n")) },
		"rename a model":   func(ctx context.Context, c *proximl.ProxiML) error { return second(c.Models.Rename(ctx, "x", "n")) },
		"refresh":          func(ctx context.Context, c *proximl.ProxiML) error { return c.GPUTypes.Refresh(ctx) },
		"settings": func(ctx context.Context, c *proximl.ProxiML) error {
			return second(c.Projects.Update(ctx, "x", &proximl.ProjectSettings{OnlyOwnedResources: new(true)}))
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			client, s := play(t, []turn{status(502, "no"), ok(`{}`)}, proximl.WithProject("p"))
			require.NoError(t, call(t.Context(), client), name)
			assert.Len(t, s.sent(), 2, name)
		})
	}
}

func second[T any](_ T, err error) error { return err }

func TestAttemptsCanBeChanged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, s := play(t, []turn{status(503, "no")}, proximl.WithRetryPolicy(proximl.RetryPolicy{Attempts: 2}))
		for attempts, opts := range map[int][]proximl.RequestOption{
			2: nil,
			1: {proximl.WithRetry(proximl.RetryPolicy{Attempts: 1})},
			7: {proximl.WithRetry(proximl.RetryPolicy{Attempts: 7})},
		} {
			before := len(s.sent())
			_, err := client.Jobs.Get(t.Context(), "j", opts...)
			require.Error(t, err)
			assert.Len(t, s.sent(), before+attempts)
		}
	})
}

func TestAPOSTThatIsCancelledBeforeItIsSent(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	client, s := play(t, []turn{ok(`{}`)})
	_, err := client.Jobs.Create(ctx, newJob())
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, proximl.ErrOutcomeUnknown)
	assert.Empty(t, s.sent())
}

// idler is a RoundTripper that counts how often it is told to close its idle
// connections.
type idler struct {
	http.RoundTripper
	closed int
}

func (i *idler) CloseIdleConnections() { i.closed++ }

func TestTheCallersIdleConnectionsAreLeftAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, failing := range []turn{status(503, "no"), status(400, "no"), {err: errReset}, {err: errDial}} {
			transport := &idler{RoundTripper: &script{turns: []turn{failing}}}
			client := newClient(t, proximl.WithHTTPClient(&http.Client{Transport: transport}), proximl.WithTokenSource(staticToken("t")))
			_, err := client.Jobs.List(t.Context())
			require.Error(t, err)
			assert.Zero(t, transport.closed)
			client.CloseIdleConnections()
			assert.Equal(t, 1, transport.closed)
		}
	})
}
