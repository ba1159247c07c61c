package proximl

import (
	"context"
	"net/http"
	"slices"
)

// CloudBenderAPI works with the account's own infrastructure: providers have
// regions, and a region has all the rest. Jobs run on it next to, or in place
// of, the hardware that proxiML rents out: see ProjectSettings.
type CloudBenderAPI struct {
	Providers      *ProvidersAPI
	Regions        *RegionsAPI
	Nodes          *NodesAPI
	Devices        *DevicesAPI
	DeviceConfigs  *DeviceConfigsAPI
	Datastores     *DatastoresAPI
	DataConnectors *DataConnectorsAPI
	Services       *ServicesAPI
}

func newCloudBender(common *service) *CloudBenderAPI {
	return &CloudBenderAPI{
		Providers:      (*ProvidersAPI)(common),
		Regions:        (*RegionsAPI)(common),
		Nodes:          (*NodesAPI)(common),
		Devices:        (*DevicesAPI)(common),
		DeviceConfigs:  (*DeviceConfigsAPI)(common),
		Datastores:     (*DatastoresAPI)(common),
		DataConnectors: (*DataConnectorsAPI)(common),
		Services:       (*ServicesAPI)(common),
	}
}

// inRegion is a route below a region.
func inRegion(providerID, regionID string, segments ...string) path {
	return route(slices.Concat([]string{"provider", providerID, "region", regionID}, segments)...)
}

// spec says what to create.
type spec interface {
	// filledIn checks what can never work and fills in what the spec leaves open, on
	// a copy: the body of the request.
	filledIn(project string) (any, error)
}

// create makes an entity of a spec.
func create[T any](ctx context.Context, c *ProxiML, operation string, to path, spec spec, opts []RequestOption) (*T, error) {
	var body any = spec
	if !isNil(spec) {
		var err error
		if body, err = spec.filledIn(c.project.Text); err != nil {
			return nil, err
		}
	}
	return call[T](ctx, c, operation, http.MethodPost, to, body, opts)
}

// needed is a field that must not be empty.
type needed struct{ field, value string }

// need reports what is empty of what must not be.
func need(what string, fields ...needed) error {
	problems := &ValidationError{What: what}
	for _, n := range fields {
		if n.value == "" {
			problems.add(n.field, "is missing")
		}
	}
	return problems.orNil()
}

type actionRequest struct {
	Command string `json:"command"`
}

// runAction makes a node or device run a command.
func runAction(ctx context.Context, c *ProxiML, operation string, to path, command string, opts []RequestOption) error {
	if err := need("action", needed{"command", command}); err != nil {
		return err
	}
	return run(ctx, c, operation, http.MethodPost, to, actionRequest{command}, opts)
}

// ended reports whether a status of infrastructure cannot change any more.
func ended[S ~string](status S) bool {
	return status == "errored" || status == "failed" || removal(status) > removal("removing")
}

// waitForStatus is the WaitFor of infrastructure. Its statuses are on no way
// forward: one that is not looked at in time is not passed, but missed.
func waitForStatus[T any, S lifeStatus](ctx context.Context, id string, wanted S, get func(context.Context, string, ...RequestOption) (*T, error), status func(*T) S, opts []WaitOption) (*T, error) {
	w := wait[T, S]{
		id: id, wanted: wanted, get: get, status: status,
		judge: func(entity *T, wanted S, _ bool) verdict { return judge(status(entity), wanted, false) },
	}
	return w.run(ctx, opts)
}
