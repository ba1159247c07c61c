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

// regionalService is what the fixture called service says.
func regionalService() *proximl.Service {
	return &proximl.Service{
		ID: "service-id-1", ProviderID: "provider-id-1", RegionID: "region-id-1", Name: "On-Prem Service", Type: proximl.ServiceTypeHTTPS,
		Hostname: "app1.proximl.cloud", Port: "8989", Status: proximl.ServiceStatusActive, CreatedAt: at("2020-12-31T23:59:59.000Z"),
	}
}

func TestServices(t *testing.T) {
	t.Parallel()
	regional[proximl.Service, proximl.ServiceSpec]{
		path: "/service", entity: fixture(t, "service"), want: regionalService(),
		api: func(c *proximl.ProxiML) regionalAPI[proximl.Service, proximl.ServiceSpec] {
			return c.CloudBender.Services
		},
		create: map[string]creation[proximl.ServiceSpec]{
			"by name and type": {
				spec: proximl.ServiceSpec{Name: "n", Type: proximl.ServiceTypeTCP},
				body: `{"name":"n","type":"tcp","public":false}`,
			},
			"all of it": {
				spec: proximl.ServiceSpec{Name: "n", Type: proximl.ServiceTypeUDP, Public: true, Port: "8989", Extra: jsontext.Value(`{"a":1}`)},
				body: `{"name":"n","type":"udp","public":true,"port":"8989","a":1}`,
			},
		},
		empty: "invalid service: name: is missing; type: is missing",
	}.test(t)
}

func TestServicesCertificates(t *testing.T) {
	t.Parallel()
	const one = region + "/service/id-1/certificate"
	generate := func(name string, algorithm proximl.CertificateAlgorithm, body string) method {
		return method{
			name: name,
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return some(c.CloudBender.Services.GenerateCertificate(ctx, "p-1", "r-1", "id-1", algorithm))
			},
			exchange: exchange{
				method: http.MethodPost, path: one, body: body,
				reply: `{"service_id":"id-1","provider_uuid":"p-1","region_uuid":"r-1","name":"n","type":"tcp","public":true,"auth_cert":"PEM"}`,
			},
			result:  &proximl.Service{ID: "id-1", ProviderID: "p-1", RegionID: "r-1", Name: "n", Type: proximl.ServiceTypeTCP, Public: true, AuthCert: "PEM"},
			failure: refused("POST", one),
		}
	}
	sign := func(name, reply string) method {
		return method{
			name: name,
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) {
				return some(c.CloudBender.Services.SignCertificate(ctx, "p-1", "r-1", "id-1", "CSR"))
			},
			exchange: exchange{method: http.MethodPost, path: one + "/sign", body: `{"csr":"CSR"}`, reply: reply},
			result:   signedPEM,
			failure:  refused("POST", one+"/sign"),
		}
	}
	checkMethods(t, []method{
		generate("GenerateCertificate", proximl.CertificateAlgorithmRSA4096, `{"algorithm":"rsa4096"}`),
		generate("GenerateCertificate by default", "", `{"algorithm":"ed25519"}`),
		sign("SignCertificate answers a string", quoted(signedPEM)),
		sign("SignCertificate answers an object", `{"certificate":`+quoted(signedPEM)+`,"expires":"never"}`),
	})
	t.Run("SignCertificate without a request", func(t *testing.T) {
		t.Parallel()
		client, _ := newMock(t)
		_, err := client.CloudBender.Services.SignCertificate(t.Context(), "p-1", "r-1", "id-1", "")
		require.ErrorIs(t, err, proximl.ErrInvalid)
	})
}

func TestServicesHost(t *testing.T) {
	t.Parallel()
	for reply, want := range map[string]string{
		`{"service_id":"x","hostname":"a.example.com"}`:                                   "a.example.com",
		`{"service_id":"x","hostname":"a.example.com","custom_hostname":"b.example.com"}`: "b.example.com",
		`{"service_id":"x"}`: "",
	} {
		client, mock := newMock(t)
		mock.expect(exchange{method: http.MethodGet, path: region + "/service/x", query: inActive, reply: reply})
		service, err := client.CloudBender.Services.Get(t.Context(), "p-1", "r-1", "x")
		require.NoError(t, err)
		assert.Equal(t, want, service.Host())
	}
}
