package proximl_test

import (
	"context"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

// What a user can get wrong, or what can go wrong between user and service:
// each gives one error that names what to mend.
func TestBadInput(t *testing.T) {
	t.Parallel()
	srv := proximltest.New(t)
	account := srv.Account("me@example.com")
	wire := &tap{base: srv.Transport()}
	wire.answer = func(note string, req *http.Request) (*http.Response, error) {
		reply := jsonReply(req, http.StatusOK, `{"job_uuid": "j", "name": "res`)
		switch note {
		case "GET /job/cut":
			reply.Header.Set("X-Request-Id", "r-1")
			return reply, nil
		case "GET /job/page":
			reply = jsonReply(req, http.StatusOK, "<!doctype html>\n<title>Sign in</title>")
			reply.Header.Set("Content-Type", "text/html; charset=utf-8")
			return reply, nil
		}
		return nil, nil
	}
	client, err := srv.Client(account, proximl.WithHTTPClient(&http.Client{Transport: wire}))
	require.NoError(t, err)
	_, err = client.Projects.List(t.Context()) // so that the login is done
	require.NoError(t, err)

	malformed, noObject, none := configDir(t, "config.json", `{"project": `), configDir(t, "credentials.json", `[]`), configDir(t)
	noString := configDir(t, "environment.json", `{"api_url": 5}`)
	start := func(opts ...proximl.Option) error { return second(proximl.New(opts...)) }
	create := func(change func(*proximl.JobSpec)) func(context.Context) error {
		return func(ctx context.Context) error {
			spec := newJob()
			change(spec)
			return second(client.Jobs.Create(ctx, spec))
		}
	}
	const asked, missing = "POST /job: 400 Bad Request: Invalid Request - ", "is missing: GPUTypes.List lists them; \"cpu\" is for jobs without a GPU"
	for name, test := range map[string]struct {
		call func(context.Context) error
		is   error // or nil
		sent int   // requests of the call
		text string
	}{
		"malformed config file": {
			func(context.Context) error { return start(proximl.WithConfigDir(malformed)) }, nil, 0,
			"proximl: " + filepath.Join(malformed, "config.json") + " is not a JSON object; mend or remove it: unexpected EOF after byte 12",
		},
		"config file that is no object": {
			func(context.Context) error { return start(proximl.WithConfigDir(noObject)) }, nil, 0,
			"proximl: " + filepath.Join(noObject, "credentials.json") + " is not a JSON object; mend or remove it: json: cannot unmarshal JSON array into Go map[string]jsontext.Value",
		},
		"setting that is no text": {
			func(context.Context) error { return start(proximl.WithConfigDir(noString)) }, nil, 0,
			"proximl: " + filepath.Join(noString, "environment.json") + `: the value of "api_url" is no string`,
		},
		"no credentials": {
			func(context.Context) error { return start(proximl.WithConfigDir(none)) }, proximl.ErrNoCredentials, 0,
			"proximl: no credentials: looked at the option WithCredentials, the environment variables PROXIML_USER and PROXIML_KEY, and " + filepath.Join(none, "credentials.json") + "; make an API key on the account settings page and put its file there",
		},
		"plain http": {func(context.Context) error {
			return start(proximl.WithConfigDir(none), proximl.WithCredentials("u", "k"), proximl.WithEndpoint("http://gpu.example.com"))
		}, nil, 0, "proximl: the URL or host from an option is plain http to gpu.example.com, which is not encrypted; use https"},
		"unknown project": {
			func(ctx context.Context) error { return second(client.Projects.Get(ctx, "proj-x")) }, proximl.ErrNotFound, 1,
			"GET /project/proj-x: 404 Not Found",
		},
		"unknown active project": {
			func(ctx context.Context) error { return second(client.InProject("proj-x").Jobs.List(ctx)) }, proximl.ErrNotFound, 1,
			"GET /job: 404 Not Found (project proj-x from InProject)",
		},
		"job in an unknown project": {func(ctx context.Context) error {
			return second(client.InProject("proj-x").Jobs.Create(ctx, newJob()))
		}, proximl.ErrNotFound, 1, "POST /job: 404 Not Found (project proj-x from InProject)"},
		"no active project": {
			func(ctx context.Context) error { return second(client.GPUTypes.List(ctx)) }, proximl.ErrNoProject, 0,
			"proximl: no active project: give its id by WithProject or InProject, PROXIML_PROJECT, or SaveActiveProject; Projects.List lists the ids, also that of Personal",
		},
		"unknown job": {
			func(ctx context.Context) error { return second(client.Jobs.Get(ctx, "job-x")) }, proximl.ErrNotFound, 1,
			"GET /job/job-x: 404 Not Found: Job Not Found",
		},
		"no spec":    {func(ctx context.Context) error { return second(client.Jobs.Create(ctx, nil)) }, proximl.ErrInvalid, 0, "invalid job spec: name: is missing"},
		"no name":    {create(func(s *proximl.JobSpec) { s.Name = "" }), proximl.ErrInvalid, 0, "invalid job spec: name: is missing"},
		"no type":    {create(func(s *proximl.JobSpec) { s.Type = "" }), proximl.ErrInvalid, 0, "invalid job spec: type: is missing: notebook, training, inference or endpoint"},
		"empty spec": {create(func(s *proximl.JobSpec) { *s = proximl.JobSpec{} }), proximl.ErrInvalid, 0, "invalid job spec: name: is missing; type: is missing: notebook, training, inference or endpoint; resources.gpu_types: " + missing},
		"no GPU type": {
			create(func(s *proximl.JobSpec) { s.Resources.GPUTypes = nil }), proximl.ErrInvalid, 0,
			"invalid job spec: resources.gpu_types: " + missing,
		},
		"an empty list of GPU types": {
			create(func(s *proximl.JobSpec) { s.Resources.GPUTypes = []string{} }), proximl.ErrInvalid, 0,
			"invalid job spec: resources.gpu_types: " + missing,
		},
		"cpu and GPU": {
			create(func(s *proximl.JobSpec) { s.Resources.GPUTypes = []string{"cpu", "rtx3090"} }), proximl.ErrInvalid, 1,
			asked + "All selected resource_types must have the same backend",
		},
		"unknown GPU type": {
			create(func(s *proximl.JobSpec) { s.Resources.GPUTypes = []string{"k80"} }), proximl.ErrInvalid, 1,
			asked + "GPU Type k80 Invalid",
		},
		"small disk": {
			create(func(s *proximl.JobSpec) { s.Resources.DiskSize = new(9) }), proximl.ErrInvalid, 1,
			asked + "Disk Size must be between 10 and 2000",
		},
		"no workers": {
			create(func(s *proximl.JobSpec) { s.Workers = nil }), proximl.ErrInvalid, 1,
			asked + "Training jobs must have at least one worker",
		},
		"empty id":         {func(ctx context.Context) error { return client.Jobs.Delete(ctx, "") }, proximl.ErrInvalid, 0, `invalid request: id: "" is no id of a job`},
		"id of two dots":   {func(ctx context.Context) error { return client.Jobs.Delete(ctx, "..") }, proximl.ErrInvalid, 0, `invalid request: id: ".." is no id of a job`},
		"id of one dot":    {func(ctx context.Context) error { return client.Datasets.Delete(ctx, ".") }, proximl.ErrInvalid, 0, `invalid request: id: "." is no id of a dataset`},
		"id with a slash":  {func(ctx context.Context) error { return client.Jobs.Delete(ctx, "a/b") }, proximl.ErrNotFound, 1, "DELETE /job/a%2Fb: 404 Not Found: Job Not Found"},
		"id with a query":  {func(ctx context.Context) error { return client.Jobs.Delete(ctx, "a?b#c") }, proximl.ErrNotFound, 1, "DELETE /job/a%3Fb%23c: 404 Not Found: Job Not Found"},
		"a page for a job": {func(ctx context.Context) error { return second(client.Jobs.Get(ctx, "page")) }, nil, 1, "GET /job/page: 200 OK: a reply of type text/html; charset=utf-8: <!doctype html> <title>Sign in</title>"},
		"a reply that is cut": {
			func(ctx context.Context) error { return second(client.Jobs.Get(ctx, "cut")) }, nil, 1,
			"GET /job/cut: 200 OK: the reply cannot be read: jsontext: unexpected EOF within \"/name\" after offset 30 (request id r-1)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			wire.taken()
			err := test.call(t.Context())
			require.Error(t, err)
			require.Equal(t, test.text, words(err))
			if test.is != nil {
				require.ErrorIs(t, err, test.is)
			}
			assert.NotErrorIs(t, err, proximl.ErrOutcomeUnknown)
			assert.Len(t, wire.taken(), test.sent)
			assert.False(t, strings.ContainsAny(err.Error(), "\n\t"), "one line")
		})
	}
}
