package proximl_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

// usual is the access that a member is usually given.
var usual = proximl.MemberAccess{
	Job: proximl.AccessAll, Dataset: proximl.AccessAll, Model: proximl.AccessAll,
	Checkpoint: proximl.AccessRead, Volume: proximl.AccessRead,
}

const usualBody = `{"email":"non-owner@gmail.com","job":"all","dataset":"all","model":"all","checkpoint":"read","volume":"read"}`

// member is what the fixture of that name says.
func member() *proximl.Member {
	return &proximl.Member{
		ProjectID: "proj-id-1", Email: "non-owner@gmail.com", MemberAccess: usual,
		CreatedAt: at("2024-09-04T00:42:39.529Z"), UpdatedAt: at("2024-09-04T00:42:39.529Z"),
	}
}

func TestMembers(t *testing.T) {
	t.Parallel()
	const path = "/project/proj-id-1/access"
	member1 := fixture(t, "member")
	checkMethods(t, []method{
		{
			name: "List",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return some(c.Members.List(ctx, "proj-id-1"))
			},
			exchange: exchange{
				method: http.MethodGet, path: path, query: inActive,
				reply: "[" + member1 + `,{"project_uuid":"proj-id-1","email":"owner@gmail.com","owner":true,"job":"all"}]`,
			},
			result: []*proximl.Member{
				member(),
				{ProjectID: "proj-id-1", Email: "owner@gmail.com", Owner: true, MemberAccess: proximl.MemberAccess{Job: proximl.AccessAll}},
			},
			failure: failure{
				http.StatusForbidden, "Forbidden", proximl.ErrForbidden,
				"GET /project/proj-id-1/access: 403 Forbidden (project proj-active from an option)",
			},
		},
		{
			name: "Add",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return some(c.Members.Add(ctx, "proj-id-1", "non-owner@gmail.com", usual))
			},
			exchange: exchange{method: http.MethodPost, path: path, body: usualBody, reply: member1},
			result:   member(),
			failure: failure{
				http.StatusNotFound, "Not Found", proximl.ErrNotFound,
				"POST /project/proj-id-1/access: 404 Not Found",
			},
		},
		{
			name: "Add with some levels",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return some(c.Members.Add(ctx, "proj-id-1", "a+b c&d=e@gmail.com", proximl.MemberAccess{Job: proximl.AccessRead}))
			},
			exchange: exchange{method: http.MethodPost, path: path, body: `{"email":"a+b c&d=e@gmail.com","job":"read"}`, reply: member1},
			result:   member(),
			failure: failure{
				http.StatusForbidden, "Forbidden", proximl.ErrForbidden,
				"POST /project/proj-id-1/access: 403 Forbidden",
			},
		},
		{
			name: "Update",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return some(c.Members.Update(ctx, "proj-id-1", "non-owner@gmail.com", usual))
			},
			exchange: exchange{method: http.MethodPost, path: path, body: usualBody, reply: member1},
			result:   member(),
			failure: failure{
				http.StatusForbidden, "Forbidden", proximl.ErrForbidden,
				"POST /project/proj-id-1/access: 403 Forbidden",
			},
		},
		{
			name: "Remove",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return nil, c.Members.Remove(ctx, "proj-id-1", "a+b c&d=e@gmail.com")
			},
			exchange: exchange{method: http.MethodDelete, path: path, query: inActive + "&email=a%2Bb+c%26d%3De%40gmail.com", reply: "{}"},
			failure: failure{
				http.StatusNotFound, "Not Found", proximl.ErrNotFound,
				"DELETE /project/proj-id-1/access: 404 Not Found (project proj-active from an option)",
			},
		},
	})
}

// The mock fails the test when anything is sent.
func TestMembersSendNothing(t *testing.T) {
	t.Parallel()
	client, _ := newMock(t)
	for _, test := range []struct {
		name string
		call func(context.Context) (any, error)
		text string
	}{
		{
			"Add without e-mail address",
			func(ctx context.Context) (any, error) { return some(client.Members.Add(ctx, "p", "", usual)) },
			"invalid member: email: is missing",
		},
		{
			"Update without e-mail address",
			func(ctx context.Context) (any, error) { return some(client.Members.Update(ctx, "p", "", usual)) },
			"invalid member: email: is missing",
		},
		{
			"Update with some levels",
			func(ctx context.Context) (any, error) {
				return some(client.Members.Update(ctx, "p", "a@example.com", proximl.MemberAccess{Job: proximl.AccessAll, Model: proximl.AccessRead}))
			},
			"invalid member access: dataset: is missing; an update sets all five; checkpoint: is missing; an update sets all five; volume: is missing; an update sets all five",
		},
		{
			"Remove without e-mail address",
			func(ctx context.Context) (any, error) { return nil, client.Members.Remove(ctx, "p", "") },
			"invalid member: email: is missing",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			result, err := test.call(t.Context())
			require.EqualError(t, err, test.text)
			require.ErrorIs(t, err, proximl.ErrInvalid)
			assert.Empty(t, result)
		})
	}
}
