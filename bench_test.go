package proximl_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/metrics"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"

	proximl "github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

// The benchmarks measure the SDK against its limit: the same request by plain
// net/http, and the same body decoded by the same JSON library. Both run in
// turn, so that what disturbs one disturbs the other, and the median of the
// ratios is reported.

// benchJob is a job object of 1.27 KB, so that a list of 100 has 127 KB.
func benchJob(number int) []byte {
	return fmt.Appendf(nil, `{"customer_uuid":"cus-id-1","project_uuid":"proj-id-1","job_uuid":"job-id-%06d","name":"bench training %06d","start":"2021-02-11T15:48:39.476Z","stop":"2021-02-11T15:50:16.554Z","type":"training","status":"finished","credits_per_hour":0.3,"credits":0.0054,`+
		`"workers":[{"rig_uuid":"rig-id-1","job_worker_uuid":"worker-id-11","command":"python train.py --epochs 10 --learning-rate 0.001","status":"stopped"},{"rig_uuid":"rig-id-2","job_worker_uuid":"worker-id-12","command":"python train.py --epochs 20 --learning-rate 0.001","status":"stopped"}],"worker_status":"stopped",`+
		`"resources":{"gpu_count":1,"gpu_types":["rtx3090"],"gpu_type_id":"rtx3090-id","disk_size":10,"max_price":10},`+
		`"model":{"size":7086080,"source_type":"git","source_uri":"git@github.com:proxiML/test-private.git","status":"ready"},`+
		`"data":{"datasets":[{"dataset_uuid":"data-id-1","name":"first one","type":"public","size":184549376}],"status":"ready","output_type":"aws","output_uri":"s3://proximl-examples/output/resnet_cifar10"},`+
		`"environment":{"type":"DEEPLEARNING_PY313","image_size":39656398629,"env":[{"key":"EPOCHS","value":"10"},{"key":"LEARNING_RATE","value":"0.001"}],"credentials":["aws"],"status":"ready"},"vpn":{"status":"n/a"}}`, number, number)
}

func benchList(count int) []byte {
	jobs := make([][]byte, count)
	for i := range jobs {
		jobs[i] = benchJob(i)
	}
	return slices.Concat([]byte("["), bytes.Join(jobs, []byte(",")), []byte("]"))
}

// benchTokens is a TokenSource without a login.
type benchTokens struct{}

func (benchTokens) Token(context.Context, string) (string, error) { return "token", nil }

func benchServer(b *testing.B, body []byte) (*httptest.Server, *proximl.ProxiML) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body)
	}))
	b.Cleanup(server.Close)
	client, err := proximl.New(proximl.WithEndpoint(server.URL), proximl.WithTokenSource(benchTokens{}), proximl.WithConfigDir(b.TempDir()))
	require.NoError(b, err)
	b.Cleanup(client.CloseIdleConnections)
	return server, client
}

// benchPair runs both in turn and reports the median of the ratios.
func benchPair(b *testing.B, sdk, limit func()) {
	const warmUp = 20
	for range warmUp {
		sdk()
		limit()
	}
	var ratios, times []float64
	for b.Loop() {
		start := time.Now()
		sdk()
		middle := time.Now()
		limit()
		end := time.Now()
		ratios = append(ratios, float64(middle.Sub(start))/float64(end.Sub(middle)))
		times = append(times, float64(middle.Sub(start).Microseconds()))
	}
	b.ReportMetric(median(ratios), "ratio")
	b.ReportMetric(median(times), "µs/call")
	b.ReportMetric(0, "ns/op")
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// benchPlain makes the request that the SDK makes, with net/http alone.
func benchPlain[T any](b *testing.B, client *http.Client, url string) *T {
	req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, url, nil)
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Authorization", "token")
	resp, err := client.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	value := new(T)
	if err := json.UnmarshalRead(resp.Body, value, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)); err != nil {
		b.Fatal(err)
	}
	return value
}

func BenchmarkJobsGet(b *testing.B) {
	server, client := benchServer(b, benchJob(1))
	plain := &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()}
	defer plain.CloseIdleConnections()
	benchPair(b, func() {
		if job, err := client.Jobs.Get(b.Context(), "job-id-000001"); err != nil || job.ID != "job-id-000001" {
			b.Fatal(job, err)
		}
	}, func() {
		if job := benchPlain[proximl.Job](b, plain, server.URL+"/job/job-id-000001"); job.ID != "job-id-000001" {
			b.Fatal(job)
		}
	})
}

func BenchmarkJobsList100(b *testing.B) {
	server, client := benchServer(b, benchList(100))
	plain := &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()}
	defer plain.CloseIdleConnections()
	benchPair(b, func() {
		if jobs, err := client.Jobs.List(b.Context()); err != nil || len(jobs) != 100 {
			b.Fatal(len(jobs), err)
		}
	}, func() {
		if jobs := benchPlain[[]*proximl.Job](b, plain, server.URL+"/job"); len(*jobs) != 100 {
			b.Fatal(len(*jobs))
		}
	})
}

// BenchmarkJobsAll100000 reports the live heap while 100,000 jobs (127 MB) are
// gone through, over what there was before.
func BenchmarkJobsAll100000(b *testing.B) {
	const count = 100_000
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		job := benchJob(1)
		_, _ = io.WriteString(w, "[")
		for i := range count {
			if i > 0 {
				_, _ = io.WriteString(w, ",")
			}
			_, _ = w.Write(job)
		}
		_, _ = io.WriteString(w, "]")
	}))
	defer server.Close()
	client, err := proximl.New(proximl.WithEndpoint(server.URL), proximl.WithTokenSource(benchTokens{}), proximl.WithConfigDir(b.TempDir()))
	require.NoError(b, err)
	defer client.CloseIdleConnections()
	before, peak := liveHeap(), uint64(0)
	for b.Loop() {
		seen := 0
		for _, err := range client.Jobs.All(b.Context()) {
			require.NoError(b, err)
			if seen++; seen%10_000 == 0 {
				peak = max(peak, liveHeap())
			}
		}
		require.Equal(b, count, seen)
	}
	b.ReportMetric(float64(peak-min(before, peak))/(1<<20), "live-MiB")
}

// liveHeap returns what the last collection found alive, in bytes.
func liveHeap() uint64 {
	runtime.GC()
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// BenchmarkLogin is one login by SRP: both sides' arithmetic, two requests.
func BenchmarkLogin(b *testing.B) {
	server, err := proximltest.NewServer()
	require.NoError(b, err)
	defer server.Close()
	account := server.Account("bench@example.com")
	for b.Loop() {
		client, err := server.Client(account)
		require.NoError(b, err)
		_, err = client.Environments.List(b.Context())
		require.NoError(b, err)
		client.CloseIdleConnections()
	}
}
