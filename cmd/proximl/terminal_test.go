//go:build unix

package main

import (
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"
)

// screen is a run of the command in a pseudo-terminal.
type screen struct {
	t    *testing.T
	cmd  *exec.Cmd
	pty  *os.File
	done chan struct{} // when all output was read

	mu   sync.Mutex
	text strings.Builder
	over bool // nothing more comes
	code int  // the exit code
	more *sync.Cond
}

// open runs the command in a pseudo-terminal of that many columns.
func (p *person) open(columns uint16, args ...string) *screen {
	p.t.Helper()
	return p.start(columns, p.command(args...))
}

// shell runs a script in a pseudo-terminal. In it, "$proximl" is the command.
func (p *person) shell(script string) *screen {
	p.t.Helper()
	cmd := p.command()
	cmd.Path, cmd.Args = "/bin/sh", []string{"sh", "-c", script}
	cmd.Env = append(cmd.Env, "proximl="+binary)
	return p.start(80, cmd)
}

// leader runs a command and tells its exit code. It is there until all was read:
// when the leader of a terminal's session ends, the kernel drops what is still
// on its way to the screen.
const leader = `trap : INT; "$@"; printf '\000%d\000' $?; read -r end`

var ending = regexp.MustCompile("\x00([0-9]+)\x00$")

func (p *person) start(columns uint16, cmd *exec.Cmd) *screen {
	p.t.Helper()
	cmd.Path, cmd.Args = "/bin/sh", append([]string{"sh", "-c", leader, "sh", cmd.Path}, cmd.Args[1:]...)
	s := &screen{t: p.t, cmd: cmd, done: make(chan struct{}), code: -1}
	s.more = sync.NewCond(&s.mu)
	var err error
	s.pty, err = pty.StartWithSize(s.cmd, &pty.Winsize{Rows: 24, Cols: columns})
	require.NoError(p.t, err)
	go s.read()
	p.t.Cleanup(func() { _ = s.pty.Close() })
	return s
}

func (s *screen) read() {
	defer close(s.done)
	chunk := make([]byte, 4096)
	for {
		n, err := s.pty.Read(chunk)
		s.mu.Lock()
		s.text.Write(chunk[:n])
		ended := ending.FindStringSubmatch(s.text.String())
		s.over = err != nil || ended != nil
		if ended != nil {
			s.code, _ = strconv.Atoi(ended[1])
		}
		s.more.Broadcast()
		s.mu.Unlock()
		if s.over {
			return
		}
	}
}

// expect waits until the screen shows something.
func (s *screen) expect(text string) *screen {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for !strings.Contains(s.text.String(), text) {
		if s.over {
			require.FailNow(s.t, "the command ended", "without %q: %s", text, s.text.String())
		}
		s.more.Wait()
	}
	return s
}

// shown is all that the screen has shown so far.
func (s *screen) shown() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// types sends keys.
func (s *screen) types(keys string) *screen {
	s.t.Helper()
	_, err := io.WriteString(s.pty, keys)
	require.NoError(s.t, err)
	return s
}

// ends waits for the end and returns the exit code and all that was shown.
func (s *screen) ends() (code int, text string) {
	s.t.Helper()
	<-s.done
	_ = s.pty.Close()
	_ = s.cmd.Wait()
	return s.code, strings.ReplaceAll(ending.ReplaceAllString(s.shown(), ""), "\r\n", "\n")
}
