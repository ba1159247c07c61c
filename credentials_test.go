package proximl_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

// credential is what the fixture of that name says.
func credential() *proximl.Credential {
	return &proximl.Credential{
		Type: proximl.CredentialAWS, KeyID: "AKSHFKHDFS", ProjectID: "proj-id-1", UpdatedAt: at("2023-06-02T21:22:40.084Z"),
	}
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	const path = "/project/proj-id-1/credentials"
	forbidden := func(verb, path string) failure {
		return failure{
			http.StatusForbidden, "Forbidden", proximl.ErrForbidden,
			verb + " " + path + ": 403 Forbidden (project proj-active from an option)",
		}
	}
	checkMethods(t, []method{
		{
			name: "List",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return some(c.Credentials.List(ctx, "proj-id-1"))
			},
			exchange: exchange{
				method: http.MethodGet, path: path, query: inActive,
				reply: "[" + fixture(t, "credential") + `,{"project_uuid":"proj-id-1","type":"a new one","key_id":""}]`,
			},
			result: []*proximl.Credential{credential(), {Type: "a new one", ProjectID: "proj-id-1"}},
			failure: failure{
				http.StatusNotFound, "Not Found", proximl.ErrNotFound,
				"GET " + path + ": 404 Not Found (project proj-active from an option)",
			},
		},
		{
			name: "Put",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return some(c.Credentials.Put(ctx, "proj-id-1", proximl.AWSCredential("AKSHFKHDFS", "s3cret")))
			},
			exchange: exchange{
				method: http.MethodPut, path: path + "/aws", query: inActive,
				body: `{"key_id":"AKSHFKHDFS","secret":"s3cret"}`, reply: fixture(t, "credential"),
			},
			result:  credential(),
			failure: forbidden("PUT", path+"/aws"),
		},
		{
			name: "Remove",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return nil, c.Credentials.Remove(ctx, "proj-id-1", proximl.CredentialHuggingFace)
			},
			exchange: exchange{method: http.MethodDelete, path: path + "/huggingface", query: inActive},
			failure:  forbidden("DELETE", path+"/huggingface"),
		},
	})
}

// Each type is sent as the service wants it.
func TestCredentialTypes(t *testing.T) {
	t.Parallel()
	withRole := proximl.AWSCredential("AKIA", "s3cret")
	withRole.Extra = jsontext.Value(`{"role":"arn:aws:iam::1:role/r","none":null}`)
	for _, test := range []struct {
		kind string
		spec *proximl.CredentialSpec
		body string
	}{
		{"aws", proximl.AWSCredential("AKIA", "s3cret"), `{"key_id":"AKIA","secret":"s3cret"}`},
		{"aws", withRole, `{"key_id":"AKIA","secret":"s3cret","role":"arn:aws:iam::1:role/r","none":null}`},
		{"azure", proximl.AzureCredential("client", "tenant", "s3cret"), `{"key_id":"client","secret":"s3cret","tenant":"tenant"}`},
		{"docker", proximl.DockerCredential("user", "token"), `{"key_id":"user","secret":"token"}`},
		{"gcp", proximl.GCPCredential("sa.json", `{"type":"service_account"}`), `{"key_id":"sa.json","secret":"{\"type\":\"service_account\"}"}`},
		{"huggingface", proximl.HuggingFaceCredential("user", "hf_x"), `{"key_id":"user","secret":"hf_x"}`},
		{"kaggle", proximl.KaggleCredential("kaggle.json", `{"key":"k"}`), `{"key_id":"kaggle.json","secret":"{\"key\":\"k\"}"}`},
		{"ngc", proximl.NGCCredential("nvapi"), `{"key_id":"$oauthtoken","secret":"nvapi"}`},
		{"wasabi", proximl.WasabiCredential("WA", "s3cret"), `{"key_id":"WA","secret":"s3cret"}`},
		{"a%20new%2Fone", &proximl.CredentialSpec{Type: "a new/one", KeyID: "k", Secret: "s"}, `{"key_id":"k","secret":"s"}`},
	} {
		t.Run(test.kind, func(t *testing.T) {
			t.Parallel()
			client, mock := newMock(t)
			mock.expect(exchange{method: http.MethodPut, path: "/project/p/credentials/" + test.kind, query: inActive, body: test.body, reply: "{}"})
			_, err := client.Credentials.Put(t.Context(), "p", test.spec)
			require.NoError(t, err)
		})
	}
}

// The mock fails the test when anything is sent.
func TestCredentialsSendNothing(t *testing.T) {
	t.Parallel()
	client, _ := newMock(t)
	put := func(spec *proximl.CredentialSpec) func(context.Context) (any, error) {
		return func(ctx context.Context) (any, error) { return some(client.Credentials.Put(ctx, "p", spec)) }
	}
	remove := func(credentialType proximl.CredentialType) func(context.Context) (any, error) {
		return func(ctx context.Context) (any, error) {
			return nil, client.Credentials.Remove(ctx, "p", credentialType)
		}
	}
	for _, test := range []struct {
		name string
		call func(context.Context) (any, error)
		text string
	}{
		{"Put nil", put(nil), "invalid credential: type: is missing; key_id: is missing; secret: is missing"},
		{"Put nothing", put(&proximl.CredentialSpec{}), "invalid credential: type: is missing; key_id: is missing; secret: is missing"},
		{"Put without secret", put(proximl.AWSCredential("AKIA", "")), "invalid credential: secret: is missing"},
		{"Put without token", put(proximl.NGCCredential("")), "invalid credential: secret: is missing"},
		{"Put bytes", put(proximl.AWSCredential("AKIA", "CANARY\xff")), "invalid credential: secret: is not UTF-8, as JSON must be; encode it, for example in base64"},
		{"Put to ..", put(&proximl.CredentialSpec{Type: "..", KeyID: "k", Secret: "CANARY"}), `invalid request: id: ".." is no id of a credential`},
		{"Remove nothing", remove(""), "invalid credential: type: is missing"},
		{"Remove ..", remove(".."), `invalid request: id: ".." is no id of a credential`},
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
