package proximl_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/internal/transfer"
	"github.com/proximl/proximl-go/proximltest"
)

// connected is a service in a synctest bubble and a client of it.
func connected(t *testing.T) (*proximltest.Server, *proximl.ProxiML) {
	t.Helper()
	srv := proximltest.New(t, proximltest.WithoutListener())
	client, err := srv.Client(srv.Account("me@example.com"))
	require.NoError(t, err)
	return srv, client
}

// folder makes a folder with files of these contents.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	}
	return dir
}

// contents reads a folder as folder wrote it.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	require.NoError(t, fs.WalkDir(os.DirFS(dir), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(filepath.Join(dir, path))
		files[filepath.ToSlash(path)] = string(content)
		return err
	}))
	return files
}

// uploaded reads the files that the service was sent.
func uploaded(t *testing.T, srv *proximltest.Server, id string) map[string]string {
	t.Helper()
	stream, err := srv.Uploaded(id)
	require.NoError(t, err)
	defer stream.Close()
	files := map[string]string{}
	for archive := tar.NewReader(stream); ; {
		header, err := archive.Next()
		if err == io.EOF {
			return files
		}
		require.NoError(t, err)
		if header.Typeflag == tar.TypeReg {
			content, err := io.ReadAll(archive)
			require.NoError(t, err)
			files[header.Name] = string(content)
		}
	}
}

var someFiles = map[string]string{"train.csv": "1,2,0\n", "deep/er/-x": "dash", "large": strings.Repeat("0123456789", 200_000)}

func TestConnectDataset(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, client := connected(t)
		dataset, err := client.Datasets.Create(t.Context(), &proximl.DatasetSpec{Name: "points", SourceType: "local", SourceURI: "~/.ssh"})
		require.NoError(t, err)

		// Nothing moves to or from a folder that the caller has not named.
		_, err = client.Datasets.Connect(t.Context(), dataset.ID, proximl.ConnectOptions{})
		require.EqualError(t, err, `invalid connect: ConnectOptions.Input: is missing: it names the folder of this machine for the dataset; whoever made the entity suggests "~/.ssh"`)
		_, err = client.Datasets.Connect(t.Context(), dataset.ID, proximl.ConnectOptions{Input: filepath.Join(t.TempDir(), "none")})
		require.ErrorIs(t, err, proximl.ErrInvalid)
		require.ErrorContains(t, err, "no such file or directory")

		var last proximl.TransferProgress
		dataset, err = client.Datasets.Connect(t.Context(), dataset.ID, proximl.ConnectOptions{
			Input: folder(t, someFiles), Progress: func(p proximl.TransferProgress) { last = p },
		})
		require.NoError(t, err)
		assert.Equal(t, proximl.StorageStatusReady, dataset.Status)
		assert.Equal(t, someFiles, uploaded(t, srv, dataset.ID))
		assert.Equal(t, "dataset", last.What)
		assert.Positive(t, last.Done)
		assert.Equal(t, last.Done, last.Total)

		// It is there, so there is nothing to upload; nor does it export anything.
		again, err := client.Datasets.Connect(t.Context(), dataset.ID, proximl.ConnectOptions{Input: "elsewhere"})
		require.NoError(t, err)
		assert.Equal(t, dataset.ID, again.ID)
		_, err = client.Datasets.Connect(t.Context(), dataset.ID, proximl.ConnectOptions{Output: t.TempDir()})
		require.ErrorContains(t, err, "call Export with the output type local first")

		_, err = client.Datasets.Export(t.Context(), dataset.ID, &proximl.ExportSpec{OutputType: "local", OutputURI: "~/.ssh"})
		require.NoError(t, err)
		_, err = client.Datasets.Connect(t.Context(), dataset.ID, proximl.ConnectOptions{})
		require.ErrorContains(t, err, `ConnectOptions.Output: is missing`)
		target := filepath.Join(t.TempDir(), "new")
		dataset, err = client.Datasets.Connect(t.Context(), dataset.ID, proximl.ConnectOptions{Output: target})
		require.NoError(t, err)
		assert.Equal(t, proximl.StorageStatusReady, dataset.Status)
		assert.Equal(t, someFiles, contents(t, target))
	})
}

