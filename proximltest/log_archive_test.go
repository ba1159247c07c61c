package proximltest_test

import (
	"archive/zip"
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go/proximltest"
)

// fetch gets a URL without a token.
func (w *world) fetch(url string) reply {
	w.Helper()
	return send(w.T, w.srv.Transport(), "GET", url, "", "")
}

// unzipped returns the only file of a zip.
func (r reply) unzipped() (name, content string) {
	r.t.Helper()
	require.Equal(r.t, http.StatusOK, r.status, r.text)
	require.Equal(r.t, "application/zip", r.header.Get("Content-Type"))
	files, err := zip.NewReader(strings.NewReader(r.text), int64(len(r.text)))
	require.NoError(r.t, err)
	require.Len(r.t, files.File, 1)
	file, err := files.File[0].Open()
	require.NoError(r.t, err)
	text, err := io.ReadAll(file)
	require.NoError(r.t, err)
	return files.File[0].Name, string(text)
}

// refusedByStore checks that the store of log archives refuses a request.
func (r reply) refusedByStore(status int, code string) {
	r.t.Helper()
	assert.Equal(r.t, status, r.status, r.text)
	assert.Equal(r.t, "application/xml", r.header.Get("Content-Type"))
	assert.Contains(r.t, r.text, "<Error><Code>"+code+"</Code>")
}

// The archive of a log is had by its URL alone, for an hour.
func TestLogArchives(t *testing.T) {
	t.Parallel()
	w := newWorld(t, proximltest.WithLogScript(func(e proximltest.Entity, worker int) []proximltest.LogLine {
		text := e.Name + " " + string(rune('0'+worker))
		return []proximltest.LogLine{{Text: text}, {Text: text}, {After: 65 * time.Second, Text: "never"}}
	}), proximltest.WithTokenLife(100*day))
	me := w.srv.Account("me@example.com")
	path := w.job(me, with(training, object{"name": "a/b: 100% ünsafe ?", "workers": types("a", "b")}))
	data := w.entity(me, "dataset", dataset)
	w.wait(day)
	workers := values(objects(w.get(me, path)["workers"]), "job_worker_uuid")
	for i, worker := range workers {
		url := decode[string](w.send(me, "GET", path+"/worker/"+worker.(string)+"/logs", nil))
		name, text := w.fetch(url).unzipped()
		assert.Equal(t, "a_b:_100%_ünsafe_?.log", name)
		assert.Equal(t, strings.Repeat("a/b: 100% ünsafe ? "+string(rune('1'+i))+"\n", 2), text)
	}
	url := decode[string](w.send(me, "GET", data+"/logs", nil))
	name, text := w.fetch(url).unzipped()
	assert.Equal(t, "pictures.log", name)
	assert.Equal(t, "pictures 0\npictures 0\n", text)

	w.fetch(strings.Replace(url, "pictures", "other", 1)).refusedByStore(http.StatusForbidden, "SignatureDoesNotMatch")
	w.fetch(strings.Replace(url, "X-Amz-Date=20", "X-Amz-Date=21", 1)).refusedByStore(http.StatusForbidden, "SignatureDoesNotMatch")
	w.fetch(url[:strings.Index(url, "?")]).refusedByStore(http.StatusForbidden, "SignatureDoesNotMatch")
	w.wait(time.Hour - time.Second)
	w.fetch(url).unzipped()
	w.wait(time.Second)
	w.fetch(url).refusedByStore(http.StatusForbidden, "AccessDenied")

	url = decode[string](w.send(me, "GET", data+"/logs", nil))
	w.send(me, "DELETE", data, nil).ok()
	w.wait(time.Minute)
	w.fetch(url).refusedByStore(http.StatusNotFound, "NoSuchKey")
	w.fetch(decode[string](w.send(me, "GET", "/dataset/MNIST/logs", nil))).refusedByStore(http.StatusNotFound, "NoSuchKey")
	for _, request := range w.srv.Requests() {
		if request.Query.Has("X-Amz-Signature") {
			assert.Equal(t, []string{"[secret]"}, request.Query["X-Amz-Signature"])
		}
	}
}

// Logs are part of the state: what was logged and what will be.
func TestStateOfLogs(t *testing.T) {
	t.Parallel()
	script := proximltest.WithLogScript(func(_ proximltest.Entity, worker int) []proximltest.LogLine {
		return []proximltest.LogLine{{Text: "soon"}, {After: 30 * time.Second, Text: "later"}}
	})
	w := newWorld(t, script)
	me := w.srv.Account("me@example.com")
	path, data, done := w.job(me, training), w.entity(me, "dataset", dataset), w.entity(me, "model", dataset)
	w.wait(40 * time.Second)
	require.NoError(t, w.srv.SetStatus(done[len("/model/"):], "failed"))
	w.wait(105 * time.Second)
	saved := w.saved()
	for name, limit := range map[string]int64{"all": 1 << 20, "bounded": 200} {
		loaded := newWorld(t, proximltest.WithState(strings.NewReader(saved)), proximltest.WithLogLimit(limit))
		me := loaded.srv.Account("me@example.com")
		loaded.wait(day)
		texts := func(path string) []string {
			c := loaded.socket(me)
			c.history(path)
			c.follow(path)
			return c.texts()
		}
		want := []string{"soon\n", "later\n", "soon\n", "later\n"}
		if name == "bounded" {
			want = want[2:]
		}
		assert.Equal(t, want, texts(path), name)
		assert.Equal(t, []string{"soon\n", "later\n"}, texts(data), name)
		assert.Equal(t, []string{"soon\n", "later\n"}, texts(done), name)
	}
	var document bytes.Buffer
	require.NoError(t, w.srv.SaveState(&document))
	assert.Equal(t, saved, document.String())
}
