package proximl_test

import (
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

// volume is what the fixture of that name says.
func volume() *proximl.Volume {
	return &proximl.Volume{ID: "volume-id-1", Capacity: "10G", Storage: proximl.Storage{
		Name: "new volume", Status: proximl.StorageStatusReady, ProjectID: "proj-id-1", Type: "evefs",
		SourceType: "aws", SourceURI: "s3://proximl-examples/volumes/resnet50",
		UsedSize: 100000000, BilledSize: 100000000, CreatedAt: at("2020-12-20T16:46:23.909Z"),
	}}
}

func TestVolumes(t *testing.T) {
	t.Parallel()
	storage[proximl.Volume]{
		kind: "volume", title: "Volume", idKey: "id", capacity: "10G", entity: fixture(t, "volume"), want: volume(),
		api: func(c *proximl.ProxiML) storageAPI[proximl.Volume] { return c.Volumes },
		id:  func(v *proximl.Volume) string { return v.ID },
	}.test(t)
}

// However the service writes a capacity, the volume can be read.
func TestVolumeCapacity(t *testing.T) {
	t.Parallel()
	for reply, want := range map[string]string{`"10G"`: "10G", `10`: "10", `1.5`: "1.5", `null`: "", `""`: ""} {
		var volume proximl.Volume
		require.NoError(t, json.Unmarshal([]byte(`{"id":"v","capacity":`+reply+`,"name":"n","new":1}`), &volume), reply)
		assert.Equal(t, proximl.Volume{ID: "v", Capacity: want, Storage: proximl.Storage{Name: "n", Extra: jsontext.Value(`{"new":1}`)}}, volume)
	}
	require.ErrorContains(t, json.Unmarshal([]byte(`{"id":"v","capacity":[]}`), new(proximl.Volume)), "/capacity")
}

// The mock fails the test when anything is sent.
func TestVolumesWithoutCapacity(t *testing.T) {
	t.Parallel()
	client, _ := newMock(t)
	volume, err := client.Volumes.Create(t.Context(), &proximl.VolumeSpec{Name: "n", SourceType: "aws", SourceURI: "s3://b/k"})
	require.EqualError(t, err, "invalid volume: capacity: is missing; it is a size such as 10G")
	require.ErrorIs(t, err, proximl.ErrInvalid)
	assert.Nil(t, volume)
}
