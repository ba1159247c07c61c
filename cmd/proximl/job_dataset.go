package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/proximl/proximl-go"
)

// addDataset makes a dataset of the folder of --data-dir for the job, once
// nothing is known to be wrong with that.
func (c *jobCreation) addDataset(ctx context.Context, client *proximl.ProxiML, spec *proximl.JobSpec) error {
	if _, err := c.validate(ctx, spec); err != nil {
		return err
	}
	dataset, err := client.Datasets.Create(ctx, &proximl.DatasetSpec{
		Name: datasetName(spec), ProjectID: spec.ProjectID, SourceType: local, SourceURI: c.dataDir,
	})
	if err != nil {
		return fmt.Errorf("--data-dir: %w", datasets.lookAfter(ctx, client, err, datasetName(spec)))
	}
	c.note("Created dataset %s (%s)", dataset.Name, dataset.ID)
	c.dataset = dataset.ID
	useDataset(spec, dataset.ID)
	if !c.connect {
		c.noteLacking(dataset)
		return nil
	}
	_, err = client.Datasets.Connect(ctx, dataset.ID, c.telling(proximl.ConnectOptions{
		Input: c.dataDir,
		Wait:  waiting(c.progress, func(d *proximl.Dataset) string { return fmt.Sprintf("dataset %s is %s", d.Name, d.Status) }),
	}))
	c.progress.end()
	if err != nil {
		c.noteDataset(err)
		return fmt.Errorf("--data-dir: %w", err)
	}
	return nil
}

// noteLackingData tells which datasets a job waits for that a member has to
// upload, but for one that is known to him. Of those that cannot be looked at,
// nothing is known.
func (a *app) noteLackingData(ctx context.Context, client *proximl.ProxiML, job *proximl.Job, known string) {
	for _, used := range job.Data.Datasets {
		if used.Public || used.Type == "public" || used.ID == known {
			continue
		}
		dataset, err := client.Datasets.Get(ctx, used.ID)
		if err == nil && dataset.SourceType == local && !settled(dataset.Status) {
			a.noteLacking(dataset)
		}
	}
}

func (a *app) noteLacking(dataset *proximl.Dataset) {
	a.note("The job waits for dataset %s; to upload it: %s", dataset.Name, a.suggest("dataset connect "+dataset.ID))
}

// noteDataset tells of the dataset that was made for a job that failed to be
// created.
func (c *jobCreation) noteDataset(failed error) {
	if c.dataset == "" {
		return
	}
	jobs := "There is no job yet"
	if errors.Is(failed, proximl.ErrOutcomeUnknown) {
		jobs = "If there is no job"
	}
	c.note("%s; to remove the dataset: %s", jobs, c.suggest("dataset remove "+c.dataset))
}

func datasetName(spec *proximl.JobSpec) string { return "Job - " + spec.Name }

func useDataset(spec *proximl.JobSpec, id string) {
	if spec.Data == nil {
		spec.Data = &proximl.JobData{}
	}
	spec.Data.Datasets = append(spec.Data.Datasets, proximl.DatasetRef{ID: id})
}
