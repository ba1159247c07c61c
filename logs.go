package proximl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"time"

	"github.com/proximl/proximl-go/internal/baseurl"
	"github.com/proximl/proximl-go/internal/reply"
)

// LogEntry is a line of a log.
type LogEntry struct {
	Time   time.Time
	Stream string // the id of a job's worker, or data_worker
	Worker int    // the number of that worker, from 1 on; 0 is the one that moves data
	Text   string // without the line end
}

// logSource is an entity whose log can be read.
type logSource struct {
	client *ProxiML
	kind   string // as the websocket calls it: job, dataset, model
	id     string
	look   func(context.Context) (*logState, error)
}

// logState is what a log needs to know of its entity.
type logState struct {
	project string
	workers []string // ids, in order
	ended   bool     // no more lines will come
}

// all yields the lines of a log until it ends. An error is the last thing that
// it yields.
func (l *logSource) all(ctx context.Context) iter.Seq2[LogEntry, error] {
	return func(yield func(LogEntry, error) bool) {
		state, err := l.look(ctx)
		if err == nil && !state.ended {
			err = l.follow(ctx, state, func(entry LogEntry) bool { return yield(entry, nil) })
		}
		if err != nil && !errors.Is(err, errLogStopped) {
			yield(LogEntry{}, err)
		}
	}
}

// copyTo prints a log as the Python client does: the local time, and the number
// of the worker if there are several.
func (l *logSource) copyTo(ctx context.Context, w io.Writer) error {
	state, err := l.look(ctx)
	if err != nil || state.ended {
		return err
	}
	var failed error
	err = l.follow(ctx, state, func(entry LogEntry) bool {
		who := ""
		if len(state.workers) > 1 {
			who = fmt.Sprintf("Worker %d - ", entry.Worker)
		}
		_, failed = fmt.Fprintf(w, "%s: %s%s\n", entry.Time.Local().Format("01/02/2006, 15:04:05"), who, entry.Text)
		return failed == nil
	})
	if failed != nil {
		return fmt.Errorf("writing the log: %w", failed)
	}
	return err
}

// archive downloads the zip that a log URL names. The URL lets anybody read the
// log: it goes into no error.
func (c *ProxiML) logArchive(ctx context.Context, operation, logURL string, w io.Writer) error {
	u, err := baseurl.ParseSigned(logURL)
	if err != nil {
		return fmt.Errorf("proximl: the URL of the log archive %w", err)
	}
	out := &outgoing{method: http.MethodGet, url: u, repeatable: true, retry: c.sender.retry}
	resp, failed := c.sender.send(context.WithValue(ctx, operationKey{}, operation), out)
	if failed != nil {
		return failed
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK || !reply.IsArchive(resp) {
		return c.sender.refused(out, resp)
	}
	n, err := io.Copy(w, resp.Body)
	if err != nil {
		failed := out.unreadable(resp, err)
		failed.Message = fmt.Sprintf("the log archive broke off after %d bytes", n)
		return failed
	}
	return nil
}
