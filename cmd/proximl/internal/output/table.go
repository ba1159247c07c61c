package output

import (
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"
)

// Column is a column of a table.
type Column[T any] struct {
	Title string
	Width int  // with the two spaces in front; a terminal may make it narrower, its content wider
	Whole bool // is cut only after all others: an id is of no use in part
	Value func(*T) string
}

const (
	gap     = 1 // between two columns
	leading = 2 // more spaces in front of a column, if there is room
	short   = 4 // a column that still says something
	begun   = 2 // a column of less use than a whole id beside it
)

// writeTable writes right-aligned columns under a dashed rule.
func writeTable[T any](b *strings.Builder, p *Printer, entities []*T, columns []Column[T]) {
	head, rule := make([]string, len(columns)), make([]string, len(columns))
	rows := make([][]string, len(entities))
	for i, entity := range entities {
		for _, column := range columns {
			rows[i] = append(rows[i], Clean(column.Value(entity)))
		}
	}
	layout := fit(columns, rows, p.Width)
	for i, column := range columns {
		head[i], rule[i] = column.Title, strings.Repeat("-", layout[i].width)
	}
	if line := joined(head, layout); p.Bold {
		b.WriteString(text.Bold.EscapeSeq() + line + text.Reset.EscapeSeq() + "\n")
	} else {
		b.WriteString(line + "\n")
	}
	for _, row := range append([][]string{rule}, rows...) {
		b.WriteString(joined(row, layout) + "\n")
	}
}

// space is the room of one column.
type space struct{ before, width int }

// fit says how wide the columns are: as their definition says, wider where the
// content needs it, and within the limit, if there is one.
func fit[T any](columns []Column[T], rows [][]string, limit int) []space {
	layout, needs := make([]space, len(columns)), make([]int, len(columns))
	for i, column := range columns {
		title := Width(column.Title)
		needs[i] = title
		for _, row := range rows {
			needs[i] = max(needs[i], Width(row[i]))
		}
		layout[i].width = max(column.Width-leading, title)
		layout[i].before = max(column.Width-layout[i].width, 0)
		layout[i].width = max(layout[i].width, needs[i])
		if i > 0 {
			layout[i].before += gap
		}
	}
	if limit <= 0 {
		return layout
	}
	shrink(layout, limit, func(i int) int { return needs[i] })
	if total(layout) > limit {
		for i := range layout {
			layout[i].before = min(layout[i].before, gap*min(i, 1))
		}
	}
	for _, least := range []func(i int) int{
		func(i int) int { return max(Width(columns[i].Title), min(needs[i], short)) },
		func(i int) int { return min(needs[i], short) },
		func(i int) int { return min(needs[i], begun) },
	} {
		shrink(layout, limit, func(i int) int {
			if columns[i].Whole {
				return needs[i]
			}
			return least(i)
		})
	}
	shrink(layout, limit, func(int) int { return 1 })
	return layout
}

// shrink takes from the widest columns, none below its least width, until the
// table is within the limit.
func shrink(layout []space, limit int, least func(int) int) {
	for total(layout) > limit {
		widest := -1
		for i, column := range layout {
			if column.width > least(i) && (widest < 0 || column.width > layout[widest].width) {
				widest = i
			}
		}
		if widest < 0 {
			return
		}
		layout[widest].width--
	}
}

func total(layout []space) (sum int) {
	for _, column := range layout {
		sum += column.before + column.width
	}
	return sum
}

func joined(cells []string, layout []space) string {
	var b strings.Builder
	for i, cell := range cells {
		if Width(cell) > layout[i].width {
			cell = text.Snip(cell, layout[i].width, "…")
		}
		b.WriteString(strings.Repeat(" ", layout[i].before+max(layout[i].width-Width(cell), 0)) + cell)
	}
	return strings.TrimRight(b.String(), " ")
}

// CutMiddle makes a text fit into so many columns. It keeps the end, which says
// most of a line such as "job NAME is running".
func CutMiddle(s string, columns int) string {
	if Width(s) <= columns {
		return s
	}
	head := text.Snip(s, columns/3, "…")
	tail := []rune(s)
	for len(tail) > 0 && Width(head)+Width(string(tail)) > columns {
		tail = tail[1:]
	}
	return head + string(tail)
}

// Width is how much room a text takes on a terminal. It counts as [text.Snip]
// does.
func Width(s string) int { return text.StringWidthWithoutEscSequences(s) }
