package proximl_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

// personal is what the fixture called project says.
func personal() *proximl.Project {
	return &proximl.Project{
		ID: "proj-id-1", Name: "Personal", Owner: true, OwnerName: "Me", CreatedName: "Me",
		JobAll: true, DatasetAll: true, ModelAll: true, CreatedAt: at("2020-12-31T23:59:59.000Z"),
	}
}

// shared is what the fixture called project_shared says.
func shared() *proximl.Project {
	return &proximl.Project{ID: "proj-id-2", Name: "Project Shared With Me", OwnerName: "Ann", CheckpointAll: true, VolumeAll: true}
}

func TestProjects(t *testing.T) {
	t.Parallel()
	project := fixture(t, "project")
	checkMethods(t, []method{
		{
			name: "List",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) { return some(c.Projects.List(ctx)) },
			exchange: exchange{
				method: http.MethodGet, path: "/project", query: inActive,
				reply: "[" + project + "," + fixture(t, "project_shared") + "]",
			},
			result: []*proximl.Project{personal(), shared()},
			failure: failure{
				http.StatusForbidden, "Forbidden", proximl.ErrForbidden,
				"GET /project: 403 Forbidden (project proj-active from an option)",
			},
		},
		{
			name:     "All",
			call:     func(ctx context.Context, c *proximl.ProxiML) (any, error) { return some(collect(c.Projects.All(ctx))) },
			exchange: exchange{method: http.MethodGet, path: "/project", query: inActive, reply: "[" + project + "]"},
			result:   []*proximl.Project{personal()},
			failure: failure{
				http.StatusForbidden, "Forbidden", proximl.ErrForbidden,
				"GET /project: 403 Forbidden (project proj-active from an option)",
			},
		},
		{
			name: "Get",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return some(c.Projects.Get(ctx, "proj-id-1"))
			},
			exchange: exchange{method: http.MethodGet, path: "/project/proj-id-1", query: inActive, reply: project},
			result:   personal(),
			failure: failure{
				http.StatusNotFound, "Not Found", proximl.ErrNotFound,
				"GET /project/proj-id-1: 404 Not Found (project proj-active from an option)",
			},
		},
		{
			name:     "Current",
			call:     func(ctx context.Context, c *proximl.ProxiML) (any, error) { return some(c.Projects.Current(ctx)) },
			exchange: exchange{method: http.MethodGet, path: "/project/proj-active", query: inActive, reply: project},
			result:   personal(),
			failure: failure{
				http.StatusNotFound, "Not Found", proximl.ErrNotFound,
				"GET /project/proj-active: 404 Not Found (project proj-active from an option)",
			},
		},
		{
			name: "Find",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return some(c.Projects.Find(ctx, "Personal"))
			},
			exchange: exchange{method: http.MethodGet, path: "/project", query: inActive, reply: "[" + project + "]"},
			result:   personal(),
			failure: failure{
				http.StatusForbidden, "Forbidden", proximl.ErrForbidden,
				"GET /project: 403 Forbidden (project proj-active from an option)",
			},
		},
		{
			name: "Create",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return some(c.Projects.Create(ctx, &proximl.ProjectSpec{Name: "Personal", CopyCredentials: new(true), CopySecrets: new(false)}))
			},
			exchange: exchange{
				method: http.MethodPost, path: "/project", reply: project,
				body: `{"name":"Personal","copy_credentials":true,"copy_secrets":false}`,
			},
			result: personal(),
			failure: failure{
				http.StatusBadRequest, "Invalid Request - name", proximl.ErrInvalid,
				"POST /project: 400 Bad Request: Invalid Request - name",
			},
		},
		{
			name: "Create by name only",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return some(c.Projects.Create(ctx, &proximl.ProjectSpec{Name: "Personal"}))
			},
			exchange: exchange{method: http.MethodPost, path: "/project", body: `{"name":"Personal"}`, reply: project},
			result:   personal(),
			failure: failure{
				http.StatusConflict, "there is one", proximl.ErrConflict,
				"POST /project: 409 Conflict: there is one",
			},
		},
		{
			name: "Update",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return some(c.Projects.Update(ctx, "proj-id-1", &proximl.ProjectSettings{OnlyOwnedResources: new(false)}))
			},
			exchange: exchange{
				method: http.MethodPatch, path: "/project/proj-id-1", query: inActive,
				body: `{"only_owned_resources":false}`, reply: project,
			},
			result: personal(),
			failure: failure{
				http.StatusForbidden, "Forbidden", proximl.ErrForbidden,
				"PATCH /project/proj-id-1: 403 Forbidden (project proj-active from an option)",
			},
		},
		{
			name: "Delete",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return nil, c.Projects.Delete(ctx, "proj-id-1")
			},
			exchange: exchange{method: http.MethodDelete, path: "/project/proj-id-1", query: inActive},
			failure: failure{
				http.StatusForbidden, "Forbidden", proximl.ErrForbidden,
				"DELETE /project/proj-id-1: 403 Forbidden (project proj-active from an option)",
			},
		},
		{
			name: "Leave",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return nil, c.Projects.Leave(ctx, "proj-id-1")
			},
			exchange: exchange{
				method: http.MethodDelete, path: "/project/proj-id-1/access",
				query: inActive + "&email=me%40example.com", reply: "null",
			},
			failure: failure{
				http.StatusNotFound, "Not Found", proximl.ErrNotFound,
				"DELETE /project/proj-id-1/access: 404 Not Found (project proj-active from an option)",
			},
		},
	})
}

