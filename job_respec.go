package proximl

import (
	"reflect"
	"slices"
)

const publicType = "public" // of a dataset or checkpoint that belongs to no project

// Spec returns a spec that creates the same job again, in the same project.
// Fields that this version does not know are not in it, since they may be what
// the service tells and does not take; nor are the keys of an endpoint's
// authorizer, if the service does not show them.
//
// GPUTypeID is only in it when the job tells no GPUTypes, since with them it is
// the type that was chosen.
func (j *Job) Spec() *JobSpec {
	spec := &JobSpec{
		Name: j.Name, Type: j.Type, ProjectID: j.ProjectID,
		Resources:   JobResources{}.or(j.Resources),
		Environment: filled(j.Environment.spec()),
		Data:        filled(j.Data.spec()),
		Model:       filled(j.Model.spec()),
	}
	switch j.Type {
	case JobTypeEndpoint:
		spec.Endpoint = filled(j.Endpoint.spec())
	case JobTypeNotebook: // the service gives it its worker
	default:
		for _, worker := range j.Workers {
			spec.Workers = append(spec.Workers, worker.Command)
		}
	}
	return spec
}

func (e JobEnvironmentInfo) spec() JobEnvironment {
	packages := Packages{APT: copied(e.Packages.APT), PIP: copied(e.Packages.PIP), Conda: copied(e.Packages.Conda), Extra: e.Packages.Extra}
	return JobEnvironment{
		Type: e.Type, CustomImage: e.CustomImage, Env: copied(e.Env), Packages: filled(packages),
		Credentials: copied(e.Credentials), Secrets: copied(e.Secrets),
	}
}

func (d JobDataInfo) spec() JobData {
	data := JobData{
		InputType: d.InputType, InputURI: d.InputURI, InputOptions: filled(d.InputOptions),
		OutputType: d.OutputType, OutputURI: d.OutputURI, OutputOptions: filled(d.OutputOptions),
	}
	for _, dataset := range d.Datasets {
		ref := DatasetRef{ID: dataset.ID}
		if dataset.Type == publicType || dataset.Public {
			ref.Public = new(true)
		}
		data.Datasets = append(data.Datasets, ref)
	}
	for _, volume := range d.Volumes {
		data.Volumes = append(data.Volumes, volume.ID)
	}
	return data
}

func (m JobModelInfo) spec() JobModel {
	model := JobModel{SourceType: m.SourceType, SourceURI: m.SourceURI, ProjectID: m.ProjectID}
	for _, checkpoint := range m.Checkpoints {
		model.Checkpoints = append(model.Checkpoints, CheckpointRef{ID: checkpoint.ID, Public: checkpoint.Public})
	}
	return model
}

func (e JobEndpointInfo) spec() JobEndpoint {
	return JobEndpoint{Routes: copied(e.Routes), StartCommand: e.StartCommand, ReservationID: e.ReservationID, Authorizer: filled(e.Authorizer)}
}

// filled returns nil for a part of which nothing is set.
func filled[T any](part T) *T {
	if reflect.ValueOf(part).IsZero() {
		return nil
	}
	return &part
}

// copied returns nil for an empty list, which would clear what the service sets
// by itself.
func copied[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return slices.Clone(list)
}
