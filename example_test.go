package proximl_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

// inMemory returns a client of an in-memory service whose time flies, and what
// ends the service. A program for the service itself calls proximl.New.
func inMemory(opts ...proximltest.Option) (client *proximl.ProxiML, end func()) {
	srv, err := proximltest.NewServer(append(opts, proximltest.WithSpeed(1e6))...)
	if err != nil {
		log.Fatal(err)
	}
	me := srv.Account("me@example.com")
	srv.Account("colleague@example.com")
	client, err = srv.Client(me, proximl.WithProject(me.Project))
	if err != nil {
		log.Fatal(err)
	}
	return client, func() {
		client.CloseIdleConnections()
		srv.Close()
	}
}

// often is a shorter pause between two looks than a real job needs.
var often = proximl.PollBetween(time.Millisecond, 10*time.Millisecond)

func Example() {
	client, end := inMemory() // proximl.New() for the service itself
	defer end()
	ctx := context.Background()

	job, err := client.Jobs.Create(ctx, &proximl.JobSpec{
		Name:      "resnet",
		Type:      proximl.JobTypeTraining,
		Resources: proximl.JobResources{GPUTypes: []string{"rtx3090"}, GPUCount: new(1)},
		Workers:   []string{"python train.py"},
	})
	if err != nil {
		log.Fatal(err)
	}
	job, err = client.Jobs.WaitFor(ctx, job.ID, proximl.JobStatusFinished, often)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(job.Name, "is", job.Status)
	// Output: resnet is finished
}

