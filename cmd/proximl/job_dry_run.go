package main

import (
	"context"
	"fmt"
	"time"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/cmd/proximl/internal/output"
)

// try prints what would be created, and what it would cost.
func (c *jobCreation) try(ctx context.Context, spec *proximl.JobSpec, times int) error {
	if c.dataDir != "" {
		useDataset(spec, datasetName(spec))
	}
	gpuTypes, err := c.validate(ctx, spec)
	if err != nil {
		return err
	}
	cost, err := proximl.EstimateCost(spec, gpuTypes, time.Hour)
	if err != nil {
		return err
	}
	printer := c.printer()
	if printer.Format == output.Table {
		printer.Format = output.YAML
	}
	if err := output.Show(printer, spec, func(s *proximl.JobSpec) string { return s.Name }); err != nil {
		return err
	}
	c.note("%s", costs(cost, times))
	return nil
}

// validate checks a spec against the GPU types that there are.
func (c *jobCreation) validate(ctx context.Context, spec *proximl.JobSpec) ([]*proximl.GPUType, error) {
	client, err := c.projectClient(ctx)
	if err != nil {
		return nil, err
	}
	gpuTypes, err := client.GPUTypes.List(ctx)
	if err != nil {
		return nil, err
	}
	return gpuTypes, spec.Validate(gpuTypes)
}

func costs(cost proximl.CostRange, jobs int) string {
	text := "It would cost"
	if jobs > 1 {
		text = fmt.Sprintf("The %d jobs would cost", jobs)
	}
	least, most := fmt.Sprintf("%.2f", cost.Min*float64(jobs)), fmt.Sprintf("%.2f", cost.Max*float64(jobs))
	if least != most {
		least += " to " + most
	}
	return text + " " + least + " credits per hour"
}