// localStorage is what datasets, models, checkpoints and volumes have in common.
type localStorage[T any] interface {
	Create(context.Context, *proximl.StorageSpec, ...proximl.RequestOption) (*T, error)
	Connect(context.Context, string, proximl.ConnectOptions) (*T, error)
	Delete(context.Context, string, ...proximl.RequestOption) error
	Export(context.Context, string, *proximl.ExportSpec, ...proximl.RequestOption) (*T, error)
	CopyLogs(context.Context, string, io.Writer, ...proximl.RequestOption) error
	LogArchive(context.Context, string, io.Writer, ...proximl.RequestOption) error
}

// thereAndBack uploads to an entity while it follows its log, and downloads its
// export.
func thereAndBack[T any](t *testing.T, srv *proximltest.Server, api localStorage[T], idOf func(*T) string) {
	t.Helper()
	entity, err := api.Create(t.Context(), &proximl.StorageSpec{Name: "files", SourceType: "local", SourceURI: "/files", Capacity: "10G"})
	require.NoError(t, err)
	id, target := idOf(entity), t.TempDir()
	var log, archive bytes.Buffer
	var logging sync.WaitGroup
	logging.Go(func() { assert.NoError(t, api.CopyLogs(t.Context(), id, &log)) })
	_, err = api.Connect(t.Context(), id, proximl.ConnectOptions{Input: folder(t, someFiles)})
	require.NoError(t, err)
	logging.Wait()
	assert.Equal(t, someFiles, uploaded(t, srv, id))
	assert.Regexp(t, `^\d\d/\d\d/\d{4}, \d\d:\d\d:\d\d: Downloading\n$`, log.String())

	_, err = api.Export(t.Context(), id, &proximl.ExportSpec{OutputType: "local", OutputURI: "/out"})
	require.NoError(t, err)
	_, err = api.Connect(t.Context(), id, proximl.ConnectOptions{Output: target})
	require.NoError(t, err)
	assert.Equal(t, someFiles, contents(t, target))
	require.NoError(t, api.LogArchive(t.Context(), id, &archive))
	assert.True(t, strings.HasPrefix(archive.String(), "PK"), "a zip")
}

func TestConnectEachStorage(t *testing.T) {
	t.Parallel()
	for kind, run := range map[string]func(*testing.T, *proximltest.Server, *proximl.ProxiML){
		"dataset": func(t *testing.T, srv *proximltest.Server, client *proximl.ProxiML) {
			thereAndBack(t, srv, client.Datasets, func(d *proximl.Dataset) string { return d.ID })
		},
		"model": func(t *testing.T, srv *proximltest.Server, client *proximl.ProxiML) {
			thereAndBack(t, srv, client.Models, func(m *proximl.Model) string { return m.ID })
		},
		"checkpoint": func(t *testing.T, srv *proximltest.Server, client *proximl.ProxiML) {
			thereAndBack(t, srv, client.Checkpoints, func(c *proximl.Checkpoint) string { return c.ID })
		},
		"volume": func(t *testing.T, srv *proximltest.Server, client *proximl.ProxiML) {
			thereAndBack(t, srv, client.Volumes, func(v *proximl.Volume) string { return v.ID })
		},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv, client := connected(t)
				run(t, srv, client)
			})
		})
	}
}

func TestConnectOtherSources(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, client := connected(t)
		model, err := client.Models.Create(t.Context(), &proximl.ModelSpec{Name: "m", SourceType: "git", SourceURI: "https://github.com/org/repo.git"})
		require.NoError(t, err)
		_, err = client.Models.Connect(t.Context(), model.ID, proximl.ConnectOptions{Input: t.TempDir()})
		require.ErrorContains(t, err, `has the source type "git"`)
		job, err := client.Jobs.Create(t.Context(), smallSpec())
		require.NoError(t, err)
		_, err = client.Jobs.Connect(t.Context(), job.ID, proximl.ConnectOptions{Model: t.TempDir()})
		require.EqualError(t, err, "invalid connect: job: has neither a local model nor a local input or output")
	})
}

