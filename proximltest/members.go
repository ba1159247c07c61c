package proximltest

import "slices"

// member is an account that a project is shared with.
type member struct {
	Email     string    `json:"email"`
	CreatedAt timestamp `json:"createdAt"`
	UpdatedAt timestamp `json:"updatedAt"`
	access
}

// memberView is a member as the API shows it; the project's owner is one of them.
type memberView struct {
	ProjectID string `json:"project_uuid"`
	Owner     bool   `json:"owner"`
	member
}

func (p *project) member(email string) *member {
	if i := p.memberIndex(email); i >= 0 {
		return p.Members[i]
	}
	return nil
}

func (p *project) memberIndex(email string) int {
	return slices.IndexFunc(p.Members, func(m *member) bool { return m.Email == email })
}

func (s *Server) listMembers(c *call) (any, error) {
	p := c.project
	views := []memberView{{p.ID, true, member{p.Owner, p.CreatedAt, p.CreatedAt, fullAccess}}}
	for _, m := range p.Members {
		views = append(views, memberView{p.ID, false, *m})
	}
	return views, nil
}

// putMember adds a member, or changes one with effect on its next request. Inferred: that a change is the same call.
func (s *Server) putMember(c *call) (any, error) {
	var wanted struct {
		Email string `json:"email"`
		access
	}
	if err := c.decode(&wanted); err != nil {
		return nil, err
	}
	email := normalEmail(wanted.Email)
	if email == "" {
		return nil, invalid(msgRequired, "email")
	}
	if email == c.project.Owner {
		return nil, invalid(msgOwnerAccess)
	}
	if _, found := s.accounts.get(email); !found {
		return nil, invalid(msgNoSuchAccount, email)
	}
	m := c.project.member(email)
	if m == nil {
		m = &member{Email: email, CreatedAt: s.now}
		c.project.Members = append(c.project.Members, m)
	}
	m.access, m.UpdatedAt = wanted.access, s.now
	return memberView{c.project.ID, false, *m}, nil
}

// removeMember removes a member: the owner anyone but itself, a member itself. Inferred: that leaving is this call.
func (s *Server) removeMember(c *call) (any, error) {
	email := normalEmail(c.query("email"))
	isOwner := c.caller.Email == c.project.Owner
	if !isOwner && email != c.caller.Email {
		return nil, errForbidden
	}
	if email == c.project.Owner {
		return nil, invalid(msgOwnerAccess)
	}
	i := c.project.memberIndex(email)
	if i < 0 {
		return nil, errNotFound
	}
	c.project.Members = slices.Delete(c.project.Members, i, i+1)
	return void{}, nil
}
