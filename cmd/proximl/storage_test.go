package main

import (
	"archive/zip"
	"errors"
	"io"
	"io/fs"
	"net/http"
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

// fast is a service in which nothing takes its time by itself.
func fast(t *testing.T, opts ...proximltest.Option) (*proximltest.Server, *person) {
	t.Helper()
	for _, status := range []string{"new", "downloading", "exporting", "removing"} {
		opts = append(opts, proximltest.WithDuration(status, time.Millisecond))
	}
	return service(t, opts...)
}

// folder has the files that uploads and downloads are about.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "sub"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.txt"), []byte("first"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "sub", "b.txt"), []byte("second"), 0o644))
	return dir
}

func isFolder(t *testing.T, dir string) {
	t.Helper()
	for name, want := range map[string]string{"a.txt": "first", filepath.Join("sub", "b.txt"): "second"} {
		got, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		assert.Equal(t, want, string(got), name)
	}
}

// dataset makes one that needs nothing from here.
func (p *person) dataset(name string) *proximl.Dataset {
	p.t.Helper()
	dataset, err := p.client.Datasets.Create(p.t.Context(), &proximl.DatasetSpec{Name: name, SourceType: "aws", SourceURI: "s3://bucket"})
	require.NoError(p.t, err)
	return dataset
}

// ready is a dataset that is.
func (p *person) ready(name string) *proximl.Dataset {
	p.t.Helper()
	dataset, err := p.client.Datasets.WaitFor(p.t.Context(), p.dataset(name).ID, proximl.StorageStatusReady, proximl.PollBetween(time.Millisecond, time.Second))
	require.NoError(p.t, err)
	return dataset
}

// id is the id that a run printed.
func (r *ran) id() string {
	r.t.Helper()
	id := strings.TrimSpace(r.ok().stdout)
	require.True(r.t, isID(id), id)
	return id
}

// All four kinds upload a folder and give it back.
func TestStorageRoundTrip(t *testing.T) {
	t.Parallel()
	_, me := fast(t)
	for _, kind := range []string{"dataset", "model", "checkpoint", "volume"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			me := *me
			me.t = t
			source, out := folder(t), filepath.Join(t.TempDir(), "out")
			args := []string{kind, "create", "example", source, "--no-attach", "-o", "id"}
			if kind == "volume" {
				args = append(args, "--capacity", "10G")
			}
			r := me.run(args...)
			id := r.id()
			r.notes("Created " + kind + " example (" + id + ")\n")
			shown := me.run(kind, "show", "example", "-o", "json").ok().stdout
			for _, field := range []string{`"status": "ready"`, `"source_type": "local"`, `"source_uri": "` + source + `"`, `"used_size": 11`} {
				assert.Contains(t, shown, field)
			}
			me.run(kind, "export", "example", "--output-dir", out, "-o", "id").prints(id + "\n").
				notes("Downloaded the " + kind + " to " + out + ": 11 B\n")
			isFolder(t, out)
			me.run(kind, "rename", "example", "better", "-o", "id").prints(id + "\n").notes("")
			me.run(kind, "remove", "example", "-y").fails(exitNotFound, "not found: no "+kind+` is called "example"; see "proximl `+kind+` list"`)
			me.run(kind, "remove", "better").fails(exitUsage, "cannot ask whether to remove "+kind+" better ("+id+"), since stdin is no terminal; add --yes")
			me.run(kind, "remove", "better", "--yes").prints("").notes("Removed " + kind + " better (" + id + ")\n")
			me.run(kind, "wait", id, "--for", "archived").prints("").notes("There is no more " + kind + " " + id + "\n")
			me.run(kind, "list", "-o", "id").prints("")
		})
	}
}

// The log goes to stderr, and the result alone to stdout.
func TestStorageCreateWithLog(t *testing.T) {
	t.Parallel()
	me := talkative(t)
	for _, source := range [][]string{{folder(t)}, {"s3://bucket/folder", "--source", "aws"}, {"--source-uri", "s3://bucket/folder", "--source", "aws"}} {
		r := me.run(append([]string{"dataset", "create", "example", "-o", "id"}, source...)...)
		id := r.id()
		assert.Regexp(t, `^Created dataset example \(`+id+`\)\n\d\d/\d\d/\d{4}, \d\d:\d\d:\d\d: Downloading\n$`, r.stderr)
		dataset, err := me.client.Datasets.Get(t.Context(), id)
		require.NoError(t, err)
		assert.Equal(t, proximl.StorageStatusReady, dataset.Status)
	}
	me.run("dataset", "create", "quiet", folder(t), "-q", "-o", "id").ok().notes("")
}

