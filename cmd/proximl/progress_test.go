//go:build unix

package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

// A long name leaves room for the status and the time.
func TestProgressOnANarrowTerminal(t *testing.T) {
	t.Parallel()
	_, me := service(t, proximltest.WithManualClock())
	job := me.create(strings.Repeat("n", 100), proximl.JobTypeTraining, "true")
	code, shown := me.open(60, "job", "wait", job.ID).expect("job nnn").expect("nnn is new 0s").types("\x03").ends()
	assert.Equal(t, exitInterrupted, code, shown)
}
