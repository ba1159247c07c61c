package proximl_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/proximl/proximl-go"
)

// environments are what the fixtures of that name say.
func environments() []*proximl.Environment {
	return []*proximl.Environment{
		{ID: "PYTORCH_PY38_17", Name: "PyTorch 1.7 - Python 3.8", Framework: "PyTorch", PythonVersion: "3.8", Version: "1.7", CUDAVersion: "11.1"},
		{ID: "DEEPLEARNING_PY310", Name: "Deep Learning - Python 3.10", Framework: "Deep Learning", PythonVersion: "3.10", CUDAVersion: "12.1"},
	}
}

func TestEnvironments(t *testing.T) {
	t.Parallel()
	checkMethods(t, []method{{
		name: "List",
		call: func(ctx context.Context, c *proximl.ProxiML) (any, error) { return some(c.Environments.List(ctx)) },
		exchange: exchange{
			method: http.MethodGet, path: "/job/environments", query: inActive,
			reply: "[" + fixture(t, "environment") + "," + fixture(t, "environment_unversioned") + `,{"id":"CUSTOM","name":"Custom","version":null,"image":"img"}]`,
		},
		result: append(environments(), &proximl.Environment{ID: "CUSTOM", Name: "Custom", Image: "img"}),
		failure: failure{
			http.StatusForbidden, "Forbidden", proximl.ErrForbidden,
			"GET /job/environments: 403 Forbidden (project proj-active from an option)",
		},
	}})
}
