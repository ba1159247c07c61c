package proximltest_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/proximl/proximl-go/proximltest"
)

const notPersonal = "The Personal project cannot be shared, changed or removed"

func TestPersonalProject(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me, you := w.srv.Account("me@example.com", proximltest.WithName("Me")), w.srv.Account("you@example.com")

	personal := w.send(me, "GET", "/project", nil).list()[0]
	assert.Regexp(t, `^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`, personal["createdAt"])
	delete(personal, "createdAt")
	assert.Equal(t, object{
		"id": me.Project, "name": "Personal", "owner": true, "owner_name": "Me", "created_name": "Me",
		"job_all": true, "dataset_all": true, "model_all": true, "checkpoint_all": true, "volume_all": true,
		"only_owned_resources": false,
	}, personal)

	path := "/project/" + me.Project
	w.send(me, "POST", path+"/access", with(access("all"), object{"email": you.Email})).invalid(notPersonal)
	w.send(me, "PATCH", path, object{"only_owned_resources": true}).invalid(notPersonal)
	w.send(me, "DELETE", path, nil).invalid(notPersonal)
	w.send(me, "DELETE", path+"/access?email="+me.Email, nil).invalid(notPersonal)
	w.send(you, "GET", path, nil).fails(http.StatusNotFound, "Not Found")

	// With no project, and with an empty one, a call works in Personal.
	job := w.job(me, training)
	for _, query := range []string{"", in(""), in(me.Project)} {
		assert.Equal(t, me.Project, w.get(me, job+query)["project_uuid"])
	}
	dataset := w.send(me, "POST", "/dataset", with(dataset, object{"project_uuid": ""})).object()
	assert.Equal(t, me.Project, dataset["project_uuid"])
}

func TestCreateProject(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	personal := "/project/" + me.Project
	w.send(me, "PUT", personal+"/credentials/aws", object{"key_id": "AK", "secret": "s"}).object()
	w.send(me, "PUT", personal+"/secrets/one", object{"value": "1"}).object()

	old := w.send(me, "GET", personal+"/secrets", nil).list()
	w.wait(time.Minute)
	keys := func(project, kind, field string) []any {
		t.Helper()
		return values(w.send(me, "GET", "/project/"+project+"/"+kind, nil).list(), field)
	}
	for _, flags := range []object{{}, {"copy_credentials": true}, {"copy_secrets": true}, {"copy_credentials": true, "copy_secrets": true}} {
		created := w.send(me, "POST", "/project", with(flags, object{"name": "Shared"})).object()
		assert.Equal(t, "Shared", created["name"])
		assert.Equal(t, true, created["owner"])
		id := created["id"].(string)
		assert.Equal(t, flags["copy_credentials"] == true, len(keys(id, "credentials", "type")) == 1, flags)
		assert.Equal(t, flags["copy_secrets"] == true, len(keys(id, "secrets", "name")) == 1, flags)
		assert.Equal(t, created, w.get(me, "/project/"+id))

		// From then on each project has its own keys.
		w.send(me, "PUT", "/project/"+id+"/secrets/one", object{"value": "2"}).object()
		w.send(me, "PUT", "/project/"+id+"/secrets/two", object{"value": "2"}).object()
		w.send(me, "PUT", "/project/"+id+"/credentials/aws", object{"key_id": "CHANGED", "secret": "s"}).object()
	}
	assert.Equal(t, old, w.send(me, "GET", personal+"/secrets", nil).list())
	assert.Equal(t, []any{"AK"}, keys(me.Project, "credentials", "key_id"))
	assert.Equal(t, []any{"Personal", "Shared", "Shared", "Shared", "Shared"}, values(w.send(me, "GET", "/project", nil).list(), "name"))
	w.send(me, "POST", "/project", object{"name": ""}).invalid("name is required")
}

