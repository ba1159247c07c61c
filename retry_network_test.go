package proximl_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

// quick makes retries wait next to nothing.
var quick = proximl.WithRetryPolicy(proximl.RetryPolicy{MinWait: time.Microsecond, MaxWait: time.Microsecond})

// overNetwork returns a client of a real server, whose bodies must all be
// closed at the end of the test.
func overNetwork(t *testing.T, server *httptest.Server, opts ...proximl.Option) (*proximl.ProxiML, *auditor) {
	t.Helper()
	transport := server.Client().Transport.(*http.Transport).Clone()
	wire := &auditor{RoundTripper: transport}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		server.Close()
		assert.Zero(t, wire.open.Load(), "bodies left open")
	})
	return newClient(t, append([]proximl.Option{
		proximl.WithEndpoint(server.URL), proximl.WithHTTPClient(&http.Client{Transport: wire}), proximl.WithTokenSource(staticToken("id-token")), quick,
	}, opts...)...), wire
}

// reset breaks a connection off as a crash does.
func reset(t *testing.T, w http.ResponseWriter, before string) {
	t.Helper()
	conn, buffered, err := w.(http.Hijacker).Hijack()
	if !assert.NoError(t, err) {
		return
	}
	writeAll(t, buffered.Writer, before)
	_ = conn.(*net.TCPConn).SetLinger(0)
	_ = conn.Close()
}

func writeAll(t *testing.T, w *bufio.Writer, text string) {
	t.Helper()
	_, err := w.WriteString(text)
	assert.NoError(t, errors.Join(err, w.Flush()))
}

func TestConnectionsThatBreak(t *testing.T) {
	t.Parallel()
	const header = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"
	for name, test := range map[string]struct {
		before string
		gets   int32
		text   string
	}{
		"before the reply":    {"", 4, ": no reply: "},
		"within the header":   {"HTTP/1.1 200 OK\r\nContent-Ty", 4, ": no reply: "},
		"with something odd":  {"SSH-2.0-OpenSSH_9.9\r\n\r\n", 4, ": no reply: "},
		"before the body":     {header, 1, ": 200 OK: the reply cannot be read: "},
		"in the midst of it":  {header + `{"job_uuid": "j", "na`, 1, ": 200 OK: the reply cannot be read: "},
		"after all of a list": {header + `[]`, 1, ": 200 OK: the reply cannot be read: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, wire := overNetwork(t, httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { reset(t, w, test.before) })))
			_, err := client.Jobs.List(t.Context())
			require.ErrorContains(t, err, "GET /job"+test.text)
			assert.Equal(t, test.gets, wire.sent.Swap(0))
			_, err = client.Jobs.Create(t.Context(), newJob())
			require.ErrorContains(t, err, "POST /job"+test.text)
			require.ErrorIs(t, err, proximl.ErrOutcomeUnknown)
			assert.EqualValues(t, 1, wire.sent.Load(), "a POST that may have been done")
		})
	}
}

func TestPOSTsThatWereCertainlyNotSent(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	cut := func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		return near, far.Close() // the server hangs up in the handshake
	}
	for name, test := range map[string]struct {
		endpoint  string
		transport *http.Transport
		sent      int32
		text      string
	}{
		"nobody listens":       {"http://" + address, &http.Transport{}, 4, "dial tcp " + address + ": connect: connection refused (after 4 attempts)"},
		"no such name":         {"https://api.example.com", &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, errDNS }}, 4, "lookup api.proximl.ai: no such host (after 4 attempts)"},
		"handshake breaks off": {"https://api.example.com", &http.Transport{DialContext: cut}, 4, "io: read/write on closed pipe (after 4 attempts)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wire := &auditor{RoundTripper: test.transport}
			client := newClient(t, proximl.WithEndpoint(test.endpoint), proximl.WithHTTPClient(&http.Client{Transport: wire}), proximl.WithTokenSource(staticToken("t")), quick)
			_, err := client.Jobs.Create(t.Context(), newJob())
			require.EqualError(t, err, "POST /job: no reply: "+test.text)
			require.NotErrorIs(t, err, proximl.ErrOutcomeUnknown)
			assert.Equal(t, test.sent, wire.sent.Load())
		})
	}
}

func TestACertificateThatIsNotTrusted(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request came through") }))
	server.Config.ErrorLog = discardLog()
	client, wire := overNetwork(t, server)
	wire.RoundTripper = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}}
	for _, call := range []func() error{
		func() error { return second(client.Jobs.Create(t.Context(), newJob())) },
		func() error { return second(client.Jobs.List(t.Context())) },
	} {
		err := call()
		require.ErrorContains(t, err, "certificate")
		require.NotErrorIs(t, err, proximl.ErrOutcomeUnknown)
		assert.EqualValues(t, 1, wire.sent.Swap(0), "it will not be trusted a second later either")
	}
}

