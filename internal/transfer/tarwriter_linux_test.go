package transfer_test

import (
	"io"
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
