package proximltest_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go/proximltest"
)

// The lines of a whole job as they come in, each at its time, and the end of the log.
func TestLogOfAJob(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		me := w.srv.Account("me@example.com")
		begin := time.Now()
		path := w.job(me, with(training, object{"workers": types("a", "b")}))
		workers := values(objects(w.get(me, path)["workers"]), "job_worker_uuid")
		c := w.socket(me)
		c.history(path)
		c.follow(path)
		want := []object{line("data\n", begin.Add(20*time.Second), "data_worker")}
		running := begin.Add(140 * time.Second)
		for i, after := range []time.Duration{0, 5 * time.Second, 5 * time.Second, 59 * time.Second} {
			for n, worker := range workers {
				text := []string{"first\n", "twin\n", "twin\n", "last\n"}[i]
				_ = n
				want = append(want, line(text, running.Add(after), worker))
			}
		}
		var got []object
		for range want {
			got = append(got, c.read())
			at := time.UnixMilli(int64(got[len(got)-1]["time"].(float64)))
			assert.WithinDuration(t, at, time.Now(), time.Millisecond, "it comes when it is due")
		}
		assert.ElementsMatch(t, want, got)
		for _, stream := range append(workers, "data_worker") {
			of := func(list []object) (texts []object) {
				for _, message := range list {
					if message["stream"] == stream {
						texts = append(texts, message)
					}
				}
				return texts
			}
			assert.Equal(t, of(want), of(got), "in the order of each stream")
		}
		assert.Equal(t, object{"type": "end"}, c.read())
		assert.Equal(t, 200*time.Second, time.Since(begin).Truncate(time.Millisecond))
		assert.Equal(t, "finished", w.status(me, path))
		c.silent()
	}, proximltest.WithLogScript(func(e proximltest.Entity, worker int) []proximltest.LogLine {
		if worker == 0 {
			return []proximltest.LogLine{{Text: "data"}}
		}
		return []proximltest.LogLine{
			{After: 59 * time.Second, Text: "last"},
			{After: 5 * time.Second, Text: "twin"},
			{After: 5 * time.Second, Text: "twin"},
			{Text: "first\n"},
			{After: 61 * time.Second, Text: "after its end"},
		}
	}))
}

func line(text string, at time.Time, stream any) object {
	message := object{"type": "subscription", "msg": text, "time": float64(at.UnixMilli()), "stream": stream}
	if stream != "data_worker" {
		message["job_worker_uuid"] = stream
	}
	return message
}

func objects(list any) (converted []object) {
	for _, one := range list.([]any) {
		converted = append(converted, one.(object))
	}
	return converted
}

// A history has all lines and no end. A subscription begins where the history ended, or now, and has an end.
func TestHistoryAndSubscription(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		me := w.srv.Account("me@example.com")
		path := w.job(me, training)
		time.Sleep(150 * time.Second)
		history := w.socket(me)
		history.history(path)
		for _, text := range []string{"old 0\n", "old 1\n", "old 2\n"} {
			assert.Equal(t, text, history.read()["msg"])
		}
		history.silent()

		path = w.job(me, training)
		time.Sleep(150 * time.Second)
		fresh, both, reversed := w.socket(me), w.socket(me), w.socket(me)
		fresh.follow(path)
		both.history(path)
		time.Sleep(25 * time.Second) // in which a line comes that is neither in the history nor after the subscription
		both.follow(path)
		assert.Equal(t, []string{"in between\n", "late\n"}, fresh.texts())
		assert.Equal(t, []string{"old 0\n", "old 1\n", "old 2\n", "in between\n", "late\n"}, both.texts())

		reversed.follow(path)
		reversed.history(path)
		assert.Equal(t, object{"type": "end"}, reversed.read())
		for _, text := range []string{"old 0\n", "old 1\n", "old 2\n", "in between\n", "late\n"} {
			assert.Equal(t, text, reversed.read()["msg"])
		}
		reversed.silent()
	}, proximltest.WithLogScript(func(_ proximltest.Entity, worker int) []proximltest.LogLine {
		if worker == 0 {
			return nil
		}
		return []proximltest.LogLine{
			{Text: "old 0"},
			{Text: "old 1"},
			{Text: "old 2"},
			{After: 30 * time.Second, Text: "in between"},
			{After: 45 * time.Second, Text: "late"},
		}
	}))
}

