// Local_training trains on this machine's own files: it uploads a folder with a
// training program and a folder of data, follows the job's log, downloads the
// output folder and prints the accuracy that it finds there.
//
//	go run ./examples/local_training
//
// does so within seconds, in an in-memory service that really runs the program:
// a logistic regression in awk, over 3,000 rows.
//
//	go run ./examples/local_training -live
//
// does it in the real service, with the API key of your own configuration. That
// takes minutes and costs credits.
package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

//go:embed model/train.awk
var program []byte

const command = "awk -f train.awk -v epochs=60 -v rate=1 -v out=$ML_OUTPUT_PATH $ML_DATA_PATH/train.csv"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C does not wait for the clean-up
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "local_training:", err)
		if ctx.Err() != nil {
			os.Exit(130)
		}
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout io.Writer) (err error) {
	folder, err := os.MkdirTemp("", "local_training-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	t := &training{out: stdout, model: filepath.Join(folder, "model"), data: filepath.Join(folder, "data"), output: filepath.Join(folder, "output")}
	if err := t.writeFiles(); err != nil {
		return err
	}
	switch {
	case len(args) == 0:
		return t.inMemory(ctx)
	case slices.Equal(args, []string{"-live"}):
		if t.client, err = proximl.New(); err != nil {
			return err
		}
		return t.run(ctx)
	}
	return fmt.Errorf("unexpected arguments %q; there is only the flag -live", args)
}

// training is the job and the folders of this machine that it uses.
type training struct {
	client              *proximl.ProxiML
	out                 io.Writer
	model, data, output string
	wait                []proximl.WaitOption
}

// inMemory trains in a service of its own, whose jobs wait for nothing.
func (t *training) inMemory(ctx context.Context) error {
	opts := []proximltest.Option{proximltest.WithRunner(proximltest.LocalRunner{})}
	for _, status := range []string{"new", "waiting for resources", "provisioning", "starting"} {
		opts = append(opts, proximltest.WithDuration(status, 0))
	}
	srv, err := proximltest.NewServer(opts...)
	if err != nil {
		return err
	}
	defer srv.Close()
	t.wait = []proximl.WaitOption{proximl.PollBetween(20*time.Millisecond, 100*time.Millisecond)}
	if t.client, err = srv.Client(srv.Account("you@example.com")); err != nil {
		return err
	}
	return t.run(ctx)
}

// run makes a dataset of the data and a job that trains on it.
func (t *training) run(ctx context.Context) (err error) {
	dataset, err := t.client.Datasets.Create(context.WithoutCancel(ctx), &proximl.DatasetSpec{Name: "points", SourceType: "local", SourceURI: t.data})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.remove(ctx, t.client.Datasets.Delete, dataset.ID)) }()
	if _, err := t.client.Datasets.Connect(ctx, dataset.ID, proximl.ConnectOptions{Input: t.data, Wait: t.wait}); err != nil {
		return err
	}
	fmt.Fprintln(t.out, "uploaded the data")

	job, err := t.client.Jobs.Create(context.WithoutCancel(ctx), &proximl.JobSpec{
		Name:      "logistic-regression",
		Type:      proximl.JobTypeTraining,
		Resources: proximl.JobResources{GPUTypes: []string{"cpu"}, CPUCount: new(4)},
		Workers:   []string{command},
		Model:     &proximl.JobModel{SourceType: "local", SourceURI: t.model},
		Data: &proximl.JobData{
			Datasets:   []proximl.DatasetRef{{ID: dataset.ID}},
			OutputType: "local",
			OutputURI:  t.output,
		},
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.remove(ctx, t.client.Jobs.Delete, job.ID)) }()
	if err := t.serve(ctx, job.ID); err != nil {
		return err
	}
	return t.report()
}

// serve uploads the model and downloads the output, while it prints the log.
func (t *training) serve(ctx context.Context, id string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	served := make(chan error, 1)
	go func() {
		_, err := t.client.Jobs.Connect(ctx, id, proximl.ConnectOptions{Model: t.model, Output: t.output, Wait: t.wait})
		served <- err
		if err != nil {
			cancel() // the log
		}
	}()
	logged := t.client.Jobs.CopyLogs(ctx, id, t.out)
	if err := <-served; err != nil {
		return err
	}
	return logged
}

// report prints what the program found out.
func (t *training) report() error {
	accuracy, err := os.ReadFile(filepath.Join(t.output, "accuracy.txt"))
	if err != nil {
		return err
	}
	weights, err := os.ReadFile(filepath.Join(t.output, "weights.txt"))
	if err != nil {
		return err
	}
	fmt.Fprintf(t.out, "accuracy %s, weights %s\n", strings.TrimSpace(string(accuracy)), strings.Join(strings.Fields(string(weights)), " "))
	return nil
}

// remove cleans up, also after an interrupt.
func (t *training) remove(ctx context.Context, remove func(context.Context, string, ...proximl.RequestOption) error, id string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	return remove(ctx, id, proximl.WithForce())
}

// writeFiles writes the program and 3,000 points: each is in class 1 with a
// probability that a logistic model of weights 0.3, 2, -3 and 0.5 gives it.
func (t *training) writeFiles() error {
	random := rand.New(rand.NewPCG(1, 2))
	var rows strings.Builder
	for range 3000 {
		x, y, z := random.NormFloat64(), random.NormFloat64(), random.NormFloat64()
		class := 0
		if random.Float64() < 1/(1+math.Exp(-(0.3+2*x-3*y+0.5*z))) {
			class = 1
		}
		fmt.Fprintf(&rows, "%.4f,%.4f,%.4f,%d\n", x, y, z, class)
	}
	return errors.Join(
		os.MkdirAll(t.model, 0o700), os.MkdirAll(t.data, 0o700),
		os.WriteFile(filepath.Join(t.model, "train.awk"), program, 0o600),
		os.WriteFile(filepath.Join(t.data, "train.csv"), []byte(rows.String()), 0o600),
	)
}
