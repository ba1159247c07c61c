package transfer_test

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/proximl/proximl-go/internal/transfer"
)

// hostile is an archive that wants more than a folder. That nothing outside of
// it changes is checked for each by extract.
type hostile struct {
	name    string
	items   []item
	limits  transfer.Limits
	prepare func(t *testing.T, target string)
	err     string            // in the error; empty = none
	skipped map[string]string // parts of the reasons
	has     map[string]string // all that is in the target; nil = nothing
}

const (
	outText = "leads out of the folder"
	outward = "cannot be followed within the folder"
)

var hostiles = []hostile{
	{name: "absolute name", items: []item{file("/tmp/proximl-canary", "x")}, err: `entry "/tmp/proximl-canary": its name is absolute`},
	{name: "name with two slashes", items: []item{file("//x", "x")}, err: "its name is absolute"},
	{name: "absolute folder", items: []item{folder("/tmp/proximl-canary/")}, err: "its name is absolute"},
	{name: "..", items: []item{file("..", "x")}, err: "its name " + outText},
	{name: ".. first", items: []item{file("../canary/secret", "x")}, err: "its name " + outText},
	{name: ".. after ./", items: []item{file("./../canary/secret", "x")}, err: "its name " + outText},
	{name: ".. inside", items: []item{file("a/../../canary/secret", "x")}, err: "its name " + outText},
	{name: ".. that stays in", items: []item{file("a/../b", "x")}, err: "its name " + outText},
	{name: ".. as a folder", items: []item{folder("../")}, err: "its name " + outText},
	{name: "no name", items: []item{file("", "x")}, err: "this system cannot have such a name"},
	{name: "the folder itself as a file", items: []item{file(".", "x")}, err: "only a folder can have this name"},
	{name: "the folder itself as a link", items: []item{link("./", "../canary")}, err: "only a folder can have this name"},
	{
		name: "the folder itself with a mode", items: []item{folder("./").mode(0), file("x", "x")},
		has: map[string]string{"x": "x"},
	},
	{
		name: "absolute link, then a file through it", items: []item{link("l", "/tmp"), file("l/proximl-canary", "x")},
		skipped: map[string]string{"l": outText}, has: map[string]string{"l": "/", "l/proximl-canary": "x"},
	},
	{
		name: ".. link, then a file through it", items: []item{link("l", "../canary"), file("l/secret", "x")},
		skipped: map[string]string{"l": outward}, has: map[string]string{"l": "/", "l/secret": "x"},
	},
	{
		name: "link that stays in, then a file through it", items: []item{folder("d"), link("l", "d"), file("l/x", "x")},
		has: map[string]string{"d": "/", "l": "/", "l/x": "x"}, skipped: map[string]string{"l": `it is a link, to "d", and a folder of that name is in the way`},
	},
	{
		name: "links out", items: []item{link("a", ".."), link("b", "../canary/secret"), link("c/d", "../../canary"), link("e", "../missing")},
		skipped: map[string]string{"a": outward, "b": outward, "c/d": outward, "e": outward}, has: map[string]string{"c": "/"},
	},
	{
		name: "links out by way of names", items: []item{folder("d"), link("a", "d/../../canary"), link("b", "missing/../../canary"), link("c", "d/.."), link("e", "./d/./../d")},
		skipped: map[string]string{"a": outText, "b": outText, "c": outText, "e": outText}, has: map[string]string{"d": "/"},
	},
	{
		name: "links that lead out together", items: []item{folder("d/in"), link("s", "d/in"), link("d/up", ".."), link("d/in/t", "../../../canary"), link("u", "d/up/../canary"), link("v", "d/up/d/up")},
		skipped: map[string]string{"d/in/t": outward, "u": outText},
		has:     map[string]string{"d": "/", "d/in": "/", "s": "-> d/in", "d/up": "-> ..", "v": "-> d/up/d/up"},
	},
	{
		name: "links in a loop", items: []item{link("a", "b"), link("b", "a"), link("c", "c"), link("d", "c/x")},
		has: map[string]string{"a": "-> b", "b": "-> a", "c": "-> c"}, skipped: map[string]string{"d": outward},
	},
	{name: "link to nothing at all", items: []item{link("l", "")}, skipped: map[string]string{"l": outText}},
	{name: "link with a long text", items: []item{link("l", strings.Repeat("x/", 2049))}, skipped: map[string]string{"l": outText}},
	{name: "link through a file", items: []item{file("f", "f"), link("l", "f/x")}, skipped: map[string]string{"l": outward}, has: map[string]string{"f": "f"}},
	{
		name: "link, then a file over it", items: []item{link("l", "../canary/secret"), file("l", "x")},
		skipped: nil, has: map[string]string{"l": "x"},
	},
	{
		name: "file, then a link over it, then a file through that", items: []item{file("l", "x"), link("l", "."), file("l/y", "y")},
		err: `entry "l/y": cannot enter its folder`, has: map[string]string{"l": "x"},
	},
	{
		name: "folder, then a link over it", items: []item{folder("d"), file("d/x", "x"), link("d", "."), file("d/y", "y")},
		has: map[string]string{"d": "/", "d/x": "x", "d/y": "y"}, skipped: map[string]string{"d": "a folder of that name is in the way"},
	},
	{
		name: "folder, then a file over it", items: []item{folder("d"), file("d", "x")},
		err: "a folder of that name is in the way", has: map[string]string{"d": "/"},
	},
	{
		name: "file, then a folder over it", items: []item{file("f", "x"), folder("f")},
		err: "something that is no folder has that name", has: map[string]string{"f": "x"},
	},
	{
		name: "hard links out", items: []item{hard("a", "../canary/secret"), hard("b", "/etc/passwd"), hard("c", "x/../../canary/secret")},
		skipped: map[string]string{"a": outText, "b": "absolute", "c": outText},
	},
	{name: "hard link to nothing", items: []item{hard("a", "missing")}, err: `it is a second name of "missing", which is no file of the archive`},
	{name: "hard link to a folder", items: []item{folder("d"), hard("a", "d")}, err: "which is no file of the archive", has: map[string]string{"d": "/"}},
	{
		name: "hard link to a link out", items: []item{link("l", "../canary/secret"), hard("a", "l"), hard("d/b", "l")},
		skipped: map[string]string{"l": outward, "a": outward}, has: map[string]string{"d": "/", "d/b": "-> ../canary/secret"},
	},
	{
		name: "hard link to the user's link out", items: []item{hard("a", "mine"), file("a", "x")}, prepare: linkOut,
		err: "which is no file of the archive", has: map[string]string{"mine": "-> ../canary/secret", "out": "-> ../canary"},
	},
	{
		name: "hard link through the user's link out", items: []item{hard("a", "out/secret")}, prepare: linkOut,
		err: "which is no file of the archive", has: map[string]string{"mine": "-> ../canary/secret", "out": "-> ../canary"},
	},
	{
		name: "hard link, then a file over it", items: []item{hard("a", "kept"), file("a", "x")},
		prepare: func(t *testing.T, target string) { write(t, target, map[string]string{"kept": "kept"}) },
		has:     map[string]string{"a": "x", "kept": "kept"},
	},
	{
		name: "file through the user's link out", items: []item{file("out/secret", "x")}, prepare: linkOut,
		err: "path escapes from parent", has: map[string]string{"mine": "-> ../canary/secret", "out": "-> ../canary"},
	},
	{
		name: "folder over the user's link out", items: []item{folder("out").mode(0o777)}, prepare: linkOut,
		err: "path escapes from parent", has: map[string]string{"mine": "-> ../canary/secret", "out": "-> ../canary"},
	},
	{
		name: "folder below the user's link out", items: []item{folder("out/folder/new")}, prepare: linkOut,
		err: "path escapes from parent", has: map[string]string{"mine": "-> ../canary/secret", "out": "-> ../canary"},
	},
	{
		name: "file over the user's link out", items: []item{file("mine", "x"), link("out", "mine")}, prepare: linkOut,
		has: map[string]string{"mine": "x", "out": "-> mine"},
	},
	{
		name: "devices, a FIFO and what nobody knows", items: []item{special(tar.TypeChar, "null", ""), special(tar.TypeBlock, "disk", ""), special(tar.TypeFifo, "fifo", ""), special('Z', "odd", ""), file("x", "x")},
		skipped: map[string]string{"null": `of type '3'`, "disk": `of type '4'`, "fifo": `of type '6'`, "odd": `of type 'Z'`}, has: map[string]string{"x": "x"},
	},
	{
		name: "tricks with case", items: []item{link("Link", ".."), file("link/x", "x"), file("LINK/y", "y")},
		skipped: map[string]string{"Link": outward}, has: map[string]string{"link": "/", "link/x": "x", "LINK": "/", "LINK/y": "y"},
	},
	{
		name: "backslashes", items: []item{file(`..\canary\secret`, "x"), file(`C:\x`, "x")},
		has: map[string]string{`..\canary\secret`: "x", `C:\x`: "x"},
	},
	{name: "part of a name that is too long", items: []item{file("ok", "x"), file(strings.Repeat("x", 300), "x")}, err: "file name too long", has: map[string]string{"ok": "x"}},
	{name: "name that is too long", items: []item{file(strings.Repeat("x/", 4000)+"y", "x")}, err: "its name has more than 4096 bytes"},
	{name: "more bytes than the limit", items: []item{file("a", "12345"), file("b", "123456")}, limits: transfer.Limits{Bytes: 10}, err: "with it, the archive has more bytes than the limit of 10", has: map[string]string{"a": "12345"}},
	{name: "as many bytes as the limit", items: []item{file("a", "12345"), file("b", "12345")}, limits: transfer.Limits{Bytes: 10}, has: map[string]string{"a": "12345", "b": "12345"}},
	{name: "more entries than the limit", items: []item{file("a", ""), folder("b"), file("c", "")}, limits: transfer.Limits{Entries: 2}, err: "the archive has more entries than the limit of 2", has: map[string]string{"a": "", "b": "/"}},
	{name: "as many entries as the limit", items: []item{file("a", ""), folder("b")}, limits: transfer.Limits{Entries: 2}, has: map[string]string{"a": "", "b": "/"}},
}

