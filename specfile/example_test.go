package specfile_test

import (
	"fmt"
	"log"
	"strings"

	"github.com/proximl/proximl-go/specfile"
)

func ExampleLoadJobSpec() {
	spec, err := specfile.LoadJobSpec(strings.NewReader(`
name: resnet
type: training
resources:
  gpu_types: [rtx3090]
  gpu_count: 1
workers:
  - python train.py
`))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(spec.Name, spec.Resources.GPUTypes, spec.Workers)

	_, err = specfile.LoadJobSpec(strings.NewReader("name: resnet\nresources:\n  gpu_typs: [rtx3090]\n"))
	fmt.Println(err)
	// Output:
	// resnet [rtx3090] [python train.py]
	// job spec: line 3, column 3: resources.gpu_typs: is unknown
}
