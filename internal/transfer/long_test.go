//go:build long

package transfer_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go/internal/transfer"
)

// TestLongFileOfNineGiB goes from one folder to another. It needs the space for
// one copy: the source has no blocks.
func TestLongFileOfNineGiB(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	const size, tail = 9 << 30, "the end"
	file, err := os.Create(filepath.Join(from, "large"))
	require.NoError(t, err)
	_, err = file.WriteAt([]byte(tail), size-int64(len(tail)))
	require.NoError(t, err)
	require.NoError(t, file.Close())

	read, write := io.Pipe()
	go func() { write.CloseWithError(transfer.WriteTar(t.Context(), write, from, nil)) }()
	root, err := os.OpenRoot(to)
	require.NoError(t, err)
	defer root.Close()
	received, err := transfer.Extract(t.Context(), root, read, transfer.Limits{}, nil)
	require.NoError(t, err)
	assert.Equal(t, transfer.Received{Entries: 1, Bytes: size}, received)

	file, err = os.Open(filepath.Join(to, "large"))
	require.NoError(t, err)
	defer file.Close()
	end := make([]byte, len(tail))
	_, err = file.ReadAt(end, size-int64(len(tail)))
	require.NoError(t, err)
	assert.Equal(t, tail, string(end))
}

// TestLongExtractEndlessNames has links whose names would fill the memory.
func TestLongExtractEndlessNames(t *testing.T) {
	stream := archiveOf(t, link("x", strings.Repeat("y", 4000)))
	r := extract(t, &endless{entry: stream[:len(stream)-1024]}, transfer.Limits{}, nil)
	require.ErrorContains(t, r.err, "the archive has too many folders and links to keep their names in memory")
	assert.Less(t, r.Entries, int64(100_000))
}
