package proximltest

import "slices"

const (
	personalName = "Personal"

	// routeProjectSettings changes a project's settings. Uncertain: no client was seen doing it.
	routeProjectSettings = "PATCH /project/{project}"
)

// projectSettings are what the owner can set. Uncertain: the key, and that a project shows it.
type projectSettings struct {
	OnlyOwned bool `json:"only_owned_resources"` // jobs run and data is stored on the owner's own hardware only
}

// project is one project as the service keeps it.
type project struct {
	ID          string            `json:"id"`
	Name        string            `json:"name"`
	Owner       string            `json:"owner"`     // e-mail
	GPUTypes    []string          `json:"gpu_types"` // abbreviations, as of the last refresh
	Members     []*member         `json:"members"`   // without the owner
	Credentials []credential      `json:"credentials"`
	Secrets     []secret          `json:"secrets"`
	Resources   []projectResource `json:"resources,omitzero"` // of the owner's regions, as of the last refresh
	CreatedAt   timestamp         `json:"created_at"`
	projectSettings
}

func (p *project) key() string { return p.ID }

// projectView is a project as one of its members sees it.
type projectView struct {
	ID            string    `json:"id"`
	Name          string    `json:"name"`
	Owner         bool      `json:"owner"` // is the caller the owner
	OwnerName     string    `json:"owner_name"`
	CreatedName   string    `json:"created_name"`
	JobAll        bool      `json:"job_all"`
	DatasetAll    bool      `json:"dataset_all"`
	ModelAll      bool      `json:"model_all"`
	CheckpointAll bool      `json:"checkpoint_all"`
	VolumeAll     bool      `json:"volume_all"`
	CreatedAt     timestamp `json:"createdAt"`
	projectSettings
}

func (s *Server) projectRoutes(api func(string, handler)) {
	api("GET /project", s.listProjects)
	api("POST /project", s.createProject)
	api("GET /project/{project}", s.anyMember(s.getProject))
	api(routeProjectSettings, s.onlyOwner(notPersonal(s.updateProject)))
	api("DELETE /project/{project}", s.onlyOwner(notPersonal(s.removeProject)))
	api("GET /project/{project}/access", s.anyMember(s.listMembers))
	api("POST /project/{project}/access", s.onlyOwner(notPersonal(s.putMember)))
	api("DELETE /project/{project}/access", s.anyMember(notPersonal(s.removeMember)))
	api("GET /project/{project}/gputypes", s.anyMember(s.listGPUTypes))
	api("PATCH /project/{project}/gputypes", s.anyMember(s.refreshGPUTypes))
}

// notPersonal refuses what a Personal project does not allow.
func notPersonal(h handler) handler {
	return func(c *call) (any, error) {
		if c.project.ID == c.caller.PersonalID {
			return nil, invalid(msgNotPersonal)
		}
		return h(c)
	}
}

func (s *Server) newProject(owner *account, name string) *project {
	p := &project{ID: newID(), Name: name, Owner: owner.Email, CreatedAt: s.now}
	p.GPUTypes = s.availableGPUs(p)
	s.projects.add(p)
	return p
}

func (s *Server) viewProject(p *project, caller *account) projectView {
	owner, _ := s.accounts.get(p.Owner)
	may, _ := p.accessOf(caller.Email)
	return projectView{
		ID: p.ID, Name: p.Name,
		Owner: owner == caller, OwnerName: owner.Name, CreatedName: owner.Name,
		JobAll: may.Job == accessAll, DatasetAll: may.Dataset == accessAll, ModelAll: may.Model == accessAll,
		CheckpointAll: may.Checkpoint == accessAll, VolumeAll: may.Volume == accessAll,
		CreatedAt:       p.CreatedAt,
		projectSettings: p.projectSettings,
	}
}

func (s *Server) listProjects(c *call) (any, error) {
	views := []projectView{}
	for _, p := range s.projects.rows {
		if _, sees := p.accessOf(c.caller.Email); sees {
			views = append(views, s.viewProject(p, c.caller))
		}
	}
	return views, nil
}

func (s *Server) getProject(c *call) (any, error) { return s.viewProject(c.project, c.caller), nil }

func (s *Server) createProject(c *call) (any, error) {
	var wanted struct {
		Name            string `json:"name"`
		CopyCredentials bool   `json:"copy_credentials"`
		CopySecrets     bool   `json:"copy_secrets"`
	}
	if err := c.decode(&wanted); err != nil {
		return nil, err
	}
	if wanted.Name == "" {
		return nil, invalid(msgRequired, "name")
	}
	p := s.newProject(c.caller, wanted.Name)
	personal, _ := s.projects.get(c.caller.PersonalID)
	if wanted.CopyCredentials {
		p.copyCredentials(personal)
	}
	if wanted.CopySecrets {
		p.copySecrets(personal)
	}
	return s.viewProject(p, c.caller), nil
}

func (s *Server) updateProject(c *call) (any, error) {
	wanted := c.project.projectSettings
	if err := c.decode(&wanted); err != nil {
		return nil, err
	}
	c.project.projectSettings = wanted
	s.resumeWaiting(c.caller)
	return s.viewProject(c.project, c.caller), nil
}

// removeProject removes a project with all that is in it. Uncertain: that it does so while jobs run.
func (s *Server) removeProject(c *call) (any, error) {
	id := c.project.ID
	for _, j := range slices.Clone(s.jobs.rows) {
		if j.ProjectID == id {
			s.removeJobNow(j)
		}
	}
	for _, e := range slices.Clone(s.collections.rows) {
		if e.ProjectID == id {
			s.dropCollection(e)
		}
	}
	s.projects.remove(id)
	return void{}, nil
}
