package proximl_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

// projectSecret is what the fixture called project_secret says.
func projectSecret() *proximl.ProjectSecret {
	return &proximl.ProjectSecret{
		Name: "super_secret", ProjectID: "proj-id-1", CreatedBy: "User", UpdatedAt: at("2023-06-02T21:22:40.084Z"),
	}
}

// fileOf writes a file and returns its path.
func fileOf(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret.txt")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	const path = "/project/proj-id-1/secrets"
	file := fileOf(t, "-----BEGIN KEY-----\r\né\n")
	forbidden := func(verb, path string) failure {
		return failure{
			http.StatusForbidden, "Forbidden", proximl.ErrForbidden,
			verb + " " + path + ": 403 Forbidden (project proj-active from an option)",
		}
	}
	checkMethods(t, []method{
		{
			name: "List",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return some(c.Secrets.List(ctx, "proj-id-1"))
			},
			exchange: exchange{method: http.MethodGet, path: path, query: inActive, reply: "[" + fixture(t, "project_secret") + "]"},
			result:   []*proximl.ProjectSecret{projectSecret()},
			failure: failure{
				http.StatusNotFound, "Not Found", proximl.ErrNotFound,
				"GET " + path + ": 404 Not Found (project proj-active from an option)",
			},
		},
		{
			name: "Put",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return some(c.Secrets.Put(ctx, "proj-id-1", "super_secret", "v4lue"))
			},
			exchange: exchange{method: http.MethodPut, path: path + "/super_secret", query: inActive, body: `{"value":"v4lue"}`, reply: fixture(t, "project_secret")},
			result:   projectSecret(),
			failure:  forbidden("PUT", path+"/super_secret"),
		},
		{
			name: "PutFile",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return some(c.Secrets.PutFile(ctx, "proj-id-1", "super_secret", file))
			},
			exchange: exchange{
				method: http.MethodPut, path: path + "/super_secret", query: inActive,
				body: `{"value":"-----BEGIN KEY-----\r\né\n"}`, reply: fixture(t, "project_secret"),
			},
			result:  projectSecret(),
			failure: forbidden("PUT", path+"/super_secret"),
		},
		{
			name: "Remove",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return nil, c.Secrets.Remove(ctx, "proj-id-1", "super_secret")
			},
			exchange: exchange{method: http.MethodDelete, path: path + "/super_secret", query: inActive},
			failure:  forbidden("DELETE", path+"/super_secret"),
		},
	})
}

// A name is one segment of the path, whatever is in it.
func TestSecretNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a/b", "../x", "a?b=c", "a#b", "a%2Fb", "a b", "é", "$oauthtoken"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, mock := newMock(t)
			path := "/project/p/secrets/" + url.PathEscape(name)
			mock.expect(exchange{method: http.MethodPut, path: path, query: inActive, body: `{"value":"v"}`, reply: "{}"})
			_, err := client.Secrets.Put(t.Context(), "p", name, "v")
			require.NoError(t, err)
			mock.expect(exchange{method: http.MethodDelete, path: path, query: inActive})
			require.NoError(t, client.Secrets.Remove(t.Context(), "p", name))
		})
	}
}

