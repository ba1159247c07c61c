package proximl_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

// gpuType is what the fixture called gpu_type says.
func gpuType() *proximl.GPUType {
	return &proximl.GPUType{ID: "a100-id", Name: "A100", Abbreviation: "a100", Price: proximl.GPUPrice{Min: 2.78, Max: 4.9}}
}

func TestGPUTypes(t *testing.T) {
	t.Parallel()
	const path = "/project/proj-active/gputypes"
	checkMethods(t, []method{
		{
			name: "List",
			call: func(ctx context.Context, c *proximl.ProxiML) (any, error) { return some(c.GPUTypes.List(ctx)) },
			exchange: exchange{
				method: http.MethodGet, path: path, query: inActive,
				reply: "[" + fixture(t, "gpu_type") + `,{"id":"cpu","name":"CPU","abbrv":"cpu"}]`,
			},
			result: []*proximl.GPUType{gpuType(), {ID: "cpu", Name: "CPU", Abbreviation: "cpu"}},
			failure: failure{
				http.StatusNotFound, "Not Found", proximl.ErrNotFound,
				"GET /project/proj-active/gputypes: 404 Not Found (project proj-active from an option)",
			},
		},
		{
			name:     "Refresh",
			call:     func(ctx context.Context, c *proximl.ProxiML) (any, error) { return nil, c.GPUTypes.Refresh(ctx) },
			exchange: exchange{method: http.MethodPatch, path: path, query: inActive, reply: "null"},
			failure: failure{
				http.StatusForbidden, "Forbidden", proximl.ErrForbidden,
				"PATCH /project/proj-active/gputypes: 403 Forbidden (project proj-active from an option)",
			},
		},
	})
}

// The mock fails the test when anything is sent.
func TestGPUTypesWithoutProject(t *testing.T) {
	t.Parallel()
	client, _ := newMock(t)
	client = client.InProject("")
	const text = "proximl: no active project: give its id by WithProject or InProject, PROXIML_PROJECT, or SaveActiveProject; Projects.List lists the ids, also that of Personal"

	types, err := client.GPUTypes.List(t.Context())
	require.EqualError(t, err, text)
	require.ErrorIs(t, err, proximl.ErrNoProject)
	assert.Nil(t, types)

	err = client.GPUTypes.Refresh(t.Context())
	require.EqualError(t, err, text)
	require.ErrorIs(t, err, proximl.ErrNoProject)
}
