package proximltest

import "net/http"

// Access levels of a member, per resource type. The zero level is no access.
const (
	accessRead = "read" // list, see details, download logs
	accessAll  = "all"  // also create, edit and delete
)

// access is what a member may do, per resource type.
// Uncertain: that a missing level, null, "" or "none" means no access to that type, and that lists then leave it out.
type access struct {
	Job        level `json:"job,omitzero"`
	Dataset    level `json:"dataset,omitzero"`
	Model      level `json:"model,omitzero"`
	Checkpoint level `json:"checkpoint,omitzero"`
	Volume     level `json:"volume,omitzero"`
}

var fullAccess = access{accessAll, accessAll, accessAll, accessAll, accessAll}

// level is accessRead, accessAll or "" for none.
type level string

// UnmarshalText accepts only the levels that exist.
func (l *level) UnmarshalText(text []byte) error {
	switch value := level(text); value {
	case accessRead, accessAll:
		*l = value
	case "", "none":
		*l = ""
	default:
		return invalid(msgBadChoice, "access", string(value))
	}
	return nil
}

// to returns the level for one kind of resource.
func (a access) to(kind string) level {
	switch kind {
	case kindJob:
		return a.Job
	case kindDataset:
		return a.Dataset
	case kindModel:
		return a.Model
	case kindCheckpoint:
		return a.Checkpoint
	default:
		return a.Volume
	}
}

// allows tells whether the level is enough where needed is wanted.
func (l level) allows(needed level) bool { return l == accessAll || l == needed }

// accessOf returns what an account may do in a project, and false if it cannot see the project.
func (p *project) accessOf(email string) (access, bool) {
	if p.Owner == email {
		return fullAccess, true
	}
	if m := p.member(email); m != nil {
		return m.access, true
	}
	return access{}, false
}

// visible finds a project that an account may see; no id means the account's Personal project.
func (s *Server) visible(caller *account, id string) (*project, error) {
	if id == "" {
		id = caller.PersonalID
	}
	p, found := s.projects.get(id)
	if !found {
		return nil, errNotFound
	}
	if _, sees := p.accessOf(caller.Email); !sees {
		return nil, errNotFound
	}
	return p, nil
}

// namedProject returns the project that a call names: in its body if it creates something, in its query otherwise.
func (c *call) namedProject() (id string, err error) {
	if c.request.Method != http.MethodPost || c.pathValue("id") != "" {
		return c.query("project_uuid"), nil
	}
	var body struct {
		ProjectID string `json:"project_uuid"`
	}
	err = c.decode(&body)
	return body.ProjectID, err
}

// needing lets a call pass whose caller has that access to that kind of resource in the project of the call.
func (s *Server) needing(kind string, needed level, h handler) handler {
	return func(c *call) (any, error) {
		id, err := c.namedProject()
		if err != nil {
			return nil, err
		}
		if c.project, err = s.visible(c.caller, id); err != nil {
			return nil, err
		}
		if granted, _ := c.project.accessOf(c.caller.Email); !granted.to(kind).allows(needed) {
			return nil, errForbidden
		}
		return h(c)
	}
}

// anyMember lets the owner and the members of the path's project pass. The query's project does not matter.
// Uncertain: that members may list members and refresh the GPU types.
func (s *Server) anyMember(h handler) handler {
	return func(c *call) (any, error) {
		var err error
		if c.project, err = s.visible(c.caller, c.pathValue("project")); err != nil {
			return nil, err
		}
		return h(c)
	}
}

// onlyOwner lets nobody but the owner of the path's project pass.
func (s *Server) onlyOwner(h handler) handler {
	return s.anyMember(func(c *call) (any, error) {
		if c.project.Owner != c.caller.Email {
			return nil, errForbidden
		}
		return h(c)
	})
}
