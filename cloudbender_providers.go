package proximl

import (
	"context"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"
)

// ProvidersAPI works with providers: where infrastructure comes from.
type ProvidersAPI service

// ProviderType is where infrastructure comes from. The set is open.
type ProviderType string

// The known types.
const (
	ProviderTypePhysical ProviderType = "physical" // the account's own machines
	ProviderTypeGCP      ProviderType = "gcp"      // Google Cloud
)

// PaymentMode is how a provider is paid for. The set is open.
type PaymentMode string

// The known modes.
const (
	PaymentModeCredits PaymentMode = "credits"
	PaymentModeStripe  PaymentMode = "stripe"
)

// ProviderStatus is the state of a provider. The set is open: an unknown one
// passes through.
type ProviderStatus string

// The known statuses.
const (
	ProviderStatusNew      ProviderStatus = "new"
	ProviderStatusReady    ProviderStatus = "ready"
	ProviderStatusErrored  ProviderStatus = "errored"
	ProviderStatusFailed   ProviderStatus = "failed"
	ProviderStatusArchived ProviderStatus = "archived" // what a 404 stands for
)

// Terminal reports whether the status cannot change any more.
func (s ProviderStatus) Terminal() bool { return ended(s) }

// Provider is a provider of the account.
type Provider struct {
	ID          string              `json:"provider_uuid"`
	CustomerID  string              `json:"customer_uuid,omitzero"`
	Type        ProviderType        `json:"type"`
	Status      ProviderStatus      `json:"status,omitzero"`
	Credits     float64             `json:"credits"`
	PaymentMode PaymentMode         `json:"payment_mode,omitzero"`
	Credentials ProviderCredentials `json:"credentials,omitzero"`
	CreatedAt   Time                `json:"createdAt,omitzero"`
	Extra       jsontext.Value      `json:",embed"` // fields that this version does not know
}

// ProviderCredentials say as whom proxiML works with a cloud.
type ProviderCredentials struct {
	Project string         `json:"project,omitzero"` // of Google Cloud
	ID      string         `json:"id,omitzero"`      // the e-mail address of a service account of it
	Extra   jsontext.Value `json:",embed"`           // further fields
}

// ProviderSpec says what provider to enable.
type ProviderSpec struct {
	Type        ProviderType         `json:"type"`
	Credentials *ProviderCredentials `json:"credentials,omitzero"` // of a cloud
	PaymentMode PaymentMode          `json:"payment_mode,omitzero"`
	Extra       jsontext.Value       `json:",embed"` // further fields, sent as they are
}

func (s *ProviderSpec) filledIn(string) (any, error) {
	return s, need("provider", needed{"type", string(s.Type)})
}

// List returns the providers of the account.
//
// GET /provider
func (a *ProvidersAPI) List(ctx context.Context, opts ...RequestOption) ([]*Provider, error) {
	return list[Provider](ctx, a.client, "cloudbender.providers.list", route("provider"), opts)
}

// Get returns a provider.
//
// GET /provider/{id}
func (a *ProvidersAPI) Get(ctx context.Context, id string, opts ...RequestOption) (*Provider, error) {
	return call[Provider](ctx, a.client, "cloudbender.providers.get", http.MethodGet, route("provider", id), nil, opts)
}

// Enable adds a provider to the account. WaitFor tells when it is ready.
//
// POST /provider
func (a *ProvidersAPI) Enable(ctx context.Context, spec *ProviderSpec, opts ...RequestOption) (*Provider, error) {
	return create[Provider](ctx, a.client, "cloudbender.providers.enable", route("provider"), spec, opts)
}

// Delete removes a provider.
//
// DELETE /provider/{id}
func (a *ProvidersAPI) Delete(ctx context.Context, id string, opts ...RequestOption) error {
	return run(ctx, a.client, "cloudbender.providers.delete", http.MethodDelete, route("provider", id), nil, opts)
}

// WaitFor waits until the provider has a status, looking again and again. It
// ends with a *[StatusError] when that is out of reach: the provider errored or
// failed. It returns the last provider seen, nil when there was none. A provider
// that cannot be found is archived. There is no timeout but that of ctx.
//
// GET /provider/{id}
func (a *ProvidersAPI) WaitFor(ctx context.Context, id string, status ProviderStatus, opts ...WaitOption) (*Provider, error) {
	return waitForStatus(ctx, id, status, a.Get, func(p *Provider) ProviderStatus { return p.Status }, opts)
}
