package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/proximl/proximl-go"
)

// show is one run of the program.
type show struct {
	owner  *proximl.ProxiML
	member *proximl.ProxiML // nil when the teammate's API key is not ours
	email  string           // of the teammate; empty for none
	spec   *proximl.JobSpec
	poll   []proximl.WaitOption
	undo   []func(context.Context) error
	out    io.Writer
}

func (s *show) run(ctx context.Context) error {
	err := s.useProject(ctx)
	// The clean-up has a ctx of its own, so that it also works after an interrupt.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Minute)
	defer cancel()
	for _, remove := range slices.Backward(s.undo) {
		err = errors.Join(err, remove(ctx))
	}
	return err
}

func (s *show) useProject(ctx context.Context) error {
	projects, err := s.owner.Projects.List(ctx) // the first call logs in
	if err != nil {
		return err
	}
	s.say("Logged in; projects so far: %d", len(projects))

	project, err := s.owner.Projects.Create(whole(ctx), &proximl.ProjectSpec{Name: "Quickstart"})
	if err != nil {
		return err
	}
	s.created("project", project.ID, s.owner.Projects.Delete)
	if err := s.share(ctx, project.ID); err != nil {
		return err
	}

	client := s.owner.InProject(project.ID)
	dataset, err := client.Datasets.Create(whole(ctx), &proximl.DatasetSpec{
		Name: "CIFAR-10", SourceType: "web", SourceURI: "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
	})
	if err != nil {
		return err
	}
	s.created("dataset", dataset.ID, client.Datasets.Delete, proximl.WithForce())
	changes := watch(s, func(d *proximl.Dataset) string { return string(d.Status) })
	if _, err := client.Datasets.WaitFor(ctx, dataset.ID, proximl.StorageStatusReady, changes...); err != nil {
		return err
	}
	if err := s.runJob(ctx, client, project.ID, dataset.ID); err != nil {
		return err
	}
	return s.tryDelete(ctx, project.ID, dataset.ID)
}

// share lets the teammate run jobs, but not change what they read.
func (s *show) share(ctx context.Context, projectID string) error {
	if s.email == "" {
		s.say("Shared with nobody: -member names an account to share it with")
		return nil
	}
	m, err := s.owner.Members.Add(ctx, projectID, s.email, proximl.MemberAccess{
		Job: proximl.AccessAll, Dataset: proximl.AccessRead, Model: proximl.AccessRead,
		Checkpoint: proximl.AccessRead, Volume: proximl.AccessRead,
	})
	if err != nil {
		return err
	}
	s.say("Shared with %s: jobs %s, datasets %s, models %s", m.Email, m.Job, m.Dataset, m.Model)
	return nil
}

func (s *show) runJob(ctx context.Context, client *proximl.ProxiML, projectID, datasetID string) error {
	s.spec.ProjectID = projectID
	if s.spec.Data == nil {
		s.spec.Data = &proximl.JobData{}
	}
	s.spec.Data.Datasets = append(s.spec.Data.Datasets, proximl.DatasetRef{ID: datasetID})
	job, err := client.Jobs.Create(whole(ctx), s.spec)
	if err != nil {
		return err
	}
	s.created("job", job.ID, client.Jobs.Delete, proximl.WithForce())
	changes := watch(s, func(j *proximl.Job) string { return string(j.Status) })
	if job, err = client.Jobs.WaitFor(ctx, job.ID, proximl.JobStatusFinished, changes...); err != nil {
		return err
	}
	table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\nJOB\tSTATUS\tWORKERS\tGPU\tCREDITS")
	fmt.Fprintf(table, "%s\t%s\t%d\t%s\t%.4f\n\n", job.Name, job.Status, len(job.Workers), strings.Join(job.Resources.GPUTypes, ", "), job.Credits)
	return table.Flush()
}

// tryDelete shows what a member is told who deletes what it may only read.
func (s *show) tryDelete(ctx context.Context, projectID, datasetID string) error {
	if s.member == nil {
		s.say("Not tried: deleting the dataset as a member, which takes the member's API key")
		return nil
	}
	err := s.member.InProject(projectID).Datasets.Delete(ctx, datasetID)
	if !errors.Is(err, proximl.ErrForbidden) {
		return fmt.Errorf("%s may only read the dataset, but deleting it gave: %v", s.email, err)
	}
	s.say("%s cannot delete the dataset:\n  %v\n", s.email, err)
	return nil
}

// created notes how to remove what was just created.
func (s *show) created(what, id string, remove func(context.Context, string, ...proximl.RequestOption) error, opts ...proximl.RequestOption) {
	s.say("Created %s %s", what, id)
	s.undo = append(s.undo, func(ctx context.Context) error {
		if err := remove(ctx, id, opts...); err != nil {
			return fmt.Errorf("%s %s is still there, please remove it: %w", what, id, err)
		}
		s.say("Removed %s %s", what, id)
		return nil
	})
}

// watch makes a wait print each status that it comes to see.
func watch[T any](s *show, status func(*T) string) []proximl.WaitOption {
	var last string
	return append(slices.Clip(s.poll), proximl.OnPoll(func(entity *T) {
		if now := status(entity); now != last {
			s.say("  %s", now)
			last = now
		}
	}))
}

// say prints a line. That it cannot be printed must not keep the clean-up from
// its work.
func (s *show) say(format string, args ...any) {
	_, _ = fmt.Fprintf(s.out, format+"\n", args...)
}

// whole makes a ctx that an interrupt does not end: a create that is broken off
// may leave something behind that nobody knows of, and that costs.
func whole(ctx context.Context) context.Context { return context.WithoutCancel(ctx) }