// The mock fails the test when anything is sent.
func TestSecretsSendNothing(t *testing.T) {
	t.Parallel()
	client, _ := newMock(t)
	const notUTF8 = "is not UTF-8, as JSON must be; encode it, for example in base64"
	large, empty, binary := fileOf(t, strings.Repeat("x", 1<<20+1)), fileOf(t, ""), fileOf(t, "CANARY\xff")
	dir := t.TempDir()
	put := func(name string, value proximl.Secret) func(context.Context) (any, error) {
		return func(ctx context.Context) (any, error) { return some(client.Secrets.Put(ctx, "p", name, value)) }
	}
	putFile := func(name, path string) func(context.Context) (any, error) {
		return func(ctx context.Context) (any, error) { return some(client.Secrets.PutFile(ctx, "p", name, path)) }
	}
	for name, test := range map[string]struct {
		call func(context.Context) (any, error)
		text string
	}{
		"Put nothing":             {put("", ""), "invalid secret: name: is missing; value: is missing"},
		"Put without name":        {put("", "v"), "invalid secret: name: is missing"},
		"Put bytes":               {put("n", "CANARY\xff"), "invalid secret: value: " + notUTF8},
		"Put to ..":               {put("..", "CANARY"), `invalid request: id: ".." is no id of a secret`},
		"PutFile without name":    {putFile("", fileOf(t, "v")), "invalid secret: name: is missing"},
		"PutFile of too much":     {putFile("n", large), "invalid secret file: " + large + ": is larger than 1 MiB"},
		"PutFile of nothing":      {putFile("n", empty), "invalid secret file: " + empty + ": is empty"},
		"PutFile of bytes":        {putFile("n", binary), "invalid secret file: " + binary + ": " + notUTF8},
		"PutFile of a folder":     {putFile("n", dir), "invalid secret file: " + dir + ": is not a regular file"},
		"PutFile of a device":     {putFile("n", os.DevNull), "invalid secret file: " + os.DevNull + ": is not a regular file"},
		"Remove without name":     {func(ctx context.Context) (any, error) { return nil, client.Secrets.Remove(ctx, "p", "") }, "invalid secret: name: is missing"},
		"Remove the folder above": {func(ctx context.Context) (any, error) { return nil, client.Secrets.Remove(ctx, "p", "..") }, `invalid request: id: ".." is no id of a secret`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result, err := test.call(t.Context())
			require.EqualError(t, err, test.text)
			require.ErrorIs(t, err, proximl.ErrInvalid)
			assert.Empty(t, result)
		})
	}
}

func TestSecretFileThatIsNotThere(t *testing.T) {
	t.Parallel()
	client, _ := newMock(t)
	path := filepath.Join(t.TempDir(), "none")
	secret, err := client.Secrets.PutFile(t.Context(), "p", "n", path)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, path)
	assert.Nil(t, secret)
}

// The largest file that is allowed arrives whole.
func TestSecretFileIsBounded(t *testing.T) {
	t.Parallel()
	client, mock := newMock(t)
	content := strings.Repeat("0123456789abcdef", 1<<16)
	mock.expect(exchange{method: http.MethodPut, path: "/project/p/secrets/n", query: inActive, body: `{"value":"` + content + `"}`, reply: "{}"})
	_, err := client.Secrets.PutFile(t.Context(), "p", "n", fileOf(t, content))
	require.NoError(t, err)
}

// What is put shows in no error, log or print, whatever comes of it.
func TestSecretValuesShowNowhere(t *testing.T) {
	t.Parallel()
	spec := proximl.AzureCredential("client", "tenant", "CANARY-credential")
	spec.Extra = []byte(`{"role":"CANARY-extra"}`)
	checkSilent(t, showings(spec)...)
	checkSilent(t, showings(*spec)...)
	for name, answer := range map[string]func(*http.Request) (*http.Response, error){
		"refused": func(req *http.Request) (*http.Response, error) {
			return exchange{status: http.StatusBadRequest, reply: `{"errorMessage":"Invalid Request - no"}`}.response(req), nil
		},
		"not found": func(req *http.Request) (*http.Response, error) {
			return exchange{status: http.StatusNotFound, reply: `{}`}.response(req), nil
		},
		"no entity": func(req *http.Request) (*http.Response, error) {
			return exchange{reply: `{"name":5}`}.response(req), nil
		},
		"no reply": func(*http.Request) (*http.Response, error) { return nil, errors.New("reset") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			logger := slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
			client, mock := newMock(t, proximl.WithLogger(logger), proximl.WithRetryPolicy(proximl.RetryPolicy{Attempts: 1}))
			mock.RegisterNoResponder(answer)
			_, putting := client.Credentials.Put(t.Context(), "p", spec)
			_, setting := client.Secrets.Put(t.Context(), "p", "n", "CANARY-secret")
			_, filing := client.Secrets.PutFile(t.Context(), "p", "n", fileOf(t, "CANARY-file"))
			for _, err := range []error{setting, filing} {
				require.Error(t, err)
				checkSilent(t, showings(err)...)
			}
			checkSilent(t, showings(putting)...)
			checkSilent(t, log.String())
			assert.Contains(t, log.String(), "/project/p/secrets/n")
		})
	}
}
