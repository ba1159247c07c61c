package proximl_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/proximl/proximl-go"
)

// provider is what the fixture of that name says.
func provider() *proximl.Provider {
	return &proximl.Provider{
		ID: "prov-id-2", CustomerID: "cust-id-1", Type: proximl.ProviderTypeGCP, PaymentMode: proximl.PaymentModeCredits,
		Credentials: proximl.ProviderCredentials{Project: "proj-1", ID: "gcp@serviceaccount.com"}, CreatedAt: at("2020-12-31T23:59:59.000Z"),
	}
}

func TestProviders(t *testing.T) {
	t.Parallel()
	entity := fixture(t, "provider")
	const one = "/provider/p-1"
	checkMethods(t, []method{
		{
			name: "List",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return some(c.CloudBender.Providers.List(ctx))
			},
			exchange: exchange{
				method: http.MethodGet, path: "/provider", query: inActive,
				reply: "[" + entity + `,{"provider_uuid":"p","type":"test","status":"ready","credits":10.5,"payment_mode":"stripe"}]`,
			},
			result: []*proximl.Provider{
				provider(),
				{ID: "p", Type: "test", Status: proximl.ProviderStatusReady, Credits: 10.5, PaymentMode: proximl.PaymentModeStripe},
			},
			failure: refused("GET", "/provider"),
		},
		{
			name: "Get",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return some(c.CloudBender.Providers.Get(ctx, "p-1"))
			},
			exchange: exchange{method: http.MethodGet, path: one, query: inActive, reply: entity},
			result:   provider(),
			failure:  refused("GET", one),
		},
		act("Delete", http.MethodDelete, one, "", func(ctx context.Context, c *proximl.ProxiML) error {
			return c.CloudBender.Providers.Delete(ctx, "p-1")
		}),
	})
	enable := func(ctx context.Context, c *proximl.ProxiML, spec *proximl.ProviderSpec) (*proximl.Provider, error) {
		return c.CloudBender.Providers.Enable(ctx, spec)
	}
	for name, c := range map[string]creation[proximl.ProviderSpec]{
		"by type only": {spec: proximl.ProviderSpec{Type: proximl.ProviderTypePhysical}, body: `{"type":"physical"}`},
		"all of it": {
			spec: proximl.ProviderSpec{
				Type: proximl.ProviderTypeGCP, PaymentMode: proximl.PaymentModeStripe, Extra: jsontext.Value(`{"a":null}`),
				Credentials: &proximl.ProviderCredentials{Project: "p", ID: "i", Extra: jsontext.Value(`{"b":[]}`)},
			},
			body: `{"type":"gcp","credentials":{"project":"p","id":"i","b":[]},"payment_mode":"stripe","a":null}`,
		},
	} {
		checkCreate(t, name, "/provider", entity, provider(), c, enable)
	}
	checkEmptySpec(t, "invalid provider: type: is missing", "/provider", enable)
}
