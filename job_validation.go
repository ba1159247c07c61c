package proximl

import (
	"fmt"
	"slices"
	"strings"
)

const (
	cpuOnly           = "cpu"
	customEnvironment = "CUSTOM"

	minDiskSize  = 10 // GB
	maxDiskSize  = 2000
	maxGPUCount  = 4 // of one worker
	cpuCountUnit = 4
)

// Validate reports all that is wrong with a spec, as one *[ValidationError], in
// the service's words where they are known. Given the GPU types of
// [GPUTypesAPI].List, it checks the spec's against them; with nil it leaves them
// to the service.
//
// Inferred: the rules are those that the service was seen to have. It may have
// become more lenient or stricter since, so Jobs.Create does not ask here: it
// refuses only what can never work.
func (s *JobSpec) Validate(gpuTypes []*GPUType) error {
	if s == nil {
		return missingName("job spec")
	}
	check := &jobCheck{JobSpec: s, gpuTypes: gpuTypes, ValidationError: s.impossible()}
	if s.SourceJobID == "" { // a copy takes from its source what it leaves open
		check.workers()
		check.counts()
	}
	check.types()
	check.sizes()
	check.environment()
	check.data()
	check.model()
	check.endpoint()
	return check.orNil()
}

// jobCheck collects what is wrong with a job spec.
type jobCheck struct {
	*JobSpec
	*ValidationError
	gpuTypes []*GPUType
}

// untilStopped reports whether the job serves people and has no output.
func (c *jobCheck) untilStopped() bool {
	return c.Type == JobTypeNotebook || c.Type == JobTypeEndpoint
}

// choices are the GPU types any of which will do, in either way of saying so.
func (r *JobResources) choices() []string {
	if len(r.GPUTypes) == 0 {
		return []string{r.GPUTypeID}
	}
	return r.GPUTypes
}

// cpuOnly reports whether the job runs without a GPU.
func (r *JobResources) cpuOnly() bool {
	choices := r.choices()
	return len(choices) == 1 && strings.EqualFold(choices[0], cpuOnly)
}

func (c *jobCheck) workers() {
	for i, command := range c.Workers {
		c.required(fmt.Sprintf("workers[%d]", i), command)
	}
	switch c.Type {
	case JobTypeTraining:
		if len(c.Workers) == 0 {
			c.add("workers", "Training jobs must have at least one worker")
		}
	case JobTypeInference:
		if len(c.Workers) != 1 {
			c.add("workers", "Inference jobs must have exactly one worker")
		}
	case JobTypeEndpoint:
		if len(c.Workers) > 0 {
			c.add("workers", "Endpoints do not use worker commands")
		}
		if c.Endpoint == nil || len(c.Endpoint.Routes) == 0 && c.Endpoint.StartCommand == "" {
			c.add("endpoint.routes", "Endpoints must have at least one route specified")
		}
	case "", JobTypeNotebook:
	default:
		c.add("type", fmt.Sprintf("%s is none of notebook, training, inference, endpoint", c.Type))
	}
}

func (c *jobCheck) types() {
	isCPU := func(name string) bool { return strings.EqualFold(name, cpuOnly) }
	if !c.Resources.cpuOnly() && slices.ContainsFunc(c.Resources.GPUTypes, isCPU) {
		c.add("resources.gpu_types", "All selected resource_types must have the same backend")
	}
	if c.gpuTypes == nil {
		return
	}
	for _, name := range c.Resources.GPUTypes {
		if findGPUType(c.gpuTypes, name) == nil {
			c.add("resources.gpu_types", fmt.Sprintf("GPU Type %s Invalid", name))
		}
	}
	if name := c.Resources.GPUTypeID; name != "" && findGPUType(c.gpuTypes, name) == nil {
		c.add("resources.gpu_type_id", fmt.Sprintf("GPU Type %s Invalid", name))
	}
}

// counts checks the numbers of GPUs and CPUs of one worker.
func (c *jobCheck) counts() {
	gpus, cpus := c.Resources.GPUCount, c.Resources.CPUCount
	switch {
	case c.Resources.cpuOnly() && gpus != nil && *gpus != 0:
		c.add("resources.gpu_count", "gpu_count not valid for CPU only jobs")
	case !c.Resources.cpuOnly() && gpus != nil && (*gpus < 1 || *gpus > maxGPUCount):
		c.add("resources.gpu_count", fmt.Sprintf("must be between 1 and %d", maxGPUCount))
	}
	switch {
	case cpus == nil && c.Resources.cpuOnly():
		c.add("resources.cpu_count", "cpu_count required for CPU only jobs")
	case cpus == nil:
	case *cpus%cpuCountUnit != 0 || *cpus <= 0:
		c.add("resources.cpu_count", fmt.Sprintf("CPU Count must be a multiple of %d", cpuCountUnit))
	default:
		c.leastCPUs(*cpus)
	}
}

// leastCPUs checks the number of CPUs against the highest minimum of the types
// that will do.
func (c *jobCheck) leastCPUs(cpus int) {
	gpus := 1
	if c.Resources.GPUCount != nil {
		gpus = *c.Resources.GPUCount
	}
	least := 0
	for _, name := range c.Resources.choices() {
		least = max(least, leastCPUs(name)*gpus)
	}
	if cpus >= least {
		return
	}
	message := fmt.Sprintf("CPU Count must be at least %d for gpu types %s", least, strings.Join(c.Resources.choices(), ","))
	if gpus > 1 {
		message += fmt.Sprintf(" and gpu_count %d", gpus)
	}
	c.add("resources.cpu_count", message)
}

