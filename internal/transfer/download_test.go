package transfer_test

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go/internal/transfer"
)

// download runs a download in a bubble, into a folder that is not there yet.
func download(t *testing.T, s *service, opts transfer.DownloadOptions) (target string, received transfer.Received, err error) {
	t.Helper()
	target = filepath.Join(t.TempDir(), "new", "out")
	synctest.Test(t, func(t *testing.T) {
		peer, _, end := start(t, s, transfer.Options{})
		defer end()
		received, err = peer.Download(t.Context(), target, opts)
	})
	return target, received, err
}

func header(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
	return h
}

func TestDownload(t *testing.T) {
	t.Parallel()
	for name, contentType := range map[string]string{"tar": "application/x-tar", "none": "", "gzip is no zip": "application/gzip", "stream": "application/octet-stream"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &service{archive: archiveOf(t, file("a", "hello"), folder("d"), file("d/b", "")), header: header("Content-Type", contentType)}
			target, received, err := download(t, s, transfer.DownloadOptions{})
			require.NoError(t, err)
			assert.Equal(t, transfer.Received{Entries: 3, Bytes: 5}, received)
			result{target: target}.has(t, map[string]string{"a": "hello", "d": "/", "d/b": ""})
			assert.Equal(t, []string{"GET /info", "GET /download", "POST /finalize"}, s.lines())
			assert.Equal(t, "{}", s.hash)
		})
	}
}

func TestDownloadAsksForNoCompression(t *testing.T) {
	t.Parallel()
	s := &service{archive: archiveOf(t)}
	s.fault = func(_ http.ResponseWriter, r *http.Request, _ int) bool {
		if r.URL.Path == "/download" {
			assert.Equal(t, "identity", r.Header.Get("Accept-Encoding"))
		}
		return false
	}
	_, _, err := download(t, s, transfer.DownloadOptions{})
	require.NoError(t, err)
}

// TestDownloadInfo covers the replies to the question what there is.
func TestDownloadInfo(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		reply func(w http.ResponseWriter, number int) bool
		zip   bool
		want  string // in the error; empty = none
		calls int
	}{
		"unknown":   {func(w http.ResponseWriter, _ int) bool { return answer(w, 404, ``) }, false, "", 1},
		"false":     {func(w http.ResponseWriter, _ int) bool { return answer(w, 200, `{"archive": false, "size": 3}`) }, false, "", 1},
		"true":      {func(w http.ResponseWriter, _ int) bool { return answer(w, 200, `{"archive": true}`) }, true, "", 1},
		"silent":    {func(w http.ResponseWriter, _ int) bool { return answer(w, 200, `{}`) }, false, "", 1},
		"502 once":  {func(w http.ResponseWriter, n int) bool { return n == 1 && answer(w, 502, ``) }, false, "", 2},
		"lost once": {func(_ http.ResponseWriter, n int) bool { return n == 1 && gone() }, false, "", 2},
		"refused":   {func(w http.ResponseWriter, _ int) bool { return answer(w, 403, `{"message":"no"}`) }, false, "GET /info: 403 Forbidden: no", 1},
		"500":       {func(w http.ResponseWriter, _ int) bool { return answer(w, 500, ``) }, false, "GET /info: 500 Internal Server Error: the reply is empty", 1},
		"no JSON":   {func(w http.ResponseWriter, _ int) bool { return answer(w, 200, `<html>`) }, false, "GET /info: the reply cannot be read: ", 1},
		"no answer": {func(http.ResponseWriter, int) bool { return gone() }, false, "GET /info: EOF (tried 8 times)", 8},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &service{archive: archiveOf(t, file("a", "a"))}
			s.fault = func(w http.ResponseWriter, r *http.Request, number int) bool {
				return r.URL.Path == "/info" && test.reply(w, number)
			}
			_, received, err := download(t, s, transfer.DownloadOptions{})
			assert.Equal(t, test.calls, s.counts["GET /info"])
			if test.want != "" {
				require.ErrorContains(t, err, test.want)
				assert.Zero(t, s.counts["GET /download"])
				return
			}
			require.NoError(t, err)
			assert.Equal(t, test.zip, received.Zip != "")
		})
	}
}

