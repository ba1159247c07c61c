// Package reply tells what a reply that is no success says.
package reply

import (
	"bytes"
	"cmp"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode"

	"github.com/go-json-experiment/json"

	"github.com/proximl/proximl-go/internal/stream"
)

const (
	maxMessage = 500     // characters of a message that is not the service's JSON
	maxLine    = 8 << 10 // characters of an error in all
)

// IsJSON reports whether the content type is one of JSON, parameters aside.
func IsJSON(resp *http.Response) bool {
	mediaType, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	return mediaType == "application/json" || strings.HasSuffix(mediaType, "+json")
}

// IsArchive reports whether the content type leaves room for an archive: it is
// none of JSON and none of a page, as something in front of the service sends.
func IsArchive(resp *http.Response) bool {
	mediaType, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	return mediaType != "text/html" && !IsJSON(resp)
}

// RequestID returns the id that the reply gives the request, if it does.
func RequestID(header http.Header) string {
	for _, name := range []string{"X-Request-Id", "X-Amzn-Requestid", "Apigw-Requestid"} {
		if id := header.Get(name); id != "" {
			return id
		}
	}
	return ""
}

const (
	hidden         = "[secret]"
	shortestSecret = 8 // bytes; what is shorter may be a part of any word
)

// Sample reads so many bytes of a body, less a secret that it may quote.
func Sample(body io.Reader, limit int64, secret string) []byte {
	sample, _ := io.ReadAll(io.LimitReader(body, max(limit, limit+int64(len(secret)))))
	if len(secret) >= shortestSecret {
		sample = bytes.ReplaceAll(sample, []byte(secret), []byte(hidden))
	}
	for n := len(secret); n >= shortestSecret; n-- { // of which the end was not read
		sample = bytes.TrimSuffix(sample, []byte(secret[:n]))
	}
	return sample[:min(int64(len(sample)), limit)]
}

// Message returns the message of a reply and, if its body is not the service's
// JSON, a printable form of the sample, which is the start of the body.
func Message(resp *http.Response, sample []byte) (message, body string) {
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		return redirect(resp), ""
	}
	var known struct {
		ErrorMessage string `json:"errorMessage"`
		Message      string `json:"message"`
	}
	if IsJSON(resp) && json.Unmarshal(sample, &known, stream.ReadOptions) == nil {
		if message := cmp.Or(OneLine(known.ErrorMessage), OneLine(known.Message)); message != "" {
			return message, ""
		}
	}
	if len(sample) == 0 {
		return "the reply is empty", ""
	}
	body = OneLine(string(sample))
	contentType := resp.Header.Get("Content-Type")
	if contentType == "" {
		contentType = "unknown"
	}
	return "a reply of type " + OneLine(contentType) + ": " + shorten(body, maxMessage), body
}

func redirect(resp *http.Response) string {
	if to, err := resp.Location(); err == nil {
		return OneLine("the redirect to " + to.Scheme + "://" + to.Host + " is not followed; check the endpoint")
	}
	return "the redirect is not followed; check the endpoint"
}

// OneLine keeps control characters and line ends out of errors and logs.
func OneLine(text string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, "?"), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " ")
}

// Line is OneLine of a text of which others decide how long it is: headers may
// have megabytes.
func Line(text string) string { return shorten(OneLine(text), maxLine) }

func shorten(text string, longest int) string {
	if runes := []rune(text); len(runes) > longest {
		return string(runes[:longest]) + "..."
	}
	return text
}
