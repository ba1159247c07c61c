package specfile_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/specfile"
)

const trainingYAML = `
# a comment
name: resnet
type: training
resources:
  gpu_types: [rtx3090, a100]
  gpu_count: 1
  max_price: 2.5
  preemptible: true
workers:
  - python train.py
  - |
    python a.py
    python b.py
environment:
  type: DEEPLEARNING_PY313
  env: &env
    - {key: EPOCHS, value: "10"}
data:
  datasets:
    - mine
    - id: CIFAR-10
      public: true
  output_type: aws
  output_uri: s3://bucket/out
  output_options: {archive: false}
model: {source_type: git, source_uri: "https://github.com/org/repo.git"}
`

const trainingJSON = `{
	"name": "resnet", "type": "training",
	"resources": {"gpu_types": ["rtx3090", "a100"], "gpu_count": 1, "max_price": 2.5, "preemptible": true},
	"workers": ["python train.py", "python a.py\npython b.py\n"],
	"environment": {"type": "DEEPLEARNING_PY313", "env": [{"key": "EPOCHS", "value": "10"}]},
	"data": {
		"datasets": ["mine", {"id": "CIFAR-10", "public": true}],
		"output_type": "aws", "output_uri": "s3://bucket/out", "output_options": {"archive": false}
	},
	"model": {"source_type": "git", "source_uri": "https://github.com/org/repo.git"}
}`

func TestLoadJobSpec(t *testing.T) {
	t.Parallel()
	want := &proximl.JobSpec{
		Name: "resnet", Type: proximl.JobTypeTraining, Workers: []string{"python train.py", "python a.py\npython b.py\n"},
		Resources:   proximl.JobResources{GPUTypes: []string{"rtx3090", "a100"}, GPUCount: new(1), MaxPrice: new(2.5), Preemptible: new(true)},
		Environment: &proximl.JobEnvironment{Type: "DEEPLEARNING_PY313", Env: []proximl.EnvVar{{Key: "EPOCHS", Value: "10"}}},
		Data: &proximl.JobData{
			Datasets:   []proximl.DatasetRef{{ID: "mine"}, {ID: "CIFAR-10", Public: new(true)}},
			OutputType: "aws", OutputURI: "s3://bucket/out", OutputOptions: &proximl.LocationOptions{Archive: new(false)},
		},
		Model: &proximl.JobModel{SourceType: "git", SourceURI: "https://github.com/org/repo.git"},
	}
	for name, text := range map[string]string{"YAML": trainingYAML, "JSON": trainingJSON, "with a byte order mark": "\ufeff" + trainingJSON} {
		spec, err := specfile.LoadJobSpec(strings.NewReader(text))
		require.NoError(t, err, name)
		assert.Equal(t, want, spec, name)
	}
}

