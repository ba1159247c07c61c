//go:build unix

package proximltest

import (
	"os/exec"
	"syscall"
)

// inOwnGroup makes a command the first of a process group, which is killed as a whole.
func inOwnGroup(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return killGroup(command) }
}

// killGroup kills what is left of a command's process group.
func killGroup(command *exec.Cmd) error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
