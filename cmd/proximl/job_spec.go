package main

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/spf13/pflag"

	"github.com/proximl/proximl-go"
)

const (
	defaultGPUType  = "rtx3090" // of the Python command, too
	defaultDiskSize = 10
	defaultMaxPrice = 10.0
	cpuOnly         = "cpu"
)

// jobFlags are the flags that say what job to create. What is not given is left
// open.
type jobFlags struct {
	flags *pflag.FlagSet // that they are among

	gpuTypes                      []string
	gpuCount, cpuCount, diskSize  int
	maxPrice                      float64
	preemptible                   bool
	environment, image            string
	env                           []string
	packages                      proximl.Packages
	credentials, secrets          []string
	gitURI, modelID, modelDir     string
	checkpoints, publicCheckpoint []string
	datasets, publicDatasets      []string
	dataDir                       string
	volumes                       []string
	inputType, inputURI, inputDir string
	outputType, outputURI         string
	outputDir                     string
	archive, saveModel            bool
	routes                        []string
	startCommand                  string
}

// add adds the flags that make sense for a type of job.
func (f *jobFlags) add(to *pflag.FlagSet, t proximl.JobType) {
	f.flags = to
	f.addResources(to)
	f.addEnvironment(to)
	f.addModel(to)
	if t != proximl.JobTypeInference {
		f.addDatasets(to)
	}
	switch t {
	case proximl.JobTypeInference:
		f.addInput(to)
		f.addOutput(to)
	case proximl.JobTypeTraining:
		f.addOutput(to)
	case proximl.JobTypeEndpoint:
		f.addVolumes(to)
		to.StringArrayVar(&f.routes, "route", nil, "make a function callable: `JSON` with path, function, file and body (repeatable)")
		to.StringVar(&f.startCommand, "start-command", "", "in place of routes: a `COMMAND` that listens on port 80")
	default:
		f.addVolumes(to)
	}
}

func (f *jobFlags) addResources(to *pflag.FlagSet) {
	to.StringSliceVar(&f.gpuTypes, "gpu-type", nil, "a type of `GPU` that the job can use, such as rtx3090; \"cpu\" for none (repeatable)")
	to.IntVar(&f.gpuCount, "gpu-count", 0, "`NUMBER` of GPUs of each worker")
	to.IntVar(&f.cpuCount, "cpu-count", 0, "`NUMBER` of CPUs of each worker, a multiple of 4")
	to.IntVar(&f.diskSize, "disk-size", 0, "size of the disk in `GB`, from 10 to 2000")
	to.Float64Var(&f.maxPrice, "max-price", 0, "the most `CREDITS` to pay per GPU and hour")
	shortOf(to, "gpu-type", "-gt")
	shortOf(to, "gpu-count", "-gc")
	shortOf(to, "cpu-count", "-cc")
	shortOf(to, "disk-size", "-ds")
	shortOf(to, "max-price", "-mp")
	to.BoolVar(&f.preemptible, "preemptible", false, "allow the service to take the resources back while the job runs")
}

func (f *jobFlags) addEnvironment(to *pflag.FlagSet) {
	to.StringVar(&f.environment, "environment", "", "the software: an `ID` of \"proximl environment list\" (default: the service's choice)")
	to.StringVar(&f.image, "custom-image", "", "a Docker `IMAGE` as the environment")
	to.StringArrayVar(&f.env, "env", nil, "set an environment variable: `KEY=VALUE` (repeatable)")
	to.StringSliceVar(&f.packages.APT, "apt-packages", nil, "install these `PACKAGES` by apt: a,b,c=1.0")
	to.StringSliceVar(&f.packages.PIP, "pip-packages", nil, "install these `PACKAGES` by pip: a,b,c==1.0")
	to.StringSliceVar(&f.packages.Conda, "conda-packages", nil, "install these `PACKAGES` by conda: a,b,c=1.0")
	to.StringSliceVar(&f.credentials, "credential", nil, "give the job the project's credential of this `TYPE`: aws, gcp, ... (repeatable)")
	to.StringSliceVar(&f.secrets, "secret", nil, "give the job the project's secret of this `NAME` (repeatable)")
}

func (f *jobFlags) addModel(to *pflag.FlagSet) {
	to.StringVar(&f.gitURI, "git-uri", "", "take the code from a git repository: `URI`")
	to.StringVar(&f.modelID, "model-id", "", "take the code from a model of the project: `ID`")
	to.StringVar(&f.modelDir, "model-dir", "", "upload the code from a folder of this machine: `DIR`")
	to.StringArrayVar(&f.checkpoints, "checkpoint", nil, "read a checkpoint of the project: `NAME_OR_ID` (repeatable)")
	to.StringArrayVar(&f.publicCheckpoint, "public-checkpoint", nil, "read a public checkpoint: `NAME_OR_ID` (repeatable)")
}