// leastCPUs is how many CPUs a GPU wants. Inferred: from the service's
// refusals, which tell it of these two types only.
func leastCPUs(abbreviation string) int {
	switch strings.ToLower(abbreviation) {
	case "rtx2080ti":
		return 4
	case "rtx3090":
		return 8
	}
	return 0
}

func (c *jobCheck) sizes() {
	if size := c.Resources.DiskSize; size != nil && (*size < minDiskSize || *size > maxDiskSize) {
		c.add("resources.disk_size", fmt.Sprintf("Disk Size must be between %d and %d", minDiskSize, maxDiskSize))
	}
	if price := c.Resources.MaxPrice; price != nil && *price < 0 {
		c.add("resources.max_price", "must not be negative")
	}
}

func (c *jobCheck) environment() {
	if c.Environment == nil {
		return
	}
	if c.Environment.Type == customEnvironment && c.Environment.CustomImage == "" {
		c.add("environment.custom_image", "is missing: the type CUSTOM needs it")
	}
	seen := map[string]bool{}
	for i, env := range c.Environment.Env {
		switch field := fmt.Sprintf("environment.env[%d].key", i); {
		case env.Key == "":
			c.add(field, "is missing")
		case seen[env.Key]:
			c.add(field, env.Key+" is set twice")
		}
		seen[env.Key] = true
	}
}

func (c *jobCheck) data() {
	if c.Data == nil {
		return
	}
	if c.untilStopped() && c.Data.OutputType != "" && c.Data.OutputType != LocationRegional { // the one that they may have
		c.add("data.output_type", "output_type invalid for Notebook and Endpoint jobs")
	}
	if !c.untilStopped() && len(c.Data.Volumes) > 0 {
		c.add("data.volumes", "Only Notebook and Endpoint job types can use writable volumes")
	}
	if c.Type == JobTypeInference && len(c.Data.Datasets) > 0 {
		c.add("data.datasets", "Inference jobs cannot use datasets")
	}
	for i, dataset := range c.Data.Datasets {
		c.required(fmt.Sprintf("data.datasets[%d].id", i), dataset.ID)
	}
	for i, volume := range c.Data.Volumes {
		c.required(fmt.Sprintf("data.volumes[%d]", i), volume)
	}
	c.place("data.input", c.Data.InputType, c.Data.InputURI, inputTypes())
	c.place("data.output", c.Data.OutputType, c.Data.OutputURI, outputTypes())
	if c.Data.OutputType == LocationProxiML && !slices.Contains([]string{"model", "dataset", "checkpoint", "volume"}, c.Data.OutputURI) {
		c.add("data.output_uri", "must be model, dataset, checkpoint or volume when output_type is proximl")
	}
}

// place checks where data comes from or goes to.
func (c *jobCheck) place(field string, kind LocationType, uri string, known []LocationType) {
	switch {
	case kind == "":
	case !slices.Contains(known, kind):
		c.add(field+"_type", fmt.Sprintf("%s is none of %s", kind, joined(known)))
	case kind != LocationLocal && kind != LocationRegional && kind != LocationProxiML:
		c.required(field+"_uri", uri)
	}
}

func joined[S ~string](words []S) string {
	texts := make([]string, len(words))
	for i, word := range words {
		texts[i] = string(word)
	}
	return strings.Join(texts, ", ")
}

func inputTypes() []LocationType {
	return []LocationType{LocationAWS, LocationAzure, LocationGCP, LocationKaggle, LocationLocal, LocationWasabi, LocationWeb}
}

// outputTypes has what the service may call itself, too.
func outputTypes() []LocationType {
	return []LocationType{LocationAWS, LocationAzure, LocationGCP, LocationLocal, LocationProxiML, LocationRegional, "trainml", LocationWasabi}
}

func (c *jobCheck) model() {
	if c.Model == nil {
		return
	}
	if c.Model.SourceType != "" {
		c.required("model.source_uri", c.Model.SourceURI)
	}
	for i, checkpoint := range c.Model.Checkpoints {
		c.required(fmt.Sprintf("model.checkpoints[%d].id", i), checkpoint.ID)
	}
}

func (c *jobCheck) endpoint() {
	if c.Endpoint == nil {
		return
	}
	for i, route := range c.Endpoint.Routes {
		field := fmt.Sprintf("endpoint.routes[%d].", i)
		c.required(field+"path", route.Path)
		c.required(field+"function", route.Function)
		c.required(field+"file", route.File)
		if route.Verb != "POST" {
			c.add(field+"verb", "must be POST")
		}
		for j, parameter := range route.Body {
			c.required(fmt.Sprintf("%sbody[%d].name", field, j), parameter.Name)
		}
	}
	if a := c.Endpoint.Authorizer; a != nil && len(a.APIKeys) > maxEndpointKeys {
		c.add("endpoint.authorizer.api_keys", fmt.Sprintf("an endpoint has at most %d keys", maxEndpointKeys))
	}
}

func (c *jobCheck) required(field, value string) {
	if value == "" {
		c.add(field, "is missing")
	}
}

// findGPUType finds a type by what a spec may call it: its abbreviation, id or
// name.
func findGPUType(gpuTypes []*GPUType, name string) *GPUType {
	i := slices.IndexFunc(gpuTypes, func(g *GPUType) bool {
		return g != nil && (strings.EqualFold(g.Abbreviation, name) || g.ID == name || strings.EqualFold(g.Name, name))
	})
	if i < 0 {
		return nil
	}
	return gpuTypes[i]
}
