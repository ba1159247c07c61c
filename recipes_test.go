package proximl_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

// The functions of docs/recipes.md, as they stand there, and their tests.

// throughProxy returns a client whose requests go through a proxy of its own.
func throughProxy(proxy *url.URL, opts ...proximl.Option) (*proximl.ProxiML, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = http.ProxyURL(proxy)
	return proximl.New(append(opts, proximl.WithHTTPClient(&http.Client{Transport: transport}))...)
}

// withOwnCA returns a client that also trusts the certificates in a file.
func withOwnCA(file string, opts ...proximl.Option) (*proximl.ProxiML, error) {
	certificates, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		return nil, err
	}
	if !pool.AppendCertsFromPEM(certificates) {
		return nil, fmt.Errorf("%s holds no certificate", file)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: pool}
	return proximl.New(append(opts, proximl.WithHTTPClient(&http.Client{Transport: transport}))...)
}

// tracer is a transport that tells of each request, with the operation that it
// is part of. A tracer of OpenTelemetry begins and ends a span here.
type tracer struct {
	base   http.RoundTripper
	logger *slog.Logger
}

func (t *tracer) RoundTrip(req *http.Request) (*http.Response, error) {
	start := time.Now()
	resp, err := t.base.RoundTrip(req)
	status := 0
	if err == nil {
		status = resp.StatusCode
	}
	t.logger.InfoContext(req.Context(), proximl.OperationFromContext(req.Context()), "status", status, "took", time.Since(start))
	return resp, err
}

// printedInLogs is for slog.HandlerOptions.ReplaceAttr.
func printedInLogs(groups []string, attr slog.Attr) slog.Attr {
	if attr.Value.Kind() == slog.KindAny && (len(groups) > 0 || attr.Key != slog.SourceKey) {
		attr.Value = slog.StringValue(fmt.Sprintf("%+v", attr.Value.Any()))
	}
	return attr
}

// createOnce creates a job, or finds the one that an earlier try has created.
// The name has to be one that only this run uses.
func createOnce(ctx context.Context, client *proximl.ProxiML, spec *proximl.JobSpec) (*proximl.Job, error) {
	job, err := client.Jobs.Create(ctx, spec)
	if !errors.Is(err, proximl.ErrOutcomeUnknown) {
		return job, err
	}
	for other, listErr := range client.Jobs.All(ctx) {
		if listErr != nil {
			return nil, errors.Join(err, listErr)
		}
		if other.Name == spec.Name {
			return other, nil
		}
	}
	return nil, err // it is not there so far; to create it again is for the caller to decide
}

// runToTheEnd waits for a job, and stops it when the wait ends before the job
// does, since it would go on and cost. With signal.NotifyContext that is on Ctrl-C.
func runToTheEnd(ctx context.Context, client *proximl.ProxiML, id string) (*proximl.Job, error) {
	job, err := client.Jobs.WaitFor(ctx, id, proximl.JobStatusFinished)
	if _, over := errors.AsType[*proximl.StatusError](err); over || err == nil {
		return job, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	stopped, stopErr := client.Jobs.Stop(ctx, id)
	if stopErr != nil {
		return job, errors.Join(err, fmt.Errorf("the job may still run: %w", stopErr))
	}
	return stopped, err
}

func TestRecipesPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("docs/recipes.md")
	require.NoError(t, err)
	code, err := os.ReadFile("recipes_test.go")
	require.NoError(t, err)
	blocks := fenced.FindAllStringSubmatch(string(page), -1)
	require.Len(t, blocks, 6)
	for _, block := range blocks {
		assert.Contains(t, string(code), block[2])
	}
}

func TestRecipeProxy(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 1)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		asked <- req.Method + " " + req.Host
		http.Error(w, "no", http.StatusForbidden)
	}))
	t.Cleanup(proxy.Close)
	address, err := url.Parse(proxy.URL)
	require.NoError(t, err)
	client, err := throughProxy(address, proximl.WithTokenSource(staticToken(token)), proximl.WithRetryPolicy(proximl.RetryPolicy{Attempts: 1}))
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	_, err = client.Jobs.Get(t.Context(), "x")
	require.Error(t, err)
	assert.Equal(t, "CONNECT api.proximl.ai:443", <-asked)
}

