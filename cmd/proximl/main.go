// Proximl is the command of proxiML, a GPU cloud for training and serving
// models: for a person in a terminal and for shell scripts.
//
//	proximl configure
//	proximl project list
//
// "proximl --help" says what else there is.
package main

//go:generate go test . -run TestDocs -update

import (
	"bufio"
	"cmp"
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C does not wait
	a := &app{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv}
	os.Exit(a.run(ctx, os.Args[1:]))
}

// app is one run of the command.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
	flags          globalFlags
	progress       *progress
	lines          *bufio.Reader // of stdin, from the first answer on
}

// run returns the exit code.
func (a *app) run(ctx context.Context, args []string) int {
	root := newRoot(a)
	root.SetArgs(spelled(root, args))
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	a.progress = &progress{stderr: a.stderr}
	err := root.ExecuteContext(ctx)
	if file, ok := a.stdout.(*outputFile); ok {
		err = cmp.Or(err, file.Close())
	}
	a.progress.end()
	code := exitCode(ctx, err)
	if err != nil {
		a.report(code, err)
	}
	return code
}
