package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
)

const (
	module   = "github.com/proximl/proximl-go"
	coverage = "coverage"
)

// packages are those of the library. Examples and the command are programs.
var packages = []string{".", "./internal/...", "./proximltest", "./specfile"}

// results is what was measured.
type results struct {
	outcome map[string]string // pass or fail, by the name of a test
	figure  map[measure]string
}

// event is a line of what "go test -json" prints.
type event struct {
	Action, Package, Test, Key, Value, Output string
}

// name is that of the test, after its package unless that is the root.
func (e *event) name() string {
	if e.Package == module {
		return e.Test
	}
	return path.Base(e.Package) + "." + e.Test
}

// measured runs the tests.
func measured() (*results, error) {
	r := &results{outcome: map[string]string{}, figure: map[measure]string{}}
	dir, err := os.MkdirTemp("", "criteria")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	profile := filepath.Join(dir, "cover.out")
	if err := r.goTest(append([]string{"-coverprofile=" + profile}, packages...)...); err != nil {
		return nil, err
	}
	for _, test := range raced {
		delete(r.outcome, test)
	}
	if err := r.goTest("-race", "-run", "^("+strings.Join(raced, "|")+")$", "."); err != nil {
		return nil, err
	}
	if err := r.goTest("-run", "^$", "-bench", "^"+peakHeap+"$", "-benchtime", "1x", "./internal/transfer"); err != nil {
		return nil, err
	}
	r.judgePeak()
	return r, r.cover(profile)
}

// goTest runs tests and takes down what they tell. That some fail is no error of
// its own.
func (r *results) goTest(args ...string) error {
	cmd := exec.Command("go", append([]string{"test", "-count=1", "-json"}, args...)...)
	cmd.Stderr = os.Stderr
	output, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	readErr := r.read(output)
	err = cmd.Wait()
	if _, failed := errors.AsType[*exec.ExitError](err); failed {
		err = nil
	}
	return errors.Join(readErr, err)
}

func (r *results) read(output io.Reader) error {
	lines := bufio.NewScanner(output)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e, json.MatchCaseInsensitiveNames(true)); err != nil {
			return fmt.Errorf("what go test printed: %w", err)
		}
		r.note(e)
	}
	return lines.Err()
}

var metric = regexp.MustCompile(`(\S+) ` + peakMetric)

func (r *results) note(e event) {
	switch e.Action {
	case "pass", "fail", "skip":
		r.outcome[e.name()] = e.Action
	case "attr":
		r.figure[measure{e.name(), e.Key}] = e.Value
	case "output":
		if found := metric.FindStringSubmatch(e.Output); found != nil {
			r.highest(found[1])
		}
		if strings.HasPrefix(e.Output, "--- FAIL") || strings.HasPrefix(e.Output, "panic:") {
			fmt.Fprint(os.Stderr, e.Output)
		}
	}
}

// highest keeps the highest peak of the benchmark's parts.
func (r *results) highest(value string) {
	at := measure{peakHeap, peakMetric}
	before, _ := strconv.ParseFloat(r.figure[at], 64)
	if now, err := strconv.ParseFloat(value, 64); err == nil {
		r.figure[at] = fmt.Sprintf("%.0f", max(before, now))
	}
}

func (r *results) judgePeak() {
	peak, err := strconv.ParseFloat(r.figure[measure{peakHeap, peakMetric}], 64)
	r.outcome[peakHeap] = "fail"
	if err == nil && peak < maxPeakHeap {
		r.outcome[peakHeap] = "pass"
	}
}

var total = regexp.MustCompile(`total:\s+\(statements\)\s+([\d.]+)%`)

// cover takes the coverage of all statements.
func (r *results) cover(profile string) error {
	output, err := exec.Command("go", "tool", "cover", "-func="+profile).Output()
	if err != nil {
		return fmt.Errorf("go tool cover: %w", err)
	}
	found := total.FindSubmatch(bytes.TrimSpace(output))
	if found == nil {
		return errors.New("go tool cover tells no total")
	}
	r.figure[measure{coverage, coverage}] = string(found[1]) + "%"
	r.outcome[coverage] = "fail"
	if percent, err := strconv.ParseFloat(string(found[1]), 64); err == nil && percent >= minCoverage {
		r.outcome[coverage] = "pass"
	}
	return nil
}