// localJob makes a job whose model and output are on this machine, as a teammate
// might: with paths that are none of its business.
func localJob(t *testing.T, client *proximl.ProxiML, workers ...string) *proximl.Job {
	t.Helper()
	spec := smallSpec()
	spec.Workers = workers
	spec.Model = &proximl.JobModel{SourceType: "local", SourceURI: "~/.aws"}
	spec.Data = &proximl.JobData{OutputType: "local", OutputURI: "~/.ssh"}
	job, err := client.Jobs.Create(t.Context(), spec)
	require.NoError(t, err)
	return job
}

func TestConnectJob(t *testing.T) {
	t.Parallel()
	for name, faults := range map[string][]proximltest.Fault{
		"no fault": nil,
		"a lost reply, a bad gateway and a cut": {
			{On: "PUT /transfer/{rest...}", Kind: proximltest.ResetAfterWork},
			{On: "PUT /transfer/{rest...}", Status: 502},
			{On: "GET /transfer/{id}/ping", Status: 404, Times: 3},
		},
		"chunks that are too large": {{On: "PUT /transfer/{rest...}", Status: 413}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv, client := connected(t)
				job := localJob(t, client, "python a.py", "python b.py")
				model, output := folder(t, someFiles), t.TempDir()
				_, err := client.Jobs.Connect(t.Context(), job.ID, proximl.ConnectOptions{Output: output})
				require.ErrorContains(t, err, `ConnectOptions.Model: is missing: it names the folder of this machine for the model; whoever made the entity suggests "~/.aws"`)
				_, err = client.Jobs.Connect(t.Context(), job.ID, proximl.ConnectOptions{Model: model})
				require.ErrorContains(t, err, `ConnectOptions.Output: is missing: it names the folder of this machine for the output; whoever made the entity suggests "~/.ssh"`)
				assert.Empty(t, contents(t, output))

				srv.Inject(faults...)
				job, err = client.Jobs.Connect(t.Context(), job.ID, proximl.ConnectOptions{Model: model, Output: output, ChunkSize: 1 << 20})
				require.NoError(t, err)
				assert.Equal(t, proximl.JobStatusFinished, job.Status)
				assert.Equal(t, someFiles, uploaded(t, srv, job.ID+"/model"))
				for _, worker := range []string{"worker-1", "worker-2"} {
					assert.NotEmpty(t, contents(t, filepath.Join(output, worker)))
				}
			})
		})
	}
}

// An upload is cut at every chunk, before and after the service has stored it:
// each chunk is stored once, and the service, which refuses any other hash, has
// what was sent.
func TestConnectIsCutAtEveryChunk(t *testing.T) {
	t.Parallel()
	const chunk, chunks = 1000, 4 // of a stream of 3584 bytes
	files := map[string]string{"a": strings.Repeat("a", 500), "b": strings.Repeat("b", 700)}
	for _, kind := range []proximltest.FaultKind{proximltest.ResetBeforeWork, proximltest.ResetDuringReply, proximltest.ResetAfterWork} {
		synctest.Test(t, func(t *testing.T) {
			srv, client := connected(t)
			for k := range chunks {
				dataset, err := client.Datasets.Create(t.Context(), &proximl.DatasetSpec{Name: "points", SourceType: "local", SourceURI: "/data"})
				require.NoError(t, err)
				const put = "PUT /transfer/{id}/upload"
				if k > 0 {
					srv.Inject(proximltest.Fault{On: put, Times: k}) // answered as usual
				}
				srv.Inject(proximltest.Fault{On: put, Kind: kind})
				before := len(srv.Requests())
				_, err = client.Datasets.Connect(t.Context(), dataset.ID, proximl.ConnectOptions{Input: folder(t, files), ChunkSize: chunk})
				require.NoError(t, err)
				assert.Equal(t, files, uploaded(t, srv, dataset.ID))
				require.Zero(t, srv.ClearFaults(), "the cut after chunk %d was met", k)

				var ranges []string
				for _, request := range srv.Requests()[before:] {
					if request.Method == http.MethodPut {
						ranges = append(ranges, request.Header.Get("Content-Range"))
					}
				}
				want := []string{"bytes 0-999/1000", "bytes 1000-1999/2000", "bytes 2000-2999/3000", "bytes 3000-3583/3584"}
				if kind == proximltest.ResetBeforeWork {
					want = slices.Insert(want, k, want[k]) // sent again, since it is not there
				}
				assert.Equal(t, want, ranges)
			}
		})
	}
}

