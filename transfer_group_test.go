package proximl_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

// lookPause is between two looks of the Connects here.
const lookPause = 5 * time.Second

var regularLooks = []proximl.WaitOption{proximl.PollBetween(lookPause, lookPause)}

// audited is a service from which what is removed disappears between two looks,
// and a client of it whose requests are counted.
func audited(t *testing.T) (*proximltest.Server, *proximl.ProxiML, *auditor) {
	t.Helper()
	srv := proximltest.New(t, proximltest.WithoutListener(), proximltest.WithDuration("removing", 100*time.Millisecond))
	requests := &auditor{RoundTripper: srv.Transport()}
	client, err := srv.Client(srv.Account("me@example.com"), proximl.WithHTTPClient(&http.Client{Transport: requests}))
	require.NoError(t, err)
	return srv, client, requests
}

// endsSoon sees that a Connect ends with a StatusError, at the look after a moment
// that is this far away at the latest, and that nothing goes on after it.
func (a *auditor) endsSoon(t *testing.T, moment time.Duration, connect func() error) *proximl.StatusError {
	t.Helper()
	start := time.Now()
	err := connect()
	took := time.Since(start)
	ended, ok := errors.AsType[*proximl.StatusError](err)
	require.True(t, ok, "%v", err)
	assert.Same(t, ended, err, "it is the whole error")
	assert.GreaterOrEqual(t, took, moment)
	assert.LessOrEqual(t, took, moment+lookPause)
	assert.Zero(t, a.open.Load(), "bodies that are not closed")
	sent := a.sent.Load()
	time.Sleep(3 * time.Hour)
	assert.Equal(t, sent, a.sent.Load(), "requests after the end")
	return ended
}

// connectable is something of which local files can be moved.
type connectable struct {
	id      string
	wanted  string // status that its Connect waits for while files are uploaded
	connect func(proximl.ConnectOptions) error
	remove  func() error
}

// storedThing is a dataset, model, checkpoint or volume that waits for its files.
func storedThing[T any](t *testing.T, api localStorage[T], idOf func(*T) string) connectable {
	t.Helper()
	entity, err := api.Create(t.Context(), &proximl.StorageSpec{Name: "files", SourceType: "local", SourceURI: "/files", Capacity: "10G"})
	require.NoError(t, err)
	id := idOf(entity)
	return connectable{
		id: id, wanted: "ready",
		connect: func(o proximl.ConnectOptions) error {
			seen, err := api.Connect(t.Context(), id, o)
			assert.Equal(t, id, idOf(seen))
			return err
		},
		remove: func() error { return api.Delete(t.Context(), id, proximl.WithForce()) },
	}
}

// connectables make one of each kind.
var connectables = map[string]func(*testing.T, *proximl.ProxiML) connectable{
	"job": func(t *testing.T, client *proximl.ProxiML) connectable {
		spec := smallSpec()
		spec.Model = &proximl.JobModel{SourceType: "local", SourceURI: "/model"}
		spec.Data = &proximl.JobData{InputType: "local", InputURI: "/input"}
		job, err := client.Jobs.Create(t.Context(), spec)
		require.NoError(t, err)
		return connectable{
			id: job.ID, wanted: "waiting for data/model download",
			connect: func(o proximl.ConnectOptions) error {
				o.Model = o.Input
				seen, err := client.Jobs.Connect(t.Context(), job.ID, o)
				assert.Equal(t, job.ID, seen.ID)
				return err
			},
			remove: func() error { return client.Jobs.Delete(t.Context(), job.ID, proximl.WithForce()) },
		}
	},
	"dataset": func(t *testing.T, client *proximl.ProxiML) connectable {
		return storedThing(t, client.Datasets, func(d *proximl.Dataset) string { return d.ID })
	},
	"model": func(t *testing.T, client *proximl.ProxiML) connectable {
		return storedThing(t, client.Models, func(m *proximl.Model) string { return m.ID })
	},
	"checkpoint": func(t *testing.T, client *proximl.ProxiML) connectable {
		return storedThing(t, client.Checkpoints, func(c *proximl.Checkpoint) string { return c.ID })
	},
	"volume": func(t *testing.T, client *proximl.ProxiML) connectable {
		return storedThing(t, client.Volumes, func(v *proximl.Volume) string { return v.ID })
	},
}

const notReady = "the service is not ready"

// stuckUploads are where an upload can be when that for which it is ends.
var stuckUploads = map[string]proximltest.Fault{
	notReady:                 {On: "GET /transfer/{id}/ping", Status: 404, Times: 1000},
	"a chunk is under way":   {On: "PUT /transfer/{id}/upload", Delay: time.Hour},
	"a chunk is refused":     {On: "PUT /transfer/{id}/upload", Delay: time.Second, Times: 1000},
	"the end is unconfirmed": {On: "POST /transfer/{id}/finalize", Kind: proximltest.ResetBeforeWork, Times: 1000},
}

