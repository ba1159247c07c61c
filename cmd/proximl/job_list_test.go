//go:build unix

package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

// workplace is a person with a job of each type, whose clock stands still.
func workplace(t *testing.T) *person {
	t.Helper()
	srv, me := service(t, proximltest.WithManualClock())
	me.job(&proximl.JobSpec{Name: "sandbox", Type: proximl.JobTypeNotebook}, srv, "running")
	me.job(&proximl.JobSpec{
		Name: "resnet-50 on all of ImageNet, with a name that is longer than its column", Type: proximl.JobTypeTraining,
		Workers:     []string{"python train.py", "python train.py"},
		Environment: &proximl.JobEnvironment{Env: []proximl.EnvVar{{Key: "EPOCHS", Value: "10"}}},
		Data:        &proximl.JobData{OutputType: local, OutputURI: "/home/me/results"},
	}, srv, "waiting for data/model download")
	me.job(&proximl.JobSpec{Name: "画像分類", Type: proximl.JobTypeInference, Workers: []string{"python predict.py"}}, srv, "failed")
	me.job(&proximl.JobSpec{
		Name: "classifier", Type: proximl.JobTypeEndpoint,
		Endpoint: &proximl.JobEndpoint{Routes: []proximl.Route{{Path: "/predict", Verb: "POST", Function: "predict", File: "serve"}}},
	}, srv, "running")
	return me.with("NO_COLOR=1")
}

// job makes a job that has a status.
func (p *person) job(spec *proximl.JobSpec, srv *proximltest.Server, status string) *proximl.Job {
	p.t.Helper()
	spec.Resources = proximl.JobResources{GPUTypes: []string{"rtx3090"}, GPUCount: new(1)}
	job, err := p.client.Jobs.Create(p.t.Context(), spec)
	require.NoError(p.t, err)
	require.NoError(p.t, srv.SetStatus(job.ID, status))
	return job
}

func TestJobListAndShow(t *testing.T) {
	t.Parallel()
	me := workplace(t)
	for _, command := range []string{"job list", "job show sandbox", "job show 画像分類", "job show classifier"} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			var got strings.Builder
			me := *me
			me.t = t
			args := strings.Fields(command)
			for _, columns := range []int{60, 80, 200} {
				code, shown := me.open(uint16(columns), args...).ends()
				require.Zero(t, code, shown)
				if command == "job list" {
					for line := range strings.Lines(shown) {
						assert.LessOrEqual(t, text.StringWidthWithoutEscSequences(strings.TrimSuffix(line, "\n")), columns, line)
					}
				}
				fmt.Fprintf(&got, "== %d columns ==\n%s", columns, shown)
			}
			for _, form := range []string{"table", "json", "yaml", "id"} {
				fmt.Fprintf(&got, "== %s ==\n%s", form, me.run(append(args, "-o", form)...).ok().notes("").stdout)
			}
			assert.NotContains(t, got.String(), me.notebookToken())
			golden(t, strings.NewReplacer(" ", "_", "画像分類", "inference", "sandbox", "notebook", "classifier", "endpoint").Replace(command), steady(got.String()))
		})
	}
	assert.Equal(t, me.run("job", "list", "-o", "json").stdout, me.run("job", "list", "--format", "json").ok().stdout)
	assert.Equal(t, me.run("job", "list").stdout, me.run("job", "list", "--format", "text").ok().stdout)
	assert.Contains(t, me.run("job", "show", "sandbox", "-o", "json", "--show-secrets").ok().stdout, me.notebookToken())
}