// lostFinalize loses all replies to the end of a transfer, which is carried out
// or not.
func lostFinalize(carriedOut bool) proximltest.Fault {
	kind := proximltest.ResetBeforeWork
	if carriedOut {
		kind = proximltest.ResetAfterWork
	}
	return proximltest.Fault{On: "POST /transfer/{id}/finalize", Kind: kind, Times: 8}
}

// The end of a transfer that nobody confirmed is found out by looking at what
// waited for it.
func TestConnectUnconfirmedStorage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, client := connected(t)
		dataset, err := client.Datasets.Create(t.Context(), &proximl.DatasetSpec{Name: "points", SourceType: "local", SourceURI: "/data"})
		require.NoError(t, err)
		input, output := folder(t, map[string]string{"a": "a"}), t.TempDir()

		srv.Inject(lostFinalize(false))
		dataset, err = client.Datasets.Connect(t.Context(), dataset.ID, proximl.ConnectOptions{Input: input})
		require.ErrorIs(t, err, proximl.ErrOutcomeUnknown)
		assert.Equal(t, proximl.StorageStatusDownloading, dataset.Status)
		host, err2 := url.Parse(dataset.Hostname)
		require.NoError(t, err2)
		require.EqualError(t, err, "transfer of the dataset: upload of "+input+" to "+host.Host+": all 2048 bytes were stored, but: "+
			"the service may have ended the transfer, its reply was lost: POST /finalize: EOF (tried 8 times); "+
			"it still waits for the transfer: look at its status, and call Connect again if that does not change")
		require.Zero(t, srv.ClearFaults())

		srv.Inject(lostFinalize(true))
		dataset, err = client.Datasets.Connect(t.Context(), dataset.ID, proximl.ConnectOptions{Input: input})
		require.NoError(t, err)
		assert.Equal(t, proximl.StorageStatusReady, dataset.Status)
		assert.Equal(t, map[string]string{"a": "a"}, uploaded(t, srv, dataset.ID))

		for _, carriedOut := range []bool{false, true} {
			if !carriedOut {
				_, err = client.Datasets.Export(t.Context(), dataset.ID, &proximl.ExportSpec{OutputType: "local", OutputURI: "/out"})
				require.NoError(t, err)
			}
			srv.Inject(lostFinalize(carriedOut))
			_, err = client.Datasets.Connect(t.Context(), dataset.ID, proximl.ConnectOptions{Output: output})
			assert.Equal(t, !carriedOut, errors.Is(err, proximl.ErrOutcomeUnknown), "%v", err)
			assert.Equal(t, carriedOut, err == nil)
			assert.Equal(t, map[string]string{"a": "a"}, contents(t, output))
			require.Zero(t, srv.ClearFaults())
		}
	})
}

func TestConnectUnconfirmedJob(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, client := connected(t)
		job := localJob(t, client, "python a.py")
		options := proximl.ConnectOptions{Model: folder(t, someFiles), Output: t.TempDir(), UploadOnly: true}

		srv.Inject(lostFinalize(false))
		_, err := client.Jobs.Connect(t.Context(), job.ID, options)
		require.ErrorIs(t, err, proximl.ErrOutcomeUnknown)
		require.ErrorContains(t, err, "; it still waits for the transfer: look at its status, and call Connect again if that does not change")

		srv.Inject(lostFinalize(false))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err = client.Jobs.Connect(ctx, job.ID, options)
		require.ErrorIs(t, err, proximl.ErrOutcomeUnknown)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "; it was not looked at any more: ")
		srv.ClearFaults()

		srv.Inject(lostFinalize(true))
		_, err = client.Jobs.Connect(t.Context(), job.ID, options)
		require.NoError(t, err)
		assert.Equal(t, someFiles, uploaded(t, srv, job.ID+"/model"))
		require.Zero(t, srv.ClearFaults())

		options.UploadOnly = false
		srv.Inject(lostFinalize(true))
		job, err = client.Jobs.Connect(t.Context(), job.ID, options)
		require.NoError(t, err)
		assert.Equal(t, proximl.JobStatusFinished, job.Status)
		assert.NotEmpty(t, contents(t, options.Output))
		require.Zero(t, srv.ClearFaults())
	})
}

