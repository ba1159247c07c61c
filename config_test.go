package proximl_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

// configDir makes a configuration folder of files, given as name, content, ...
func configDir(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(files); i += 2 {
		require.NoError(t, os.WriteFile(filepath.Join(dir, files[i]), []byte(files[i+1]), 0o600))
	}
	return dir
}

const keyFile = `{"user": "file-user", "key": "file-key"}`

func TestActiveProjectAndItsSource(t *testing.T) {
	// Not parallel: it sets environment variables.
	dir := configDir(t, "credentials.json", keyFile, "config.json", `{"project": "file-proj"}`)
	file := filepath.Join(dir, "config.json")
	tests := []struct {
		name, environment string
		opts              []proximl.Option
		id, source        string
	}{
		{"option", "env-proj", []proximl.Option{proximl.WithProject("opt-proj")}, "opt-proj", "an option"},
		{"option says none", "env-proj", []proximl.Option{proximl.WithProject("")}, "", "an option"},
		{"environment", "env-proj", nil, "env-proj", "PROXIML_PROJECT"},
		{"file", "", nil, "file-proj", file},
		{"nowhere", "", []proximl.Option{proximl.WithConfigDir(configDir(t)), proximl.WithCredentials("u", "k")}, "", "the default"},
		{"empty in the file", "", []proximl.Option{proximl.WithConfigDir(configDir(t, "config.json", `{"project": ""}`)), proximl.WithCredentials("u", "k")}, "", "the default"},
		{"null in the file", "", []proximl.Option{proximl.WithConfigDir(configDir(t, "config.json", `{"project": null}`)), proximl.WithCredentials("u", "k")}, "", "the default"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("PROXIML_PROJECT", test.environment)
			client, err := proximl.New(append([]proximl.Option{proximl.WithConfigDir(dir)}, test.opts...)...)
			require.NoError(t, err)
			id, source := client.ActiveProject()
			assert.Equal(t, test.id, id)
			assert.Equal(t, test.source, source)
		})
	}
}

func TestConfigurationFolder(t *testing.T) {
	// Not parallel: it sets environment variables.
	home := t.TempDir()
	for _, dir := range []string{".proximl", "from-env", "from-option", "~odd"} {
		require.NoError(t, os.Mkdir(filepath.Join(home, dir), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(home, dir, "config.json"), fmt.Appendf(nil, `{"project": %q}`, dir), 0o600))
	}
	t.Setenv("HOME", home)
	t.Chdir(home)
	tests := []struct{ name, environment, option, project string }{
		{"default", "", "", ".proximl"},
		{"environment", filepath.Join(home, "from-env"), "", "from-env"},
		{"environment with ~", "~/from-env", "", "from-env"},
		{"option", "~/from-env", filepath.Join(home, "from-option"), "from-option"},
		{"option with ~", "~/from-env", "~/from-option", "from-option"},
		{"a name that begins with ~", "", "~odd", "~odd"},
		{"missing", "", "~/nothing/here", ""},
		{"~ alone", "", "~", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("PROXIML_CONFIG_DIR", test.environment)
			client, err := proximl.New(proximl.WithCredentials("u", "k"), proximl.WithConfigDir(test.option))
			require.NoError(t, err)
			id, _ := client.ActiveProject()
			assert.Equal(t, test.project, id)
		})
	}
}

func TestNoHomeFolder(t *testing.T) {
	// Not parallel: it sets environment variables.
	t.Setenv("HOME", "")
	t.Setenv("PROXIML_CONFIG_DIR", "")
	t.Setenv("PROXIML_", "a variable that is no setting")
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("credentials.json", []byte(`{"user":"u","key":"k"}`), 0o644)) //nolint:gosec // that is what would be warned of
	var log bytes.Buffer
	client, err := proximl.New(proximl.WithCredentials("u", "k"), proximl.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	require.NoError(t, err)
	assert.Empty(t, log.String(), "a file of the working directory is none of ours")
	require.EqualError(t, client.SaveActiveProject(t.Context(), "p"), "proximl: cannot save the active project: there is no home folder; set PROXIML_CONFIG_DIR")
	_, err = proximl.New()
	require.ErrorIs(t, err, proximl.ErrNoCredentials)
	require.ErrorContains(t, err, "there is no home folder", "a file without its folder would be looked for in the wrong place")
}

func TestNoCredentialsListsThePlaces(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{configDir(t), configDir(t, "credentials.json", `{}`), filepath.Join(t.TempDir(), "none")} {
		client, err := proximl.New(proximl.WithConfigDir(dir))
		assert.Nil(t, client)
		require.ErrorIs(t, err, proximl.ErrNoCredentials)
		require.EqualError(t, err, "proximl: no credentials: looked at the option WithCredentials, the environment variables PROXIML_USER and PROXIML_KEY, and "+
			filepath.Join(dir, "credentials.json")+"; make an API key on the account settings page and put its file there")
	}
}

