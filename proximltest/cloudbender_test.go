package proximltest_test

import (
	"net/http"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go/proximltest"
)

func TestProviders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	assert.Empty(t, w.send(me, "GET", "/provider", nil).list())

	physical := w.send(me, "POST", "/provider", object{"type": "physical"}).object()
	customer := w.send(me, "POST", "/job", training).object()["customer_uuid"]
	assert.Equal(t, object{
		"customer_uuid": customer, "provider_uuid": physical["provider_uuid"], "type": "physical", "status": "new",
		"credits": 0.0, "payment_mode": "credits", "createdAt": stamp(w.srv.Clock().Now()),
	}, physical)
	w.wait(time.Minute)
	cloud := w.send(me, "POST", "/provider", object{
		"type": "gcp", "payment_mode": "stripe", "provider_uuid": "mine", "status": "ready",
		"credentials": object{"project": "proj-1", "id": "gcp@serviceaccount.com", "private_key": "hidden"},
	})
	assert.NotContains(t, cloud.text, "hidden")
	assert.Equal(t, with(physical, object{
		"provider_uuid": cloud.object()["provider_uuid"], "type": "gcp", "payment_mode": "stripe", "createdAt": stamp(w.srv.Clock().Now()),
		"credentials": object{"project": "proj-1", "id": "gcp@serviceaccount.com"},
	}), cloud.object(), "a caller sets neither id nor status")
	assert.NotEqual(t, "mine", cloud.object()["provider_uuid"])

	physical["status"] = "ready"
	assert.Equal(t, []object{physical, cloud.object()}, w.send(me, "GET", "/provider", nil).list())
	assert.Equal(t, physical, w.get(me, "/provider/"+physical["provider_uuid"].(string)))

	w.send(me, "POST", "/provider", nil).invalid("type is required")
	w.send(me, "POST", "/provider", object{"type": "azure"}).invalid("type azure Invalid")
	w.send(me, "POST", "/provider", object{"type": "test", "payment_mode": "cash"}).invalid("payment_mode cash Invalid")
}

// stamp writes a time as the API does.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func TestRegions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	provider := w.asset(me, "/provider", object{"type": "physical"})
	list := provider + "/region"
	assert.Empty(t, w.send(me, "GET", list, nil).list())
	lab := w.send(me, "POST", list, object{"name": "Lab", "public": true, "storage": object{"mode": "local", "size": 1}}).object()
	assert.Equal(t, object{
		"provider_uuid": path.Base(provider), "region_uuid": lab["region_uuid"], "provider_type": "physical", "name": "Lab", "public": true,
		"storage": object{"mode": "local", "size": 1.0}, "status": "new", "createdAt": stamp(w.srv.Clock().Now()),
	}, lab)
	plain := w.send(me, "POST", list, object{"name": "Plain"}).object()
	assert.Equal(t, false, plain["public"])
	assert.NotContains(t, plain, "storage")
	assert.Equal(t, []object{lab, plain}, w.send(me, "GET", list, nil).list())
	assert.Equal(t, lab, w.get(me, list+"/"+lab["region_uuid"].(string)))
	storage := object{"storage_mode": "central", "instance_class": "xlarge"}
	assert.Equal(t, storage, w.send(me, "POST", list, object{"name": "Cloud", "storage": storage}).object()["storage"])

	w.send(me, "POST", list, object{}).invalid("name is required")
	w.send(me, "POST", list, object{"name": "a", "storage": object{"mode": "tape"}}).invalid("storage mode tape Invalid")
	w.send(me, "POST", list, object{"name": "a", "storage": object{"storage_mode": "tape"}}).invalid("storage_mode tape Invalid")
	w.send(me, "POST", list, object{"name": "a", "storage": object{"instance_class": "tiny"}}).invalid("instance_class tiny Invalid")
	w.send(me, "POST", "/provider/unknown/region", object{"name": "a"}).fails(http.StatusNotFound, "Not Found")
	w.send(me, "GET", "/provider/unknown/region", nil).fails(http.StatusNotFound, "Not Found")
}

