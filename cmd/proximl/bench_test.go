package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

// BenchmarkCPU reports the time that a command keeps the processor busy, in the
// median.
func BenchmarkCPU(b *testing.B) {
	srv := proximltest.New(b)
	account := srv.Account("me@example.com")
	env := append(os.Environ(), account.Env()...)
	client, err := srv.Client(account)
	if err != nil {
		b.Fatal(err)
	}
	for range 100 {
		spec := &proximl.JobSpec{Name: "bench", Type: "notebook", Resources: proximl.JobResources{GPUTypes: []string{"rtx3090"}}}
		if _, err := client.Jobs.Create(b.Context(), spec); err != nil {
			b.Fatal(err)
		}
	}
	for name, args := range map[string][]string{"version": {"--version"}, "100 jobs": {"job", "list"}} {
		b.Run(name, func(b *testing.B) {
			var times []time.Duration
			for i := range max(b.N, 20) + 1 {
				cmd := exec.Command(binary, args...)
				cmd.Env = env
				if out, err := cmd.CombinedOutput(); err != nil {
					b.Fatalf("%v: %s", err, out)
				}
				if i > 0 { // the first one logs in
					times = append(times, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
				}
			}
			slices.Sort(times)
			b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "cpu-ms/run")
		})
	}
}

// BenchmarkSize reports how large the command is that people install.
func BenchmarkSize(b *testing.B) {
	path := filepath.Join(b.TempDir(), "proximl.exe")
	if out, err := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", path, ".").CombinedOutput(); err != nil {
		b.Fatalf("go build: %v\n%s", err, out)
	}
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(info.Size())/1e6, "MB")
}