func ExampleProjectsAPI() {
	client, end := inMemory()
	defer end()
	ctx := context.Background()

	created, err := client.Projects.Create(ctx, &proximl.ProjectSpec{Name: "vision", CopyCredentials: new(true)})
	if err != nil {
		log.Fatal(err)
	}
	found, err := client.Projects.Find(ctx, "vision") // by id or name
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(found.ID == created.ID)

	vision := client.InProject(created.ID) // the same connections, another project
	current, err := vision.Projects.Current(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(current.Name)
	// Output:
	// true
	// vision
}

func ExampleMembersAPI() {
	client, end := inMemory()
	defer end()
	ctx := context.Background()

	project, err := client.Projects.Create(ctx, &proximl.ProjectSpec{Name: "vision"})
	if err != nil {
		log.Fatal(err)
	}
	_, err = client.Members.Add(ctx, project.ID, "colleague@example.com", proximl.MemberAccess{
		Job:        proximl.AccessAll,
		Dataset:    proximl.AccessRead,
		Model:      proximl.AccessRead,
		Checkpoint: proximl.AccessRead,
		Volume:     proximl.AccessRead,
	})
	if err != nil {
		log.Fatal(err)
	}
	members, err := client.Members.List(ctx, project.ID)
	if err != nil {
		log.Fatal(err)
	}
	for _, member := range members {
		fmt.Println(member.Email, "jobs:", member.Job, "datasets:", member.Dataset)
	}
	// Unordered output:
	// me@example.com jobs: all datasets: all
	// colleague@example.com jobs: all datasets: read
}

func ExampleJobsAPI() {
	client, end := inMemory()
	defer end()
	ctx := context.Background()

	job, err := client.Jobs.Create(ctx, &proximl.JobSpec{
		Name: "train", Type: proximl.JobTypeTraining,
		Resources:   proximl.JobResources{GPUTypes: []string{"rtx3090", "a100"}, GPUCount: new(2), DiskSize: new(20)},
		Workers:     []string{"python train.py --fold 1", "python train.py --fold 2"},
		Environment: &proximl.JobEnvironment{Type: "DEEPLEARNING_PY313", Env: []proximl.EnvVar{{Key: "EPOCHS", Value: "10"}}},
		Data: &proximl.JobData{
			Datasets:   []proximl.DatasetRef{{ID: "CIFAR-10", Public: new(true)}},
			OutputType: "aws", OutputURI: "s3://bucket/output",
		},
		Model: &proximl.JobModel{SourceType: "git", SourceURI: "https://github.com/org/repo.git"},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(job.Workers), "workers,", job.Resources.DiskSize, "GB")

	for job, err := range client.Jobs.All(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(job.Name, job.Type)
	}
	if err := client.Jobs.Delete(ctx, job.ID, proximl.WithForce()); err != nil {
		log.Fatal(err)
	}
	// Output:
	// 2 workers, 20 GB
	// train training
}

// A notebook is stopped and copied into a training job.
func ExampleJobsAPI_copy() {
	client, end := inMemory()
	defer end()
	ctx := context.Background()

	notebook, err := client.Jobs.Create(ctx, &proximl.JobSpec{
		Name: "explore", Type: proximl.JobTypeNotebook, Resources: proximl.JobResources{GPUTypes: []string{"rtx3090"}, GPUCount: new(1)},
	})
	if err != nil {
		log.Fatal(err)
	}
	notebook, err = client.Jobs.WaitFor(ctx, notebook.ID, proximl.JobStatusRunning, often)
	if err != nil {
		log.Fatal(err)
	}
	training, err := client.Jobs.Copy(ctx, notebook.ID, &proximl.JobSpec{
		Name: "train", Type: proximl.JobTypeTraining, Workers: []string{"python train.py"},
	})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := client.Jobs.Stop(ctx, notebook.ID); err != nil {
		log.Fatal(err)
	}
	fmt.Println(training.Type, training.Resources.GPUTypes)
	// Output: training [rtx3090]
}

func ExampleDatasetsAPI() {
	client, end := inMemory()
	defer end()
	ctx := context.Background()

	dataset, err := client.Datasets.Create(ctx, &proximl.DatasetSpec{Name: "pictures", SourceType: "aws", SourceURI: "s3://bucket/pictures/"})
	if err != nil {
		log.Fatal(err)
	}
	dataset, err = client.Datasets.WaitFor(ctx, dataset.ID, proximl.StorageStatusReady, often)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(dataset.Name, "is", dataset.Status)

	public, err := client.Datasets.ListPublic(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(public[0].Name)
	// Output:
	// pictures is ready
	// CIFAR-10
}

func ExampleModelsAPI() {
	client, end := inMemory()
	defer end()
	ctx := context.Background()

	model, err := client.Models.Create(ctx, &proximl.ModelSpec{Name: "resnet", SourceType: "git", SourceURI: "https://github.com/org/resnet.git"})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := client.Models.WaitFor(ctx, model.ID, proximl.StorageStatusReady, often); err != nil {
		log.Fatal(err)
	}
	_, err = client.Models.Export(ctx, model.ID, &proximl.ExportSpec{OutputType: "aws", OutputURI: "s3://bucket/resnet"})
	if err != nil {
		log.Fatal(err)
	}
	model, err = client.Models.Rename(ctx, model.ID, "resnet-50")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(model.Name)
	// Output: resnet-50
}

func ExampleGPUTypesAPI() {
	client, end := inMemory()
	defer end()

	types, err := client.GPUTypes.List(context.Background()) // of the active project
	if err != nil {
		log.Fatal(err)
	}
	for _, gpu := range types {
		if strings.HasPrefix(gpu.Abbreviation, "a100") {
			fmt.Printf("%-8s %.2f to %.2f credits per hour\n", gpu.Abbreviation, gpu.Price.Min, gpu.Price.Max)
		}
	}
	// Output:
	// a100     2.78 to 4.90 credits per hour
	// a100xl   3.20 to 6.20 credits per hour
}

func ExampleEnvironmentsAPI() {
	client, end := inMemory()
	defer end()

	environments, err := client.Environments.List(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	for _, environment := range environments {
		if environment.PythonVersion == "3.13" {
			fmt.Println(environment.ID)
		}
	}
	// Output: DEEPLEARNING_PY313
}

// An error answers errors.Is with what kind it is, and errors.As with its
// detail.
func ExampleAPIError() {
	client, end := inMemory()
	defer end()

	_, err := client.Jobs.Get(context.Background(), "no-such-job")
	fmt.Println(errors.Is(err, proximl.ErrNotFound))
	if refused, ok := errors.AsType[*proximl.APIError](err); ok {
		fmt.Println(refused.StatusCode, refused.Message, "after", refused.Attempts, "attempt")
	}
	// Output:
	// true
	// 404 Job Not Found after 1 attempt
}

// Everything that cannot work is named at once, before anything is sent.
func ExampleValidationError() {
	client, end := inMemory()
	defer end()

	_, err := client.Jobs.Create(context.Background(), &proximl.JobSpec{Type: proximl.JobTypeTraining})
	if invalid, ok := errors.AsType[*proximl.ValidationError](err); ok {
		for _, problem := range invalid.Problems {
			fmt.Println(problem.Field)
		}
	}
	// Output:
	// name
	// resources.gpu_types
}

// A wait ends when what it waits for is out of reach, and says why.
func ExampleStatusError() {
	client, end := inMemory(proximltest.WithScript(func(proximltest.Entity) proximltest.Script {
		return proximltest.Script{FailIn: "running"}
	}))
	defer end()
	ctx := context.Background()

	job, err := client.Jobs.Create(ctx, &proximl.JobSpec{
		Name: "resnet", Type: proximl.JobTypeTraining, Workers: []string{"python train.py"},
		Resources: proximl.JobResources{GPUTypes: []string{"cpu"}, CPUCount: new(8)},
	})
	if err != nil {
		log.Fatal(err)
	}
	job, err = client.Jobs.WaitFor(ctx, job.ID, proximl.JobStatusFinished, often)
	if out, ok := errors.AsType[*proximl.StatusError](err); ok {
		fmt.Println(job.Name, "is", out.Status)
	}
	// Output: resnet is failed
}

// Do reaches endpoints that have no method, with all that methods have: token,
// project, retries and errors.
func ExampleProxiML_Do() {
	client, end := inMemory()
	defer end()

	var environments []struct {
		ID string `json:"id"`
	}
	err := client.Do(context.Background(), "GET", "/job/environments", nil, &environments)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(environments) > 0)
	// Output: true
}
