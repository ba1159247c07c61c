package proximl

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/proximl/proximl-go/internal/cognito"
)

// ProjectsAPI works with projects. A project has one owner, its creator, who is
// charged for all of it and alone controls members, keys and settings. Every
// account has a project called Personal that cannot be shared, changed or
// removed.
type ProjectsAPI service

// Project is a project as the caller sees it.
type Project struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Owner       bool   `json:"owner"` // whether the caller is the owner
	OwnerName   string `json:"owner_name,omitzero"`
	CreatedName string `json:"created_name,omitzero"`
	// Whether the caller may create, change and delete, not only read.
	JobAll     bool `json:"job_all"`
	DatasetAll bool `json:"dataset_all"`
	ModelAll   bool `json:"model_all"`
	// Inferred: no recorded project has these two.
	CheckpointAll bool           `json:"checkpoint_all,omitzero"`
	VolumeAll     bool           `json:"volume_all,omitzero"`
	CreatedAt     Time           `json:"createdAt,omitzero"`
	Extra         jsontext.Value `json:",embed"` // fields that this version does not know
}

// Format prints the project without its unknown fields.
func (p Project) Format(s fmt.State, verb rune) {
	type plain Project
	p.Extra = nil
	printed(s, verb, plain(p))
}

// LogValue logs what Format prints.
func (p Project) LogValue() slog.Value { return logged(p) }

// ProjectSpec says what project to create.
type ProjectSpec struct {
	Name            string         `json:"name"`
	CopyCredentials *bool          `json:"copy_credentials,omitzero"` // begin with the third-party keys of Personal
	CopySecrets     *bool          `json:"copy_secrets,omitzero"`     // begin with the secrets of Personal
	Extra           jsontext.Value `json:",embed"`                    // further fields, sent as they are
}

// Format prints the value without its unknown fields.
func (v ProjectSpec) Format(s fmt.State, verb rune) {
	type plain ProjectSpec
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v ProjectSpec) LogValue() slog.Value { return logged(v) }

// ProjectSettings says what to change in a project.
type ProjectSettings struct {
	// OnlyOwnedResources makes jobs run, and datasets and models be stored, on
	// the owner's own hardware only. Call GPUTypes.Refresh after changing it.
	OnlyOwnedResources *bool          `json:"only_owned_resources,omitzero"`
	Extra              jsontext.Value `json:",embed"` // further fields, sent as they are
}

// Format prints the value without its unknown fields.
func (v ProjectSettings) Format(s fmt.State, verb rune) {
	type plain ProjectSettings
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v ProjectSettings) LogValue() slog.Value { return logged(v) }

// List returns the projects that the account owns and those that it is a
// member of.
//
// GET /project
func (a *ProjectsAPI) List(ctx context.Context, opts ...RequestOption) ([]*Project, error) {
	return list[Project](ctx, a.client, "projects.list", route("project"), opts)
}

// All is like List, but yields one project at a time.
//
// GET /project
func (a *ProjectsAPI) All(ctx context.Context, opts ...RequestOption) iter.Seq2[*Project, error] {
	return all[Project](ctx, a.client, "projects.list", route("project"), opts)
}

// Get returns a project.
//
// GET /project/{id}
func (a *ProjectsAPI) Get(ctx context.Context, id string, opts ...RequestOption) (*Project, error) {
	return call[Project](ctx, a.client, "projects.get", http.MethodGet, route("project", id), nil, opts)
}

// Current returns the active project. Without one it fails with [ErrNoProject]
// and sends nothing: the service then works in Personal, whose id List tells.
//
// GET /project/{id}
func (a *ProjectsAPI) Current(ctx context.Context, opts ...RequestOption) (*Project, error) {
	id, err := a.client.needProject()
	if err != nil {
		return nil, err
	}
	return call[Project](ctx, a.client, "projects.current", http.MethodGet, route("project", id), nil, opts)
}

// Find returns the project with an id or, if there is none, with a name. It
// fails with [ErrNotFound], or with [ErrNotUnique] and the candidates when
// several projects have the name.
//
// GET /project
func (a *ProjectsAPI) Find(ctx context.Context, idOrName string, opts ...RequestOption) (*Project, error) {
	projects, err := a.List(ctx, opts...)
	if err != nil {
		return nil, err
	}
	var named []*Project
	for _, project := range projects {
		if project.ID == idOrName {
			return project, nil
		}
		if project.Name == idOrName {
			named = append(named, project)
		}
	}
	switch len(named) {
	case 0:
		return nil, fmt.Errorf("%w: no project has the id or name %q; there are %s", ErrNotFound, idOrName, describeProjects(projects))
	case 1:
		return named[0], nil
	default:
		return nil, fmt.Errorf("%w: %d projects are called %q, use an id: %s", ErrNotUnique, len(named), idOrName, describeProjects(named))
	}
}

func describeProjects(projects []*Project) string {
	texts := make([]string, len(projects))
	for i, project := range projects {
		texts[i] = fmt.Sprintf("%s (%s, owned by %s)", project.ID, project.Name, project.OwnerName)
	}
	return strings.Join(texts, ", ")
}

// Create makes a project that the account owns. From then on it has third-party
// keys and secrets of its own.
//
// POST /project
func (a *ProjectsAPI) Create(ctx context.Context, spec *ProjectSpec, opts ...RequestOption) (*Project, error) {
	if spec == nil || spec.Name == "" {
		return nil, missingName("project")
	}
	return call[Project](ctx, a.client, "projects.create", http.MethodPost, route("project"), spec, opts)
}

// Update changes settings of a project. Only the owner may. If the service does
// not answer with the project, only the ID of what is returned is set.
//
// PATCH /project/{id}
//
// Uncertain: the setting is documented, its route and key have not been seen.
func (a *ProjectsAPI) Update(ctx context.Context, id string, settings *ProjectSettings, opts ...RequestOption) (*Project, error) {
	return change(ctx, a.client, "projects.update", http.MethodPatch, route("project", id), settings, &Project{ID: id}, opts)
}

// Delete removes a project. Only the owner may; Personal cannot be removed.
//
// DELETE /project/{id}
func (a *ProjectsAPI) Delete(ctx context.Context, id string, opts ...RequestOption) error {
	return run(ctx, a.client, "projects.delete", http.MethodDelete, route("project", id), nil, opts)
}

// Leave ends the account's own membership of a project. The account is known
// from the e-mail address in its id token.
//
// DELETE /project/{id}/access
//
// Inferred: it is documented that a member can leave; no client shows how.
func (a *ProjectsAPI) Leave(ctx context.Context, id string, opts ...RequestOption) error {
	to := route("project", id, "access")
	if to.err != nil {
		return to.err
	}
	email, err := a.client.ownEmail(ctx)
	if err != nil {
		return err
	}
	return run(ctx, a.client, "projects.leave", http.MethodDelete, to, memberQuery{email}, opts)
}

// ownEmail returns the e-mail address of the account, as its id token says.
func (c *ProxiML) ownEmail(ctx context.Context) (string, error) {
	token, err := c.tokens.Token(ctx, "")
	if err != nil {
		return "", asAuthError(err)
	}
	claims, err := cognito.ReadClaims(token)
	if err == nil && claims.Email == "" {
		err = errors.New("the id token names no e-mail address")
	}
	if err != nil {
		return "", &AuthError{err: err}
	}
	return claims.Email, nil
}
