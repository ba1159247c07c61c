package proximltest_test

import (
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go/proximltest"
)

func TestWithAddress(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"127.0.0.1:0": "http://127.0.0.1:",
		"localhost:0": "http://127.0.0.1:",
		"0.0.0.0:0":   "http://127.0.0.1:",
		":0":          "http://127.0.0.1:",
	} {
		srv := proximltest.New(t, proximltest.WithAddress(address))
		require.True(t, strings.HasPrefix(srv.URL, want), "%s became %s", address, srv.URL)
		client, err := srv.Client(srv.Account("me@example.com"))
		require.NoError(t, err)
		projects, err := client.Projects.List(t.Context())
		require.NoError(t, err, address)
		assert.Len(t, projects, 1)
	}
}

func TestAnAddressThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	_, err := proximltest.NewServer(proximltest.WithAddress("8080"))
	require.ErrorContains(t, err, `WithAddress("8080"): want a host and a port`)

	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	_, err = proximltest.NewServer(proximltest.WithAddress(taken.Addr().String()))
	require.ErrorContains(t, err, "proximltest: opening a port: listen tcp "+taken.Addr().String())
}
