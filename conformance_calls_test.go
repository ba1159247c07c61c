package proximl_test

import (
	"context"
	"net/http"
	"net/url"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/proximl/proximl-go"
)

// replayCall is a Go call that means the same as a recorded one.
type replayCall func(context.Context, *proximl.ProxiML) error

// failed makes a call's result irrelevant.
func failed[T any](_ T, err error) error { return err }

// ofEntity makes a call in the project of the recorded entities, as a call of a
// Python entity is made.
func ofEntity(call replayCall) replayCall {
	return func(ctx context.Context, c *proximl.ProxiML) error { return call(ctx, c.InProject("proj-ent")) }
}

// query makes an option of pairs.
func query(pairs ...string) proximl.RequestOption {
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	return proximl.WithQuery(values)
}

var explicit = query("project_uuid", "proj-explicit")

// createJob makes a job of the type that most cases have.
func createJob(spec proximl.JobSpec) replayCall {
	return func(ctx context.Context, c *proximl.ProxiML) error { return failed(c.Jobs.Create(ctx, &spec)) }
}

func createDataset(spec proximl.DatasetSpec) replayCall {
	return func(ctx context.Context, c *proximl.ProxiML) error { return failed(c.Datasets.Create(ctx, &spec)) }
}

func createModel(spec proximl.ModelSpec) replayCall {
	return func(ctx context.Context, c *proximl.ProxiML) error { return failed(c.Models.Create(ctx, &spec)) }
}

func postJob(body any) replayCall {
	return func(ctx context.Context, c *proximl.ProxiML) error {
		return c.Do(ctx, http.MethodPost, "/job", body, nil)
	}
}

var (
	gtx1060    = proximl.JobResources{GPUTypes: []string{"gtx1060"}}
	oneGTX1060 = proximl.JobResources{GPUTypes: []string{"gtx1060"}, GPUCount: new(1)}

	manyFields = proximl.StorageSpec{
		Name: "new one", SourceType: "local", SourceURI: "~/data", Type: "archive",
		SourceOptions: &proximl.LocationOptions{Path: "/x"},
		Extra:         jsontext.Value(`{"disk_size":50,"auto":false,"zero":0,"empty":""}`),
	}
	inExplicit = proximl.StorageSpec{Name: "new one", SourceType: "aws", SourceURI: "s3://b/k", ProjectID: "proj-explicit"}

	toS3      = &proximl.ExportSpec{OutputType: "aws", OutputURI: "s3://bucket/key"}
	asArchive = &proximl.ExportSpec{OutputType: "local", OutputURI: "~/out", OutputOptions: proximl.LocationOptions{Archive: new(true)}}
)