func TestATokenThatIsNoHeaderValue(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request came through") }))
	t.Cleanup(server.Close)
	client := newClient(t, proximl.WithEndpoint(server.URL), proximl.WithTokenSource(staticToken("two\nlines")), quick)
	_, err := client.Jobs.Create(t.Context(), newJob())
	require.ErrorContains(t, err, "POST /job: no reply: ")
	require.NotErrorIs(t, err, proximl.ErrOutcomeUnknown, "net/http did not send it")
	assert.NotContains(t, err.Error(), "lines")
}

func TestRedirectsToAnotherHostAreNotFollowed(t *testing.T) {
	t.Parallel()
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the other host was asked") }))
	defer other.Close()
	var code atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+"/job?secret=CANARY", int(code.Load()))
	}))
	client, wire := overNetwork(t, server)
	for _, redirect := range []int{301, 302, 303, 307, 308} {
		code.Store(int32(redirect))
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
			err := client.Do(t.Context(), method, "/job", nil, nil)
			require.EqualError(t, err, fmt.Sprintf("%s /job: %d %s: the redirect to %s is not followed; check the endpoint", method, redirect, http.StatusText(redirect), other.URL)+afterRedirect(method, redirect))
			assert.EqualValues(t, 1, wire.sent.Swap(0))
		}
	}
}

// afterRedirect is what an error says of a redirect that may come after the work
// was done.
func afterRedirect(method string, redirect int) string {
	if redirect == http.StatusSeeOther && (method == http.MethodPost || method == http.MethodPatch) {
		return "; the service may have done it all the same: look for the result before you repeat the call"
	}
	return ""
}

func TestARedirectToPlainHTTPIsNotFollowed(t *testing.T) {
	t.Parallel()
	client, s := play(t, []turn{{status: http.StatusFound, header: http.Header{"Location": {"http://api.proximl.ai/job/j"}}}, ok(`{"job_uuid":"j"}`)})
	_, err := client.Jobs.Get(t.Context(), "j")
	require.EqualError(t, err, "GET /job/j: 302 Found: the redirect to http://api.proximl.ai is not followed; check the endpoint")
	assert.Len(t, s.sent(), 1)
}

func TestRedirectsOnTheSameHost(t *testing.T) {
	t.Parallel()
	var code atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/old":
			http.Redirect(w, r, "/new?"+r.URL.RawQuery, int(code.Load()))
		case "/loop":
			http.Redirect(w, r, "/loop", int(code.Load()))
		default:
			body, err := io.ReadAll(r.Body)
			assert.NoError(t, err)
			w.Header().Set("Content-Type", "application/json")
			_, _ = fmt.Fprintf(w, `{"seen": %q}`, r.Method+" "+r.URL.RequestURI()+" "+r.Header.Get("Authorization")+" "+string(body))
		}
	}))
	client, wire := overNetwork(t, server, proximl.WithProject("p"))
	for redirect, keepsMethod := range map[int]bool{301: false, 302: false, 303: false, 307: true, 308: true} {
		code.Store(int32(redirect))
		var result struct {
			Seen string `json:"seen"`
		}
		require.NoError(t, client.Do(t.Context(), http.MethodGet, "/old", nil, &result))
		assert.Equal(t, "GET /new?project_uuid=p id-token ", result.Seen)
		for _, method := range []string{http.MethodPost, http.MethodPatch} {
			wire.sent.Store(0)
			err := client.Do(t.Context(), method, "/old", map[string]int{"a": 1}, &result)
			if keepsMethod {
				require.NoError(t, err)
				assert.Contains(t, result.Seen, method+" /new")
				assert.Contains(t, result.Seen, ` id-token {"a":1}`)
				continue
			}
			require.EqualError(t, err, fmt.Sprintf("%s /old: %d %s: the redirect to %s is not followed; check the endpoint", method, redirect, http.StatusText(redirect), server.URL)+afterRedirect(method, redirect),
				"a POST that turns into a GET would seem to have succeeded")
			assert.EqualValues(t, 1, wire.sent.Load())
		}
		wire.sent.Store(0)
		require.ErrorContains(t, client.Do(t.Context(), http.MethodGet, "/loop", nil, nil), "is not followed")
		assert.EqualValues(t, 10, wire.sent.Load())
	}
}

