package proximltest

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

const (
	maxRequests    = 1000     // that are remembered
	maxRequestBody = 32 << 10 // of a body that is remembered
	redacted       = "[secret]"
)

// Request is a call that a Server got, with [secret] in place of every secret: tokens, what a login proves its key with,
// passwords, the secret part of credentials and the values of secrets. The environment variables of a job are shown as they came.
type Request struct {
	Method string
	Path   string // as it was sent, escaped
	Query  url.Values
	Header http.Header
	Body   string // JSON of up to 32 KiB; other bodies are left out
}

// Requests returns the calls that came in, the oldest first: REST, login and all the rest. The newest 1,000 are remembered.
func (s *Server) Requests() []Request { return s.faults.requests.all() }

// requestLog remembers calls.
type requestLog struct {
	mu       sync.Mutex
	requests []Request
}

func (l *requestLog) all() []Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	copies := make([]Request, len(l.requests))
	for i, request := range l.requests {
		request.Query = url.Values(http.Header(request.Query).Clone())
		request.Header = request.Header.Clone()
		copies[i] = request
	}
	return copies
}

// record remembers a call. It reads a body that it will show, and leaves it to be read again.
func (l *requestLog) record(r *http.Request) {
	request := Request{
		Method: r.Method, Path: redactText(r.URL.EscapedPath()),
		Query: redactValues(r.URL.Query()), Header: redactValues(r.Header),
	}
	isSecret := secretName
	if segments := strings.Split(r.URL.Path, "/"); slices.Contains(segments, "secrets") || slices.Contains(segments, "secret") {
		isSecret = func(name string) bool { return name == "value" || secretName(name) }
	}
	if 0 < r.ContentLength && r.ContentLength <= maxRequestBody {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			request.Body = redactJSON(body, isSecret)
		}
		r.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(bytes.NewReader(body), r.Body), r.Body}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.requests) == maxRequests {
		l.requests = l.requests[1:]
	}
	l.requests = append(l.requests, request)
}

// secretParts are what the names of headers, parameters and fields have in them when their values are secret.
var secretParts = []string{"authoriz", "cookie", "password", "passwd", "secret", "token", "signature", "srp_a", "session", "private_key", "api-key", "api_key"}

// secretName tells by its name whether a value is secret. What is named "secrets" are names of secrets.
func secretName(name string) bool {
	name = strings.ReplaceAll(strings.ToLower(name), "secrets", "")
	return slices.ContainsFunc(secretParts, func(part string) bool { return strings.Contains(name, part) })
}

// webToken is a JWT, wherever it stands.
var webToken = regexp.MustCompile(`eyJ[\w-]+\.[\w-]+(\.[\w-]*)*`)

func redactText(text string) string { return webToken.ReplaceAllLiteralString(text, redacted) }

// redactValues copies the values of a header or a query.
func redactValues(values map[string][]string) map[string][]string {
	copies := make(map[string][]string, len(values))
	for name, texts := range values {
		for _, text := range texts {
			if secretName(name) {
				text = redacted
			}
			copies[name] = append(copies[name], redactText(text))
		}
	}
	return copies
}

// redactJSON copies JSON without the values whose names are secret. What is not JSON is left out.
func redactJSON(body []byte, isSecret func(name string) bool) string {
	lenient := []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}
	var out bytes.Buffer
	in, copied := jsontext.NewDecoder(bytes.NewReader(body), lenient...), jsontext.NewEncoder(&out, lenient...)
	for {
		token, err := in.ReadToken()
		if err == io.EOF {
			return strings.TrimSpace(out.String())
		}
		if err != nil {
			return ""
		}
		text := token.String()
		if token.Kind() == '"' {
			token = jsontext.String(redactText(text))
		}
		if err := copied.WriteToken(token); err != nil {
			return ""
		}
		if parent, n := in.StackIndex(in.StackDepth()); parent == '{' && n%2 == 1 && isSecret(text) {
			if in.SkipValue() != nil || copied.WriteToken(jsontext.String(redacted)) != nil {
				return ""
			}
		}
	}
}
