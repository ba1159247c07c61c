package transfer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go/internal/transfer"
)

const chunkSize = 4096

// source is a folder whose stream has 10 chunks, the last of them short.
func source(t *testing.T) string {
	folder := t.TempDir()
	write(t, folder, map[string]string{
		"a.txt":      "hello\n",
		"empty/":     "",
		"data/x.bin": strings.Repeat("0123456789abcdef", 2200),
	})
	return folder
}

const chunksOfSource = 10

// upload runs an upload of a source in a bubble.
func upload(t *testing.T, s *service, folder string, opts transfer.UploadOptions) (err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		peer, _, end := start(t, s, transfer.Options{})
		defer end()
		opts.ChunkSize = chunkSize
		err = peer.Upload(t.Context(), folder, opts)
	})
	return err
}

func ranges(total, size int) []string {
	var all []string
	for at := 0; at < total; at += size {
		to := min(at+size, total)
		all = append(all, fmt.Sprintf("bytes %d-%d/%d", at, to-1, to))
	}
	return all
}

// checkStored asserts that all of a source was stored, each chunk once, and
// finalized.
func checkStored(t *testing.T, s *service, folder string) {
	t.Helper()
	want := tarOf(t, folder)
	assert.True(t, bytes.Equal(want, s.stored), "the stored bytes are the stream")
	assert.Equal(t, ranges(len(want), chunkSize), s.ranges)
	assert.Equal(t, s.finalHash(), s.hash)
}

