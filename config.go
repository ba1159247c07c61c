package proximl

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/proximl/proximl-go/internal/atomicfile"
)

// The settings, named as in the configuration files. The environment variable
// of each is its name in capitals after PROXIML_.
const (
	settingUser          = "user"
	settingKey           = "key"
	settingProject       = "project"
	settingRegion        = "region"
	settingPoolID        = "pool_id"
	settingClientID      = "client_id"
	settingDomainSuffix  = "domain_suffix"
	settingAPIHost       = "api_url"
	settingWebsocketHost = "ws_url"
	settingEndpoint      = "endpoint"
	settingConfigDir     = "config_dir"
	settingNone          = "" // of the app host, which only domain and endpoint change
)

const (
	credentialsFile = "credentials.json"
	configFile      = "config.json"
	environmentFile = "environment.json"

	defaultDomainSuffix = "proximl.ai"
	maxConfigFile       = 1 << 20
)

// settingFiles says which file holds a setting. The others have none.
var settingFiles = map[string]string{
	settingUser: credentialsFile, settingKey: credentialsFile,
	settingProject:      configFile,
	settingDomainSuffix: environmentFile, settingAPIHost: environmentFile, settingWebsocketHost: environmentFile,
	settingRegion: environmentFile, settingPoolID: environmentFile, settingClientID: environmentFile,
}

// strength orders the sources of a setting.
type strength int

const (
	fromDefault strength = iota
	fromFile
	fromEnvironment
	fromOption
)

// setting is a value that knows where it came from.
type setting struct {
	value    string
	source   string
	strength strength
}

// settings looks values up in the options, the environment and the files.
type settings struct {
	options map[string]string
	dir     string // empty when there is no home folder
	files   map[string]map[string]jsontext.Value
}

func loadSettings(values map[string]string, logger *slog.Logger) (*settings, error) {
	s := &settings{options: values, files: map[string]map[string]jsontext.Value{}}
	s.dir = configDir(s.get(settingConfigDir).value)
	if s.dir == "" {
		return s, nil
	}
	for _, name := range []string{credentialsFile, configFile, environmentFile} {
		content, err := readConfigFile(filepath.Join(s.dir, name))
		if err != nil {
			return nil, err
		}
		s.files[name] = content
	}
	s.warnIfReadable(logger)
	return s, nil
}

// get returns the strongest value of a setting. The active project may be set
// to none by an option; any other empty value counts as not set.
func (s *settings) get(name string) setting {
	if name == settingNone {
		return setting{}
	}
	if value, ok := s.options[name]; ok && (value != "" || name == settingProject) {
		return setting{value, "an option", fromOption}
	}
	variable := "PROXIML_" + strings.ToUpper(name)
	if value := os.Getenv(variable); value != "" {
		return setting{value, variable, fromEnvironment}
	}
	file := settingFiles[name]
	var value string
	if raw, ok := s.files[file][name]; ok && json.Unmarshal(raw, &value) == nil && value != "" {
		return setting{value, filepath.Join(s.dir, file), fromFile}
	}
	return setting{}
}

// credentials returns user and key, which must come from the same source: half
// a pair from one place and half from another never belong together.
func (s *settings) credentials() (user, key setting, err error) {
	user, key = s.get(settingUser), s.get(settingKey)
	switch {
	case user.value == "" && key.value == "":
		return user, key, fmt.Errorf("%w: looked at the option WithCredentials, the environment variables PROXIML_USER and PROXIML_KEY, and %s; make an API key on the account settings page and put its file there",
			ErrNoCredentials, filepath.Join(s.dir, credentialsFile))
	case user.strength > key.strength:
		return user, key, fmt.Errorf("%w: the user comes from %s, which has no key; give both in one place", ErrNoCredentials, user.source)
	case key.strength > user.strength:
		return user, key, fmt.Errorf("%w: the key comes from %s, which has no user; give both in one place", ErrNoCredentials, key.source)
	}
	return user, key, nil
}

