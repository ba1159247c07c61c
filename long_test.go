//go:build long

package proximl_test

import "testing"

func TestLongFaultSchedules(t *testing.T) {
	t.Parallel()
	playSchedules(t, 1000)
}