func TestVolumeCreate(t *testing.T) {
	t.Parallel()
	_, me := fast(t)
	source := folder(t)
	for _, form := range []struct {
		args             []string
		capacity, source string
	}{
		{[]string{"--capacity", "20G"}, "20G", ""},
		{[]string{"--capacity", "20"}, "20G", ""},
		{[]string{"10", source}, "10G", "local"},
		{[]string{"10", "s3://bucket", "--source", "aws"}, "10G", "aws"},
	} {
		id := me.run(append([]string{"volume", "create", "scratch", "--no-attach", "--no-connect", "-o", "id"}, form.args...)...).id()
		volume, err := me.client.Volumes.Get(t.Context(), id)
		require.NoError(t, err)
		assert.Equal(t, form.capacity, volume.Capacity)
		assert.Equal(t, proximl.LocationType(form.source), volume.SourceType)
	}
}

func TestStorageUsage(t *testing.T) {
	t.Parallel()
	me := stranger(t)
	missing := filepath.Join(t.TempDir(), "missing")
	for _, wrong := range []struct{ args, says string }{
		{"dataset create x", "the source is missing: name a PATH of this machine, or --source and --source-uri"},
		{"dataset create x " + missing, "cannot upload: stat " + missing + ": no such file or directory"},
		{"dataset create x s3://a --source-uri s3://b", `the source is given twice: as "s3://a" and by --source-uri`},
		{"dataset create x y z", "the usage is: proximl dataset create NAME [PATH_OR_URI] [flags]; see proximl dataset create --help"},
		{"volume create x", "--capacity is missing; it is a size such as 10G"},
		{"volume create x 10 . --capacity 10G", `the capacity is given twice: as "10" and by --capacity`},
		{"dataset export x", "--output-dir is missing; it names the folder to download to"},
		{"dataset export x --output-type aws", "--output-uri is missing; it names the place to export to"},
		{"dataset export x --output-type aws --output-dir .", "--output-dir is for the output type local, not aws; use --output-uri"},
		{"dataset wait x --for nonsense", `--for "nonsense" is not one of ready, downloading, exporting, archived`},
	} {
		me.run(strings.Fields(wrong.args)...).fails(exitUsage, wrong.says)
	}
}

// A path that the service suggests is not used without consent.
func TestStorageConnect(t *testing.T) {
	t.Parallel()
	_, me := fast(t)
	source := folder(t)
	create := func() string {
		r := me.run("dataset", "create", "example", source, "--no-connect", "-o", "id")
		id := r.id()
		r.notes("Created dataset example (" + id + ")\n" + `"proximl dataset connect ` + id + " --path " + source + "\" uploads its files\n")
		return id
	}
	id := create()
	me.run("dataset", "connect", id).fails(exitUsage, "cannot ask whether to upload to dataset example ("+id+") what is at "+source+", since stdin is no terminal; add --yes")
	me.run("dataset", "connect", id, "--path", source, "--no-attach", "-o", "id").prints(id + "\n").notes("")
	me.run("dataset", "connect", id, "--no-attach", "-o", "id").prints(id + "\n").notes("")
	id = create()
	me.run("dataset", "connect", id, "--yes", "--no-attach", "-o", "id").prints(id + "\n").notes("")

	out := filepath.Join(t.TempDir(), "out")
	me.run("dataset", "export", id, "--output-dir", out, "--no-connect", "-o", "id").prints(id + "\n")
	me.run("dataset", "wait", id, "--for", "exporting", "-o", "id").prints(id + "\n")
	me.run("dataset", "connect", id).fails(exitUsage, "cannot ask whether to download dataset example ("+id+") to "+out+", since stdin is no terminal; add --yes")
	assert.NoDirExists(t, out)
	other := filepath.Join(t.TempDir(), "other")
	r := me.run("dataset", "connect", id, "--output-dir", other, "--no-attach", "-o", "id").prints(id + "\n")
	assert.Regexp(t, `^Downloaded the dataset to `+regexp.QuoteMeta(other)+`: \d+ B\n$`, r.stderr)
	isFolder(t, other)
	assert.NoDirExists(t, out)
}

