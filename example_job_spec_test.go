package proximl_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/proximl/proximl-go"
)

func ExampleJobSpec_Validate() {
	client, end := inMemory()
	defer end()

	gpuTypes, err := client.GPUTypes.List(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	spec := &proximl.JobSpec{
		Name:      "resnet",
		Type:      proximl.JobTypeTraining,
		Resources: proximl.JobResources{GPUTypes: []string{"k80"}, DiskSize: new(5)},
	}
	var invalid *proximl.ValidationError
	if err := spec.Validate(gpuTypes); errors.As(err, &invalid) {
		for _, problem := range invalid.Problems {
			fmt.Printf("%s: %s\n", problem.Field, problem.Message)
		}
	}
	// Output:
	// workers: Training jobs must have at least one worker
	// resources.gpu_types: GPU Type k80 Invalid
	// resources.disk_size: Disk Size must be between 10 and 2000
}

func ExampleEstimateCost() {
	client, end := inMemory()
	defer end()

	gpuTypes, err := client.GPUTypes.List(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	spec := &proximl.JobSpec{
		Name:      "resnet",
		Type:      proximl.JobTypeTraining,
		Workers:   []string{"python train.py", "python train.py"},
		Resources: proximl.JobResources{GPUTypes: []string{"v100"}, GPUCount: new(2)},
	}
	cost, err := proximl.EstimateCost(spec, gpuTypes, 90*time.Minute)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("between %.2f and %.2f credits\n", cost.Min, cost.Max)
	// Output: between 6.00 and 23.64 credits
}

func ExampleJobsAPI_Sweep() {
	client, end := inMemory()
	defer end()

	jobs, err := client.Jobs.Sweep(context.Background(), &proximl.Sweep{
		Spec: proximl.JobSpec{
			Name:      "resnet",
			Type:      proximl.JobTypeTraining,
			Workers:   []string{"python train.py"},
			Resources: proximl.JobResources{GPUTypes: []string{"rtx3090"}},
		},
		Env: []proximl.SweepVariable{
			{Key: "LEARNING_RATE", Values: []string{"0.1", "0.01"}},
			{Key: "SEED", Values: []string{"1", "2"}},
		},
	})
	var failed *proximl.SweepError
	if errors.As(err, &failed) {
		fmt.Println("look for", failed.Unknown, "before you create them again")
	}
	if err != nil {
		log.Fatal(err)
	}
	for _, job := range jobs {
		env := job.Environment.Env
		fmt.Println(job.Name, env[0].Value, env[1].Value)
	}
	// Output:
	// resnet-1 0.1 1
	// resnet-2 0.1 2
	// resnet-3 0.01 1
	// resnet-4 0.01 2
}

func ExampleJob_Spec() {
	client, end := inMemory()
	defer end()
	ctx := context.Background()

	job, err := client.Jobs.Create(ctx, &proximl.JobSpec{
		Name:      "resnet",
		Type:      proximl.JobTypeTraining,
		Workers:   []string{"python train.py"},
		Resources: proximl.JobResources{GPUTypes: []string{"rtx3090"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	spec := job.Spec()
	spec.Name = "resnet, longer"
	spec.Workers = []string{"python train.py --epochs 100"}
	again, err := client.Jobs.Create(ctx, spec)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(again.Name, again.Resources.GPUTypes)
	// Output: resnet, longer [rtx3090]
}