func TestStaging(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me, you := w.srv.Account("me@example.com"), w.srv.Account("you@example.com")
	region := w.region(me)
	project := w.project(you, "Shared")
	w.share(you, project, me, object{"dataset": "read"})
	for _, kind := range []string{"dataset", "model", "checkpoint"} {
		key := kind + "_uuid"
		own := w.entity(me, kind, dataset)
		shared := object{"project_uuid": project, key: path.Base(w.entity(you, kind, with(dataset, object{"project_uuid": project})))}
		assert.Equal(t, w.get(me, region), w.send(me, "POST", region+"/"+kind, object{"project_uuid": me.Project, key: path.Base(own)}).object())
		w.send(me, "POST", region+"/"+kind, object{"project_uuid": me.Project}).invalid(key + " is required")
		w.send(me, "POST", region+"/"+kind, object{key: "unknown"}).fails(http.StatusNotFound, map[string]string{
			"dataset": "Dataset Not Found", "model": "Model Not Found", "checkpoint": "Checkpoint Not Found",
		}[kind])
		w.send(me, "POST", region+"/"+kind, object{"project_uuid": "unknown", key: "a"}).fails(http.StatusNotFound, "Not Found")
		w.send(you, "POST", region+"/"+kind, shared).fails(http.StatusNotFound, "Not Found")
		if answer := w.send(me, "POST", region+"/"+kind, shared); kind == "dataset" {
			answer.object()
		} else {
			answer.forbidden()
		}
	}
}

// everything makes one asset of each kind and returns their paths.
func everything(w *world, as *proximltest.Account) []string {
	region := w.region(as)
	return []string{
		path.Dir(path.Dir(region)), region,
		w.asset(as, region+"/node", nodeBody), w.asset(as, region+"/device", deviceBody), w.deviceConfig(as, region),
		w.asset(as, region+"/datastore", datastoreBody), w.asset(as, region+"/data_connector", connectorBody), w.asset(as, region+"/service", serviceBody),
	}
}

// What is in CloudBender is seen only by the account that enabled the provider, whatever projects it shares, and only where it is.
func TestAssetsAreTheirOwners(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me, you := w.srv.Account("me@example.com"), w.srv.Account("you@example.com")
	project := w.project(me, "Shared")
	w.share(me, project, you, access("all"))
	elsewhere := w.region(me)
	all := everything(w, me)
	for _, one := range all {
		for _, query := range []string{"", in(project), in("unknown"), "?online=true&force=false"} {
			assert.Equal(t, w.get(me, one), w.get(me, one+query))
			assert.Contains(t, w.send(me, "GET", path.Dir(one)+query, nil).list(), w.get(me, one))
			w.send(you, "GET", one+query, nil).fails(http.StatusNotFound, "Not Found")
			w.send(you, "DELETE", one+query, nil).fails(http.StatusNotFound, "Not Found")
		}
		if list := path.Dir(one); list == "/provider" {
			assert.Empty(t, w.send(you, "GET", list, nil).list())
		} else {
			w.send(you, "GET", list, nil).fails(http.StatusNotFound, "Not Found")
			w.send(you, "POST", list, nil).fails(http.StatusNotFound, "Not Found")
			w.send(me, "GET", strings.Replace(one, path.Dir(path.Dir(all[1])), path.Dir(path.Dir(elsewhere)), 1), nil).fails(http.StatusNotFound, "Not Found")
			if one != all[1] {
				w.send(me, "GET", strings.Replace(one, all[1], elsewhere, 1), nil).fails(http.StatusNotFound, "Not Found")
			}
		}
		w.send(me, "GET", path.Dir(one)+"/unknown", nil).fails(http.StatusNotFound, "Not Found")
		w.send(me, "GET", path.Dir(one)+"/"+project, nil).fails(http.StatusNotFound, "Not Found")
	}
}