func TestCredentialsComeInPairs(t *testing.T) {
	// Not parallel: it sets environment variables.
	full, empty := configDir(t, "credentials.json", keyFile), configDir(t)
	onlyUser, onlyKey := configDir(t, "credentials.json", `{"user": "u"}`), configDir(t, "credentials.json", `{"key": "k"}`)
	tests := []struct{ name, dir, user, key, problem string }{
		{"file", full, "", "", ""},
		{"environment", empty, "u", "k", ""},
		{"both", full, "u", "k", ""},
		{"user in the environment alone", empty, "u", "", "the user comes from PROXIML_USER, which has no key; give both in one place"},
		{"user in the environment, key in the file", full, "u", "", "the user comes from PROXIML_USER, which has no key; give both in one place"},
		{"key in the environment, user in the file", full, "", "k", "the key comes from PROXIML_KEY, which has no user; give both in one place"},
		{"user in the file alone", onlyUser, "", "", "the user comes from " + filepath.Join(onlyUser, "credentials.json") + ", which has no key; give both in one place"},
		{"key in the file alone", onlyKey, "", "", "the key comes from " + filepath.Join(onlyKey, "credentials.json") + ", which has no user; give both in one place"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("PROXIML_USER", test.user)
			t.Setenv("PROXIML_KEY", test.key)
			_, err := proximl.New(proximl.WithConfigDir(test.dir))
			if test.problem == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, proximl.ErrNoCredentials)
			require.EqualError(t, err, "proximl: no credentials: "+test.problem)
			_, err = proximl.New(proximl.WithConfigDir(test.dir), proximl.WithTokenSource(staticToken("t")))
			require.NoError(t, err, "a token source needs no user and key")
		})
	}
}

func TestBadConfigurationFilesAreNamed(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, content, problem string }{
		{"credentials.json", `{"user": "u", "key": "CANARY`, " is not a JSON object; mend or remove it: "},
		{"credentials.json", ``, " is not a JSON object; mend or remove it: "},
		{"config.json", `["proj"]`, " is not a JSON object; mend or remove it: "},
		{"config.json", `"proj"`, " is not a JSON object; mend or remove it: "},
		{"config.json", `{"project": "p"} {}`, " is not a JSON object; mend or remove it: "},
		{"config.json", `{"project": "p", "project": "q"}`, " is not a JSON object; mend or remove it: "},
		{"config.json", strings.Repeat(" ", 1<<20) + `{}`, " is larger than 1048576 bytes"},
		{"environment.json", "not json", " is not a JSON object; mend or remove it: "},
		{"credentials.json", `{"user": 1, "key": "CANARY"}`, `: the value of "user" is no string`},
		{"credentials.json", `{"user": "u", "key": {"CANARY": 1}}`, `: the value of "key" is no string`},
		{"config.json", `{"project": ["CANARY"]}`, `: the value of "project" is no string`},
		{"environment.json", `{"domain_suffix": true}`, `: the value of "domain_suffix" is no string`},
		{"environment.json", `{"api_url": 1}`, `: the value of "api_url" is no string`},
		{"environment.json", `{"ws_url": 1}`, `: the value of "ws_url" is no string`},
		{"environment.json", `{"region": 1}`, `: the value of "region" is no string`},
		{"environment.json", `{"pool_id": 1}`, `: the value of "pool_id" is no string`},
		{"environment.json", `{"client_id": 1}`, `: the value of "client_id" is no string`},
	}
	for _, test := range tests {
		dir := configDir(t, test.name, test.content)
		_, err := proximl.New(proximl.WithConfigDir(dir), proximl.WithCredentials("u", "k"), proximl.WithProject("p"))
		require.ErrorContains(t, err, filepath.Join(dir, test.name)+test.problem, test.content)
		assert.True(t, strings.HasPrefix(err.Error(), "proximl: "), err)
		assert.NotContains(t, err.Error(), "CANARY")
	}
}

func TestAnUnreadableConfigurationFileIsNamed(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"credentials.json", "config.json", "environment.json"} {
		dir := t.TempDir()
		path := filepath.Join(dir, name)
		require.NoError(t, os.Mkdir(path, 0o700)) // a folder cannot be read as a file, not even by root
		_, err := proximl.New(proximl.WithConfigDir(dir), proximl.WithCredentials("u", "k"))
		require.EqualError(t, err, "proximl: cannot read a configuration file: read "+path+": is a directory")
		if os.Getuid() != 0 {
			require.NoError(t, os.Remove(path))
			require.NoError(t, os.WriteFile(path, []byte("{}"), 0))
			_, err = proximl.New(proximl.WithConfigDir(dir), proximl.WithCredentials("u", "k"))
			require.EqualError(t, err, "proximl: cannot read a configuration file: open "+path+": permission denied")
			require.ErrorIs(t, err, os.ErrPermission)
		}
	}
}

