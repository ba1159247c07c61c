//go:build !unix

package proximltest

import "os/exec"

// inOwnGroup does nothing where there are no process groups: the command alone is killed.
func inOwnGroup(*exec.Cmd) {}

func killGroup(*exec.Cmd) error { return nil }
