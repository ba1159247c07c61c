package transfer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	fallbackZip = "archive.zip"
	maxZipName  = 200 // bytes; file systems allow 255
)

// saveZip saves a zip under a name that was cleaned by zipName.
func saveZip(ctx context.Context, root *os.Root, body io.Reader, name string, limits Limits) (Received, error) {
	x := &extraction{root: root, temp: tempName(), buffer: make([]byte, copyBuffer)}
	limit := min(cmp.Or(limits.Bytes, math.MaxInt64), math.MaxInt64-1) // so that one more can be read
	defer x.leave()
	in, _, err := x.enter(name)
	if err != nil {
		return Received{}, err
	}
	file, err := in.OpenFile(x.temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return Received{}, err
	}
	err = x.copy(ctx, file, io.LimitReader(body, limit+1))
	if closed := file.Close(); err == nil {
		err = closed
	}
	switch {
	case err != nil:
	case x.received.Bytes == 0:
		err = errors.New("the zip is empty")
	case x.received.Bytes > limit:
		err = fmt.Errorf("the zip has more bytes than the limit of %d", limit)
	}
	if err := x.appear(name, name, err); err != nil {
		return x.received, fmt.Errorf("%s: %w", name, explain(err))
	}
	return Received{Bytes: x.received.Bytes, Zip: name}, nil
}

// dispositionName returns the name for a zip that a Content-Disposition header
// gives, or archive.zip.
func dispositionName(header string) string {
	_, params, err := mime.ParseMediaType(header)
	name := params["filename"]
	if name == "" && err != nil {
		name = looseFilename(header)
	}
	return zipName(name)
}

// looseFilename finds the name in a header that does not keep to the standard,
// such as one with spaces and no quotes.
func looseFilename(header string) string {
	for part := range strings.SplitSeq(header, ";") {
		key, value, _ := strings.Cut(part, "=")
		if strings.EqualFold(strings.TrimSpace(key), "filename") {
			return strings.Trim(strings.TrimSpace(value), `"`)
		}
	}
	return ""
}

// zipName makes a name that every system allows, without a path and with .zip at
// its end, of whatever the service calls the zip.
func zipName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError, !unicode.IsPrint(r):
			return -1
		case strings.ContainsRune(`<>:"|?*`, r):
			return '_'
		}
		return r
	}, name)
	if strings.EqualFold(filepath.Ext(name), ".zip") {
		name = name[:len(name)-len(".zip")]
	}
	name = strings.Trim(shorten(name, maxZipName), ". ")
	if name == "" || !filepath.IsLocal(name) {
		return fallbackZip
	}
	return name + ".zip"
}

// shorten cuts a text to so many bytes, between two characters.
func shorten(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}
