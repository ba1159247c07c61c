package proximl

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/go-json-experiment/json/jsontext"
)

// EnvironmentsAPI tells which software environments jobs can run in.
type EnvironmentsAPI service

// Environment is a software environment. Its id is what JobEnvironment.Type
// takes; "CUSTOM" stands for an image of the user's own.
type Environment struct {
	ID            string         `json:"id"`
	Name          string         `json:"name"`
	Framework     string         `json:"framework,omitzero"`
	PythonVersion string         `json:"py_version,omitzero"`
	Version       string         `json:"version,omitzero"` // of the framework
	CUDAVersion   string         `json:"cuda_version,omitzero"`
	Image         string         `json:"image,omitzero"`
	Extra         jsontext.Value `json:",embed"` // fields that this version does not know
}

// Format prints the environment without its unknown fields.
func (e Environment) Format(s fmt.State, verb rune) {
	type plain Environment
	e.Extra = nil
	printed(s, verb, plain(e))
}

// LogValue logs what Format prints.
func (e Environment) LogValue() slog.Value { return logged(e) }

// List returns the environments.
//
// GET /job/environments
func (a *EnvironmentsAPI) List(ctx context.Context, opts ...RequestOption) ([]*Environment, error) {
	return list[Environment](ctx, a.client, "environments.list", route("job", "environments"), opts)
}
