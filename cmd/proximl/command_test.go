package main

import (
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

// walk visits every command.
func walk(cmd *cobra.Command, visit func(*cobra.Command)) {
	visit(cmd)
	for _, sub := range cmd.Commands() {
		walk(sub, visit)
	}
}

func TestEveryCommandSaysWhatItDoes(t *testing.T) {
	t.Parallel()
	walk(newRoot(&app{}), func(cmd *cobra.Command) {
		path := cmd.CommandPath()
		assert.NotEmpty(t, cmd.Short, path)
		assert.NotContains(t, cmd.Short, ".", "%s: the short text is one sentence without its full stop", path)
		assert.NotNil(t, cmd.Args, "%s would take any arguments", path)
		assert.NotNil(t, cmd.RunE, "%s would do nothing and succeed", path)
		if !cmd.HasSubCommands() {
			assert.NotEmpty(t, cmd.Long, path)
			assert.Contains(t, cmd.Example, "proximl ", path)
		}
		for line := range strings.Lines(cmd.Long) {
			assert.LessOrEqual(t, len(line), 90, "%s: %s", path, line)
		}
	})
}

// The examples name commands and flags that there are.
func TestExamplesAreRight(t *testing.T) {
	t.Parallel()
	root := newRoot(&app{})
	walk(root, func(cmd *cobra.Command) {
		for line := range strings.Lines(cmd.Example) {
			_, command, _ := strings.Cut(line, "proximl ")
			words := strings.Fields(strings.NewReplacer(`"`, "", ")", "").Replace(command))
			found, rest, err := root.Find(words)
			require.NoError(t, err, line)
			assert.True(t, !found.HasSubCommands() || len(rest) > 0 && strings.HasPrefix(rest[0], "--"), line)
			for _, word := range rest {
				if flag, ok := strings.CutPrefix(word, "--"); ok {
					name, _, _ := strings.Cut(flag, "=")
					assert.True(t, found.Flags().Lookup(name) != nil || root.PersistentFlags().Lookup(name) != nil, line)
				}
			}
		}
	})
}

// Which flags have a short form of the Python command, and which are completed:
// neither is said of a flag that is not there.
func TestWhatIsSaidOfFlags(t *testing.T) {
	t.Parallel()
	short, completed, left := map[string]int{}, map[string]bool{}, map[string]bool{}
	walk(newRoot(&app{}), func(cmd *cobra.Command) {
		cmd.LocalFlags().VisitAll(func(flag *pflag.Flag) {
			for _, form := range flag.Annotations[shortFlag] {
				short[form+" --"+flag.Name]++
			}
			if _, found := cmd.GetFlagCompletionFunc(flag.Name); found {
				completed[flag.Name] = true
			} else {
				left[flag.Name+" "+cmd.CommandPath()] = true
			}
		})
	})
	assert.Equal(t, map[string]int{
		"-gt --gpu-type": 5, "-gc --gpu-count": 5, "-cc --cpu-count": 5, "-ds --disk-size": 5, "-mp --max-price": 5, "-s --source": 4, "-s --service": 1,
	}, short)
	assert.Equal(t, []string{
		"checkpoint", "credential", "dataset", "environment", "gpu-type", "model-id", "output", "project", "provider", "region", "secret", "volume",
	}, slices.Sorted(maps.Keys(completed)))
	for flag := range completed {
		for command := range left {
			name, path, _ := strings.Cut(command, " ")
			assert.False(t, name == flag && !strings.Contains(path, " member "), command) // whose flags are levels of access
		}
	}
}

func TestUsageErrors(t *testing.T) {
	t.Parallel()
	me := stranger(t)
	me.run("nonsense").fails(exitUsage, `proximl has no command "nonsense"; there are checkpoint, cloudbender, completion, configure, dataset, emulator, environment, gpu, job, model, project, version, volume`)
	me.run("projekt").fails(exitUsage, `proximl has no command "projekt"; did you mean project?`)
	me.run("gpu").fails(exitUsage, "proximl gpu needs a command: list; see proximl gpu --help")
	me.run("gpu", "lst").fails(exitUsage, `proximl gpu has no command "lst"; did you mean list?`)
	me.run("project", "create").fails(exitUsage, "the usage is: proximl project create NAME [flags]; see proximl project create --help")
	me.run("project", "list", "x").fails(exitUsage, "the usage is: proximl project list [flags]; see proximl project list --help")
	me.run("project", "list", "--nope").fails(exitUsage, "unknown flag: --nope; see proximl project list --help")
	me.run("project", "list", "-o", "xml").fails(exitUsage, `--output "xml" is not one of table, json, yaml and id; a file is named by --output-file`)
	me.run("project", "settings").fails(exitUsage, "nothing to change: give --only-owned-resources or --only-owned-resources=false")
	me.run("project", "credential", "put", "ftp").fails(exitError, "no credentials: looked at the environment variables PROXIML_USER and PROXIML_KEY, and "+
		filepath.Join(me.config, "credentials.json")+"; make an API key on the account settings page and put its file there")
	me.run("help", "nonsense").fails(exitUsage, `there is no command "nonsense"; see proximl --help`)
	me.run("completion", "tcsh").fails(exitUsage, `there is no completion for "tcsh"; there is one for bash, fish, powershell, zsh`)
	me.run("emulator", "--speed", "0").fails(exitUsage, "--speed 0 is not above 0")
}

func TestHelpAndVersion(t *testing.T) {
	t.Parallel()
	me := stranger(t)
	golden(t, "help", me.run("--help").ok().notes("").stdout)
	assert.Equal(t, me.run("--help").stdout, me.run().ok().stdout)
	assert.Equal(t, me.run("project", "list", "--help").ok().stdout, me.run("help", "project", "list").ok().stdout)
	me.run("--version").prints("proximl version " + proximl.Version + "\n")
	me.run("version", "-o", "id").prints(proximl.Version + "\n")
	assert.Contains(t, me.run("version").ok().stdout, "version:  "+proximl.Version+"\n")
	for shell := range shells {
		assert.Contains(t, me.run("completion", shell).ok().notes("").stdout, "proximl")
	}
}

func TestHelpFits(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	root := newRoot(&app{stdout: &text})
	root.SetOut(&text)
	walk(root, func(cmd *cobra.Command) {
		text.Reset()
		require.NoError(t, cmd.Help())
		beforeFlags, _, _ := strings.Cut(text.String(), "\nFlags:\n")
		beforeFlags, _, _ = strings.Cut(beforeFlags, "\nGlobal flags:\n")
		assert.Contains(t, beforeFlags, "Usage:\n  "+cmd.CommandPath())
		for line := range strings.Lines(beforeFlags) {
			assert.LessOrEqual(t, len(line)-1, defaultHelpWidth, "%s: %s", cmd.CommandPath(), line)
		}
	})
	text.Reset()
	require.NoError(t, root.Help())
	assert.Contains(t, text.String(), "\n\nResults go to stdout, all else to stderr. Exit codes:\n    0  done\n    1  error\n", "indented lines stay")
	training, _, err := root.Find([]string{"job", "create", "training"})
	require.NoError(t, err)
	text.Reset()
	require.NoError(t, training.Help())
	assert.Contains(t, text.String(), "--model-dir ./code --data-dir ./data \\\n      --output-dir ./results \"python train.py\"\n")
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	srv, me := service(t)
	const id = "11111111-2222-4333-8444-555555555555"
	const noProject = `; "proximl project list" shows the projects; PROXIML_PROJECT takes an id`
	me.run("project", "list", "--project", "Nowhere").fails(exitNotFound, `--project: not found: no project is called "Nowhere"; see "proximl project list"`)
	me.run("project", "secret", "list", "--project", id).fails(exitNotFound, "GET /project/"+id+"/secrets: 404 Not Found (project "+id+
		` from an option)`+noProject)
	elsewhere := me.with("PROXIML_PROJECT=Research")
	elsewhere.run("job", "list").fails(exitNotFound, "GET /job: 404 Not Found (project Research from PROXIML_PROJECT)"+noProject)
	elsewhere.run("job", "create", "training", "x", "true").fails(exitNotFound, "POST /job: 404 Not Found (project Research from PROXIML_PROJECT)"+noProject)
	me.run("job", "create", "training", "x", "true", "--dataset", "none").
		fails(exitNotFound, `POST /job: 404 Not Found: Dataset Not Found; the command "list" shows what is there, --project says in which project`)
	me.run("job", "create", "training", "x", "true", "--gpu-type", "k80").
		fails(exitError, `POST /job: 400 Bad Request: Invalid Request - GPU Type k80 Invalid; "proximl gpu list" shows those of the project`)
	me.run("project", "remove", "Personal", "-y").fails(exitError, "DELETE /project/"+me.account.Project+
		": 400 Bad Request: Invalid Request - The Personal project cannot be shared, changed or removed")
	me.with("PROXIML_KEY=wrong").run("--no-token-cache", "project", "list").
		fails(exitNotAllowed, "login: NotAuthorizedException: Incorrect username or password.; check user and key; API keys are made and removed on the account settings page (user and key came from PROXIML_USER and PROXIML_KEY)")
	srv.Inject(proximltest.Fault{On: "GET /project", Status: http.StatusBadRequest, Body: "{\"message\":\"two\\nlines \\u001b[31m\"}"})
	me.run("project", "list").fails(exitError, "GET /project: 400 Bad Request: two lines [31m")
	closed := proximltest.New(t)
	closed.Close()
	address := strings.TrimPrefix(closed.URL, "http://")
	me.with("PROXIML_ENDPOINT="+closed.URL).run("project", "list", "--no-token-cache").
		fails(exitError, "login: GET /.well-known/auth-config.json: no reply: dial tcp "+address+": connect: connection refused (after 4 attempts); check the network, and PROXIML_ENDPOINT if it is set")
}

// An empty variable of a script does not make it work elsewhere.
func TestEmptyGlobalFlags(t *testing.T) {
	t.Parallel()
	srv, me := service(t)
	for _, flag := range []string{"--project", "--output-file"} {
		me.run("job", "list", flag, "").fails(exitUsage, flag+" is empty; is a variable of the shell not set?")
	}
	me.run("configure", "--project=").fails(exitUsage, "--project is empty; is a variable of the shell not set?")
	assert.Empty(t, srv.Requests())
}

func TestOutputFile(t *testing.T) {
	t.Parallel()
	_, me := service(t)
	path := filepath.Join(t.TempDir(), "out")
	me.run("project", "list", "-o", "id", "--output-file", path).prints("")
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, me.account.Project+"\n", string(content))
	me.run("project", "list", "-o", "id", "--output-file", "-").prints(me.account.Project + "\n")
	me.run("project", "list", "--output-file", filepath.Join(path, "x")).fails(exitError, "--output-file: "+path+" is no folder")
	nowhere := filepath.Join(path+"s", "x") // and nothing is asked for
	me.run("project", "list", "--output-file", nowhere).fails(exitError, "--output-file: stat "+path+"s: no such file or directory")
}

