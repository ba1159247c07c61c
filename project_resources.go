package proximl

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"
)

// ProjectDatastoresAPI works with the datastores that a project can use, of the
// regions that its owner runs with CloudBender.
type ProjectDatastoresAPI service

// ProjectDatastore is a regional datastore, as a project sees it.
type ProjectDatastore struct {
	ID        string         `json:"id"`
	ProjectID string         `json:"project_uuid"`
	RegionID  string         `json:"region_uuid,omitzero"`
	Name      string         `json:"name"`
	Type      DatastoreType  `json:"type,omitzero"`
	Extra     jsontext.Value `json:",embed"` // fields that this version does not know
}

// Format prints the datastore without its unknown fields.
func (p ProjectDatastore) Format(s fmt.State, verb rune) {
	type plain ProjectDatastore
	p.Extra = nil
	printed(s, verb, plain(p))
}

// LogValue logs what Format prints.
func (p ProjectDatastore) LogValue() slog.Value { return logged(p) }

// ProjectDataConnectorsAPI works with the data connectors that a project can
// use, of the regions that its owner runs with CloudBender.
type ProjectDataConnectorsAPI service

// ProjectDataConnector is a regional data connector, as a project sees it.
type ProjectDataConnector struct {
	ID        string            `json:"id"`
	ProjectID string            `json:"project_uuid"`
	RegionID  string            `json:"region_uuid,omitzero"`
	Name      string            `json:"name"`
	Type      DataConnectorType `json:"type,omitzero"`
	Extra     jsontext.Value    `json:",embed"` // fields that this version does not know
}

// Format prints the data connector without its unknown fields.
func (p ProjectDataConnector) Format(s fmt.State, verb rune) {
	type plain ProjectDataConnector
	p.Extra = nil
	printed(s, verb, plain(p))
}

// LogValue logs what Format prints.
func (p ProjectDataConnector) LogValue() slog.Value { return logged(p) }

// ProjectServicesAPI works with the services that a project can use, of the
// regions that its owner runs with CloudBender.
type ProjectServicesAPI service

// ProjectService is a regional service, as a project sees it: a host name under
// which what runs in the region can be reached.
type ProjectService struct {
	ID        string         `json:"id"`
	ProjectID string         `json:"project_uuid"`
	RegionID  string         `json:"region_uuid,omitzero"`
	Name      string         `json:"name"`
	Type      ServiceType    `json:"type,omitzero"`
	Hostname  string         `json:"hostname,omitzero"`
	Public    bool           `json:"public"`
	Extra     jsontext.Value `json:",embed"` // fields that this version does not know
}

// Format prints the service without its unknown fields.
func (p ProjectService) Format(s fmt.State, verb rune) {
	type plain ProjectService
	p.Extra = nil
	printed(s, verb, plain(p))
}

// LogValue logs what Format prints.
func (p ProjectService) LogValue() slog.Value { return logged(p) }

// projectResources are the calls that datastores, data connectors and services
// of a project have in common.
type projectResources[T any] struct {
	client *ProxiML
	part   string // of the path
}

func (p projectResources[T]) operation(name string) string { return "project_" + p.part + "." + name }

func (p projectResources[T]) list(ctx context.Context, projectID string, opts []RequestOption) ([]*T, error) {
	return list[T](ctx, p.client, p.operation("list"), route("project", projectID, p.part), opts)
}

func (p projectResources[T]) get(ctx context.Context, projectID, id string, opts []RequestOption) (*T, error) {
	return call[T](ctx, p.client, p.operation("get"), http.MethodGet, route("project", projectID, p.part, id), nil, opts)
}

func (p projectResources[T]) refresh(ctx context.Context, projectID string, opts []RequestOption) error {
	return run(ctx, p.client, p.operation("refresh"), http.MethodPatch, route("project", projectID, p.part), nil, opts)
}

func (p projectResources[T]) turn(ctx context.Context, projectID, id, how string, opts []RequestOption) error {
	return run(ctx, p.client, p.operation(how), http.MethodPatch, route("project", projectID, p.part, id, how), nil, opts)
}

func (a *ProjectDatastoresAPI) calls() projectResources[ProjectDatastore] {
	return projectResources[ProjectDatastore]{a.client, "datastores"}
}

// List returns the datastores of a project.
//
// GET /project/{id}/datastores
func (a *ProjectDatastoresAPI) List(ctx context.Context, projectID string, opts ...RequestOption) ([]*ProjectDatastore, error) {
	return a.calls().list(ctx, projectID, opts)
}

// Get returns a datastore of a project.
//
// GET /project/{id}/datastores/{datastore id}
func (a *ProjectDatastoresAPI) Get(ctx context.Context, projectID, id string, opts ...RequestOption) (*ProjectDatastore, error) {
	return a.calls().get(ctx, projectID, id, opts)
}

// Refresh makes the service look again which datastores the project can use.
//
// PATCH /project/{id}/datastores
func (a *ProjectDatastoresAPI) Refresh(ctx context.Context, projectID string, opts ...RequestOption) error {
	return a.calls().refresh(ctx, projectID, opts)
}