// A look at the state that fails is told of.
func TestConnectUnconfirmedAndUnseen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, client := connected(t)
		job := localJob(t, client, "python a.py")
		srv.Inject(lostFinalize(true), proximltest.Fault{On: "POST /transfer/{id}/finalize", Status: 404})
		_, err := client.Jobs.Connect(t.Context(), job.ID, proximl.ConnectOptions{
			Model: folder(t, someFiles), UploadOnly: true,
			Progress: func(p proximl.TransferProgress) {
				if p.Done == p.Total { // from now on, nothing but looks
					srv.Inject(proximltest.Fault{On: "GET /job/{id}", Times: 100, Status: 403, Body: `{"errorMessage":"Forbidden"}`})
				}
			},
		})
		require.ErrorIs(t, err, proximl.ErrOutcomeUnknown)
		require.ErrorContains(t, err, "; a look at it failed: GET /job/"+job.ID+": 403 Forbidden")
	})
}

// A second Connect takes up what the first has left: of two uploads, one. A model
// that the service calls ready need not be named again.
func TestConnectTakesUpTheRest(t *testing.T) {
	t.Parallel()
	modelStatus := regexp.MustCompile(`("model":\{[^}]*"status":)"new"`)
	for status, named := range map[string]bool{"new": true, "ready": false} {
		synctest.Test(t, func(t *testing.T) {
			srv, client := retelling(t, func(job string) string { return modelStatus.ReplaceAllString(job, `$1"`+status+`"`) })
			spec := smallSpec()
			spec.Model = &proximl.JobModel{SourceType: "local", SourceURI: "/model"}
			spec.Data = &proximl.JobData{InputType: "local", InputURI: "/input"}
			job, err := client.Jobs.Create(t.Context(), spec)
			require.NoError(t, err)
			job, err = client.Jobs.WaitFor(t.Context(), job.ID, proximl.JobStatusWaitingForDownload)
			require.NoError(t, err)
			require.Equal(t, status, job.Model.Status)
			peer, err := transfer.NewPeer(job.Model.Hostname, string(job.Model.AuthToken), transfer.Options{HTTP: http.Client{Transport: srv.Transport()}})
			require.NoError(t, err)
			model, input := folder(t, map[string]string{"m": "m"}), folder(t, map[string]string{"i": "i"})
			require.NoError(t, peer.Upload(t.Context(), model, transfer.UploadOptions{}))

			options := proximl.ConnectOptions{Input: input}
			if named {
				options.Model = model
			}
			_, err = client.Jobs.Connect(t.Context(), job.ID, options)
			require.NoError(t, err)
			assert.Equal(t, map[string]string{"i": "i"}, uploaded(t, srv, job.ID+"/input"))
			_, err = client.Jobs.WaitFor(t.Context(), job.ID, proximl.JobStatusFinished)
			require.NoError(t, err)
		})
	}
}

func TestConnectUploadOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, client := connected(t)
		job := localJob(t, client, "python a.py")
		_, err := client.Jobs.Connect(t.Context(), job.ID, proximl.ConnectOptions{Model: folder(t, someFiles), UploadOnly: true})
		require.NoError(t, err)
		assert.Equal(t, someFiles, uploaded(t, srv, job.ID+"/model"))
		output := t.TempDir()
		job, err = client.Jobs.Connect(t.Context(), job.ID, proximl.ConnectOptions{Model: folder(t, someFiles), Output: output})
		require.NoError(t, err)
		assert.Equal(t, proximl.JobStatusFinished, job.Status)
		assert.NotEmpty(t, contents(t, output), "the one worker's output is in the folder itself")
	})
}

