package proximltest_test

import (
	"path"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	region := w.region(me)
	made := w.send(me, "POST", region+"/node", with(nodeBody, object{"extra": object{"a": 1}, "online": true})).object()
	assert.Equal(t, with(with(nodeBody, ids(region)), object{
		"rig_uuid": made["rig_uuid"], "status": "new", "online": false, "maintenance_mode": true, "createdAt": stamp(w.srv.Clock().Now()),
	}), made)
	short := w.send(me, "POST", region+"/node", object{"friendly_name": "n", "hostname": "h"}).object()
	assert.Equal(t, []any{"permanent", "compute"}, []any{short["type"], short["service"]})
	assert.NotContains(t, short, "minion_id")
	storage := w.send(me, "POST", region+"/node", with(nodeBody, object{"type": "ephemeral", "service": "storage"})).object()
	assert.Equal(t, []any{"ephemeral", "storage"}, []any{storage["type"], storage["service"]})
	assert.Equal(t, []object{made, short, storage}, w.send(me, "GET", region+"/node", nil).list())

	w.send(me, "POST", region+"/node", with(nodeBody, object{"friendly_name": nil})).invalid("friendly_name and hostname is required")
	w.send(me, "POST", region+"/node", with(nodeBody, object{"hostname": nil})).invalid("friendly_name and hostname is required")
	w.send(me, "POST", region+"/node", with(nodeBody, object{"type": "rented"})).invalid("type rented Invalid")
	w.send(me, "POST", region+"/node", with(nodeBody, object{"service": "coffee"})).invalid("service coffee Invalid")
}

func TestMaintenance(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	region := w.region(me)
	for list, body := range map[string]object{"/node": nodeBody, "/device": deviceBody} {
		machine := w.asset(me, region+list, body)
		is := func(status string, online, maintenance bool) {
			t.Helper()
			got := w.get(me, machine)
			assert.Equal(t, []any{status, online, maintenance}, []any{got["status"], got["online"], got["maintenance_mode"]})
		}
		set := func(status string) { require.NoError(t, w.srv.SetStatus(path.Base(machine), status)) }
		toggle := func() {
			t.Helper()
			answer := w.send(me, "PATCH", machine+"/maintenance", nil).object()
			assert.Equal(t, w.get(me, machine), answer)
		}
		is("new", false, true)
		w.wait(day)
		is("active", true, false)
		toggle()
		is("maintenance", true, true)
		w.wait(day)
		is("maintenance", true, true)
		toggle()
		is("active", true, false)

		set("offline")
		is("offline", false, false)
		toggle()
		is("offline", false, true)
		set("active")
		set("stopped")
		is("stopped", false, false)
		toggle()
		is("stopped", false, true)
		set("errored")
		is("errored", false, true)
		set("maintenance")
		is("maintenance", true, true)
		set("new")
		is("new", false, true)
	}
}

func TestActions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	region := w.region(me)
	for _, machine := range []string{w.asset(me, region+"/node", nodeBody), w.asset(me, region+"/device", deviceBody)} {
		assert.Equal(t, w.get(me, machine), w.send(me, "POST", machine+"/action", object{"command": "report"}).object())
		w.send(me, "POST", machine+"/action", nil).invalid("command is required")
	}
}

// A project that is set to use only owned resources knows of its owner's nodes after a refresh, accepts what they have, and runs on them.
func TestOwnNodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me, you := w.srv.Account("me@example.com"), w.srv.Account("you@example.com")
	id := w.project(me, "Owned")
	w.share(me, id, you, access("all"))
	w.send(me, "PATCH", "/project/"+id, object{"only_owned_resources": true}).object()
	refreshed := func() []any { return values(w.send(me, "PATCH", "/project/"+id+"/gputypes", nil).list(), "abbrv") }
	needs := func(gpuTypes ...string) object {
		return with(training, object{"project_uuid": id, "resources": object{"gpu_types": gpuTypes}})
	}
	waiting := w.job(me, needs("a100")) + in(id)
	stored := w.entity(me, "dataset", with(dataset, object{"project_uuid": id})) + in(id)
	assert.Empty(t, refreshed())
	w.send(me, "POST", "/job", needs("a100")).invalid("GPU Type a100 Invalid")

	region := w.region(me)
	node := w.asset(me, region+"/node", nodeBody)
	assert.Empty(t, refreshed(), "a new node is not at work yet")
	w.wait(day)
	assert.Empty(t, w.send(me, "GET", "/project/"+id+"/gputypes", nil).list(), "the list is the old one until it is refreshed")
	assert.Equal(t, []any{"a100"}, refreshed())
	assert.Equal(t, "finished", w.status(me, waiting), "what waited goes on without a call")
	assert.Equal(t, "ready", w.status(me, stored))

	w.send(you, "POST", "/job", needs("a100", "v100")).invalid("GPU Type v100 Invalid")
	w.send(you, "POST", "/job", needs("abacus")).invalid("GPU Type abacus Invalid")
	done := w.job(you, needs("A100")) + in(id)
	w.wait(day)
	assert.Equal(t, "finished", w.status(you, done))
	w.job(me, with(training, object{"resources": object{"gpu_types": []string{"v100"}}})) // other projects are as before

	// A node that is taken out of work no longer counts; the list follows at the next refresh, and the jobs wait.
	w.send(me, "PATCH", node+"/maintenance", nil).object()
	late := w.job(me, needs("a100")) + in(id)
	w.wait(day)
	assert.Equal(t, "waiting for resources", w.status(me, late))
	assert.Empty(t, refreshed())
	w.send(me, "PATCH", node+"/maintenance", nil).object()
	w.wait(day)
	assert.Equal(t, "finished", w.status(me, late))

	// What nodes have: what their names spell, in the order of the whole list, or CPUs only. Nodes for storage have nothing to compute with.
	w.asset(me, region+"/node", with(nodeBody, object{"friendly_name": "Rack 2: T4", "hostname": "2x-rtx3090"}))
	w.asset(me, region+"/node", with(nodeBody, object{"friendly_name": "v100", "service": "storage"}))
	theirs := w.region(you)
	w.asset(you, theirs+"/node", with(nodeBody, object{"friendly_name": "p100"}))
	w.wait(day)
	assert.Equal(t, []any{"rtx3090", "t4", "a100"}, refreshed(), "a member's nodes do not count")
	w.asset(me, region+"/node", with(nodeBody, object{"friendly_name": "a100x", "hostname": "localhost"}))
	require.NoError(t, me.AddHardware("v100"))
	w.wait(day)
	assert.Equal(t, []any{"rtx3090", "t4", "v100", "a100", "cpu"}, refreshed())
	w.send(me, "DELETE", region, nil).ok()
	w.wait(day)
	assert.Equal(t, []any{"v100"}, refreshed())
}

// A node for storage is enough to store data on.
func TestOwnStorage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	id := w.project(me, "Owned")
	w.send(me, "PATCH", "/project/"+id, object{"only_owned_resources": true}).object()
	data := w.entity(me, "dataset", with(dataset, object{"project_uuid": id})) + in(id)
	w.wait(day)
	assert.Equal(t, "new", w.status(me, data))
	w.asset(me, w.region(me)+"/node", with(nodeBody, object{"service": "storage"}))
	w.wait(day)
	assert.Equal(t, "ready", w.status(me, data))
	assert.Empty(t, w.send(me, "PATCH", "/project/"+id+"/gputypes", nil).list())
}