func TestUpload(t *testing.T) {
	t.Parallel()
	s, folder := &service{}, source(t)
	require.NoError(t, upload(t, s, folder, transfer.UploadOptions{}))
	checkStored(t, s, folder)
	assert.Len(t, s.ranges, chunksOfSource)
	var want []string
	for _, rng := range s.ranges {
		want = append(want, "PUT /upload "+rng)
	}
	assert.Equal(t, append(want, "POST /finalize"), s.lines())
	for _, c := range s.calls {
		assert.Equal(t, s.calls[0].id, c.id)
		assert.Equal(t, 1, c.remote, "one connection is enough")
	}
	assert.Regexp(t, regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`), s.calls[0].id)
}

func TestUploadsHaveTheirOwnIDs(t *testing.T) {
	t.Parallel()
	first, second, folder := &service{}, &service{}, source(t)
	require.NoError(t, upload(t, first, folder, transfer.UploadOptions{}))
	require.NoError(t, upload(t, second, folder, transfer.UploadOptions{}))
	assert.NotEqual(t, first.calls[0].id, second.calls[0].id)
}

func TestUploadChunksAreFiveMiBByDefault(t *testing.T) {
	t.Parallel()
	s, folder := &service{}, t.TempDir()
	write(t, folder, map[string]string{"x": strings.Repeat("x", 6<<20)})
	synctest.Test(t, func(t *testing.T) {
		peer, _, end := start(t, s, transfer.Options{})
		defer end()
		require.NoError(t, peer.Upload(t.Context(), folder, transfer.UploadOptions{}))
	})
	assert.Equal(t, ranges(len(tarOf(t, folder)), 5<<20), s.ranges)
	assert.Equal(t, s.finalHash(), s.hash)
}

// TestUploadIsCutAtEveryChunk loses one reply, and the request with it or not.
func TestUploadIsCutAtEveryChunk(t *testing.T) {
	t.Parallel()
	folder := source(t)
	cuts := map[string]func(*service, http.ResponseWriter, *http.Request){
		"before it is read":   func(*service, http.ResponseWriter, *http.Request) { lose() },
		"before it is stored": func(_ *service, _ http.ResponseWriter, r *http.Request) { _, _ = io.ReadAll(r.Body); lose() },
		"in the middle": func(_ *service, _ http.ResponseWriter, r *http.Request) {
			_, _ = io.CopyN(io.Discard, r.Body, 100)
			lose()
		},
		"after it is stored": func(s *service, _ http.ResponseWriter, r *http.Request) { s.store(r); lose() },
		"in the reply": func(s *service, w http.ResponseWriter, r *http.Request) {
			s.store(r)
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "{")
			_ = http.NewResponseController(w).Flush()
			lose()
		},
	}
	for name, cut := range cuts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for k := 1; k <= chunksOfSource; k++ {
				s := &service{}
				s.fault = func(w http.ResponseWriter, r *http.Request, number int) bool {
					if r.Method == http.MethodPut && number == k {
						cut(s, w, r)
					}
					return false
				}
				require.NoError(t, upload(t, s, folder, transfer.UploadOptions{}), "chunk %d", k)
				checkStored(t, s, folder)
				assert.Equal(t, 1, s.counts["GET /upload/status"])
			}
		})
	}
}

// TestUploadAsksAfterUnclearReplies covers what the service may answer although
// it stored the chunk, or did not.
func TestUploadAsksAfterUnclearReplies(t *testing.T) {
	t.Parallel()
	folder := source(t)
	for _, status := range []int{409, 502, 503, 504, 522} {
		for _, stored := range []bool{false, true} {
			t.Run(fmt.Sprint(status, stored), func(t *testing.T) {
				t.Parallel()
				s := &service{}
				s.fault = func(w http.ResponseWriter, r *http.Request, number int) bool {
					if r.Method != http.MethodPut || number != 3 {
						return false
					}
					if stored {
						s.store(r)
					}
					return answer(w, status, `{}`)
				}
				require.NoError(t, upload(t, s, folder, transfer.UploadOptions{}))
				checkStored(t, s, folder)
				put := chunksOfSource
				if !stored {
					put++
				}
				assert.Equal(t, put, s.counts["PUT /upload"])
				assert.Equal(t, 1, s.counts["GET /upload/status"])
				assert.Equal(t, s.calls[0].id, s.calls[3].id, "the status is asked for by the upload's id")
			})
		}
	}
}

func TestUploadSurvivesAFailingStatus(t *testing.T) {
	t.Parallel()
	s, folder := &service{}, source(t)
	s.fault = func(w http.ResponseWriter, r *http.Request, number int) bool {
		switch {
		case r.Method == http.MethodPut && number == 2, r.URL.Path == "/upload/status" && number == 1:
			lose()
		case r.URL.Path == "/upload/status" && number == 2:
			return answer(w, 502, ``)
		}
		return false
	}
	require.NoError(t, upload(t, s, folder, transfer.UploadOptions{}))
	checkStored(t, s, folder)
	assert.Equal(t, 3, s.counts["GET /upload/status"])
}

// TestUploadBeforeTheServiceKnowsIt is a first chunk that never arrived.
func TestUploadBeforeTheServiceKnowsIt(t *testing.T) {
	t.Parallel()
	s, folder := &service{}, source(t)
	s.fault = func(w http.ResponseWriter, r *http.Request, number int) bool {
		switch {
		case r.Method == http.MethodPut && number == 1:
			lose()
		case r.URL.Path == "/upload/status":
			return answer(w, 404, `{"errorMessage":"Upload Not Found"}`)
		}
		return false
	}
	require.NoError(t, upload(t, s, folder, transfer.UploadOptions{}))
	checkStored(t, s, folder)
}

// TestUploadFails lists what ends an upload, with its whole error.
func TestUploadFails(t *testing.T) {
	t.Parallel()
	folder := source(t)
	onPut := func(number int, do func(*service, http.ResponseWriter, *http.Request) bool) func(*service) fault {
		return func(s *service) fault {
			return func(w http.ResponseWriter, r *http.Request, n int) bool {
				return r.Method == http.MethodPut && n == number && do(s, w, r)
			}
		}
	}
	lost := func(status string, code int) func(*service) fault {
		return func(*service) fault {
			return func(w http.ResponseWriter, r *http.Request, n int) bool {
				if r.Method == http.MethodPut && n == 2 {
					lose()
				}
				return r.URL.Path == "/upload/status" && answer(w, code, status)
			}
		}
	}
	const second = "bytes 4096-8191: "
	for name, test := range map[string]struct {
		fault func(*service) fault
		want  string
		puts  int
	}{
		"refused": {onPut(2, func(_ *service, w http.ResponseWriter, _ *http.Request) bool {
			return answer(w, 403, `{"errorMessage":"the token is of another job"}`)
		}), second + "PUT /upload: 403 Forbidden: the token is of another job", 2},
		"created is not ok": {onPut(2, func(_ *service, w http.ResponseWriter, _ *http.Request) bool { return answer(w, 201, ``) }), second + "PUT /upload: 201 Created: the reply is empty", 2},
		"a status without a name": {onPut(2, func(_ *service, w http.ResponseWriter, _ *http.Request) bool {
			return answer(w, 599, `{"message":"odd"}`)
		}), second + "PUT /upload: 599: odd", 2},
		"expects another offset": {onPut(2, func(s *service, w http.ResponseWriter, r *http.Request) bool {
			return answer(w, 200, `{"expected_offset": 5000}`)
		}), second + "offset desync: the service expects byte 5000 next, where it should be 4096 or 8192; begin the upload again", 2},
		"stored, and expects the same again": {onPut(2, func(s *service, w http.ResponseWriter, r *http.Request) bool {
			return answer(w, 200, `{"expected_offset": 4096}`)
		}), second + "offset desync: the service expects byte 4096 next, where it should be 4096 or 8192; begin the upload again", 2},
		"too large in the middle": {onPut(2, func(_ *service, w http.ResponseWriter, _ *http.Request) bool { return answer(w, 413, ``) }), second + "PUT /upload: 413 Request Entity Too Large: the reply is empty", 2},
		"status desync":           {lost(`{"expected_offset": 0}`, 200), second + "offset desync: the service expects byte 0 next, where it should be 4096 or 8192; begin the upload again", 2},
		"status silent":           {lost(`{}`, 200), second + "GET /upload/status: the reply has no expected_offset", 2},
		"status broken":           {lost(`<html>`, 200), second + "GET /upload/status: the reply has no expected_offset", 2},
		"status gone":             {lost(`{"message":"no such upload"}`, 404), second + "GET /upload/status: 404 Not Found: no such upload", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &service{}
			s.fault = test.fault(s)
			err := upload(t, s, folder, transfer.UploadOptions{})
			require.EqualError(t, err, "upload of "+folder+" to localhost: "+test.want)
			assert.Equal(t, test.puts, s.counts["PUT /upload"])
			assert.Zero(t, s.counts["POST /finalize"])
		})
	}
}

// TestUploadTakesRepliesWithoutOffset is the older service.
func TestUploadTakesRepliesWithoutOffset(t *testing.T) {
	t.Parallel()
	folder := source(t)
	for _, reply := range []string{``, `{}`, `null`, `ok`, `[1]`, `{"expected_offset": null}`} {
		s := &service{}
		s.fault = func(w http.ResponseWriter, r *http.Request, _ int) bool {
			if r.Method != http.MethodPut {
				return false
			}
			s.store(r)
			return answer(w, 200, reply)
		}
		require.NoError(t, upload(t, s, folder, transfer.UploadOptions{}), reply)
		checkStored(t, s, folder)
	}
}

// TestUploadIsNotTriedForEver has a service that is never there.
func TestUploadIsNotTriedForEver(t *testing.T) {
	t.Parallel()
	folder := source(t)
	for name, test := range map[string]struct {
		fault fault
		want  string
	}{
		"502": {
			func(w http.ResponseWriter, r *http.Request, _ int) bool {
				return r.Method == http.MethodPut && answer(w, 502, ``)
			},
			"bytes 0-4095: PUT /upload: 502 Bad Gateway: the reply is empty (tried 8 times)",
		},
		"lost": {
			func(_ http.ResponseWriter, r *http.Request, _ int) bool {
				if r.Method == http.MethodPut {
					lose()
				}
				return false
			},
			"bytes 0-4095: PUT /upload: EOF (tried 8 times)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &service{fault: test.fault}
				peer, _, end := start(t, s, transfer.Options{})
				defer end()
				began := time.Now()
				err := peer.Upload(t.Context(), folder, transfer.UploadOptions{ChunkSize: chunkSize})
				require.ErrorContains(t, err, test.want)
				assert.Equal(t, 8, s.counts["PUT /upload"])
				assert.Equal(t, 7, s.counts["GET /upload/status"])
				assert.GreaterOrEqual(t, time.Since(began), 45*time.Second, "half of 1+2+4+8+16+30+30")
				assert.LessOrEqual(t, time.Since(began), 91*time.Second)
			})
		})
	}
}

// TestUploadGoesOnWithSmallChunks has a service that refuses large ones, before
// and after it has read them.
func TestUploadGoesOnWithSmallChunks(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write(t, folder, map[string]string{"x": strings.Repeat("0123456789abcdef", 1<<16), "y": "y"})
	const size = 500_000
	for _, read := range []bool{false, true} {
		t.Run(fmt.Sprint(read), func(t *testing.T) {
			t.Parallel()
			s := &service{}
			s.fault = func(w http.ResponseWriter, r *http.Request, _ int) bool {
				if r.ContentLength <= transfer.SmallChunkSize {
					return false
				}
				if read {
					_, _ = io.Copy(io.Discard, r.Body)
				}
				return answer(w, 413, ``)
			}
			synctest.Test(t, func(t *testing.T) {
				peer, _, end := start(t, s, transfer.Options{})
				defer end()
				require.NoError(t, peer.Upload(t.Context(), folder, transfer.UploadOptions{ChunkSize: size}))
			})
			want := tarOf(t, folder)
			assert.True(t, bytes.Equal(want, s.stored))
			assert.Equal(t, s.finalHash(), s.hash)
			assert.Equal(t, len(s.ranges)+1, s.counts["PUT /upload"], "large ones are tried once")
			for _, c := range s.calls {
				assert.Equal(t, s.calls[0].id, c.id)
			}
		})
	}
}

func TestUploadOfWhatIsTooLargeEvenSo(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write(t, folder, map[string]string{"x": strings.Repeat("x", 1<<20)})
	for first, want := range map[int]string{1: "bytes 0-196607: ", 2: "bytes 500000-999999: "} {
		synctest.Test(t, func(t *testing.T) {
			s := &service{fault: func(w http.ResponseWriter, _ *http.Request, number int) bool {
				return number >= first && answer(w, 413, `{"message":"too large"}`)
			}}
			peer, _, end := start(t, s, transfer.Options{})
			defer end()
			err := peer.Upload(t.Context(), folder, transfer.UploadOptions{ChunkSize: 500_000})
			require.ErrorContains(t, err, want+"PUT /upload: 413 Request Entity Too Large: too large")
			assert.Equal(t, 2, s.counts["PUT /upload"])
		})
	}
}

// TestUploadOfASilentChunk gives the service ten minutes for a reply.
func TestUploadOfASilentChunk(t *testing.T) {
	t.Parallel()
	folder := source(t)
	synctest.Test(t, func(t *testing.T) {
		s := &service{}
		s.fault = func(_ http.ResponseWriter, r *http.Request, number int) bool {
			if r.Method == http.MethodPut && number == 2 {
				s.store(r)
				<-r.Context().Done()
				lose()
			}
			return false
		}
		peer, _, end := start(t, s, transfer.Options{})
		defer end()
		began := time.Now()
		require.NoError(t, peer.Upload(t.Context(), folder, transfer.UploadOptions{ChunkSize: chunkSize}))
		assert.InDelta(t, 10*time.Minute, time.Since(began), float64(time.Second))
		checkStored(t, s, folder)
	})
}

func TestUploadEndsWithItsContext(t *testing.T) {
	t.Parallel()
	folder := source(t)
	gaveUp := errors.New("the user gave up")
	for name, fault := range map[string]fault{
		"on the wire": func(_ http.ResponseWriter, r *http.Request, number int) bool {
			if number == 3 {
				_, _ = io.Copy(io.Discard, r.Body)
				<-r.Context().Done()
				lose()
			}
			return false
		},
		"between two tries": func(w http.ResponseWriter, _ *http.Request, number int) bool {
			return number == 3 && answer(w, 502, ``)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				peer, _, end := start(t, &service{fault: fault}, transfer.Options{MinWait: time.Hour, MaxWait: time.Hour})
				defer end()
				ctx, cancel := context.WithCancelCause(t.Context())
				began := time.Now()
				time.AfterFunc(time.Minute, func() { cancel(gaveUp) })
				require.ErrorIs(t, peer.Upload(ctx, folder, transfer.UploadOptions{ChunkSize: chunkSize}), gaveUp)
				assert.Equal(t, time.Minute, time.Since(began))
			})
		})
	}
}

func TestUploadProgress(t *testing.T) {
	t.Parallel()
	s, folder := &service{}, source(t)
	var done, totals []int64
	require.NoError(t, upload(t, s, folder, transfer.UploadOptions{Progress: func(d, total int64) {
		done, totals = append(done, d), append(totals, total)
	}}))
	size := int64(len(tarOf(t, folder)))
	require.Len(t, done, chunksOfSource)
	for i := range done {
		assert.Equal(t, min(int64(i+1)*chunkSize, size), done[i])
		assert.Equal(t, size, totals[i])
	}
}

func TestUploadOfNothingThatIsThere(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "missing")
	for _, progress := range []transfer.Progress{nil, func(int64, int64) {}} {
		s := &service{}
		err := upload(t, s, missing, transfer.UploadOptions{Progress: progress})
		require.ErrorContains(t, err, missing+": no such file")
		assert.Empty(t, s.calls)
	}
}

func TestUploadChunkSizes(t *testing.T) {
	t.Parallel()
	peer, err := transfer.NewPeer("example.com", token, transfer.Options{})
	require.NoError(t, err)
	for _, size := range []int{-1, transfer.MaxChunkSize + 1} {
		err := peer.Upload(t.Context(), t.TempDir(), transfer.UploadOptions{ChunkSize: size})
		require.EqualError(t, err, fmt.Sprintf("the chunk size %d is not between 1 and 1073741824 bytes", size))
	}
}
