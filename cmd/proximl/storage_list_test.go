//go:build unix

package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

// Every list of what is stored, and one of each: some of it is ready, some is not yet there.
func TestStorageLists(t *testing.T) {
	t.Parallel()
	srv, me := service(t, proximltest.WithManualClock())
	me = me.with("NO_COLOR=1")
	create := func(name string) {
		ctx, spec := t.Context(), &proximl.StorageSpec{Name: name, SourceType: "aws", SourceURI: "s3://proximl-examples/data"}
		_, err := me.client.Datasets.Create(ctx, spec)
		require.NoError(t, err)
		_, err = me.client.Models.Create(ctx, spec)
		require.NoError(t, err)
		_, err = me.client.Checkpoints.Create(ctx, spec)
		require.NoError(t, err)
		spec.Capacity = "10G"
		_, err = me.client.Volumes.Create(ctx, spec)
		require.NoError(t, err)
	}
	create("ready to be used, with a name that is longer than its column")
	srv.Clock().Advance(time.Hour)
	create("模型")
	for _, noun := range []string{"dataset", "model", "checkpoint", "volume"} {
		golden(t, noun+"_show", steady(me.forms(noun, "show", "模型")))
	}
	me.lists("dataset list", "dataset list-public", "model list", "checkpoint list", "checkpoint list-public", "volume list")
}