// A teammate's job cannot make this machine give or take a byte by itself, from
// or to whatever path it names.
func TestConnectOfATeammatesJob(t *testing.T) { // not parallel: it sets the home folder
	home := folder(t, map[string]string{".ssh/id_ed25519": "canary"})
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	synctest.Test(t, func(t *testing.T) {
		srv, client := connected(t)
		teammate := srv.Account("teammate@example.com")
		project, err := client.Projects.Create(t.Context(), &proximl.ProjectSpec{Name: "Research"})
		require.NoError(t, err)
		all := proximl.AccessAll
		_, err = client.Members.Add(t.Context(), project.ID, teammate.Email, proximl.MemberAccess{Job: all, Dataset: all, Model: all, Checkpoint: all, Volume: all})
		require.NoError(t, err)
		theirs, err := srv.Client(teammate, proximl.WithProject(project.ID))
		require.NoError(t, err)
		for _, path := range []string{"~/.ssh", filepath.Join(home, ".ssh"), "$HOME/.ssh", "../../.ssh"} {
			spec := smallSpec()
			spec.Model = &proximl.JobModel{SourceType: "local", SourceURI: path}
			spec.Data = &proximl.JobData{InputType: "local", InputURI: path, OutputType: "local", OutputURI: path}
			job, err := theirs.Jobs.Create(t.Context(), spec)
			require.NoError(t, err)
			named := folder(t, map[string]string{"a": "a"})
			for missing, options := range map[string]proximl.ConnectOptions{
				"Model":  {Input: named, Output: named},
				"Input":  {Model: named, Output: named},
				"Output": {Model: named, Input: named},
			} {
				_, err := client.InProject(project.ID).Jobs.Connect(t.Context(), job.ID, options)
				require.ErrorIs(t, err, proximl.ErrInvalid)
				require.ErrorContains(t, err, "ConnectOptions."+missing+": is missing: ")
				require.ErrorContains(t, err, fmt.Sprintf("suggests %q", path))
			}
			for _, request := range srv.Requests() {
				assert.NotContains(t, request.Path, "/transfer/")
			}
			require.NoError(t, theirs.Jobs.Delete(t.Context(), job.ID, proximl.WithForce()))
		}

		// Nor do they count when folders are named.
		job := localJob(t, client.InProject(project.ID), "python a.py")
		model, output := folder(t, map[string]string{"a": "a"}), t.TempDir()
		_, err = client.InProject(project.ID).Jobs.Connect(t.Context(), job.ID, proximl.ConnectOptions{Model: model, Output: output})
		require.NoError(t, err)
		assert.Equal(t, map[string]string{"a": "a"}, uploaded(t, srv, job.ID+"/model"))
		assert.NotEmpty(t, contents(t, output))
	})
	assert.Equal(t, map[string]string{".ssh/id_ed25519": "canary"}, contents(t, home))
}

