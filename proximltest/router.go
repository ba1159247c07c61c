package proximltest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
)

// maxBody bounds a request's body. No request of the API comes near it.
const maxBody = 16 << 20

// call is one authenticated REST call. The server's lock is held while it is handled.
type call struct {
	request *http.Request
	body    []byte
	caller  *account
	project *project // that the call works in, or that its path names
}

// handler answers a call with a value that is sent as JSON. It runs with the server's lock held.
type handler func(c *call) (any, error)

// void is the answer of calls that return nothing. Uncertain: the real answer may be null or empty.
type void struct{}

// encoded is an answer that is JSON already.
type encoded []byte

// pathValue returns a part of the path by its name in the route.
func (c *call) pathValue(name string) string { return c.request.PathValue(name) }

// query returns a parameter of the query.
func (c *call) query(name string) string { return c.request.URL.Query().Get(name) }

// decode reads the body into a struct; fields that the body lacks are left alone.
func (c *call) decode(into any) error {
	err := json.Unmarshal(c.body, into)
	if refused, ok := errors.AsType[problem](err); ok {
		return refused // a value that its own type refuses
	}
	if err != nil {
		return invalid(msgMalformedBody, err)
	}
	return nil
}

// routes builds the service's whole URL space.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/auth-config.json", s.serveAuthConfig)
	mux.HandleFunc("GET /{pool}/.well-known/jwks.json", s.pool.serveJWKS)
	mux.Handle("POST /{$}", s.pool)
	mux.HandleFunc("GET /{$}", s.serveSocket)
	s.transferRoutes(mux)
	s.logArchiveRoutes(mux)
	api := func(pattern string, h handler) { mux.Handle(pattern, s.api(h)) }
	s.projectRoutes(api)
	s.projectKeyRoutes(api)
	s.jobRoutes(api)
	for kind := range collectionKinds {
		s.collectionRoutes(api, kind)
	}
	s.cloudBenderRoutes(api)
	s.projectResourceRoutes(api)
	api("/", func(*call) (any, error) { return nil, errNotFound })
	return exactPaths(mux)
}

// exactPaths refuses what http.ServeMux would redirect, since an empty id or ".." must not reach another endpoint unseen,
// and what no JSON answer could repeat.
func exactPaths(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		clean := path.Clean(r.URL.Path)
		if clean != r.URL.Path && clean+"/" != r.URL.Path || !utf8.ValidString(r.URL.Path) {
			writeProblem(w, errNotFound)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// api wraps a handler with authentication, the lock, the life cycles' catching up, and JSON.
func (s *Server) api(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		email, err := s.pool.verify(r.Header.Get("Authorization"))
		if err != nil {
			writeProblem(w, errUnauthorized)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			writeProblem(w, invalid(msgMalformedBody, err))
			return
		}
		answer, err := s.answer(h, email, &call{request: r, body: body})
		if err != nil {
			writeProblem(w, err)
			return
		}
		writeJSON(w, http.StatusOK, answer)
	})
}

// answer runs a handler on the service as it is now, and encodes its result before anyone can change it.
func (s *Server) answer(h handler, email string, c *call) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.catchUp()
	c.caller, _ = s.accounts.get(email) // whoever has a token has an account
	if strings.TrimSpace(string(c.body)) == "null" || len(c.body) == 0 {
		c.body = []byte("{}") // the Python client sends null wherever it has nothing to say
	}
	value, err := h(c)
	if err != nil {
		return nil, err
	}
	if text, done := value.(encoded); done {
		return text, nil
	}
	return json.Marshal(value)
}

func writeJSON(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json") // exactly: the Python client reads errors of no other type
	w.Header().Set("Content-Length", fmt.Sprint(len(body)))
	w.WriteHeader(status)
	w.Write(body)
}

func writeProblem(w http.ResponseWriter, err error) {
	p := problem{http.StatusInternalServerError, err.Error()}
	errors.As(err, &p)
	key := "errorMessage"
	if p == errUnauthorized {
		key = "message" // the gateway in front of the API refuses tokens, and words it its own way
	}
	body, _ := json.Marshal(map[string]string{key: p.message})
	writeJSON(w, p.status, body)
}

// serveAuthConfig tells clients which user pool to log in to.
func (s *Server) serveAuthConfig(w http.ResponseWriter, _ *http.Request) {
	body, _ := json.Marshal(map[string]string{
		"region":              s.settings.region,
		"userPoolId":          s.settings.poolID,
		"userPoolSDKClientId": s.settings.clientID,
	})
	writeJSON(w, http.StatusOK, body)
}
