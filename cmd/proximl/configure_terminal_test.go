//go:build unix

package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestConfigureByKeyboard(t *testing.T) {
	t.Parallel()
	_, me := service(t)
	other := me.project("My Other Project")
	s := me.open(80, "configure")
	s.expect("Current Active Project: UNSET\r\nSelect Active Project: (My Other Project, Personal) [Personal]: ").types("Mx\n")
	s.expect("no project is called \"Mx\"").expect("see \"proximl project list\"\r\nSelect Active Project: ").types("My Other Project\n")
	code, text := s.ends()
	assert.Zero(t, code)
	assert.Contains(t, text, "The active project is My Other Project ("+other.ID+")\n")
	assert.Equal(t, saying(other.ID), me.saved())
}

func TestConfigureByArrowKeys(t *testing.T) {
	t.Parallel()
	_, me := service(t)
	const up, down, left, right, del = "\x1b[A", "\x1bOB", "\x1b[1;2D", "\x1b[C", "\x7f"
	ids := map[string]string{"Personal": me.account.Project, "研究": me.project("研究").ID, "Other": me.project("Other").ID}
	for keys, want := range map[string]string{
		down:                          "Other",
		down + right:                  "Personal",
		up:                            "研究",
		left + left + left + left:     "研究",
		"Ot" + up + del + "\x15Per":   "Per",
		"Othex" + del + "r\x1b[5~":    "Other",
		"研x" + del + "究\x04":          "研究",
		"\nNowhere\nOther":            "Personal",
		"Nowhere\r" + down + down:     "Personal",
		"Nowhere\r\n" + up + "\x1b[Z": "Personal",
	} {
		s := me.open(60, "configure")
		s.expect("Select Active Project: (Other, Personal, 研究) [Personal]: ").types(keys + "\n")
		if want == "Per" {
			s.expect("no project is called \"Per\"").types("\x03")
			code, _ := s.ends()
			assert.Equal(t, exitInterrupted, code, "%q", keys)
			continue
		}
		code, text := s.ends()
		assert.Zero(t, code, "%q: %s", keys, text)
		assert.Contains(t, text, "The active project is "+want+" ("+ids[want]+")\n", "%q", keys)
		assert.Equal(t, saying(ids[want]), me.saved())
		me.run("configure", "--project", "Personal").ok()
	}
}

// What was chosen before is cleared where it is, on however many lines.
func TestConfigureShowsOneChoice(t *testing.T) {
	t.Parallel()
	_, me := service(t)
	me.project("研究プロジェクト")
	s := me.open(60, "configure")
	const question = "Select Active Project: (Personal, 研究プロジェクト) [Personal]: " // 64 columns
	s.expect(question).types("\x1b[B").expect("\x1b[5G\x1b[JPersonal").types("\x1b[B").expect("\x1b[5G\x1b[J研究プロジェクト").types("\x15")
	long := strings.Repeat("x", 56)
	s.types(long).expect("\x1b[5G\x1b[J" + long + " \r").types("y").expect("\x1b[1A\x1b[5G\x1b[J" + long + "y").types("\x03")
	code, _ := s.ends()
	assert.Equal(t, exitInterrupted, code)
}

func TestConfigureInterrupted(t *testing.T) {
	t.Parallel()
	_, me := service(t)
	for keys, want := range map[string]struct {
		code int
		line string
	}{
		"\x03": {exitInterrupted, "proximl: interrupted\n"}, // Ctrl-C
		"\x04": {exitUsage, "proximl: nothing was changed: the input ended without an answer; --project answers the question\n"},
	} {
		s := me.open(80, "configure")
		s.expect("[Personal]: ").types(keys)
		code, text := s.ends()
		assert.Equal(t, want.code, code)
		assert.Contains(t, text, want.line)
		assert.Empty(t, me.saved())
	}
}