func (f *jobFlags) addDatasets(to *pflag.FlagSet) {
	to.StringArrayVar(&f.datasets, "dataset", nil, "read a dataset of the project: `NAME_OR_ID` (repeatable)")
	to.StringArrayVar(&f.publicDatasets, "public-dataset", nil, "read a public dataset: `NAME_OR_ID` (repeatable)")
	to.StringVar(&f.dataDir, "data-dir", "", "upload a folder of this machine as a new dataset, and read it: `DIR`; it stays, as \"Job - NAME\", until \"proximl dataset remove\"")
}

func (f *jobFlags) addVolumes(to *pflag.FlagSet) {
	to.StringArrayVar(&f.volumes, "volume", nil, "read and write a volume of the project: `NAME_OR_ID` (repeatable)")
}

func (f *jobFlags) addInput(to *pflag.FlagSet) {
	wordFlag(to, &f.inputType, "input-type", "", "", "where the input is: aws, azure, gcp, kaggle, local, wasabi or web (`TYPE`)")
	to.StringVar(&f.inputURI, "input-uri", "", "the `URI` of the input")
	to.StringVar(&f.inputDir, "input-dir", "", "upload the input from a folder of this machine: `DIR`")
}

func (f *jobFlags) addOutput(to *pflag.FlagSet) {
	wordFlag(to, &f.outputType, "output-type", "", "", "where the output goes: aws, azure, gcp, local, proximl or wasabi (`TYPE`)")
	to.StringVar(&f.outputURI, "output-uri", "", "the `URI` of the output; with the type proximl: model, dataset or checkpoint")
	to.StringVar(&f.outputDir, "output-dir", "", "download the output to a folder of this machine: `DIR`")
	onOff(to, &f.archive, "archive", false, "make one zip of the output")
	onOff(to, &f.saveModel, "save-model", false, "save the folder of the model, too")
}

// spec is what the flags say.
func (f *jobFlags) spec(t proximl.JobType, name string, commands []string) (*proximl.JobSpec, error) {
	spec := &proximl.JobSpec{Name: name, Type: t, Workers: append([]string(nil), commands...), Resources: proximl.JobResources{
		GPUTypes: lower(f.gpuTypes), GPUCount: given(f, "gpu-count", f.gpuCount), CPUCount: given(f, "cpu-count", f.cpuCount),
		DiskSize: given(f, "disk-size", f.diskSize), MaxPrice: given(f, "max-price", f.maxPrice), Preemptible: given(f, "preemptible", f.preemptible),
	}}
	var err error
	for _, fill := range []func(*proximl.JobSpec) error{f.fillEnvironment, f.fillModel, f.fillData, f.fillEndpoint} {
		if err = fill(spec); err != nil {
			return nil, err
		}
	}
	return spec, nil
}

// withDefaults fills in the defaults that the flags of a new job have.
func withDefaults(spec *proximl.JobSpec) *proximl.JobSpec {
	r := &spec.Resources
	if len(r.GPUTypes) == 0 {
		r.GPUTypes = []string{defaultGPUType}
	}
	if r.GPUCount == nil && !slices.Contains(r.GPUTypes, cpuOnly) {
		r.GPUCount = new(1)
	}
	if r.DiskSize == nil {
		r.DiskSize = new(defaultDiskSize)
	}
	if r.MaxPrice == nil {
		r.MaxPrice = new(defaultMaxPrice)
	}
	return spec
}

func (f *jobFlags) fillEnvironment(spec *proximl.JobSpec) error {
	env := proximl.JobEnvironment{Type: f.environment, CustomImage: f.image, Credentials: lower(f.credentials), Secrets: f.secrets, Packages: orNil(f.packages)}
	if f.image != "" {
		if f.environment != "" && f.environment != "CUSTOM" {
			return usage("--custom-image is an environment of its own; leave out --environment")
		}
		env.Type = "CUSTOM"
	}
	for _, variable := range f.env {
		key, value, found := strings.Cut(variable, "=")
		if !found || key == "" {
			return usage("--env %q is not of the form KEY=VALUE", key)
		}
		env.Env = append(env.Env, proximl.EnvVar{Key: key, Value: value})
	}
	spec.Environment = orNil(env)
	return nil
}

