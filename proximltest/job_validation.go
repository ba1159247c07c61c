package proximltest

import (
	"slices"
	"strings"
)

const (
	minDiskSize    = 10 // GB
	maxDiskSize    = 2000
	maxGPUCount    = 4 // for one worker; documented, while the refusal's text was not seen
	cpuCountUnit   = 4
	outputRegional = "regional" // the one output type that notebooks and endpoints may have. Uncertain: up to which year.
	sourceLocal    = "local"
	sourcePublic   = "public"
	msgBadGPUType  = "GPU Type %s Invalid"
)

var (
	jobTypes    = []string{typeNotebook, typeTraining, typeInference, typeEndpoint}
	inputTypes  = []string{"", "aws", "gcp", sourceLocal, "kaggle", "web", "azure", "wasabi"}
	outputTypes = []string{"", "aws", "gcp", sourceLocal, "proximl", "trainml", "azure", "wasabi", outputRegional}
	modelTypes  = []string{"", "git", "proximl", "trainml", sourceLocal, "aws", "gcp", "azure", "kaggle", "wasabi", "web"}
	outputKinds = []string{kindModel, kindDataset, kindCheckpoint, kindVolume}
)

// isOwnPlatform tells whether a source or output type means the service itself. Uncertain: that it takes both brands' words.
func isOwnPlatform(sourceType string) bool { return sourceType == "proximl" || sourceType == "trainml" }

// checkJob tells what is wrong with a complete spec. Inferred: that workers are checked before resources.
func (s *Server) checkJob(spec *jobSpec) error {
	if spec.Name == "" {
		return invalid(msgRequired, "name")
	}
	if err := oneOf("type", spec.Type, jobTypes); err != nil {
		return err
	}
	for _, check := range []func(*jobSpec) error{s.checkWorkers, s.checkResources, checkEnvironment, checkData, checkModel} {
		if err := check(spec); err != nil {
			return err
		}
	}
	return nil
}

// oneOf checks a field that takes certain values only; "" must be one of them if the field may be left out.
func oneOf(field, value string, choices []string) error {
	switch {
	case slices.Contains(choices, value):
		return nil
	case value == "":
		return invalid(msgRequired, field)
	default:
		return invalid(msgBadChoice, field, value)
	}
}

func (s *Server) checkWorkers(spec *jobSpec) error {
	switch spec.Type {
	case typeTraining:
		if len(spec.Workers) == 0 {
			return invalid("Training jobs must have at least one worker")
		}
	case typeInference:
		if len(spec.Workers) != 1 {
			return invalid("Inference jobs must have exactly one worker")
		}
	case typeEndpoint:
		return s.checkEndpoint(spec)
	}
	return nil
}

// checkEndpoint: the service words the refusal of an endpoint that has commands and no routes in one way since July 2026,
// and in another way before.
func (s *Server) checkEndpoint(spec *jobSpec) error {
	serves := len(spec.Endpoint.Routes) > 0 || spec.Endpoint.StartCommand != ""
	hasCommands := len(spec.Workers) > 0
	if hasCommands && (serves || s.settings.earlierMessages) {
		return invalid("Endpoints do not use worker commands")
	}
	if !serves {
		return invalid("Endpoints must have at least one route specified")
	}
	return nil
}

func (s *Server) checkResources(spec *jobSpec) error {
	res := &spec.Resources
	if len(res.GPUTypes) == 0 {
		return invalid(msgRequired, "gpu_types")
	}
	for _, name := range res.GPUTypes {
		if _, known := gpuTypeNamed(name); !known {
			return invalid(msgBadGPUType, name)
		}
	}
	if *res.DiskSize < minDiskSize || *res.DiskSize > maxDiskSize {
		return invalid("Disk Size must be between %d and %d", minDiskSize, maxDiskSize)
	}
	if slices.Contains(res.GPUTypes, cpuOnly) && !res.isCPUOnly() {
		if s.settings.earlierMessages {
			return invalid("CPU Only may be not be combined with other GPU Types")
		}
		return invalid("All selected resource_types must have the same backend")
	}
	return checkCounts(res)
}

// checkCounts checks the numbers of GPUs and CPUs for one worker.
func checkCounts(res *resourcesSpec) error {
	if res.isCPUOnly() {
		if res.GPUCount != 0 {
			return invalid("gpu_count not valid for CPU only jobs")
		}
		if res.CPUCount == 0 {
			return invalid("cpu_count required for CPU only jobs")
		}
	} else if res.GPUCount < 1 || res.GPUCount > maxGPUCount {
		return invalid(msgOutOfRange, "gpu_count", 1, maxGPUCount)
	}
	if res.CPUCount < 0 || res.CPUCount%cpuCountUnit != 0 {
		return invalid("CPU Count must be a multiple of %d", cpuCountUnit)
	}
	if least := res.leastCPUs(); res.CPUCount != 0 && res.CPUCount < least {
		types := strings.Join(res.GPUTypes, ",")
		if res.GPUCount == 1 {
			return invalid("CPU Count must be at least %d for gpu types %s", least, types)
		}
		return invalid("CPU Count must be at least %d for gpu types %s and gpu_count %d", least, types, res.GPUCount)
	}
	return nil
}

// leastCPUs is the highest minimum of the acceptable types, times the number of GPUs.
func (res *resourcesSpec) leastCPUs() int {
	least := 0
	for _, name := range res.GPUTypes {
		g, _ := gpuTypeNamed(name)
		least = max(least, g.minCPUs*res.GPUCount)
	}
	return least
}

func checkEnvironment(spec *jobSpec) error {
	env := spec.Environment
	if !environmentExists(env.Type) {
		return invalid(msgBadChoice, "environment type", env.Type)
	}
	if env.Type == customEnvironment && env.CustomImage == "" {
		return invalid(msgRequired, "custom_image")
	}
	for _, kind := range env.Credentials {
		if err := oneOf("credential type", kind, credentialTypes); err != nil {
			return err
		}
	}
	return nil
}

func checkData(spec *jobSpec) error {
	data := spec.Data
	servesPeople := spec.Type == typeNotebook || spec.Type == typeEndpoint
	if servesPeople && data.OutputType != "" && data.OutputType != outputRegional {
		return invalid("output_type invalid for Notebook and Endpoint jobs")
	}
	if !servesPeople && len(data.Volumes) > 0 {
		return invalid("Only Notebook and Endpoint job types can use writable volumes")
	}
	if spec.Type == typeInference && len(data.Datasets) > 0 {
		return invalid("Inference jobs cannot use datasets")
	}
	if err := oneOf("input_type", data.InputType, inputTypes); err != nil {
		return err
	}
	if isOwnPlatform(data.OutputType) {
		return oneOf("output_uri", data.OutputURI, outputKinds)
	}
	return oneOf("output_type", data.OutputType, outputTypes)
}

func checkModel(spec *jobSpec) error {
	if err := oneOf("model source_type", spec.Model.SourceType, modelTypes); err != nil {
		return err
	}
	if spec.Model.SourceType != "" && spec.Model.SourceURI == "" {
		return invalid(msgRequired, "model source_uri")
	}
	return nil
}