func linkOut(t *testing.T, target string) {
	require.NoError(t, os.Symlink("../canary/secret", filepath.Join(target, "mine")))
	require.NoError(t, os.Symlink("../canary", filepath.Join(target, "out")))
}

func TestExtractHostile(t *testing.T) {
	t.Parallel()
	for _, test := range hostiles {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := extract(t, bytes.NewReader(archiveOf(t, test.items...)), test.limits, func(target string) {
				if test.prepare != nil {
					test.prepare(t, target)
				}
			})
			if test.err == "" {
				require.NoError(t, r.err)
			} else {
				require.ErrorContains(t, r.err, test.err)
			}
			assert.Len(t, r.skipped, len(test.skipped), "%v", r.skipped)
			for name, reason := range test.skipped {
				assert.Contains(t, r.skipped[name], reason, name)
			}
			if test.has == nil {
				test.has = map[string]string{}
			}
			r.has(t, test.has)
		})
	}
	assert.NoFileExists(t, "/tmp/proximl-canary")
}

// TestExtractTrailingData has more than zeros behind the archive, or too many.
func TestExtractTrailingData(t *testing.T) {
	t.Parallel()
	stream := archiveOf(t, file("a", "a"))
	for name, test := range map[string]struct {
		tail io.Reader
		want string
	}{
		"padding":         {bytes.NewReader(make([]byte, 10240)), ""},
		"garbage":         {strings.NewReader("garbage"), "there is something after the end of the archive"},
		"another archive": {bytes.NewReader(stream), "there is something after the end of the archive"},
		"endless zeros":   {zeros{}, "there are more than 1048576 zeros after the end of the archive"},
	} {
		r := extract(t, io.MultiReader(bytes.NewReader(stream), test.tail), transfer.Limits{}, nil)
		r.has(t, map[string]string{"a": "a"})
		if test.want == "" {
			require.NoError(t, r.err, name)
		} else {
			require.EqualError(t, r.err, test.want, name)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestExtractWhatIsNoArchive names what the stream is not.
func TestExtractWhatIsNoArchive(t *testing.T) {
	t.Parallel()
	stream := archiveOf(t, file("a", "a"))
	broken := bytes.Clone(stream)
	broken[148]++ // of the checksum
	for name, stream := range map[string][]byte{
		"text": bytes.Repeat([]byte("not a tar archive. "), 100), "zip": append([]byte("PK\x03\x04"), make([]byte, 1000)...),
		"a wrong checksum": broken, "a zero block in front": append(make([]byte, 512), stream...),
	} {
		r := extract(t, bytes.NewReader(stream), transfer.Limits{}, nil)
		require.ErrorContains(t, r.err, "the stream is no tar archive, or a broken one", name)
		require.ErrorIs(t, r.err, tar.ErrHeader)
		r.has(t, map[string]string{})
	}
}

// TestExtractSparseBomb has a file of 8 EiB minus one byte in two blocks.
func TestExtractSparseBomb(t *testing.T) {
	t.Parallel()
	stream := archiveOf(t, special(tar.TypeReg, "bomb", ""))
	block := stream[:512]
	copy(block[156:], "S")
	copy(block[257:], "ustar  \x00")
	copy(block[386:], "\x80\x00\x00\x00\x7f\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00\x00") // one part of no length, at the end
	copy(block[483:], "\x80\x00\x00\x00\x7f\xff\xff\xff\xff\xff\xff\xff")
	repair(block)
	r := extract(t, bytes.NewReader(stream), transfer.Limits{Bytes: 1 << 20}, nil)
	require.ErrorContains(t, r.err, `entry "bomb": with it, the archive has more bytes than the limit of 1048576`)
	r.has(t, map[string]string{})
}

// repair makes the checksum of a header right.
func repair(block []byte) {
	copy(block[148:156], "        ")
	sum := 0
	for _, b := range block {
		sum += int(b)
	}
	copy(block[148:156], fmt.Sprintf("%06o\x00", sum))
}

// TestExtractAnything unpacks random entries with names that hurt, twice into
// the same folder: what the first archive left may help the second.
func TestExtractAnything(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		first, second := nasty(rt, t, "first"), nasty(rt, t, "second")
		extract(t, bytes.NewReader(second), transfer.Limits{}, func(target string) {
			root, err := os.OpenRoot(target)
			require.NoError(t, err)
			defer root.Close()
			_, _ = transfer.Extract(t.Context(), root, bytes.NewReader(first), transfer.Limits{}, nil)
			assert.Empty(t, linksOut(t, root))
		})
		if t.Failed() {
			rt.Fatalf("by %q\nafter %q", second, first)
		}
	})
}

func nasty(rt *rapid.T, t *testing.T, label string) []byte {
	parts := rapid.SampledFrom([]string{"a", "b", "a", "b", "l", "A", "canary", "secret", "folder", ".", "..", ""})
	name := rapid.Custom(func(rt *rapid.T) string { return strings.Join(rapid.SliceOfN(parts, 1, 4).Draw(rt, "parts"), "/") })
	kinds := rapid.SampledFrom([]byte{tar.TypeReg, tar.TypeDir, tar.TypeSymlink, tar.TypeSymlink, tar.TypeLink, tar.TypeFifo})
	var items []item
	for range rapid.IntRange(1, 8).Draw(rt, label) {
		i := special(kinds.Draw(rt, "kind"), name.Draw(rt, "name"), "")
		if i.Typeflag == tar.TypeSymlink || i.Typeflag == tar.TypeLink {
			i.Linkname = name.Draw(rt, "link")
		}
		if strings.Contains(i.Name, "..") || strings.HasPrefix(i.Name, "/") {
			i.Name = "a" // or the extraction ends here
		}
		if i.Typeflag != tar.TypeDir {
			i.Name = strings.TrimRight(i.Name, "/") // or it becomes a folder
		}
		items = append(items, i.mode(0o755))
	}
	return archiveOf(t, items...)
}

// endless yields the same entry for ever.
type endless struct {
	entry []byte
	at    int
}

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, e.entry[e.at:])
	e.at = (e.at + n) % len(e.entry)
	return n, nil
}

// TestExtractEndlessArchives has a million empty entries, and more.
func TestExtractEndlessArchives(t *testing.T) {
	t.Parallel()
	for name, entry := range map[string]item{"files": file("x", ""), "folders": folder("x"), "links": link("x", "y"), "devices": special(tar.TypeChar, "x", "")} {
		made := map[string]int{"files": 5_000, "folders": 5_000}[name]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stream := archiveOf(t, entry)
			r := extract(t, &endless{entry: stream[:len(stream)-1024]}, transfer.Limits{Entries: 5_000}, nil)
			require.EqualError(t, r.err, "the archive has more entries than the limit of 5000")
			assert.EqualValues(t, made, r.Entries)
		})
	}
}
