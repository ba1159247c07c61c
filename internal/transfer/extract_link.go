package transfer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// holdLink keeps a symbolic link until all files are written, so that no file
// is written through it.
func (x *extraction) holdLink(name, target string) error {
	if leadsOut(target) {
		x.skipped.tell(name, fmt.Sprintf("it is a link that leads out of the folder, to %q", target))
		return nil
	}
	x.links[name] = target
	return x.hold(name, target)
}

// leadsOut reports whether the text of a link shows that it leads out, or may
// one day: after a folder's name, ".." is judged by what that name is at the
// time. Where ".." at the start lead to is for the file system to say.
func leadsOut(target string) bool {
	slashed := filepath.ToSlash(target)
	if slashed == "" || len(slashed) > maxName || slashed[0] == '/' || filepath.VolumeName(target) != "" {
		return true
	}
	down := false
	for part := range strings.SplitSeq(slashed, "/") {
		if part == ".." && down {
			return true
		}
		down = down || part != ".." && part != "." && part != ""
	}
	return false
}

func (x *extraction) makeLinks(ctx context.Context) error {
	for _, name := range slices.Sorted(maps.Keys(x.links)) {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := x.makeLink(name, x.links[name]); err != nil {
			return fmt.Errorf("link %q: %w", name, err)
		}
	}
	return nil
}

// makeLink makes a symbolic link under a temporary name and sees where it leads
// before it gets its own. It may lead to nothing.
func (x *extraction) makeLink(name, target string) error {
	in, base, err := x.enter(name)
	if err != nil {
		return err
	}
	if err := in.Symlink(filepath.FromSlash(target), x.temp); err != nil {
		return withoutPath(err)
	}
	_, err = x.root.Stat(filepath.Join(filepath.Dir(name), x.temp))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		_ = in.Remove(x.temp)
		x.skipped.tell(name, fmt.Sprintf("it is a link that cannot be followed within the folder, to %q: %v", target, withoutPath(err)))
		return nil
	}
	err = x.appear(base, name, nil)
	if errors.Is(err, errFolderInTheWay) {
		x.skipped.tell(name, fmt.Sprintf("it is a link, to %q, and %v", target, err))
		return nil
	}
	return err
}

// hardLink gives a file of the archive another name. A second name of a symbolic
// link becomes a link with the same text.
func (x *extraction) hardLink(name, target string) error {
	source, err := localName(target)
	if err != nil {
		x.skipped.tell(name, fmt.Sprintf("it is a second name of %q: %v", target, err))
		return nil
	}
	if text, ok := x.links[source]; ok {
		return x.holdLink(name, text)
	}
	info, err := x.root.Lstat(source)
	if err != nil || !info.Mode().IsRegular() {
		return fmt.Errorf("it is a second name of %q, which is no file of the archive", target)
	}
	in, base, err := x.enter(name)
	if err != nil {
		return err
	}
	err = x.root.Link(source, filepath.Join(filepath.Dir(name), x.temp))
	if err := x.appear(base, name, err); err != nil {
		return err
	}
	_ = in.Remove(x.temp) // to rename one name of a file to another does nothing
	return nil
}
