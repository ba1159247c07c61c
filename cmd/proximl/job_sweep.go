package main

import (
	"context"
	"errors"
	"strings"

	"github.com/proximl/proximl-go"
)

// variables are those of --sweep.
func (c *jobCreation) variables() ([]proximl.SweepVariable, error) {
	var variables []proximl.SweepVariable
	for _, text := range c.sweep {
		key, values, found := strings.Cut(text, "=")
		if !found || key == "" || values == "" {
			return nil, usage("--sweep %q is not of the form KEY=A,B,...", text)
		}
		variables = append(variables, proximl.SweepVariable{Key: key, Values: strings.Split(values, ",")})
	}
	return variables, nil
}

func combinations(variables []proximl.SweepVariable) int {
	product := min(len(variables), 1)
	for _, variable := range variables {
		product *= len(variable.Values)
	}
	return product
}

func (c *jobCreation) createAll(ctx context.Context, client *proximl.ProxiML, sweep *proximl.Sweep) error {
	created, failed := client.Jobs.Sweep(ctx, sweep)
	if len(created) == 0 {
		c.noteDataset(failed)
		return failed
	}
	return errors.Join(failed, jobs.list(c.app, created))
}