// jobReplays are the calls of projects, members, jobs, datasets and models.
var jobReplays = map[string]replayCall{
	"dataset.export": ofEntity(func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Datasets.Export(ctx, "ds-1", toS3))
	}),
	"dataset.export/options": ofEntity(func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Datasets.Export(ctx, "ds-1", asArchive))
	}),
	"dataset.get_details":          ofEntity(func(ctx context.Context, c *proximl.ProxiML) error { return failed(c.Datasets.Details(ctx, "ds-1")) }),
	"dataset.get_log_url":          ofEntity(func(ctx context.Context, c *proximl.ProxiML) error { return failed(c.Datasets.LogURL(ctx, "ds-1")) }),
	"dataset.refresh":              ofEntity(func(ctx context.Context, c *proximl.ProxiML) error { return failed(c.Datasets.Get(ctx, "ds-1")) }),
	"datasets.create/kwargs":       createDataset(manyFields),
	"datasets.create/none-source":  createDataset(proximl.DatasetSpec{Name: "new one"}),
	"datasets.create/project_uuid": createDataset(inExplicit),
	"datasets.get":                 func(ctx context.Context, c *proximl.ProxiML) error { return failed(c.Datasets.Get(ctx, "ds-1")) },
	"datasets.get/extra-query": func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Datasets.Get(ctx, "ds-1", query("include_details", "true", "verbose", "false", "limit", "5", "ratio", "0.5", "tag", "a b&c=d/é+")))
	},
	"datasets.list/bool-query": func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Datasets.List(ctx, query("include_public", "true", "archived", "false")))
	},
	"datasets.list/project_uuid": func(ctx context.Context, c *proximl.ProxiML) error { return failed(c.Datasets.List(ctx, explicit)) },
	"datasets.list_public":       func(ctx context.Context, c *proximl.ProxiML) error { return failed(c.Datasets.ListPublic(ctx)) },
	"datasets.list_public/project_uuid": func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Datasets.ListPublic(ctx, explicit))
	},
	"environments.list":           func(ctx context.Context, c *proximl.ProxiML) error { return failed(c.Environments.List(ctx)) },
	"gpu_types.refresh_gpu_types": func(ctx context.Context, c *proximl.ProxiML) error { return c.GPUTypes.Refresh(ctx) },

	"job.copy": ofEntity(func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Jobs.Copy(ctx, "job-id-1", &proximl.JobSpec{Name: "the copy"}))
	}),
	"job.copy/gpu_type-ignored": ofEntity(func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Jobs.Copy(ctx, "job-id-1", &proximl.JobSpec{Name: "c", Resources: proximl.JobResources{GPUTypeID: "v100-id"}}))
	}),
	"job.get_worker_log_url": ofEntity(func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Jobs.WorkerLogURL(ctx, "job-id-2", "worker-id-11"))
	}),
	"job.remove": ofEntity(func(ctx context.Context, c *proximl.ProxiML) error { return c.Jobs.Delete(ctx, "job-id-2") }),
	"job.remove/force": ofEntity(func(ctx context.Context, c *proximl.ProxiML) error {
		return c.Jobs.Delete(ctx, "job-id-2", proximl.WithForce())
	}),
	"job.update/notebook": ofEntity(func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Jobs.Update(ctx, "job-id-1", &proximl.JobUpdate{Name: new("renamed"), Resources: &proximl.JobResources{DiskSize: new(20)}}))
	}),

	"jobs.create/cpu": createJob(proximl.JobSpec{
		Name: "j", Type: "training", Workers: []string{"x"}, Resources: proximl.JobResources{GPUTypes: []string{"cpu"}, CPUCount: new(8)},
	}),
	"jobs.create/endpoint-routes": createJob(proximl.JobSpec{
		Name: "ep", Type: "endpoint", Resources: oneGTX1060, Model: &proximl.JobModel{SourceType: "git", SourceURI: "https://github.com/o/r.git"},
		Endpoint: &proximl.JobEndpoint{Routes: []proximl.Route{{
			Path: "/predict", Verb: "POST", Function: "predict", File: "app.py", Positional: new(true),
			Body: []proximl.RouteParameter{{Name: "x", Type: "obj"}},
		}}},
	}),
	"jobs.create/endpoint-start_command": createJob(proximl.JobSpec{
		Name: "ep", Type: "endpoint", Resources: gtx1060, Endpoint: &proximl.JobEndpoint{StartCommand: "python serve.py", ReservationID: "res-1"},
	}),
	"jobs.create/inference": createJob(proximl.JobSpec{
		Name: "inf", Type: "inference", Resources: oneGTX1060, Workers: []string{"python predict.py"},
		Data:  &proximl.JobData{InputType: "aws", InputURI: "s3://b/in", OutputType: "aws", OutputURI: "s3://b/out"},
		Model: &proximl.JobModel{SourceType: "proximl", SourceURI: "model-1", ProjectID: "proj-explicit"},
	}),
	"jobs.create/no-workers": createJob(proximl.JobSpec{Name: "j", Type: "training", Resources: gtx1060}),
	"jobs.create/notebook": createJob(proximl.JobSpec{
		Name: "nb", Type: "notebook", Resources: proximl.JobResources{GPUTypes: []string{"gtx1060"}, GPUCount: new(1), DiskSize: new(11)},
		Data:  &proximl.JobData{Datasets: []proximl.DatasetRef{{ID: "CIFAR-10", Public: new(true)}}},
		Model: &proximl.JobModel{SourceType: "git", SourceURI: "git@github.com:proxiML/environment-tests.git"},
	}),
	"jobs.create/notebook-minimal": createJob(proximl.JobSpec{Name: "nb", Type: "notebook", Resources: proximl.JobResources{GPUTypeID: "1060-id"}}),
	"jobs.create/source_job_uuid":  createJob(proximl.JobSpec{Name: "copy", Type: "notebook", Resources: gtx1060, SourceJobID: "job-id-1"}),
	"jobs.create/source_job_uuid-model-workers": createJob(proximl.JobSpec{
		Name: "copy", Type: "training", Resources: gtx1060, SourceJobID: "job-id-1", Workers: []string{"python train.py"},
		Model: &proximl.JobModel{SourceType: "git", SourceURI: "u"},
	}),
	"jobs.create/training-gpu_type-and-gpu_types": createJob(proximl.JobSpec{
		Name: "j", Type: "training", Workers: []string{"x"}, Resources: proximl.JobResources{GPUTypeID: "1060-id", GPUTypes: []string{"rtx3090"}},
	}),
	"jobs.create/training-gpu_types": createJob(proximl.JobSpec{
		Name: "j", Type: "training", Workers: []string{"python train.py"},
		Resources: proximl.JobResources{GPUTypes: []string{"gtx1060", "rtx3090"}, GPUCount: new(2), DiskSize: new(20)},
	}),
	"jobs.create/unicode": createJob(proximl.JobSpec{Name: "jöb ☃", Type: "training", Resources: gtx1060, Workers: []string{`echo "é" <&>`}}),
	"jobs.create/workers": createJob(proximl.JobSpec{
		Name: "j", Type: "training", Resources: gtx1060, Workers: []string{"python a.py", "python b.py"},
	}),
	"jobs.create/workers-and-worker_commands": createJob(proximl.JobSpec{Name: "j", Type: "training", Resources: gtx1060, Workers: []string{"a"}}),
	"jobs.create_json":                        postJob(map[string]any{"name": "raw", "type": "training", "anything": []any{1, nil, true}}),
	"jobs.create_json/from-get_create_json": postJob(jsontext.Value(`{
		"project_uuid":"proj-ent","name":"test notebook","type":"notebook","workers":["jupyter lab"],
		"resources":{"gpu_count":1,"gpu_types":["gtx1060"],"cpu_count":4,"disk_size":10,"max_price":2.5,"preemptible":true},
		"model":{"source_type":"git","source_uri":"git@github.com:proxiML/test-private.git","project_uuid":"proj-ent","checkpoints":[{"id":"ckpt-1"}]},
		"data":{"datasets":[{"dataset_uuid":"data-id-1","name":"first one","type":"public","size":184549376}]},
		"environment":{"type":"DEEPLEARNING_PY310","env":[{"value":"env1val","key":"env1"}],"worker_key_types":["aws"],
			"packages":{"pip":["numpy"]},"custom_image":"repo/img:tag"},
		"endpoint":{"reservation_id":"res-1"}}`)),
	"jobs.list": func(ctx context.Context, c *proximl.ProxiML) error { return failed(c.Jobs.List(ctx)) },
	"jobs.list/bool-query": func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Jobs.List(ctx, query("all", "true", "archived", "false", "limit", "10")))
	},
	"jobs.list/project_uuid": func(ctx context.Context, c *proximl.ProxiML) error { return failed(c.Jobs.List(ctx, explicit)) },
	"jobs.remove": func(ctx context.Context, c *proximl.ProxiML) error {
		return c.Jobs.Delete(ctx, "job-id-1", proximl.WithForce())
	},
	"jobs.remove/project_uuid": func(ctx context.Context, c *proximl.ProxiML) error {
		return c.Jobs.Delete(ctx, "job-id-1", explicit, proximl.WithForce())
	},

	"model.export": ofEntity(func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Models.Export(ctx, "model-1", toS3))
	}),
	"model.export/options": ofEntity(func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Models.Export(ctx, "model-1", asArchive))
	}),
	"model.get_details": ofEntity(func(ctx context.Context, c *proximl.ProxiML) error { return failed(c.Models.Details(ctx, "model-1")) }),
	"model.remove/force": ofEntity(func(ctx context.Context, c *proximl.ProxiML) error {
		return c.Models.Delete(ctx, "model-1", proximl.WithForce())
	}),
	"models.create/kwargs":       createModel(manyFields),
	"models.create/none-source":  createModel(proximl.ModelSpec{Name: "new one"}),
	"models.create/project_uuid": createModel(inExplicit),
	"models.get":                 func(ctx context.Context, c *proximl.ProxiML) error { return failed(c.Models.Get(ctx, "model-1")) },
	"models.get/project_uuid": func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Models.Get(ctx, "model-1", explicit))
	},
	"models.list/bool-query": func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Models.List(ctx, query("include_public", "true", "archived", "false")))
	},
	"models.remove": func(ctx context.Context, c *proximl.ProxiML) error {
		return c.Models.Delete(ctx, "model-1", proximl.WithForce())
	},
	"models.remove/project_uuid": func(ctx context.Context, c *proximl.ProxiML) error {
		return c.Models.Delete(ctx, "model-1", explicit, proximl.WithForce())
	},

	"model.rename": ofEntity(func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Models.Rename(ctx, "model-1", "new name"))
	}),

	"project.members.add": func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Members.Add(ctx, "proj-1", "new@gmail.com", proximl.MemberAccess{Job: "all", Dataset: "read", Model: "all", Checkpoint: "read", Volume: "all"}))
	},
	"project.members.add/none-and-query": func(ctx context.Context, c *proximl.ProxiML) error {
		access := proximl.MemberAccess{Job: "all", Model: "all", Checkpoint: "read", Volume: "all"}
		return failed(c.Members.Add(ctx, "proj-1", "new@gmail.com", access, query("project_uuid", "proj-explicit", "notify", "true")))
	},
	"project.members.remove": func(ctx context.Context, c *proximl.ProxiML) error {
		return c.Members.Remove(ctx, "proj-1", "new@gmail.com")
	},
	"project.members.remove/plus-address": func(ctx context.Context, c *proximl.ProxiML) error {
		return c.Members.Remove(ctx, "proj-1", "a+b c&d=e@gmail.com")
	},
	"project.members.remove/project_uuid": func(ctx context.Context, c *proximl.ProxiML) error {
		return c.Members.Remove(ctx, "proj-1", "new@gmail.com", explicit)
	},
	"project.remove": func(ctx context.Context, c *proximl.ProxiML) error { return c.Projects.Delete(ctx, "proj-1") },
	"projects.create": func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Projects.Create(ctx, &proximl.ProjectSpec{Name: "New Project"}))
	},
	"projects.get_current": func(ctx context.Context, c *proximl.ProxiML) error { return failed(c.Projects.Current(ctx)) },
	"projects.list":        func(ctx context.Context, c *proximl.ProxiML) error { return failed(c.Projects.List(ctx)) },
	"projects.list/query": func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Projects.List(ctx, query("owner", "true")))
	},
	"projects.remove": func(ctx context.Context, c *proximl.ProxiML) error { return c.Projects.Delete(ctx, "proj-1") },
	"projects.remove/project_uuid": func(ctx context.Context, c *proximl.ProxiML) error {
		return c.Projects.Delete(ctx, "proj-1", explicit)
	},
}
