//go:build unix

package transfer_test

import (
	"syscall"
	"testing"

	"go.uber.org/goleak"
)

// TestMain sets the umask that the expected modes are less.
func TestMain(m *testing.M) {
	syscall.Umask(0o022)
	goleak.VerifyTestMain(m)
}