// A Connect looks at its entity while files move, and ends when nothing can come
// of them any more.
func TestConnectOfWhatEndsMeanwhile(t *testing.T) {
	t.Parallel()
	for kind, create := range connectables {
		statuses, uploads := []string{"failed", "removed", "archived"}, stuckUploads
		switch kind {
		case "job":
			statuses = append(statuses, "canceled", "stopped", "stopping")
		case "model", "checkpoint", "volume": // which are served as a dataset is
			uploads = map[string]proximltest.Fault{notReady: stuckUploads[notReady]}
		}
		for _, status := range statuses {
			for where, fault := range uploads {
				t.Run(kind+" "+status+", "+where, func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						srv, client, requests := audited(t)
						entity := create(t, client)
						srv.Inject(fault)
						files := folder(t, map[string]string{"large": strings.Repeat("0", 100_000)})
						const moment = 62500 * time.Millisecond
						time.AfterFunc(moment, func() {
							if status == "archived" {
								assert.NoError(t, entity.remove())
							} else {
								assert.NoError(t, srv.SetStatus(entity.id, status))
							}
						})
						ended := requests.endsSoon(t, moment, func() error {
							return entity.connect(proximl.ConnectOptions{Input: files, ChunkSize: 1000, Wait: regularLooks})
						})
						assert.NotNil(t, ended.Entity)
						require.EqualError(t, ended, entity.id+` is "`+status+`" and cannot become "`+entity.wanted+`" any more`)
					})
				})
			}
		}
	}
}

// An export that comes to nothing ends its Connect, too.
func TestConnectOfAnExportThatEnds(t *testing.T) {
	t.Parallel()
	for where, fault := range map[string]proximltest.Fault{
		notReady:              stuckUploads[notReady],
		"bytes are under way": {On: download, Kind: proximltest.Stall, AfterBytes: 600, Delay: 100 * time.Second},
	} {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv, client, requests := audited(t)
				id := waitingDataset(t, client)
				_, err := client.Datasets.Connect(t.Context(), id, proximl.ConnectOptions{Input: folder(t, someFiles)})
				require.NoError(t, err)
				_, err = client.Datasets.Export(t.Context(), id, &proximl.ExportSpec{OutputType: "local", OutputURI: "/out"})
				require.NoError(t, err)
				srv.Inject(fault)
				const moment = 12 * time.Second
				time.AfterFunc(moment, func() { assert.NoError(t, srv.SetStatus(id, "failed")) })
				var told report
				ended := requests.endsSoon(t, moment, func() error {
					_, err := client.Datasets.Connect(t.Context(), id, told.of(proximl.ConnectOptions{Output: t.TempDir(), Wait: regularLooks}))
					return err
				})
				require.EqualError(t, ended, id+` is "failed" and cannot become "ready" any more`)
				assert.Empty(t, told)
			})
		})
	}
}

// What uploads goes on when it cannot be looked at meanwhile.
func TestConnectStorageOutlivesLooks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, client := connected(t)
		id := waitingDataset(t, client)
		srv.Inject(proximltest.Fault{On: "PUT /transfer/{id}/upload", Delay: 5 * time.Minute})
		time.AfterFunc(2*time.Minute, func() {
			srv.Inject(proximltest.Fault{On: "GET /dataset/{id}", Status: 403, Body: `{"message":"no"}`, Times: 20})
		})
		dataset, err := client.Datasets.Connect(t.Context(), id, proximl.ConnectOptions{Input: folder(t, someFiles), Wait: regularLooks})
		require.NoError(t, err)
		assert.Equal(t, proximl.StorageStatusReady, dataset.Status)
		assert.Equal(t, someFiles, uploaded(t, srv, id))
		assert.Zero(t, srv.ClearFaults(), "the looks met the faults")
	})
}

// A failure of a transfer is told, although its entity is looked at once more.
func TestConnectTellsWhatFailed(t *testing.T) {
	t.Parallel()
	for kind, create := range connectables {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv, client := connected(t)
				entity := create(t, client)
				srv.Inject(proximltest.Fault{On: "PUT /transfer/{id}/upload", Status: 403, Body: `{"message":"no"}`, Times: 2})
				err := entity.connect(proximl.ConnectOptions{Input: folder(t, someFiles), Wait: regularLooks})
				failed, ok := errors.AsType[*proximl.TransferError](err)
				require.True(t, ok, "%v", err)
				assert.Same(t, failed, err)
				assert.Equal(t, 403, failed.StatusCode)
			})
		})
	}
}

// What somebody exports was uploaded, by somebody else.
func TestConnectUploadOfWhatIsExported(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, client := connected(t)
		id := waitingDataset(t, client)
		time.AfterFunc(time.Second, func() { assert.NoError(t, srv.SetStatus(id, "exporting")) })
		start := time.Now()
		dataset, err := client.Datasets.Connect(t.Context(), id, proximl.ConnectOptions{Input: folder(t, someFiles), Wait: regularLooks})
		require.NoError(t, err)
		assert.Equal(t, proximl.StorageStatusExporting, dataset.Status)
		assert.Equal(t, lookPause, time.Since(start))
	})
}
