package transfer_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/proximl/proximl-go/internal/transfer"
)

// entry is what a test looks at in an archive.
type entry struct {
	name, content, link string
	kind                byte
	mode                int64
}

// entries reads an archive and checks what is the same for all of its entries.
func entries(t *testing.T, stream []byte) []entry {
	t.Helper()
	var all []entry
	for archive := tar.NewReader(bytes.NewReader(stream)); ; {
		header, err := archive.Next()
		if err == io.EOF {
			return all
		}
		require.NoError(t, err)
		content, err := io.ReadAll(archive)
		require.NoError(t, err)
		assert.Zero(t, header.Uid)
		assert.Zero(t, header.Gid)
		assert.Empty(t, header.Uname+header.Gname)
		all = append(all, entry{header.Name, string(content), header.Linkname, header.Typeflag, header.Mode})
	}
}

func TestWriteTar(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	long := strings.Repeat("long/", 60) + strings.Repeat("x", 200)
	write(t, folder, map[string]string{
		"-rf":          "dash",
		"--exclude=*":  "dashes",
		".hidden":      "h",
		"empty/":       "",
		"empty.txt":    "",
		"b/.git/HEAD":  "ref",
		"b/name space": "s",
		"b.txt":        "sorted after b/",
		"Grüße":        "utf-8",
		long:           "long",
	})
	for name, mode := range map[string]fs.FileMode{"-rf": 0o640, ".hidden": 0o400, "empty": 0o700, "b.txt": 0o755 | fs.ModeSetuid, "empty.txt": 0} {
		require.NoError(t, os.Chmod(filepath.Join(folder, name), mode))
	}
	links := map[string]string{"link": "b/../b.txt", "dangling": "/nowhere/" + strings.Repeat("y", 120), "b/up": "../empty"}
	for name, target := range links {
		require.NoError(t, os.Symlink(target, filepath.Join(folder, name)))
	}
	stream := tarOf(t, folder)
	got := entries(t, stream)
	assert.Subset(t, got, []entry{
		{"--exclude=*", "dashes", "", tar.TypeReg, 0o644},
		{"-rf", "dash", "", tar.TypeReg, 0o640},
		{".hidden", "h", "", tar.TypeReg, 0o400},
		{"Grüße", "utf-8", "", tar.TypeReg, 0o644},
		{"b/", "", "", tar.TypeDir, 0o755},
		{"b/.git/HEAD", "ref", "", tar.TypeReg, 0o644},
		{"b/name space", "s", "", tar.TypeReg, 0o644},
		{"b/up", "", "../empty", tar.TypeSymlink, 0o777},
		{"b.txt", "sorted after b/", "", tar.TypeReg, 0o4755},
		{"dangling", "", links["dangling"], tar.TypeSymlink, 0o777},
		{"empty/", "", "", tar.TypeDir, 0o700},
		{"empty.txt", "", "", tar.TypeReg, 0},
		{"link", "", "b/../b.txt", tar.TypeSymlink, 0o777},
		{long, "long", "", tar.TypeReg, 0o644},
	})
	assert.Len(t, got, 14+1+60, "with the folders b/.git and long")
	assert.True(t, bytes.Equal(stream, tarOf(t, folder)), "the same files give the same stream")
	size, err := transfer.TarSize(t.Context(), folder)
	require.NoError(t, err)
	assert.EqualValues(t, len(stream), size)
}

func TestWriteTarKeepsTimes(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write(t, folder, map[string]string{"file": "x", "old": "x", "folder/": ""})
	times := map[string]time.Time{"file": time.Unix(1_600_000_000, 999_999_999), "old": time.Unix(-100, 0), "folder": time.Unix(1_500_000_000, 1)}
	for name, at := range times {
		require.NoError(t, os.Chtimes(filepath.Join(folder, name), at, at))
	}
	archive := tar.NewReader(bytes.NewReader(tarOf(t, folder)))
	for _, want := range []int64{1_600_000_000, 1_500_000_000, -100} {
		header, err := archive.Next()
		require.NoError(t, err)
		assert.Equal(t, want, header.ModTime.Unix(), header.Name)
	}
}

func TestWriteTarOfOneFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write(t, folder, map[string]string{"deep/model.bin": "weights"})
	require.NoError(t, os.Symlink("deep/model.bin", filepath.Join(folder, "latest.bin")))
	require.NoError(t, os.Symlink("deep", filepath.Join(folder, "link")))
	for source, want := range map[string]string{"deep/model.bin": "model.bin", "latest.bin": "latest.bin", "link": "model.bin", "deep/": "model.bin", "deep/.": "model.bin"} {
		stream := tarOf(t, folder+"/"+source)
		assert.Equal(t, []entry{{want, "weights", "", tar.TypeReg, 0o644}}, entries(t, stream), source)
	}
}

func TestWriteTarOfAnEmptyFolder(t *testing.T) {
	t.Parallel()
	assert.Equal(t, make([]byte, 1024), tarOf(t, t.TempDir()))
}

// stopWriter fails after so many bytes.
type stopWriter struct {
	bytes.Buffer
	left int
}

var errStop = errors.New("enough")

func (w *stopWriter) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, errStop
	}
	return w.Buffer.Write(p)
}

// TestWriteTarOfALargeFile looks at the header only: all of it is in a long test.
func TestWriteTarOfALargeFile(t *testing.T) {
	t.Parallel()
	folder, size := t.TempDir(), int64(9<<30)
	write(t, folder, map[string]string{"large": ""})
	require.NoError(t, os.Truncate(filepath.Join(folder, "large"), size))
	w := &stopWriter{left: 1 << 20}
	require.ErrorIs(t, transfer.WriteTar(t.Context(), w, folder, nil), errStop)
	header, err := tar.NewReader(w).Next()
	require.NoError(t, err)
	assert.Equal(t, size, header.Size)
	total, err := transfer.TarSize(t.Context(), folder)
	require.NoError(t, err)
	assert.Equal(t, 512+size+1024, total)
}

// hookWriter does something once so many bytes have been written.
type hookWriter struct {
	after int
	hook  func()
}

func (w *hookWriter) Write(p []byte) (int, error) {
	if w.after -= len(p); w.after <= 0 && w.hook != nil {
		w.hook()
		w.hook = nil
	}
	return len(p), nil
}

// TestWriteTarOfAFileThatChanges does something to a file while it, or the one
// before it, is read.
func TestWriteTarOfAFileThatChanges(t *testing.T) {
	t.Parallel()
	const early, middle = 1, 400 << 10
	for name, test := range map[string]struct {
		after int
		hook  func(path string) error
		want  string // PATH stands for the file
	}{
		"grows":    {middle, growUnnoticed, "PATH changed while it was read; upload it when nothing writes to it"},
		"shrinks":  {middle, func(path string) error { return os.Truncate(path, 500<<10) }, "PATH changed while it was read; upload it when nothing writes to it"},
		"touched":  {middle, func(path string) error { return os.Chtimes(path, time.Time{}, time.Unix(1, 0)) }, "PATH changed while it was read; upload it when nothing writes to it"},
		"vanishes": {early, os.Remove, "PATH vanished while its folder was read: file does not exist"},
		"unlinked": {middle, os.Remove, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			write(t, folder, map[string]string{"a": "first", "b": strings.Repeat("x", 1<<20)})
			path := filepath.Join(folder, "b")
			w := &hookWriter{test.after, func() { require.NoError(t, test.hook(path)) }}
			err := transfer.WriteTar(t.Context(), w, folder, nil)
			if test.want == "" {
				require.NoError(t, err)
			} else {
				require.EqualError(t, err, strings.Replace(test.want, "PATH", path, 1))
			}
			assert.Nil(t, w.hook, "it was called")
		})
	}
}

