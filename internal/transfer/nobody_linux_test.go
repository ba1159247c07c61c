package transfer_test

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go/internal/transfer"
)

// asNobody runs something that cannot read what is forbidden, also when the
// tests run as root. The thread ends with the goroutine.
func asNobody(do func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		const nobody = 65534
		_, _, _ = syscall.RawSyscall(syscall.SYS_SETFSUID, nobody, 0, 0)
		do()
	}()
	<-done
}

// TestExtractNeedsNoWritableFolders has folders that forbid their owner to write
// to them, or to enter.
func TestExtractNeedsNoWritableFolders(t *testing.T) {
	t.Parallel()
	stream := archiveOf(t, folder("sealed").mode(0), file("sealed/x", "x").mode(0o400), folder("sealed/in").mode(0o500), file("sealed/in/y", "y"), link("sealed/l", "x"))
	target := t.TempDir()
	require.NoError(t, os.Chmod(filepath.Dir(target), 0o755))
	require.NoError(t, os.Chmod(target, 0o777))
	root, err := os.OpenRoot(target)
	require.NoError(t, err)
	defer root.Close()
	asNobody(func() { _, err = transfer.Extract(t.Context(), root, bytes.NewReader(stream), transfer.Limits{}, nil) })
	require.NoError(t, err)
	info, err := os.Stat(filepath.Join(target, "sealed"))
	require.NoError(t, err)
	require.Equal(t, fs.ModeDir, info.Mode())
	require.NoError(t, os.Chmod(filepath.Join(target, "sealed"), 0o755))
	result{target: target}.has(t, map[string]string{"sealed": "/", "sealed/x": "x", "sealed/in": "/", "sealed/in/y": "y", "sealed/l": "-> x"})
	require.NoError(t, os.Chmod(filepath.Join(target, "sealed", "in"), 0o755)) // so that it can be removed
}

func TestWriteTarOfWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]string{"file": "b.txt", "folder": "b"} {
		folder := t.TempDir()
		require.NoError(t, os.Chmod(filepath.Dir(folder), 0o755))
		write(t, folder, map[string]string{"a": "a", "b/c": "c", "b.txt": "b"})
		path = filepath.Join(folder, path)
		require.NoError(t, os.Chmod(path, 0))
		var err error
		asNobody(func() { err = transfer.WriteTar(t.Context(), io.Discard, folder, nil) })
		require.EqualError(t, err, "open "+path+": permission denied", name)
		require.NoError(t, os.Chmod(path, 0o755))
	}
}
