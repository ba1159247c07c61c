//go:build long

package srp_test

import "testing"

func TestLongLogins(t *testing.T) {
	t.Parallel()
	random := newRandom(2)
	for range 2000 {
		random.login(t)
	}
}