// The body of a call that creates something names its project; the query has no say.
func TestProjectOfACreate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	other := w.project(me, "Other")
	for _, kind := range []string{"job", "dataset"} {
		body := map[string]object{"job": training, "dataset": dataset}[kind]
		assert.Equal(t, me.Project, w.send(me, "POST", "/"+kind+in(other), body).object()["project_uuid"])
		body = with(body, object{"project_uuid": other})
		assert.Equal(t, other, w.send(me, "POST", "/"+kind+in(me.Project), body).object()["project_uuid"])
	}
}

func TestOnlyTheOwnerControlsAProject(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me, you, stranger := w.srv.Account("me@example.com"), w.srv.Account("you@example.com"), w.srv.Account("x@example.com")
	path := "/project/" + w.project(me, "Shared")
	w.send(me, "POST", path+"/access", with(access("all"), object{"email": you.Email})).object()

	ownerOnly := []struct{ method, path string }{
		{"PATCH", path},
		{"DELETE", path},
		{"POST", path + "/access"},
		{"DELETE", path + "/access?email=" + stranger.Email},
		{"GET", path + "/credentials"},
		{"PUT", path + "/credentials/aws"},
		{"DELETE", path + "/credentials/aws"},
		{"PUT", path + "/credential/aws"},
		{"DELETE", path + "/credential/aws"},
		{"GET", path + "/secrets"},
		{"PUT", path + "/secrets/a"},
		{"DELETE", path + "/secrets/a"},
		{"PUT", path + "/secret/a"},
		{"DELETE", path + "/secret/a"},
	}
	for _, call := range ownerOnly {
		w.send(you, call.method, call.path, object{}).forbidden()
		w.send(stranger, call.method, call.path, object{}).fails(http.StatusNotFound, "Not Found")
	}
	for _, call := range []struct{ method, path string }{
		{"GET", path}, {"GET", path + "/access"}, {"GET", path + "/gputypes"}, {"PATCH", path + "/gputypes"},
	} {
		assert.Equal(t, http.StatusOK, w.send(you, call.method, call.path, nil).status, call)
		w.send(stranger, call.method, call.path, nil).fails(http.StatusNotFound, "Not Found")
	}
}

// A call on /project/{id}/... works on that project, whatever project its query names.
func TestPathBeatsQuery(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	id := w.project(me, "Other")
	assert.Equal(t, "Other", w.get(me, "/project/"+id+in(me.Project))["name"])
	assert.Equal(t, "Other", w.get(me, "/project/"+id+in("unknown"))["name"])
}

func TestRemoveProject(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me, you := w.srv.Account("me@example.com"), w.srv.Account("you@example.com")
	id := w.project(me, "Shared")
	w.share(me, id, you, access("all"))
	job := w.job(you, with(training, object{"project_uuid": id}))
	w.wait(110 * time.Second)
	late := w.job(you, with(training, object{"project_uuid": id}))
	data := w.entity(you, "dataset", with(dataset, object{"project_uuid": id}))
	mine := w.job(me, training)
	cost := w.get(me, job+in(id))["credits"].(float64)
	assert.Positive(t, cost)

	w.send(me, "DELETE", "/project/"+id, nil).ok()
	for _, account := range []*proximltest.Account{me, you} {
		w.send(account, "GET", "/project/"+id, nil).fails(http.StatusNotFound, "Not Found")
		w.send(account, "GET", job+in(id), nil).fails(http.StatusNotFound, "Not Found")
		w.send(account, "GET", late, nil).fails(http.StatusNotFound, "Job Not Found")
		w.send(account, "GET", data+in(id), nil).fails(http.StatusNotFound, "Not Found")
		assert.Equal(t, []any{"Personal"}, values(w.send(account, "GET", "/project", nil).list(), "name"))
	}
	w.wait(day)
	assert.Equal(t, "finished", w.status(me, mine))
	assert.InDelta(t, 1000-cost-0.049, me.Credits(), 1e-9, "what is gone costs nothing more")
}

