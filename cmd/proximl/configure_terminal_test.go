//go:build unix

package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestConfigureByKeyboard(t *testing.T) {
	t.Parallel()
	_, me := service(t)
	other := me.project("My Other Project")
	s := me.open(80, "configure")
	s.expect("Current Active Project: UNSET\r\nSelect Active Project: (My Other Project, Personal) [Personal]: ").types("Mx\n")
	s.expect("no project is \"Mx\"").expect("list\" shows what there is\r\nSelect Active Project: ").types("My Other Project\n")
	code, text := s.ends()
	assert.Zero(t, code)
	assert.Contains(t, text, "The active project is My Other Project ("+other.ID+")\n")
	assert.Equal(t, saying(other.ID), me.saved())
}

func TestConfigureInterrupted(t *testing.T) {
	t.Parallel()
	_, me := service(t)
	for keys, want := range map[string]struct {
		code int
		line string
	}{
		"\x03": {exitInterrupted, "proximl: interrupted\n"}, // Ctrl-C
		"\x04": {exitError, "proximl: nothing was changed: the input ended without an answer; --project answers the question\n"},
	} {
		s := me.open(80, "configure")
		s.expect("[Personal]: ").types(keys)
		code, text := s.ends()
		assert.Equal(t, want.code, code)
		assert.Contains(t, text, want.line)
		assert.Empty(t, me.saved())
	}
}
