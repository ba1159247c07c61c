package transfer_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go/internal/transfer"
)

// snapshot describes all that is below a folder: kinds, permissions, times in
// seconds, contents, and where links lead.
func snapshot(t testing.TB, folder string) map[string]string {
	t.Helper()
	all := map[string]string{}
	require.NoError(t, filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrPermission) || path == folder {
			return nil
		}
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		text := fmt.Sprint(info.Mode(), " ", info.ModTime().Unix())
		switch info.Mode().Type() {
		case 0:
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			text += " " + string(content)
		case fs.ModeSymlink:
			target, err := os.Readlink(path)
			if err != nil {
				return err
			}
			text = "-> " + target
		}
		all[path[len(folder)+1:]] = text
		return nil
	}))
	return all
}

var stamp = time.Unix(1_700_000_000, 0)

// item is an entry for an archive.
type item struct {
	tar.Header
	content string
}

func special(kind byte, name, link string) item {
	return item{tar.Header{Typeflag: kind, Name: name, Linkname: link, Mode: 0o644, ModTime: stamp}, ""}
}

func file(name, content string) item {
	i := special(tar.TypeReg, name, "")
	i.Size, i.content = int64(len(content)), content
	return i
}

func folder(name string) item {
	i := special(tar.TypeDir, name, "")
	i.Mode = 0o755
	return i
}

func link(name, target string) item { return special(tar.TypeSymlink, name, target) }
func hard(name, target string) item { return special(tar.TypeLink, name, target) }

func (i item) mode(mode int64) item { i.Mode = mode; return i }

