package proximl_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

// An export is fetched by its status alone: the service may not tell its type.
func TestConnectExportOfUnknownType(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := proximltest.New(t, proximltest.WithoutListener(), proximltest.WithoutOutputType())
		client, err := srv.Client(srv.Account("me@example.com"))
		require.NoError(t, err)
		dataset, err := client.Datasets.Create(t.Context(), &proximl.DatasetSpec{Name: "points", SourceType: "aws", SourceURI: "s3://bucket"})
		require.NoError(t, err)
		_, err = client.Datasets.WaitFor(t.Context(), dataset.ID, proximl.StorageStatusReady)
		require.NoError(t, err)
		_, err = client.Datasets.Export(t.Context(), dataset.ID, &proximl.ExportSpec{OutputType: "local", OutputURI: "/out"})
		require.NoError(t, err)
		_, err = client.Datasets.Connect(t.Context(), dataset.ID, proximl.ConnectOptions{})
		require.ErrorContains(t, err, `ConnectOptions.Output: is missing: it names the folder of this machine for the dataset; whoever made the entity suggests "/out"`)
		output := t.TempDir()
		dataset, err = client.Datasets.Connect(t.Context(), dataset.ID, proximl.ConnectOptions{Output: output})
		require.NoError(t, err)
		assert.Equal(t, proximl.StorageStatusReady, dataset.Status)
		assert.NotEmpty(t, contents(t, output))

		// One to another place is waited for.
		_, err = client.Datasets.Export(t.Context(), dataset.ID, &proximl.ExportSpec{OutputType: "aws", OutputURI: "s3://bucket"})
		require.NoError(t, err)
		var told report
		dataset, err = client.Datasets.Connect(t.Context(), dataset.ID, told.of(proximl.ConnectOptions{Output: t.TempDir()}))
		require.NoError(t, err)
		assert.Equal(t, proximl.StorageStatusReady, dataset.Status)
		assert.Empty(t, told)
	})
}

// An export that goes elsewhere brings nothing to this machine.
func TestConnectExportToElsewhere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, client := connected(t)
		id := waitingDataset(t, client)
		_, err := client.Datasets.Connect(t.Context(), id, proximl.ConnectOptions{Input: folder(t, someFiles)})
		require.NoError(t, err)
		_, err = client.Datasets.Export(t.Context(), id, &proximl.ExportSpec{OutputType: "aws", OutputURI: "s3://bucket"})
		require.NoError(t, err)
		_, err = client.Datasets.Connect(t.Context(), id, proximl.ConnectOptions{Output: t.TempDir()})
		require.EqualError(t, err, "invalid connect: dataset: is exporting and exports nothing to this machine: call Export with the output type local first")
		dataset, err := client.Datasets.Connect(t.Context(), id, proximl.ConnectOptions{Input: folder(t, someFiles)})
		require.NoError(t, err)
		assert.Equal(t, proximl.StorageStatusExporting, dataset.Status)
	})
}
