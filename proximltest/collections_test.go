package proximltest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// collections are the kinds, with the key of each one's id and a body that creates one.
var collections = map[string]struct {
	idKey   string
	body    object
	missing string
}{
	"dataset":    {"dataset_uuid", dataset, "Dataset Not Found"},
	"model":      {"model_uuid", dataset, "Model Not Found"},
	"checkpoint": {"checkpoint_uuid", dataset, "Checkpoint Not Found"},
	"volume":     {"id", with(dataset, object{"capacity": "10G"}), "Volume Not Found"},
}

func eachCollection(t *testing.T, test func(t *testing.T, kind, missing string, body object)) {
	t.Helper()
	for kind, c := range collections {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			test(t, kind, c.missing, c.body)
		})
	}
}

func TestCollectionObject(t *testing.T) {
	t.Parallel()
	eachCollection(t, func(t *testing.T, kind, _ string, body object) {
		w := newWorld(t)
		me := w.srv.Account("me@example.com")
		created := w.send(me, "POST", "/"+kind, with(body, object{"type": "regional", "source_options": object{"path": "/a"}})).object()
		want := with(body, object{
			"customer_uuid": created["customer_uuid"], "project_uuid": me.Project, collections[kind].idKey: created[collections[kind].idKey],
			"status": "new", "type": "regional", "source_options": object{"path": "/a"}, "createdAt": created["createdAt"],
		})
		assert.Equal(t, want, created)
		assert.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, created[collections[kind].idKey])
		assert.Equal(t, "evefs", w.get(me, w.entity(me, kind, body))["type"])

		w.wait(day)
		ready := with(want, object{"status": "ready", "size": 100000000.0, "used_size": 100000000.0, "billed_size": 100000000.0})
		if kind == "volume" {
			delete(ready, "size")
		}
		path := "/" + kind + "/" + created[collections[kind].idKey].(string)
		assert.Equal(t, ready, w.get(me, path))
		assert.Equal(t, ready, w.send(me, "GET", "/"+kind, nil).list()[0])
	})
}

func TestCollectionJourneys(t *testing.T) {
	t.Parallel()
	eachCollection(t, func(t *testing.T, kind, missing string, body object) {
		w := newWorld(t)
		me := w.srv.Account("me@example.com")
		path := w.entity(me, kind, body)
		assert.Equal(t, []any{"new", "downloading", "ready"}, w.journey(me, path))

		export := object{"output_type": "aws", "output_uri": "s3://bucket/key", "output_options": object{}}
		exporting := w.send(me, "POST", path+"/export", export).object()
		assert.Equal(t, "exporting", exporting["status"])
		assert.Equal(t, "s3://bucket/key", exporting["output_uri"])
		w.send(me, "POST", path+"/export", export).invalid("Only what is ready can be exported, and this is exporting")
		assert.Equal(t, []any{"exporting", "ready"}, w.journey(me, path))

		w.send(me, "POST", path+"/export", with(export, object{"output_type": "local", "output_uri": "~/out"})).object()
		w.wait(day)
		assert.Equal(t, "exporting", w.status(me, path), "it waits until the user's machine has fetched it")

		local := w.entity(me, kind, with(body, object{"source_type": "local", "source_uri": "~/in"}))
		assert.Equal(t, []any{"new", "downloading"}, w.journey(me, local))
		w.send(me, "DELETE", local, nil).invalid("What is downloading can only be removed by force")
		w.send(me, "DELETE", local+"?force=false", nil).invalid("What is downloading can only be removed by force")
		w.send(me, "DELETE", local+"?force=true", nil).ok()
		w.wait(19 * time.Second)
		w.send(me, "DELETE", local, nil).ok()
		assert.Equal(t, "removing", w.status(me, local))
		w.wait(time.Second)
		w.send(me, "GET", local, nil).fails(http.StatusNotFound, missing)
		w.send(me, "DELETE", local+"?force=true", nil).fails(http.StatusNotFound, missing)

		failed := w.entity(me, kind, body)
		require.NoError(t, w.srv.SetStatus(failed[len(kind)+2:], "failed"))
		assert.Equal(t, []any{"failed"}, w.journey(me, failed))
		w.send(me, "POST", failed+"/export", export).invalid("Only what is ready can be exported, and this is failed")
		w.send(me, "DELETE", failed, nil).ok()
		w.wait(time.Minute)
		assert.Len(t, w.send(me, "GET", "/"+kind, nil).list(), 1)
	})
}

