package proximl_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

// What is changed is known by what the caller says of it.
var changes = map[string]struct {
	call  func(context.Context, *proximl.ProxiML) (any, error)
	known any
}{
	"Projects.Update": {
		func(ctx context.Context, c *proximl.ProxiML) (any, error) {
			return some(c.Projects.Update(ctx, "p", &proximl.ProjectSettings{OnlyOwnedResources: new(true)}))
		}, &proximl.Project{ID: "p"},
	},
	"Members.Add": {
		func(ctx context.Context, c *proximl.ProxiML) (any, error) {
			return some(c.Members.Add(ctx, "p", "a@example.com", proximl.MemberAccess{Job: "all"}))
		}, &proximl.Member{ProjectID: "p", Email: "a@example.com", MemberAccess: proximl.MemberAccess{Job: "all"}},
	},
	"Members.Update": {
		func(ctx context.Context, c *proximl.ProxiML) (any, error) {
			return some(c.Members.Update(ctx, "p", "a@example.com", proximl.MemberAccess{"all", "read", "all", "read", "all"}))
		}, &proximl.Member{ProjectID: "p", Email: "a@example.com", MemberAccess: proximl.MemberAccess{"all", "read", "all", "read", "all"}},
	},
	"Credentials.Put": {
		func(ctx context.Context, c *proximl.ProxiML) (any, error) {
			return some(c.Credentials.Put(ctx, "p", proximl.AWSCredential("AKIA", "s")))
		}, &proximl.Credential{ProjectID: "p", Type: proximl.CredentialAWS, KeyID: "AKIA"},
	},
	"Secrets.Put": {
		func(ctx context.Context, c *proximl.ProxiML) (any, error) {
			return some(c.Secrets.Put(ctx, "p", "n", "v"))
		}, &proximl.ProjectSecret{ProjectID: "p", Name: "n"},
	},
	"Devices.SetConfig": {
		func(ctx context.Context, c *proximl.ProxiML) (any, error) {
			return some(c.CloudBender.Devices.SetConfig(ctx, "p", "r", "d", "c"))
		}, &proximl.Device{ProviderID: "p", RegionID: "r", ID: "d", ConfigID: "c"},
	},
}

func TestChangesThatAreNotAnswered(t *testing.T) {
	t.Parallel()
	for name, change := range changes {
		for _, reply := range []string{"", " ", "null", "{}"} {
			client, mock := newMock(t)
			mock.RegisterNoResponder(func(req *http.Request) (*http.Response, error) { return exchange{reply: reply}.response(req), nil })
			changed, err := change.call(t.Context(), client)
			require.NoError(t, err, "%s: %q", name, reply)
			assert.Equal(t, change.known, changed, "%s: %q", name, reply)
		}
	}
}

// What is answered is right, and what is no answer at all is an error.
func TestChangesThatAreAnswered(t *testing.T) {
	t.Parallel()
	client, mock := newMock(t)
	reply := `{"email":"A@example.com","owner":true,"job":"read","volume":null,"new":1}`
	mock.RegisterNoResponder(func(req *http.Request) (*http.Response, error) { return exchange{reply: reply}.response(req), nil })
	access := proximl.MemberAccess{Job: "all", Dataset: "all", Volume: "all"}
	member, err := client.Members.Add(t.Context(), "p", "a@example.com", access)
	require.NoError(t, err)
	assert.Equal(t, &proximl.Member{
		ProjectID: "p", Email: "A@example.com", Owner: true, MemberAccess: proximl.MemberAccess{Job: "read", Dataset: "all"}, Extra: []byte(`{"new":1}`),
	}, member)

	for _, reply = range []string{`{"email":`, `"done"`, `[]`, `{} {}`, `nonsense`} {
		member, err := client.Members.Add(t.Context(), "p", "a@example.com", access)
		require.ErrorIs(t, err, proximl.ErrOutcomeUnknown, reply)
		require.ErrorContains(t, err, "POST /project/p/access: 200 OK: the reply cannot be read: ", reply)
		assert.Nil(t, member)
	}
}