// A history that is made to come late is that of when it was asked for. The lines to come do not wait for it.
func TestHistoryDelay(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		me := w.srv.Account("me@example.com")
		path := w.job(me, training)
		time.Sleep(150 * time.Second)
		asked := time.Now()
		history, live := w.socket(me), w.socket(me)
		live.follow(path)
		history.history(path)
		assert.Equal(t, "late\n", live.read()["msg"])
		assert.Equal(t, 20*time.Second, time.Since(asked).Truncate(time.Millisecond))
		assert.Equal(t, "old\n", history.read()["msg"])
		assert.Equal(t, 25*time.Second, time.Since(asked).Truncate(time.Millisecond))
		history.silent()
	}, proximltest.WithHistoryDelay(25*time.Second), proximltest.WithLogScript(func(_ proximltest.Entity, worker int) []proximltest.LogLine {
		if worker == 0 {
			return nil
		}
		return []proximltest.LogLine{{Text: "old"}, {After: 30 * time.Second, Text: "late"}}
	}))
}

// A live subscription can be made to repeat the end of the history.
func TestOverlap(t *testing.T) {
	for _, test := range []struct {
		overlap  int
		repeated []string
	}{{0, nil}, {2, []string{"line 1\n", "line 2\n"}}, {9, []string{"line 0\n", "line 1\n", "line 2\n"}}} {
		t.Run("", func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				me := w.srv.Account("me@example.com")
				path := w.job(me, training)
				time.Sleep(150 * time.Second)
				both, live := w.socket(me), w.socket(me)
				both.history(path)
				both.follow(path)
				live.follow(path)
				assert.Equal(t, append([]string{"line 0\n", "line 1\n", "line 2\n"}, test.repeated...), both.texts())
				assert.Equal(t, test.repeated, live.texts())
			}, says(numbered(3)...), proximltest.WithLogOverlap(test.overlap))
		})
	}
}

// The log of a dataset, model, checkpoint or volume, and when it ends.
func TestLogsOfCollections(t *testing.T) {
	t.Parallel()
	for kind, of := range collections {
		t.Run(kind, func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				me := w.srv.Account("me@example.com")
				begin := time.Now()
				path := w.entity(me, kind, of.body)
				c := w.socket(me)
				c.history(path)
				c.follow(path)
				assert.Equal(t, line("Downloading\n", begin.Add(5*time.Second), "data_worker"), c.read())
				assert.Equal(t, object{"type": "end"}, c.read())
				assert.Equal(t, "ready", w.status(me, path))

				c.history(path)
				c.follow(path)
				assert.Equal(t, []string{"Downloading\n"}, c.texts(), "of one that is ready")
			})
		})
	}
}

func TestLogOfAPublicDatasetIsEmptyAndEnds(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		c := w.socket(w.srv.Account("me@example.com"))
		for _, id := range types("CIFAR-10", "public-dataset-MNIST") {
			c.history("/dataset/" + id)
			c.follow("/dataset/" + id)
			assert.Empty(t, c.texts())
		}
	})
}

