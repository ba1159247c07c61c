package proximl

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// CredentialsAPI works with the credentials of a project: its keys for third
// parties, at most one of each type. Only the owner of the project can list and
// set them. A member with access to jobs can read them inside a job that they
// are attached to.
type CredentialsAPI service

// CredentialType is the third party that a credential is for. The set is open.
type CredentialType string

// The known types.
const (
	CredentialAWS         CredentialType = "aws"
	CredentialAzure       CredentialType = "azure"
	CredentialDocker      CredentialType = "docker"
	CredentialGCP         CredentialType = "gcp"
	CredentialHuggingFace CredentialType = "huggingface"
	CredentialKaggle      CredentialType = "kaggle"
	CredentialNGC         CredentialType = "ngc"
	CredentialWasabi      CredentialType = "wasabi"
)

// Credential is a credential without its secret, which the service never gives
// back.
type Credential struct {
	Type      CredentialType `json:"type"` // identifies it in its project
	KeyID     string         `json:"key_id"`
	ProjectID string         `json:"project_uuid"`
	UpdatedAt Time           `json:"updatedAt,omitzero"`
	Extra     jsontext.Value `json:",embed"` // fields that this version does not know
}

// Format prints the credential without its unknown fields.
func (c Credential) Format(s fmt.State, verb rune) {
	type plain Credential
	c.Extra = nil
	printed(s, verb, plain(c))
}

// LogValue logs what Format prints.
func (c Credential) LogValue() slog.Value { return logged(c) }

// CredentialSpec says what credential to set. [AWSCredential] and the other
// constructors take what each type needs.
type CredentialSpec struct {
	Type   CredentialType `json:"-"` // the path names it
	KeyID  string         `json:"key_id"`
	Secret Secret         `json:"secret"`
	Tenant string         `json:"tenant,omitzero"` // of Azure
	Extra  jsontext.Value `json:",embed"`          // further fields, sent as they are
}

// Format prints the value without its unknown fields.
func (c CredentialSpec) Format(s fmt.State, verb rune) {
	type plain CredentialSpec
	c.Extra = nil
	printed(s, verb, plain(c))
}

// LogValue logs what Format prints.
func (c CredentialSpec) LogValue() slog.Value { return logged(c) }

// AWSCredential is an access key of AWS.
//
// Uncertain: whether the service also wants the ARN of a role. Extra can send
// it.
func AWSCredential(accessKeyID string, secret Secret) *CredentialSpec {
	return &CredentialSpec{Type: CredentialAWS, KeyID: accessKeyID, Secret: secret}
}

// AzureCredential is a client secret of an Azure application.
func AzureCredential(clientID, tenantID string, secret Secret) *CredentialSpec {
	return &CredentialSpec{Type: CredentialAzure, KeyID: clientID, Tenant: tenantID, Secret: secret}
}

// DockerCredential is an access token of Docker Hub.
func DockerCredential(user string, token Secret) *CredentialSpec {
	return &CredentialSpec{Type: CredentialDocker, KeyID: user, Secret: token}
}

// GCPCredential is the key file of a Google Cloud service account: its name and
// the JSON in it.
func GCPCredential(fileName string, content Secret) *CredentialSpec {
	return &CredentialSpec{Type: CredentialGCP, KeyID: fileName, Secret: content}
}

// HuggingFaceCredential is an access token of Hugging Face.
func HuggingFaceCredential(user string, token Secret) *CredentialSpec {
	return &CredentialSpec{Type: CredentialHuggingFace, KeyID: user, Secret: token}
}

// KaggleCredential is the API key file of Kaggle: its name, such as kaggle.json,
// and the JSON in it.
func KaggleCredential(fileName string, content Secret) *CredentialSpec {
	return &CredentialSpec{Type: CredentialKaggle, KeyID: fileName, Secret: content}
}

// NGCCredential is an API key of NVIDIA's GPU Cloud.
func NGCCredential(token Secret) *CredentialSpec {
	return &CredentialSpec{Type: CredentialNGC, KeyID: "$oauthtoken", Secret: token} // the user of every NGC key
}

// WasabiCredential is an access key of Wasabi.
func WasabiCredential(accessKeyID string, secret Secret) *CredentialSpec {
	return &CredentialSpec{Type: CredentialWasabi, KeyID: accessKeyID, Secret: secret}
}

// check finds what can never work.
func (c *CredentialSpec) check() error {
	problems := &ValidationError{What: "credential"}
	if c == nil {
		c = &CredentialSpec{}
	}
	if c.Type == "" {
		problems.add("type", "is missing")
	}
	if c.KeyID == "" {
		problems.add("key_id", "is missing")
	}
	problems.addSecret("secret", c.Secret)
	return problems.orNil()
}

// What is not UTF-8 would arrive as something else.
const notUTF8 = "is not UTF-8, as JSON must be; encode it, for example in base64"

func (e *ValidationError) addSecret(field string, secret Secret) {
	switch {
	case secret == "":
		e.add(field, "is missing")
	case !utf8.ValidString(string(secret)):
		e.add(field, notUTF8)
	}
}

// List returns the credentials of a project. Only its owner may.
//
// GET /project/{id}/credentials
func (a *CredentialsAPI) List(ctx context.Context, projectID string, opts ...RequestOption) ([]*Credential, error) {
	return list[Credential](ctx, a.client, "credentials.list", route("project", projectID, "credentials"), opts)
}

// Put sets the credential of a type, in place of the one that the project may
// have. Only the owner may.
//
// PUT /project/{id}/credentials/{type}
//
// Inferred: the path, which is that of the newest client. When it is not found,
// the older one is tried, which says credential, and used from then on if it
// works.
func (a *CredentialsAPI) Put(ctx context.Context, projectID string, spec *CredentialSpec, opts ...RequestOption) (credential *Credential, err error) {
	if err := spec.check(); err != nil {
		return nil, err
	}
	err = a.client.paths.write("credentials", opts, func(part string, opts []RequestOption) error {
		known := &Credential{Type: spec.Type, KeyID: spec.KeyID, ProjectID: projectID}
		credential, err = change(ctx, a.client, "credentials.put", http.MethodPut, route("project", projectID, part, string(spec.Type)), spec, known, opts)
		return err
	})
	return credential, err
}

// Remove takes the credential of a type away from a project. Only the owner may.
// Where the path is not known to work yet and a reply is lost, it may say
// [ErrNotFound] of a credential that it has removed.
//
// DELETE /project/{id}/credentials/{type}
//
// Inferred: the path, as with Put.
func (a *CredentialsAPI) Remove(ctx context.Context, projectID string, credentialType CredentialType, opts ...RequestOption) error {
	if credentialType == "" {
		return invalid("credential", "type", "is missing")
	}
	return a.client.paths.write("credentials", opts, func(part string, opts []RequestOption) error {
		return run(ctx, a.client, "credentials.remove", http.MethodDelete, route("project", projectID, part, string(credentialType)), nil, opts)
	})
}
