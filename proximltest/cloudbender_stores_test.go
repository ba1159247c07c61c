package proximltest_test

import (
	"path"
	"testing"

	"github.com/stretchr/testify/assert"
)

// What regions have besides machines: what is sent comes back, and the types are checked.
func TestStoresConnectorsAndServices(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	region := w.region(me)
	for kind, c := range map[string]struct {
		body, least, shown object // valid bodies, and what the second one shows besides
		types              []string
	}{
		"datastore":      {datastoreBody, object{"name": "a", "type": "nfs"}, nil, []string{"nfs", "smb"}},
		"data_connector": {connectorBody, object{"name": "a", "type": "custom", "port": "80"}, nil, []string{"custom"}},
		"service":        {serviceBody, object{"name": "a", "type": "tcp"}, object{"public": false}, []string{"https", "tcp", "udp"}},
	} {
		list := region + "/" + kind
		assert.Empty(t, w.send(me, "GET", list, nil).list())
		common := with(ids(region), object{"createdAt": stamp(w.srv.Clock().Now())})
		given := object{} // by the service
		made := w.send(me, "POST", list, with(c.body, object{"status": "ready", idKeys[kind]: "mine", "hostname": "mine"})).object()
		if kind == "service" {
			given = object{"status": "new", "hostname": made[idKeys[kind]].(string) + ".proximl.cloud"}
		}
		assert.Equal(t, with(with(with(c.body, common), given), object{idKeys[kind]: made[idKeys[kind]]}), made)
		assert.NotEqual(t, "mine", made[idKeys[kind]])
		least := w.send(me, "POST", list, c.least).object()
		delete(least, "hostname")
		delete(given, "hostname")
		assert.Equal(t, with(with(with(with(c.least, common), given), c.shown), object{idKeys[kind]: least[idKeys[kind]]}), least)
		assert.Equal(t, []any{made[idKeys[kind]], least[idKeys[kind]]}, values(w.send(me, "GET", list, nil).list(), idKeys[kind]))

		for _, one := range c.types {
			assert.Equal(t, one, w.get(me, w.asset(me, list, with(c.body, object{"type": one})))["type"])
		}
		w.send(me, "POST", list, with(c.body, object{"name": nil})).invalid("name is required")
		w.send(me, "POST", list, with(c.body, object{"type": nil})).invalid("type is required")
		w.send(me, "POST", list, with(c.body, object{"type": "floppy"})).invalid("type floppy Invalid")
	}
}

func TestHostnames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	list := w.region(me) + "/service"
	service := w.asset(me, list, with(serviceBody, object{"public": true, "custom_hostname": "svc.example.com"}))
	got := w.get(me, service)
	assert.Equal(t, []any{true, "svc.example.com", path.Base(service) + ".proximl.cloud"}, []any{got["public"], got["custom_hostname"], got["hostname"]})
}

// Bodies that are not what a call takes.
func TestMalformedAssets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	all := everything(w, me)
	region, node, device, service := all[1], all[2], all[3], all[7]
	for _, call := range []struct{ method, path, body string }{
		{"POST", "/provider", `{"type":1}`},
		{"POST", path.Dir(region), `{"name":"a","public":"yes"}`},
		{"POST", region + "/node", `{"friendly_name":{}}`},
		{"POST", region + "/device", `[]`},
		{"POST", region + "/device/config", `{"env":{}}`},
		{"POST", region + "/datastore", `{"uri":1}`},
		{"POST", region + "/data_connector", `{"cidr":1}`},
		{"POST", region + "/service", `{"port":8989}`},
		{"POST", region + "/model", `{"model_uuid":1}`},
		{"POST", node + "/action", `{"command":1}`},
		{"PATCH", device, `{"device_config_id":1}`},
		{"POST", service + "/certificate", `{"algorithm":1}`},
		{"POST", service + "/certificate/sign", `{"csr":`},
	} {
		answer := w.send(me, call.method, call.path, call.body)
		assert.Equal(t, 400, answer.status, "%s %s: %s", call.method, call.path, answer.text)
		assert.Contains(t, answer.text, "Invalid Request - The body is not what this call takes: ")
	}
	assert.Len(t, w.send(me, "GET", "/provider", nil).list(), 1)
}
