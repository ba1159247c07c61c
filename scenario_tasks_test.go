package proximl_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

// tasks are what schedules are made of. What a task needs is made before its
// faults are there.
var tasks = []func(*scenario) task{
	(*scenario).createOne, (*scenario).createOne, (*scenario).createSome,
	(*scenario).look, (*scenario).stopAndStart, (*scenario).remove, (*scenario).wait,
	(*scenario).readLog, (*scenario).readLog, (*scenario).fetchLogArchive,
	(*scenario).uploadDataset, (*scenario).downloadDataset, (*scenario).serveJob,
}

func (s *scenario) anyKind() entityKind { return entityKinds[s.random.IntN(len(entityKinds))] }

func (s *scenario) createOne() task {
	k := s.anyKind()
	name, id := s.newName(k.name), ""
	return task{
		what: "create " + name, calls: []string{"POST /" + k.name},
		run: func(ctx context.Context) (err error) {
			id, err = k.create(ctx, s.client, name)
			return err
		},
		check: func(err error) { s.created(k, name, id, err) },
	}
}

// createSome creates several at once.
func (s *scenario) createSome() task {
	const count = 6
	k := s.anyKind()
	var names, ids [count]string
	var errs [count]error
	for i := range names {
		names[i] = s.newName(k.name)
	}
	return task{
		what: fmt.Sprintf("create %s to %s", names[0], names[count-1]), calls: []string{"POST /" + k.name},
		run: func(ctx context.Context) error {
			var all sync.WaitGroup
			for i, name := range names {
				all.Go(func() { ids[i], errs[i] = k.create(ctx, s.client, name) })
			}
			all.Wait()
			return errors.Join(errs[:]...)
		},
		check: func(error) {
			for i, name := range names {
				assert.True(s.t, isDocumented(errs[i]), "%#v", errs[i])
				s.created(k, name, ids[i], errs[i])
			}
		},
	}
}

// existing makes an entity without any fault.
func (s *scenario) existing(k entityKind) (id, name string) {
	name = s.newName(k.name)
	id, err := k.create(s.t.Context(), s.witness(), name)
	require.NoError(s.t, err)
	return id, name
}

// look lists what there is in both ways, and gets one.
func (s *scenario) look() task {
	k := s.anyKind()
	id, name := s.existing(k)
	want := s.held(k)
	var listErr, eachErr error
	var listed map[string][]string
	var told []string
	return task{
		what: "look at " + name, calls: []string{"GET /" + k.name, "GET /" + k.name + "/{id}"},
		run: func(ctx context.Context) error {
			got, err := k.get(ctx, s.client, id)
			if err == nil {
				assert.Equal(s.t, id, got)
			}
			listed, listErr = k.list(ctx, s.client)
			_ = k.each(ctx, s.client, nil) // left at the first
			eachErr = k.each(ctx, s.client, func(id string) { told = append(told, id) })
			return errors.Join(err, listErr, eachErr)
		},
		check: func(error) {
			all := slices.Concat(slices.Collect(maps.Values(want))...)
			if listErr == nil {
				assert.Equal(s.t, want, listed)
			} else {
				assert.Empty(s.t, listed, "a part of a list")
			}
			if eachErr == nil {
				assert.ElementsMatch(s.t, all, told)
			}
			assert.Subset(s.t, all, told)
			assert.Len(s.t, slices.Compact(slices.Sorted(slices.Values(told))), len(told), "each once")
		},
	}
}