// Enable lets the project use a datastore.
//
// PATCH /project/{id}/datastores/{datastore id}/enable
func (a *ProjectDatastoresAPI) Enable(ctx context.Context, projectID, id string, opts ...RequestOption) error {
	return a.calls().turn(ctx, projectID, id, "enable", opts)
}

// Disable ends the project's use of a datastore.
//
// PATCH /project/{id}/datastores/{datastore id}/disable
func (a *ProjectDatastoresAPI) Disable(ctx context.Context, projectID, id string, opts ...RequestOption) error {
	return a.calls().turn(ctx, projectID, id, "disable", opts)
}

func (a *ProjectDataConnectorsAPI) calls() projectResources[ProjectDataConnector] {
	return projectResources[ProjectDataConnector]{a.client, "data_connectors"}
}

// List returns the data connectors of a project.
//
// GET /project/{id}/data_connectors
func (a *ProjectDataConnectorsAPI) List(ctx context.Context, projectID string, opts ...RequestOption) ([]*ProjectDataConnector, error) {
	return a.calls().list(ctx, projectID, opts)
}

// Get returns a data connector of a project.
//
// GET /project/{id}/data_connectors/{data connector id}
func (a *ProjectDataConnectorsAPI) Get(ctx context.Context, projectID, id string, opts ...RequestOption) (*ProjectDataConnector, error) {
	return a.calls().get(ctx, projectID, id, opts)
}

// Refresh makes the service look again which data connectors the project can
// use.
//
// PATCH /project/{id}/data_connectors
func (a *ProjectDataConnectorsAPI) Refresh(ctx context.Context, projectID string, opts ...RequestOption) error {
	return a.calls().refresh(ctx, projectID, opts)
}

// Enable lets the project use a data connector.
//
// PATCH /project/{id}/data_connectors/{data connector id}/enable
func (a *ProjectDataConnectorsAPI) Enable(ctx context.Context, projectID, id string, opts ...RequestOption) error {
	return a.calls().turn(ctx, projectID, id, "enable", opts)
}

// Disable ends the project's use of a data connector.
//
// PATCH /project/{id}/data_connectors/{data connector id}/disable
func (a *ProjectDataConnectorsAPI) Disable(ctx context.Context, projectID, id string, opts ...RequestOption) error {
	return a.calls().turn(ctx, projectID, id, "disable", opts)
}

func (a *ProjectServicesAPI) calls() projectResources[ProjectService] {
	return projectResources[ProjectService]{a.client, "services"}
}

// List returns the services of a project.
//
// GET /project/{id}/services
func (a *ProjectServicesAPI) List(ctx context.Context, projectID string, opts ...RequestOption) ([]*ProjectService, error) {
	return a.calls().list(ctx, projectID, opts)
}

// Get returns a service of a project.
//
// GET /project/{id}/services/{service id}
func (a *ProjectServicesAPI) Get(ctx context.Context, projectID, id string, opts ...RequestOption) (*ProjectService, error) {
	return a.calls().get(ctx, projectID, id, opts)
}

// Refresh makes the service look again which services the project can use.
//
// PATCH /project/{id}/services
func (a *ProjectServicesAPI) Refresh(ctx context.Context, projectID string, opts ...RequestOption) error {
	return a.calls().refresh(ctx, projectID, opts)
}

// Enable lets the project use a service.
//
// PATCH /project/{id}/services/{service id}/enable
func (a *ProjectServicesAPI) Enable(ctx context.Context, projectID, id string, opts ...RequestOption) error {
	return a.calls().turn(ctx, projectID, id, "enable", opts)
}

// Disable ends the project's use of a service.
//
// PATCH /project/{id}/services/{service id}/disable
func (a *ProjectServicesAPI) Disable(ctx context.Context, projectID, id string, opts ...RequestOption) error {
	return a.calls().turn(ctx, projectID, id, "disable", opts)
}

// CACertificate returns the certificate, as PEM, of the authority that signs the
// certificates of a service.
//
// GET /project/{id}/services/{service id}/certificate/ca
//
// Uncertain: the form of the reply. A bare string is taken, and an object that
// holds a certificate.
func (a *ProjectServicesAPI) CACertificate(ctx context.Context, projectID, id string, opts ...RequestOption) (string, error) {
	return certificate(ctx, a.client, "project_services.ca_certificate", http.MethodGet, route("project", projectID, "services", id, "certificate", "ca"), nil, opts)
}

// SignCertificate has a service's authority sign a client certificate, and
// returns it as PEM. The request (CSR) is PEM too; [NewClientCertificate] makes
// one, with its key.
//
// POST /project/{id}/services/{service id}/certificate/sign
//
// Uncertain: the form of the reply, as with CACertificate.
func (a *ProjectServicesAPI) SignCertificate(ctx context.Context, projectID, id, csr string, opts ...RequestOption) (string, error) {
	return signCertificate(ctx, a.client, "project_services.sign_certificate", route("project", projectID, "services", id, "certificate", "sign"), csr, opts)
}