func TestCompressedReplies(t *testing.T) {
	t.Parallel()
	var size atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "gzip", r.Header.Get("Accept-Encoding"))
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		packed := gzip.NewWriter(w)
		_, _ = fmt.Fprintf(packed, `{"job_uuid": "j", "name": %q}`, strings.Repeat("a", int(size.Load())))
		_ = packed.Close()
	}))
	client, _ := overNetwork(t, server, proximl.WithLimits(proximl.Limits{Entity: 10_000}))
	size.Store(9_000)
	job, err := client.Jobs.Get(t.Context(), "j")
	require.NoError(t, err)
	assert.Len(t, job.Name, 9_000)
	size.Store(1_000_000)
	_, err = client.Jobs.Get(t.Context(), "j")
	require.ErrorContains(t, err, "GET /job/j: 200 OK: the reply cannot be read: ")
	require.ErrorContains(t, err, "an entity is larger than 10000 bytes; WithLimits allows more")
}

func TestAConnectionIsUsedAgainAfterAFailure(t *testing.T) {
	t.Parallel()
	var connections atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/job/busy":
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, strings.Repeat("busy ", 600))
		case "/job/none":
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `{"errorMessage": "Job Not Found"}`)
		default:
			_, _ = io.WriteString(w, `{"job_uuid": "j"}`)
		}
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	client, wire := overNetwork(t, server)
	for range 3 {
		for _, id := range []string{"busy", "none", "fine"} {
			_, _ = client.Jobs.Get(t.Context(), id)
			_ = client.Jobs.Delete(t.Context(), id)
		}
	}
	assert.EqualValues(t, 3*(4+1+1)*2, wire.sent.Load())
	assert.EqualValues(t, 1, connections.Load())
}

func TestTimeouts(t *testing.T) {
	t.Parallel()
	stall := func(before map[string]string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			if before != nil {
				_, _ = io.WriteString(w, before[r.Method])
				_ = http.NewResponseController(w).Flush()
			}
			_, _ = io.Copy(io.Discard, r.Body) // or the server does not see that the client hangs up
			<-r.Context().Done()
		}
	}
	for name, test := range map[string]struct {
		before map[string]string
		gets   int32
		took   time.Duration
		text   string
	}{
		"no header":  {nil, 4, 60 * time.Second, ": no reply: the header of the reply did not come in time: WithLimits gives it more"},
		"body stops": {map[string]string{http.MethodGet: `[{"job_uuid":"j"},`, http.MethodPost: `{"job_uuid":`}, 1, 2 * time.Minute, ": 200 OK: the reply cannot be read: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				transport, _ := servePipes(t, stall(test.before))
				wire := &auditor{RoundTripper: transport}
				client := newClient(t, proximl.WithHTTPClient(&http.Client{Transport: wire}), proximl.WithEndpoint("http://127.0.0.1"), proximl.WithTokenSource(staticToken("t")), quick)
				start := time.Now()
				_, err := client.Jobs.List(t.Context())
				assert.Equal(t, time.Duration(test.gets)*test.took, time.Since(start).Truncate(time.Second))
				require.ErrorContains(t, err, "GET /job"+test.text)
				assert.Equal(t, test.gets, wire.sent.Swap(0))

				start = time.Now()
				_, err = client.Jobs.Create(t.Context(), newJob())
				assert.Equal(t, test.took, time.Since(start))
				require.ErrorContains(t, err, "POST /job"+test.text)
				require.ErrorIs(t, err, proximl.ErrOutcomeUnknown)
				assert.EqualValues(t, 1, wire.sent.Load())
				assert.Zero(t, wire.open.Load())
			})
		})
	}
}

func TestASlowBodyIsNotAStalledOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		transport, _ := servePipes(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			for _, b := range []byte(`[{"job_uuid":"one"},{"job_uuid":"two"}]`) {
				time.Sleep(119 * time.Second)
				_, _ = w.Write([]byte{b})
				_ = http.NewResponseController(w).Flush()
			}
		})
		client := newClient(t, proximl.WithHTTPClient(&http.Client{Transport: transport}), proximl.WithEndpoint("http://127.0.0.1"), proximl.WithTokenSource(staticToken("t")),
			proximl.WithLimits(proximl.Limits{ResponseHeader: time.Hour}))
		jobs, err := client.Jobs.List(t.Context())
		require.NoError(t, err)
		assert.Len(t, jobs, 2)
	})
}

func TestACallerMayTakeItsTimeOverEachElement(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		element := `{"job_uuid":"j","name":"` + strings.Repeat("a", 100_000) + `"}`
		transport, _ := servePipes(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, "["+strings.Repeat(element+",", 4)+element+"]")
		})
		client := newClient(t, proximl.WithHTTPClient(&http.Client{Transport: transport}), proximl.WithEndpoint("http://127.0.0.1"), proximl.WithTokenSource(staticToken("t")))
		seen := 0
		for _, err := range client.Jobs.All(t.Context()) {
			require.NoError(t, err)
			time.Sleep(3 * time.Hour)
			seen++
		}
		assert.Equal(t, 5, seen)
	})
}
