package proximltest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// workshop is a handler that counts the calls that it carried out, behind faults.
type workshop struct {
	*testing.T
	faults faults
	status int    // of every reply
	body   string // of every reply
	work   atomic.Int64

	url    string
	client *http.Client
}

const workBody = `{"name":"sixteen"}`

func newWorkshop(t *testing.T) *workshop {
	shop := &workshop{T: t, status: http.StatusOK, body: workBody}
	shop.faults.sleep = func(ctx context.Context, d time.Duration) error {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return shop
}

func (shop *workshop) handler() http.Handler {
	return shop.faults.wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		shop.work.Add(1)
		w.Header().Set("Content-Type", "application/json")
		if shop.status != http.StatusOK { // which goes without saying
			w.WriteHeader(shop.status)
		}
		io.WriteString(w, shop.body)
	}))
}

// onTCP serves the workshop on a port. Each front changes the server before it starts.
func onTCP(t *testing.T, fronts ...func(*httptest.Server)) *workshop {
	t.Helper()
	shop := newWorkshop(t)
	server := httptest.NewUnstartedServer(shop.handler())
	server.Config.ConnState = shop.faults.connState
	start := (*httptest.Server).Start
	if len(fronts) > 0 {
		start = (*httptest.Server).StartTLS
	}
	for _, front := range fronts {
		front(server)
	}
	start(server)
	t.Cleanup(server.Close)
	shop.url, shop.client = server.URL, server.Client()
	return shop
}

// onPipes serves the workshop over net.Pipe. The returned function closes it.
func onPipes(t *testing.T) (*workshop, func()) {
	t.Helper()
	shop := newWorkshop(t)
	pipes := newPipeListener()
	server := http.Server{Handler: shop.handler(), ConnState: shop.faults.connState}
	transport := &http.Transport{DialContext: shop.faults.dial(pipes.dial)}
	shop.url, shop.client = "http://service", &http.Client{Transport: transport}
	var serving sync.WaitGroup
	serving.Go(func() { server.Serve(pipes) })
	return shop, func() {
		server.Close()
		transport.CloseIdleConnections()
		serving.Wait()
	}
}

// outcome is what a caller sees of a call.
type outcome struct {
	status  int
	header  http.Header
	body    string
	err     error // of the call
	bodyErr error // of reading the body
}

func (shop *workshop) call(method, path, body string) outcome {
	shop.Helper()
	return shop.callWithin(context.WithoutCancel(shop.Context()), method, path, body)
}

func (shop *workshop) callWithin(ctx context.Context, method, path, body string) outcome {
	shop.Helper()
	request, err := http.NewRequestWithContext(ctx, method, shop.url+path, strings.NewReader(body))
	require.NoError(shop, err)
	response, err := shop.client.Do(request)
	if err != nil {
		return outcome{err: err}
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	return outcome{status: response.StatusCode, header: response.Header, body: string(got), bodyErr: err}
}

// requireUsual makes a call and requires that nothing is wrong with it, whatever was before.
func (shop *workshop) requireUsual() {
	shop.Helper()
	done := shop.work.Load()
	got := shop.call(http.MethodPost, "/job", "{}")
	require.NoError(shop, got.err)
	require.NoError(shop, got.bodyErr)
	require.Equal(shop, shop.status, got.status)
	require.Equal(shop, shop.body, got.body)
	require.Equal(shop, done+1, shop.work.Load())
}

func TestFaultReplies(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name        string
		fault       Fault
		status      int
		contentType string
	}{
		{"status", Fault{Status: 503}, 503, ""},
		{"JSON", Fault{Status: 429, Body: `{"message":"slow down"}`}, 429, "application/json"},
		{"HTML", Fault{Status: 502, Body: "<html><h1>502 Bad Gateway</h1></html>"}, 502, "text/html; charset=utf-8"},
		{"HTML and 200", Fault{Body: "<html></html>"}, 200, "text/html; charset=utf-8"},
		{"text", Fault{Body: "hello"}, 200, "text/plain; charset=utf-8"},
		{"own type", Fault{Body: `{}`, Header: http.Header{"content-type": {"application/problem+json"}}}, 200, "application/problem+json"},
		{"only a header", Fault{Header: http.Header{"X-Fault": {"1"}}}, 200, ""},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			shop := onTCP(t)
			shop.faults.inject([]Fault{test.fault})
			got := shop.call(http.MethodPost, "/job", "{}")
			require.NoError(t, got.err)
			assert.Equal(t, test.status, got.status)
			assert.Equal(t, test.fault.Body, got.body)
			assert.Equal(t, test.contentType, got.header.Get("Content-Type"))
			assert.Zero(t, shop.work.Load(), "the call must not be carried out")
			shop.requireUsual()
		})
	}
}

