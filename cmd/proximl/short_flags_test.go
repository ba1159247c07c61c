package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go/proximltest"
)

// Scripts may use the short forms of the Python command, and capitals.
func TestShortFlagsOfThePythonCommand(t *testing.T) {
	t.Parallel()
	srv, me := service(t, proximltest.WithManualClock())
	me.run("-s", "job", "create", "training", "-gt", "RTX3090", "-gt", "a100", "-gc", "2", "-cc", "16", "-ds", "50", "-mp", "1.5",
		"--output-type", "AWS", "--output-uri", "s3://b", "--credential", "AWS", "--no-attach", "x", "--", "ls", "-gc").ok()
	assert.JSONEq(t, `{"name":"x","type":"training","workers":["ls","-gc"],"model":{},
		"resources":{"gpu_types":["rtx3090","a100"],"gpu_count":2,"cpu_count":16,"disk_size":50,"max_price":1.5},
		"environment":{"credentials":["aws"]},"data":{"output_type":"aws","output_uri":"s3://b"}}`, bodies(srv, "/job")[0])
	folder := t.TempDir()
	me.run("-s", "dataset", "create", "-s", "LOCAL", "x", folder, "--no-connect", "-o", "id").ok().notes("")
	require.Len(t, bodies(srv, "/dataset"), 1)
	assert.Contains(t, bodies(srv, "/dataset")[0], `"source_type":"local"`)
	assert.JSONEq(t, me.run("job", "list", "-f", "json").ok().stdout, me.run("job", "list", "-o", "json").ok().stdout)
	me.run("job", "list", "-gc").fails(exitUsage, "unknown shorthand flag: 'g' in -gc; see proximl job list --help")
}

// What looks like one may be the value of another flag, and what has the letters of
// a flag that takes a value is an argument.
func TestShortFlagsAreNoValues(t *testing.T) {
	t.Parallel()
	srv, me := service(t, proximltest.WithManualClock())
	me.run("job", "create", "training", "n", "o", "-gt", "rtx3090", "--git-uri", "-gt", "-qoid", "-gc", "2", "--custom-image=x", "-ds", "50", "--no-attach").ok().notes("")
	assert.JSONEq(t, `{"name":"n","type":"training","workers":["o"],"resources":{"gpu_types":["rtx3090"],"gpu_count":2,"disk_size":50,"max_price":10},
		"model":{"source_type":"git","source_uri":"-gt"},"environment":{"type":"CUSTOM","custom_image":"x"}}`, bodies(srv, "/job")[0])
	const formats = `" is not one of table, json, yaml and id; a file is named by --output-file`
	for _, values := range [][]string{{"--output", "-s"}, {"-o", "-s"}, {"-qo", "-s"}} {
		me.run(append([]string{"dataset", "create", "o"}, values...)...).fails(exitUsage, `--output "-s`+formats)
	}
	me.run("dataset", "create", "o", "s3://bucket", "--project", "-s", "-s", "aws").
		fails(exitNotFound, `--project: not found: no project is called "-s"; see "proximl project list"`)
}
