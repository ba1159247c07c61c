package proximltest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"
)

// LocalRunner is a Runner that really executes the workers' commands, with "sh -c" on this machine, with the rights of this process.
// Whoever can create a job in the service can so run anything here: use it for a service of your own that nobody else reaches,
// as WithRunner(proximltest.LocalRunner{}) says. A service does not do it by itself.
//
// Each worker has a scratch folder, which is removed when it ends, and gets ML_MODEL_PATH, ML_DATA_PATH, ML_OUTPUT_PATH and
// ML_CHECKPOINT_PATH, folders in there. The uploaded model is unpacked into the first, in which the command runs; the uploaded input
// or datasets into the second, each dataset in a folder of its name if there are several; uploaded checkpoints into the last. What
// the command leaves in the output folder is kept for the download. Of the caller's environment it sees PATH, and no more: HOME and
// TMPDIR are in the scratch folder, and the rest is the job's own. What it writes to stdout and stderr are log lines; lines of more
// than 1 MiB are cut. A status other than 0 makes the worker failed. When the job is stopped or removed or the service closed, the
// command is killed with all that it has started, except for what has left its process group.
type LocalRunner struct{}

const (
	maxOutputLine = 1 << 20
	// outputGrace is how long output is waited for after the end of the command, which something else may hold open.
	outputGrace = time.Second
)

// Run implements Runner.
func (LocalRunner) Run(ctx context.Context, w *Worker) error {
	scratch, err := os.MkdirTemp("", "proximltest-worker-")
	if err != nil {
		return err
	}
	defer removeAll(scratch)
	in := func(name string) string { return filepath.Join(scratch, name) }
	folders := Folders{Model: in("models"), Data: in("input"), Output: in("output"), Checkpoint: in("checkpoint")}
	if w.SavesModel() {
		folders.Output = folders.Model
	}
	home, temporary := in("home"), in("tmp")
	for _, folder := range []string{folders.Model, folders.Data, folders.Output, folders.Checkpoint, home, temporary} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return err
		}
	}
	if err := w.Unpack(folders); err != nil {
		return err
	}
	command := exec.CommandContext(ctx, "sh", "-c", w.Command)
	command.Dir = folders.Model
	command.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "TMPDIR=" + temporary}, w.Env...)
	command.Env = append(command.Env,
		"ML_MODEL_PATH="+folders.Model, "ML_DATA_PATH="+folders.Data,
		"ML_OUTPUT_PATH="+folders.Output, "ML_CHECKPOINT_PATH="+folders.Checkpoint,
	)
	if err := execute(command, w.Log); err != nil {
		return err
	}
	output, err := os.OpenRoot(folders.Output)
	if err != nil {
		return err
	}
	defer output.Close()
	if err := w.SetOutput(output.FS()); err != nil {
		return fmt.Errorf("keeping the output: %w", err)
	}
	return nil
}

// execute runs a command as a process group of its own, and passes on the lines that it writes.
func execute(command *exec.Cmd, line func(string)) error {
	out, in, err := os.Pipe()
	if err != nil {
		return err
	}
	defer out.Close()
	command.Stdout, command.Stderr = in, in // one pipe, so that the lines of both keep their order
	inOwnGroup(command)
	err = command.Start()
	in.Close()
	if err != nil {
		return err
	}
	var reading sync.WaitGroup
	reading.Go(func() { readLines(out, line) })
	err = command.Wait()
	killGroup(command)
	out.SetReadDeadline(time.Now().Add(outputGrace))
	reading.Wait()
	return err
}

// readLines passes on lines, and the rest without a line end, until nothing more comes.
func readLines(from io.Reader, line func(string)) {
	for in := bufio.NewReaderSize(from, maxOutputLine); ; {
		text, err := in.ReadSlice('\n')
		if len(text) > 0 {
			line(string(text))
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return
		}
	}
}

// removeAll removes a folder, and what its owner has made read-only in it.
func removeAll(folder string) {
	if os.RemoveAll(folder) == nil {
		return
	}
	filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if entry != nil && entry.IsDir() {
			os.Chmod(path, 0o700)
		}
		return nil
	})
	os.RemoveAll(folder)
}