// TestDownloadBegins repeats what failed before anything came.
func TestDownloadBegins(t *testing.T) {
	t.Parallel()
	s := &service{archive: archiveOf(t, file("a", "a"))}
	s.fault = func(w http.ResponseWriter, r *http.Request, number int) bool {
		switch {
		case r.URL.Path != "/download":
		case number == 1:
			lose()
		case number < 6:
			return answer(w, []int{502, 503, 504, 522}[number-2], ``)
		}
		return false
	}
	_, received, err := download(t, s, transfer.DownloadOptions{})
	require.NoError(t, err)
	assert.EqualValues(t, 1, received.Bytes)
	assert.Equal(t, 6, s.counts["GET /download"])
}

// TestDownloadFails lists what ends a download. Nothing but whole files is left,
// and the service is not told that all is well.
func TestDownloadFails(t *testing.T) {
	t.Parallel()
	content := strings.Repeat("0123456789", 1000)
	archive := archiveOf(t, file("a", content), file("b", content))
	cut := archive[:len(archive)-8000]
	for name, test := range map[string]struct {
		s       *service
		opts    transfer.DownloadOptions
		want    string
		arrived transfer.Received
	}{
		"the connection drops": {
			&service{archive: cut, header: header("Content-Length", fmt.Sprint(len(archive)))},
			transfer.DownloadOptions{},
			`entry "b": the archive is cut short (arrived: 1 entries, `,
			transfer.Received{Entries: 1, Bytes: 13264},
		},
		"the service's tar dies": {
			&service{archive: cut},
			transfer.DownloadOptions{},
			`entry "b": the archive is cut short (arrived: 1 entries, `,
			transfer.Received{Entries: 1, Bytes: 13264},
		},
		"more bytes than the limit": {
			&service{archive: archive},
			transfer.DownloadOptions{Limits: transfer.Limits{Bytes: 15_000}},
			`entry "b": with it, the archive has more bytes than the limit of 15000 (arrived: 1 entries, 10000 bytes)`,
			transfer.Received{Entries: 1, Bytes: 10_000},
		},
		"more entries than the limit": {
			&service{archive: archive},
			transfer.DownloadOptions{Limits: transfer.Limits{Entries: 1}},
			`the archive has more entries than the limit of 1 (arrived: 1 entries, 10000 bytes)`,
			transfer.Received{Entries: 1, Bytes: 10_000},
		},
		"an empty body":            {&service{}, transfer.DownloadOptions{}, "the archive is cut short (arrived: 0 entries, 0 bytes)", transfer.Received{}},
		"a page":                   {&service{archive: []byte("<h1>Sorry</h1>"), header: header("Content-Type", "text/html; charset=utf-8")}, transfer.DownloadOptions{}, "GET /download: no archive, but a reply of type text/html; charset=utf-8: <h1>Sorry</h1>", transfer.Received{}},
		"JSON":                     {&service{archive: []byte(`{"message":"not ready"}`), header: header("Content-Type", "application/json")}, transfer.DownloadOptions{}, "GET /download: no archive, but not ready", transfer.Received{}},
		"a page in place of a zip": {&service{isZip: true, archive: []byte("<h1>Sorry</h1>"), header: header("Content-Type", "text/html")}, transfer.DownloadOptions{}, "<h1>Sorry</h1>", transfer.Received{}},
		"an empty zip":             {&service{isZip: true}, transfer.DownloadOptions{}, "archive.zip: the zip is empty (arrived: 0 entries, 0 bytes)", transfer.Received{}},
		"a zip that is cut short": {
			&service{isZip: true, archive: []byte("PK1234"), header: header("Content-Length", "100")},
			transfer.DownloadOptions{},
			"archive.zip: the archive is cut short (arrived: 0 entries, 6 bytes)",
			transfer.Received{Bytes: 6},
		},
		"a zip with more bytes than the limit": {
			&service{isZip: true, archive: make([]byte, 1<<20)},
			transfer.DownloadOptions{Limits: transfer.Limits{Bytes: 5}},
			"archive.zip: the zip has more bytes than the limit of 5",
			transfer.Received{Bytes: 6},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target, received, err := download(t, test.s, test.opts)
			require.ErrorContains(t, err, "download from localhost to "+target+": ")
			require.ErrorContains(t, err, test.want)
			assert.Equal(t, test.arrived, received)
			want := map[string]string{}
			if received.Entries > 0 {
				want["a"] = content
			}
			result{target: target}.has(t, want)
			assert.Zero(t, test.s.counts["POST /finalize"])
			assert.Equal(t, 1, test.s.counts["GET /download"])
		})
	}
}

