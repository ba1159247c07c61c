package proximltest_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/proximl/proximl-go/proximltest"
)

func TestMembers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me, you := w.srv.Account("me@example.com"), w.srv.Account("you@example.com")
	id := w.project(me, "Shared")
	created := w.get(me, "/project/"+id)["createdAt"]
	path := "/project/" + id + "/access"
	owner := with(access("all"), object{"project_uuid": id, "email": me.Email, "owner": true, "createdAt": created, "updatedAt": created})
	assert.Equal(t, []object{owner}, w.send(me, "GET", path, nil).list())

	w.wait(time.Minute)
	levels := object{"job": "all", "dataset": "read", "model": "read", "checkpoint": "none", "volume": nil}
	added := w.send(me, "POST", path, with(levels, object{"email": " You@Example.com"})).object()
	assert.Greater(t, added["createdAt"], created)
	assert.Equal(t, object{
		"project_uuid": id, "email": you.Email, "owner": false, "createdAt": added["createdAt"], "updatedAt": added["createdAt"],
		"job": "all", "dataset": "read", "model": "read",
	}, added)
	assert.Equal(t, []object{owner, added}, w.send(you, "GET", path, nil).list(), "a member sees them too")

	seen := w.get(you, "/project/"+id)
	assert.Equal(t, false, seen["owner"])
	assert.Equal(t, "me", seen["owner_name"])
	for field, want := range (object{"job_all": true, "dataset_all": false, "model_all": false, "checkpoint_all": false, "volume_all": false}) {
		assert.Equal(t, want, seen[field], field)
	}
	assert.Equal(t, []any{"Personal", "Shared"}, values(w.send(you, "GET", "/project", nil).list(), "name"))

	w.wait(time.Minute)
	changed := w.send(me, "POST", path, with(access("all"), object{"email": you.Email})).object()
	assert.Equal(t, added["createdAt"], changed["createdAt"])
	assert.Greater(t, changed["updatedAt"], added["updatedAt"])
	assert.Equal(t, []object{owner, changed}, w.send(me, "GET", path, nil).list())
	assert.Equal(t, true, w.get(you, "/project/"+id)["volume_all"])
}

func TestMembersThatCannotBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	path := "/project/" + w.project(me, "Shared") + "/access"
	w.send(me, "POST", path, access("all")).invalid("email is required")
	w.send(me, "POST", path, with(access("all"), object{"email": "nobody@example.com"})).invalid("No account has the email nobody@example.com")
	w.send(me, "POST", path, with(access("read"), object{"email": me.Email})).invalid("The owner's access cannot be changed or removed")
	w.send(me, "DELETE", path+"?email="+me.Email, nil).invalid("The owner's access cannot be changed or removed")
	w.send(me, "DELETE", path+"?email=nobody@example.com", nil).fails(http.StatusNotFound, "Not Found")
	w.send(me, "DELETE", path, nil).fails(http.StatusNotFound, "Not Found")
	w.send(me, "POST", path, object{"email": "you@example.com", "job": "write"}).invalid("access write Invalid")
}

// An access level decides about each call on each kind of resource; a change counts from the very next request.
func TestAccessLevels(t *testing.T) {
	t.Parallel()
	bodies := map[string]object{"job": training, "dataset": dataset, "model": dataset, "checkpoint": dataset, "volume": with(dataset, object{"capacity": "10G"})}
	for kind, body := range bodies {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			me, you := w.srv.Account("me@example.com"), w.srv.Account("you@example.com")
			id := w.project(me, "Shared")
			body := with(body, object{"project_uuid": id})
			path := w.entity(me, kind, body)
			w.wait(day)

			reads := []string{"/" + kind, path}
			writes := []struct {
				method, path string
				body         object
			}{{"POST", "/" + kind, body}}
			if kind == "job" {
				reads = append(reads, path+"/worker/"+w.get(me, path+in(id))["workers"].([]any)[0].(object)["job_worker_uuid"].(string)+"/logs")
				for _, command := range []string{"start", "stop"} {
					writes = append(writes, struct {
						method, path string
						body         object
					}{"PATCH", path + in(id), object{"command": command}})
				}
			} else {
				reads = append(reads, path+"/logs", path+"/details")
				writes = append(writes, []struct {
					method, path string
					body         object
				}{
					{"PATCH", path + in(id), object{"name": "new"}},
					{"POST", path + "/export" + in(id), object{"output_type": "aws", "output_uri": "s3://b"}},
				}...)
			}
			writes = append(writes, struct {
				method, path string
				body         object
			}{"DELETE", path + in(id) + "&force=true", nil})

			allowed := map[string]struct{ read, write bool }{"": {}, "read": {read: true}, "all": {true, true}}
			for _, level := range []string{"", "read", "all"} {
				levels := with(access("all"), object{kind: level}) // all access to the other kinds must not help
				w.share(me, id, you, levels)
				for _, read := range reads {
					r := w.send(you, "GET", read+in(id), nil)
					if allowed[level].read {
						assert.Equal(t, http.StatusOK, r.status, "%s with %q: %s", read, level, r.text)
					} else {
						r.forbidden()
					}
				}
				for _, write := range writes {
					r := w.send(you, write.method, write.path, write.body)
					if allowed[level].write {
						assert.NotEqual(t, http.StatusForbidden, r.status, "%s %s", write.method, write.path)
					} else {
						r.forbidden()
					}
				}
			}
		})
	}
}

