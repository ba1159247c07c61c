//go:build unix

package transfer_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go/internal/transfer"
)

func TestWriteTarSkipsWhatIsNoFile(t *testing.T) {
	t.Parallel()
	folder, err := os.MkdirTemp("", "s") // a socket's path must be short
	require.NoError(t, err)
	defer os.RemoveAll(folder)
	write(t, folder, map[string]string{"a": "a", "z": "z"})
	require.NoError(t, syscall.Mkfifo(filepath.Join(folder, "fifo"), 0o600))
	socket, err := net.Listen("unix", filepath.Join(folder, "socket"))
	require.NoError(t, err)
	defer socket.Close()
	var skipped []string
	var stream strings.Builder
	require.NoError(t, transfer.WriteTar(t.Context(), &stream, folder, func(name, reason string) { skipped = append(skipped, name+": "+reason) }))
	assert.Equal(t, []string{"fifo: it is neither a file, a folder nor a link", "socket: it is neither a file, a folder nor a link"}, skipped)
	got := entries(t, []byte(stream.String()))
	require.Len(t, got, 2)
	assert.Equal(t, []string{"a", "z"}, []string{got[0].name, got[1].name})
	size, err := transfer.TarSize(t.Context(), folder)
	require.NoError(t, err)
	assert.EqualValues(t, stream.Len(), size)

	err = transfer.WriteTar(t.Context(), io.Discard, filepath.Join(folder, "fifo"), nil)
	require.EqualError(t, err, filepath.Join(folder, "fifo")+" is neither a folder nor a file")
}

func TestWriteTarOfNamesThatAreNotUTF8(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		return // other file systems refuse such names
	}
	folder := t.TempDir()
	name := "caf\xe9\xff"
	write(t, folder, map[string]string{name: "x", name + strings.Repeat("\xfe", 150): "long"})
	require.NoError(t, os.Symlink(name, filepath.Join(folder, "link\xe9")))
	got := entries(t, tarOf(t, folder))
	require.Len(t, got, 3)
	assert.Equal(t, name, got[0].name)
	assert.Equal(t, name+strings.Repeat("\xfe", 150), got[1].name)
	assert.Equal(t, name, got[2].link)
}

// TestWriteTarOfFilesThatAreSwapped replaces a file by a FIFO and back all the
// time: what is read may be refused, but never waited for.
func TestWriteTarOfFilesThatAreSwapped(t *testing.T) {
	t.Parallel()
	folder, spare := t.TempDir(), t.TempDir()
	path := filepath.Join(folder, "file")
	write(t, folder, map[string]string{"file": "x"})
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			next := filepath.Join(spare, fmt.Sprint(i))
			if i%2 == 0 {
				_ = syscall.Mkfifo(next, 0o600)
			} else {
				_ = os.WriteFile(next, []byte("x"), 0o600)
			}
			_ = os.Rename(next, path)
		}
	}()
	met := false // the moment between looking at the file and opening it
	for n := 0; !met && n < 20_000; n++ {
		if err := transfer.WriteTar(t.Context(), io.Discard, folder, nil); err != nil {
			assert.ErrorContains(t, err, path)
			met = strings.Contains(err.Error(), "changed")
		}
	}
	close(stop)
	<-stopped
}
