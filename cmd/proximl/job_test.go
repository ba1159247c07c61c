package main

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

// create makes a job by the client.
func (p *person) create(name string, t proximl.JobType, commands ...string) *proximl.Job {
	p.t.Helper()
	spec := &proximl.JobSpec{Name: name, Type: t, Workers: commands, Resources: proximl.JobResources{GPUTypes: []string{"rtx3090"}, GPUCount: new(1)}}
	job, err := p.client.Jobs.Create(p.t.Context(), spec)
	require.NoError(p.t, err)
	return job
}

func (p *person) status(job *proximl.Job) proximl.JobStatus {
	p.t.Helper()
	now, err := p.client.Jobs.Get(p.t.Context(), job.ID)
	require.NoError(p.t, err)
	return now.Status
}

func TestJobStartStopRemove(t *testing.T) {
	t.Parallel()
	srv, me := service(t, proximltest.WithManualClock())
	job := me.create("sandbox", proximl.JobTypeNotebook)
	called := "job sandbox (" + job.ID + ")"
	require.NoError(t, srv.SetStatus(job.ID, "running"))
	me.run("job", "stop", "sandbox", "--no-wait").prints("").notes("Stopping " + called + "\n")
	assert.Equal(t, proximl.JobStatusStopping, me.status(job))
	require.NoError(t, srv.SetStatus(job.ID, "stopped"))
	me.run("job", "start", job.ID, "--no-connect").prints("").notes("Started " + called + "\n")
	require.NoError(t, srv.SetStatus(job.ID, "running"))
	me.run("job", "wait", "sandbox", "-o", "id").prints(job.ID + "\n").notes("")
	me.run("job", "remove", "sandbox").fails(exitUsage, "cannot ask whether to remove "+called+", since stdin is no terminal; add --yes")
	me.run("job", "remove", "sandbox", "--yes", "--force", "--no-force").
		fails(exitError, "DELETE /job/"+job.ID+": 400 Bad Request: Invalid Request - A job that is running must be stopped before it is removed")
	me.run("job", "remove", "sandbox", "--yes", "--force").prints("").notes("Removed " + called + "\n")
	srv.Clock().Advance(time.Hour)
	me.run("job", "wait", job.ID, "--for", "archived").prints("").notes("There is no job " + job.ID + "\n")
	me.run("job", "wait", job.ID).fails(exitNotFound, "GET /job/"+job.ID+`: 404 Not Found: Job Not Found; the command "list" shows what is there, --project says in which project`)
	me.run("job", "stop", "sandbox").fails(exitNotFound, `not found: no job is called "sandbox"; see "proximl job list"`)

	one, two := me.create("twin", proximl.JobTypeNotebook), me.create("twin", proximl.JobTypeNotebook)
	require.NoError(t, srv.SetStatus(two.ID, "running"))
	me.run("job", "show", "twin").fails(exitError, `name is not unique: 2 jobs are called "twin", use an id: `+one.ID+" (new), "+two.ID+" (running)")
	assert.Contains(t, me.run("__complete", "job", "show", two.ID[:8]).ok().stdout, two.ID+"\ttwin\n")
}

// What a script does next can count on it.
func TestJobStopAndStartWait(t *testing.T) {
	t.Parallel()
	srv, me := service(t, proximltest.WithSpeed(40))
	job := me.create("sandbox", proximl.JobTypeNotebook)
	called := "job sandbox (" + job.ID + ")"
	require.NoError(t, srv.SetStatus(job.ID, "running"))
	me.run("job", "stop", "sandbox").prints("").notes(called + " is stopped\n")
	assert.Equal(t, proximl.JobStatusStopped, me.status(job))
	r := me.run("job", "start", "sandbox").ok().notes("Started " + called + "\n" + called + " is running\nThe token that opens the notebook is left out; --show-secrets prints it\n")
	assert.Equal(t, proximl.JobStatusRunning, me.status(job))
	now, err := me.client.Jobs.Get(t.Context(), job.ID)
	require.NoError(t, err)
	assert.Equal(t, now.URL()+"\n", r.stdout)

	training := me.create("resnet", proximl.JobTypeTraining, "true")
	require.NoError(t, srv.SetStatus(training.ID, "running"))
	srv.Inject(proximltest.Fault{On: "PATCH /job/{id}", Status: 200, Body: `{}`}) // it ends by itself
	me.run("job", "stop", "resnet").prints("").notes("job resnet (" + training.ID + ") is finished\n")
}