func TestProjectsFind(t *testing.T) {
	t.Parallel()
	const projects = `[
		{"id":"p1","name":"same","owner":true,"owner_name":"Ann"},
		{"id":"p2","name":"same","owner":false,"owner_name":"Bob"},
		{"id":"p3","name":"p4","owner":true,"owner_name":"Ann"},
		{"id":"p4","name":"other","owner":true,"owner_name":"Ann"}]`
	for _, test := range []struct {
		name, wanted, id string
		is               error
		text             string
	}{
		{name: "by id", wanted: "p2", id: "p2"},
		{name: "by name", wanted: "other", id: "p4"},
		{name: "an id beats a name", wanted: "p4", id: "p4"},
		{
			name: "several of the name", wanted: "same", is: proximl.ErrNotUnique,
			text: `proximl: name is not unique: 2 projects are called "same", use an id: p1 (same, owned by Ann), p2 (same, owned by Bob)`,
		},
		{
			name: "none", wanted: "missing", is: proximl.ErrNotFound,
			text: `proximl: not found: no project has the id or name "missing"; there are p1 (same, owned by Ann), p2 (same, owned by Bob), p3 (p4, owned by Ann), p4 (other, owned by Ann)`,
		},
		{
			name: "names are exact", wanted: "Other", is: proximl.ErrNotFound,
			text: `proximl: not found: no project has the id or name "Other"; there are p1 (same, owned by Ann), p2 (same, owned by Bob), p3 (p4, owned by Ann), p4 (other, owned by Ann)`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client, mock := newMock(t)
			mock.expect(exchange{method: http.MethodGet, path: "/project", query: inActive, reply: projects})
			project, err := client.Projects.Find(t.Context(), test.wanted)
			if test.is == nil {
				require.NoError(t, err)
				assert.Equal(t, test.id, project.ID)
				return
			}
			require.EqualError(t, err, test.text)
			require.ErrorIs(t, err, test.is)
			assert.Nil(t, project)
		})
	}
}

// The mock fails the test when anything is sent.
func TestProjectsSendNothing(t *testing.T) {
	t.Parallel()
	t.Run("Current without an active project", func(t *testing.T) {
		t.Parallel()
		client, _ := newMock(t, proximl.WithProject(""))
		project, err := client.Projects.Current(t.Context())
		require.EqualError(t, err, "proximl: no active project: give its id by WithProject or InProject, PROXIML_PROJECT, or SaveActiveProject; Projects.List lists the ids, also that of Personal")
		require.ErrorIs(t, err, proximl.ErrNoProject)
		assert.Nil(t, project)
	})
	for name, spec := range map[string]*proximl.ProjectSpec{"no spec": nil, "no name": {CopySecrets: new(true)}} {
		t.Run("Create: "+name, func(t *testing.T) {
			t.Parallel()
			client, _ := newMock(t)
			project, err := client.Projects.Create(t.Context(), spec)
			require.EqualError(t, err, "invalid project: name: is missing")
			require.ErrorIs(t, err, proximl.ErrInvalid)
			assert.Nil(t, project)
		})
	}
	t.Run("Update without settings", func(t *testing.T) {
		t.Parallel()
		client, _ := newMock(t)
		project, err := client.Projects.Update(t.Context(), "proj-id-1", nil)
		require.ErrorIs(t, err, proximl.ErrInvalid)
		assert.Nil(t, project)
	})
	t.Run("Leave without a token", func(t *testing.T) {
		t.Parallel()
		client, _ := newMock(t, proximl.WithTokenSource(noToken{}))
		err := client.Projects.Leave(t.Context(), "proj-id-1")
		require.EqualError(t, err, "login: no token today")
		_, ok := errors.AsType[*proximl.AuthError](err)
		assert.True(t, ok)
	})
	for name, tokens := range map[string]struct{ token, text string }{
		"without e-mail address": {tokenWith(`{"exp":4102444800}`), "login: the id token names no e-mail address"},
		"that is none":           {"opaque", "login: the id token is no JSON web token"},
	} {
		t.Run("Leave with a token "+name, func(t *testing.T) {
			t.Parallel()
			client, _ := newMock(t, proximl.WithTokenSource(staticToken(tokens.token)))
			err := client.Projects.Leave(t.Context(), "proj-id-1")
			require.EqualError(t, err, tokens.text)
			_, ok := errors.AsType[*proximl.AuthError](err)
			assert.True(t, ok)
		})
	}
}

// noToken is a TokenSource that has none.
type noToken struct{}

func (noToken) Token(context.Context, string) (string, error) {
	return "", errors.New("no token today")
}
