package proximl

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"
)

// GPUTypesAPI tells which GPUs the jobs of the active project can use. Without
// an active project its methods fail with [ErrNoProject] and send nothing.
type GPUTypesAPI service

// GPUType is a kind of GPU, or "cpu" for jobs without one.
type GPUType struct {
	ID           string         `json:"id"`
	Name         string         `json:"name"`
	Abbreviation string         `json:"abbrv"` // what JobResources.GPUTypes takes, such as rtx3090
	Price        GPUPrice       `json:"price,omitzero"`
	CreatedAt    Time           `json:"createdAt,omitzero"`
	UpdatedAt    Time           `json:"updatedAt,omitzero"`
	Extra        jsontext.Value `json:",embed"` // fields that this version does not know
}

// GPUPrice is a range of prices of one GPU, in credits per hour.
type GPUPrice struct {
	Min   float64        `json:"min"`
	Max   float64        `json:"max"`
	Extra jsontext.Value `json:",embed"` // fields that this version does not know
}

// Format prints the value without its unknown fields.
func (v GPUPrice) Format(s fmt.State, verb rune) {
	type plain GPUPrice
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v GPUPrice) LogValue() slog.Value { return logged(v) }

// Format prints the GPU type without its unknown fields.
func (g GPUType) Format(s fmt.State, verb rune) {
	type plain GPUType
	g.Extra = nil
	printed(s, verb, plain(g))
}

// LogValue logs what Format prints.
func (g GPUType) LogValue() slog.Value { return logged(g) }

// List returns the GPU types of the active project. Without one it fails with
// [ErrNoProject]; Projects.List lists the ids, also that of Personal.
//
// GET /project/{id}/gputypes
func (a *GPUTypesAPI) List(ctx context.Context, opts ...RequestOption) ([]*GPUType, error) {
	id, err := a.client.needProject()
	if err != nil {
		return nil, err
	}
	return list[GPUType](ctx, a.client, "gpu_types.list", route("project", id, "gputypes"), opts)
}

// Refresh makes the service look again which GPU types the active project can
// use: after the setting OnlyOwnedResources was changed, or hardware was added.
//
// PATCH /project/{id}/gputypes
func (a *GPUTypesAPI) Refresh(ctx context.Context, opts ...RequestOption) error {
	id, err := a.client.needProject()
	if err != nil {
		return err
	}
	return run(ctx, a.client, "gpu_types.refresh", http.MethodPatch, route("project", id, "gputypes"), nil, opts)
}