func TestJobWait(t *testing.T) {
	t.Parallel()
	srv, me := service(t, proximltest.WithManualClock())
	job := me.create("resnet", proximl.JobTypeTraining, "python train.py")
	called := "job resnet (" + job.ID + ")"
	r := me.run("job", "wait", "resnet", "--timeout", "0.1")
	assert.Equal(t, exitError, r.code)
	assert.Equal(t, called+" goes on, and costs credits; to stop it: proximl job stop "+job.ID+"\n"+
		"proximl: --timeout 100ms is over: waiting for "+job.ID+` to become "finished" (it is "new"): context deadline exceeded`+"\n", r.stderr)
	me.run("job", "wait", "resnet", "--project", "Personal", "--timeout", "100ms", "-q").
		fails(exitError, "--timeout 100ms is over: waiting for "+job.ID+` to become "finished" (it is "new"): context deadline exceeded`)
	require.NoError(t, srv.SetStatus(job.ID, "failed"))
	me.run("job", "wait", "resnet", "--project", "Personal").
		fails(exitFailed, job.ID+` is "failed" and cannot become "finished" any more; its log: proximl job logs `+job.ID+` --archive log.zip --project "Personal"`)
	me.run("job", "attach", "resnet").fails(exitFailed, job.ID+` is "failed" and cannot become "finished" any more; its log: proximl job logs `+job.ID+" --archive log.zip")
	require.NoError(t, srv.SetStatus(job.ID, "stopped"))
	r = me.run("job", "wait", "resnet", "-o", "id")
	assert.Equal(t, exitFailed, r.code, "it has no result")
	assert.Equal(t, job.ID+"\n", r.stdout)
	assert.Equal(t, "proximl: "+job.ID+` is "stopped" and cannot become "finished" any more`+"\n", r.stderr)
	require.NoError(t, srv.SetStatus(job.ID, "finished"))
	assert.Contains(t, me.run("job", "wait", job.ID, "-o", "json").ok().notes("").stdout, "\n  \"status\": \"finished\",\n")
	me.run("job", "attach", job.ID).prints("").notes(called + " is finished; its log: proximl job logs " + job.ID + " --archive log.zip\n")
}

func TestJobOpen(t *testing.T) {
	t.Parallel()
	srv, me := service(t, proximltest.WithManualClock())
	job := me.create("sandbox", proximl.JobTypeNotebook)
	me.run("job", "open", "sandbox").fails(exitError, "job sandbox ("+job.ID+") is new and cannot be reached; wait until it is running")
	require.NoError(t, srv.SetStatus(job.ID, "running"))
	job, err := me.client.Jobs.Get(t.Context(), job.ID)
	require.NoError(t, err)
	me.run("job", "open", "sandbox").prints(job.URL() + "\n").notes("The token that opens the notebook is left out; --show-secrets prints it\n")
	me.run("job", "open", "sandbox", "--show-secrets").prints(job.NotebookURL() + "\n").notes("")
	r := me.run("job", "create", "notebook", "another", "--timeout", "0.1")
	assert.Equal(t, exitError, r.code)
	assert.Contains(t, r.stderr, "proximl: --timeout 100ms is over: ")
}

func TestJobCopy(t *testing.T) {
	t.Parallel()
	srv, me := service(t, proximltest.WithManualClock())
	source := me.create("sandbox", proximl.JobTypeNotebook)
	require.NoError(t, srv.SetStatus(source.ID, "running"))
	me.run("job", "copy", "sandbox", "sandbox-2", "--no-attach", "-o", "id").ok()
	me.run("job", "copy", source.ID, "resnet", "python train.py", "--type", "training", "--disk-size", "50", "--no-attach").ok()
	sent := bodies(srv, "/job")
	require.Len(t, sent, 3)
	base := `"source_job_uuid":"` + source.ID + `","project_uuid":"` + source.ProjectID + `","resources":{"gpu_types":["rtx3090"],"gpu_count":1,"max_price":10,"disk_size":`
	assert.JSONEq(t, `{"name":"sandbox-2","type":"notebook",`+base+`10}}`, sent[1])
	assert.JSONEq(t, `{"name":"resnet","type":"training","workers":["python train.py"],`+base+`50}}`, sent[2])
}

// logScript gives each worker one line, with what could take over a terminal.
func logScript(_ proximltest.Entity, worker int) []proximltest.LogLine {
	if worker == 0 {
		return nil
	}
	return []proximltest.LogLine{{Text: strings.Repeat("I", worker) + " am\x1b]0;evil\a here"}}
}