// stopAndStart stops a notebook and starts it again.
func (s *scenario) stopAndStart() task {
	spec := smallSpec()
	spec.Name, spec.Type, spec.Workers = s.newName("notebook"), proximl.JobTypeNotebook, nil
	job, err := s.witness().Jobs.Create(s.t.Context(), spec)
	require.NoError(s.t, err)
	job, err = s.witness().Jobs.WaitFor(s.t.Context(), job.ID, proximl.JobStatusRunning)
	require.NoError(s.t, err)
	want := proximl.JobStatusRunning
	return task{
		what: "stop and start " + spec.Name, calls: []string{"PATCH /job/{id}", "GET /job/{id}"},
		run: func(ctx context.Context) error {
			if _, err := s.client.Jobs.Stop(ctx, job.ID); err != nil {
				return err
			}
			want = proximl.JobStatusStopped
			if _, err := s.client.Jobs.WaitFor(ctx, job.ID, proximl.JobStatusStopped); err != nil {
				return err
			}
			_, err := s.client.Jobs.Start(ctx, job.ID)
			if err == nil {
				want = proximl.JobStatusRunning
			} else {
				want = ""
			}
			return err
		},
		check: func(err error) {
			now, lookErr := s.witness().Jobs.Get(s.t.Context(), job.ID)
			require.NoError(s.t, lookErr)
			switch {
			case want == "", want == proximl.JobStatusRunning && err != nil:
				assert.Contains(s.t, []proximl.JobStatus{proximl.JobStatusRunning, proximl.JobStatusStopped}, now.Status)
			default:
				assert.Equal(s.t, want, now.Status)
			}
			_, err = s.witness().Jobs.Stop(s.t.Context(), job.ID) // it would cost without an end
			if now.Status == proximl.JobStatusRunning {
				require.NoError(s.t, err)
			}
		},
	}
}

func (s *scenario) remove() task {
	k := s.anyKind()
	id, name := s.existing(k)
	return task{
		what: "delete " + name, calls: []string{"DELETE /" + k.name + "/{id}"},
		run: func(ctx context.Context) error { return k.remove(ctx, s.client, id) },
		check: func(err error) {
			if err == nil {
				assert.NotContains(s.t, s.held(k), name)
			}
		},
	}
}

// wait creates a job and waits for its end.
func (s *scenario) wait() task {
	jobs := entityKinds[1]
	name, id := s.newName("job"), ""
	var createErr error
	return task{
		what: "create and wait for " + name, calls: []string{"POST /job", "GET /job/{id}"},
		run: func(ctx context.Context) error {
			if id, createErr = jobs.create(ctx, s.client, name); createErr != nil {
				return createErr
			}
			job, err := s.client.Jobs.WaitFor(ctx, id, proximl.JobStatusFinished)
			if err == nil {
				assert.Equal(s.t, proximl.JobStatusFinished, job.Status)
			}
			return err
		},
		check: func(error) { s.created(jobs, name, id, createErr) },
	}
}

// loggedJob is a job of two workers that has begun to log.
func (s *scenario) loggedJob() *proximl.Job {
	spec := smallSpec()
	spec.Name, spec.Workers = s.newName("job"), []string{"python a.py", "python b.py"}
	job, err := s.witness().Jobs.Create(s.t.Context(), spec)
	require.NoError(s.t, err)
	return job
}

func (s *scenario) readLog() task {
	job, lines := s.loggedJob(), map[int][]string{}
	return task{
		what: "read the log of " + job.Name, calls: []string{"GET /", "GET /", "GET /job/{id}"},
		run: func(ctx context.Context) (last error) {
			for entry, err := range s.client.Jobs.Logs(ctx, job.ID) {
				assert.NoError(s.t, last, "an error is the last")
				if last = err; err == nil {
					lines[entry.Worker] = append(lines[entry.Worker], entry.Text)
				}
			}
			return last
		},
		check: func(err error) {
			for worker, want := range scripted() {
				if got := lines[worker]; err != nil && len(got) < len(want) {
					want = want[:len(got)]
				}
				assert.Equal(s.t, strings.Join(want, "\n"), strings.Join(lines[worker], "\n"), "worker %d", worker)
			}
		},
	}
}

func (s *scenario) fetchLogArchive() task {
	job := s.loggedJob()
	job, err := s.witness().Jobs.WaitFor(s.t.Context(), job.ID, proximl.JobStatusFinished)
	require.NoError(s.t, err)
	var archive bytes.Buffer
	return task{
		what: "fetch the log archive of " + job.Name, calls: []string{"GET /job/{id}/worker/{worker}/logs", "GET /{bucket}/{id}/logs/{rest...}"},
		run: func(ctx context.Context) error {
			return s.client.Jobs.LogArchive(ctx, job.ID, job.Workers[0].ID, &archive)
		},
		check: func(err error) {
			if err == nil {
				_, err := zip.NewReader(bytes.NewReader(archive.Bytes()), int64(archive.Len()))
				assert.NoError(s.t, err, "%q", archive.String())
			}
		},
	}
}

