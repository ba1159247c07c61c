package srp_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The checks of this package are worth something only if the verifier refuses clients that pad wrongly. Each of these goes
// wrong in one place, and so would pass a handful of logins by luck.
func TestVerifierCatchesWrongPaddings(t *testing.T) {
	t.Parallel()
	const groupBytes = 384
	wrong := []struct {
		name   string
		change func(*encoding)
	}{
		{"N without its sign", func(e *encoding) { e.n = unsigned }},
		{"g padded to the group", func(e *encoding) { e.g = fixed(groupBytes) }},
		{"A without its sign", func(e *encoding) { e.a = unsigned }},
		{"A padded to the group", func(e *encoding) { e.a = fixed(groupBytes) }},
		{"B without its sign", func(e *encoding) { e.b = unsigned }},
		{"B padded to the group", func(e *encoding) { e.b = fixed(groupBytes) }},
		{"S without its sign", func(e *encoding) { e.s = unsigned }},
		{"S padded to the group", func(e *encoding) { e.s = fixed(groupBytes) }},
		{"u without its sign", func(e *encoding) { e.u = unsigned }},
		{"u as its 32 bytes", func(e *encoding) { e.u = fixed(32) }},
		{"salt as its 16 bytes", func(e *encoding) { e.salt = fixed(16) }},
	}
	require.Len(t, wrong, 11)
	for i, tt := range wrong {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			const logins = 10
			random, refused := newRandom(byte(100+i)), 0
			for range logins {
				e, a, timestamp := random.exchange(t), number(random.bytes(128)), "Sat Jul 4 09:08:07 UTC 2026"
				public := e.public()
				want := e.signature(power(number([]byte{2}), a, e.n), timestamp)
				require.Equal(t, want, e.clientSignature(a, public, timestamp), "the right padding")
				tt.change(&e.enc)
				if e.clientSignature(a, public, timestamp) != want {
					refused++
				}
			}
			assert.Positive(t, refused, "of %d logins", logins)
		})
	}
}
