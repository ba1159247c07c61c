package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The way of a job with data of its own through a shared project, between two
// people at shells of their own.
func TestJobInASharedProject(t *testing.T) {
	t.Parallel()
	needsSignals(t)
	e := stranger(t).emulate(2, "-q", "--local-runner", "--speed", "60", "--accounts", "me@example.com,you@example.com")
	defer e.interrupt()
	me, you := e.person(0), e.person(1)
	data, results := t.TempDir(), filepath.Join(t.TempDir(), "results")
	require.NoError(t, os.WriteFile(filepath.Join(data, "words.txt"), []byte("good morning\n"), 0o600))

	shared := strings.TrimSpace(me.run("project", "create", "Shared", "-o", "id").ok().stdout)
	me.run("project", "member", "add", "you@example.com", "--project", "Shared").ok()
	me.run("configure", "--project", "Shared").ok()
	r := me.run("job", "create", "training", "greet", "--data-dir", data, "--output-dir", results,
		"--env", "WHO=a=b", `echo "$WHO says $(cat "$ML_DATA_PATH/words.txt")"; tr a-z A-Z < "$ML_DATA_PATH/words.txt" > "$ML_OUTPUT_PATH/loud.txt"`).ok()
	assert.Regexp(t, `\d\d/\d\d/\d{4}, \d\d:\d\d:\d\d: a=b says good morning\n`, r.stdout)
	assert.Regexp(t, `^Created dataset Job - greet \(\S+\)\nCreated job greet \(\S+\)\nDownloaded the output to \S+results: 13 B\njob greet \(\S+\) is finished\n$`, r.stderr)
	output, err := os.ReadFile(filepath.Join(results, "loud.txt"))
	require.NoError(t, err)
	assert.Equal(t, "GOOD MORNING\n", string(output))

	job := me.run("job", "list", "-o", "id").ok().stdout
	require.Regexp(t, `^\S{36}\n$`, job)
	id := job[:36]
	you.run("job", "list", "-o", "id").prints("")
	you.run("job", "list", "--project", "Shared", "-o", "id").prints(job)
	assert.Contains(t, you.run("job", "show", "greet", "--project", "Shared").ok().stdout, "finished")
	you.with("PROXIML_PROJECT="+shared).run("job", "remove", "greet", "--yes").
		fails(exitNotAllowed, "DELETE /job/"+id+": 403 Forbidden (project "+shared+" from PROXIML_PROJECT); the project's owner decides what its members may do")
	you.run("job", "create", "training", "mine", "true", "--project", shared).
		fails(exitNotAllowed, "POST /job: 403 Forbidden (project "+shared+" from an option); the project's owner decides what its members may do")
	you.run("project", "leave", "Shared", "--yes").ok()
	you.run("job", "list", "--project", "Shared").fails(exitNotFound, `--project: not found: no project is called "Shared"; see "proximl project list"`)

	// Where a format is asked for, stdout has nothing but the job.
	quick := me.run("job", "create", "training", "quick", "echo hello", "-o", "id").ok()
	assert.Regexp(t, `^\S{36}\n$`, quick.stdout)
	assert.Contains(t, quick.stderr, ": hello\n")

	failed := me.run("job", "create", "training", "broken", "exit 3")
	assert.Equal(t, exitFailed, failed.code)
	assert.Contains(t, failed.stdout, "exit status 3")
	assert.Contains(t, failed.stderr, `is "failed" and cannot become "finished" any more; its log: proximl job logs `)
}
