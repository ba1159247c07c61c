package proximltest_test

import (
	"net/http"
	"path"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestDevices(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	region := w.region(me)
	made := w.send(me, "POST", region+"/device", with(deviceBody, object{"type": nil, "service": nil, "job_status": "running"})).object()
	assert.Equal(t, with(with(deviceBody, ids(region)), object{
		"device_id": made["device_id"], "status": "new", "online": false, "maintenance_mode": true, "createdAt": stamp(w.srv.Clock().Now()),
	}), made)
	assert.Equal(t, []object{made}, w.send(me, "GET", region+"/device", nil).list())
	w.send(me, "POST", region+"/device", with(deviceBody, object{"hostname": ""})).invalid("friendly_name and hostname is required")
	w.send(me, "POST", region+"/device", with(deviceBody, object{"minion_id": nil})).invalid("minion_id is required")
	w.send(me, "POST", region+"/device", with(deviceBody, object{"type": "permanent"})).invalid("type permanent Invalid")
	w.send(me, "POST", region+"/device", with(deviceBody, object{"service": "storage"})).invalid("service storage Invalid")
}

func TestDeviceConfigs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me, you := w.srv.Account("me@example.com"), w.srv.Account("you@example.com")
	region := w.region(me)
	list := region + "/device/config"
	assert.Empty(t, w.send(me, "GET", list, nil).list())
	body := w.deviceConfigBody(me)
	made := w.send(me, "POST", list, with(body, object{"env": []object{{"key": "K", "value": "V"}}})).object()
	assert.Equal(t, with(with(body, ids(region)), object{
		"config_id": made["config_id"], "model_project_uuid": me.Project, "env": []any{object{"key": "K", "value": "V"}},
		"createdAt": stamp(w.srv.Clock().Now()),
	}), made)

	// The model of a project that is shared with the owner of the region.
	shared := w.project(you, "Shared")
	model := path.Base(w.entity(you, "model", with(dataset, object{"project_uuid": shared})))
	theirs := with(body, object{"model_uuid": model, "model_project_uuid": shared})
	w.send(me, "POST", list, theirs).fails(http.StatusNotFound, "Not Found")
	w.share(you, shared, me, object{"job": "all"})
	w.send(me, "POST", list, theirs).forbidden()
	w.share(you, shared, me, object{"model": "read"})
	other := w.send(me, "POST", list, theirs).object()
	assert.Equal(t, []any{model, shared}, []any{other["model_uuid"], other["model_project_uuid"]})
	assert.NotContains(t, other, "env")
	assert.Equal(t, []object{made, other}, w.send(me, "GET", list, nil).list())

	for _, missing := range []string{"name", "model_uuid", "image", "command"} {
		w.send(me, "POST", list, with(body, object{missing: nil})).invalid("each of name, model_uuid, image and command is required")
	}
	w.send(me, "POST", list, with(body, object{"model_uuid": "unknown"})).fails(http.StatusNotFound, "Model Not Found")
	w.send(me, "POST", list, with(body, object{"model_project_uuid": "unknown"})).fails(http.StatusNotFound, "Not Found")
}

func TestDeploying(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	region := w.region(me)
	first := w.deviceConfig(me, region)
	made := w.srv.Clock().Now()
	w.wait(time.Hour)
	second := path.Base(w.deviceConfig(me, region))
	device := w.asset(me, region+"/device", deviceBody)
	w.wait(day)
	bare := w.get(me, device)
	set := func(id any) reply { return w.send(me, "PATCH", device, object{"device_config_id": id}) }

	w.send(me, "PUT", device+"/deploy", nil).invalid("The device has no device config to deploy")
	assert.Equal(t, bare, w.send(me, "PUT", device+"/stop", nil).object(), "it ran nothing")
	set("unknown").fails(http.StatusNotFound, "Not Found")
	set(path.Base(device)).fails(http.StatusNotFound, "Not Found")
	set(path.Base(w.deviceConfig(me, w.region(me)))).fails(http.StatusNotFound, "Not Found") // of another region
	assert.Equal(t, bare, w.get(me, device))
	assert.Equal(t, bare, w.send(me, "PATCH", device, object{}).object())

	configured := set(path.Base(first)).object()
	assert.Equal(t, with(bare, object{"device_config_id": path.Base(first)}), configured)
	assert.Equal(t, configured, w.send(me, "PATCH", device, object{}).object(), "a call that does not name it leaves it")
	running := w.send(me, "PUT", device+"/deploy", nil).object()
	assert.Equal(t, with(configured, object{
		"job_status": "running", "job_last_deployed": stamp(w.srv.Clock().Now()),
		"job_config_id": path.Base(first), "job_config_revision": strconv.FormatInt(made.UnixMilli(), 10),
	}), running)
	w.wait(day)
	assert.Equal(t, with(running, object{"device_config_id": second}), set(second).object(), "a new config waits for its deployment")
	stopped := w.send(me, "PUT", device+"/stop", nil).object()
	assert.Equal(t, with(running, object{"device_config_id": second, "job_status": "stopped"}), stopped)
	assert.Equal(t, stopped, w.send(me, "PUT", device+"/stop", nil).object())
	again := w.send(me, "PUT", device+"/deploy", nil).object()
	assert.Equal(t, []any{"running", second, stamp(w.srv.Clock().Now())}, []any{again["job_status"], again["job_config_id"], again["job_last_deployed"]})
	assert.Equal(t, with(again, object{"device_config_id": nil}), set(nil).object())
	w.send(me, "PUT", device+"/deploy", nil).invalid("The device has no device config to deploy")

	// A config that is gone cannot be deployed.
	set(second).object()
	w.send(me, "DELETE", region+"/device/config/"+second, nil).ok()
	w.send(me, "PUT", device+"/deploy", nil).invalid("The device has no device config to deploy")
	w.get(me, first)
}