func TestAnchors(t *testing.T) {
	t.Parallel()
	spec, err := specfile.LoadJobSpec(strings.NewReader(`
name: &name resnet
type: training
resources: {gpu_types: [cpu]}
workers: [*name, *name]
environment:
  env:
    - &epochs {key: EPOCHS, value: "10"}
    - {<<: *epochs, key: STEPS}
`))
	require.NoError(t, err)
	assert.Equal(t, []string{"resnet", "resnet"}, spec.Workers)
	assert.Equal(t, []proximl.EnvVar{{Key: "EPOCHS", Value: "10"}, {Key: "STEPS", Value: "10"}}, spec.Environment.Env)
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ file, text string }{
		"nothing":                  {"", "the file is empty"},
		"a comment alone":          {"# name: x\n", "the file is empty"},
		"an end alone":             {"...", "the file is empty"},
		"an empty second document": {"name: x\n---\n---\nname: y\n", "line 2, column 1: a second document begins here; a file has one job spec"},
		"documents that end":       {"name: x\n...\n---\nname: y\n", "line 3, column 1: a second document begins here; a file has one job spec"},
		"two documents":            {"name: x\n---\nname: y\n", "line 2, column 1: a second document begins here; a file has one job spec"},
		"no mapping":               {"- a\n", "line 1, column 1: there is a list where a mapping belongs"},
		"no YAML":                  {"name: [x\n", "line 1, column 7: sequence end token ']' not found"},
		"a field twice":            {"name: x\nname: y\n", `line 2, column 1: mapping key "name" already defined at [1:1]`},
		"an unknown field":         {"name: x\nresources:\n  gpu_typs: [cpu]\n", "line 3, column 3: resources.gpu_typs: is unknown"},
		"an unknown field, JSON":   {"{\n\t\"name\": \"x\",\n\t\"nmae\": 1\n}", "line 3, column 2: nmae: is unknown"},
		"unknown fields in order": {
			"zz: 1\nmodel: {branch: b}\ndata:\n  datasets:\n    - id: d\n      publik: true\naa: 2\n",
			"line 1, column 1: zz: is unknown; line 2, column 9: model.branch: is unknown; line 6, column 7: data.datasets[0].publik: is unknown; line 7, column 1: aa: is unknown",
		},
		"an unknown field in an alias": {
			"environment:\n  env:\n    - &a {key: K, valeu: v}\n    - *a\n",
			"line 3, column 19: environment.env[0].valeu: is unknown; line 4, column 7: environment.env[1].valeu: is unknown",
		},
		"a number for a text":  {"environment:\n  env:\n    - {key: EPOCHS, value: 10}\n", `line 3, column 28: environment.env[0].value: there is a number where a text (quote it: "1") belongs`},
		"a text for a number":  {"resources:\n  gpu_count: one\n", "line 2, column 14: resources.gpu_count: there is a text where a whole number belongs"},
		"a fraction":           {"resources:\n  gpu_count: 1.5\n", "line 2, column 14: resources.gpu_count: there is a number where a whole number belongs"},
		"a text for a list":    {"workers: python train.py\n", "line 1, column 10: workers: there is a text where a list belongs"},
		"a list for a mapping": {"resources: [cpu]\n", "line 1, column 12: resources: there is a list where a mapping belongs"},
		"a word for a switch":  {"resources: {preemptible: yes}\n", "line 1, column 26: resources.preemptible: there is a text where true or false belongs"},
		"no number of JSON":    {"resources: {max_price: .inf}\n", "line 1, column 24: resources.max_price: is no number or text"},
		"null":                 {"null\n", "the file is empty"},
		"brackets":             {strings.Repeat("[", 2000), "the file is nested too deeply: it has more than 100 brackets open, or marks of lists or keys in one line"},
		"brackets after closed ones": {
			"name: " + strings.Repeat("]", 2000) + "\nworkers: " + strings.Repeat("[", 2000),
			"the file is nested too deeply: it has more than 100 brackets open, or marks of lists or keys in one line",
		},
		"brackets around texts of closed ones": {
			"workers: " + strings.Repeat(`["]", `, 2000),
			"the file is nested too deeply: it has more than 100 brackets open, or marks of lists or keys in one line",
		},
		"marks of keys":    {strings.Repeat("? ", 2000), "the file is nested too deeply: it has more than 100 brackets open, or marks of lists or keys in one line"},
		"list marks":       {"workers:\n" + strings.Repeat("- ", 2000), "the file is nested too deeply: it has more than 100 brackets open, or marks of lists or keys in one line"},
		"a large file":     {strings.Repeat("#", 300<<10), "the file is larger than 256 KiB"},
		"a bomb":           {bomb(), "line 1, column 3: the aliases stand for too much"},
		"a bomb of merges": {mergeBomb(), "line 1, column 3: the aliases stand for too much"},
		"a bomb of long texts": {
			"name: &a |\n  " + strings.Repeat("x", 100<<10) + "\nworkers: [" + strings.Repeat("*a, ", 100) + "]\n",
			"line 1, column 5: the aliases stand for too much",
		},
		"not UTF-8":      {"name: caf\xe9\n", "the file is not UTF-8"},
		"a tab":          {"name: x\n\ttype: training\n", `line 2, column 1: found character '\t' that cannot start any token`},
		"a merged typo":  {"resources:\n  <<: {gpu_cuont: 1}\n", "line 1, column 1: resources.gpu_cuont: is unknown"},
		"an alias alone": {"name: *x\n", `line 1, column 8: could not find alias "x"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec, err := specfile.LoadJobSpec(strings.NewReader(test.file))
			require.EqualError(t, err, "job spec: "+test.text)
			require.ErrorIs(t, err, proximl.ErrInvalid)
			assert.Nil(t, spec)
		})
	}
}

// bomb is a small file that stands for 10^9 texts.
func bomb() string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := range 9 {
		fmt.Fprintf(&b, "a%d: &a%d [%s*a%d]\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*a%d, ", i), 9), i)
	}
	return b.String()
}

// mergeBomb is one of mappings, which are copied where they are merged.
func mergeBomb() string {
	var b strings.Builder
	b.WriteString("a0: &a0 {x: 1}\n")
	for i := range 30 {
		fmt.Fprintf(&b, "a%d: &a%d {<<: [*a%d, *a%d, *a%d, *a%d]}\n", i+1, i+1, i, i, i, i)
	}
	return b.String()
}

// A directive is no document.
func TestDocuments(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"---\nname: x\n...\n", "%YAML 1.2\n---\nname: x\n"} {
		spec, err := specfile.LoadJobSpec(strings.NewReader(text))
		require.NoError(t, err, text)
		assert.Equal(t, &proximl.JobSpec{Name: "x"}, spec, text)
	}
}

// Very many problems do not make an endless line; all of them are there.
func TestManyProblems(t *testing.T) {
	t.Parallel()
	var file strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&file, "key%d: 1\n", i)
	}
	_, err := specfile.LoadJobSpec(strings.NewReader(file.String()))
	failed, ok := errors.AsType[*specfile.Error](err)
	require.True(t, ok, err)
	assert.Len(t, failed.Problems, 1000)
	assert.Equal(t, specfile.Problem{Line: 1000, Column: 1, Field: "key999", Message: "is unknown"}, failed.Problems[999])
	assert.Less(t, len(err.Error()), 10_000)
}

func TestReaderThatFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	_, err := specfile.LoadJobSpec(iotest.ErrReader(broken))
	require.ErrorIs(t, err, broken)
	require.EqualError(t, err, "proximl: cannot read the job spec: broken")
}

// Whatever a file holds, it is a spec or one clear error, in little time.
func FuzzLoadJobSpec(f *testing.F) {
	for _, seed := range []string{trainingYAML, trainingJSON, bomb(), mergeBomb(), "- a", "a: *x", "a: &a [*a]", "? [1]\n: 2", "a:\n\t- b", "<<: {name: x}", "name: !!binary aGk="} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		spec, err := specfile.LoadJobSpec(strings.NewReader(text))
		if err == nil {
			require.NotNil(t, spec)
			return
		}
		require.ErrorIs(t, err, proximl.ErrInvalid)
		require.NotContains(t, err.Error(), "\n")
	})
}
