package proximl_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

// Whatever the service says of an entity of any kind: it is read or refused. If
// it can be read, it can be printed and written, what is written says the same,
// and nothing that the SDK does not know is lost.
func FuzzEntity(f *testing.F) {
	types := entityTypes()
	files, err := filepath.Glob(filepath.Join("testdata", "entities", "*.json"))
	require.NoError(f, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(f, err)
		for i, part := range types {
			if strings.HasPrefix(filepath.Base(file), snake(part.Name())) {
				f.Add(uint8(i), string(text))
			}
		}
	}
	for i := range types {
		f.Add(uint8(i), `{"id":"x","name":null,"status":"\ud800","new":{"a":[1e308]},"start":0}`)
	}
	f.Fuzz(func(t *testing.T, which uint8, text string) {
		part := types[int(which)%len(types)]
		lenient := reflect.New(part).Interface()
		_ = json.Unmarshal([]byte(text), lenient, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)) // as the client does
		require.NotContains(t, fmt.Sprintf("%+v %s %#v", lenient, lenient, lenient), "!(PANIC")

		read := reflect.New(part).Interface()
		if json.Unmarshal([]byte(text), read) != nil || text == "null" {
			return
		}
		written, err := json.Marshal(read)
		require.NoError(t, err)
		require.LessOrEqual(t, len(written), 8*len(text)+16_384)
		again := reflect.New(part).Interface()
		require.NoError(t, json.Unmarshal(written, again))
		rewritten, err := json.Marshal(again)
		require.NoError(t, err)
		require.Equal(t, string(written), string(rewritten))
		checkNothingLost(t, part, text, string(written))
	})
}

// checkNothingLost compares the fields that an entity does not know.
func checkNothingLost(t *testing.T, part reflect.Type, before, after string) {
	var was, is map[string]jsontext.Value
	require.NoError(t, json.Unmarshal([]byte(after), &is))
	if json.Unmarshal([]byte(before), &was) != nil {
		return // an entity may also be a bare text
	}
	known := map[string]bool{}
	addNames(known, part)
	for name, value := range was {
		if !known[name] {
			require.NoError(t, value.Canonicalize())
			kept := is[name]
			require.NoError(t, kept.Canonicalize())
			require.Equal(t, string(value), string(kept), "the field %q", name)
		}
	}
}

// addNames adds the names of a struct's fields as they are in the JSON.
func addNames(known map[string]bool, part reflect.Type) {
	for field := range part.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Anonymous && name == "" {
			addNames(known, field.Type)
			continue
		}
		known[name] = true
	}
}

// Whatever answers a call, its error is of a documented kind, on one line that
// can be printed, and not long.
func FuzzReply(f *testing.F) {
	var status int
	var contentType, body string
	client, err := proximl.New(
		proximl.WithConfigDir(filepath.Join(f.TempDir(), "none")), proximl.WithTokenSource(staticToken("t")), proximl.WithRetryPolicy(proximl.RetryPolicy{Attempts: 1}),
		proximl.WithHTTPClient(&http.Client{Transport: answering(func(req *http.Request) (*http.Response, error) {
			header := http.Header{"Content-Type": {contentType}, "Location": {body}, "X-Request-Id": {contentType}}
			return &http.Response{StatusCode: status, Header: header, Request: req, Body: io.NopCloser(strings.NewReader(body)), ContentLength: -1}, nil
		})}),
	)
	require.NoError(f, err)
	f.Add(200, "application/json", `{"job_uuid":"x"}`)
	f.Add(200, "application/json", `[{"job_uuid":"x"},null]`)
	f.Add(200, "text/html", "<html>\x1b[31m")
	f.Add(302, "", "https://user:secret@evil.example/\x00")
	f.Add(400, "application/json", `{"errorMessage":"a\nb\u0007","message":null}`)
	f.Add(500, "application/problem+json;", `"\ud800`)
	f.Fuzz(func(t *testing.T, code int, kind, text string) {
		if code < 200 || code > 999 {
			return
		}
		status, contentType, body = code, kind, text
		_, err := client.Jobs.Get(t.Context(), "x")
		checkPrintable(t, err)
		_, err = client.Jobs.List(t.Context())
		checkPrintable(t, err)
		_, err = client.Jobs.WorkerLogURL(t.Context(), "x", "y")
		checkPrintable(t, err)
		checkPrintable(t, client.Jobs.Delete(t.Context(), "x"))
	})
}

func checkPrintable(t *testing.T, err error) {
	if err == nil {
		return
	}
	require.True(t, isDocumented(err), "%#v", err)
	text := err.Error()
	require.Less(t, len(text), 40_000) // 8 Ki characters of at most 4 bytes
	require.Equal(t, -1, strings.IndexFunc(text, unicode.IsControl), "%q", text)
	require.True(t, strings.ToValidUTF8(text, "") == text, "%q", text)
}

// Whatever is in the files of the configuration folder, New takes or refuses it.
// It shows no key, and saving the active project keeps all else.
func FuzzConfigFiles(f *testing.F) {
	dir := f.TempDir()
	f.Add(`{"project":"p","config":1}`, `{"user":"u","key":"secret-key"}`, `{"region":"us-east-2","domain_suffix":"example.com"}`)
	f.Add(`{"project":null,"project":"x"}`, `{"user":"u\n","key":["secret-key"]}`, `{"api_url":"http://user:secret-key@h"}`)
	f.Add("\ufeff{}", "", `{"endpoint":"http://127.0.0.1:1/%zz","domain_suffix":"a/b"}`)
	f.Fuzz(func(t *testing.T, config, credentials, environment string) {
		for name, content := range map[string]string{"config.json": config, "credentials.json": credentials, "environment.json": environment} {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
		}
		client, err := proximl.New(proximl.WithConfigDir(dir))
		if err != nil {
			var pair struct {
				Key string `json:"key"`
			}
			if json.Unmarshal([]byte(credentials), &pair) == nil && len(pair.Key) > 7 && !strings.Contains(config+environment, pair.Key) {
				require.NotContains(t, err.Error(), pair.Key)
			}
			require.NotContains(t, err.Error(), "secret-key")
			return
		}
		require.NoError(t, client.SaveActiveProject(t.Context(), "saved"))
		var was, is map[string]jsontext.Value
		require.NoError(t, json.Unmarshal([]byte(config), &was))
		text, err := os.ReadFile(filepath.Join(dir, "config.json"))
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, &is))
		require.Equal(t, `"saved"`, string(is["project"]))
		delete(was, "project")
		delete(is, "project")
		for name, value := range was {
			require.NoError(t, value.Canonicalize())
			kept := is[name]
			require.NoError(t, kept.Canonicalize(), name)
			require.Equal(t, string(value), string(kept), name)
		}
		require.Len(t, is, len(was))
	})
}
