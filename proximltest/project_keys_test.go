package proximltest_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/proximl/proximl-go/proximltest"
)

func TestCredentials(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	id := w.project(me, "Keys")
	path := "/project/" + id + "/credentials"
	assert.Empty(t, w.send(me, "GET", path, nil).list())

	put := w.send(me, "PUT", path+"/azure", object{"key_id": "client", "secret": "hidden", "tenant": "t"})
	assert.NotContains(t, put.text, "hidden")
	azure := put.object()
	assert.Equal(t, object{"project_uuid": id, "type": "azure", "key_id": "client", "updatedAt": azure["updatedAt"]}, azure)
	aws := w.send(me, "PUT", "/project/"+id+"/credential/aws", object{"key_id": "AK", "secret": "s"}).object()
	assert.Equal(t, []object{azure, aws}, w.send(me, "GET", path, nil).list())

	w.wait(time.Minute)
	replaced := w.send(me, "PUT", path+"/azure", object{"key_id": "other", "secret": "s"}).object()
	assert.Greater(t, replaced["updatedAt"], azure["updatedAt"])
	assert.Equal(t, []object{replaced, aws}, w.send(me, "GET", path, nil).list(), "one of each type")

	w.send(me, "DELETE", "/project/"+id+"/credential/azure", nil).ok()
	w.send(me, "DELETE", path+"/azure", nil).fails(http.StatusNotFound, "Not Found")
	w.send(me, "DELETE", path+"/aws", nil).ok()
	assert.Empty(t, w.send(me, "GET", path, nil).list())

	for _, kind := range []string{"docker", "gcp", "huggingface", "kaggle", "ngc", "wasabi"} {
		w.send(me, "PUT", path+"/"+kind, object{"key_id": "k", "secret": "s"}).object()
	}
	w.send(me, "PUT", path+"/ftp", object{"key_id": "k", "secret": "s"}).invalid("credential type ftp Invalid")
	w.send(me, "PUT", path+"/aws", object{"key_id": "k"}).invalid("key_id and secret is required")
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com", proximltest.WithName("Me"))
	id := w.project(me, "Keys")
	path := "/project/" + id + "/secrets"
	put := w.send(me, "PUT", path+"/a%2Fb", object{"value": "hidden"})
	assert.NotContains(t, put.text, "hidden")
	first := put.object()
	assert.Equal(t, object{"project_uuid": id, "name": "a/b", "created_by": "Me", "updatedAt": first["updatedAt"]}, first)
	second := w.send(me, "PUT", "/project/"+id+"/secret/two", object{"value": "2"}).object()
	assert.Equal(t, []object{first, second}, w.send(me, "GET", path, nil).list())
	w.send(me, "PUT", path+"/two", object{}).invalid("value is required")
	w.send(me, "DELETE", "/project/"+id+"/secret/a%2Fb", nil).ok()
	w.send(me, "DELETE", path+"/a%2Fb", nil).fails(http.StatusNotFound, "Not Found")
	assert.Equal(t, []object{second}, w.send(me, "GET", path, nil).list())
}
