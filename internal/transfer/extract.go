package transfer

import (
	"archive/tar"
	"bufio"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
)

const (
	// DefaultMaxEntries bounds what an archive of empty entries does to the disk.
	DefaultMaxEntries = 10_000_000

	maxName    = 4096      // bytes of a name or of what a link leads to, as on Linux
	maxHeld    = 256 << 20 // bytes of the names that have to be kept to the end
	maxPadding = 1 << 20   // zeros after the end of an archive
)

// Limits bound what an archive may bring. A zero field has its default.
type Limits struct {
	Entries int64 // files, folders and links; DefaultMaxEntries
	Bytes   int64 // of the files' contents, sparse ones unfolded; unlimited
}

// Received says what a download brought.
type Received struct {
	Entries int64  // files, folders and links of a tar stream that were made
	Bytes   int64  // of the files' contents, or of the zip
	Zip     string // base name under which a zip was saved
}

// Extract unpacks a tar stream into a folder. Nothing outside of it is changed,
// whatever the archive says.
//
// A name that is absolute or has ".." in it is an error. A link that leads out
// of the folder, a FIFO and a device are skipped. Files appear under their names
// only when they are whole, and replace others; the last of several entries with
// one name wins. Links are made last; one whose name is a folder's by then is
// skipped. Of the modes, the permissions less the umask are kept, and a folder
// that exists keeps its own; files and folders get their times. After an error,
// what is whole stays. A process that is killed leaves one file with a name like
// .proximl-….part.
func Extract(ctx context.Context, target *os.Root, from io.Reader, limits Limits, skipped Skipped) (Received, error) {
	x := &extraction{
		root:    target,
		limits:  Limits{cmp.Or(limits.Entries, DefaultMaxEntries), cmp.Or(limits.Bytes, math.MaxInt64)},
		skipped: skipped,
		temp:    tempName(),
		buffer:  make([]byte, copyBuffer),
		links:   map[string]string{},
	}
	defer x.leave()
	err := x.entries(ctx, from)
	if err == nil {
		err = x.finish(ctx)
	}
	return x.received, err
}

// extraction is the state of an Extract.
type extraction struct {
	root     *os.Root
	limits   Limits
	skipped  Skipped
	received Received
	temp     string // name of what is not whole yet; one at a time
	buffer   []byte

	in       *os.Root // folder of the last entry, so that its neighbours need no search
	inName   string
	renamer  renamer           // in it
	links    map[string]string // symbolic links to be made
	folders  []folder          // to be given their modes and times
	heldSize int               // bytes of links and folders
}

// entries goes through the archive.
func (x *extraction) entries(ctx context.Context, from io.Reader) error {
	stream := &tarStream{from: bufio.NewReaderSize(from, copyBuffer)}
	archive := tar.NewReader(stream)
	for read := int64(0); ; read++ {
		header, err := archive.Next()
		if err == io.EOF {
			return stream.end()
		}
		if err != nil {
			return explain(err)
		}
		if read == x.limits.Entries {
			return fmt.Errorf("the archive has more entries than the limit of %d", x.limits.Entries)
		}
		if err := x.entry(ctx, header, archive); err != nil {
			return fmt.Errorf("entry %q: %w", header.Name, explain(err))
		}
	}
}

func (x *extraction) entry(ctx context.Context, header *tar.Header, content io.Reader) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	if header.Typeflag == tar.TypeXGlobalHeader {
		return nil
	}
	name, err := localName(header.Name)
	if err != nil {
		return err
	}
	if name == "." && header.Typeflag != tar.TypeDir {
		return errors.New("only a folder can have this name")
	}
	switch header.Typeflag {
	case tar.TypeReg, tar.TypeCont, tar.TypeGNUSparse:
		return x.file(ctx, name, header, content)
	case tar.TypeDir:
		return x.folder(name, header)
	case tar.TypeSymlink:
		return x.holdLink(name, header.Linkname)
	case tar.TypeLink:
		return x.hardLink(name, header.Linkname)
	}
	x.skipped.tell(header.Name, fmt.Sprintf("it is neither a file, a folder nor a link, but of type %q", header.Typeflag))
	return nil
}

// finish makes what had to wait for the end.
func (x *extraction) finish(ctx context.Context) error {
	if err := x.makeLinks(ctx); err != nil {
		return err
	}
	x.leave()
	return x.finishFolders(ctx)
}

// hold accounts for names that are kept in memory to the end.
func (x *extraction) hold(names ...string) error {
	const overhead = 64
	for _, name := range names {
		x.heldSize += len(name) + overhead
	}
	if x.heldSize > maxHeld {
		return errors.New("the archive has too many folders and links to keep their names in memory")
	}
	return nil
}

// tempName is a name that no archive can know.
func tempName() string { return ".proximl-" + strings.ToLower(rand.Text()[:12]) + ".part" }