// Resources belong to the project in which they were made, and are found nowhere else.
func TestProjectsAreIsolated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me, you := w.srv.Account("me@example.com"), w.srv.Account("you@example.com")
	other := w.project(me, "Other")
	bodies := map[string]object{"job": training, "dataset": dataset, "model": dataset, "checkpoint": dataset, "volume": with(dataset, object{"capacity": "10G"})}
	missing := map[string]string{"job": "Job Not Found", "dataset": "Dataset Not Found", "model": "Model Not Found", "checkpoint": "Checkpoint Not Found", "volume": "Volume Not Found"}
	for kind, body := range bodies {
		body = with(body, object{"project_uuid": other})
		path := w.entity(me, kind, body)
		assert.Equal(t, other, w.get(me, path+in(other))["project_uuid"])
		assert.Len(t, w.send(me, "GET", "/"+kind+in(other), nil).list(), 1)
		assert.Empty(t, w.send(me, "GET", "/"+kind, nil).list())
		for _, call := range []struct{ method, path string }{{"GET", path}, {"PATCH", path}, {"DELETE", path + "?force=true"}} {
			w.send(me, call.method, call.path, nil).fails(http.StatusNotFound, missing[kind])
			w.send(you, call.method, call.path, nil).fails(http.StatusNotFound, missing[kind])
		}
		w.send(you, "GET", path+in(other), nil).fails(http.StatusNotFound, "Not Found")
		w.send(you, "POST", "/"+kind, body).fails(http.StatusNotFound, "Not Found")
		w.send(me, "GET", path+in("unknown"), nil).fails(http.StatusNotFound, "Not Found")
		w.send(me, "GET", "/"+kind+"/unknown", nil).fails(http.StatusNotFound, missing[kind])
	}
}

// A project that uses only owned resources waits until its owner has some.
func TestOnlyOwnedResources(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	id := w.project(me, "Owned")
	types := func() []any { return values(w.send(me, "GET", "/project/"+id+"/gputypes", nil).list(), "abbrv") }
	all := types()
	assert.Contains(t, all, "rtx3090")

	changed := w.send(me, "PATCH", "/project/"+id, object{"only_owned_resources": true}).object()
	assert.Equal(t, true, changed["only_owned_resources"])
	assert.Equal(t, true, w.get(me, "/project/"+id)["only_owned_resources"])
	w.send(me, "PATCH", "/project/"+id, object{}).object()
	assert.Equal(t, true, w.get(me, "/project/"+id)["only_owned_resources"], "a call that does not name the setting leaves it")

	assert.Equal(t, all, types(), "the list is the old one until it is refreshed")
	training := with(training, object{"project_uuid": id})
	job := w.job(me, training) + in(id)
	elsewhere := w.job(me, with(training, object{"resources": object{"gpu_types": []string{"t4"}}})) + in(id)
	assert.Empty(t, w.send(me, "PATCH", "/project/"+id+"/gputypes", nil).list())
	assert.Empty(t, types())
	w.send(me, "POST", "/job", training).invalid("GPU Type rtx3090 Invalid")

	data := w.entity(me, "dataset", with(dataset, object{"project_uuid": id})) + in(id)
	w.wait(day)
	assert.Equal(t, "waiting for resources", w.status(me, job))
	assert.Equal(t, "new", w.status(me, data))

	assert.EqualError(t, me.AddHardware("rtx3090", "abacus"), `proximltest: there is no GPU type "abacus" to add as hardware`)
	w.wait(day)
	assert.Equal(t, "waiting for resources", w.status(me, job))
	assert.NoError(t, me.AddHardware("RTX3090"))
	assert.Empty(t, types())
	w.send(me, "POST", "/job", training).invalid("GPU Type rtx3090 Invalid")
	w.send(me, "PATCH", "/project/"+id+"/gputypes", nil).list()
	assert.Equal(t, []any{"rtx3090"}, types())
	w.job(me, training)
	w.wait(day)
	assert.Equal(t, "finished", w.status(me, job))
	assert.Equal(t, "ready", w.status(me, data))

	// Back to all resources: what waits for others goes on at once.
	assert.Equal(t, "waiting for resources", w.status(me, elsewhere))
	w.send(me, "PATCH", "/project/"+id, object{"only_owned_resources": false}).object()
	w.wait(day)
	assert.Equal(t, "finished", w.status(me, elsewhere))
}