func archiveOf(t testing.TB, items ...item) []byte {
	t.Helper()
	var stream bytes.Buffer
	w := tar.NewWriter(&stream)
	for _, i := range items {
		require.NoError(t, w.WriteHeader(&i.Header))
		_, err := io.WriteString(w, i.content)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return stream.Bytes()
}

// result is what became of an extraction.
type result struct {
	transfer.Received
	err     error
	skipped map[string]string
	target  string
}

// extract unpacks a stream into a folder beside a canary, and fails the test if
// anything but the folder changed, if a link leads out of it, or if something
// that is not whole is left in it.
func extract(t testing.TB, stream io.Reader, limits transfer.Limits, prepare func(target string)) result {
	t.Helper()
	base := t.TempDir()
	r := result{skipped: map[string]string{}, target: filepath.Join(base, "target")}
	require.NoError(t, os.MkdirAll(filepath.Join(base, "canary", "folder"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(base, "canary", "secret"), []byte("secret"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(base, "canary", "folder", "x"), []byte("x"), 0o600))
	require.NoError(t, os.Mkdir(r.target, 0o755))
	if prepare != nil {
		prepare(r.target)
	}
	before := snapshot(t, filepath.Join(base, "canary"))
	root, err := os.OpenRoot(r.target)
	require.NoError(t, err)
	defer root.Close()
	known := linksOut(t, root)
	r.Received, r.err = transfer.Extract(t.Context(), root, stream, limits, func(name, reason string) { r.skipped[name] = reason })
	assert.Equal(t, before, snapshot(t, filepath.Join(base, "canary")), "the canary changed")
	beside, err := os.ReadDir(base)
	require.NoError(t, err)
	assert.Len(t, beside, 2, "something is beside the target")
	assert.Subset(t, known, linksOut(t, root), "a link leads out")
	assert.Empty(t, unfinished(t, r.target))
	after, err := os.Stat(r.target)
	require.NoError(t, err)
	assert.Equal(t, fs.ModeDir|0o755, after.Mode(), "the folder itself is the caller's")
	assert.NotEqual(t, stamp, after.ModTime(), "the folder itself is the caller's")
	return r
}

// linksOut returns the links that lead out of a folder.
func linksOut(t testing.TB, root *os.Root) []string {
	t.Helper()
	out := []string{}
	for name, text := range snapshot(t, root.Name()) {
		if _, err := root.Stat(name); strings.HasPrefix(text, "-> ") && err != nil && strings.Contains(err.Error(), "escapes") {
			out = append(out, name)
		}
	}
	return out
}

// unfinished returns what has a temporary name.
func unfinished(t testing.TB, folder string) []string {
	t.Helper()
	var left []string
	for name := range snapshot(t, folder) {
		if strings.HasPrefix(filepath.Base(name), ".proximl-") {
			left = append(left, name)
		}
	}
	return left
}

// has asserts what is in the target: contents of files, "/" for folders, "->
// target" for links.
func (r result) has(t *testing.T, want map[string]string) {
	t.Helper()
	got := map[string]string{}
	for name, text := range snapshot(t, r.target) {
		switch {
		case strings.HasPrefix(text, "d"):
			text = "/"
		case !strings.HasPrefix(text, "-> "):
			text = strings.SplitN(text, " ", 3)[2]
		}
		got[name] = text
	}
	assert.Equal(t, want, got)
}

func TestExtract(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("long/", 40) + strings.Repeat("x", 200)
	stream := archiveOf(t,
		folder("./"), file("./a.txt", "a"), file("-rf", "dash").mode(0o600), folder("d").mode(0o750),
		file("d/run.sh", "run").mode(0o755), file("d/empty", ""), link("d/link", "../a.txt"), link("dangling", "d/later"),
		hard("d/second", "a.txt"), hard("d/third", "d/link"), file("implied/b", "b"), file(long, "long"), file("caf\xe9", "latin-1"),
		item{tar.Header{Typeflag: tar.TypeXGlobalHeader, Name: "pax_global_header", PAXRecords: map[string]string{"comment": "x"}}, ""},
		special(tar.TypeCont, "contiguous", ""),
	)
	r := extract(t, bytes.NewReader(stream), transfer.Limits{}, nil)
	require.NoError(t, r.err)
	assert.Empty(t, r.skipped)
	assert.Equal(t, transfer.Received{Entries: 13, Bytes: int64(len("adashrunblonglatin-1"))}, r.Received)
	got := snapshot(t, r.target)
	for name, want := range map[string]string{
		"a.txt":      "-rw-r--r-- 1700000000 a",
		"-rf":        "-rw------- 1700000000 dash",
		"d":          "drwxr-x--- 1700000000",
		"d/run.sh":   "-rwxr-xr-x 1700000000 run",
		"d/empty":    "-rw-r--r-- 1700000000 ",
		"d/link":     "-> ../a.txt",
		"dangling":   "-> d/later",
		"d/second":   "-rw-r--r-- 1700000000 a",
		"d/third":    "-> ../a.txt",
		"implied/b":  "-rw-r--r-- 1700000000 b",
		long:         "-rw-r--r-- 1700000000 long",
		"caf\xe9":    "-rw-r--r-- 1700000000 latin-1",
		"contiguous": "-rw-r--r-- 1700000000 ",
	} {
		assert.Equal(t, want, got[name], name)
	}
	assert.Len(t, got, 13+1+40, "with the folders implied and long")
}

// TestExtractOverWhatIsThere is the second download to the same folder.
func TestExtractOverWhatIsThere(t *testing.T) {
	t.Parallel()
	stream := archiveOf(t, file("a", "new"), hard("b", "a"), folder("d").mode(0o055), file("d/x", "new"), link("l", "a"), file("was-link", "new"), folder("linked"), file("linked/y", "y"))
	r := extract(t, bytes.NewReader(append(stream, make([]byte, 9000)...)), transfer.Limits{}, func(target string) {
		write(t, target, map[string]string{"a": "old", "b": "old", "d/x": "old", "d/mine": "mine", "real/": ""})
		require.NoError(t, os.Chmod(filepath.Join(target, "d"), 0o700))
		require.NoError(t, os.Symlink("b", filepath.Join(target, "l")))
		require.NoError(t, os.Symlink("../canary/secret", filepath.Join(target, "was-link")))
		require.NoError(t, os.Symlink("real", filepath.Join(target, "linked")))
	})
	require.NoError(t, r.err)
	r.has(t, map[string]string{"a": "new", "b": "new", "d": "/", "d/x": "new", "d/mine": "mine", "l": "-> a", "was-link": "new", "linked": "-> real", "real": "/", "real/y": "y"})
	assert.Equal(t, "drwx------ 1700000000", snapshot(t, r.target)["d"], "its own mode, the archive's time")
}

// TestExtractDuplicates lets the last of several entries win.
func TestExtractDuplicates(t *testing.T) {
	t.Parallel()
	later := folder("d")
	later.ModTime = stamp.Add(time.Hour)
	r := extract(t, bytes.NewReader(archiveOf(t,
		file("a", "1"), file("a", "2"), file("b", "1"), link("b", "a"), link("c", "a"), file("c", "2"),
		link("e", "a"), folder("e"), folder("d").mode(0o500), file("d/x", "x"), later, link("f", "a"), link("f", "b"),
		file("h", "h"), hard("h", "h"), hard("g", "h"), hard("g", "h"), link("i", "a"), hard("i", "h"),
	)), transfer.Limits{}, nil)
	require.NoError(t, r.err)
	r.has(t, map[string]string{"a": "2", "b": "-> a", "c": "2", "e": "/", "d": "/", "d/x": "x", "f": "-> b", "h": "h", "g": "h", "i": "h"})
	assert.Equal(t, "dr-x------ 1700003600", snapshot(t, r.target)["d"])
}

// TestExtractModes keeps permissions only, and needs no writable folders.
func TestExtractModes(t *testing.T) {
	t.Parallel()
	r := extract(t, bytes.NewReader(archiveOf(t,
		file("setuid", "x").mode(0o4755), file("setgid", "x").mode(0o2755), file("sticky", "x").mode(0o1644), file("none", "").mode(0),
		folder("shared").mode(0o3755), folder("sealed").mode(0), file("sealed/x", "x"), folder("sealed/in").mode(0o555), file("sealed/in/y", "y"),
		link("sealed/l", "x"),
	)), transfer.Limits{}, nil)
	require.NoError(t, r.err)
	for name, want := range map[string]fs.FileMode{"setuid": 0o755, "setgid": 0o755, "sticky": 0o644, "none": 0, "shared": fs.ModeDir | 0o755, "sealed": fs.ModeDir} {
		info, err := os.Lstat(filepath.Join(r.target, name))
		require.NoError(t, err)
		assert.Equal(t, want, info.Mode(), name)
		assert.Equal(t, stamp, info.ModTime(), name)
	}
	require.NoError(t, os.Chmod(filepath.Join(r.target, "sealed"), 0o755))
	assert.Equal(t, "dr-xr-xr-x 1700000000", snapshot(t, r.target)["sealed/in"])
}

// TestExtractCutShort cuts an archive everywhere: it is never taken for whole,
// and no file is.
func TestExtractCutShort(t *testing.T) {
	t.Parallel()
	content := strings.Repeat("0123456789", 100)
	stream := archiveOf(t, folder("d"), file("d/a", content), file("d/b", content), link("l", "d/a"))
	for _, reader := range []func(io.Reader) io.Reader{
		func(r io.Reader) io.Reader { return r },
		func(r io.Reader) io.Reader { return io.MultiReader(r, iotest.ErrReader(io.ErrUnexpectedEOF)) },
		func(r io.Reader) io.Reader { return iotest.DataErrReader(r) },
	} {
		for cut := 0; cut < len(stream); cut += 128 {
			r := extract(t, reader(bytes.NewReader(stream[:cut])), transfer.Limits{}, nil)
			require.ErrorContains(t, r.err, "the archive is cut short", "at %d", cut)
			for _, name := range []string{"a", "b"} {
				if got, err := os.ReadFile(filepath.Join(r.target, "d", name)); err == nil {
					assert.Equal(t, content, string(got))
				}
			}
			assert.NoFileExists(t, filepath.Join(r.target, "l"))
		}
		r := extract(t, reader(bytes.NewReader(stream[:2*512+2*(512+1024)])), transfer.Limits{}, nil)
		assert.Equal(t, transfer.Received{Entries: 3, Bytes: 2000}, r.Received, "what arrived is known: no link yet")
	}
}

func TestExtractReportsTheStreamsError(t *testing.T) {
	t.Parallel()
	stalled := errors.New("the body of the reply stalled")
	stream := archiveOf(t, file("a", strings.Repeat("x", 5000)))
	for _, at := range []int{0, 512, 2000, len(stream) - 512, len(stream)} {
		r := extract(t, io.MultiReader(bytes.NewReader(stream[:at]), iotest.ErrReader(stalled)), transfer.Limits{}, nil)
		require.ErrorIs(t, r.err, stalled, "at %d", at)
	}
}

func TestExtractEndsWithItsContext(t *testing.T) {
	t.Parallel()
	gaveUp := errors.New("the user gave up")
	ctx, cancel := context.WithCancelCause(t.Context())
	root, err := os.OpenRoot(t.TempDir())
	require.NoError(t, err)
	defer root.Close()
	stream := archiveOf(t, file("a", strings.Repeat("x", 1<<20)), file("b", "b"))
	reads := 0
	from := readFunc(func(p []byte) (int, error) {
		if reads++; reads == 2 {
			cancel(gaveUp)
		}
		n := copy(p[:min(len(p), 600<<10)], stream)
		stream = stream[n:]
		return n, nil
	})
	_, err = transfer.Extract(ctx, root, from, transfer.Limits{}, nil)
	require.ErrorIs(t, err, gaveUp)
	left, err := os.ReadDir(root.Name())
	require.NoError(t, err)
	assert.Empty(t, left)
}

type readFunc func([]byte) (int, error)

func (r readFunc) Read(p []byte) (int, error) { return r(p) }