func (f *jobFlags) fillModel(spec *proximl.JobSpec) error {
	model := proximl.JobModel{}
	sources := 0
	for _, source := range [][2]string{{"git", f.gitURI}, {"proximl", f.modelID}, {local, f.modelDir}} {
		if source[1] != "" {
			model.SourceType, model.SourceURI = proximl.LocationType(source[0]), source[1]
			sources++
		}
	}
	if sources > 1 {
		return usage("only one of --git-uri, --model-id and --model-dir can be given")
	}
	for _, id := range f.checkpoints {
		model.Checkpoints = append(model.Checkpoints, proximl.CheckpointRef{ID: id})
	}
	for _, id := range f.publicCheckpoint {
		model.Checkpoints = append(model.Checkpoints, proximl.CheckpointRef{ID: id, Public: new(true)})
	}
	spec.Model = orNil(model)
	return nil
}

func (f *jobFlags) fillData(spec *proximl.JobSpec) (err error) {
	data := proximl.JobData{Volumes: f.volumes}
	for _, id := range f.datasets {
		data.Datasets = append(data.Datasets, proximl.DatasetRef{ID: id})
	}
	for _, id := range f.publicDatasets {
		data.Datasets = append(data.Datasets, proximl.DatasetRef{ID: id, Public: new(true)})
	}
	if data.InputType, data.InputURI, err = location("input", f.inputType, f.inputURI, f.inputDir); err != nil {
		return err
	}
	if data.OutputType, data.OutputURI, err = location("output", f.outputType, f.outputURI, f.outputDir); err != nil {
		return err
	}
	data.OutputOptions = orNil(proximl.LocationOptions{Archive: either(f, "archive", f.archive), SaveModel: either(f, "save-model", f.saveModel)})
	spec.Data = orNil(data)
	return nil
}

// location is the type and URI of an input or output, of which a folder is a
// shorter way to say local.
func location(what, kind, uri, folder string) (proximl.LocationType, string, error) {
	switch {
	case folder == "":
		return proximl.LocationType(kind), uri, nil
	case uri != "" || kind != "" && kind != local:
		return "", "", usage("--%s-dir is for the type local, and in place of --%[1]s-uri", what)
	}
	return local, folder, nil
}

func (f *jobFlags) fillEndpoint(spec *proximl.JobSpec) error {
	endpoint := proximl.JobEndpoint{StartCommand: f.startCommand}
	for _, text := range f.routes {
		route := proximl.Route{Verb: "POST"}
		if err := json.Unmarshal([]byte(text), &route); err != nil {
			return usage("--route: %w", err)
		}
		endpoint.Routes = append(endpoint.Routes, route)
	}
	spec.Endpoint = orNil(endpoint)
	return nil
}

// given returns nil for a flag that was not given.
func given[T any](f *jobFlags, flag string, value T) *T {
	if !f.flags.Changed(flag) {
		return nil
	}
	return &value
}

// either is given for a flag of [onOff].
func either(f *jobFlags, flag string, value bool) *bool {
	if !f.flags.Changed(flag) && !f.flags.Changed("no-"+flag) {
		return nil
	}
	return &value
}

// orNil returns nil for a part of which nothing is set.
func orNil[T any](part T) *T {
	if reflect.ValueOf(part).IsZero() {
		return nil
	}
	return &part
}

// localFolders are the folders of this machine that a spec names, which become
// absolute. They are checked before anything is created.
func localFolders(spec *proximl.JobSpec) (folders proximl.ConnectOptions, err error) {
	if m := spec.Model; m != nil && m.SourceType == local {
		if folders.Model, err = readable("the model", &m.SourceURI); err != nil {
			return folders, err
		}
	}
	d := spec.Data
	if d != nil && d.InputType == local {
		if folders.Input, err = readable("the input", &d.InputURI); err != nil {
			return folders, err
		}
	}
	if d != nil && d.OutputType == local {
		folders.Output, err = writable("the output", &d.OutputURI)
	}
	return folders, err
}

func readable(what string, path *string) (string, error) {
	if err := makeAbsolute(what, path); err != nil {
		return "", err
	}
	if _, err := os.Stat(*path); err != nil {
		return "", usage("%s cannot be uploaded: %w", what, err)
	}
	return *path, nil
}

func writable(what string, path *string) (string, error) {
	if err := makeAbsolute(what, path); err != nil {
		return "", err
	}
	if info, err := os.Stat(*path); err == nil && !info.IsDir() {
		return "", usage("%s cannot be downloaded to %s: it is no folder", what, *path)
	}
	return *path, nil
}

func makeAbsolute(what string, path *string) error {
	if *path == "" {
		return usage("%s is local, and its folder is missing", what)
	}
	if rest, found := strings.CutPrefix(*path, "~/"); found {
		home, err := os.UserHomeDir()
		if err != nil {
			return fmt.Errorf("%s: %w", *path, err)
		}
		*path = filepath.Join(home, rest)
	}
	absolute, err := filepath.Abs(*path)
	if err != nil {
		return fmt.Errorf("%s: %w", *path, err)
	}
	*path = absolute
	return nil
}