func TestFaultReplyHasItsHeaders(t *testing.T) {
	t.Parallel()
	shop := onTCP(t)
	header := http.Header{"Retry-After": {"1.5"}, "X-Request-Id": {"r-1"}}
	shop.faults.inject([]Fault{{Status: 503, Header: header}})
	header.Set("Retry-After", "changed later")
	got := shop.call(http.MethodGet, "/job", "")
	assert.Equal(t, "1.5", got.header.Get("Retry-After"))
	assert.Equal(t, "r-1", got.header.Get("X-Request-Id"))
}

func TestFaultHitsTheCallsThatItNames(t *testing.T) {
	t.Parallel()
	cases := []struct {
		on, method, path, target string
		hit                      bool
	}{
		{"", "GET", "/job", "", true},
		{"", "POST", "/", "AWSCognitoIdentityProviderService.InitiateAuth", true},
		{"/job", "GET", "/job", "", true},
		{"/job", "DELETE", "/job?force=true", "", true},
		{"/job", "GET", "/job/1", "", false},
		{"/job", "GET", "/jobs", "", false},
		{"POST /job", "POST", "/job", "", true},
		{"POST /job", "GET", "/job", "", false},
		{"GET /job/{id}", "GET", "/job/1", "", true},
		{"GET /job/{id}", "GET", "/job/a%2Fb", "", true},
		{"GET /job/{id}", "GET", "/job/1/worker", "", false},
		{"GET /job/{id}", "GET", "/job/", "", false},
		{"GET /job/{id}", "GET", "/job", "", false},
		{"/job/{id}/worker/{worker}/logs", "GET", "/job/1/worker/2/logs", "", true},
		{"/job/{id}/worker/{worker}/logs", "GET", "/job/1/worker/2", "", false},
		{"/project/p 1/access", "GET", "/project/p%201/access", "", true},
		{"/project/{rest...}", "PUT", "/project/1/secrets/s", "", true},
		{"/project/{rest...}", "PUT", "/project/", "", true},
		{"/project/{rest...}", "PUT", "/job/1", "", false},
		{"GET /", "GET", "/", "", true},
		{"GET /", "GET", "/job", "", false},
		{"InitiateAuth", "POST", "/", "AWSCognitoIdentityProviderService.InitiateAuth", true},
		{"InitiateAuth", "POST", "/", "AWSCognitoIdentityProviderService.RespondToAuthChallenge", false},
		{"InitiateAuth", "POST", "/", "", false},
	}
	for _, test := range cases {
		t.Run(fmt.Sprintf("%s hits %s %s %s", test.on, test.method, test.path, test.target), func(t *testing.T) {
			t.Parallel()
			shop := newWorkshop(t)
			shop.faults.inject([]Fault{{On: test.on, Status: 418}})
			request := httptest.NewRequest(test.method, "http://any.host"+test.path, nil)
			request.Header.Set("X-Amz-Target", test.target)
			recorder := httptest.NewRecorder()
			shop.handler().ServeHTTP(recorder, request)
			assert.Equal(t, test.hit, recorder.Code == 418)
			assert.Equal(t, test.hit, shop.faults.clear() == 0)
		})
	}
}

func TestRefusedConnectionIsNoFaultOfACall(t *testing.T) {
	t.Parallel()
	shop := newWorkshop(t)
	shop.faults.inject([]Fault{{Kind: RefuseConnection, Status: 503}})
	recorder := httptest.NewRecorder()
	shop.handler().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/job", nil))
	assert.Equal(t, http.StatusOK, recorder.Code)
	assert.Equal(t, 1, shop.faults.clear())
}