// The file keeps what it has until there is a result, and has nothing else.
func TestOutputFileHasOnlyResults(t *testing.T) {
	t.Parallel()
	_, me := service(t)
	path := filepath.Join(t.TempDir(), "out")
	has := func(want string) {
		t.Helper()
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, want, string(content))
	}
	assert.Equal(t, exitNotFound, me.run("project", "show", "nope", "--output-file", path).code)
	assert.NoFileExists(t, path)
	require.NoError(t, os.WriteFile(path, []byte("before"), 0o600))
	assert.Equal(t, exitNotFound, me.run("project", "show", "nope", "--output-file", path).code)
	has("before")
	me.pipe("Personal\n", "configure", "--output-file", path).prints("")
	has("before")
	me.run("job", "list", "-o", "id", "--output-file", path).prints("")
	has("") // an empty list is a result, too
	me.run("completion", "bash", "--output-file", path).prints("")
	has(me.run("completion", "bash").stdout)
}

// Nobody else reads secrets that are asked for.
func TestOutputFileWithSecretsIsPrivate(t *testing.T) {
	t.Parallel()
	needsSignals(t) // and with them, permissions
	_, me := service(t)
	path := filepath.Join(t.TempDir(), "out")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	require.NoError(t, os.Chmod(path, 0o644))
	for _, c := range []struct {
		flags []string
		mode  os.FileMode
	}{{nil, 0o644}, {[]string{"--show-secrets"}, 0o600}} {
		me.run(append(c.flags, "project", "list", "--output-file", path)...).prints("")
		info, err := os.Stat(path)
		require.NoError(t, err)
		assert.Equal(t, c.mode, info.Mode())
	}
}

