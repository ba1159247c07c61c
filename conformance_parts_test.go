package proximl_test

import (
	"context"

	"github.com/proximl/proximl-go"
)

// volumeOf makes a spec one of a volume.
func volumeOf(spec proximl.StorageSpec) *proximl.VolumeSpec {
	spec.Capacity = "10G"
	return &spec
}

func createCheckpoint(spec proximl.CheckpointSpec) replayCall {
	return func(ctx context.Context, c *proximl.ProxiML) error { return failed(c.Checkpoints.Create(ctx, &spec)) }
}

func createVolume(spec proximl.StorageSpec) replayCall {
	return func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Volumes.Create(ctx, volumeOf(spec)))
	}
}

func replayPut(name string) replayCall {
	return func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Secrets.Put(ctx, "proj-1", name, "v"))
	}
}

var (
	odd = query("include_details", "true", "verbose", "false", "limit", "5", "ratio", "0.5", "tag", "a b&c=d/é+")

	putAWS replayCall = func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Credentials.Put(ctx, "proj-1", proximl.AWSCredential("AKIA", "s3cret")))
	}
	putSuperSecret replayCall = func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Secrets.Put(ctx, "proj-1", "super_secret", "v4lue"))
	}
)

// partReplays are the calls of what a project has beside jobs, datasets and
// models.
var partReplays = map[string]replayCall{
	"checkpoint.export": ofEntity(func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Checkpoints.Export(ctx, "ckpt-1", toS3))
	}),
	"checkpoint.export/options": ofEntity(func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Checkpoints.Export(ctx, "ckpt-1", asArchive))
	}),
	"checkpoint.get_details": ofEntity(func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Checkpoints.Details(ctx, "ckpt-1"))
	}),
	"checkpoint.get_log_url": ofEntity(func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Checkpoints.LogURL(ctx, "ckpt-1"))
	}),
	"checkpoint.remove": ofEntity(func(ctx context.Context, c *proximl.ProxiML) error { return c.Checkpoints.Delete(ctx, "ckpt-1") }),
	"checkpoint.rename": ofEntity(func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Checkpoints.Rename(ctx, "ckpt-1", "new name"))
	}),
	"checkpoints.create": createCheckpoint(proximl.CheckpointSpec{
		Name: "new one", SourceType: "aws", SourceURI: "s3://proximl-examples/data/cifar10",
	}),
	"checkpoints.create/kwargs":       createCheckpoint(manyFields),
	"checkpoints.create/none-source":  createCheckpoint(proximl.CheckpointSpec{Name: "new one"}),
	"checkpoints.create/project_uuid": createCheckpoint(inExplicit),
	"checkpoints.get": func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Checkpoints.Get(ctx, "ckpt-1"))
	},
	"checkpoints.get/extra-query": func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Checkpoints.Get(ctx, "ckpt-1", odd))
	},
	"checkpoints.list": func(ctx context.Context, c *proximl.ProxiML) error { return failed(c.Checkpoints.List(ctx)) },
	"checkpoints.list/project_uuid": func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Checkpoints.List(ctx, explicit))
	},
	"checkpoints.list_public": func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Checkpoints.ListPublic(ctx))
	},
	"checkpoints.list_public/project_uuid": func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Checkpoints.ListPublic(ctx, explicit))
	},
	"checkpoints.remove/project_uuid": func(ctx context.Context, c *proximl.ProxiML) error {
		return c.Checkpoints.Delete(ctx, "ckpt-1", explicit, proximl.WithForce())
	},

	"volume.export": ofEntity(func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Volumes.Export(ctx, "vol-1", toS3))
	}),
	"volume.export/options": ofEntity(func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Volumes.Export(ctx, "vol-1", asArchive))
	}),
	"volume.get_log_url": ofEntity(func(ctx context.Context, c *proximl.ProxiML) error { return failed(c.Volumes.LogURL(ctx, "vol-1")) }),
	"volume.refresh":     ofEntity(func(ctx context.Context, c *proximl.ProxiML) error { return failed(c.Volumes.Get(ctx, "vol-1")) }),
	"volume.remove":      ofEntity(func(ctx context.Context, c *proximl.ProxiML) error { return c.Volumes.Delete(ctx, "vol-1") }),
	"volume.rename": ofEntity(func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Volumes.Rename(ctx, "vol-1", "new name"))
	}),
	"volumes.create/kwargs":      createVolume(manyFields),
	"volumes.create/none-source": createVolume(proximl.StorageSpec{Name: "new one"}),
	"volumes.get":                func(ctx context.Context, c *proximl.ProxiML) error { return failed(c.Volumes.Get(ctx, "vol-1")) },
	"volumes.get/extra-query": func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Volumes.Get(ctx, "vol-1", odd))
	},
	"volumes.get/project_uuid": func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Volumes.Get(ctx, "vol-1", explicit))
	},
	"volumes.list": func(ctx context.Context, c *proximl.ProxiML) error { return failed(c.Volumes.List(ctx)) },
	"volumes.list/bool-query": func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Volumes.List(ctx, query("include_public", "true", "archived", "false")))
	},

	"project.credentials.put":                putAWS,
	"project.credentials.put/kwargs-ignored": putAWS,

	"project.secrets.put":                          putSuperSecret,
	"project.secrets.put/kwargs-ignored":           putSuperSecret,
	"project.secrets.put/name-with-percent-escape": replayPut("a%2Fb"),
	"project.secrets.put/name-with-question-mark":  replayPut("a?b=c"),
	"project.secrets.put/name-with-slash":          replayPut("a/b"),
	"project.secrets.put/none-value": func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Secrets.Put(ctx, "proj-1", "super_secret", ""))
	},
	"project.secrets.remove": func(ctx context.Context, c *proximl.ProxiML) error {
		return c.Secrets.Remove(ctx, "proj-1", "super_secret")
	},
	"project.secrets.remove/project_uuid": func(ctx context.Context, c *proximl.ProxiML) error {
		return c.Secrets.Remove(ctx, "proj-1", "super_secret", explicit)
	},

	"project.data_connectors.get": func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.DataConnectors.Get(ctx, "proj-1", "con-1"))
	},
	"project.data_connectors.list": func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.DataConnectors.List(ctx, "proj-1"))
	},
	"project.data_connectors.refresh": func(ctx context.Context, c *proximl.ProxiML) error { return c.DataConnectors.Refresh(ctx, "proj-1") },
	"project_data_connector.disable": func(ctx context.Context, c *proximl.ProxiML) error {
		return c.DataConnectors.Disable(ctx, "proj-1", "con-1")
	},
	"project_data_connector.enable": func(ctx context.Context, c *proximl.ProxiML) error {
		return c.DataConnectors.Enable(ctx, "proj-1", "con-1")
	},

	"project.datastores.get": func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Datastores.Get(ctx, "proj-1", "store-1"))
	},
	"project.datastores.get/project_uuid": func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Datastores.Get(ctx, "proj-1", "store-1", explicit))
	},
	"project.datastores.list": func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Datastores.List(ctx, "proj-1"))
	},
	"project.datastores.list/project_uuid": func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Datastores.List(ctx, "proj-1", explicit))
	},
	"project.datastores.refresh": func(ctx context.Context, c *proximl.ProxiML) error { return c.Datastores.Refresh(ctx, "proj-1") },
	"project_datastore.enable": func(ctx context.Context, c *proximl.ProxiML) error {
		return c.Datastores.Enable(ctx, "proj-1", "store-1")
	},

	"project.services.get": func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Services.Get(ctx, "proj-1", "res-1"))
	},
	"project.services.list": func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Services.List(ctx, "proj-1"))
	},
	"project.services.list/project_uuid": func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Services.List(ctx, "proj-1", explicit))
	},
	"project.services.refresh": func(ctx context.Context, c *proximl.ProxiML) error { return c.Services.Refresh(ctx, "proj-1") },
	"project_service.disable": func(ctx context.Context, c *proximl.ProxiML) error {
		return c.Services.Disable(ctx, "proj-1", "res-1")
	},
	"project_service.enable": func(ctx context.Context, c *proximl.ProxiML) error { return c.Services.Enable(ctx, "proj-1", "res-1") },
	"project_service.get_service_ca_certificate/project_uuid": func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Services.CACertificate(ctx, "proj-1", "res-1", explicit))
	},
	"project_service.sign_client_certificate": func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Services.SignCertificate(ctx, "proj-1", "res-1", "CSR"))
	},
	"project_service.sign_client_certificate/project_uuid": func(ctx context.Context, c *proximl.ProxiML) error {
		return failed(c.Services.SignCertificate(ctx, "proj-1", "res-1", "CSR", explicit))
	},
}
