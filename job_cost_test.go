package proximl_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

func TestEstimateCost(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		resources proximl.JobResources
		workers   int
		hours     float64
		min, max  float64
	}{
		"one GPU for an hour":       {proximl.JobResources{GPUTypes: []string{"rtx3090"}, GPUCount: new(1)}, 1, 1, 0.98, 0.98},
		"no count is one":           {proximl.JobResources{GPUTypes: []string{"rtx3090"}}, 1, 1, 0.98, 0.98},
		"two workers of four GPUs":  {proximl.JobResources{GPUTypes: []string{"a100"}, GPUCount: new(4)}, 2, 0.5, 2.78 * 4, 4.9 * 4},
		"the cheapest, the dearest": {proximl.JobResources{GPUTypes: []string{"rtx2080ti", "a100"}}, 1, 2, 0.7, 9.8},
		"no more than is allowed":   {proximl.JobResources{GPUTypes: []string{"rtx2080ti", "a100"}, MaxPrice: new(3.0)}, 1, 1, 0.35, 3},
		"what is too dear is out":   {proximl.JobResources{GPUTypes: []string{"rtx2080ti", "a100"}, MaxPrice: new(0.5)}, 1, 1, 0.35, 0.4},
		"CPUs":                      {proximl.JobResources{GPUTypes: []string{"cpu"}, CPUCount: new(8)}, 1, 10, 1.6, 1.6},
		"CPUs, the older way":       {proximl.JobResources{GPUTypeID: "cpu", CPUCount: new(8)}, 1, 10, 1.6, 1.6},
		"the older single type":     {proximl.JobResources{GPUTypeID: "2080ti-id"}, 0, 1, 0.35, 0.4},
		"no time":                   {proximl.JobResources{GPUTypes: []string{"a100"}}, 1, 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec := &proximl.JobSpec{Resources: test.resources, Workers: make([]string, test.workers)}
			cost, err := proximl.EstimateCost(spec, catalogue(), time.Duration(test.hours*float64(time.Hour)))
			require.NoError(t, err)
			assert.InDelta(t, test.min, cost.Min, 1e-9)
			assert.InDelta(t, test.max, cost.Max, 1e-9)
		})
	}
}

func TestEstimateCostThatCannotBeMade(t *testing.T) {
	t.Parallel()
	dear := smallSpec()
	dear.Resources = proximl.JobResources{GPUTypes: []string{"a100", "rtx3090"}, MaxPrice: new(0.5)}
	nothing := smallSpec()
	nothing.Resources.GPUCount = new(0)
	unknown := smallSpec()
	unknown.Resources.GPUTypes = []string{"rtx3090", "k80"}
	for text, test := range map[string]struct {
		spec     *proximl.JobSpec
		duration time.Duration
	}{
		"invalid job spec: name: is missing":                                                                                                               {nil, time.Hour},
		"invalid job spec: resources: a worker needs at least one GPU or, without one, one CPU":                                                            {nothing, time.Hour},
		"invalid estimate: duration: is negative":                                                                                                          {smallSpec(), -1},
		"invalid job spec: resources.gpu_types: \"k80\" is none of the project's GPU types, which GPUTypes.List tells":                                     {unknown, time.Hour},
		"invalid job spec: resources.max_price: the job would wait for ever: it allows 0.5 credits per hour, and the cheapest of its GPU types costs 0.98": {dear, time.Hour},
	} {
		_, err := proximl.EstimateCost(test.spec, append(catalogue(), nil), test.duration)
		require.EqualError(t, err, text)
		require.ErrorIs(t, err, proximl.ErrInvalid)
	}
}
