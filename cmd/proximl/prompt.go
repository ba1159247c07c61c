package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/cmd/proximl/internal/output"
)

const maxLine = 64 << 10 // bytes of an answer

// asks gives a command the flag that answers its question.
func (a *app) asks(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().BoolVarP(&a.flags.yes, "yes", "y", false, "do it without asking")
	return cmd
}

// confirm asks before something that cannot be undone, such as "remove job x
// (ID)".
func (a *app) confirm(ctx context.Context, what string) error {
	what = output.Clean(what)
	switch {
	case a.flags.yes:
		return nil
	case !isTerminal(a.stdin):
		return usage("cannot ask whether to %s, since stdin is no terminal; add --yes", what)
	}
	answer, err := a.ask(ctx, a.stderr, strings.ToUpper(what[:1])+what[1:]+"? [y/N] ")
	if err != nil && err != io.EOF {
		return err
	}
	switch strings.ToLower(answer) {
	case "y", "yes":
		return nil
	}
	return errors.New("nothing was changed: you did not say yes")
}

// ask prints a question and reads one line. At the end of input it returns
// [io.EOF].
func (a *app) ask(ctx context.Context, to io.Writer, question string) (string, error) {
	fmt.Fprint(to, question)
	line, err := await(ctx, a.nextLine)
	if err != nil || !isTerminal(a.stdin) {
		fmt.Fprintln(to) // where no key did it
	}
	return strings.TrimSpace(line), err
}

// answer asks for what has to be there. A file or pipe needs no question.
func (a *app) answer(ctx context.Context, what string) (string, error) {
	to := a.stderr
	if !isTerminal(a.stdin) {
		to = io.Discard
	}
	text, err := a.ask(ctx, to, what+": ")
	return text, answered(err, what)
}

// askSecret is answer without an echo on a terminal.
func (a *app) askSecret(ctx context.Context, what string) (proximl.Secret, error) {
	if !isTerminal(a.stdin) {
		text, err := a.answer(ctx, what)
		return proximl.Secret(text), err
	}
	text, err := a.hiddenLine(ctx, what+": ")
	return proximl.Secret(text), answered(err, what)
}

// hiddenLine reads a line of a terminal that does not show it, from before the
// question is printed on: what is typed or pasted at once is not shown either.
func (a *app) hiddenLine(ctx context.Context, question string) (string, error) {
	return a.keyed(ctx, func(keys io.Reader) (string, error) {
		terminal := term.NewTerminal(struct {
			io.Reader
			io.Writer
		}{keys, a.stderr}, "")
		return terminal.ReadPassword(question)
	})
}

// keyed reads a line of a terminal that passes on each key. The terminal is as it
// was before when it returns.
func (a *app) keyed(ctx context.Context, read func(keys io.Reader) (string, error)) (string, error) {
	fd := int(a.stdin.(*os.File).Fd())
	before, err := term.MakeRaw(fd)
	if err != nil {
		return "", err
	}
	defer func() { _ = term.Restore(fd, before) }()
	keys := &keyboard{Reader: a.stdin}
	line, err := await(ctx, func() (string, error) { return read(keys) })
	if err != nil {
		fmt.Fprint(a.stderr, "\r\n") // after the question
	}
	if err == io.EOF && keys.interrupted {
		err = errInterrupted
	}
	return line, err
}

// keyboard notices Ctrl-C in a terminal that makes no signal of it. It reads one
// byte at a time: what was typed ahead stays there for the next question.
type keyboard struct {
	io.Reader
	interrupted bool
}

func (k *keyboard) Read(p []byte) (int, error) {
	n, err := k.Reader.Read(p[:min(1, len(p))])
	k.interrupted = k.interrupted || n == 1 && p[0] == ctrlC
	return n, err
}

// answered says what is missing at the end of input.
func answered(err error, what string) error {
	if err == io.EOF {
		return usage("the input ended before the answer to %q", what)
	}
	return err
}

// await runs a read of stdin, which nothing can interrupt, until ctx ends. The
// read then goes on until the process ends, which is at once.
func await[T any](ctx context.Context, read func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := read()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// nextLine reads a line of stdin. All of them go through one reader, so that
// nothing that it has read ahead is lost.
func (a *app) nextLine() (string, error) {
	if a.lines == nil {
		a.lines = bufio.NewReaderSize(a.stdin, maxLine)
	}
	line, err := a.lines.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		return "", fmt.Errorf("the answer has more than %d bytes", maxLine)
	}
	if err == io.EOF && len(line) > 0 {
		err = nil // a last line without its end
	}
	return string(line), err
}
