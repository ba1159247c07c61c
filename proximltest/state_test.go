package proximltest_test

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go/proximltest"
)

// saved returns the state of a service as one JSON document.
func (w *world) saved() string {
	w.Helper()
	var document bytes.Buffer
	require.NoError(w, w.srv.SaveState(&document))
	require.True(w, strings.HasPrefix(document.String(), "{"))
	return document.String()
}

// look reads everything that two accounts can see of a project.
func look(w *world, accounts []*proximltest.Account, project string, paths []string) map[string]object {
	seen := map[string]object{}
	for _, account := range accounts {
		for _, path := range paths {
			seen[account.Email+path] = w.get(account, path+in(project))
		}
	}
	return seen
}

// A service that is saved and loaded in the middle of everything goes on as if nothing had happened.
func TestState(t *testing.T) {
	t.Parallel()
	w := newWorld(t, proximltest.WithScript(func(e proximltest.Entity) proximltest.Script {
		if e.Name == "bad" {
			return proximltest.Script{FailIn: "running", RunTime: 7 * time.Hour}
		}
		return proximltest.Script{}
	}))
	me, you := w.srv.Account("me@example.com", proximltest.WithName("Me")), w.srv.Account("you@example.com")
	require.NoError(t, me.AddHardware("t4"))
	project := w.project(me, "Shared")
	w.share(me, project, you, access("read"))
	w.send(me, "PUT", "/project/"+project+"/credentials/aws", object{"key_id": "AK", "secret": "s", "tenant": "t"}).object()
	w.send(me, "PUT", "/project/"+project+"/secrets/one", object{"value": "1"}).object()
	here := object{"project_uuid": project}
	stopped := w.job(me, with(notebook, here))
	w.wait(day)
	w.command(me, stopped+in(project), "stop").object()
	w.wait(45 * time.Second)
	paths := []string{
		stopped,
		w.job(me, with(with(training, here), object{"name": "bad"})),
		w.job(me, with(with(endpoint, here), object{"endpoint": object{"start_command": "s", "authorizer": object{"a": 1}}})),
		w.job(me, with(with(training, here), object{"data": object{"datasets": types("MNIST"), "output_type": "proximl", "output_uri": "model"}})),
		w.entity(me, "dataset", with(dataset, here)),
		w.entity(me, "volume", with(with(dataset, here), object{"capacity": "10G"})),
	}
	w.wait(30 * time.Second)
	paths = append(paths, w.job(me, with(with(notebook, here), object{"name": "late"})))
	removed := w.entity(me, "model", with(dataset, here))
	w.send(me, "DELETE", removed+in(project)+"&force=true", nil).ok()
	w.wait(10 * time.Second)

	document := w.saved()
	loaded := newWorld(t, proximltest.WithState(strings.NewReader(document)))
	assert.Equal(t, document, loaded.saved(), "nothing is lost, and no time has passed")
	assert.Equal(t, w.srv.Clock().Now().UnixMilli(), loaded.srv.Clock().Now().UnixMilli())

	// The same accounts, keys and projects.
	again := loaded.srv.Account("me@example.com", proximltest.WithCredits(0))
	assert.Equal(t, []string{me.Email, me.User, me.Key, me.Project}, []string{again.Email, again.User, again.Key, again.Project})
	youAgain := loaded.srv.Account("you@example.com")
	for _, path := range []string{"/project", "/project/" + project + "/access", "/project/" + project + "/credentials", "/project/" + project + "/secrets"} {
		assert.Equal(t, w.send(me, "GET", path, nil).list(), loaded.send(again, "GET", path, nil).list(), path)
	}

	// The same future.
	both, bothAgain := []*proximltest.Account{me, you}, []*proximltest.Account{again, youAgain}
	for _, step := range []time.Duration{0, time.Second, 20 * time.Second, 70 * time.Second, time.Minute, 8 * time.Hour} {
		w.wait(step)
		loaded.wait(step)
		want, got := look(w, both, project, paths), look(loaded, bothAgain, project, paths)
		for path := range want { // an output's id is drawn anew
			for _, seen := range []object{want[path], got[path]} {
				if workers, isJob := seen["workers"].([]any); isJob {
					delete(workers[0].(object), "output_uuid")
				}
			}
		}
		require.Equal(t, want, got)
		require.Equal(t, me.Credits(), again.Credits())
	}
	assert.Equal(t, "failed", loaded.status(again, paths[1]+in(project)))
	loaded.send(again, "GET", removed+in(project), nil).fails(http.StatusNotFound, "Model Not Found")
	loaded.send(youAgain, "DELETE", paths[0]+in(project), nil).forbidden()
	assert.Less(t, again.Credits(), 1000.0)
}

// The moment at which credits run out survives too.
func TestStateOfCredits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com", proximltest.WithCredits(0.98))
	path := w.job(me, notebook)
	w.wait(20*time.Second + 30*time.Minute)
	loaded := newWorld(t, proximltest.WithState(strings.NewReader(w.saved())))
	me = loaded.srv.Account("me@example.com")
	loaded.wait(30*time.Minute - time.Millisecond)
	assert.Equal(t, "running", loaded.status(me, path))
	loaded.wait(time.Millisecond)
	assert.Equal(t, "stopping", loaded.status(me, path))
	assert.Zero(t, me.Credits())
}

func TestStateThatCannotBeLoaded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	w.job(me, training)
	w.entity(me, "dataset", dataset)
	good := w.saved()
	change := func(change func(document object)) string {
		var document object
		require.NoError(t, json.Unmarshal([]byte(good), &document))
		change(document)
		text, err := json.Marshal(document)
		require.NoError(t, err)
		return string(text)
	}
	first := func(document object, list string) object { return document[list].([]any)[0].(object) }
	for want, document := range map[string]string{
		"reading the state: ": "{",
		"the state has version 2, this package reads version 1":      change(func(d object) { d["version"] = 2 }),
		"the state has version 0, this package reads version 1":      "{}",
		"but not its Personal project other":                         change(func(d object) { first(d, "accounts")["personal_project"] = "other" }),
		"but not its owner other":                                    change(func(d object) { first(d, "projects")["owner"] = "other" }),
		"but not its project other, or no worker of it":              change(func(d object) { first(d, "jobs")["project"] = "other" }),
		"but not its project " + me.Project + ", or no worker of it": change(func(d object) { first(d, "jobs")["workers"] = []any{} }),
		"the state has dataset":                                      change(func(d object) { first(d, "collections")["project"] = "other" }),
		"unmarshal JSON number into Go string within":                change(func(d object) { first(d, "accounts")["email"] = 1 }),
		"unmarshal JSON string into Go proximltest.timestamp":        change(func(d object) { d["time"] = "noon" }),
	} {
		_, err := proximltest.NewServer(proximltest.WithState(strings.NewReader(document)))
		require.ErrorContains(t, err, want)
		assert.ErrorContains(t, err, "proximltest: WithState: ")
	}
}

// full is a disk without room.
type full struct{}

var errFull = errors.New("no space left")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestStateThatCannotBeSaved(t *testing.T) {
	t.Parallel()
	err := newWorld(t).srv.SaveState(full{})
	assert.ErrorIs(t, err, errFull)
	assert.EqualError(t, err, "proximltest: writing the state: no space left")
}
