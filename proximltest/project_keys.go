package proximltest

import "slices"

// credentialTypes are the third parties whose keys a project can keep.
var credentialTypes = []string{"aws", "azure", "docker", "gcp", "huggingface", "kaggle", "ngc", "wasabi"}

// credential is a third-party key; a project has at most one of a type.
type credential struct {
	Type      string    `json:"type"`
	KeyID     string    `json:"key_id"`
	Secret    string    `json:"secret"`
	Tenant    string    `json:"tenant,omitzero"`
	UpdatedAt timestamp `json:"updatedAt"`
}

// secret is a named value for use in jobs.
type secret struct {
	Name      string    `json:"name"`
	Value     string    `json:"value"`
	CreatedBy string    `json:"created_by"` // display name
	UpdatedAt timestamp `json:"updatedAt"`
}

// credentialView and secretView are what the API shows: never the secret itself.
type credentialView struct {
	ProjectID string    `json:"project_uuid"`
	Type      string    `json:"type"`
	KeyID     string    `json:"key_id"`
	UpdatedAt timestamp `json:"updatedAt"`
}

type secretView struct {
	ProjectID string    `json:"project_uuid"`
	Name      string    `json:"name"`
	CreatedBy string    `json:"created_by"`
	UpdatedAt timestamp `json:"updatedAt"`
}

func (p *project) viewCredential(k credential) credentialView {
	return credentialView{p.ID, k.Type, k.KeyID, k.UpdatedAt}
}

func (p *project) viewSecret(k secret) secretView {
	return secretView{p.ID, k.Name, k.CreatedBy, k.UpdatedAt}
}

// projectKeyRoutes serves credentials and secrets to the project's owner, under the plural paths of today's clients and the singular ones
// of clients up to early 2026.
func (s *Server) projectKeyRoutes(api func(string, handler)) {
	api("GET /project/{project}/credentials", s.onlyOwner(s.listCredentials))
	api("GET /project/{project}/secrets", s.onlyOwner(s.listSecrets))
	for _, path := range []string{"credentials", "credential"} {
		api("PUT /project/{project}/"+path+"/{key}", s.onlyOwner(s.putCredential))
		api("DELETE /project/{project}/"+path+"/{key}", s.onlyOwner(s.removeCredential))
	}
	for _, path := range []string{"secrets", "secret"} {
		api("PUT /project/{project}/"+path+"/{key}", s.onlyOwner(s.putSecret))
		api("DELETE /project/{project}/"+path+"/{key}", s.onlyOwner(s.removeSecret))
	}
}

func (s *Server) listCredentials(c *call) (any, error) {
	return convert(c.project.Credentials, c.project.viewCredential), nil
}

func (s *Server) listSecrets(c *call) (any, error) {
	return convert(c.project.Secrets, c.project.viewSecret), nil
}

func (s *Server) putCredential(c *call) (any, error) {
	key := credential{}
	if err := c.decode(&key); err != nil {
		return nil, err
	}
	key.Type, key.UpdatedAt = c.pathValue("key"), s.now
	if !slices.Contains(credentialTypes, key.Type) {
		return nil, invalid(msgBadChoice, "credential type", key.Type)
	}
	if key.KeyID == "" || key.Secret == "" {
		return nil, invalid(msgRequired, "key_id and secret")
	}
	c.project.Credentials = put(c.project.Credentials, key, sameCredential(key.Type))
	return c.project.viewCredential(key), nil
}

func (s *Server) putSecret(c *call) (any, error) {
	key := secret{}
	if err := c.decode(&key); err != nil {
		return nil, err
	}
	if key.Value == "" {
		return nil, invalid(msgRequired, "value")
	}
	key.Name, key.CreatedBy, key.UpdatedAt = c.pathValue("key"), c.caller.Name, s.now
	c.project.Secrets = put(c.project.Secrets, key, sameSecret(key.Name))
	return c.project.viewSecret(key), nil
}

func (s *Server) removeCredential(c *call) (any, error) {
	return drop(&c.project.Credentials, sameCredential(c.pathValue("key")))
}

func (s *Server) removeSecret(c *call) (any, error) {
	return drop(&c.project.Secrets, sameSecret(c.pathValue("key")))
}

func (p *project) copyCredentials(from *project) { p.Credentials = slices.Clone(from.Credentials) }

func (p *project) copySecrets(from *project) { p.Secrets = slices.Clone(from.Secrets) }

func sameCredential(kind string) func(credential) bool {
	return func(k credential) bool { return k.Type == kind }
}

func sameSecret(name string) func(secret) bool {
	return func(k secret) bool { return k.Name == name }
}

// put replaces the element that matches, or appends.
func put[T any](list []T, value T, matches func(T) bool) []T {
	if i := slices.IndexFunc(list, matches); i >= 0 {
		list[i] = value
		return list
	}
	return append(list, value)
}

// drop removes the element that matches.
func drop[T any](list *[]T, matches func(T) bool) (any, error) {
	i := slices.IndexFunc(*list, matches)
	if i < 0 {
		return nil, errNotFound
	}
	*list = slices.Delete(*list, i, i+1)
	return void{}, nil
}

// convert makes one list into another.
func convert[T, U any](list []T, to func(T) U) []U {
	converted := make([]U, len(list))
	for i, value := range list {
		converted[i] = to(value)
	}
	return converted
}