// However a job or another entity ends, so does its log, and a job that starts again logs again.
func TestEndsOfLogs(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		me := w.srv.Account("me@example.com")
		project := w.project(me, "Mine")
		ends := map[string]func(path string){
			"stopped":  func(path string) { w.command(me, path, "stop").object() },
			"failed":   func(path string) { require.NoError(t, w.srv.SetStatus(path[len("/job/"):], "failed")) },
			"canceled": func(path string) { require.NoError(t, w.srv.SetStatus(path[len("/job/"):], "canceled")) },
			"removed":  func(path string) { w.send(me, "DELETE", path+"?force=true", nil).ok() },
		}
		for name, end := range ends {
			path := w.job(me, notebook)
			time.Sleep(150 * time.Second)
			c := w.socket(me)
			c.history(path)
			c.follow(path)
			assert.Equal(t, "one\n", c.read()["msg"], name)
			end(path)
			assert.Equal(t, object{"type": "end"}, c.read(), name)
			if name != "stopped" {
				continue
			}
			time.Sleep(time.Minute)
			w.command(me, path, "start").object()
			c.follow(path)
			time.Sleep(time.Minute)
			assert.Equal(t, "one\n", c.read()["msg"], "it runs again")
			c.history(path)
			assert.Equal(t, []string{"one\n", "one\n"}, []string{c.read()["msg"].(string), c.read()["msg"].(string)})
		}

		// All that was not sent before comes first, even if the clock jumps over the end and the removal.
		path := w.job(me, training)
		c := w.socket(me)
		c.history(path)
		c.follow(path)
		synctest.Wait()
		w.send(me, "DELETE", path+"?force=true", nil).ok()
		w.wait(day)
		assert.Equal(t, object{"type": "end"}, c.read())
		w.send(me, "GET", path, nil).fails(http.StatusNotFound, "Job Not Found")

		// A project that is gone takes its logs along.
		path = w.job(me, with(notebook, object{"project_uuid": project}))
		c.ask("subscribe", "logs", path, project)
		synctest.Wait()
		w.send(me, "DELETE", "/project/"+project, nil).ok()
		c.closed(websocket.StatusPolicyViolation, "Not Found")
	}, says("one"))
}

func TestManualClockMovesLogs(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		me := w.srv.Account("me@example.com")
		path := w.job(me, training)
		c := w.socket(me)
		c.follow(path)
		synctest.Wait()
		w.wait(day)
		assert.Equal(t, []string{"one\n", "two\n"}, c.texts())
	}, says("one", "two"), proximltest.WithManualClock())
}

func TestDefaultLogScript(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		me := w.srv.Account("me@example.com")
		path := w.job(me, with(training, object{"workers": types("a", "b")}))
		time.Sleep(day)
		c := w.socket(me)
		c.history(path)
		c.follow(path)
		texts := c.texts()
		assert.Len(t, texts, 21)
		assert.Equal(t, "Downloading\n", texts[0])
		assert.Equal(t, "Worker 1: step 1 of 10\n", texts[1])
		assert.Equal(t, "Worker 2: step 10 of 10\n", texts[20])
	})
}

// A socket without a good token is refused before it is one.
func TestSocketTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	good := me.Token()
	for name, token := range map[string]string{
		"missing": "", "garbage": "token", "with Bearer": "Bearer " + good, "another pool's": newWorld(t).srv.Account("me@example.com").Token(),
	} {
		_, answer, err := w.dial(token)
		require.Error(t, err, name)
		assert.Equal(t, http.StatusUnauthorized, answer.StatusCode, name)
		assert.Equal(t, "application/json", answer.Header.Get("Content-Type"), name)
	}
	w.srv.Inject(proximltest.Fault{On: "GET /", Kind: proximltest.RevokeToken})
	_, answer, err := w.dial(good)
	require.Error(t, err)
	assert.Equal(t, http.StatusUnauthorized, answer.StatusCode)
	w.socket(me)
	assert.NotContains(t, w.srv.Requests()[0].Query.Get("Authorization"), good[:20])

	// What is no upgrade is a call like any other; one of another version is refused.
	send(t, w.srv.Transport(), "GET", w.srv.URL+"/?Authorization="+me.Token(), "", nil).fails401(t)
	request, err := http.NewRequestWithContext(t.Context(), "GET", w.srv.URL+"/?Authorization="+me.Token(), nil)
	require.NoError(t, err)
	request.Header = http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"8"}}
	refused, err := w.srv.Transport().RoundTrip(request)
	require.NoError(t, err)
	defer refused.Body.Close()
	assert.Equal(t, http.StatusBadRequest, refused.StatusCode)
}

