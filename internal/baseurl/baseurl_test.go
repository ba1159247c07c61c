package baseurl

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"https://api.example.com": "https://api.example.com", "https://api.example.com//": "https://api.example.com", "HTTPS://api.example.com/a%2Fb/": "https://api.example.com/a%2Fb",
		"http://127.0.0.1:8080": "http://127.0.0.1:8080", "http://localhost": "http://localhost", "http://[::1]:1/": "http://[::1]:1",
	} {
		u, err := Parse(raw)
		require.NoError(t, err, raw)
		assert.Equal(t, want, u.String())
	}
	u, err := ParseHost("api.example.com:8443")
	require.NoError(t, err)
	assert.Equal(t, "https://api.example.com:8443", u.String())
}

// FuzzParse: a URL that passes is a host and a path, and safe for a token.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "https://a", "http://a", "http://127.0.0.1", "http://127.0.0.1.a", "https://u:p@a", "https://a?b", "https://a?", "https://a#b", "https:a", "//a", "http://[::1%25eth0]", "https://a/../b", "https://a:b", "http://0x7f.1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := Parse(raw)
		if err != nil {
			if strings.Contains(err.Error(), "@") {
				t.Fatalf("%q: the error may hold a password: %v", raw, err)
			}
			return
		}
		text := u.String()
		if u.Host == "" || u.User != nil || strings.ContainsAny(text, "?#\n") || strings.HasSuffix(text, "/") {
			t.Fatalf("%q passes as %q", raw, text)
		}
		if u.Scheme != "https" && !(u.Scheme == "http" && loopback(u.Hostname())) {
			t.Fatalf("%q passes as %q", raw, text)
		}
		again, err := Parse(text)
		if err != nil || again.String() != text {
			t.Fatalf("%q: %q is not %v, %v", raw, text, again, err)
		}
	})
}
