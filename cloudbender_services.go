package proximl

import (
	"cmp"
	"context"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"
)

// ServicesAPI works with the services of a region: host names under which what
// runs there can be reached. See ProjectServicesAPI for those that a project can
// use.
type ServicesAPI service

// ServiceType is the protocol of a service. The set is open.
type ServiceType string

// The known types.
const (
	ServiceTypeHTTPS ServiceType = "https"
	ServiceTypeTCP   ServiceType = "tcp"
	ServiceTypeUDP   ServiceType = "udp"
)

// ServiceStatus is the state of a service. The set is open: an unknown one
// passes through.
type ServiceStatus string

// The known statuses.
const (
	ServiceStatusNew      ServiceStatus = "new"
	ServiceStatusActive   ServiceStatus = "active"
	ServiceStatusErrored  ServiceStatus = "errored"
	ServiceStatusFailed   ServiceStatus = "failed"
	ServiceStatusArchived ServiceStatus = "archived" // what a 404 stands for
)

// Terminal reports whether the status cannot change any more.
func (s ServiceStatus) Terminal() bool { return ended(s) }

// Service is a service of a region.
type Service struct {
	ID             string         `json:"service_id"`
	ProviderID     string         `json:"provider_uuid"`
	RegionID       string         `json:"region_uuid"`
	Name           string         `json:"name"`
	Type           ServiceType    `json:"type"`
	Public         bool           `json:"public"` // inferred: whether it can be reached from outside the region
	Hostname       string         `json:"hostname,omitzero"`
	CustomHostname string         `json:"custom_hostname,omitzero"`
	Port           string         `json:"port,omitzero"`
	Status         ServiceStatus  `json:"status,omitzero"`
	AuthCert       string         `json:"auth_cert,omitzero"` // PEM; inferred: of the authority that signs its clients' certificates
	CreatedAt      Time           `json:"createdAt,omitzero"`
	Extra          jsontext.Value `json:",embed"` // fields that this version does not know
}

// Host returns the name to reach the service by: its custom one if it has one.
func (s *Service) Host() string { return cmp.Or(s.CustomHostname, s.Hostname) }

// ServiceSpec says what service to create.
type ServiceSpec struct {
	Name   string         `json:"name"`
	Type   ServiceType    `json:"type"`
	Public bool           `json:"public"`        // inferred: whether it can be reached from outside the region
	Port   string         `json:"port,omitzero"` // a number
	Extra  jsontext.Value `json:",embed"`        // further fields, sent as they are
}

func (s *ServiceSpec) filledIn(string) (any, error) {
	return s, need("service", needed{"name", s.Name}, needed{"type", string(s.Type)})
}

// List returns the services of a region.
//
// GET /provider/{provider id}/region/{region id}/service
func (a *ServicesAPI) List(ctx context.Context, providerID, regionID string, opts ...RequestOption) ([]*Service, error) {
	return list[Service](ctx, a.client, "cloudbender.services.list", inRegion(providerID, regionID, "service"), opts)
}

// Get returns a service.
//
// GET /provider/{provider id}/region/{region id}/service/{id}
func (a *ServicesAPI) Get(ctx context.Context, providerID, regionID, id string, opts ...RequestOption) (*Service, error) {
	return call[Service](ctx, a.client, "cloudbender.services.get", http.MethodGet, inRegion(providerID, regionID, "service", id), nil, opts)
}

// Create makes a service. WaitFor tells when it is active.
//
// POST /provider/{provider id}/region/{region id}/service
func (a *ServicesAPI) Create(ctx context.Context, providerID, regionID string, spec *ServiceSpec, opts ...RequestOption) (*Service, error) {
	return create[Service](ctx, a.client, "cloudbender.services.create", inRegion(providerID, regionID, "service"), spec, opts)
}

// Delete removes a service.
//
// DELETE /provider/{provider id}/region/{region id}/service/{id}
func (a *ServicesAPI) Delete(ctx context.Context, providerID, regionID, id string, opts ...RequestOption) error {
	return run(ctx, a.client, "cloudbender.services.delete", http.MethodDelete, inRegion(providerID, regionID, "service", id), nil, opts)
}

type certificateRequest struct {
	Algorithm CertificateAlgorithm `json:"algorithm"`
}

// GenerateCertificate gives the service a certificate of its own, AuthCert, with
// a new key. An empty algorithm is ed25519. Inferred: clients whose certificates
// were signed before are not let in any more.
//
// POST /provider/{provider id}/region/{region id}/service/{id}/certificate
func (a *ServicesAPI) GenerateCertificate(ctx context.Context, providerID, regionID, id string, algorithm CertificateAlgorithm, opts ...RequestOption) (*Service, error) {
	return call[Service](ctx, a.client, "cloudbender.services.generate_certificate", http.MethodPost, inRegion(providerID, regionID, "service", id, "certificate"), certificateRequest{cmp.Or(algorithm, CertificateAlgorithmED25519)}, opts)
}

// SignCertificate has the service sign a certificate for a client. It takes a
// certificate request and returns the certificate, both as PEM. The service must
// have been given a certificate before. NewClientCertificate makes the request,
// too.
//
// POST /provider/{provider id}/region/{region id}/service/{id}/certificate/sign
//
// Uncertain: whether the reply is a bare string or an object; both are read.
func (a *ServicesAPI) SignCertificate(ctx context.Context, providerID, regionID, id, csr string, opts ...RequestOption) (string, error) {
	return signCertificate(ctx, a.client, "cloudbender.services.sign_certificate", inRegion(providerID, regionID, "service", id, "certificate", "sign"), csr, opts)
}

// WaitFor waits until the service has a status, looking again and again. It ends
// with a *[StatusError] when that is out of reach: the service errored or
// failed. It returns the last service seen, nil when there was none. A service
// that cannot be found is archived. There is no timeout but that of ctx.
//
// GET /provider/{provider id}/region/{region id}/service/{id}
func (a *ServicesAPI) WaitFor(ctx context.Context, providerID, regionID, id string, status ServiceStatus, opts ...WaitOption) (*Service, error) {
	get := func(ctx context.Context, id string, opts ...RequestOption) (*Service, error) {
		return a.Get(ctx, providerID, regionID, id, opts...)
	}
	return waitForStatus(ctx, id, status, get, func(s *Service) ServiceStatus { return s.Status }, opts)
}
