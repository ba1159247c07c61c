package proximltest

import (
	"cmp"
	"slices"
)

// newResourcesAreEnabled says whether what a refresh finds can be used at once. Uncertain: it can, since the calls that enable and disable
// came later than the refresh.
const newResourcesAreEnabled = true

// projectResource is a datastore, data connector or service of the owner's that a project knows of.
type projectResource struct {
	ID      string `json:"id"`
	Enabled bool   `json:"enabled"`
}

// projectResourceView is one of them as the API shows it.
type projectResourceView struct {
	ProjectID string `json:"project_uuid"`
	RegionID  string `json:"region_uuid"`
	ID        string `json:"id"`
	Type      string `json:"type"`
	Name      string `json:"name"`
	Hostname  string `json:"hostname,omitzero"` // of a service, as is public
	Public    *bool  `json:"public,omitzero"`
	Enabled   bool   `json:"enabled"` // Uncertain: that it is shown, and that what is disabled is listed.
}

// projectResourceRoutes serves what projects may use of their owner's regions. Uncertain: that every member sees it, refreshes it and
// gets certificates, while only the owner enables and disables.
func (s *Server) projectResourceRoutes(api func(string, handler)) {
	for name, kind := range map[string]string{"datastores": kindDatastore, "data_connectors": kindDataConnector, "services": kindService} {
		path := "/project/{project}/" + name
		api("GET "+path, s.anyMember(func(c *call) (any, error) { return s.listResources(c, kind) }))
		api("PATCH "+path, s.anyMember(func(c *call) (any, error) { return s.refreshResources(c, kind) }))
		api("GET "+path+"/{id}", s.anyMember(s.resource(kind, s.getResource)))
		for action, enabled := range map[string]bool{"enable": true, "disable": false} {
			api("PATCH "+path+"/{id}/"+action, s.onlyOwner(s.resource(kind, func(c *call, a *asset, r *projectResource) (any, error) {
				r.Enabled = enabled
				return s.getResource(c, a, r)
			})))
		}
	}
	certificates := "/project/{project}/services/{id}/certificate"
	api("GET "+certificates+"/ca", s.anyMember(s.resource(kindService, enabledOnly(s.authorityOf))))
	api("POST "+certificates+"/sign", s.anyMember(s.resource(kindService, enabledOnly(s.signForService))))
}

// resource finds the resource that a path names.
func (s *Server) resource(kind string, h func(*call, *asset, *projectResource) (any, error)) handler {
	return func(c *call) (any, error) {
		a, found := s.assets.get(c.pathValue("id"))
		r := c.project.resource(c.pathValue("id"))
		if !found || a.Kind != kind || r == nil {
			return nil, errNotFound
		}
		return h(c, a, r)
	}
}

// enabledOnly refuses to use what is disabled.
func enabledOnly(h func(*call, *asset) (any, error)) func(*call, *asset, *projectResource) (any, error) {
	return func(c *call, a *asset, r *projectResource) (any, error) {
		if !r.Enabled {
			return nil, invalid(msgDisabled)
		}
		return h(c, a)
	}
}

// resource returns what a project knows of an asset, or nil.
func (p *project) resource(id string) *projectResource {
	if i := slices.IndexFunc(p.Resources, sameResource(id)); i >= 0 {
		return &p.Resources[i]
	}
	return nil
}

// forget makes a project know no more of an asset.
func (p *project) forget(id string) { p.Resources = slices.DeleteFunc(p.Resources, sameResource(id)) }

func sameResource(id string) func(projectResource) bool {
	return func(r projectResource) bool { return r.ID == id }
}

// listResources answers with what the project knows of, as of the last refresh.
func (s *Server) listResources(c *call, kind string) (any, error) {
	views := []projectResourceView{}
	for _, r := range c.project.Resources {
		if a, _ := s.assets.get(r.ID); a.Kind == kind {
			views = append(views, c.project.viewResource(a, &r))
		}
	}
	return views, nil
}

// refreshResources makes a project know of all that its owner has now.
func (s *Server) refreshResources(c *call, kind string) (any, error) {
	owner, _ := s.accounts.get(c.project.Owner)
	for _, a := range s.assetsOf(owner, kind) {
		if c.project.resource(a.ID) == nil {
			c.project.Resources = append(c.project.Resources, projectResource{a.ID, newResourcesAreEnabled})
		}
	}
	return s.listResources(c, kind)
}

func (s *Server) getResource(c *call, a *asset, r *projectResource) (any, error) {
	return c.project.viewResource(a, r), nil
}

func (p *project) viewResource(a *asset, r *projectResource) projectResourceView {
	view := projectResourceView{ProjectID: p.ID, RegionID: a.Parent, ID: a.ID, Enabled: r.Enabled}
	switch of := a.Shown.(type) {
	case *datastore:
		view.Name, view.Type = of.Name, of.Type
	case *dataConnector:
		view.Name, view.Type = of.Name, of.Type
	case *service:
		view.Name, view.Type = of.Name, of.Type
		view.Hostname, view.Public = cmp.Or(of.CustomHostname, of.Hostname), &of.Public
	}
	return view
}

// authorityOf answers with the certificate, as PEM in a bare string, that the certificates of a service's clients can be checked with.
func (s *Server) authorityOf(_ *call, a *asset) (any, error) {
	if a.Authority == nil {
		return nil, errNotFound
	}
	return a.Authority.text(), nil
}