func TestJobLogs(t *testing.T) {
	t.Parallel()
	srv, me := service(t, proximltest.WithSpeed(40), proximltest.WithLogScript(logScript))
	job := me.create("resnet", proximl.JobTypeTraining, "a", "b")
	r := me.run("job", "logs", "resnet").ok().notes("")
	lines := strings.Split(r.stdout, "\n")
	require.Len(t, lines, 3)
	assert.Regexp(t, `^\d\d/\d\d/\d{4}, \d\d:\d\d:\d\d: Worker 1 - I am\x1b]0;evil\x07 here$`, lines[0], "a file gets what was written")
	assert.Regexp(t, ": Worker 2 - II am", lines[1])

	require.NoError(t, srv.SetStatus(job.ID, "finished"))
	called := "job resnet (" + job.ID + ")"
	me.run("job", "logs", "resnet").fails(exitError, called+" is finished; its log: proximl job logs "+job.ID+" --archive log.zip")
	me.run("job", "logs", "resnet", "--archive", "-").fails(exitUsage, "--archive -: "+called+" has 2 workers, and so as many zip files; name a file")
	folder := t.TempDir()
	me.run("job", "logs", "resnet", "--archive", filepath.Join(folder, "log.zip")).prints("").
		notes("Wrote " + folder + "/log-1.zip\nWrote " + folder + "/log-2.zip\n")
	for i, text := range []string{"I am", "II am"} {
		content, err := os.ReadFile(filepath.Join(folder, []string{"log-1.zip", "log-2.zip"}[i]))
		require.NoError(t, err)
		assert.Contains(t, unzipped(t, content), text)
	}
	files, err := os.ReadDir(folder)
	require.NoError(t, err)
	assert.Len(t, files, 2, "nothing half-written is left")
}

func unzipped(t *testing.T, content []byte) string {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	require.NoError(t, err)
	require.Len(t, archive.File, 1)
	file, err := archive.File[0].Open()
	require.NoError(t, err)
	defer file.Close()
	var text bytes.Buffer
	_, err = text.ReadFrom(file)
	require.NoError(t, err)
	return text.String()
}

// A path that a teammate named is not used without a yes.
func TestJobConnectAsks(t *testing.T) {
	t.Parallel()
	_, me := service(t, proximltest.WithSpeed(40))
	folder := t.TempDir()
	model, output := filepath.Join(folder, "model"), filepath.Join(folder, "output")
	require.NoError(t, os.Mkdir(model, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(model, "train.py"), []byte("pass"), 0o600))
	me.run("job", "create", "training", "resnet", "python train.py", "--model-dir", model, "--output-dir", output, "--no-attach", "--no-connect").ok()
	me.run("job", "connect", "resnet").fails(exitUsage, "cannot ask whether to upload as the model what is in "+model+", since stdin is no terminal; add --yes")
	me.run("job", "connect", "resnet", "--model-dir", model).fails(exitUsage, "cannot ask whether to download the output to "+output+", since stdin is no terminal; add --yes")
	assert.NoDirExists(t, output)
	r := me.run("job", "connect", "resnet", "--yes", "--no-attach").prints("")
	assert.Regexp(t, `^Downloaded the output to `+regexp.QuoteMeta(output)+`: \d+ B\nAll files of job resnet \(\S+\) are exchanged\n$`, r.stderr)
	assert.DirExists(t, output)
	const nothing = "Nothing was downloaded: the output was fetched before\n"
	r = me.run("job", "connect", "resnet", "--yes", "--no-attach").prints("")
	assert.Regexp(t, "^"+nothing+`All files of job resnet \(\S+\) are exchanged\n$`, r.stderr)
	r = me.run("job", "connect", "resnet", "--yes").prints("")
	assert.Regexp(t, "^"+nothing+`job resnet \(\S+\) is finished; its log: proximl job logs \S+ --archive log.zip\n$`, r.stderr)
	me.run("job", "create", "training", "plain", "python train.py", "--no-attach", "-o", "id").ok()
	assert.NotContains(t, me.run("job", "connect", "plain").ok().stderr, "Nothing was downloaded")
	r = me.run("job", "connect", "plain").ok()
	assert.Regexp(t, `^Nothing was downloaded: job plain \(\S+\) has no output for this machine\njob plain .* is finished; its log: `, r.stderr)
	me.run("job", "connect", "plain", "-q", "--no-attach").fails(exitUsage, "invalid connect: job: has neither a local model nor a local input or output")
}

// The time limit of a notebook is not that of its upload.
func TestJobUploadsLongerThanTheTimeout(t *testing.T) {
	t.Parallel()
	srv, me := service(t, proximltest.WithSpeed(40))
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "notebook.ipynb"), []byte("{}"), 0o600))
	srv.Inject(proximltest.Fault{On: "PUT /transfer/{rest...}", Delay: 6 * 40 * time.Second})
	r := me.run("job", "create", "notebook", "sandbox", "--model-dir", folder, "--timeout", "5").ok()
	assert.Contains(t, r.stderr, "The token that opens the notebook is left out")
	assert.Positive(t, got(srv, "PUT /transfer/"))
}
