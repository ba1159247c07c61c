package proximltest

import (
	"net/http"
	"path/filepath"

	"github.com/proximl/proximl-go"
)

// Client returns a client of this service that works as an account. It has no active project unless an option sets one: calls work in
// Personal then, but for those that need to be told a project, such as GPUTypes.List; Account.Project is the id of Personal.
// Neither the developer's own configuration files nor PROXIML_PROJECT have a say in it.
func (s *Server) Client(a *Account, opts ...proximl.Option) (*proximl.ProxiML, error) {
	defaults := []proximl.Option{
		proximl.WithEndpoint(s.URL),
		proximl.WithCredentials(a.User, a.Key),
		proximl.WithConfigDir(a.configDir()),
		proximl.WithProject(""),
	}
	if s.settings.noListener {
		defaults = append(defaults, proximl.WithHTTPClient(&http.Client{Transport: s.Transport()}))
	}
	return proximl.New(append(defaults, opts...)...)
}

// configDir names a folder that does not exist, so that no client takes the developer's own settings for the account's.
// A client that saves its active project makes it; Close removes it.
func (a *Account) configDir() string { return filepath.Join(a.srv.configDir, a.User) }
