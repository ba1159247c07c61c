package proximl

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"runtime"

	"github.com/proximl/proximl-go/internal/baseurl"
	"github.com/proximl/proximl-go/internal/settings"
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

	defaultDomainSuffix = "proximl.ai"
	credentialsFile     = "credentials.json"
	configFile          = "config.json"
	environmentFile     = "environment.json"
)

// settingFiles says which file holds a setting. The others have none.
var settingFiles = map[string]string{
	settingUser:          credentialsFile,
	settingKey:           credentialsFile,
	settingProject:       configFile,
	settingRegion:        environmentFile,
	settingPoolID:        environmentFile,
	settingClientID:      environmentFile,
	settingDomainSuffix:  environmentFile,
	settingAPIHost:       environmentFile,
	settingWebsocketHost: environmentFile,
}

// config is what a client is configured with.
type config struct{ *settings.Store }

func loadConfig(values map[string]string, logger *slog.Logger) (*config, error) {
	store, err := settings.Load(values, settingFiles)
	if err != nil {
		return nil, fmt.Errorf("proximl: %w", err)
	}
	info, err := os.Stat(store.Path(credentialsFile))
	if err == nil && store.Dir != "" && info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows" {
		logger.Warn("the API key can be read by other users; run chmod 600 on the file", "file", store.Path(credentialsFile), "mode", info.Mode().Perm().String())
	}
	return &config{store}, nil
}

// credentials returns user and key, which must come from the same source: half
// a pair from one place and half from another never belong together.
func (c *config) credentials() (user, key settings.Value, err error) {
	user, key = c.Get(settingUser), c.Get(settingKey)
	switch {
	case user.Text == "" && key.Text == "":
		place := c.Path(credentialsFile)
		if c.Dir == "" {
			place = credentialsFile + " in the configuration folder (but there is no home folder; set PROXIML_CONFIG_DIR)"
		}
		err = fmt.Errorf("%w: looked at the option WithCredentials, the environment variables PROXIML_USER and PROXIML_KEY, and %s; make an API key on the account settings page and put its file there", ErrNoCredentials, place)
	case user.Strength > key.Strength:
		err = fmt.Errorf("%w: the user comes from %s, which has no key; give both in one place", ErrNoCredentials, user.Source)
	case key.Strength > user.Strength:
		err = fmt.Errorf("%w: the key comes from %s, which has no user; give both in one place", ErrNoCredentials, key.Source)
	}
	return user, key, err
}

// baseURL is where one of the service's hosts is: the endpoint, unless the host
// or the domain is set by a stronger source.
func (c *config) baseURL(hostSetting, prefix string) (*url.URL, error) {
	endpoint, host, domain := c.Get(settingEndpoint), c.Get(hostSetting), c.Get(settingDomainSuffix)
	used, parse := host, baseurl.ParseHost
	switch {
	case endpoint.Text != "" && endpoint.Strength >= max(host.Strength, domain.Strength):
		used, parse = endpoint, baseurl.Parse
	case host.Text != "":
	case domain.Text != "":
		used = domain
		used.Text = prefix + domain.Text
	default:
		used.Text = prefix + defaultDomainSuffix
	}
	u, err := parse(used.Text)
	if err != nil {
		return nil, fmt.Errorf("proximl: the URL or host from %s %w", used.Source, err) // which may hold a password
	}
	return u, nil
}

// saveActiveProject changes the project in config.json and nothing else in it.
func (c *config) saveActiveProject(ctx context.Context, id string) error {
	err := errors.New("there is no home folder; set PROXIML_CONFIG_DIR")
	if c.Dir != "" {
		err = c.Save(ctx, configFile, settingProject, id)
	}
	if err != nil {
		return fmt.Errorf("proximl: cannot save the active project: %w", err)
	}
	return nil
}
