package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

// bodies are those of the POST requests to a path, without the project.
func bodies(srv *proximltest.Server, path string) (found []string) {
	for _, request := range srv.Requests() {
		if request.Method == http.MethodPost && request.Path == path {
			found = append(found, request.Body)
		}
	}
	return found
}

// What each flag sends.
func TestJobFlags(t *testing.T) {
	t.Parallel()
	srv, me := service(t, proximltest.WithManualClock())
	srv.Inject(proximltest.Fault{On: "POST /job", Times: 10, Status: http.StatusBadRequest, Body: `{"errorMessage":"as ordered"}`})
	folder := t.TempDir()
	ways := []struct {
		args []string
		body string
	}{
		{
			[]string{"notebook", "n"},
			`{"name":"n","type":"notebook","resources":{"gpu_types":["rtx3090"],"gpu_count":1,"disk_size":10,"max_price":10},"model":{}}`,
		},
		{
			[]string{
				"training", "n", "python a.py", "python b.py", "--gpu-type", "v100", "--gpu-type", "a100", "--gpu-count", "2", "--cpu-count", "8", "--disk-size", "20",
				"--max-price", "2.5", "--preemptible", "--environment", "DEEPLEARNING_PY313", "--env", "A=b=c", "--env", "EMPTY=", "--apt-packages", "x,y=1.0", "--pip-packages", "z==2.0",
				"--conda-packages", "c", "--credential", "aws", "--credential", "gcp", "--secret", "wandb", "--git-uri", "https://github.com/org/repo.git", "--checkpoint", "mine",
				"--public-checkpoint", "bloomz-7b1", "--dataset", "a, b", "--public-dataset", "CIFAR-10", "--output-type", "aws", "--output-uri", "s3://bucket/out", "--no-archive=false", "--no-save-model",
			},
			`{"name":"n","type":"training","resources":{"gpu_types":["v100","a100"],"gpu_count":2,"cpu_count":8,"disk_size":20,"max_price":2.5,"preemptible":true},` +
				`"workers":["python a.py","python b.py"],` +
				`"environment":{"type":"DEEPLEARNING_PY313","env":[{"key":"A","value":"b=c"},{"key":"EMPTY","value":""}],"packages":{"apt":["x","y=1.0"],"pip":["z==2.0"],"conda":["c"]},"credentials":["aws","gcp"],"secrets":["wandb"]},` +
				`"data":{"datasets":[{"id":"a, b"},{"id":"CIFAR-10","public":true}],"output_type":"aws","output_uri":"s3://bucket/out","output_options":{"archive":true,"save_model":false}},` +
				`"model":{"source_type":"git","source_uri":"https://github.com/org/repo.git","checkpoints":[{"id":"mine"},{"id":"bloomz-7b1","public":true}]}}`,
		},
		{
			[]string{"inference", "n", "python p.py", "--gpu-type", "cpu", "--cpu-count", "4", "--model-dir", folder, "--input-dir", folder, "--output-dir", folder + "/new"},
			`{"name":"n","type":"inference","resources":{"gpu_types":["cpu"],"cpu_count":4,"disk_size":10,"max_price":10},"workers":["python p.py"],` +
				`"data":{"input_type":"local","input_uri":"FOLDER","output_type":"local","output_uri":"FOLDER/new"},"model":{"source_type":"local","source_uri":"FOLDER"}}`,
		},
		{
			[]string{"inference", "n", "python p.py", "--input-type", "web", "--input-uri", "https://example.com/x.zip", "--model-id", "some-id", "--custom-image", "nvidia/cuda"},
			`{"name":"n","type":"inference","resources":{"gpu_types":["rtx3090"],"gpu_count":1,"disk_size":10,"max_price":10},"workers":["python p.py"],` +
				`"environment":{"type":"CUSTOM","custom_image":"nvidia/cuda"},"data":{"input_type":"web","input_uri":"https://example.com/x.zip"},"model":{"source_type":"proximl","source_uri":"some-id"}}`,
		},
		{
			[]string{"endpoint", "n", "--route", `{"path":"/p","function":"f","file":"serve","body":[{"name":"x","type":"str"}]}`, "--volume", "v"},
			`{"name":"n","type":"endpoint","resources":{"gpu_types":["rtx3090"],"gpu_count":1,"disk_size":10,"max_price":10},"data":{"volumes":["v"]},"model":{},` +
				`"endpoint":{"routes":[{"path":"/p","verb":"POST","function":"f","file":"serve","body":[{"name":"x","type":"str"}]}]}}`,
		},
		{
			[]string{"endpoint", "n", "--start-command", "python serve.py"},
			`{"name":"n","type":"endpoint","resources":{"gpu_types":["rtx3090"],"gpu_count":1,"disk_size":10,"max_price":10},"model":{},"endpoint":{"start_command":"python serve.py"}}`,
		},
	}
	for i, way := range ways {
		me.run(append([]string{"job", "create"}, way.args...)...).fails(exitError, "POST /job: 400 Bad Request: as ordered")
		sent := bodies(srv, "/job")
		require.Len(t, sent, i+1)
		assert.JSONEq(t, strings.ReplaceAll(way.body, "FOLDER", folder), sent[i], "%v", way.args)
	}
	assert.Equal(t, 10-len(ways), srv.ClearFaults())
}

