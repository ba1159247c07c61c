//go:build unix

package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go/proximltest"
)

func TestStorageRemoveByKeyboard(t *testing.T) {
	t.Parallel()
	_, me := fast(t)
	dataset := me.ready("example")
	question := "Remove dataset example (" + dataset.ID + ")? [y/N] "
	code, shown := me.open(80, "dataset", "remove", "example").expect(question).types("n\r").ends()
	assert.Equal(t, exitError, code)
	assert.Contains(t, shown, "proximl: nothing was changed: you did not say yes\n")
	_, err := me.client.Datasets.Get(t.Context(), dataset.ID)
	require.NoError(t, err)

	code, shown = me.open(80, "dataset", "remove", "example").expect(question).types("y\r").ends()
	assert.Zero(t, code)
	assert.Contains(t, shown, "Removed dataset example ("+dataset.ID+")\n")
}

// A terminal shows the transfer, and asks for consent to a suggested path.
func TestStorageConnectByKeyboard(t *testing.T) {
	t.Parallel()
	_, me := fast(t)
	source := folder(t)
	id := me.run("dataset", "create", "example", source, "--no-connect", "-o", "id").id()
	code, shown := me.open(200, "dataset", "connect", "example", "--no-attach").
		expect("Upload to dataset example (" + id + ") what is at " + source + "? [y/N] ").types("y\r").ends()
	assert.Zero(t, code, shown)
	assert.Contains(t, shown, "dataset example ("+id+") is ")
	assert.Regexp(t, `KiB / [\d.]+ KiB`, shown)
	assert.Regexp(t, `\nstatus: +ready\n`, shown)

	out := filepath.Join(t.TempDir(), "out")
	code, shown = me.open(200, "dataset", "export", "example", "--output-dir", out).ends()
	assert.Zero(t, code, shown)
	isFolder(t, out)
}

// Ctrl-C ends an upload that waits to begin, and says how to go on.
func TestStorageInterruptedByKeyboard(t *testing.T) {
	t.Parallel()
	_, me := service(t, proximltest.WithManualClock())
	source := folder(t)
	screen := me.open(200, "dataset", "create", "example", source).expect(") is new")
	code, shown := screen.types("\x03").ends()
	assert.Equal(t, exitInterrupted, code, shown)
	list, err := me.client.Datasets.List(t.Context())
	require.NoError(t, err)
	require.Len(t, list, 1)
	assert.Contains(t, shown, `"proximl dataset connect `+list[0].ID+" --path "+source+"\" uploads its files\n")
	assert.Contains(t, shown, "proximl: interrupted\n")

	code, _ = me.open(80, "dataset", "wait", list[0].ID).expect("is new").types("\x03").ends()
	assert.Equal(t, exitInterrupted, code)
}