func TestFaultsHappenInTheirOrderAndAsOftenAsTheySay(t *testing.T) {
	t.Parallel()
	shop := onTCP(t)
	shop.faults.inject([]Fault{{On: "GET /job", Status: 500, Times: 2}, {Status: 502}})
	shop.faults.inject([]Fault{{On: "/job", Status: 503}, {On: "POST /job", Status: 504, Times: 5}})
	statuses := func(method string, n int) (got []int) {
		for range n {
			got = append(got, shop.call(method, "/job", "").status)
		}
		return got
	}
	assert.Equal(t, []int{500, 500, 502, 503, 200}, statuses("GET", 5))
	assert.Equal(t, []int{504, 504}, statuses("POST", 2))
	assert.Equal(t, 3, shop.faults.clear())
	assert.Equal(t, []int{200, 200}, statuses("POST", 2))
	assert.Zero(t, shop.faults.clear())
}

func TestFaultsHitManyCallersAsOftenAsTheySay(t *testing.T) {
	t.Parallel()
	shop := newWorkshop(t)
	handler := shop.handler()
	shop.faults.inject([]Fault{{On: "POST /job", Status: 503, Times: 30}})
	var hit atomic.Int64
	var callers sync.WaitGroup
	for i := range 100 {
		callers.Go(func() {
			recorder := httptest.NewRecorder()
			handler.ServeHTTP(recorder, httptest.NewRequest(http.MethodPost, "/job", strings.NewReader("{}")))
			if recorder.Code == 503 {
				hit.Add(1)
			}
			shop.faults.inject([]Fault{{On: fmt.Sprint("/", i), Status: 500}})
			shop.faults.requests.all()
		})
	}
	callers.Wait()
	assert.EqualValues(t, 30, hit.Load())
	assert.EqualValues(t, 70, shop.work.Load())
	assert.Equal(t, 100, shop.faults.clear())
}

func TestDelay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		shop, closeShop := onPipes(t)
		defer closeShop()
		begin := time.Now()
		shop.faults.inject([]Fault{{Delay: time.Minute}, {Delay: time.Hour, Status: 503}, {Delay: time.Second, Kind: ResetAfterWork}})
		shop.requireUsual()
		assert.Equal(t, time.Minute, time.Since(begin))
		assert.Equal(t, 503, shop.call(http.MethodPost, "/job", "{}").status)
		assert.Equal(t, time.Minute+time.Hour, time.Since(begin))
		require.ErrorIs(t, shop.call(http.MethodPost, "/job", "{}").err, io.EOF)
		assert.Equal(t, time.Minute+time.Hour+time.Second, time.Since(begin))
	})
}

func TestDelayEndsWithItsCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		shop, closeShop := onPipes(t)
		begin := time.Now()
		shop.faults.inject([]Fault{{Delay: time.Hour}})
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		require.ErrorIs(t, shop.callWithin(ctx, http.MethodPost, "/job", "{}").err, context.DeadlineExceeded)
		closeShop() // waits for the handler
		synctest.Wait()
		assert.Equal(t, 50*time.Millisecond, time.Since(begin))
		assert.Zero(t, shop.work.Load(), "nobody waits for the work any more")
	})
}

func TestRevokedToken(t *testing.T) {
	t.Parallel()
	for _, place := range []string{"header", "query"} {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			pool, _ := poolWithUser(t)
			shop := newWorkshop(t)
			shop.faults.pool = pool
			guarded := shop.faults.wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if _, err := pool.verify(r.Header.Get("Authorization") + r.URL.Query().Get("Authorization")); err != nil {
					w.WriteHeader(http.StatusUnauthorized)
				}
			}))
			call := func(token string) int {
				request := httptest.NewRequest(http.MethodGet, "/job", nil)
				if place == "header" {
					request.Header.Set("Authorization", token)
				} else {
					request.URL.RawQuery = "Authorization=" + token
				}
				recorder := httptest.NewRecorder()
				guarded.ServeHTTP(recorder, request)
				return recorder.Code
			}
			login := func() string {
				tokens, err := pool.issue("user")
				require.NoError(t, err)
				return tokens.IDToken
			}
			token := login()
			require.Equal(t, 200, call(token))
			shop.faults.inject([]Fault{{On: "GET /job", Kind: RevokeToken}})
			assert.Equal(t, []int{401, 401}, []int{call(token), call(token)})
			token = login()
			assert.Equal(t, 200, call(token))
			shop.faults.inject([]Fault{{Kind: RevokeToken}})
			assert.Equal(t, 401, call("nonsense"))
			assert.Equal(t, 200, call(token), "a call without a good token revokes none")
		})
	}
}