// What cannot work is refused before anything is sent.
func TestJobUsage(t *testing.T) {
	t.Parallel()
	srv, me := service(t)
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, []byte("x"), 0o600))
	for args, line := range map[string]string{
		"training":                                      "the usage is: proximl job create training NAME COMMAND... [flags]; see proximl job create training --help",
		"training n":                                    "the usage is: proximl job create training NAME COMMAND... [flags]; see proximl job create training --help",
		"inference n":                                   "the usage is: proximl job create inference NAME COMMAND [flags]; see proximl job create inference --help",
		"inference n a b":                               "the usage is: proximl job create inference NAME COMMAND [flags]; see proximl job create inference --help",
		"notebook n command":                            "the usage is: proximl job create notebook NAME [flags]; see proximl job create notebook --help",
		"training n x --env NOVALUE":                    `--env "NOVALUE" is not of the form KEY=VALUE`,
		"training n x --env =secret":                    `--env "" is not of the form KEY=VALUE`,
		"training n x --git-uri g --model-id m":         "only one of --git-uri, --model-id and --model-dir can be given",
		"training n x --environment E --custom-image i": "--custom-image is an environment of its own; leave out --environment",
		"training n x --output-dir . --output-type aws": "--output-dir is for the type local, and in place of --output-uri",
		"training n x --output-type local":              "the output is local, and its folder is missing",
		"training n x --output-dir " + file:             "the output cannot be downloaded to " + file + ": it is no folder",
		"training n x --model-dir /nowhere":             "the model cannot be uploaded: stat /nowhere: no such file or directory",
		"training n x --data-dir /nowhere":              "the dataset cannot be uploaded: stat /nowhere: no such file or directory",
		"inference n x --input-dir /nowhere":            "the input cannot be uploaded: stat /nowhere: no such file or directory",
		"training n x --no-archive=perhaps":             `invalid argument "perhaps" for "--no-archive" flag: strconv.ParseBool: parsing "perhaps": invalid syntax; see proximl job create training --help`,
		"training n x --sweep A":                        `--sweep "A" is not of the form KEY=A,B,...`,
		"training n x --sweep A=,,":                     `--sweep "A=,," is not of the form KEY=A,B,...`,
		"training n x --sweep A=1 --output-dir .":       "--sweep cannot be used with local files but those of --data-dir",
		"notebook n --timeout soon":                     `invalid argument "soon" for "--timeout" flag: want seconds, or a time such as 10m; see proximl job create notebook --help`,
		"-f /nowhere":                                   "--file: open /nowhere: no such file or directory",
		"-f x y":                                        `"y" is too much: the file has it all`,
		"nothing":                                       `proximl job create has no command "nothing"; there are endpoint, inference, notebook, training`,
	} {
		me.run(append([]string{"job", "create"}, strings.Fields(args)...)...).fails(exitUsage, line)
	}
	me.run("job", "create", "endpoint", "n", "--route", "{").fails(exitUsage, "--route: jsontext: unexpected EOF after offset 1")
	me.run("job", "wait", "x", "--for", "never").fails(exitUsage, `--for "never" is not one of "waiting for resources", "waiting for data/model download", "running", "uploading", "finished", "stopped", "archived"`)
	assert.Empty(t, bodies(srv, "/job"))
	assert.Empty(t, bodies(srv, "/dataset"))
}

