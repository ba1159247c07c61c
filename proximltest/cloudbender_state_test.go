package proximltest_test

import (
	"path"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go/proximltest"
)

// A service that is saved and loaded goes on with its CloudBender as if nothing had happened.
func TestStateOfAssets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	all := everything(w, me)
	region, device, config, service := all[1], all[3], all[4], all[7]
	w.wait(day)
	removed := w.asset(me, path.Dir(all[2]), nodeBody)
	w.send(me, "PATCH", all[2]+"/maintenance", nil).object()
	w.send(me, "DELETE", removed, nil).ok()
	w.send(me, "PATCH", device, object{"device_config_id": path.Base(config)}).object()
	w.send(me, "PUT", device+"/deploy", nil).object()
	ca := certificate(t, w.send(me, "POST", service+"/certificate", object{"algorithm": "p384"}).object()["auth_cert"].(string))
	project := "/project/" + me.Project
	for _, list := range []string{"/services", "/datastores"} {
		w.send(me, "PATCH", project+list, nil).list()
	}
	shared := project + "/services/" + path.Base(service)
	w.send(me, "PATCH", project+"/datastores/"+path.Base(all[5])+"/disable", nil).object()
	w.asset(me, "/provider", object{"type": "gcp", "credentials": object{"project": "p", "id": "i"}})
	w.asset(me, path.Dir(region), object{"name": "Stored", "storage": object{"mode": "local", "size": 1}})
	w.wait(2 * time.Second)

	loaded := newWorld(t, proximltest.WithState(strings.NewReader(w.saved())))
	again := loaded.srv.Account("me@example.com")
	for _, step := range []time.Duration{0, 3 * time.Second, 15 * time.Second, day} {
		w.wait(step)
		loaded.wait(step)
		for _, list := range append([]string{project + "/services", project + "/datastores", project + "/data_connectors"}, all...) {
			if strings.HasPrefix(list, "/provider") {
				list = path.Dir(list)
			}
			assert.Equal(t, w.send(me, "GET", list, nil).list(), loaded.send(again, "GET", list, nil).list(), list)
		}
	}
	assert.Len(t, loaded.send(again, "GET", path.Dir(removed), nil).list(), 1)
	request := object{"csr": csrPEM(csr(t, newKey(t), path.Base(service)))}
	signed := certificate(t, decode[string](loaded.send(again, "POST", shared+"/certificate/sign", request)))
	assert.NoError(t, signed.CheckSignatureFrom(ca))
	loaded.send(again, "DELETE", all[0], nil).ok()
	loaded.wait(day)
	assert.Empty(t, loaded.send(again, "GET", project+"/services", nil).list())
}

func TestStateOfAssetsThatCannotBeLoaded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	w.srv.Account("you@example.com")
	service, _, id := w.service(me)
	providerID, regionID := strings.Split(service, "/")[2], strings.Split(service, "/")[4]
	good := w.saved()
	change := func(change func(document object, provider, region, service object)) string {
		var document object
		require.NoError(t, json.Unmarshal([]byte(good), &document))
		assets := document["assets"].([]any)
		change(document, assets[0].(object), assets[1].(object), assets[2].(object))
		text, err := json.Marshal(document)
		require.NoError(t, err)
		return string(text)
	}
	const unfit = " but not its owner me@example.com, what it is in or what it is like"
	for name, c := range map[string]struct{ document, want string }{
		"another kind":    {change(func(_, _, _, s object) { s["kind"] = "toaster" }), `there is no kind "toaster"`},
		"no object":       {change(func(_, _, _, s object) { s["kind"] = 1 }), "unmarshal JSON number into Go string"},
		"other fields":    {change(func(_, _, _, s object) { s["shown"] = object{"name": 1} }), "unmarshal JSON number into Go string"},
		"no fields":       {change(func(_, _, _, s object) { s["shown"] = nil }), "the state has service " + id + unfit},
		"no region":       {change(func(_, _, _, s object) { s["parent"] = "other" }), "the state has service " + id + unfit},
		"in itself":       {change(func(_, _, _, s object) { s["parent"] = id }), "the state has service " + id + unfit},
		"in no region":    {change(func(_, _, _, s object) { s["parent"] = providerID }), "the state has service " + id + unfit},
		"no provider":     {change(func(_, _, r, _ object) { r["parent"] = "" }), "the state has region " + regionID + unfit},
		"of another":      {change(func(_, p, _, _ object) { p["owner"] = "you@example.com" }), "the state has region " + regionID + unfit},
		"of nobody":       {change(func(_, p, _, _ object) { p["owner"] = "nobody" }), "the state has provider " + providerID + " but not its owner nobody, "},
		"unknown in use":  {change(func(d, _, _, _ object) { d["assets"] = []any{} }), "the state has project " + me.Project + " but not its resource " + id},
		"as it was saved": {good, ""},
	} {
		srv, err := proximltest.NewServer(proximltest.WithoutListener(), proximltest.WithState(strings.NewReader(c.document)))
		if c.want == "" {
			require.NoError(t, err, name)
			srv.Close()
			continue
		}
		require.ErrorContains(t, err, c.want, name)
		assert.ErrorContains(t, err, "proximltest: WithState: ", name)
	}
}
