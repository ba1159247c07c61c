package proximl

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"
)

// MembersAPI works with the members of a project. Only the owner may add,
// change and remove them; who is not the owner may leave by Projects.Leave.
type MembersAPI service

// Access is what a member may do with one type of resource.
type Access string

// The levels of access.
const (
	AccessAll  Access = "all"  // also create, change and delete
	AccessRead Access = "read" // list, see details, download logs
)

// MemberAccess is a member's access to each type of resource. A usual one is
// AccessAll on jobs and AccessRead on the rest: such a member can use datasets
// and models in jobs, and jobs may write new models, but the member cannot
// change or remove them. A member with access to jobs can read the project's
// keys and secrets inside a job.
//
// Uncertain: what the service makes of a level that is not given.
type MemberAccess struct {
	Job        Access `json:"job,omitzero"`
	Dataset    Access `json:"dataset,omitzero"`
	Model      Access `json:"model,omitzero"`
	Checkpoint Access `json:"checkpoint,omitzero"`
	Volume     Access `json:"volume,omitzero"`
}

// Member is an account that a project is shared with, or its owner.
type Member struct {
	ProjectID string `json:"project_uuid"`
	Email     string `json:"email"` // identifies the member
	Owner     bool   `json:"owner"`
	MemberAccess
	CreatedAt Time           `json:"createdAt,omitzero"`
	UpdatedAt Time           `json:"updatedAt,omitzero"`
	Extra     jsontext.Value `json:",embed"` // fields that this version does not know
}

// Format prints the member without its unknown fields.
func (m Member) Format(s fmt.State, verb rune) {
	type plain Member
	m.Extra = nil
	printed(s, verb, plain(m))
}

// LogValue logs what Format prints.
func (m Member) LogValue() slog.Value { return logged(m) }

type memberRequest struct {
	Email string `json:"email"`
	MemberAccess
}

type memberQuery struct {
	Email string `url:"email"`
}

// List returns the members of a project, its owner among them.
//
// GET /project/{id}/access
func (a *MembersAPI) List(ctx context.Context, projectID string, opts ...RequestOption) ([]*Member, error) {
	return list[Member](ctx, a.client, "members.list", route("project", projectID, "access"), opts)
}

// Add shares a project with the account that has an e-mail address.
//
// POST /project/{id}/access
func (a *MembersAPI) Add(ctx context.Context, projectID, email string, access MemberAccess, opts ...RequestOption) (*Member, error) {
	return a.put(ctx, "members.add", projectID, email, access, opts)
}

// Update changes a member's access, at once: the member's next request is
// judged by it. All five levels must be given.
//
// POST /project/{id}/access
//
// Inferred: that access can be changed is documented; that adding the member
// again does it is not.
func (a *MembersAPI) Update(ctx context.Context, projectID, email string, access MemberAccess, opts ...RequestOption) (*Member, error) {
	if err := access.complete(); err != nil {
		return nil, err
	}
	return a.put(ctx, "members.update", projectID, email, access, opts)
}

func (a *MembersAPI) put(ctx context.Context, operation, projectID, email string, access MemberAccess, opts []RequestOption) (*Member, error) {
	if email == "" {
		return nil, invalid("member", "email", "is missing")
	}
	known := &Member{ProjectID: projectID, Email: email, MemberAccess: access}
	return change(ctx, a.client, operation, http.MethodPost, route("project", projectID, "access"), memberRequest{email, access}, known, opts)
}

func (m MemberAccess) complete() error {
	problems := &ValidationError{What: "member access"}
	for _, level := range []struct {
		field  string
		access Access
	}{{"job", m.Job}, {"dataset", m.Dataset}, {"model", m.Model}, {"checkpoint", m.Checkpoint}, {"volume", m.Volume}} {
		if level.access == "" {
			problems.add(level.field, "is missing; an update sets all five")
		}
	}
	return problems.orNil()
}

// Remove takes a project away from a member, at once. Of the members, only the
// owner can remove others.
//
// DELETE /project/{id}/access
func (a *MembersAPI) Remove(ctx context.Context, projectID, email string, opts ...RequestOption) error {
	if email == "" {
		return invalid("member", "email", "is missing")
	}
	return run(ctx, a.client, "members.remove", http.MethodDelete, route("project", projectID, "access"), memberQuery{email}, opts)
}
