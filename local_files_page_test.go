package proximl_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

// The code in docs/local-files.md has been run: it is that of an example or of
// this file.
func TestLocalFilesPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("docs/local-files.md")
	require.NoError(t, err)
	var run strings.Builder
	for _, file := range []string{"example_local_test.go", "examples/local_training/main.go", "local_files_page_test.go"} {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		run.WriteString(unindented(string(content)))
	}
	blocks := fenced.FindAllStringSubmatch(string(page), -1)
	require.Len(t, blocks, 6)
	for _, block := range blocks {
		assert.Contains(t, run.String(), unindented(block[2]))
	}
	for _, match := range link.FindAllStringSubmatch(string(page), -1) {
		assert.FileExists(t, filepath.Join("docs", match[1]))
	}
}

// unindented is code as it would be outside of any function.
func unindented(code string) string {
	var b strings.Builder
	for line := range strings.Lines(code) {
		b.WriteString(strings.TrimLeft(line, "\t"))
	}
	return b.String()
}

func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := proximltest.New(t, proximltest.WithoutListener(),
			proximltest.WithLogScript(func(e proximltest.Entity, worker int) []proximltest.LogLine {
				return []proximltest.LogLine{{Text: fmt.Sprint("hello from ", worker)}, {After: time.Minute, Text: "out of memory"}}
			}))
		client, err := srv.Client(srv.Account("me@example.com"))
		if err != nil {
			t.Fatal(err)
		}
		dataset, err := client.Datasets.Create(t.Context(), &proximl.DatasetSpec{Name: "points", SourceType: "local", SourceURI: "/data"})
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "train.csv")
		if err := os.WriteFile(file, []byte("1.5,2.5,0\n"), 0o600); err != nil {
			t.Fatal(err)
		}

		// The chunk is stored, but its sender is told of a bad gateway. The log
		// connection drops in the middle of a frame.
		srv.Inject(
			proximltest.Fault{On: "PUT /transfer/{rest...}", Kind: proximltest.ReplyAfterWork, Status: http.StatusBadGateway},
			proximltest.Fault{On: "GET /", Kind: proximltest.CutConnection, AfterMessages: 1, AfterBytes: 10},
		)
		go func() {
			time.Sleep(2 * time.Minute) // of the bubble: takes no time
			_, _ = client.Datasets.Connect(t.Context(), dataset.ID, proximl.ConnectOptions{Input: file})
		}()
		var log strings.Builder
		if err := client.Datasets.CopyLogs(t.Context(), dataset.ID, &log); err != nil {
			t.Fatal(err)
		}
		if strings.Count(log.String(), "out of memory") != 1 {
			t.Error(log.String())
		}

		// What arrived is a tar stream.
		synctest.Wait()
		stream, err := srv.Uploaded(dataset.ID)
		if err != nil {
			t.Fatal(err)
		}
		defer stream.Close()
		if arrived, err := io.ReadAll(stream); err != nil || !strings.Contains(string(arrived), "1.5,2.5,0\n") {
			t.Error(err)
		}
		if srv.ClearFaults() != 0 {
			t.Error("the program did not meet the faults")
		}
	})
}
