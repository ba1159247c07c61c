package proximl

import (
	"fmt"
	"log/slog"

	"github.com/go-json-experiment/json/jsontext"
)

// AuthorizerType is how the callers of an endpoint show who they are. The set is
// open.
type AuthorizerType string

// The documented ways. Uncertain: how the service spells them.
const (
	AuthorizerTypeNone   AuthorizerType = "none"
	AuthorizerTypeAPIKey AuthorizerType = "api_key"
	AuthorizerTypeOIDC   AuthorizerType = "oidc"
)

const maxEndpointKeys = 10 // of one endpoint, as the service documents

// EndpointAuthorizer says who may call an endpoint. Callers send
// "Authorization: Bearer", with a key or a token of the issuer. It can be
// changed while the endpoint runs, by Jobs.Update.
//
// Uncertain: the names of its JSON fields, which no client shows. Extra takes
// those that the service uses instead.
type EndpointAuthorizer struct {
	Type           AuthorizerType    `json:"type,omitzero"`
	APIKeys        []EndpointKey     `json:"api_keys,omitzero"`        // up to 10
	Issuer         string            `json:"issuer,omitzero"`          // OIDC: the URL of the identity provider
	Audience       string            `json:"audience,omitzero"`        // OIDC
	Algorithms     []string          `json:"algorithms,omitzero"`      // OIDC: of the signatures, such as RS256
	JWKSURI        string            `json:"jwks_uri,omitzero"`        // OIDC: where the issuer's keys are, if not where it says
	RequiredClaims map[string]string `json:"required_claims,omitzero"` // OIDC
	Extra          jsontext.Value    `json:",embed"`                   // further fields, sent as they are
}

// EndpointKey is a key with which an endpoint can be called.
type EndpointKey struct {
	ClientID string         `json:"client_id"`
	Key      Secret         `json:"key,omitzero"`
	Extra    jsontext.Value `json:",embed"` // further fields, sent as they are
}

// Format prints the value without its unknown fields.
func (v EndpointAuthorizer) Format(s fmt.State, verb rune) {
	type plain EndpointAuthorizer
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v EndpointAuthorizer) LogValue() slog.Value { return logged(v) }

// Format prints the value without its unknown fields.
func (v EndpointKey) Format(s fmt.State, verb rune) {
	type plain EndpointKey
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v EndpointKey) LogValue() slog.Value { return logged(v) }