const specYAML = `name: from a file
type: training
resources: {gpu_types: [v100], gpu_count: 2}
workers: [python train.py, python train.py]
`

func TestJobFromFile(t *testing.T) {
	t.Parallel()
	srv, me := service(t, proximltest.WithManualClock())
	path := filepath.Join(t.TempDir(), "spec.yaml")
	require.NoError(t, os.WriteFile(path, []byte(specYAML), 0o600))
	for _, args := range [][]string{{"--file", path}, {"-f", path}, {"--from-json", path}, {"from-json", path}} {
		me.run(append([]string{"job", "create", "--no-attach", "-o", "id"}, args...)...).ok()
	}
	me.pipe(specYAML, "job", "create", "-f", "-", "--no-attach").ok()
	sent := bodies(srv, "/job")
	require.Len(t, sent, 5)
	for _, body := range sent {
		assert.JSONEq(t, `{"name":"from a file","type":"training","resources":{"gpu_types":["v100"],"gpu_count":2,"disk_size":10,"max_price":10},"workers":["python train.py","python train.py"],"model":{}}`, body)
	}
	me.pipe("name: x\nnmae: y\n", "job", "create", "-f", "-").fails(exitUsage, "-: job spec: line 2, column 1: nmae: is unknown")
}

func TestJobDryRun(t *testing.T) {
	t.Parallel()
	srv, me := service(t)
	data := t.TempDir()
	args := []string{"job", "create", "training", "resnet", "python train.py", "--gpu-type", "v100", "--max-price", "3", "--env", "EPOCHS=10", "--data-dir", data, "--dry-run"}
	r := me.run(args...).ok().notes("It would cost 1.00 to 3.00 credits per hour\n")
	golden(t, "job_dry_run_yaml", r.stdout)
	golden(t, "job_dry_run_json", me.run(append(args, "-o", "json")...).ok().stdout)
	me.pipe(r.stdout, "job", "create", "-f", "-", "--dry-run").prints(r.stdout) // it can be used as a file
	me.pipe(specYAML, "job", "create", "-f", "-", "--dry-run", "--sweep", "A=1,2,3").ok().notes("The 3 jobs would cost 12.00 to 47.28 credits per hour\n")
	me.run("job", "create", "training", "n", "x", "--gpu-type", "k80", "--disk-size", "5", "--dry-run").
		fails(exitUsage, "invalid job spec: resources.gpu_types: GPU Type k80 Invalid; resources.disk_size: Disk Size must be between 10 and 2000"+seeGPUTypes)
	me.run("job", "create", "training", "n", "x", "--gpu-type", "v100", "--max-price", "0.5", "--dry-run").
		fails(exitUsage, "invalid job spec: resources.max_price: the job would wait for ever: it allows 0.5 credits per hour, and the cheapest of its GPU types costs 1")
	assert.Empty(t, bodies(srv, "/job"))
	assert.Empty(t, bodies(srv, "/dataset"))
}

func TestJobSweep(t *testing.T) {
	t.Parallel()
	srv, me := service(t, proximltest.WithManualClock())
	r := me.run("job", "create", "training", "resnet", "python train.py", "--sweep", "LR=0.1,0.01", "--sweep", "SEED=1,2", "-o", "id").ok()
	assert.Len(t, strings.Fields(r.stdout), 4)
	r = me.run("job", "list").ok()
	for _, name := range []string{"resnet-1", "resnet-2", "resnet-3", "resnet-4"} {
		assert.Contains(t, r.stdout, name)
	}
	srv.Inject(proximltest.Fault{On: "POST /job", Times: 4, Status: http.StatusBadRequest, Body: `{"errorMessage":"no"}`})
	me.run("job", "create", "training", "x", "python train.py", "--sweep", "A=1,2").
		fails(exitError, "sweep: 0 of 2 jobs created; not created: x-1, x-2: POST /job: 400 Bad Request: no")
}

