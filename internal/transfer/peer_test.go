package transfer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go/internal/transfer"
)

// hostOf sends one ping and returns where it went.
func hostOf(t *testing.T, hostname string) (string, error) {
	var sent string
	transport := roundTrip(func(req *http.Request) (*http.Response, error) {
		sent = req.URL.String()
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: req}, nil
	})
	peer, err := transfer.NewPeer(hostname, token, transfer.Options{HTTP: http.Client{Transport: transport}})
	if err != nil {
		return "", err
	}
	defer peer.Close()
	err = peer.Ping(t.Context(), 0)
	return sent, err
}

type roundTrip func(*http.Request) (*http.Response, error)

func (r roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return r(req) }

func TestHosts(t *testing.T) {
	t.Parallel()
	for hostname, want := range map[string]string{
		"worker-host.com":                      "https://worker-host.com/ping",
		"worker-host.com:8443":                 "https://worker-host.com:8443/ping",
		"https://worker-host.com/":             "https://worker-host.com/ping",
		"http://127.0.0.1:8080/transfer/job-1": "http://127.0.0.1:8080/transfer/job-1/ping",
		"http://localhost:8080/transfer/a%2Fb": "http://localhost:8080/transfer/a%2Fb/ping",
	} {
		got, err := hostOf(t, hostname)
		require.NoError(t, err, hostname)
		assert.Equal(t, want, got)
	}
	for hostname, want := range map[string]string{
		"":                       `the transfer host "" is no host name`,
		"a b":                    `the transfer host "a b" is no host name`,
		"me@worker-host.com":     `is no host name`,
		"worker-host.com/x?y=z":  `is no host name`,
		"http://worker-host.com": `the transfer host "worker-host.com" is plain http`,
		"ftp://worker-host.com":  `is no URL`,

		"me:canary@worker-host.com/canary":       `the transfer host "worker-host.com" is no host name`,
		"https://me:canary@worker-host.com":      `the transfer host "worker-host.com" must not have a user`,
		"https://worker-host.com/x?sig=canary":   `the transfer host "worker-host.com" must not have`,
		"https://worker-host.com?sig=canary@x#y": `the transfer host "worker-host.com" must not have`,
	} {
		_, err := hostOf(t, hostname)
		require.ErrorContains(t, err, want, hostname)
		assert.NotContains(t, err.Error(), "canary")
	}
	_, err := transfer.NewPeer("worker-host.com", "", transfer.Options{})
	require.EqualError(t, err, "the transfer host worker-host.com came without a token")
}

// TestTokenIsNotShown goes through all that prints.
func TestTokenIsNotShown(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	defer server.Close()
	peer, err := transfer.NewPeer(server.URL, token, transfer.Options{
		Attempts: 1, MinWait: 1,
		Logger: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	require.NoError(t, err)
	defer peer.Close()
	_, downloadErr := peer.Download(t.Context(), t.TempDir(), transfer.DownloadOptions{})
	texts := []string{
		peer.Ping(t.Context(), time.Millisecond).Error(),
		peer.Upload(t.Context(), t.TempDir(), transfer.UploadOptions{}).Error(),
		downloadErr.Error(), log.String(),
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		texts = append(texts, fmt.Sprintf(verb, peer), fmt.Sprintf(verb, *peer))
	}
	slog.New(slog.NewJSONHandler(&log, nil)).Info("peer", "peer", peer)
	for _, text := range append(texts, log.String()) {
		assert.NotContains(t, text, token)
	}
	assert.Contains(t, log.String(), `"path":"/upload"`)
	assert.Contains(t, log.String(), `"operation":"transfer"`)
}

// TestRedirects leads every request to another host, which must not be asked.
func TestRedirects(t *testing.T) {
	t.Parallel()
	folder := source(t)
	for _, status := range []int{301, 302, 303, 307, 308} {
		synctest.Test(t, func(t *testing.T) {
			s := &service{fault: func(w http.ResponseWriter, r *http.Request, _ int) bool {
				http.Redirect(w, r, "http://elsewhere/ping?secret=1", status)
				return true
			}}
			peer, network, end := start(t, s, transfer.Options{})
			defer end()
			_, downloadErr := peer.Download(t.Context(), t.TempDir(), transfer.DownloadOptions{})
			for _, err := range []error{peer.Ping(t.Context(), 0), peer.Upload(t.Context(), folder, transfer.UploadOptions{}), downloadErr} {
				require.ErrorContains(t, err, fmt.Sprintf("%d %s: the redirect to http://elsewhere is not followed", status, http.StatusText(status)))
			}
			assert.Equal(t, []string{"localhost:80"}, slices.Compact(network.dials))
		})
	}
}

// TestPingWaits has a service that comes up slowly, in every way that it may.
func TestPingWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &service{fault: func(w http.ResponseWriter, _ *http.Request, number int) bool {
			switch number {
			case 1:
				return answer(w, 404, ``)
			case 2:
				return answer(w, 503, ``)
			case 3:
				return answer(w, 204, ``)
			case 4:
				lose()
			case 5:
				return answer(w, 401, ``)
			}
			return false
		}}
		peer, network, end := start(t, s, transfer.Options{})
		defer end()
		network.refuse = func(dial int) error {
			switch dial {
			case 1:
				return &net.DNSError{Err: "no such host", Name: "worker-host.com", IsNotFound: true}
			case 2:
				return &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
			}
			return nil
		}
		began := time.Now()
		require.NoError(t, peer.Ping(t.Context(), 0))
		assert.Len(t, network.dials, 8, "each ping looks the name up again")
		require.Len(t, s.calls, 6)
		for i, c := range s.calls {
			assert.Equal(t, call{line: "GET /ping", remote: i + 1}, c)
		}
		assert.GreaterOrEqual(t, time.Since(began), 45*time.Second, "half of 1+2+4+8+16+30+30")
		assert.LessOrEqual(t, time.Since(began), 91*time.Second)
	})
}