func TestVerboseTellsOfRequestsAndNoSecret(t *testing.T) {
	t.Parallel()
	_, me := service(t)
	for _, flag := range []string{"--verbose", "-v", "-vv", "--debug", "-d"} {
		r := me.run("project", "list", flag, "--no-token-cache").ok()
		assert.Regexp(t, `(?m)^level=DEBUG msg=request operation=projects.list method=GET path=/project took=\S+ status=200$`, r.stderr)
		assert.NotContains(t, r.stderr, me.account.Key)
		assert.NotContains(t, r.stderr, "eyJ", "no token")
	}
	for _, flag := range []string{"--quiet", "-q", "--silent", "-s"} {
		me.run("project", "create", "Quiet "+flag, flag, "-o", "id").ok().notes("")
		me.run("project", "remove", "Quiet "+flag, flag, "-y").ok().notes("")
	}
}

func TestCompletion(t *testing.T) {
	t.Parallel()
	srv, me := service(t)
	other := me.project("My Other Project")
	complete := func(p *person, args ...string) string {
		return p.run(append([]string{"__complete"}, args...)...).ok().stdout
	}
	assert.Equal(t, "My Other Project\t"+other.ID+"\n:4\n", complete(me, "project", "show", "My"))
	assert.Equal(t, other.ID+"\tMy Other Project\n:4\n", complete(me, "project", "remove", other.ID[:20]))
	assert.Equal(t, ":4\n", complete(me, "project", "show", "Personal", ""))
	assert.Contains(t, complete(me, "project", ""), "credential\tKeep the keys of third parties for a project\n")
	assert.Contains(t, complete(me, "project", "list", "--project", ""), "My Other Project\t"+other.ID+"\n")
	assert.Equal(t, "table\njson\nyaml\nid\n:4\n", complete(me, "project", "list", "--output", ""))
	assert.Equal(t, ":4\n", complete(stranger(t), "project", "show", ""))

	job := []string{"job", "create", "training"}
	assert.Contains(t, complete(me, append(job, "--gpu-type", "rtx30")...), "rtx3090")
	dataset := me.dataset("example")
	assert.Equal(t, "example\t"+dataset.ID+"\n:4\n", complete(me, append(job, "--dataset", "ex")...))
	for _, flag := range []string{"--checkpoint", "--model-id", "--environment", "--secret", "--credential"} {
		assert.True(t, strings.HasSuffix(complete(me, append(job, flag, "")...), ":4\n"), "%s is no file", flag)
	}

	assert.Equal(t, ":4\n", complete(me, "job", "list", ""))
	assert.Equal(t, ":4\n", complete(me, "project", "create", ""))
	assert.Equal(t, ":0\n", complete(me, "dataset", "create", "example", ""), "a folder")

	srv.Inject(proximltest.Fault{On: "GET /project", Delay: patience})
	assert.Equal(t, ":4\n", complete(me, "project", "show", ""), "a shell does not wait for a slow service")
}
