// Package urlpath builds URL paths that say what they should and no more.
package urlpath

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Join escapes segments, each as one: an id can neither add a segment nor take
// one away.
func Join(segments ...string) (string, error) {
	var path strings.Builder
	for i, segment := range segments {
		if empty(segment) {
			return "", fmt.Errorf("%q is no id of a %s", segment, url.PathEscape(strings.TrimSuffix(segments[max(0, i-1)], "s")))
		}
		path.WriteString("/" + url.PathEscape(segment))
	}
	return path.String(), nil
}

// Check checks a path that is escaped already.
func Check(escaped string) error {
	unescaped, err := url.PathUnescape(escaped)
	if err != nil || !strings.HasPrefix(escaped, "/") || strings.ContainsAny(escaped, "?#") {
		return errors.New("it must start with one / and be escaped; give the query by WithQuery")
	}
	segments := slices.Concat(strings.Split(escaped, "/")[1:], strings.Split(unescaped, "/")[1:])
	if slices.ContainsFunc(segments, empty) {
		return errors.New("it has an empty or a dot segment")
	}
	return nil
}

// empty reports whether a segment would hit another endpoint than the one that
// was meant.
func empty(segment string) bool { return segment == "" || segment == "." || segment == ".." }
