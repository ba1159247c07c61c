package main

import (
	"archive/tar"
	"bytes"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// What a transfer leaves out is told, and under which name a zip arrived.
func TestTransferNotes(t *testing.T) {
	t.Parallel()
	srv, me := fast(t)
	dataset := me.ready("example")
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	require.NoError(t, w.WriteHeader(&tar.Header{Name: "out\x1b[2J", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}))
	require.NoError(t, w.Close())
	require.NoError(t, srv.SetDownload(dataset.ID, &archive))
	out := t.TempDir()
	me.run("dataset", "export", "example", "--output-dir", out, "-o", "id").prints(dataset.ID + "\n").notes(
		`level=WARN msg="left out of the transfer" what=dataset name="out\x1b[2J" reason="it is a link that leads out of the folder, to \"/etc/passwd\""` + "\n" +
			"Downloaded the dataset to " + out + ": 0 B\n")
	r := me.run("dataset", "export", "example", "--output-dir", out, "--archive", "-o", "id").ok()
	require.Regexp(t, "^Downloaded the dataset to "+filepath.Join(out, "example.zip")+`: \d+ B\n$`, r.stderr)
}
