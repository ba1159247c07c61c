package proximl

import (
	"fmt"
	"math"
	"time"
)

// CostRange is what a job may cost, in credits.
type CostRange struct{ Min, Max float64 }

// EstimateCost tells what a job made from a spec costs when it runs for so long:
// between what the cheapest and what the dearest of its GPU types may cost, for
// all workers. What is dearer than the spec's MaxPrice does not count. It fails
// when no GPU type is left, since such a job would wait for ever. The GPU types
// come from [GPUTypesAPI].List.
//
// Inferred: prices are per hour and GPU (for "cpu", uncertain: per CPU), and
// time counts from the moment that the job has its resources, the download of
// its data included. Storage is not in it.
func EstimateCost(spec *JobSpec, gpuTypes []*GPUType, duration time.Duration) (CostRange, error) {
	switch {
	case spec == nil:
		return CostRange{}, missingName("job spec")
	case duration < 0:
		return CostRange{}, invalid("estimate", "duration", "is negative")
	}
	price, err := spec.Resources.price(gpuTypes)
	if err != nil {
		return CostRange{}, err
	}
	if spec.Resources.units() < 1 {
		return CostRange{}, invalid("job spec", "resources", "a worker needs at least one GPU or, without one, one CPU")
	}
	hours := duration.Hours() * float64(spec.workerCount()*spec.Resources.units())
	return CostRange{Min: price.Min * hours, Max: price.Max * hours}, nil
}

// price is the range of what one GPU may cost in an hour.
func (r *JobResources) price(gpuTypes []*GPUType) (GPUPrice, error) {
	limit := defaultMaxPrice
	if r.MaxPrice != nil {
		limit = *r.MaxPrice
	}
	cheapest := math.Inf(1)
	price := GPUPrice{Min: cheapest}
	for _, name := range r.choices() {
		gpu := findGPUType(gpuTypes, name)
		if gpu == nil {
			return price, invalid("job spec", "resources.gpu_types", fmt.Sprintf("%q is none of the project's GPU types, which GPUTypes.List tells", name))
		}
		cheapest = min(cheapest, gpu.Price.Min)
		if gpu.Price.Min <= limit {
			price.Min = min(price.Min, gpu.Price.Min)
			price.Max = max(price.Max, min(gpu.Price.Max, limit))
		}
	}
	if math.IsInf(price.Min, 1) {
		return price, invalid("job spec", "resources.max_price", fmt.Sprintf("the job would wait for ever: it allows %g credits per hour, and the cheapest of its GPU types costs %g", limit, cheapest))
	}
	return price, nil
}

// units is how much of what has the price a worker takes.
func (r *JobResources) units() int {
	count := r.GPUCount
	if r.cpuOnly() {
		count = r.CPUCount
	}
	if count == nil {
		return 1
	}
	return *count
}

// workerCount is 1 for a job whose worker the service makes.
func (s *JobSpec) workerCount() int { return max(len(s.Workers), 1) }