func TestLeaving(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me, you, other := w.srv.Account("me@example.com"), w.srv.Account("you@example.com"), w.srv.Account("other@example.com")
	id := w.project(me, "Shared")
	path := "/project/" + id + "/access"
	for name, by := range map[string]*proximltest.Account{"leaving": you, "removed": me} {
		w.share(me, id, you, access("all"))
		w.share(me, id, other, access("all"))
		job := w.job(you, with(training, object{"project_uuid": id}))
		w.send(you, "DELETE", path+"?email="+other.Email, nil).forbidden()

		w.send(by, "DELETE", path+"?email="+you.Email, nil).ok()
		w.send(you, "GET", job+in(id), nil).fails(http.StatusNotFound, "Not Found")
		w.send(you, "GET", path, nil).fails(http.StatusNotFound, "Not Found")
		assert.Equal(t, []any{"Personal"}, values(w.send(you, "GET", "/project", nil).list(), "name"), name)
		assert.Equal(t, []any{me.Email, other.Email}, values(w.send(me, "GET", path, nil).list(), "email"), name)
		w.get(me, job+in(id)) // what the member made stays
	}
}

// The usual teammate: all on jobs, read on datasets and models.
func TestTeammate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me, you := w.srv.Account("me@example.com"), w.srv.Account("you@example.com", proximltest.WithCredits(0))
	id := w.project(me, "Shared")
	w.share(me, id, you, object{"job": "all", "dataset": "read", "model": "read"})
	data := w.entity(me, "dataset", with(dataset, object{"project_uuid": id}))

	job := w.job(you, with(training, object{
		"project_uuid": id,
		"data":         object{"datasets": []string{"pictures"}, "output_type": "proximl", "output_uri": "model"},
	})) + in(id)
	w.wait(day)
	done := w.get(you, job)
	assert.Equal(t, "finished", done["status"])
	assert.Equal(t, float64(0), you.Credits(), "the owner pays")
	assert.InDelta(t, 1000-done["credits"].(float64), me.Credits(), 1e-9)

	// The job wrote a model version that the member can see, and neither edit nor remove.
	version := "/model/" + done["workers"].([]any)[0].(object)["output_uuid"].(string)
	model := w.get(you, version+in(id))
	assert.Equal(t, "Job - train", model["name"])
	assert.Equal(t, "ready", model["status"])
	w.send(you, "PATCH", version+in(id), object{"name": "mine"}).forbidden()
	w.send(you, "DELETE", version+in(id), nil).forbidden()
	w.send(you, "DELETE", data+in(id), nil).forbidden()
	w.send(me, "DELETE", version+in(id), nil).ok()

	// Without read access to datasets a job cannot use them either.
	w.share(me, id, you, object{"job": "all"})
	w.send(you, "POST", "/job", with(training, object{"project_uuid": id, "data": object{"datasets": []string{"pictures"}}})).forbidden()
}

// With read on jobs a member can open a notebook, whose token it sees, and not start or stop it.
func TestReadingANotebook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me, you := w.srv.Account("me@example.com"), w.srv.Account("you@example.com")
	id := w.project(me, "Shared")
	w.share(me, id, you, object{"job": "read"})
	path := w.job(me, with(notebook, object{"project_uuid": id})) + in(id)
	w.wait(day)
	seen := w.get(you, path)
	assert.NotEmpty(t, seen["nb_token"])
	assert.NotEmpty(t, seen["endpoint"].(object)["url"])
	w.command(you, path, "stop").forbidden()
	assert.Equal(t, "running", w.status(me, path))
}
