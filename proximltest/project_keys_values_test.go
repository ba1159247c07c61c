package proximltest_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// The values of keys are copied to new projects, and never come back from any call.
func TestKeysStayInside(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me, you := w.srv.Account("me@example.com"), w.srv.Account("you@example.com")
	personal := "/project/" + me.Project
	answers := []reply{
		w.send(me, "PUT", personal+"/credentials/azure", object{"key_id": "client", "secret": "CANARY-1", "tenant": "CANARY-2"}),
		w.send(me, "PUT", personal+"/secrets/db", object{"value": "CANARY-3"}),
		w.send(me, "POST", "/project", object{"name": "Shared", "copy_credentials": true, "copy_secrets": true}),
	}
	id := answers[2].object()["id"].(string)
	path := "/project/" + id
	state := w.saved()
	for _, canary := range []string{"CANARY-1", "CANARY-2", "CANARY-3"} {
		assert.Equal(t, 2, strings.Count(state, canary), "each project keeps its own")
	}
	w.share(me, id, you, access("all"))
	keys := object{"credentials": []string{"azure"}, "secrets": []string{"db"}}
	job := w.job(me, with(training, object{"project_uuid": id, "environment": keys}))
	w.wait(day)
	for _, read := range []string{"/project", path, path + "/access", path + "/credentials", path + "/secrets", personal + "/credentials", personal + "/secrets", job + in(id), "/job" + in(id)} {
		answers = append(answers, w.send(me, "GET", read, nil), w.send(you, "GET", read, nil))
	}
	for _, answer := range answers {
		assert.NotContains(t, answer.text, "CANARY")
	}
	assert.Equal(t, []any{"azure"}, values(w.send(me, "GET", path+"/credentials", nil).list(), "type"))
	assert.Equal(t, []any{"db"}, values(w.send(me, "GET", path+"/secrets", nil).list(), "name"))
}

// Members do not reach the keys under any of their paths, whatever their access is.
func TestKeysAreTheOwners(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me, you := w.srv.Account("me@example.com"), w.srv.Account("you@example.com")
	id := w.project(me, "Shared")
	w.share(me, id, you, access("all"))
	path := "/project/" + id
	w.send(me, "PUT", path+"/credentials/aws", object{"key_id": "AK", "secret": "s"}).object()
	w.send(me, "PUT", path+"/secrets/db", object{"value": "v"}).object()
	for _, call := range []struct {
		method, path string
		body         object
	}{
		{"GET", "/credentials", nil},
		{"GET", "/secrets", nil},
		{"PUT", "/credentials/aws", object{"key_id": "k", "secret": "s"}},
		{"PUT", "/credential/aws", object{"key_id": "k", "secret": "s"}},
		{"PUT", "/secrets/db", object{"value": "w"}},
		{"PUT", "/secret/db", object{"value": "w"}},
		{"DELETE", "/credentials/aws", nil},
		{"DELETE", "/credential/aws", nil},
		{"DELETE", "/secrets/db", nil},
		{"DELETE", "/secret/db", nil},
	} {
		w.send(you, call.method, path+call.path, call.body).forbidden()
	}
	assert.Equal(t, []any{"AK"}, values(w.send(me, "GET", path+"/credentials", nil).list(), "key_id"))
	assert.Len(t, w.send(me, "GET", path+"/secrets", nil).list(), 1)
}