func (s *settings) warnIfReadable(logger *slog.Logger) {
	path := filepath.Join(s.dir, credentialsFile)
	info, err := os.Stat(path)
	if err == nil && info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows" {
		logger.Warn("the API key can be read by other users; run chmod 600 on the file", "file", path, "mode", info.Mode().Perm().String())
	}
}

// baseURL is where one of the service's hosts is: the endpoint, unless the host
// or the domain is set by a stronger source.
func (s *settings) baseURL(hostSetting, prefix string) (*url.URL, error) {
	endpoint, host, domain := s.get(settingEndpoint), s.get(hostSetting), s.get(settingDomainSuffix)
	if endpoint.value != "" && endpoint.strength >= max(host.strength, domain.strength) {
		return parseBaseURL(endpoint.value, "endpoint from "+endpoint.source)
	}
	if host.value != "" {
		return parseBaseURL("https://"+host.value, hostSetting+" (a host name without scheme) from "+host.source)
	}
	if domain.value == "" {
		domain = setting{value: defaultDomainSuffix, source: "the default"}
	}
	return parseBaseURL("https://"+prefix+domain.value, "domain suffix from "+domain.source)
}

func parseBaseURL(raw, what string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(raw, "/"))
	if err != nil {
		return nil, fmt.Errorf("proximl: %s: %w", what, withoutURL(err))
	}
	switch {
	case u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.Opaque != "":
		return nil, fmt.Errorf("proximl: %s is no URL such as https://api.example.com", what)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("proximl: %s must not have a user, query or fragment", what)
	case strings.HasPrefix(what, settingAPIHost) && u.Path != "" || strings.HasPrefix(what, settingWebsocketHost) && u.Path != "":
		return nil, fmt.Errorf("proximl: %s must not have a path", what)
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return nil, fmt.Errorf("proximl: %s is plain http to %s, which would send the token unencrypted; use https", what, u.Hostname())
	}
	return u, nil
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// configDir expands a leading ~; an empty dir is ~/.proximl.
func configDir(dir string) string {
	rest, inHome := strings.CutPrefix(filepath.ToSlash(dir), "~")
	if dir != "" && (!inHome || rest != "" && rest[0] != '/') {
		return dir
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	if dir == "" {
		rest = ".proximl"
	}
	return filepath.Join(home, filepath.FromSlash(rest))
}

// readConfigFile returns nothing for a file that does not exist, and an error
// that names it for one that cannot be used.
func readConfigFile(path string) (map[string]jsontext.Value, error) {
	content, err := atomicfile.Read(path, maxConfigFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("proximl: cannot read a configuration file: %w", err)
	}
	var values map[string]jsontext.Value
	if err := json.Unmarshal(content, &values); err != nil {
		return nil, fmt.Errorf("proximl: %s is not a JSON object; mend or remove it: %w", path, err)
	}
	for name, file := range settingFiles {
		raw, ok := values[name]
		if ok && file == filepath.Base(path) && raw.Kind() != '"' && raw.Kind() != 'n' {
			return nil, fmt.Errorf("proximl: %s: the value of %q is no string", path, name)
		}
	}
	return values, nil
}

// saveActiveProject changes the project in config.json and nothing else in it.
func (s *settings) saveActiveProject(ctx context.Context, id string) error {
	if s.dir == "" {
		return errors.New("proximl: cannot save the active project: there is no home folder; set PROXIML_CONFIG_DIR")
	}
	path := filepath.Join(s.dir, configFile)
	err := atomicfile.Update(ctx, path, func() ([]byte, error) {
		values, err := readConfigFile(path)
		if err != nil {
			return nil, err
		}
		changed := map[string]any{}
		for name, value := range values {
			changed[name] = value
		}
		changed[settingProject] = id
		if id == "" {
			delete(changed, settingProject)
		}
		return json.Marshal(changed, json.Deterministic(true), jsontext.WithIndent("  "))
	})
	if err != nil {
		return fmt.Errorf("cannot save the active project: %w", err)
	}
	return nil
}
