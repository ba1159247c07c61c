package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/proximl/proximl-go"
)

// team is the owner of a project and a teammate.
type team struct {
	owner    *proximl.ProxiML
	teammate *proximl.ProxiML // nil when the teammate's API key is not ours
	email    string           // of the teammate
	out      io.Writer
}

// share lets the teammate run jobs, but not change what they read.
func (t *team) share(ctx context.Context, projectID string) error {
	member, err := t.owner.Members.Add(ctx, projectID, t.email, proximl.MemberAccess{
		Job: proximl.AccessAll, Dataset: proximl.AccessRead, Model: proximl.AccessRead,
		Checkpoint: proximl.AccessRead, Volume: proximl.AccessRead,
	})
	if err != nil {
		return err
	}
	t.say("shared with %s: jobs %s, datasets %s, models %s", member.Email, member.Job, member.Dataset, member.Model)
	return nil
}

// addKeys gives the project what its jobs can be given: a key of a third party
// and a secret. Nobody gets their values back from the service.
func (t *team) addKeys(ctx context.Context, projectID string) error {
	credential, err := t.owner.Credentials.Put(ctx, projectID, proximl.AWSCredential("AKIAEXAMPLE", "not a real key"))
	if err != nil {
		return err
	}
	secret, err := t.owner.Secrets.Put(ctx, projectID, "tracking_token", "not a real token")
	if err != nil {
		return err
	}
	t.say("its jobs can be given the %s key %s and the secret %s", credential.Type, credential.KeyID, secret.Name)
	return nil
}

// ownHardwareOnly makes the project's jobs run on the owner's hardware alone. The
// list of GPU types knows of it after a refresh.
func (t *team) ownHardwareOnly(ctx context.Context, projectID string) error {
	settings := &proximl.ProjectSettings{OnlyOwnedResources: new(true)}
	if _, err := t.owner.Projects.Update(ctx, projectID, settings); err != nil {
		return err
	}
	inProject := t.owner.InProject(projectID)
	if err := inProject.GPUTypes.Refresh(ctx); err != nil {
		return err
	}
	types, err := inProject.GPUTypes.List(ctx)
	if err != nil {
		return err
	}
	t.say("its jobs run on the owner's hardware alone, which has")
	for _, gpu := range types {
		t.say("  %s", gpu.Name)
	}
	return nil
}

// look shows what the teammate sees of the project, and what is refused.
func (t *team) look(ctx context.Context, projectID string) error {
	if t.teammate == nil {
		t.say("not shown: what the teammate sees, which takes the teammate's API key")
		return nil
	}
	project, err := t.teammate.Projects.Find(ctx, "Team")
	if err != nil {
		return err
	}
	inProject := t.teammate.InProject(project.ID)
	datasets, err := inProject.Datasets.List(ctx)
	if err != nil {
		return err
	}
	t.say("the teammate sees the project of %s and its %d datasets, and cannot", project.OwnerName, len(datasets))

	for _, refused := range []struct {
		what string
		try  func() error
	}{
		{"create a dataset", func() error {
			_, err := inProject.Datasets.Create(ctx, &proximl.DatasetSpec{Name: "mine", SourceType: "local", SourceURI: "~/data"})
			return err
		}},
		{"list the secrets", func() error {
			_, err := inProject.Secrets.List(ctx, project.ID)
			return err
		}},
		{"remove the project", func() error { return inProject.Projects.Delete(ctx, project.ID) }},
	} {
		if err := refused.try(); !errors.Is(err, proximl.ErrForbidden) {
			return fmt.Errorf("the teammate tried to %s, which is not allowed, and got: %v", refused.what, err)
		}
		t.say("  %s", refused.what)
	}
	return nil
}

// leave ends the membership: by the teammate if possible, else by the owner.
func (t *team) leave(ctx context.Context, projectID string) error {
	if t.teammate == nil {
		if err := t.owner.Members.Remove(ctx, projectID, t.email); err != nil {
			return err
		}
		t.say("took the project away from %s", t.email)
		return nil
	}
	if err := t.teammate.Projects.Leave(ctx, projectID); err != nil {
		return err
	}
	_, err := t.teammate.Projects.Get(ctx, projectID)
	if !errors.Is(err, proximl.ErrNotFound) {
		return fmt.Errorf("the teammate has left the project, but asking for it gave: %v", err)
	}
	t.say("the teammate has left, and sees the project no more")
	return nil
}

// say prints a line. That it cannot be printed must not keep the clean-up from
// its work.
func (t *team) say(format string, args ...any) { _, _ = fmt.Fprintf(t.out, format+"\n", args...) }