// A sweep that cannot be is refused before its dataset is uploaded, and by a dry
// run, too.
func TestJobSweepThatCannotBe(t *testing.T) {
	t.Parallel()
	srv, me := service(t)
	data, hundred := t.TempDir(), strings.Repeat(",1", 100)[1:]
	for line, sweep := range map[string][]string{
		"invalid sweep: env[1].key: A is there twice":                             {"--sweep", "A=1,2", "--sweep", "A=3"},
		"invalid sweep: env: this would be 10100 jobs; a sweep has at most 10000": {"--sweep", "A=" + hundred, "--sweep", "B=" + hundred + ",1"},
	} {
		for _, more := range [][]string{{"--data-dir", data}, {"--dry-run"}} {
			args := append([]string{"job", "create", "training", "n", "x"}, sweep...)
			me.run(append(args, more...)...).fails(exitUsage, line)
		}
	}
	assert.Empty(t, bodies(srv, "/job"))
	assert.Empty(t, bodies(srv, "/dataset"))
}

func TestJobCreateWithoutAReply(t *testing.T) {
	t.Parallel()
	srv, me := service(t, proximltest.WithManualClock())
	srv.Inject(proximltest.Fault{On: "POST /job", Kind: proximltest.ReplyAfterWork, Status: http.StatusBadGateway, Body: "{}"})
	r := me.run("job", "create", "training", "lost", "python train.py")
	list, err := me.client.Jobs.List(t.Context())
	require.NoError(t, err)
	require.Len(t, list, 1)
	r.fails(exitError, "POST /job: 502 Bad Gateway: a reply of type application/json: {}; the service may have done it all the same: "+
		"look for the result before you repeat the call; job lost ("+list[0].ID+") may be it, or an older one of that name")
	assert.Equal(t, proximl.JobStatusNew, list[0].Status)
}

// A file that names a project is about a job of that project, whatever the
// active one is.
func TestJobFromFileInAnotherProject(t *testing.T) {
	t.Parallel()
	srv, me := service(t, proximltest.WithSpeed(40))
	other := me.project("Other")
	spec := specYAML + "project_uuid: " + other.ID + "\n"
	r := me.pipe(spec, "job", "create", "-f", "-").ok()
	assert.Regexp(t, `\njob from a file \(\S+\) is finished\n$`, r.stderr)
	me.pipe(spec, "job", "create", "-f", "-", "--dry-run").ok()

	srv.Inject(proximltest.Fault{On: "POST /job", Kind: proximltest.ReplyAfterWork, Status: http.StatusBadGateway, Body: "{}"})
	spec = strings.Replace(spec, "from a file", "lost", 1)
	assert.Contains(t, me.pipe(spec, "job", "create", "-f", "-").stderr, "; job lost (")

	spec = strings.Replace(spec, "lost", "fails", 1)
	srv.Inject(proximltest.Fault{On: "GET /job/{id}", Status: http.StatusBadRequest, Body: "{}", Times: 9}) // the log asks, too
	r = me.pipe(spec, "job", "create", "-f", "-")
	assert.Contains(t, r.stderr, " goes on, and costs credits; to stop it: proximl job stop ")
	assert.Contains(t, r.stderr, ` --project "`+other.ID+`"`+"\n")
}

// Nothing is uploaded for a job that cannot be, and what was is not forgotten.
func TestJobNotCreatedWithItsDataset(t *testing.T) {
	t.Parallel()
	srv, me := service(t, proximltest.WithSpeed(40))
	data := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(data, "words.txt"), []byte("good morning"), 0o600))
	args := []string{"job", "create", "training", "n", "x", "--data-dir", data}
	me.run(append(args, "--gpu-type", "nonexist")...).fails(exitUsage, "invalid job spec: resources.gpu_types: GPU Type nonexist Invalid"+seeGPUTypes)
	assert.Empty(t, bodies(srv, "/dataset"))

	srv.Inject(proximltest.Fault{On: "POST /dataset", Kind: proximltest.ReplyAfterWork, Status: http.StatusBadGateway, Body: "{}"})
	assert.Contains(t, me.run(args...).stderr, "; dataset Job - n (")
	for _, more := range [][]string{nil, {"--sweep", "A=1"}} {
		srv.Inject(proximltest.Fault{On: "POST /job", Status: http.StatusBadRequest, Body: `{"errorMessage":"no"}`})
		r := me.run(append(args, more...)...)
		assert.Equal(t, exitError, r.code)
		assert.Regexp(t, `^Created dataset Job - n \((\S+)\)\nThere is no job yet; to remove the dataset: proximl dataset remove \S{36}\nproximl: `, r.stderr)
	}
}

const seeGPUTypes = `; "proximl gpu list" shows those of the project`