// What a Connect cannot begin, or leaves out, it says.
func TestConnectSays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		srv := proximltest.New(t, proximltest.WithoutListener())
		client, err := srv.Client(srv.Account("me@example.com"), proximl.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
		require.NoError(t, err)
		dataset, err := client.Datasets.Create(t.Context(), &proximl.DatasetSpec{Name: "points", SourceType: "local", SourceURI: "/data"})
		require.NoError(t, err)
		_, err = client.Datasets.WaitFor(t.Context(), dataset.ID, proximl.StorageStatusDownloading)
		require.NoError(t, err)
		options := proximl.ConnectOptions{Input: folder(t, map[string]string{"a": "a", "b": "b"}), ServiceWait: 10 * time.Second}

		srv.Inject(proximltest.Fault{On: "GET /dataset/{id}", Times: 2, Body: `{"id":"d","status":"downloading","source_type":"local","hostname":"http://files.example.com","auth_token":"canary"}`})
		_, err = client.Datasets.Connect(t.Context(), dataset.ID, options)
		require.ErrorContains(t, err, `transfer of the dataset: the transfer host "files.example.com" `)
		assert.NotContains(t, err.Error(), "canary")

		srv.Inject(proximltest.Fault{On: "GET /transfer/{id}/ping", Status: 502, Times: 100})
		_, err = client.Datasets.Connect(t.Context(), dataset.ID, options)
		require.ErrorContains(t, err, "transfer of the dataset: the transfer service on ")
		require.ErrorContains(t, err, " was not ready within 10s; ")
		srv.ClearFaults()

		_, err = client.Datasets.Connect(t.Context(), dataset.ID, options)
		require.NoError(t, err)
		_, err = client.Datasets.Export(t.Context(), dataset.ID, &proximl.ExportSpec{OutputType: "local", OutputURI: "/out"})
		require.NoError(t, err)
		for want, limits := range map[string]proximl.ConnectOptions{
			"the archive has more entries than the limit of 1":                                                 {Output: t.TempDir(), MaxEntries: 1},
			`entry "b": with it, the archive has more bytes than the limit of 1 (arrived: 1 entries, 1 bytes)`: {Output: t.TempDir(), MaxBytes: 1},
		} {
			_, err = client.Datasets.Connect(t.Context(), dataset.ID, limits)
			require.ErrorContains(t, err, want)
		}
		assert.Empty(t, log.String())

		var archive bytes.Buffer
		w := tar.NewWriter(&archive)
		require.NoError(t, w.WriteHeader(&tar.Header{Name: "out", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}))
		require.NoError(t, w.Close())
		require.NoError(t, srv.SetDownload(dataset.ID, &archive))
		_, err = client.Datasets.Connect(t.Context(), dataset.ID, proximl.ConnectOptions{Output: t.TempDir()})
		require.NoError(t, err)
		assert.Contains(t, log.String(), `level=WARN msg="left out of the transfer" what=dataset name=out reason="it is a link that leads out of the folder, to \"/etc/passwd\""`)
	})
}

// A Connect ends with what it waits for.
func TestConnectOfWhatEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, client := connected(t)
		for status, wanted := range map[string]string{"failed": "waiting for data/model download", "canceled": "waiting for data/model download"} {
			job := localJob(t, client, "python a.py")
			time.AfterFunc(time.Second, func() { assert.NoError(t, srv.SetStatus(job.ID, status)) })
			_, err := client.Jobs.Connect(t.Context(), job.ID, proximl.ConnectOptions{Model: folder(t, someFiles), Output: t.TempDir()})
			ended, ok := errors.AsType[*proximl.StatusError](err)
			require.True(t, ok, "%v", err)
			assert.Equal(t, []string{status, wanted}, []string{ended.Status, ended.Wanted})
		}

		dataset, err := client.Datasets.Create(t.Context(), &proximl.DatasetSpec{Name: "points", SourceType: "local", SourceURI: "/data"})
		require.NoError(t, err)
		time.AfterFunc(time.Second, func() { assert.NoError(t, srv.SetStatus(dataset.ID, "failed")) })
		_, err = client.Datasets.Connect(t.Context(), dataset.ID, proximl.ConnectOptions{Input: folder(t, someFiles)})
		require.ErrorContains(t, err, `is "failed" and cannot become`)

		_, err = client.Datasets.Connect(t.Context(), "nope", proximl.ConnectOptions{})
		require.ErrorIs(t, err, proximl.ErrNotFound)
		_, err = client.Jobs.Connect(t.Context(), "nope", proximl.ConnectOptions{})
		require.ErrorIs(t, err, proximl.ErrNotFound)
	})
}

// A job with a volume can be created and read.
func TestJobWithVolume(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, client := connected(t)
		volume, err := client.Volumes.Create(t.Context(), &proximl.VolumeSpec{Name: "v", SourceType: "aws", SourceURI: "s3://b/k", Capacity: "10G"})
		require.NoError(t, err)
		_, err = client.Volumes.WaitFor(t.Context(), volume.ID, proximl.StorageStatusReady)
		require.NoError(t, err)
		spec := smallSpec()
		spec.Type, spec.Workers, spec.Data = proximl.JobTypeNotebook, nil, &proximl.JobData{Volumes: []string{volume.ID}}
		_, err = client.Jobs.Create(t.Context(), spec)
		require.NoError(t, err)
		jobs, err := client.Jobs.List(t.Context())
		require.NoError(t, err)
		require.Len(t, jobs, 1)
		assert.Equal(t, volume.ID, jobs[0].Data.Volumes[0].ID)
	})
}

