package proximltest_test

import (
	"net/http"
	"path"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestProjectResources(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me, you, other := w.srv.Account("me@example.com"), w.srv.Account("you@example.com"), w.srv.Account("other@example.com")
	id := w.project(me, "Shared")
	w.share(me, id, you, object{})
	region := w.region(me)
	theirs := w.region(you)
	for kind, c := range map[string]struct {
		plural string
		body   object
		shown  object // besides what all show
	}{
		"datastore":      {"datastores", datastoreBody, nil},
		"data_connector": {"data_connectors", connectorBody, nil},
		"service":        {"services", with(serviceBody, object{"custom_hostname": "svc.example.com"}), object{"public": false, "hostname": "svc.example.com"}},
	} {
		list := "/project/" + id + "/" + c.plural
		assert.Empty(t, w.send(me, "PATCH", list, nil).list())
		first := path.Base(w.asset(me, region+"/"+kind, c.body))
		w.asset(you, theirs+"/"+kind, c.body)
		view := with(object{
			"project_uuid": id, "region_uuid": path.Base(region), "id": first, "name": c.body["name"], "type": c.body["type"], "enabled": true,
		}, c.shown)
		assert.Empty(t, w.send(me, "GET", list, nil).list(), "the project knows of nothing new until it is refreshed")
		for _, call := range []struct{ method, path string }{{"GET", ""}, {"PATCH", "/enable"}, {"PATCH", "/disable"}} {
			w.send(me, call.method, list+"/"+first+call.path, nil).fails(http.StatusNotFound, "Not Found")
		}
		assert.Equal(t, []object{view}, w.send(you, "PATCH", list+in("any"), nil).list(), "the owner's, not the member's who calls")
		assert.Equal(t, []object{view}, w.send(you, "GET", list, nil).list())
		assert.Equal(t, view, w.get(you, list+"/"+first))

		// Only the owner switches.
		off := with(view, object{"enabled": false})
		assert.Equal(t, off, w.send(me, "PATCH", list+"/"+first+"/disable"+in("any"), nil).object())
		assert.Equal(t, off, w.get(you, list+"/"+first))
		second := path.Base(w.asset(me, region+"/"+kind, with(c.body, object{"name": "second"})))
		latest := with(view, object{"id": second, "name": "second"})
		assert.Equal(t, []object{off, latest}, w.send(me, "PATCH", list, nil).list(), "a refresh leaves alone what was disabled")
		w.send(you, "PATCH", list+"/"+first+"/enable", nil).forbidden()
		w.send(you, "PATCH", list+"/"+first+"/disable", nil).forbidden()
		assert.Equal(t, view, w.send(me, "PATCH", list+"/"+first+"/enable", nil).object())
		assert.Equal(t, view, w.send(me, "PATCH", list+"/"+first+"/enable", nil).object())

		for _, call := range []struct{ method, path string }{{"GET", ""}, {"PATCH", ""}, {"GET", "/" + first}, {"PATCH", "/" + first + "/enable"}} {
			w.send(other, call.method, list+call.path, nil).fails(http.StatusNotFound, "Not Found")
		}
		w.send(me, "GET", list+"/unknown", nil).fails(http.StatusNotFound, "Not Found")
		for _, elsewhere := range []string{"datastores", "data_connectors", "services"} {
			if elsewhere != c.plural {
				w.send(me, "GET", "/project/"+id+"/"+elsewhere+"/"+first, nil).fails(http.StatusNotFound, "Not Found")
			}
		}
		assert.Empty(t, w.send(me, "GET", "/project/"+me.Project+"/"+c.plural, nil).list(), "another project was not refreshed")
		assert.Equal(t, second, w.send(me, "PATCH", "/project/"+me.Project+"/"+c.plural, nil).list()[1]["id"])

		// What is removed is gone from the projects too.
		w.send(me, "DELETE", region+"/"+kind+"/"+first, nil).ok()
		w.wait(day)
		assert.Equal(t, []object{latest}, w.send(me, "GET", list, nil).list())
		w.send(me, "GET", list+"/"+first, nil).fails(http.StatusNotFound, "Not Found")
	}
	w.send(me, "DELETE", path.Dir(path.Dir(region)), nil).ok()
	w.wait(day)
	for _, plural := range []string{"datastores", "data_connectors", "services"} {
		assert.Empty(t, w.send(me, "PATCH", "/project/"+id+"/"+plural, nil).list())
	}
}

// The members of a project get certificates for its services, while these are enabled.
func TestServicesOfAProject(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me, you, other := w.srv.Account("me@example.com"), w.srv.Account("you@example.com"), w.srv.Account("other@example.com")
	id := w.project(me, "Shared")
	w.share(me, id, you, object{})
	service := w.asset(me, w.region(me)+"/service", serviceBody)
	made := w.send(me, "POST", service+"/certificate", nil).object()
	shared := "/project/" + id + "/services/" + path.Base(service)
	request := object{"csr": csrPEM(csr(t, newKey(t), path.Base(service)))}
	w.send(me, "GET", shared+"/certificate/ca", nil).fails(http.StatusNotFound, "Not Found")

	listed := w.send(me, "PATCH", path.Dir(shared), nil).list()[0]
	assert.Equal(t, []any{made["hostname"], made["public"]}, []any{listed["hostname"], listed["public"]})
	ca := certificate(t, decode[string](w.send(you, "GET", shared+"/certificate/ca", nil)))
	assert.NoError(t, certificate(t, decode[string](w.send(you, "POST", shared+"/certificate/sign", request))).CheckSignatureFrom(ca))
	w.send(other, "GET", shared+"/certificate/ca", nil).fails(http.StatusNotFound, "Not Found")
	w.send(other, "POST", shared+"/certificate/sign", request).fails(http.StatusNotFound, "Not Found")

	w.send(me, "PATCH", shared+"/disable", nil).object()
	w.send(me, "GET", shared+"/certificate/ca", nil).invalid("It is disabled in this project")
	w.send(you, "POST", shared+"/certificate/sign", request).invalid("It is disabled in this project")
	decode[string](w.send(me, "POST", service+"/certificate/sign", request)) // the owner's other path
	w.send(me, "PATCH", shared+"/enable", nil).object()
	decode[string](w.send(you, "POST", shared+"/certificate/sign", request))
}
