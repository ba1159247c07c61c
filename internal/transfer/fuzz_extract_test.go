package transfer_test

import (
	"archive/tar"
	"bytes"
	"slices"
	"testing"

	"github.com/proximl/proximl-go/internal/transfer"
)

// FuzzExtract unpacks anything. What extract checks must hold: the canary is as
// it was, no link leads out, nothing unfinished is left.
func FuzzExtract(f *testing.F) {
	for _, test := range hostiles {
		f.Add(archiveOf(f, test.items...))
	}
	f.Add(archiveOf(f, folder("d"), file("d/x", "x"), link("l", "d/x"), hard("h", "d/x"), special(tar.TypeFifo, "p", "")))
	f.Fuzz(func(t *testing.T, stream []byte) {
		stream = bytes.Clone(stream)
		for block := range slices.Chunk(stream, 512) {
			if len(block) == 512 && string(block[257:262]) == "ustar" {
				repair(block) // or hardly a changed header gets past its checksum
			}
		}
		extract(t, bytes.NewReader(stream), transfer.Limits{Entries: 100, Bytes: 1 << 20}, nil)
	})
}
