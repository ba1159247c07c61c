package proximl_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

// report collects what a Connect tells of itself.
type report struct {
	skipped  []proximl.TransferSkip
	received []proximl.TransferReceipt
}

func (r *report) of(o proximl.ConnectOptions) proximl.ConnectOptions {
	o.Skipped = func(s proximl.TransferSkip) { r.skipped = append(r.skipped, s) }
	o.Received = func(receipt proximl.TransferReceipt) { r.received = append(r.received, receipt) }
	return o
}

// waitingDataset is one that waits for its files.
func waitingDataset(t *testing.T, client *proximl.ProxiML) string {
	t.Helper()
	dataset, err := client.Datasets.Create(t.Context(), &proximl.DatasetSpec{Name: "points", SourceType: "local", SourceURI: "/data"})
	require.NoError(t, err)
	return dataset.ID
}

func TestConnectTellsWhatItLeftOutAndBrought(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, client := connected(t)
		id := waitingDataset(t, client)
		var up, down, zip report
		_, err := client.Datasets.Connect(t.Context(), id, up.of(proximl.ConnectOptions{Input: folder(t, someFiles)}))
		require.NoError(t, err)
		assert.Equal(t, report{}, up)

		var archive bytes.Buffer
		w := tar.NewWriter(&archive)
		require.NoError(t, w.WriteHeader(&tar.Header{Name: "out", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}))
		require.NoError(t, w.WriteHeader(&tar.Header{Name: "a", Typeflag: tar.TypeReg, Mode: 0o600}))
		require.NoError(t, w.Close())
		require.NoError(t, srv.SetDownload(id, &archive))
		_, err = client.Datasets.Export(t.Context(), id, &proximl.ExportSpec{OutputType: "local", OutputURI: "/out"})
		require.NoError(t, err)
		output := t.TempDir()
		_, err = client.Datasets.Connect(t.Context(), id, down.of(proximl.ConnectOptions{Output: output}))
		require.NoError(t, err)
		assert.Equal(t, report{
			[]proximl.TransferSkip{{What: "dataset", Name: "out", Reason: `it is a link that leads out of the folder, to "/etc/passwd"`}},
			[]proximl.TransferReceipt{{What: "dataset", Folder: output, Entries: 1}},
		}, down)

		_, err = client.Datasets.Export(t.Context(), id, &proximl.ExportSpec{OutputType: "local", OutputURI: "/out", OutputOptions: proximl.LocationOptions{Archive: new(true)}})
		require.NoError(t, err)
		srv.Inject(proximltest.Fault{On: "GET /transfer/{id}/download", Status: 404})
		_, err = client.Datasets.Connect(t.Context(), id, zip.of(proximl.ConnectOptions{Output: output}))
		require.Error(t, err)
		assert.Empty(t, zip.received, "nothing is told of a download that failed")
		_, err = client.Datasets.Connect(t.Context(), id, zip.of(proximl.ConnectOptions{Output: output}))
		require.NoError(t, err)
		info, err := os.Stat(filepath.Join(output, "points.zip"))
		require.NoError(t, err)
		assert.Equal(t, report{nil, []proximl.TransferReceipt{{What: "dataset", Folder: output, Zip: "points.zip", Bytes: info.Size()}}}, zip)
	})
}

// A download whose end was not confirmed at first is told of, too, once.
func TestConnectTellsOfAnUnconfirmedDownload(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, client := connected(t)
		id := waitingDataset(t, client)
		_, err := client.Datasets.Connect(t.Context(), id, proximl.ConnectOptions{Input: folder(t, map[string]string{"a": "1"})})
		require.NoError(t, err)
		_, err = client.Datasets.Export(t.Context(), id, &proximl.ExportSpec{OutputType: "local", OutputURI: "/out"})
		require.NoError(t, err)
		for _, carriedOut := range []bool{false, true} {
			srv.Inject(lostFinalize(carriedOut))
			var down report
			output := t.TempDir()
			_, err = client.Datasets.Connect(t.Context(), id, down.of(proximl.ConnectOptions{Output: output}))
			if carriedOut {
				require.NoError(t, err)
				assert.Equal(t, []proximl.TransferReceipt{{What: "dataset", Folder: output, Entries: 1, Bytes: 1}}, down.received)
			} else {
				require.ErrorIs(t, err, proximl.ErrOutcomeUnknown)
				assert.Empty(t, down.received)
			}
		}
	})
}

// A transfer that is refused answers errors.Is with the status of the refusal.
func TestTransferRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault    proximltest.Fault
		status   int
		sentinel error
	}{
		"forbidden":        {proximltest.Fault{On: "PUT /transfer/{rest...}", Status: 403}, 403, proximl.ErrForbidden},
		"gone":             {proximltest.Fault{On: "PUT /transfer/{rest...}", Status: 404}, 404, proximl.ErrNotFound},
		"full":             {proximltest.Fault{On: "PUT /transfer/{rest...}", Status: 507}, 507, nil},
		"wrong hash":       {proximltest.Fault{On: "POST /transfer/{rest...}", Status: 400}, 400, proximl.ErrInvalid},
		"never ready":      {proximltest.Fault{On: "GET /transfer/{id}/ping", Status: 404, Times: 1000}, 0, nil},
		"cut for ever":     {proximltest.Fault{On: "PUT /transfer/{rest...}", Kind: proximltest.ResetBeforeWork, Times: 100}, 0, nil},
		"end, unconfirmed": {lostFinalize(false), 0, proximl.ErrOutcomeUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv, client := connected(t)
				id := waitingDataset(t, client)
				srv.Inject(test.fault)
				_, err := client.Datasets.Connect(t.Context(), id, proximl.ConnectOptions{Input: folder(t, map[string]string{"a": "1"})})
				failed, ok := errors.AsType[*proximl.TransferError](err)
				require.True(t, ok, "%v", err)
				assert.Equal(t, test.status, failed.StatusCode)
				for _, sentinel := range []error{proximl.ErrForbidden, proximl.ErrNotFound, proximl.ErrInvalid, proximl.ErrConflict, proximl.ErrOutcomeUnknown} {
					assert.Equal(t, sentinel == test.sentinel, errors.Is(err, sentinel), "%v: %v", sentinel, err)
				}
			})
		})
	}
}
