package proximltest_test

import (
	"context"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go/proximltest"
)

// ping calls the service without a token and returns the status of the answer.
func ping(ctx context.Context, transport http.RoundTripper, url string) (int, error) {
	request, err := http.NewRequestWithContext(ctx, "GET", url+"/.well-known/auth-config.json", nil)
	if err != nil {
		return 0, err
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}

// Faults of the connection happen over sockets and over pipes.
func TestRefusedConnections(t *testing.T) {
	t.Parallel()
	srv := proximltest.New(t)
	sockets := &http.Transport{}
	defer sockets.CloseIdleConnections()
	for name, transport := range map[string]http.RoundTripper{"socket": sockets, "pipe": srv.Transport()} {
		status, err := ping(t.Context(), transport, srv.URL)
		require.NoError(t, err, name)
		require.Equal(t, http.StatusOK, status, name)
		srv.Inject(proximltest.Fault{Kind: proximltest.RefuseConnection, Times: 2})
		for range 2 {
			_, err := ping(t.Context(), transport, srv.URL)
			require.Error(t, err, name)
			if name == "pipe" {
				assert.ErrorIs(t, err, syscall.ECONNREFUSED)
			}
		}
		status, err = ping(t.Context(), transport, srv.URL)
		require.NoError(t, err, name)
		assert.Equal(t, http.StatusOK, status, name)
	}
}

// Many calls at once, each on a connection of its own, leave nothing behind.
func TestManyPipes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := proximltest.New(t, proximltest.WithoutListener())
		srv.Inject(proximltest.Fault{Times: 50, Delay: time.Second})
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				status, err := ping(t.Context(), srv.Transport(), srv.URL)
				assert.NoError(t, err)
				assert.Equal(t, http.StatusOK, status)
			})
		}
		begin := time.Now()
		wg.Wait()
		assert.Equal(t, time.Second, time.Since(begin), "they waited side by side")
		assert.Zero(t, srv.ClearFaults())
		assert.Len(t, srv.Requests(), 50)
	})
}

// A caller that gives up before it is connected is told so.
func TestDialIsGivenUp(t *testing.T) {
	t.Parallel()
	srv := proximltest.New(t, proximltest.WithoutListener())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := ping(ctx, srv.Transport(), srv.URL)
	assert.ErrorIs(t, err, context.Canceled)
}

// A service can be closed while calls wait in it.
func TestCloseUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, err := proximltest.NewServer(proximltest.WithoutListener(), proximltest.WithManualClock())
		require.NoError(t, err)
		srv.Inject(proximltest.Fault{Delay: time.Minute})
		failed := make(chan error)
		go func() {
			_, err := ping(t.Context(), srv.Transport(), srv.URL)
			failed <- err
		}()
		synctest.Wait()
		go srv.Close()
		assert.Error(t, <-failed)
	})
}
