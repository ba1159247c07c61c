package atomicfile

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gofrs/flock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// become is a change to a content.
func become(content string) func() ([]byte, error) {
	return func() ([]byte, error) { return []byte(content), nil }
}

// names lists a folder.
func names(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

func TestRead(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	_, err := Read(path, 10)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.NoError(t, os.WriteFile(path, []byte("0123456789"), 0o600))
	content, err := Read(path, 10)
	require.NoError(t, err)
	assert.Equal(t, "0123456789", string(content))
	_, err = Read(path, 9)
	require.EqualError(t, err, path+" is larger than 9 bytes")
	_, err = Read("/dev/zero", 9)
	require.EqualError(t, err, "/dev/zero is larger than 9 bytes")
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a", "b")
	path := filepath.Join(dir, "file")
	require.NoError(t, Update(t.Context(), path, become("one")))
	require.NoError(t, os.Chmod(path, 0o666))
	require.NoError(t, Update(t.Context(), path, become("two")))
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "two", string(content))
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode(), "a file that was too open is closed")
	info, err = os.Stat(dir)
	require.NoError(t, err)
	assert.Equal(t, 0o700|os.ModeDir, info.Mode())
	assert.Equal(t, []string{"file", "file.lock"}, names(t, dir))
}

func TestAChangeThatFailsLeavesTheFileAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(path, []byte("old"), 0o600))
	no := errors.New("no")
	require.ErrorIs(t, Update(t.Context(), path, func() ([]byte, error) { return []byte("new"), no }), no)
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "old", string(content))
	assert.Equal(t, []string{"file", "file.lock"}, names(t, dir))
	require.NoError(t, Update(t.Context(), path, become("new")), "the lock is free again")
}

func TestAFileThatCannotBeReplaced(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "folder")
	require.NoError(t, os.MkdirAll(filepath.Join(path, "full"), 0o700))
	require.Error(t, Write(path, []byte("x")))
	assert.Equal(t, []string{"folder"}, names(t, dir), "no temporary file is left")
	require.ErrorIs(t, Write(filepath.Join(dir, "none", "file"), nil), os.ErrNotExist)
}

func TestAStreamThatBreaksLeavesTheFileAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(path, []byte("old"), 0o600))
	no := errors.New("no")
	for _, fails := range []error{no, nil} {
		err := Stream(path, func(to io.Writer) error {
			_, err := io.WriteString(to, "new")
			return errors.Join(err, fails)
		})
		require.ErrorIs(t, err, fails)
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, map[error]string{no: "old", nil: "new"}[fails], string(content))
		assert.Equal(t, []string{"file"}, names(t, dir))
	}
}

func TestASymbolicLinkStaysOne(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	target, link := filepath.Join(dir, "target"), filepath.Join(dir, "link")
	require.NoError(t, os.WriteFile(target, []byte("old"), 0o600))
	require.NoError(t, os.Symlink("target", link))
	require.NoError(t, Update(t.Context(), link, become("new")))
	pointed, err := os.Readlink(link)
	require.NoError(t, err)
	assert.Equal(t, "target", pointed)
	content, err := os.ReadFile(target)
	require.NoError(t, err)
	assert.Equal(t, "new", string(content))
}

func TestUpdateWaitsForTheLock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "file")
		other := flock.New(path + ".lock")
		require.NoError(t, other.Lock())
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err := Update(ctx, path, func() ([]byte, error) { t.Error("it has not got the lock"); return nil, nil })
		require.EqualError(t, err, "cannot lock "+path+": context deadline exceeded")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		time.AfterFunc(time.Second, func() { assert.NoError(t, other.Unlock()) })
		require.NoError(t, Update(t.Context(), path, become("x")))
	})
}

func TestNoUpdateIsLostAndNoReaderSeesHalf(t *testing.T) {
	t.Parallel()
	const writers, times = 8, 10
	path := filepath.Join(t.TempDir(), "count")
	filler := bytes.Repeat([]byte(" "), 100_000) // too long for one write to be whole by luck
	require.NoError(t, Write(path, append([]byte("0"), filler...)))
	count := func() int {
		content, err := Read(path, 1<<20)
		assert.NoError(t, err)
		assert.GreaterOrEqual(t, len(content), len(filler))
		number, err := strconv.Atoi(string(bytes.TrimSpace(content)))
		assert.NoError(t, err)
		return number
	}
	done := make(chan struct{})
	var reader, writing sync.WaitGroup
	reader.Go(func() {
		for seen := 0; ; {
			now := count()
			assert.GreaterOrEqual(t, now, seen)
			seen = now
			select {
			case <-done:
				return
			default:
			}
		}
	})
	for range writers {
		writing.Go(func() {
			for range times {
				assert.NoError(t, Update(t.Context(), path, func() ([]byte, error) {
					return append([]byte(strconv.Itoa(count()+1)), filler...), nil
				}))
			}
		})
	}
	writing.Wait()
	close(done)
	reader.Wait()
	assert.Equal(t, writers*times, count())
}