func TestRecipeOwnCA(t *testing.T) {
	t.Parallel()
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"job_uuid":"x","name":"n"}`)
	}))
	t.Cleanup(srv.Close)
	srv.Config.ErrorLog = discardLog()
	file := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}), 0o600))
	client, err := withOwnCA(file, proximl.WithEndpoint(srv.URL), proximl.WithTokenSource(staticToken(token)))
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	job, err := client.Jobs.Get(t.Context(), "x")
	require.NoError(t, err)
	assert.Equal(t, "n", job.Name)

	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err = withOwnCA(file)
	require.ErrorContains(t, err, "holds no certificate")
}

func TestRecipeTracing(t *testing.T) {
	t.Parallel()
	var log safeBuffer
	srv := proximltest.New(t)
	client, err := srv.Client(srv.Account("me@example.com"),
		proximl.WithHTTPClient(&http.Client{Transport: &tracer{srv.Transport(), textLogger(&log, slog.LevelInfo)}}))
	require.NoError(t, err)
	_, err = client.Jobs.List(t.Context())
	require.NoError(t, err)
	assert.Contains(t, log.String(), "msg=login status=200")
	assert.Contains(t, lines(log.String())[len(lines(log.String()))-1], "msg=jobs.list status=200")
}

func TestRecipeLogs(t *testing.T) {
	t.Parallel()
	jobs := []*proximl.Job{{ID: "j", NotebookToken: "CANARY"}}
	var shown, hidden safeBuffer
	slog.New(slog.NewJSONHandler(&shown, nil)).Info("jobs", "all", jobs)
	assert.Contains(t, shown.String(), canaryWord, "the page says so")
	options := &slog.HandlerOptions{AddSource: true, ReplaceAttr: printedInLogs}
	slog.New(slog.NewJSONHandler(&hidden, options)).Info("jobs", "all", jobs, "count", 1, "error", errors.New("no"))
	checkSilent(t, hidden.String())
	for _, part := range []string{`"level":"INFO","source":{"function":`, `"all":"[{ID:j `, `NotebookToken:[secret] `, `"count":1,"error":"no"}`} {
		assert.Contains(t, hidden.String(), part)
	}
}

func TestRecipeRateLimit(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("docs/recipes.md")
	require.NoError(t, err)
	require.Contains(t, string(page), "`proximl.WithRateLimit(10, 20)`")
	synctest.Test(t, func(t *testing.T) {
		client := newClient(t, proximl.WithRateLimit(10, 20), proximl.WithTokenSource(staticToken(token)),
			proximl.WithHTTPClient(&http.Client{Transport: answering(func(req *http.Request) (*http.Response, error) { return jsonReply(req, 200, "[]"), nil })}))
		start := time.Now()
		for range 20 + 15 {
			_, err := client.Jobs.List(t.Context())
			require.NoError(t, err)
		}
		assert.Equal(t, 1500*time.Millisecond, time.Since(start).Round(time.Millisecond), "20 at once, then 10 a second")
	})
}

func TestRecipeCreateOnce(t *testing.T) {
	t.Parallel()
	srv := proximltest.New(t)
	client, err := srv.Client(srv.Account("me@example.com"))
	require.NoError(t, err)
	for _, kind := range []proximltest.FaultKind{proximltest.ResetAfterWork, proximltest.ResetBeforeWork} {
		srv.Inject(proximltest.Fault{On: "POST /job", Kind: kind})
		spec := smallSpec()
		spec.Name = fmt.Sprint(kind)
		job, err := createOnce(t.Context(), client, spec)
		if kind == proximltest.ResetBeforeWork {
			require.ErrorIs(t, err, proximl.ErrOutcomeUnknown)
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, spec.Name, job.Name)
	}
	jobs, err := client.Jobs.List(t.Context())
	require.NoError(t, err)
	assert.Len(t, jobs, 1)
}

func TestRecipeStopOnInterrupt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := proximltest.New(t, proximltest.WithoutListener(), proximltest.WithDuration("running", time.Hour))
		client, err := srv.Client(srv.Account("me@example.com"))
		require.NoError(t, err)
		job, err := client.Jobs.Create(t.Context(), smallSpec())
		require.NoError(t, err)
		ctx, interrupt := context.WithTimeout(t.Context(), 30*time.Minute)
		defer interrupt()
		stopped, err := runToTheEnd(ctx, client, job.ID)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.True(t, strings.HasPrefix(string(stopped.Status), "stop"), stopped.Status)
		job, err = client.Jobs.WaitFor(t.Context(), job.ID, proximl.JobStatusStopped)
		require.NoError(t, err)
		assert.Equal(t, proximl.JobStatusStopped, job.Status)

		job, err = client.Jobs.Create(t.Context(), smallSpec())
		require.NoError(t, err)
		srv.Inject(proximltest.Fault{On: "GET /job/{id}", Status: 403})
		stopped, err = runToTheEnd(t.Context(), client, job.ID)
		require.ErrorIs(t, err, proximl.ErrForbidden)
		assert.True(t, strings.HasPrefix(string(stopped.Status), "stop"), stopped.Status)
	})
}