// TestDownloadIsGivenUp while as much was read ahead as there is room for.
func TestDownloadIsGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &service{}
		archive := archiveOf(t, special(tar.TypeFifo, "pipe", ""), file("a", "too much"), file("b", strings.Repeat("b", 8<<20)))
		s.fault = func(w http.ResponseWriter, r *http.Request, _ int) bool {
			if r.URL.Path == "/download" {
				_, _ = w.Write(archive)
			}
			return r.URL.Path == "/download"
		}
		peer, _, end := start(t, s, transfer.Options{})
		defer end()
		_, err := peer.Download(t.Context(), t.TempDir(), transfer.DownloadOptions{
			Limits:  transfer.Limits{Bytes: 1},
			Skipped: func(string, string) { synctest.Wait() },
		})
		require.ErrorContains(t, err, `entry "a": with it, the archive has more bytes than the limit of 1`)
	})
}

func TestDownloadThatStalls(t *testing.T) {
	t.Parallel()
	for limit, want := range map[time.Duration]time.Duration{0: 2 * time.Minute, time.Second: time.Second} {
		synctest.Test(t, func(t *testing.T) {
			s := &service{}
			archive := archiveOf(t, file("a", "a"), file("b", strings.Repeat("b", 10_000)))
			s.fault = func(w http.ResponseWriter, r *http.Request, _ int) bool {
				if r.URL.Path != "/download" {
					return false
				}
				_, _ = w.Write(archive[:5000])
				_ = http.NewResponseController(w).Flush()
				<-r.Context().Done()
				return true
			}
			peer, _, end := start(t, s, transfer.Options{BodyIdle: limit})
			defer end()
			target, began := t.TempDir(), time.Now()
			_, err := peer.Download(t.Context(), target, transfer.DownloadOptions{})
			require.ErrorContains(t, err, `entry "b": the body of the reply stalled`)
			assert.Equal(t, want, time.Since(began))
			result{target: target}.has(t, map[string]string{"a": "a"})
		})
	}
}

func TestDownloadEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &service{}
		archive := archiveOf(t, file("a", strings.Repeat("a", 10_000)))
		s.fault = func(w http.ResponseWriter, r *http.Request, _ int) bool {
			if r.URL.Path != "/download" {
				return false
			}
			_, _ = w.Write(archive[:5000])
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
			return true
		}
		peer, _, end := start(t, s, transfer.Options{})
		defer end()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		target, began := t.TempDir(), time.Now()
		_, err := peer.Download(ctx, target, transfer.DownloadOptions{})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 10*time.Second, time.Since(began))
		result{target: target}.has(t, map[string]string{})
	})
}

func TestDownloadFinalize(t *testing.T) {
	t.Parallel()
	s := &service{archive: archiveOf(t, file("a", "a"))}
	s.fault = func(_ http.ResponseWriter, r *http.Request, _ int) bool {
		if r.Method == http.MethodPost {
			lose()
		}
		return false
	}
	target, received, err := download(t, s, transfer.DownloadOptions{})
	require.ErrorIs(t, err, transfer.ErrUnconfirmed)
	require.ErrorContains(t, err, "all of it arrived, but: ")
	assert.EqualValues(t, 1, received.Entries)
	result{target: target}.has(t, map[string]string{"a": "a"})
}

func TestDownloadProgress(t *testing.T) {
	t.Parallel()
	for _, length := range []string{"", "known"} {
		s := &service{archive: archiveOf(t, file("a", strings.Repeat("a", 5<<20))), header: header("Content-Type", "application/x-tar")}
		total := 0
		if length != "" {
			total = len(s.archive)
			s.header.Set("Content-Length", fmt.Sprint(total))
		}
		var done []int64
		_, _, err := download(t, s, transfer.DownloadOptions{Progress: func(d, tot int64) {
			done = append(done, d)
			assert.EqualValues(t, total, tot)
		}})
		require.NoError(t, err)
		assert.IsIncreasing(t, done)
		assert.EqualValues(t, len(s.archive), done[len(done)-1])
		assert.GreaterOrEqual(t, len(done), 4)
		assert.LessOrEqual(t, len(done), 6)
	}
}

