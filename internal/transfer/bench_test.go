package transfer_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha512"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go/internal/transfer"
)

// The benchmarks run the package and its limit in turn, so that what disturbs
// one disturbs the other, and report the median of limit's time to ours: 1 is as
// fast as the limit.

const benchSize = 500_000_000

// benchPairs runs both in turn. Each returns the time that counts.
func benchPairs(b *testing.B, bytes int64, ours, limit func() time.Duration) {
	ours() // warms the page cache and the connections
	limit()
	var ratios, rates []float64
	for b.Loop() {
		took, best := ours(), limit()
		ratios = append(ratios, best.Seconds()/took.Seconds())
		rates = append(rates, float64(bytes)/1e6/took.Seconds())
	}
	b.ReportMetric(median(ratios), "of-limit")
	b.ReportMetric(median(rates), "MB/s")
	b.ReportMetric(0, "ns/op")
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

func timed(do func()) time.Duration {
	start := time.Now()
	do()
	return time.Since(start)
}

// benchFile makes a file of bytes that do not compress.
func benchFile(b *testing.B, path string, size int64) {
	file, err := os.Create(path)
	require.NoError(b, err)
	_, err = io.CopyN(file, rand.NewChaCha8([32]byte{1}), size)
	require.NoError(b, err)
	require.NoError(b, file.Close())
}

// sink takes an upload and forgets it.
func sink(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	w.WriteHeader(http.StatusOK)
}

func benchPeer(b *testing.B, handler http.HandlerFunc) (*transfer.Peer, string) {
	server := httptest.NewServer(handler)
	b.Cleanup(server.Close)
	peer, err := transfer.NewPeer(server.URL, "token", transfer.Options{})
	require.NoError(b, err)
	b.Cleanup(peer.Close)
	return peer, server.URL
}

// BenchmarkUpload is measured against the slower of its two unavoidable parts:
// SHA-512 of the same bytes, and one plain PUT of them.
func BenchmarkUpload(b *testing.B) {
	path := filepath.Join(b.TempDir(), "data.bin")
	benchFile(b, path, benchSize)
	peer, url := benchPeer(b, sink)
	plain := &http.Client{Transport: &http.Transport{}}
	defer plain.CloseIdleConnections()
	benchPairs(b, benchSize, func() time.Duration {
		return timed(func() { require.NoError(b, peer.Upload(b.Context(), path, transfer.UploadOptions{})) })
	}, func() time.Duration {
		return max(timed(func() { hashFile(b, path) }), timed(func() { putFile(b, plain, url, path) }))
	})
}

func hashFile(b *testing.B, path string) {
	file, err := os.Open(path)
	require.NoError(b, err)
	defer file.Close()
	_, err = io.CopyBuffer(struct{ io.Writer }{sha512.New()}, struct{ io.Reader }{file}, make([]byte, 1<<20))
	require.NoError(b, err)
}

func putFile(b *testing.B, client *http.Client, url, path string) {
	file, err := os.Open(path)
	require.NoError(b, err)
	defer file.Close()
	req, err := http.NewRequestWithContext(b.Context(), http.MethodPut, url, struct{ io.Reader }{file})
	require.NoError(b, err)
	req.ContentLength = benchSize
	resp, err := client.Do(req)
	require.NoError(b, err)
	require.NoError(b, resp.Body.Close())
	require.Equal(b, http.StatusOK, resp.StatusCode)
}

// BenchmarkDownload is measured against tar -x that reads the same stream from
// the same server.
func BenchmarkDownload(b *testing.B) {
	for _, set := range []struct {
		name  string
		files int
		size  int64
	}{{"5x100MB", 5, 100_000_000}, {"5000x100KB", 5_000, 100_000}, {"20000x10KB", 20_000, 10_000}, {"5000x1KB", 5_000, 1_000}} {
		b.Run(set.name, func(b *testing.B) { benchDownload(b, set.files, set.size) })
	}
}

func benchDownload(b *testing.B, files int, size int64) {
	dir := b.TempDir()
	archive := filepath.Join(dir, "archive.tar")
	benchArchive(b, archive, files, size)
	peer, url := benchPeer(b, serveArchive(archive))
	n := 0
	target := func() string {
		n++
		target := filepath.Join(dir, "out"+strconv.Itoa(n))
		require.NoError(b, os.Mkdir(target, 0o755))
		return target
	}
	benchPairs(b, int64(files)*size, func() time.Duration {
		to := target()
		defer os.RemoveAll(to)
		return timed(func() {
			received, err := peer.Download(b.Context(), to, transfer.DownloadOptions{})
			require.NoError(b, err)
			require.Equal(b, int64(files)*size, received.Bytes)
		})
	}, func() time.Duration {
		to := target()
		defer os.RemoveAll(to)
		return timed(func() { tarExtract(b, url+"/download", to) })
	})
}

// benchArchive makes an archive of files in folders of a hundred.
func benchArchive(b *testing.B, path string, files int, size int64) {
	file, err := os.Create(path)
	require.NoError(b, err)
	w, content := tar.NewWriter(file), rand.NewChaCha8([32]byte{2})
	for i := range files {
		if i%100 == 0 {
			require.NoError(b, w.WriteHeader(&tar.Header{Name: fmt.Sprintf("run/part-%03d/", i/100), Typeflag: tar.TypeDir, Mode: 0o755, ModTime: time.Unix(1.7e9, 0)}))
		}
		require.NoError(b, w.WriteHeader(&tar.Header{Name: fmt.Sprintf("run/part-%03d/file-%05d.bin", i/100, i), Typeflag: tar.TypeReg, Mode: 0o644, Size: size, ModTime: time.Unix(1.7e9, 0)}))
		_, err := io.CopyN(w, content, size)
		require.NoError(b, err)
	}
	require.NoError(b, w.Close())
	require.NoError(b, file.Close())
}

func serveArchive(path string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/info":
			_, _ = io.WriteString(w, `{"archive": false}`)
		case "/download":
			w.Header().Set("Content-Type", "application/x-tar")
			http.ServeFile(w, r, path)
		default:
			sink(w, r)
		}
	}
}

