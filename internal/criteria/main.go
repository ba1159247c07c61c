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
	"strconv"
	"strings"
)

func main() {
	page := flag.String("page", "", "a `file` that must have these rows; its figures may be about the same")
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
		fmt.Println(c.row(text))
	}
	if short > 0 {
		return fmt.Errorf("%d of %d fall short", short, len(table))
	}
	return found.upToDate(page)
}

const head = "| # | criterion | good | measured |\n|---|---|---|---|\n"

func (c criterion) row(measured string) string {
	return fmt.Sprintf("| %d | %s | %s | %s |", c.number, c.what, c.good, measured)
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

// upToDate compares a page with the table.
func (r *results) upToDate(page string) error {
	if page == "" {
		return nil
	}
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	lines := strings.Split(string(text), "\n")
	for _, c := range table {
		measured, _ := r.judge(c)
		row, tolerance := c.row(measured), 1.1
		if slices.Contains(c.tests, peakHeap) {
			tolerance = 2 // it differs from machine to machine
		}
		if !slices.ContainsFunc(lines, func(line string) bool { return alike(row, line, tolerance) }) {
			return fmt.Errorf("%s is out of date, since it lacks this row: %s", page, row)
		}
	}
	return nil
}

// alike reports whether two rows say the same, and about the same figures: to be
// exact would be in the way of each change.
func alike(row, other string, tolerance float64) bool {
	return slices.EqualFunc(strings.Fields(row), strings.Fields(other), func(word, other string) bool {
		figure, err := strconv.ParseFloat(strings.Trim(word, ";%"), 64)
		before, otherErr := strconv.ParseFloat(strings.Trim(other, ";%"), 64)
		if err != nil || otherErr != nil {
			return word == other
		}
		return max(figure, before) <= tolerance*min(figure, before)
	})
}
