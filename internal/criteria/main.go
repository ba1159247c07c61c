// Criteria prints the table of what this project is held to, with the figures
// that its tests and benchmarks measure, and fails when a row falls short.
//
//	go run ./internal/criteria [-page docs/criteria.md]
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
)

func main() {
	page := flag.String("page", "", "a `file` whose table must have these rows; its figures may differ")
	flag.Parse()
	if err := run(*page); err != nil {
		fmt.Fprintln(os.Stderr, "criteria:", err)
		os.Exit(1)
	}
}

func run(page string) error {
	found, err := measured()
	if err != nil {
		return err
	}
	short := 0
	fmt.Print(head)
	for _, c := range table {
		text, ok := found.judge(c)
		if !ok {
			short++
		}
		fmt.Printf("%s %s |\n", c.row(), text)
	}
	if short > 0 {
		return fmt.Errorf("%d of %d fall short", short, len(table))
	}
	return upToDate(page)
}

const head = "| # | criterion | good | measured |\n|---|---|---|---|\n"

// row is the start of a row, without what was measured.
func (c criterion) row() string {
	return fmt.Sprintf("| %d | %s | %s |", c.number, c.what, c.good)
}

// judge says what was measured, and whether it will do.
func (r *results) judge(c criterion) (text string, ok bool) {
	for _, test := range c.tests {
		switch r.outcome[test] {
		case "pass":
		case "":
			return "**" + test + " did not run**", false
		default:
			return "**" + test + " failed**", false
		}
	}
	if len(c.figure) == 0 {
		return "yes", true
	}
	var figures []string
	for _, m := range c.figure {
		figures = append(figures, r.figure[m])
	}
	if slices.Contains(figures, "") {
		return "**a figure is missing**", false
	}
	return strings.Join(figures, "; "), true
}

// upToDate compares the rows of a page with the table.
func upToDate(page string) error {
	if page == "" {
		return nil
	}
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	for _, c := range table {
		_, measured, found := strings.Cut(string(text), "\n"+c.row())
		measured, _, _ = strings.Cut(measured, "\n")
		if !found || strings.Trim(measured, " |") == "" || strings.Contains(measured, "**") {
			return fmt.Errorf("%s lacks the row %d with a figure that will do; make criteria prints it", page, c.number)
		}
	}
	return nil
}