func tarExtract(b *testing.B, url, target string) {
	resp, err := http.Get(url)
	require.NoError(b, err)
	defer resp.Body.Close()
	cmd := exec.CommandContext(b.Context(), "tar", "-x", "-C", target)
	cmd.Stdin = resp.Body
	require.NoError(b, cmd.Run())
}

// peakHeap runs something and returns how far the heap grew above its start.
func peakHeap(do func()) float64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	read := func() uint64 { metrics.Read(sample); return sample[0].Value.Uint64() }
	runtime.GC()
	start := read()
	stop, peak := make(chan struct{}), make(chan uint64)
	go func() {
		highest := start
		for {
			select {
			case <-stop:
				peak <- highest
				return
			case <-time.After(time.Millisecond):
				highest = max(highest, read())
			}
		}
	}()
	do()
	close(stop)
	return float64(<-peak-start) / (1 << 20)
}

const maxPeak = 40 // MiB over the start, for 1 GiB

// BenchmarkPeakHeap reports the heap that 1 GiB takes, server included.
func BenchmarkPeakHeap(b *testing.B) {
	b.Run("upload", func(b *testing.B) {
		path := filepath.Join(b.TempDir(), "data.bin")
		require.NoError(b, os.WriteFile(path, nil, 0o600))
		require.NoError(b, os.Truncate(path, 1<<30))
		peer, _ := benchPeer(b, sink)
		benchHeap(b, func() { require.NoError(b, peer.Upload(b.Context(), path, transfer.UploadOptions{})) })
	})
	b.Run("download", func(b *testing.B) {
		peer, _ := benchPeer(b, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/download" {
				serveArchive("")(w, r)
				return
			}
			archive := tar.NewWriter(w)
			zeros := bytes.Repeat([]byte{0}, 1<<20)
			_ = archive.WriteHeader(&tar.Header{Name: "data.bin", Typeflag: tar.TypeReg, Size: 1 << 30, Mode: 0o600})
			for range 1 << 10 {
				_, _ = archive.Write(zeros)
			}
			_ = archive.Close()
		})
		target := b.TempDir()
		benchHeap(b, func() {
			received, err := peer.Download(b.Context(), target, transfer.DownloadOptions{})
			require.NoError(b, err)
			require.EqualValues(b, 1<<30, received.Bytes)
		})
	})
}

func benchHeap(b *testing.B, do func()) {
	var peaks []float64
	for b.Loop() {
		peaks = append(peaks, peakHeap(do))
	}
	b.ReportMetric(slices.Max(peaks), "peak-MiB")
	b.ReportMetric(0, "ns/op")
	if slices.Max(peaks) > maxPeak {
		b.Errorf("the heap grew by %.1f MiB, which is more than %d", slices.Max(peaks), maxPeak)
	}
}
