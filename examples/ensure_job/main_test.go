package main

import (
	"errors"
	"testing"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

// share makes a project of the owner in which the teammate can only read jobs.
func share(t *testing.T, srv *proximltest.Server) (owner, teammate *proximl.ProxiML) {
	t.Helper()
	first, second := srv.Account("owner@example.com"), srv.Account("teammate@example.com")
	client, err := srv.Client(first)
	if err != nil {
		t.Fatal(err)
	}
	project, err := client.Projects.Create(t.Context(), &proximl.ProjectSpec{Name: "Research"})
	if err != nil {
		t.Fatal(err)
	}
	read := proximl.AccessRead
	access := proximl.MemberAccess{Job: read, Dataset: read, Model: read, Checkpoint: read, Volume: read}
	if _, err := client.Members.Add(t.Context(), project.ID, second.Email, access); err != nil {
		t.Fatal(err)
	}
	other, err := srv.Client(second, proximl.WithProject(project.ID))
	if err != nil {
		t.Fatal(err)
	}
	return client.InProject(project.ID), other
}

func TestEnsureJob(t *testing.T) {
	srv := proximltest.New(t)
	owner, teammate := share(t, srv)

	// The job is created, but the reply never arrives.
	srv.Inject(proximltest.Fault{On: "POST /job", Kind: proximltest.ResetAfterWork})
	created, err := ensureJob(t.Context(), owner, "nightly")
	if err != nil {
		t.Fatal(err)
	}
	if unused := srv.ClearFaults(); unused != 0 {
		t.Fatal("the program created no job")
	}

	// Another run finds that job, and so does a teammate.
	for _, client := range []*proximl.ProxiML{owner, teammate} {
		if job, err := ensureJob(t.Context(), client, "nightly"); err != nil || job.ID != created.ID {
			t.Errorf("got %v, %v, want the job %s", job, err, created.ID)
		}
	}
	if _, err := ensureJob(t.Context(), teammate, "weekly"); !errors.Is(err, proximl.ErrForbidden) {
		t.Errorf("a member who can only read jobs created one: %v", err)
	}
}