func TestAKeyFileThatOthersCanReadIsWarnedOf(t *testing.T) {
	t.Parallel()
	for mode, symbolic := range map[os.FileMode]string{0o600: "", 0o400: "", 0o640: "-rw-r-----", 0o604: "-rw----r--", 0o644: "-rw-r--r--", 0o602: "-rw-----w-"} {
		dir := configDir(t, "credentials.json", keyFile)
		path := filepath.Join(dir, "credentials.json")
		require.NoError(t, os.Chmod(path, mode))
		var log safeBuffer
		_, err := proximl.New(proximl.WithConfigDir(dir), proximl.WithLogger(slog.New(slog.NewJSONHandler(&log, nil))))
		require.NoError(t, err)
		if symbolic == "" {
			assert.Empty(t, log.String())
			continue
		}
		var record map[string]any
		require.NoError(t, json.Unmarshal([]byte(log.String()), &record), "one record: %s", log.String())
		delete(record, "time")
		assert.Equal(t, map[string]any{
			"level": "WARN", "msg": "the API key can be read by other users; run chmod 600 on the file", "file": path, "mode": symbolic,
		}, record)
	}
}

// accountCache is a TokenCache that only remembers the accounts it was asked for.
type accountCache struct{ accounts []string }

func (c *accountCache) Load(_ context.Context, account string) (*proximl.Tokens, error) {
	c.accounts = append(c.accounts, account)
	return nil, nil
}

func (c *accountCache) Save(context.Context, string, *proximl.Tokens) error { return nil }

func TestUserPoolSettings(t *testing.T) {
	// Not parallel: it sets environment variables.
	file := configDir(t, "credentials.json", keyFile, "environment.json", `{"region": "file-1", "pool_id": "file-1_pool", "client_id": "file-client", "domain_suffix": "file.example"}`)
	fromOption := proximl.WithUserPool("opt-1", "opt-1_pool", "opt-client")
	allOf := map[string]string{"PROXIML_REGION": "env-1", "PROXIML_POOL_ID": "env-1_pool", "PROXIML_CLIENT_ID": "env-client"}
	tests := []struct {
		name                          string
		dir                           string
		environment                   map[string]string
		opts                          []proximl.Option
		url, client, account, fetched string
	}{
		{"option", file, allOf, []proximl.Option{fromOption}, "https://cognito-idp.opt-1.amazonaws.com/", "opt-client", "file-user@opt-1_pool", ""},
		{"environment", file, allOf, nil, "https://cognito-idp.env-1.amazonaws.com/", "env-client", "file-user@env-1_pool", ""},
		{"file", file, nil, nil, "https://cognito-idp.file-1.amazonaws.com/", "file-client", "file-user@file-1_pool", ""},
		{"from each", file, map[string]string{"PROXIML_POOL_ID": "env-1_pool"}, []proximl.Option{proximl.WithUserPool("opt-1", "", "")}, "https://cognito-idp.opt-1.amazonaws.com/", "file-client", "file-user@env-1_pool", ""},
		{"auth config", configDir(t, "credentials.json", keyFile), nil, nil, "https://cognito-idp.net-1.amazonaws.com/", "net-client", "file-user@net-1_pool", "https://app.proximl.ai/.well-known/auth-config.json"},
		{"some of the auth config", configDir(t, "credentials.json", keyFile), nil, []proximl.Option{proximl.WithUserPool("", "opt-1_pool", ""), proximl.WithDomainSuffix("proximl.dev")}, "https://cognito-idp.net-1.amazonaws.com/", "net-client", "file-user@opt-1_pool", "https://app.proximl.dev/.well-known/auth-config.json"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, name := range []string{"PROXIML_REGION", "PROXIML_POOL_ID", "PROXIML_CLIENT_ID"} {
				t.Setenv(name, test.environment[name])
			}
			turns := []turn{{status: http.StatusBadRequest, body: `{"__type": "ResourceNotFoundException", "message": "no pool"}`}}
			if test.fetched != "" {
				turns = append([]turn{ok(`{"region": "net-1", "userPoolId": "net-1_pool", "userPoolSDKClientId": "net-client"}`)}, turns...)
			}
			s, cache := &script{turns: turns}, &accountCache{}
			client, err := proximl.New(append([]proximl.Option{
				proximl.WithConfigDir(test.dir), proximl.WithTokenCache(cache), proximl.WithHTTPClient(&http.Client{Transport: s}),
			}, test.opts...)...)
			require.NoError(t, err)
			_, err = client.Jobs.List(t.Context())
			require.EqualError(t, err, "login: ResourceNotFoundException: no pool; check region, user pool id and client id (user and key came from "+filepath.Join(test.dir, "credentials.json")+")")
			urls := []string{test.url}
			if test.fetched != "" {
				urls = []string{test.fetched, test.url}
			}
			require.Len(t, s.arrivals, len(urls))
			for i, came := range s.arrivals {
				assert.Equal(t, urls[i], came.URL.String())
			}
			assert.Contains(t, s.arrivals[len(urls)-1].body, `"ClientId":"`+test.client+`"`)
			assert.Equal(t, []string{test.account}, cache.accounts)
		})
	}
}