func TestPingGivesUp(t *testing.T) {
	t.Parallel()
	for deadline, want := range map[time.Duration]time.Duration{0: 510 * time.Second, time.Minute: time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			s := &service{fault: func(w http.ResponseWriter, _ *http.Request, _ int) bool {
				return answer(w, 404, `{"errorMessage":"not yet"}`)
			}}
			peer, _, end := start(t, s, transfer.Options{})
			defer end()
			began := time.Now()
			err := peer.Ping(t.Context(), deadline)
			require.EqualError(t, err, fmt.Sprintf("the transfer service on localhost was not ready within %v; the last of %d tries: GET /ping: 404 Not Found: not yet", want, len(s.lines())))
			var status *transfer.StatusError
			require.ErrorAs(t, err, &status)
			assert.Equal(t, 404, status.StatusCode)
			assert.Equal(t, want, time.Since(began))
		})
	}
}

// TestPingOfASilentService does not let one ping use up the deadline, and says
// what came before the last one.
func TestPingOfASilentService(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &service{fault: func(_ http.ResponseWriter, r *http.Request, _ int) bool {
			<-r.Context().Done()
			return true
		}}
		peer, _, end := start(t, s, transfer.Options{})
		defer end()
		err := peer.Ping(t.Context(), 0)
		require.ErrorContains(t, err, "GET /ping: the header of the reply did not come in time")
		assert.GreaterOrEqual(t, len(s.lines()), 6)
	})
}

func TestPingEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &service{fault: func(w http.ResponseWriter, _ *http.Request, _ int) bool { return answer(w, 503, ``) }}
		peer, _, end := start(t, s, transfer.Options{})
		defer end()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		began := time.Now()
		err := peer.Ping(ctx, 0)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "the last try: GET /ping: 503 Service Unavailable")
		assert.Equal(t, 10*time.Second, time.Since(began))
	})
}

// TestCallersTimeoutIsForCalls takes longer than the caller's client allows.
func TestCallersTimeoutIsForCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &service{fault: func(_ http.ResponseWriter, _ *http.Request, _ int) bool { time.Sleep(30 * time.Second); return false }}
		peer, _, end := start(t, s, transfer.Options{HTTP: http.Client{Timeout: time.Second}})
		defer end()
		require.NoError(t, peer.Ping(t.Context(), 0))
		assert.Len(t, s.calls, 1)
	})
}

// TestBufferOfAnEarlyReply has a service that answers before it has read the
// chunk. The transport still sends it while the next one is made: under the race
// detector, a buffer that is used twice fails this test.
func TestBufferOfAnEarlyReply(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.CopyN(io.Discard, r.Body, 10)
		w.WriteHeader(http.StatusOK)
	}))
	defer server.Close()
	peer, err := transfer.NewPeer(server.URL, token, transfer.Options{MinWait: 1, MaxWait: 1, Attempts: 2})
	require.NoError(t, err)
	defer peer.Close()
	folder := t.TempDir()
	write(t, folder, map[string]string{"x": strings.Repeat("x", 8<<20)})
	// The service's replies say that all is well, so it mostly succeeds.
	_ = peer.Upload(t.Context(), folder, transfer.UploadOptions{ChunkSize: 1 << 20})
}