func TestStorageExport(t *testing.T) {
	t.Parallel()
	srv, me := fast(t)
	dataset := me.ready("example")
	me.run("dataset", "export", "example", "--output-type", "aws", "--output-uri", "s3://bucket/out", "--archive", "-o", "id").prints(dataset.ID + "\n")
	requests := srv.Requests()
	assert.JSONEq(t, `{"output_type":"aws","output_uri":"s3://bucket/out","output_options":{"archive":true}}`, string(requests[len(requests)-1].Body))
}

func TestStorageNames(t *testing.T) {
	t.Parallel()
	_, me := fast(t)
	one, two := me.ready("twin"), me.ready("twin")
	me.run("dataset", "rename", "twin", "x").
		fails(exitError, `name is not unique: 2 datasets are called "twin", use an id: `+one.ID+" (ready), "+two.ID+" (ready)")
	me.run("dataset", "rename", two.ID, "other", "-o", "id").prints(two.ID + "\n")
	assert.Equal(t, "other\t"+two.ID+"\n:4\n", me.run("__complete", "dataset", "remove", "oth").ok().stdout)
	missing := "11111111-2222-4333-8444-555555555555"
	me.run("dataset", "show", missing).fails(exitNotFound, "GET /dataset/"+missing+
		`: 404 Not Found: Dataset Not Found; the command "list" shows what is there, --project says in which project`)
}

// What is in use is removed by force only.
func TestStorageRemoveByForce(t *testing.T) {
	t.Parallel()
	_, me := service(t, proximltest.WithManualClock())
	dataset := me.dataset("new")
	r := me.run("dataset", "remove", "new", "-y")
	assert.Equal(t, exitError, r.code)
	assert.Contains(t, r.stderr, "DELETE /dataset/"+dataset.ID+": 400 Bad Request")
	me.run("dataset", "remove", "new", "-y", "--force").prints("").notes("Removed dataset new (" + dataset.ID + ")\n")
}

// A lost reply is not the end of it.
func TestStorageCreateWithUnknownOutcome(t *testing.T) {
	t.Parallel()
	srv, me := fast(t)
	srv.Inject(proximltest.Fault{On: "POST /dataset", Kind: proximltest.ResetAfterWork})
	r := me.run("dataset", "create", "lost", "s3://bucket", "--source", "aws")
	assert.Equal(t, exitError, r.code)
	list, err := me.client.Datasets.List(t.Context())
	require.NoError(t, err)
	require.Len(t, list, 1)
	assert.Contains(t, r.stderr, "; dataset lost ("+list[0].ID+") may be it, or an older one of that name\n")

	srv.Inject(proximltest.Fault{On: "POST /dataset", Kind: proximltest.ResetBeforeWork})
	r = me.run("dataset", "create", "never", "s3://bucket", "--source", "aws")
	assert.Contains(t, r.stderr, `; so far no dataset is called "never"`+"\n")
}

func TestStorageWaitAndLogs(t *testing.T) {
	t.Parallel()
	_, me := fast(t, proximltest.WithScript(func(e proximltest.Entity) proximltest.Script {
		if e.Name == "bad" {
			return proximltest.Script{FailIn: "downloading"}
		}
		return proximltest.Script{}
	}))
	good, bad := me.dataset("good"), me.dataset("bad")
	me.run("dataset", "wait", "good", "-o", "id").prints(good.ID + "\n").notes("")
	r := me.run("dataset", "wait", "bad")
	assert.Equal(t, exitFailed, r.code, r.stderr)
	r = me.run("dataset", "attach", "bad")
	assert.Equal(t, exitFailed, r.code, r.stderr)
	me.run("dataset", "connect", "bad").fails(exitError, "dataset bad ("+bad.ID+") is failed, and waits for no files")

	archive := `"proximl dataset logs ` + good.ID + ` --archive log.zip" downloads its log`
	me.run("dataset", "attach", "good").prints("").notes("dataset good (" + good.ID + ") is ready already; " + archive + "\n")
	me.run("dataset", "logs", "good").fails(exitError, "dataset good ("+good.ID+") is ready; "+archive)
	path := filepath.Join(t.TempDir(), "log.zip")
	me.run("dataset", "logs", "good", "--archive", path).prints("").notes("Wrote " + path + "\n")
	files, err := zip.OpenReader(path)
	require.NoError(t, err)
	defer files.Close()
	assert.NotEmpty(t, files.File)
	assert.True(t, strings.HasPrefix(me.run("dataset", "logs", "good", "--archive", "-").ok().stdout, "PK"))

	nowhere := filepath.Join(t.TempDir(), "nowhere", "log.zip")
	assert.Equal(t, exitError, me.run("dataset", "logs", "good", "--archive", nowhere).code)
}

