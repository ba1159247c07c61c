package reply

import (
	"net/http"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

func response(status int, header ...string) *http.Response {
	resp := &http.Response{StatusCode: status, Header: http.Header{}}
	for i := 0; i < len(header); i += 2 {
		resp.Header.Set(header[i], header[i+1])
	}
	return resp
}

func TestIsJSON(t *testing.T) {
	t.Parallel()
	for contentType, want := range map[string]bool{
		"application/json": true, "application/json; charset=utf-8": true, "APPLICATION/JSON": true, "application/problem+json": true, "application/json;": true,
		"": false, "text/html": false, "application/jsonl": false, "text/json-ish": false, "application/x-ndjson": false,
	} {
		assert.Equal(t, want, IsJSON(response(200, "Content-Type", contentType)), contentType)
	}
}

func TestOneLine(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", " \n ": "", "a": "a", "  a \r\n\tb\u2028c\u0085d\x00e  ": "a b c d e", "\x1b[31mred": "[31mred", "a\xffb": "a?b", "héllo 世界": "héllo 世界",
	} {
		assert.Equal(t, want, OneLine(text), "%q", text)
	}
}

func TestLongMessagesAreCut(t *testing.T) {
	t.Parallel()
	message, body := Message(response(500, "Content-Type", "text/plain"), []byte(strings.Repeat("ä", 1000)))
	assert.Equal(t, "a reply of type text/plain: "+strings.Repeat("ä", 500)+"...", message)
	assert.Equal(t, strings.Repeat("ä", 1000), body)
}

// FuzzMessage: whatever comes, there is a message of one line that can be
// printed.
func FuzzMessage(f *testing.F) {
	for _, seed := range []string{``, `{"errorMessage":"no"}`, `{"message":"a\nb"}`, `[1]`, "<html>\n", "\xff\x00", `{"errorMessage":" ","message":"x"}`} {
		f.Add(400, "application/json", "", []byte(seed))
		f.Add(403, "text/html", "", []byte(seed))
		f.Add(302, "text/html", "https://other.example/\x7f", []byte(seed))
	}
	f.Fuzz(func(t *testing.T, status int, contentType, location string, sample []byte) {
		message, body := Message(response(status, "Content-Type", contentType, "Location", location), sample)
		for _, text := range []string{message, body} {
			if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
				t.Fatalf("%q", text)
			}
		}
		if message == "" {
			t.Fatalf("no message for %d %q %q", status, contentType, sample)
		}
	})
}
