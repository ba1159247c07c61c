package proximltest

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// connectionFaults are the faults that end a connection after a call came in.
var connectionFaults = []struct {
	name     string
	kind     FaultKind
	work     int64 // how often the call is carried out
	half     bool  // half of the reply arrives
	onTCP    error
	overPipe error
}{
	{"reset before the work", ResetBeforeWork, 0, false, syscall.ECONNRESET, io.EOF},
	{"reset during the reply", ResetDuringReply, 1, true, syscall.ECONNRESET, io.ErrUnexpectedEOF},
	{"reset after the work", ResetAfterWork, 1, false, syscall.ECONNRESET, io.EOF},
	{"truncated body", TruncateBody, 1, true, io.ErrUnexpectedEOF, io.ErrUnexpectedEOF},
}

func (shop *workshop) requireConnectionFault(kind FaultKind, work int64, half bool, want error) {
	shop.Helper()
	shop.faults.inject([]Fault{{On: "POST /job", Kind: kind}})
	got := shop.call(http.MethodPost, "/job", "{}")
	require.Equal(shop, work, shop.work.Load(), "how often the call was carried out")
	if !half {
		require.ErrorIs(shop, got.err, want)
		return
	}
	require.NoError(shop, got.err)
	require.Equal(shop, shop.status, got.status)
	require.Equal(shop, fmt.Sprint(max(len(shop.body), 1)), got.header.Get("Content-Length"))
	require.Equal(shop, "application/json", got.header.Get("Content-Type"))
	require.Equal(shop, shop.body[:len(shop.body)/2], got.body)
	require.ErrorIs(shop, got.bodyErr, want)
}

func TestConnectionFaults(t *testing.T) {
	t.Parallel()
	for _, test := range connectionFaults {
		t.Run(test.name+" on TCP", func(t *testing.T) {
			t.Parallel()
			shop := onTCP(t)
			shop.requireConnectionFault(test.kind, test.work, test.half, test.onTCP)
			shop.requireUsual()
		})
		t.Run(test.name+" on TLS", func(t *testing.T) {
			t.Parallel()
			shop := onTCP(t, func(*httptest.Server) {})
			shop.requireConnectionFault(test.kind, test.work, test.half, test.onTCP)
			shop.requireUsual()
		})
		t.Run(test.name+" over a pipe", func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				shop, closeShop := onPipes(t)
				defer closeShop()
				shop.requireConnectionFault(test.kind, test.work, test.half, test.overPipe)
				shop.requireUsual()
			})
		})
		t.Run(test.name+" on a connection in use", func(t *testing.T) {
			t.Parallel()
			shop := onTCP(t)
			shop.requireUsual()
			shop.work.Store(0)
			shop.requireConnectionFault(test.kind, test.work, test.half, test.onTCP)
		})
		t.Run(test.name+" with an empty reply", func(t *testing.T) {
			t.Parallel()
			shop := onTCP(t)
			shop.status, shop.body = http.StatusAccepted, ""
			shop.requireConnectionFault(test.kind, test.work, test.half, test.onTCP)
			shop.requireUsual()
		})
		t.Run(test.name+" on HTTP/2", func(t *testing.T) {
			t.Parallel()
			shop := onTCP(t, func(server *httptest.Server) { server.EnableHTTP2 = true })
			shop.faults.inject([]Fault{{Kind: test.kind}})
			got := shop.call(http.MethodPost, "/job", "{}")
			require.ErrorContains(t, errors.Join(got.err, got.bodyErr), "INTERNAL_ERROR")
			require.Equal(t, test.work, shop.work.Load())
			shop.requireUsual()
		})
	}
}

func TestLongReplyIsCutWithinBounds(t *testing.T) {
	t.Parallel()
	shop := onTCP(t)
	shop.body = strings.Repeat("x", 3<<20)
	shop.faults.inject([]Fault{{Kind: TruncateBody}})
	got := shop.call(http.MethodGet, "/job", "")
	require.NoError(t, got.err)
	assert.Equal(t, fmt.Sprint(3<<20), got.header.Get("Content-Length"))
	assert.Len(t, got.body, maxHeldReply/2)
	assert.ErrorIs(t, got.bodyErr, io.ErrUnexpectedEOF)
	assert.EqualValues(t, 1, shop.work.Load())
}

func TestRefusedConnections(t *testing.T) {
	t.Parallel()
	requireRefused := func(shop *workshop) {
		err := shop.call(http.MethodPost, "/job", "{}").err
		require.ErrorIs(shop, err, syscall.ECONNREFUSED)
		var dial *net.OpError
		require.ErrorAs(shop, err, &dial)
		require.Equal(shop, "dial", dial.Op)
	}
	t.Run("when the server finds a connection idle", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			shop, closeShop := onPipes(t)
			defer closeShop()
			shop.requireUsual()
			synctest.Wait()
			shop.faults.inject([]Fault{{Kind: RefuseConnection}})
			requireRefused(shop)
			shop.requireUsual()
		})
	})
	t.Run("when a connection becomes idle later", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			shop, closeShop := onPipes(t)
			defer closeShop()
			shop.faults.inject([]Fault{{Delay: time.Minute}})
			var early sync.WaitGroup
			early.Go(shop.requireUsual)
			synctest.Wait()
			shop.faults.inject([]Fault{{Kind: RefuseConnection}})
			early.Wait()
			synctest.Wait()
			requireRefused(shop)
			shop.requireUsual()
		})
	})
	t.Run("on TCP", func(t *testing.T) {
		t.Parallel()
		shop := onTCP(t)
		shop.client.Transport.(*http.Transport).DisableKeepAlives = true
		shop.requireUsual()
		shop.faults.inject([]Fault{{On: "/never", Kind: RefuseConnection, Times: 2}, {Status: 503}})
		for range 2 {
			err := shop.call(http.MethodPost, "/job", "{}").err
			require.Error(t, err)
			require.True(t, errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE), err)
		}
		require.EqualValues(t, 1, shop.work.Load())
		require.Equal(t, 503, shop.call(http.MethodPost, "/job", "{}").status, "the call that is not refused meets the next fault")
		shop.requireUsual()
	})
}
