package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/proximl/proximl-go/cmd/proximl/internal/output"
)

// The keys that are no text.
const (
	ctrlC     = 3
	ctrlD     = 4
	ctrlU     = 21
	backspace = 8
	del       = 127
	escape    = 27
)

// choice is an answer on a terminal that is typed, or chosen by the arrow keys.
type choice struct {
	question string
	answers  []string
	screen   io.Writer
	columns  int
	text     string // so far
	at       int    // the answer that was chosen last
}

// choose asks for one of some answers, and for a line where there are no arrow
// keys. At the end of input it returns [io.EOF].
func (a *app) choose(ctx context.Context, question string, answers []string) (string, error) {
	columns, _ := terminalWidth(a.stderr)
	if columns == 0 || !isTerminal(a.stdin) || a.getenv("TERM") == "dumb" {
		return a.ask(ctx, a.stderr, question)
	}
	return a.keyed(ctx, (&choice{question: question, answers: answers, screen: a.stderr, columns: columns, at: -1}).read)
}

func (c *choice) read(keys io.Reader) (string, error) {
	c.print(c.question, c.question)
	from := bufio.NewReaderSize(keys, 1)
	for {
		key, size, err := from.ReadRune()
		switch {
		case err != nil:
			return "", err
		case key == utf8.RuneError && size == 1: // is not UTF-8
		case key == '\r' || key == '\n':
			fmt.Fprint(c.screen, "\r\n")
			return strings.TrimSpace(c.text), nil
		case key == ctrlC, key == ctrlD && c.text == "":
			return "", io.EOF
		case key == escape:
			c.follow(arrow(from))
		case key == backspace, key == del:
			_, last := utf8.DecodeLastRuneInString(c.text)
			c.show(c.text[:len(c.text)-last])
		case key == ctrlU:
			c.show("")
		case unicode.IsPrint(key):
			c.show(c.text + string(key))
		}
	}
}

// arrow is the last byte of the sequence that a key sends after an escape. It is 0
// where none begins or goes on: what comes there is a key of its own, and stays.
func arrow(from *bufio.Reader) byte {
	begun := false
	for {
		b, err := from.ReadByte()
		switch {
		case err != nil:
			return 0
		case b == '[', b == 'O', begun && (b == ';' || '0' <= b && b <= '9'):
			begun = true
		case begun && ' ' <= b && b < del:
			return b
		default:
			_ = from.UnreadByte() // of what was just read
			return 0
		}
	}
}

// follow goes to the answer before or after the one that was chosen last.
func (c *choice) follow(key byte) {
	switch key {
	case 'A', 'D': // up, left
		c.at = max(c.at, 0) + len(c.answers) - 1
	case 'B', 'C': // down, right
		c.at++
	default:
		return
	}
	if len(c.answers) > 0 {
		c.at %= len(c.answers)
		c.show(c.answers[c.at])
	}
}

// show puts another text in the place of the one so far.
func (c *choice) show(text string) {
	begin, column := c.end(c.question)
	if row, _ := c.end(c.question + c.text); row > begin {
		fmt.Fprintf(c.screen, "\x1b[%dA", row-begin)
	}
	fmt.Fprintf(c.screen, "\x1b[%dG\x1b[J", column+1)
	c.print(text, c.question+text)
	c.text = text
}

// print prints the end of a text. Terminals differ in where they are after a full
// line, so that it goes to the next one itself.
func (c *choice) print(text, whole string) {
	fmt.Fprint(c.screen, text)
	if _, column := c.end(whole); column == 0 && text != "" {
		fmt.Fprint(c.screen, " \r")
	}
}

// end is where the cursor is after a text that begins a line.
func (c *choice) end(text string) (row, column int) {
	for _, r := range text {
		width := output.Width(string(r))
		if column+width > c.columns {
			row, column = row+1, 0
		}
		column += width
	}
	return row + column/c.columns, column % c.columns
}
