package main

import (
	"fmt"
	"path/filepath"

	"github.com/proximl/proximl-go"
)

// telling adds to the options of a Connect that it shows how far it is, and
// notes what has arrived. What is left out is among the warnings of the log.
func (a *app) telling(options proximl.ConnectOptions) proximl.ConnectOptions {
	options.Progress = a.progress.transfers()
	options.Received = func(r proximl.TransferReceipt) {
		name := r.What
		if r.Worker > 0 {
			name = fmt.Sprintf("%s of worker %d", r.What, r.Worker)
		}
		a.note("Downloaded the %s to %s: %s", name, filepath.Join(r.Folder, r.Zip), byteCount(r.Bytes))
	}
	return options
}

// byteCount is byteSize of a size that is known, and may be 0.
func byteCount(bytes int64) string {
	if bytes == 0 {
		return "0 B"
	}
	return byteSize(bytes)
}