var transferCalls = []string{"PUT /transfer/{rest...}", "PUT /transfer/{rest...}", "GET /transfer/{rest...}", "GET /transfer/{rest...}", "POST /transfer/{rest...}"}

// transferred are small files, and one of several chunks.
var transferred = map[string]string{"train.csv": "1,2,0\n", "deep/er/-x": "dash", "large": strings.Repeat("0123456789", 20_000)}

const smallChunk = 64 << 10

func (s *scenario) localDataset() (dataset *proximl.Dataset, source string) {
	dataset, err := s.witness().Datasets.Create(s.t.Context(), &proximl.DatasetSpec{Name: s.newName("dataset"), SourceType: "local", SourceURI: "~/data"})
	require.NoError(s.t, err)
	return dataset, folder(s.t, transferred)
}

func (s *scenario) uploadDataset() task {
	dataset, source := s.localDataset()
	restarts := s.restarts.Load()
	return task{
		what: "upload " + dataset.Name, calls: append([]string{"GET /dataset/{id}"}, transferCalls...),
		run: func(ctx context.Context) error {
			got, err := s.client.Datasets.Connect(ctx, dataset.ID, proximl.ConnectOptions{Input: source, ChunkSize: smallChunk})
			if err == nil {
				assert.Equal(s.t, proximl.StorageStatusReady, got.Status)
			}
			return err
		},
		check: func(err error) {
			if err == nil && s.restarts.Load() == restarts { // files are not part of the state
				assert.Equal(s.t, transferred, uploaded(s.t, s.server(), dataset.ID))
			}
		},
	}
}

func (s *scenario) downloadDataset() task {
	dataset, source := s.localDataset()
	target, client, ctx := filepath.Join(s.t.TempDir(), "new"), s.witness(), s.t.Context()
	_, err := client.Datasets.Connect(ctx, dataset.ID, proximl.ConnectOptions{Input: source})
	require.NoError(s.t, err)
	_, err = client.Datasets.Export(ctx, dataset.ID, &proximl.ExportSpec{OutputType: "local", OutputURI: "~/data"})
	require.NoError(s.t, err)
	restarts := s.restarts.Load()
	return task{
		what: "download " + dataset.Name, calls: append([]string{"GET /dataset/{id}"}, transferCalls...),
		run: func(ctx context.Context) error {
			_, err := s.client.Datasets.Connect(ctx, dataset.ID, proximl.ConnectOptions{Output: target})
			return err
		},
		check: func(err error) {
			if err == nil && s.restarts.Load() == restarts {
				assert.Equal(s.t, transferred, contents(s.t, target))
			}
		},
	}
}

// serveJob serves a job with local files to its end.
func (s *scenario) serveJob() task {
	model, output := folder(s.t, transferred), s.t.TempDir()
	spec := smallSpec()
	spec.Name, spec.Workers = s.newName("job"), []string{"python a.py", "python b.py"}
	spec.Model = &proximl.JobModel{SourceType: "local", SourceURI: "~/model"}
	spec.Data = &proximl.JobData{OutputType: "local", OutputURI: "~/output"}
	job, err := s.witness().Jobs.Create(s.t.Context(), spec)
	require.NoError(s.t, err)
	restarts := s.restarts.Load()
	return task{
		what: "serve " + job.Name, calls: append([]string{"GET /job/{id}"}, transferCalls...),
		run: func(ctx context.Context) error {
			job, err := s.client.Jobs.Connect(ctx, job.ID, proximl.ConnectOptions{Model: model, Output: output, ChunkSize: smallChunk})
			if err == nil {
				assert.Equal(s.t, proximl.JobStatusFinished, job.Status)
			}
			return err
		},
		check: func(err error) {
			if err == nil && s.restarts.Load() == restarts {
				assert.Equal(s.t, transferred, uploaded(s.t, s.server(), job.ID+"/model"))
				assert.NotEmpty(s.t, contents(s.t, filepath.Join(output, "worker-1")))
				assert.NotEmpty(s.t, contents(s.t, filepath.Join(output, "worker-2")))
			}
		},
	}
}
