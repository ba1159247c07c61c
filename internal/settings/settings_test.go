package settings_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go/internal/settings"
)

const keys, config = "credentials.json", "config.json"

var fileOf = map[string]string{"user": keys, "key": keys, "project": config}

// folder makes a configuration folder of files, given as name, content, ...
func folder(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(files); i += 2 {
		require.NoError(t, os.WriteFile(filepath.Join(dir, files[i]), []byte(files[i+1]), 0o600))
	}
	return dir
}

// load reads the settings of a folder, with options given as name, value, ...
func load(t *testing.T, dir string, options ...string) *settings.Store {
	t.Helper()
	given := map[string]string{"config_dir": dir}
	for i := 0; i < len(options); i += 2 {
		given[options[i]] = options[i+1]
	}
	store, err := settings.Load(given, fileOf)
	require.NoError(t, err)
	return store
}

// An option beats the environment, which beats the file; each value tells where
// it is from.
func TestPrecedence(t *testing.T) { // not parallel: it sets environment variables
	dir := folder(t, config, `{"project": "of the file"}`)
	file := settings.Value{Text: "of the file", Source: filepath.Join(dir, config), Strength: settings.FromFile}
	environment := settings.Value{Text: "of the environment", Source: "PROXIML_PROJECT", Strength: settings.FromEnvironment}
	none := settings.Value{Source: "the default"}
	for name, test := range map[string]struct {
		dir, environment string
		options          []string
		want             settings.Value
	}{
		"all three":             {dir, environment.Text, []string{"project", "of an option"}, settings.Value{Text: "of an option", Source: "an option", Strength: settings.FromOption}},
		"an empty option":       {dir, environment.Text, []string{"project", ""}, settings.Value{Source: "an option", Strength: settings.FromOption}},
		"environment and file":  {dir, environment.Text, nil, environment},
		"an empty environment":  {dir, "", nil, file},
		"no file":               {folder(t), "", nil, none},
		"no folder":             {filepath.Join(dir, "none"), "", nil, none},
		"empty in the file":     {folder(t, config, `{"project": ""}`), "", nil, none},
		"null in the file":      {folder(t, config, `{"project": null}`), "", nil, none},
		"not in the file":       {folder(t, config, `{"other": 1}`), "", nil, none},
		"in the other file":     {folder(t, keys, `{"project": "misplaced"}`), "", nil, none},
		"environment, no files": {folder(t), environment.Text, nil, environment},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("PROXIML_PROJECT", test.environment)
			assert.Equal(t, test.want, load(t, test.dir, test.options...).Get("project"))
		})
	}
	assert.Less(t, settings.FromDefault, settings.FromFile)
	assert.Less(t, settings.FromFile, settings.FromEnvironment)
	assert.Less(t, settings.FromEnvironment, settings.FromOption)
}

// The strengths of a pair tell whether both are from one place.
func TestPairs(t *testing.T) { // not parallel: it sets environment variables
	dir := folder(t, keys, `{"user": "u", "key": "k"}`)
	for name, test := range map[string]struct {
		environment, options []string
		user, key            settings.Strength
	}{
		"both of the file":           {nil, nil, settings.FromFile, settings.FromFile},
		"both of the environment":    {[]string{"PROXIML_USER", "PROXIML_KEY"}, nil, settings.FromEnvironment, settings.FromEnvironment},
		"both of options":            {[]string{"PROXIML_USER"}, []string{"user", "a", "key", "b"}, settings.FromOption, settings.FromOption},
		"a user of another place":    {[]string{"PROXIML_USER"}, nil, settings.FromEnvironment, settings.FromFile},
		"a key of another place":     {nil, []string{"key", "b"}, settings.FromFile, settings.FromOption},
		"each of a place of its own": {[]string{"PROXIML_KEY"}, []string{"user", "a"}, settings.FromOption, settings.FromEnvironment},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("PROXIML_USER", "")
			t.Setenv("PROXIML_KEY", "")
			for _, variable := range test.environment {
				t.Setenv(variable, "e")
			}
			store := load(t, dir, test.options...)
			user, key := store.Get("user"), store.Get("key")
			assert.Equal(t, []settings.Strength{test.user, test.key}, []settings.Strength{user.Strength, key.Strength})
			assert.Equal(t, test.user == test.key && test.user == settings.FromFile, user.Source == filepath.Join(dir, keys) && key.Source == user.Source)
		})
	}
}

// A file that cannot be used is an error that names it, and says nothing of what
// is in it.
func TestUnusableFiles(t *testing.T) {
	t.Parallel()
	const malformed = " is not a JSON object; mend or remove it: "
	for name, test := range map[string]struct{ content, want string }{
		"cut short":       {`{"user": "canary`, malformed},
		"empty":           {``, malformed},
		"a list":          {`["canary"]`, malformed},
		"a name twice":    {`{"user": "canary", "user": "canary"}`, malformed},
		"more after it":   {`{"user": "canary"} canary`, malformed},
		"a number":        {`{"user": 7}`, `: the value of "user" is no string`},
		"an object":       {`{"key": {"canary": "canary"}}`, `: the value of "key" is no string`},
		"larger than any": {`{"user": "` + strings.Repeat("x", 1<<20) + `"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := folder(t, keys, test.content)
			_, err := settings.Load(map[string]string{"config_dir": dir}, fileOf)
			require.ErrorContains(t, err, filepath.Join(dir, keys)+test.want)
			assert.NotContains(t, err.Error(), "canary")
		})
	}
}

func TestUnreadableFile(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	require.NoError(t, os.Mkdir(filepath.Join(dir, config), 0o700)) // which no account can read as a file
	_, err := settings.Load(map[string]string{"config_dir": dir}, fileOf)
	require.ErrorContains(t, err, "cannot read a configuration file: ")
	require.ErrorContains(t, err, filepath.Join(dir, config))
}

func TestFolder(t *testing.T) { // not parallel: it sets environment variables
	home, elsewhere := t.TempDir(), t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	for given, want := range map[string]string{
		"":          filepath.Join(home, ".proximl"),
		"~":         home,
		"~/px":      filepath.Join(home, "px"),
		"~other/px": "~other/px",
		elsewhere:   elsewhere,
	} {
		assert.Equal(t, want, load(t, given).Dir, given)
	}
	t.Setenv("PROXIML_CONFIG_DIR", elsewhere)
	store, err := settings.Load(nil, fileOf)
	require.NoError(t, err)
	assert.Equal(t, elsewhere, store.Dir)

	// Without a home folder there is no file, and that is no error.
	t.Setenv("PROXIML_CONFIG_DIR", "")
	t.Setenv("HOME", "")
	t.Setenv("USERPROFILE", "")
	store, err = settings.Load(nil, fileOf)
	require.NoError(t, err)
	assert.Empty(t, store.Dir)
	assert.Equal(t, settings.Value{Source: "the default"}, store.Get("user"))
}
