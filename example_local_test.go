package proximl_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

// twoEpochs makes each worker of a job log two lines, and run for about two seconds
// although time flies.
var twoEpochs = []proximltest.Option{
	proximltest.WithDuration("running", 600*time.Hour),
	proximltest.WithLogScript(func(_ proximltest.Entity, worker int) []proximltest.LogLine {
		if worker == 0 {
			return nil // moves data
		}
		return []proximltest.LogLine{{Text: "epoch 1"}, {After: time.Minute, Text: "epoch 2"}}
	}),
}

// create makes a training job of one worker, whose model and output are as the
// caller says.
func create(client *proximl.ProxiML, model *proximl.JobModel, data *proximl.JobData) *proximl.Job {
	job, err := client.Jobs.Create(context.Background(), &proximl.JobSpec{
		Name: "train", Type: proximl.JobTypeTraining, Workers: []string{"sh train.sh"},
		Resources: proximl.JobResources{GPUTypes: []string{"rtx3090"}, GPUCount: new(1)},
		Model:     model, Data: data,
	})
	if err != nil {
		log.Fatal(err)
	}
	return job
}

// temporary makes a folder with one file in it, and what removes it.
func temporary(name, content string) (folder string, remove func()) {
	folder, err := os.MkdirTemp("", "example-")
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600)
	}
	if err != nil {
		log.Fatal(err)
	}
	return folder, func() { _ = os.RemoveAll(folder) }
}

func ExampleJobsAPI_Logs() {
	client, end := inMemory(twoEpochs...)
	defer end()
	job := create(client, nil, nil)

	for entry, err := range client.Jobs.Logs(context.Background(), job.ID) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("worker %d: %s\n", entry.Worker, entry.Text)
	}
	// Output:
	// worker 1: epoch 1
	// worker 1: epoch 2
}

func ExampleJobsAPI_CopyLogs() {
	client, end := inMemory(twoEpochs...)
	defer end()
	job := create(client, nil, nil)

	var out strings.Builder // os.Stdout in a program
	if err := client.Jobs.CopyLogs(context.Background(), job.ID, &out); err != nil {
		log.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		fmt.Print(line[len("01/02/2006, 15:04:05: "):]) // the local time
	}
	// Output:
	// epoch 1
	// epoch 2
}

// The whole log of what has ended is a zip.
func ExampleJobsAPI_LogArchive() {
	client, end := inMemory()
	defer end()
	ctx := context.Background()
	job := create(client, nil, nil)

	job, err := client.Jobs.WaitFor(ctx, job.ID, proximl.JobStatusFinished, often)
	if err != nil {
		log.Fatal(err)
	}
	for _, worker := range job.Workers {
		var archive bytes.Buffer // a file in a program
		if err := client.Jobs.LogArchive(ctx, job.ID, worker.ID, &archive); err != nil {
			log.Fatal(err)
		}
		files, err := zip.NewReader(bytes.NewReader(archive.Bytes()), int64(archive.Len()))
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("worker", job.WorkerNumber(worker.ID), "has", len(files.File), "file")
	}
	// Output: worker 1 has 1 file
}

// A job gets its model from this machine, and brings its output here.
func ExampleJobsAPI_Connect() {
	client, end := inMemory()
	defer end()
	model, remove := temporary("train.sh", "echo trained >$ML_OUTPUT_PATH/result\n")
	defer remove()
	output, remove := temporary("earlier", "what is there stays")
	defer remove()
	job := create(client,
		&proximl.JobModel{SourceType: "local", SourceURI: model},
		&proximl.JobData{OutputType: "local", OutputURI: output})

	job, err := client.Jobs.Connect(context.Background(), job.ID, proximl.ConnectOptions{
		Model:  model,  // which SourceURI does not say
		Output: output, // nor OutputURI
		Wait:   []proximl.WaitOption{often},
	})
	if err != nil {
		log.Fatal(err)
	}
	files, err := os.ReadDir(output)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(job.Name, "is", job.Status, "and has left", len(files)-1, "file")
	// Output: train is finished and has left 1 file
}

// A dataset is made of a folder of this machine, and later exported to another.
func ExampleDatasetsAPI_Connect() {
	client, end := inMemory()
	defer end()
	ctx := context.Background()
	source, remove := temporary("train.csv", "1.5,2.5,0\n")
	defer remove()
	target, remove := temporary("earlier.csv", "")
	defer remove()
	wait := []proximl.WaitOption{often}

	dataset, err := client.Datasets.Create(ctx, &proximl.DatasetSpec{Name: "points", SourceType: "local", SourceURI: source})
	if err != nil {
		log.Fatal(err)
	}
	dataset, err = client.Datasets.Connect(ctx, dataset.ID, proximl.ConnectOptions{Input: source, Wait: wait})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(dataset.Name, "is", dataset.Status)

	if _, err := client.Datasets.Export(ctx, dataset.ID, &proximl.ExportSpec{OutputType: "local", OutputURI: target}); err != nil {
		log.Fatal(err)
	}
	if _, err := client.Datasets.Connect(ctx, dataset.ID, proximl.ConnectOptions{Output: target, Wait: wait}); err != nil {
		log.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(target, "train.csv"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(string(content))
	// Output:
	// points is ready
	// 1.5,2.5,0
}