// What goes wrong with a transfer is a TransferError, which says whether the
// service may have taken the transfer for complete.
func TestTransferErrors(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault   proximltest.Fault
		text    string
		unknown bool
	}{
		"refused": {
			proximltest.Fault{On: "PUT /transfer/{rest...}", Status: 403, Body: `{"message":"no"}`},
			"PUT /upload: 403 Forbidden: no", false,
		},
		"never ready": {
			proximltest.Fault{On: "GET /transfer/{id}/ping", Status: 404, Times: 1000},
			"was not ready within 1m0s", false,
		},
		"no reply to the end": {
			proximltest.Fault{On: "POST /transfer/{rest...}", Kind: proximltest.ResetBeforeWork, Times: 100},
			"all 2048 bytes were stored, but", true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv, client := connected(t)
				dataset, err := client.Datasets.Create(t.Context(), &proximl.DatasetSpec{Name: "d", SourceType: "local", SourceURI: "x"})
				require.NoError(t, err)
				srv.Inject(test.fault)
				_, err = client.Datasets.Connect(t.Context(), dataset.ID, proximl.ConnectOptions{
					Input: folder(t, map[string]string{"a": "1"}), ServiceWait: time.Minute,
				})
				var failed *proximl.TransferError
				require.ErrorAs(t, err, &failed)
				assert.Equal(t, "dataset", failed.What)
				assert.Zero(t, failed.Worker)
				assert.Regexp(t, "^transfer of the dataset: ", err.Error())
				require.ErrorContains(t, err, test.text)
				assert.Equal(t, test.unknown, errors.Is(err, proximl.ErrOutcomeUnknown))
			})
		})
	}
}

// A look that is refused in the middle of a Connect ends it, and what was seen
// before is returned. Some that fail do not.
func TestConnectWhenALookFails(t *testing.T) {
	t.Parallel()
	for look := 2; look <= 4; look++ {
		t.Run(fmt.Sprintf("look %d", look), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv, client := connected(t)
				input, output := folder(t, map[string]string{"a": "1"}), t.TempDir()
				dataset, err := client.Datasets.Create(t.Context(), &proximl.DatasetSpec{Name: "d", SourceType: "local", SourceURI: "x"})
				require.NoError(t, err)
				srv.Inject(
					proximltest.Fault{On: "GET /dataset/{id}", Times: look - 1}, // nothing happens to these
					proximltest.Fault{On: "GET /dataset/{id}", Status: 403, Body: `{"message":"no"}`},
				)
				got, err := client.Datasets.Connect(t.Context(), dataset.ID, proximl.ConnectOptions{Input: input})
				require.ErrorContains(t, err, "403 Forbidden: no")
				require.NotNil(t, got)
				assert.Equal(t, dataset.ID, got.ID)

				dataset, err = client.Datasets.Create(t.Context(), &proximl.DatasetSpec{Name: "d", SourceType: "local", SourceURI: "x"})
				require.NoError(t, err)
				srv.Inject(
					proximltest.Fault{On: "GET /dataset/{id}", Times: look - 1},
					proximltest.Fault{On: "GET /dataset/{id}", Times: 4, Status: 500, Body: `{"message":"no"}`},
				)
				got, err = client.Datasets.Connect(t.Context(), dataset.ID, proximl.ConnectOptions{Input: input})
				require.NoError(t, err)
				assert.Equal(t, proximl.StorageStatusReady, got.Status)
				assert.Zero(t, srv.ClearFaults())

				job := localJob(t, client, "python a.py")
				srv.Inject(
					proximltest.Fault{On: "GET /job/{id}", Times: look - 1},
					proximltest.Fault{On: "GET /job/{id}", Status: 403, Body: `{"message":"no"}`},
				)
				seen, err := client.Jobs.Connect(t.Context(), job.ID, proximl.ConnectOptions{Model: input, Output: output})
				require.ErrorContains(t, err, "403 Forbidden: no")
				require.NotNil(t, seen)
				assert.Equal(t, job.ID, seen.ID)
			})
		})
	}
}
