package proximltest

import (
	"crypto/rand"
	"fmt"
	"slices"
)

// table keeps entities by id, and in the order in which they were made, which is the order of every list.
type table[T interface{ key() string }] struct {
	rows  []T
	byKey map[string]T
}

func (t *table[T]) add(row T) {
	if t.byKey == nil {
		t.byKey = make(map[string]T)
	}
	t.byKey[row.key()] = row
	t.rows = append(t.rows, row)
}

func (t *table[T]) get(key string) (T, bool) {
	row, found := t.byKey[key]
	return row, found
}

func (t *table[T]) remove(key string) {
	delete(t.byKey, key)
	if i := slices.IndexFunc(t.rows, func(row T) bool { return row.key() == key }); i >= 0 {
		t.rows = slices.Delete(t.rows, i, i+1)
	}
}

// newID returns a random UUID, the form of the service's ids.
func newID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
