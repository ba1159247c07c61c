//go:build unix

package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

// world is a person with some of everything that the lists show.
func world(t *testing.T) *person {
	t.Helper()
	srv, me := service(t)
	you := newPerson(t, srv, "teammate@example.com")
	ctx := t.Context()
	research := me.project("Research, with a name that is longer than its column")
	me.project("研究プロジェクト")
	me.share(research, you)
	theirs := you.project("Project Shared With Me")
	you.share(theirs, me)
	me.client = me.client.InProject(research.ID)
	_, err := me.client.Credentials.Put(ctx, research.ID, proximl.AWSCredential("AKIAIOSFODNN7EXAMPLE", "canary"))
	require.NoError(t, err)
	_, err = me.client.Secrets.Put(ctx, research.ID, "wandb-key", "canary")
	require.NoError(t, err)
	hardware(t, me, research)
	return me.with("PROXIML_PROJECT="+research.ID, "NO_COLOR=1")
}

// Every list of a project.
func TestLists(t *testing.T) {
	t.Parallel()
	world(t).lists(
		"project list", "project member list", "project credential list", "project secret list",
		"project datastore list", "project data-connector list", "project service list", "gpu list", "environment list",
	)
}

// lists runs commands as a person sees them on terminals of three widths, and as
// a script gets them.
func (p *person) lists(commands ...string) {
	for _, command := range commands {
		p.t.Run(command, func(t *testing.T) {
			t.Parallel()
			var got strings.Builder
			me := *p
			me.t = t
			args := strings.Fields(command)
			for _, columns := range []int{60, 80, 200} {
				code, shown := me.open(uint16(columns), args...).ends()
				require.Zero(t, code, shown)
				for line := range strings.Lines(shown) {
					assert.LessOrEqual(t, text.StringWidthWithoutEscSequences(strings.TrimSuffix(line, "\n")), columns, line)
				}
				fmt.Fprintf(&got, "== %d columns ==\n%s", columns, shown)
			}
			for _, form := range []string{"table", "json", "yaml", "id"} {
				r := me.run(append(args, "-o", form)...).ok().notes("")
				assert.NotContains(t, r.stdout, "canary")
				fmt.Fprintf(&got, "== %s ==\n%s", form, r.stdout)
			}
			command, _, _ := strings.Cut(command, " --")
			golden(t, strings.ReplaceAll(command, " ", "_"), steady(got.String()))
		})
	}
}

// What an id names is asked for alone, by the commands of every group.
func TestAnIDNeedsNoList(t *testing.T) {
	t.Parallel()
	srv, me := service(t, proximltest.WithManualClock())
	project, dataset, job := me.project("Other"), me.dataset("words"), me.create("resnet", proximl.JobTypeTraining, "true")
	me.run("project", "show", project.ID, "-o", "id").prints(project.ID + "\n")
	me.run("dataset", "rename", dataset.ID, "more words", "-o", "id").prints(dataset.ID + "\n")
	me.run("job", "remove", job.ID, "--force", "-y", "-q").prints("")
	var asked []string
	for _, request := range srv.Requests() {
		if request.Method != http.MethodPost && !strings.HasPrefix(request.Path, "/.well-known/") {
			asked = append(asked, request.Method+" "+request.Path)
		}
	}
	assert.Equal(t, []string{
		"GET /project/" + project.ID,
		"GET /dataset/" + dataset.ID, "PATCH /dataset/" + dataset.ID,
		"GET /job/" + job.ID, "DELETE /job/" + job.ID,
	}, asked)
}