func (r reply) fails401(t *testing.T) {
	t.Helper()
	assert.Equal(t, http.StatusUnauthorized, r.status)
	assert.JSONEq(t, `{"message":"Unauthorized"}`, r.text)
}

// A socket gets the logs that its account may read through the API, and no others.
func TestSocketAccess(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		me, you := w.srv.Account("me@example.com"), w.srv.Account("you@example.com")
		project := w.project(me, "Shared")
		here := object{"project_uuid": project}
		job, data := w.job(me, with(notebook, here)), w.entity(me, "dataset", with(dataset, here))
		mine := w.job(me, notebook)
		model := w.entity(me, "model", dataset)
		time.Sleep(150 * time.Second)

		refused := func(as *proximltest.Account, path, project, reason string) {
			t.Helper()
			for action, kind := range map[string]string{"getlogs": "init", "subscribe": "logs"} {
				c := w.socket(as)
				c.ask(action, kind, path, project)
				c.closed(websocket.StatusPolicyViolation, reason)
			}
		}
		refused(you, job, project, "Not Found")
		w.share(me, project, you, object{"job": "read"})
		refused(you, data, project, "Forbidden")
		refused(you, job, "", "Job Not Found")
		refused(you, mine, me.Project, "Not Found")
		refused(you, mine, project, "Job Not Found")
		refused(me, job, "", "Job Not Found")
		refused(me, "/job/unknown", "", "Job Not Found")
		refused(me, "/dataset/unknown", "", "Dataset Not Found")
		refused(me, "/model/"+data[len("/dataset/"):], project, "Model Not Found")
		refused(me, "/dataset/"+model[len("/model/"):], "", "Dataset Not Found")
		refused(me, "/project/"+project, "", "Not Found")
		refused(me, "/job/x", "unknown", "Not Found")

		c := w.socket(you)
		c.ask("getlogs", "init", job, project)
		c.ask("subscribe", "logs", job, project)
		assert.Equal(t, "one\n", c.read()["msg"])
		// Access that is taken away is gone at once.
		w.send(me, "DELETE", "/project/"+project+"/access?email=you@example.com", nil).ok()
		w.command(me, job+in(project), "stop").object()
		c.closed(websocket.StatusPolicyViolation, "Not Found")
	}, says("one"))
}

func TestSocketRequestsThatMakeNoSense(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		me := w.srv.Account("me@example.com")
		path := w.job(me, notebook)
		data := object{"type": "init", "entity": "job", "id": path[len("/job/"):]}
		for reason, message := range map[string]object{
			"Invalid Request - action subscribe init Invalid":               {"action": "subscribe", "data": data},
			"Invalid Request - action getlogs logs Invalid":                 {"action": "getlogs", "data": with(data, object{"type": "logs"})},
			"Invalid Request - action  init Invalid":                        {"data": data},
			"Not Found":                                                     {"action": "getlogs"},
			("Invalid Request - action x" + strings.Repeat("é", 200))[:122]: {"action": "x" + strings.Repeat("é", 200), "data": data},
			"Invalid Request - The message is not JSON as expected":         {"action": 7},
		} {
			c := w.socket(me)
			c.say(message)
			c.closed(websocket.StatusPolicyViolation, reason)
		}
		c := w.socket(me)
		for range 100 {
			c.history(path)
		}
		c.history(path)
		c.closed(websocket.StatusPolicyViolation, "Invalid Request - A connection takes no more than 100 requests")
	}, says())
}

// Several logs can be followed over one connection.
func TestSeveralLogsOverOneSocket(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		me := w.srv.Account("me@example.com")
		first, second := w.job(me, training), w.job(me, training)
		c := w.socket(me)
		c.follow(first)
		c.follow(second)
		assert.Len(t, append(c.texts(), c.texts()...), 4)
	}, says("one", "two"))
}