func TestCollectionCalls(t *testing.T) {
	t.Parallel()
	eachCollection(t, func(t *testing.T, kind, missing string, body object) {
		w := newWorld(t)
		me := w.srv.Account("me@example.com")
		path := w.entity(me, kind, with(body, object{"name": "my first one"}))
		id := path[len(kind)+2:]
		logURL, _, signed := strings.Cut(decode[string](w.send(me, "GET", path+"/logs", nil)), "?")
		assert.Equal(t, w.srv.URL+"/trainml-jobs-local/"+id+"/logs/my_first_one.zip", logURL)
		assert.True(t, signed)

		size := "size"
		if kind == "volume" {
			size = "used_size"
		}
		assert.Equal(t, object{"type": "directory", "name": "/", "count": "0", size: "0B", "contents": []any{}}, w.get(me, path+"/details"))
		w.wait(day)
		assert.Equal(t, object{"type": "directory", "name": "/", "count": "1", size: "96M", "contents": []any{}}, w.get(me, path+"/details"))

		assert.Equal(t, "second name", w.send(me, "PATCH", path, object{"name": "second name"}).object()["name"])
		assert.Equal(t, "second name", w.get(me, path)["name"])
		w.send(me, "PATCH", path, object{}).invalid("name is required")
		for _, call := range []struct{ method, path string }{{"PATCH", ""}, {"POST", "/export"}, {"GET", "/logs"}, {"GET", "/details"}} {
			w.send(me, call.method, "/"+kind+"/unknown"+call.path, nil).fails(http.StatusNotFound, missing)
		}
		for other, c := range collections {
			if other != kind {
				w.send(me, "GET", "/"+other+"/"+id, nil).fails(http.StatusNotFound, c.missing)
			}
		}
	})
}

func TestCollectionValidation(t *testing.T) {
	t.Parallel()
	eachCollection(t, func(t *testing.T, kind, _ string, body object) {
		w := newWorld(t)
		me := w.srv.Account("me@example.com")
		for _, source := range types("aws", "gcp", "azure", "kaggle", "web", "git", "local", "wasabi", "regional") {
			w.entity(me, kind, with(body, object{"source_type": source}))
		}
		path := w.entity(me, kind, body)
		w.wait(day)
		w.send(me, "POST", "/"+kind, with(body, object{"name": nil})).invalid("name is required")
		w.send(me, "POST", "/"+kind, with(body, object{"source_type": "ftp"})).invalid("source_type ftp Invalid")
		w.send(me, "POST", "/"+kind, with(body, object{"source_uri": nil})).invalid("source_uri is required")
		w.send(me, "POST", path+"/export", object{"output_uri": "s3://b"}).invalid("output_type is required")
		w.send(me, "POST", path+"/export", object{"output_type": "ftp", "output_uri": "s3://b"}).invalid("output_type ftp Invalid")
		w.send(me, "POST", path+"/export", object{"output_type": "aws"}).invalid("output_uri is required")
		if kind == "volume" {
			w.entity(me, kind, object{"name": "empty", "capacity": "10G"})
			w.send(me, "POST", "/"+kind, with(body, object{"capacity": nil})).invalid("capacity is required")
		} else {
			w.send(me, "POST", "/"+kind, with(body, object{"source_type": nil})).invalid("source_type is required")
		}
	})
}

func TestPublicCollections(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	list := w.send(me, "GET", "/dataset/public", nil).list()
	assert.Equal(t, []any{"CIFAR-10", "MNIST", "ImageNet", "PASCAL VOC"}, values(list, "name"))
	cifar := object{
		"dataset_uuid": "public-dataset-CIFAR-10", "name": "CIFAR-10", "status": "ready", "type": "evefs",
		"size": 184549376.0, "used_size": 184549376.0, "billed_size": 184549376.0, "createdAt": "2020-12-31T23:59:59.000Z",
	}
	assert.Equal(t, cifar, list[0])
	assert.Empty(t, w.send(me, "GET", "/dataset", nil).list(), "public ones are in their own list")
	for _, id := range types("public-dataset-CIFAR-10", "CIFAR-10") {
		path := "/dataset/" + id
		assert.Equal(t, cifar, w.get(me, path))
		assert.Equal(t, object{"type": "directory", "name": "/", "count": "8", "size": "176M", "contents": []any{}}, w.get(me, path+"/details"))
		w.send(me, "DELETE", path+"?force=true", nil).fails(http.StatusNotFound, "Dataset Not Found")
		w.send(me, "PATCH", path, object{"name": "mine"}).fails(http.StatusNotFound, "Dataset Not Found")
	}
	assert.Contains(t, values(w.send(me, "GET", "/checkpoint/public", nil).list(), "name"), "gpt-j-6b")
	w.send(me, "GET", "/model/public", nil).fails(http.StatusNotFound, "Model Not Found")
}
