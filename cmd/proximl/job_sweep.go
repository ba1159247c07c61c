package main

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/proximl/proximl-go"
)

// sweepOf is the sweep of a spec that --sweep asks for, or nil, and the number of
// jobs.
func (c *jobCreation) sweepOf(spec *proximl.JobSpec) (*proximl.Sweep, int, error) {
	if len(c.sweep) == 0 {
		return nil, 1, nil
	}
	sweep := &proximl.Sweep{Spec: *spec}
	for _, text := range c.sweep {
		key, list, found := strings.Cut(text, "=")
		values := strings.Split(list, ",")
		if !found || key == "" || slices.Contains(values, "") {
			return nil, 0, usage("--sweep %q is not of the form KEY=A,B,...", text)
		}
		sweep.Env = append(sweep.Env, proximl.SweepVariable{Key: key, Values: values})
	}
	specs, err := sweep.Specs()
	return sweep, len(specs), err
}

func (c *jobCreation) createAll(ctx context.Context, client *proximl.ProxiML, sweep *proximl.Sweep) error {
	created, failed := client.Jobs.Sweep(ctx, sweep)
	if len(created) == 0 {
		c.noteDataset(failed)
		return failed
	}
	return errors.Join(failed, jobs.list(c.app, created))
}