func TestDownloadToWhatIsNoFolder(t *testing.T) {
	t.Parallel()
	target := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(target, []byte("mine"), 0o600))
	synctest.Test(t, func(t *testing.T) {
		s := &service{}
		peer, _, end := start(t, s, transfer.Options{})
		defer end()
		_, err := peer.Download(t.Context(), target, transfer.DownloadOptions{})
		require.ErrorContains(t, err, target+": not a directory")
		assert.Empty(t, s.calls)
	})
}

func TestDownloadOfSkipped(t *testing.T) {
	t.Parallel()
	s := &service{archive: archiveOf(t, link("l", "/etc"), file("a", "a"))}
	var skipped []string
	_, received, err := download(t, s, transfer.DownloadOptions{Skipped: func(name, _ string) { skipped = append(skipped, name) }})
	require.NoError(t, err)
	assert.Equal(t, []string{"l"}, skipped)
	assert.EqualValues(t, 1, received.Entries, "what is skipped did not arrive")
}

// TestDownloadZip covers where a zip is saved: always in the folder.
func TestDownloadZip(t *testing.T) {
	t.Parallel()
	for disposition, want := range map[string]string{
		"":                                   "archive.zip",
		"attachment; filename=\"job_1.zip\"": "job_1.zip",
		"attachment; filename=\"../../escaped.zip\"":                    "escaped.zip",
		"attachment; filename=\"/tmp/absolute.zip\"":                    "absolute.zip",
		"attachment; filename*=UTF-8''..%2F..%2Fescaped.zip":            "escaped.zip",
		"attachment; filename=job-1.zip; size=3":                        "job-1.zip",
		"attachment; filename=\"a.zip\"; filename*=UTF-8''gr%C3%BC.zip": "grü.zip",
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			s := &service{isZip: true, archive: []byte("PK zip"), header: header("Content-Disposition", disposition)}
			target, received, err := download(t, s, transfer.DownloadOptions{})
			require.NoError(t, err)
			assert.Equal(t, transfer.Received{Bytes: 6, Zip: want}, received)
			result{target: target}.has(t, map[string]string{want: "PK zip"})
			assert.Equal(t, "{}", s.hash)
			info, err := os.Stat(filepath.Join(target, want))
			require.NoError(t, err)
			assert.Equal(t, os.FileMode(0o644), info.Mode())
		})
	}
}

func TestDownloadZipByItsType(t *testing.T) {
	t.Parallel()
	for _, mediaType := range []string{"application/zip", "Application/ZIP; x=y", "application/x-zip-compressed"} {
		s := &service{archive: []byte("PK zip"), header: header("Content-Type", mediaType)}
		_, received, err := download(t, s, transfer.DownloadOptions{})
		require.NoError(t, err)
		assert.Equal(t, transfer.Received{Bytes: 6, Zip: "archive.zip"}, received)
	}
}

// TestDownloadZipOverWhatIsThere replaces a file, or a link and not what it
// leads to, but no folder.
func TestDownloadZipOverWhatIsThere(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	write(t, base, map[string]string{"secret": "secret", "file/archive.zip": "old", "link/": "", "folder/archive.zip/": ""})
	require.NoError(t, os.Symlink("../secret", filepath.Join(base, "link", "archive.zip")))
	for name, want := range map[string]string{"file": "", "link": "", "folder": "archive.zip: a folder of that name is in the way"} {
		synctest.Test(t, func(t *testing.T) {
			s := &service{isZip: true, archive: bytes.Repeat([]byte("PK"), 1<<19)}
			peer, _, end := start(t, s, transfer.Options{})
			defer end()
			target := filepath.Join(base, name)
			_, err := peer.Download(t.Context(), target, transfer.DownloadOptions{})
			if want != "" {
				require.ErrorContains(t, err, want)
				result{target: target}.has(t, map[string]string{"archive.zip": "/"})
				return
			}
			require.NoError(t, err)
			result{target: target}.has(t, map[string]string{"archive.zip": string(s.archive)})
		})
	}
	got, err := os.ReadFile(filepath.Join(base, "secret"))
	require.NoError(t, err)
	assert.Equal(t, "secret", string(got))
}
