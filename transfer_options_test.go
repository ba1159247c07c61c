package proximl_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

// Options that can never work are refused before anything is sent, all at once.
func TestConnectRefusesOptions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, client := connected(t)
		before := len(srv.Requests())
		wrong := proximl.ConnectOptions{Model: "m", UploadOnly: true, ChunkSize: -1, ServiceWait: -1, MaxEntries: -1, MaxBytes: -1}
		const values = "invalid connect: ConnectOptions.ChunkSize: -1 is not between 1 and 1073741824 bytes; ConnectOptions.ServiceWait: is below 0; " +
			"ConnectOptions.MaxEntries: is below 0; ConnectOptions.MaxBytes: is below 0"
		_, err := client.Jobs.Connect(t.Context(), "j", wrong)
		require.EqualError(t, err, values)
		require.ErrorIs(t, err, proximl.ErrInvalid)
		_, err = client.Volumes.Connect(t.Context(), "v", wrong)
		require.EqualError(t, err, values+"; ConnectOptions.Model: is for jobs: Input names what to upload as a volume; "+
			"ConnectOptions.UploadOnly: is for jobs: a volume has no output to wait for")
		_, err = client.Jobs.Connect(t.Context(), "j", proximl.ConnectOptions{ChunkSize: 1<<30 + 1})
		require.EqualError(t, err, "invalid connect: ConnectOptions.ChunkSize: 1073741825 is not between 1 and 1073741824 bytes")

		pauses := proximl.ConnectOptions{Wait: []proximl.WaitOption{proximl.PollBetween(time.Minute, time.Second)}}
		_, err = client.Jobs.Connect(t.Context(), "j", pauses)
		require.ErrorContains(t, err, "PollBetween")
		_, err = client.Models.Connect(t.Context(), "m", pauses)
		require.ErrorContains(t, err, "PollBetween")
		assert.Len(t, srv.Requests(), before, "nothing was sent")
	})
}