// growUnnoticed leaves the time as it was.
func growUnnoticed(path string) error {
	info, err := os.Stat(path)
	return errors.Join(err, os.Truncate(path, 2<<20), os.Chtimes(path, time.Time{}, info.ModTime()))
}

func TestWriteTarOfALinkThatVanishes(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write(t, folder, map[string]string{"a/": "", "b/c": ""})
	path := filepath.Join(folder, "b")
	err := transfer.WriteTar(t.Context(), &hookWriter{1, func() { require.NoError(t, os.RemoveAll(path)) }}, folder, nil)
	require.EqualError(t, err, path+" vanished while its folder was read: file does not exist")
}

func TestWriteTarEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, transfer.WriteTar(ctx, io.Discard, source(t), nil), context.Canceled)
	_, err := transfer.TarSize(ctx, source(t))
	require.ErrorIs(t, err, context.Canceled)
}

// TestRoundTrip writes random trees and unpacks them.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	number := 0
	rapid.Check(t, func(rt *rapid.T) {
		number++
		from, to := filepath.Join(base, "from", itoa(number)), filepath.Join(base, "to", itoa(number))
		randomTree(rt, from)
		require.NoError(rt, os.MkdirAll(to, 0o755))
		var stream bytes.Buffer
		require.NoError(rt, transfer.WriteTar(t.Context(), &stream, from, nil))
		size, err := transfer.TarSize(t.Context(), from)
		require.NoError(rt, err)
		require.EqualValues(rt, stream.Len(), size)
		root, err := os.OpenRoot(to)
		require.NoError(rt, err)
		defer root.Close()
		skip := func(name, reason string) { rt.Errorf("%s skipped: %s", name, reason) }
		_, err = transfer.Extract(t.Context(), root, &stream, transfer.Limits{}, skip)
		require.NoError(rt, err)
		require.Equal(rt, snapshot(t, from), snapshot(t, to))
	})
}

func itoa(n int) string {
	return string(rune('a'+n/676%26)) + string(rune('a'+n/26%26)) + string(rune('a'+n%26))
}

// randomTree makes files, folders and links with names of all kinds.
func randomTree(t *rapid.T, root string) {
	require.NoError(t, os.MkdirAll(root, 0o755))
	folders := []string{"."}
	name := rapid.StringMatching(`(-|\.|)[a-zA-Zäöü 日=*\xff]{1,40}|x{120,250}`)
	for range rapid.IntRange(0, 12).Draw(t, "entries") {
		path := filepath.Join(rapid.SampledFrom(folders).Draw(t, "folder"), name.Draw(t, "name"))
		full := filepath.Join(root, path)
		if _, err := os.Lstat(full); err == nil {
			continue
		}
		switch rapid.SampledFrom([]string{"file", "folder", "link"}).Draw(t, "kind") {
		case "file":
			content := rapid.SliceOfN(rapid.Byte(), 0, 2000).Draw(t, "content")
			mode := rapid.SampledFrom([]fs.FileMode{0o644, 0o755, 0o600, 0o444}).Draw(t, "mode")
			require.NoError(t, os.WriteFile(full, content, mode))
		case "folder":
			require.NoError(t, os.Mkdir(full, rapid.SampledFrom([]fs.FileMode{0o755, 0o700, 0o711}).Draw(t, "mode")))
			folders = append(folders, path)
		default:
			up := strings.Repeat("../", strings.Count(path, "/"))
			require.NoError(t, os.Symlink(up+rapid.SampledFrom(folders).Draw(t, "target"), full))
		}
	}
	slices.Reverse(folders)
	for _, path := range folders {
		at := time.Unix(rapid.Int64Range(0, 1<<31).Draw(t, "time"), 0)
		require.NoError(t, os.Chtimes(filepath.Join(root, path), at, at))
	}
	require.NoError(t, os.Chtimes(root, time.Unix(0, 0), time.Unix(0, 0)))
}