// A kind's ids are not found under another kind's path.
func TestAssetsOfAnotherKind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	region := w.region(me)
	node, device := w.asset(me, region+"/node", nodeBody), w.asset(me, region+"/device", deviceBody)
	w.send(me, "GET", region+"/device/"+path.Base(node), nil).fails(http.StatusNotFound, "Not Found")
	w.send(me, "PATCH", region+"/node/"+path.Base(device)+"/maintenance", nil).fails(http.StatusNotFound, "Not Found")
	w.send(me, "GET", region+"/provider", nil).fails(http.StatusNotFound, "Not Found")
	assert.Len(t, w.send(me, "GET", region+"/node", nil).list(), 1)
	assert.Len(t, w.send(me, "GET", region+"/device", nil).list(), 1)
}

func TestAssetLifeCycles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	all := everything(w, me)
	settled := []any{"ready", "healthy", "active", "active", nil, nil, nil, "active"}
	statuses := func() (met []any) {
		for _, one := range all {
			met = append(met, w.status(me, one))
		}
		return met
	}
	w.wait(5*time.Second - time.Millisecond)
	assert.Equal(t, []any{"new", "new", "new", "new", nil, nil, nil, "new"}, statuses())
	w.wait(time.Millisecond)
	assert.Equal(t, settled, statuses())
	w.wait(day)
	assert.Equal(t, settled, statuses())

	// The newest first, since what is in something goes with it.
	for i := len(all) - 1; i >= 0; i-- {
		w.send(me, "DELETE", all[i], nil).ok()
		if settled[i] != nil {
			assert.Equal(t, "removing", w.status(me, all[i]))
			w.wait(19 * time.Second)
			w.send(me, "DELETE", all[i], nil).ok() // clients repeat the call
			assert.Equal(t, "removing", w.status(me, all[i]))
			w.wait(time.Second)
		}
		w.send(me, "GET", all[i], nil).fails(http.StatusNotFound, "Not Found")
		w.send(me, "DELETE", all[i], nil).fails(http.StatusNotFound, "Not Found")
	}
	assert.Empty(t, w.send(me, "GET", "/provider", nil).list())
}

func TestRemovingWhatHasSomethingInIt(t *testing.T) {
	t.Parallel()
	for removed, left := range map[int]int{0: 0, 1: 1} { // the provider; the region
		w := newWorld(t)
		me := w.srv.Account("me@example.com")
		other := everything(w, me)
		all := everything(w, me)
		w.send(me, "DELETE", all[removed]+"?force=true", nil).ok()
		assert.Len(t, w.send(me, "GET", path.Dir(all[2]), nil).list(), 1, "all is there until it is gone")
		w.wait(20 * time.Second)
		for i, one := range all {
			if i < left {
				assert.Equal(t, "ready", w.status(me, one))
			} else {
				w.send(me, "GET", one, nil).fails(http.StatusNotFound, "Not Found")
			}
		}
		for _, one := range other {
			w.get(me, one)
		}
		w.wait(day) // nothing that was planned for what is gone happens
		assert.NotContains(t, w.saved(), path.Base(all[2]))
	}
}

func TestSettingAnAssetsStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	for _, one := range everything(w, me) {
		id := path.Base(one)
		if w.status(me, one) == nil {
			assert.EqualError(t, w.srv.SetStatus(id, "errored"), `proximltest: nothing has the id "`+id+`" whose status could be set to "errored"`)
			continue
		}
		for _, status := range []string{"errored", "failed", "as never before"} {
			require.NoError(t, w.srv.SetStatus(id, status))
			w.wait(day)
			assert.Equal(t, status, w.status(me, one))
		}
		require.NoError(t, w.srv.SetStatus(id, "new"))
		w.wait(day)
		assert.Contains(t, []any{"ready", "healthy", "active"}, w.status(me, one))
		require.NoError(t, w.srv.SetStatus(id, "errored"))
	}
	provider := w.send(me, "GET", "/provider", nil).list()[0]["provider_uuid"].(string)
	w.send(me, "DELETE", "/provider/"+provider, nil).ok()
	w.wait(day)
	w.send(me, "GET", "/provider/"+provider, nil).fails(http.StatusNotFound, "Not Found")
}
