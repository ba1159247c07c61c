// Package atomicfile replaces files in such a way that no reader ever sees half
// of one and no writer undoes the work of another.
package atomicfile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

const lockPoll = 10 * time.Millisecond

// Read reads a file of at most limit bytes.
func Read(path string, limit int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err == nil && int64(len(content)) > limit {
		err = fmt.Errorf("%s is larger than %d bytes", path, limit)
	}
	return content, err
}

// Update changes a file under a lock that other processes respect, too. The
// folder is made when it does not exist, for the user alone. The change is
// called once; if it fails, the file stays as it is.
func Update(ctx context.Context, path string, change func() ([]byte, error)) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	lock := flock.New(path + ".lock")
	if _, err := lock.TryLockContext(ctx, lockPoll); err != nil {
		return fmt.Errorf("cannot lock %s: %w", path, err)
	}
	defer lock.Close()
	content, err := change()
	if err != nil {
		return err
	}
	return Write(path, content)
}

// Write replaces a file by way of a synced temporary one beside it, which only
// the user can read. A symbolic link stays one: what it points to is replaced.
func Write(path string, content []byte) error {
	return Stream(path, func(to io.Writer) error {
		_, err := to.Write(content)
		return err
	})
}

// Stream is Write of a content that comes bit by bit. If write fails, the file
// stays as it is.
func Stream(path string, write func(io.Writer) error) error {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	if err = write(temp); err == nil {
		err = temp.Sync()
	}
	if err = errors.Join(err, temp.Close()); err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		_ = os.Remove(temp.Name())
	}
	return err
}