// talkative is a service whose downloads last long enough for their log.
func talkative(t *testing.T) *person {
	t.Helper()
	_, me := service(t, proximltest.WithDuration("new", time.Millisecond), proximltest.WithDuration("downloading", 4*time.Second))
	return me
}

// attach prints the log to stdout.
func TestStorageAttach(t *testing.T) {
	t.Parallel()
	me := talkative(t)
	me.dataset("example")
	r := me.run("dataset", "attach", "example").ok()
	assert.Regexp(t, `^\d\d/\d\d/\d{4}, \d\d:\d\d:\d\d: Downloading\n$`, r.stdout)
	assert.Empty(t, r.stderr)
}

// A log that breaks off stops neither a transfer nor a wait. It is an error of
// the commands whose result it is: at once of logs, at the end of attach.
func TestStorageLogThatBreaksOff(t *testing.T) {
	t.Parallel()
	const broken = "GET / (log websocket): 403 Forbidden: no"
	lasting := func(download time.Duration) (*person, func(args ...string) (*ran, proximl.StorageStatus)) {
		srv, me := service(t, proximltest.WithDuration("new", time.Millisecond), proximltest.WithDuration("downloading", download))
		return me, func(args ...string) (*ran, proximl.StorageStatus) {
			srv.Inject(proximltest.Fault{On: "GET /", Status: http.StatusForbidden, Body: `{"message":"no"}`, Times: 99})
			defer srv.ClearFaults()
			r := me.run(append([]string{"dataset"}, args...)...)
			list, err := me.client.Datasets.List(t.Context())
			require.NoError(t, err)
			return r, list[len(list)-1].Status
		}
	}
	me, run := lasting(5 * time.Second)
	for _, source := range [][]string{{folder(t)}, {"s3://bucket/folder", "--source", "aws"}} {
		r, status := run(append([]string{"create", "example", "-o", "id"}, source...)...)
		assert.Regexp(t, `^Created dataset example \(`+r.id()+`\)\nThe log broke off: `+regexp.QuoteMeta(broken)+`\n$`, r.stderr)
		assert.Equal(t, proximl.StorageStatusReady, status)
	}
	r, status := run("attach", me.dataset("attached").ID)
	assert.Equal(t, proximl.StorageStatusReady, status)
	assert.Equal(t, "The log broke off: "+broken+"\nproximl: "+broken+"; the project's owner decides what its members may do\n", r.stderr)
	assert.Equal(t, exitNotAllowed, r.code)

	me, run = lasting(time.Hour)
	r, status = run("logs", me.dataset("logs").ID)
	assert.NotEqual(t, proximl.StorageStatusReady, status)
	r.fails(exitNotAllowed, broken+"; the project's owner decides what its members may do")
}

func TestByteSize(t *testing.T) {
	t.Parallel()
	for bytes, want := range map[int64]string{0: "", 1: "1 B", 1023: "1023 B", 1024: "1.00 KiB", 100_000_000: "95.37 MiB", 1 << 40: "1.00 TiB", 1<<63 - 1: "8.00 EiB"} {
		assert.Equal(t, want, byteSize(bytes))
	}
}

// A file is there as a whole or not at all.
func TestSaveFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "log.zip")
	require.NoError(t, os.WriteFile(path, []byte("before"), 0o600))
	a := &app{progress: &progress{}}
	broken := errors.New("broke off")
	err := a.saveFile("--archive", path, func(w io.Writer) error {
		_, _ = w.Write([]byte("half"))
		return broken
	})
	require.ErrorIs(t, err, broken)
	require.EqualError(t, err, "broke off")
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "before", string(content))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, entries, 1)
	err = a.saveFile("--archive", filepath.Join(dir, "nowhere", "log.zip"), func(io.Writer) error { return nil })
	require.ErrorIs(t, err, fs.ErrNotExist)
	assert.True(t, strings.HasPrefix(err.Error(), "--archive: open "), err)
}
