package urlpath

import (
	"net/url"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestJoin(t *testing.T) {
	t.Parallel()
	escaped, err := Join("job", "a/b?c#d%2e é", "worker", "...")
	require.NoError(t, err)
	assert.Equal(t, "/job/a%2Fb%3Fc%23d%252e%20%C3%A9/worker/...", escaped)
	_, err = Join("job", "j", "worker", "")
	require.EqualError(t, err, `"" is no id of a worker`)
	_, err = Join("job", "a/b", "..")
	require.EqualError(t, err, `".." is no id of a a%2Fb`)
	_, err = Join(".")
	require.EqualError(t, err, `"." is no id of a .`)
}

// FuzzJoin: whatever the id, the path has as many segments as were joined, and
// each says what it was.
func FuzzJoin(f *testing.F) {
	for _, seed := range []string{"", ".", "..", "j-1", "a/b", "%2e%2e", "a?b#c", "\x00\xff", "..;/", "\\..\\"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, id string) {
		escaped, err := Join("job", id, "logs")
		if id == "" || id == "." || id == ".." {
			if err == nil {
				t.Fatalf("%q is taken for an id", id)
			}
			return
		}
		segments := strings.Split(escaped, "/")
		if err != nil || len(segments) != 4 {
			t.Fatalf("%q: %q, %v", id, escaped, err)
		}
		if got, err := url.PathUnescape(segments[2]); err != nil || got != id {
			t.Fatalf("%q became %q", id, got)
		}
		to, err := url.Parse("https://api.example.com" + escaped)
		if err != nil || to.EscapedPath() != escaped || to.RawQuery != "" || to.Fragment != "" || path.Clean(escaped) != escaped {
			t.Fatalf("%q leads to %v, %v", id, to, err)
		}
	})
}

// FuzzCheck: a path that passes leads nowhere else, however it is read.
func FuzzCheck(f *testing.F) {
	for _, seed := range []string{"", "/", "/job", "//evil.example", "/job/%2e%2e", "/job/..", "/a%2Fb", "/a?b", "/a#b", "https://evil.example", "/%zz", "/a%2F..%2Fb", "/a%00b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, escaped string) {
		if Check(escaped) != nil {
			return
		}
		unescaped, err := url.PathUnescape(escaped)
		if err != nil || path.Clean(unescaped) != unescaped || path.Clean(escaped) != escaped || !path.IsAbs(escaped) {
			t.Fatalf("%q passes", escaped)
		}
		to := url.URL{Scheme: "https", Host: "api.example.com", RawPath: escaped, Path: unescaped}
		read, err := url.Parse(to.String())
		if err != nil || read.Host != to.Host || read.RawQuery != "" || read.Fragment != "" || read.Path != unescaped {
			t.Fatalf("%q leads to %v, %v", escaped, read, err)
		}
	})
}
