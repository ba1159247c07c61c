package proximltest_test

import (
	"crypto/sha512"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go/proximltest"
)

// A dataset, model, checkpoint or volume of local files waits for them and is then as large as they are.
func TestLocalSources(t *testing.T) {
	t.Parallel()
	stream := tarOf("a/", "", "a/one.txt", "12345", "two.txt", strings.Repeat("x", 2000))
	for kind, of := range collections {
		for _, uploadID := range []string{"", "3f2b1a5c-0000-4000-8000-000000000000"} {
			t.Run(kind+uploadID, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				me := w.srv.Account("me@example.com")
				path := w.entity(me, kind, with(of.body, object{"source_type": "local", "source_uri": "~/pictures"}))
				created := w.get(me, path)
				assert.NotContains(t, created, "hostname")
				assert.NotContains(t, created, "auth_token")
				w.wait(day)
				waiting := w.get(me, path)
				assert.Equal(t, "downloading", waiting["status"])
				p := w.peer(waiting)
				p.uploadID = uploadID
				assert.Equal(t, waiting, w.send(me, "GET", "/"+kind, nil).list()[0])
				assert.Equal(t, object{"status": "ok"}, p.call("GET", "/ping", "").object())
				_, err := w.srv.Uploaded(path[len(kind)+2:])
				assert.Error(t, err)

				p.upload(stream, 700)
				ready := w.get(me, path)
				assert.Equal(t, "ready", ready["status"])
				assert.NotContains(t, ready, "hostname")
				assert.NotContains(t, ready, "auth_token")
				assert.Equal(t, 2005.0, ready["used_size"])
				assert.Equal(t, "2", w.get(me, path+"/details")["count"])
				assert.Equal(t, stream, w.uploaded(path[len(kind)+2:]))

				// Whoever did not get the last answer asks again.
				assert.Equal(t, object{"status": "ok"}, p.finalize(stream).object())
				p.finalize(stream + " ").conflicts(len(stream))
				p.put(0, "again").conflicts(len(stream))
				assert.Equal(t, float64(len(stream)), p.status())
				assert.Equal(t, "ready", w.status(me, path))
				assert.Equal(t, stream, w.uploaded(path[len(kind)+2:]))
			})
		}
	}
}

func TestChunksComeInTheirOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, p := w.localDataset(w.srv.Account("me@example.com"))
	stream := tarOf("file", strings.Repeat("x", 3000))
	p.uploadID = "first"
	assert.Equal(t, 0.0, p.status())
	p.finalize("").conflicts(0)
	p.put(10, "too early").conflicts(0)
	p.put(0, stream[:1000]).stored(1000)
	p.put(0, stream[:1000]).conflicts(1000)
	p.put(500, stream[500:1500]).conflicts(1000)
	p.put(1001, stream[1001:1500]).conflicts(1000)
	assert.Equal(t, 1000.0, p.status())
	p.put(1000, stream[1000:1001]).stored(1001)

	// Another upload knows nothing of this one, and replaces it by beginning.
	other := *p
	other.uploadID = "second"
	assert.Equal(t, 0.0, other.status())
	other.put(1001, stream[1001:]).conflicts(0)
	other.finalize(stream).conflicts(1001)
	assert.Equal(t, 1001.0, p.status())
	other.put(0, stream[:5]).stored(5)
	assert.Equal(t, 0.0, p.status())
	p.put(1001, stream[1001:]).conflicts(0)
	other.put(5, stream[5:]).stored(len(stream))

	// What is not what was stored is not finalized.
	other.finalize(stream[:5]).invalid("The hash is not that of what was uploaded")
	other.call("POST", "/finalize", "{}").invalid("The hash is not that of what was uploaded")
	r := other.call("POST", "/finalize", "{")
	assert.Equal(t, http.StatusBadRequest, r.status)
	p.finalize(stream).conflicts(len(stream))
	assert.Equal(t, object{"status": "ok"}, other.finalize(stream).object())
}

// Clients without an Upload-Id send a chunk once more when its answer was lost, and begin at 0 when they are started again.
func TestChunksWithoutUploadID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path, p := w.localDataset(w.srv.Account("me@example.com"))
	stream := tarOf("file", strings.Repeat("x", 3000))
	p.put(0, "something else").stored(14)
	p.put(0, stream[:1000]).stored(1000)
	p.put(0, stream[:1000]).stored(1000)
	p.put(1000, stream[1000:2000]).stored(2000)
	p.put(1000, stream[1000:2000]).stored(2000)
	p.put(1000, stream[1000:1999]).conflicts(2000)
	p.put(500, stream[500:2000]).conflicts(2000)
	p.put(2000, stream[2000:]).stored(len(stream))
	assert.Equal(t, object{"status": "ok"}, p.finalize(stream).object())
	assert.Equal(t, stream, w.uploaded(path[len("/dataset/"):]))
}

func TestChunksThatMakeNoSense(t *testing.T) {
	t.Parallel()
	w := newWorld(t, proximltest.WithChunkLimit(1000))
	_, p := w.localDataset(w.srv.Account("me@example.com"))
	for _, text := range []string{"", "bytes", "bytes 0-4", "bytes 0/5", "0-4/5", "bytes -1-4/5", "bytes 4-0/5", "bytes 0-4/x", "bytes a-4/5", "bytes 0-4/5/6", "bytes 0-9223372036854775807/9"} {
		p.call("PUT", "/upload", "12345", "Content-Range", text).invalid(fmt.Sprintf("Content-Range %q is not bytes START-END/TOTAL", text))
	}
	p.call("PUT", "/upload", "1234", "Content-Range", "bytes 0-4/5").invalid("The body is not the 5 bytes that Content-Range says")
	p.call("PUT", "/upload", strings.Repeat("x", 1001), "Content-Range", "bytes 0-1000/1001").fails(http.StatusRequestEntityTooLarge, "A chunk has at most 1000 bytes")
	for _, length := range []int{4, 6} { // of a body whose length is not known before
		response, err := p.begin("PUT", "/upload", io.MultiReader(strings.NewReader("123456"[:length])), "Content-Range", "bytes 0-4/*")
		require.NoError(t, err)
		assert.Equal(t, http.StatusBadRequest, response.StatusCode)
		response.Body.Close()
	}
	assert.Equal(t, 0.0, p.status())
	p.call("PUT", "/upload", strings.Repeat("x", 1000), "Content-Range", "bytes 0-999/*").stored(1000)
	p.call("PUT", "/upload", "x", "Content-Range", "bytes 1000-1000/5000").stored(1001)

	// What is left of a chunk that was not stored is not part of the upload.
	path, p := w.localDataset(w.srv.Account("me@example.com"))
	stream := tarOf()
	p.put(0, stream[:1000]).stored(1000)
	p.put(1000, stream[1000:]).stored(len(stream))
	response, err := p.begin("PUT", "/upload", io.MultiReader(strings.NewReader("half")), "Content-Range", fmt.Sprintf("bytes %d-%d/*", len(stream), len(stream)+7))
	require.NoError(t, err)
	response.Body.Close()
	assert.Equal(t, object{"status": "ok"}, p.finalize(stream).object())
	assert.Equal(t, stream, w.uploaded(path[len("/dataset/"):]))

	_, p = w.localDataset(w.srv.Account("me@example.com"))
	noTar := strings.Repeat("no tar ", 100)
	p.put(0, noTar).stored(len(noTar))
	p.finalize(noTar).invalid("What was uploaded is no tar stream")
}

func TestTransfersNeedTheirToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	path, p := w.localDataset(me)
	_, other := w.localDataset(me)
	for _, wrong := range []string{"", "wrong", other.token, p.token + "x", me.Token()} {
		thief := *p
		thief.token = wrong
		for call, body := range map[string]string{"GET /ping": "", "PUT /upload": "x", "GET /upload/status": "", "POST /finalize": "{}"} {
			method, path, _ := strings.Cut(call, " ")
			r := thief.call(method, path, body, "Content-Range", "bytes 0-0/1")
			assert.Equal(t, http.StatusUnauthorized, r.status, call)
			assert.JSONEq(t, `{"message":"Unauthorized"}`, r.text, call)
		}
	}
	assert.Equal(t, 0.0, p.status())
	p.call("GET", "/info", "").fails(http.StatusNotFound, "Not Found")
	p.call("GET", "/download", "").fails(http.StatusNotFound, "Not Found")
	for _, request := range w.srv.Requests() {
		assert.NotContains(t, encoded(request), p.token)
	}

	unknown := *p
	unknown.host = w.srv.URL + "/transfer/unknown"
	unknown.call("GET", "/ping", "").fails(http.StatusNotFound, "Not Found")

	// Nobody waits any more.
	p.put(0, "x").stored(1)
	w.send(me, "DELETE", path+"?force=true", nil).ok()
	p.call("GET", "/ping", "").fails(http.StatusNotFound, "Not Found")
	p.finalize("x").fails(http.StatusNotFound, "Not Found")
	w.wait(day)
	p.call("GET", "/ping", "").fails(http.StatusNotFound, "Not Found")
}

// A job waits for its model and its input until both are there, and has what was uploaded as its model's size.
func TestLocalModelAndInput(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	path := w.job(me, with(inference, object{
		"model": object{"source_type": "local", "source_uri": "~/model"},
		"data":  object{"input_type": "local", "input_uri": "~/in"},
	}))
	assert.NotContains(t, encoded(w.get(me, path)), "hostname")
	w.wait(20 * time.Second)
	waiting := w.get(me, path)
	assert.Equal(t, "waiting for data/model download", waiting["status"])
	model, input := waiting["model"].(object), waiting["data"].(object)
	toModel, toInput := w.peer(model), w.peerOf(input["input_hostname"], input["input_auth_token"])
	assert.NotEqual(t, toModel.token, toInput.token)
	assert.NotEqual(t, toModel.host, toInput.host)
	modelFiles, inputFiles := tarOf("model.py", "print(1)"), tarOf("data.csv", "1,2,3")
	toInput.upload(inputFiles, 1<<20)
	w.wait(day)
	waiting = w.get(me, path)
	assert.Equal(t, "waiting for data/model download", waiting["status"])
	assert.NotContains(t, waiting["data"], "input_hostname")
	assert.Equal(t, toModel.host, waiting["model"].(object)["hostname"])
	toModel.upload(modelFiles, 1<<20)
	started := w.get(me, path)
	assert.Equal(t, "provisioning", started["status"])
	assert.Equal(t, 8.0, started["model"].(object)["size"])
	assert.NotContains(t, encoded(started), "hostname")
	assert.Equal(t, modelFiles, w.uploaded(path[len("/job/"):]+"/model"))
	assert.Equal(t, inputFiles, w.uploaded(path[len("/job/"):]+"/input"))
	w.wait(day)
	assert.Equal(t, "finished", w.status(me, path))
	w.send(me, "DELETE", path, nil).ok()
	w.wait(day)
	_, err := w.srv.Uploaded(path[len("/job/"):] + "/model")
	assert.EqualError(t, err, `proximltest: nothing was uploaded for "`+path[len("/job/"):]+`/model"`)
}

// A job that is stopped while it waits takes nothing, and waits on when it is started again.
func TestStopWhileUploading(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	path := w.job(me, with(notebook, object{"model": object{"source_type": "local", "source_uri": "~/model"}}))
	w.wait(day)
	stream := tarOf("file", "content")
	p := w.peer(w.get(me, path)["model"].(object))
	p.uploadID = "one"
	p.put(0, stream[:100]).stored(100)
	w.command(me, path, "stop").object()
	assert.NotContains(t, encoded(w.get(me, path)), "hostname")
	p.call("GET", "/ping", "").fails(http.StatusNotFound, "Not Found")
	w.wait(day)
	assert.Equal(t, "waiting for data/model download", w.command(me, path, "start").object()["status"])
	assert.Equal(t, 100.0, p.status())
	p.put(100, stream[100:]).stored(len(stream))
	assert.Equal(t, object{"status": "ok"}, p.finalize(stream).object())
	w.wait(day)
	assert.Equal(t, "running", w.status(me, path))

	// A notebook's model can become a local one while it waits.
	path = w.job(me, notebook)
	w.wait(30 * time.Second)
	w.send(me, "PATCH", path, object{"model": object{"source_type": "local", "source_uri": "~/model"}}).object()
	w.wait(day)
	w.peer(w.get(me, path)["model"].(object)).upload(stream, 100)
	w.wait(day)
	assert.Equal(t, "running", w.status(me, path))
}

// A chunk whose sender goes away is not stored, and one that is sent again overtakes it.
func TestHalfChunks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t, proximltest.New(t, proximltest.WithoutListener()), map[string]string{}}
		me := w.srv.Account("me@example.com")
		path := w.entity(me, "dataset", with(dataset, object{"source_type": "local", "source_uri": "~/pictures"}))
		time.Sleep(time.Minute)
		p := w.peer(w.get(me, path))
		stream := tarOf("file", strings.Repeat("x", 100_000))
		p.put(0, stream[:10_000]).stored(10_000)

		half, stuck := io.Pipe()
		var sending sync.WaitGroup
		sending.Go(func() {
			response, err := p.begin("PUT", "/upload", half, "Content-Range", "bytes 10000-59999/60000")
			if assert.NoError(t, err) {
				assert.Equal(t, http.StatusConflict, response.StatusCode)
				response.Body.Close()
			}
		})
		_, err := io.WriteString(stuck, strings.Repeat("?", 40_000))
		require.NoError(t, err)
		synctest.Wait()
		assert.Equal(t, 10_000.0, p.status())
		p.put(10_000, stream[10_000:]).stored(len(stream))
		io.WriteString(stuck, strings.Repeat("?", 10_000))
		stuck.Close()
		sending.Wait()
		assert.Equal(t, object{"status": "ok"}, p.finalize(stream).object())
		assert.Equal(t, stream, w.uploaded(path[len("/dataset/"):]))
	})
}

// What is removed while its upload is being finalized does not come back.
func TestRemovedWhileFinalizing(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		me := w.srv.Account("me@example.com")
		path := w.entity(me, "dataset", with(dataset, object{"source_type": "local", "source_uri": "~/pictures"}))
		time.Sleep(time.Minute)
		p := w.peer(w.get(me, path))
		stream := tarOf("file", "content")
		p.put(0, stream).stored(len(stream))
		sum := sha512.Sum512([]byte(stream))
		body, slow := io.Pipe()
		var finalizing sync.WaitGroup
		finalizing.Go(func() {
			response, err := p.begin("POST", "/finalize", body)
			if assert.NoError(t, err) {
				assert.Equal(t, http.StatusNotFound, response.StatusCode)
				response.Body.Close()
			}
		})
		synctest.Wait()
		w.send(me, "DELETE", path+"?force=true", nil).ok()
		fmt.Fprintf(slow, `{"hash":"%x"}`, sum)
		slow.Close()
		finalizing.Wait()
		assert.Equal(t, "removing", w.status(me, path))
		_, err := w.srv.Uploaded(path[len("/dataset/"):])
		assert.Error(t, err)
	})
}

// Cut before, in the middle of or after each chunk, an upload goes on where it was, and every chunk is stored once.
func TestUploadsThatAreCut(t *testing.T) {
	t.Parallel()
	const size = 512
	stream := tarOf("file", strings.Repeat("0123456789", 400))
	for name, fault := range map[string]proximltest.Fault{
		"before":          {Kind: proximltest.ResetBeforeWork},
		"in the middle":   {Kind: proximltest.CutConnection, AfterBytes: size / 2},
		"at the end":      {Kind: proximltest.CutConnection, AfterBytes: size},
		"after":           {Kind: proximltest.ResetAfterWork},
		"in the reply":    {Kind: proximltest.ResetDuringReply},
		"told of a fault": {Kind: proximltest.ReplyAfterWork, Status: 522},
		"bad gateway":     {Status: 502},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fault.On = "PUT /transfer/{host}/upload"
			for cut := 0; cut < len(stream); cut += size {
				w := newWorld(t)
				path, p := w.localDataset(w.srv.Account("me@example.com"))
				p.uploadID = "one"
				for offset := 0; offset < len(stream); {
					if offset == cut && fault.Times == 0 {
						w.srv.Inject(fault)
						w.srv.Transport().(*http.Transport).CloseIdleConnections()
						r, err := p.tryPut(offset, stream[offset:min(offset+size, len(stream))])
						require.True(t, err != nil || r.status != http.StatusOK)
						require.Zero(t, w.srv.ClearFaults())
						fault.Times = 1
						next := int(p.status().(float64))
						require.Contains(t, []int{offset, min(offset+size, len(stream))}, next)
						offset = next
						continue
					}
					end := min(offset+size, len(stream))
					p.put(offset, stream[offset:end]).stored(end)
					offset = end
				}
				fault.Times = 0
				require.Equal(t, object{"status": "ok"}, p.finalize(stream).object())
				require.Equal(t, stream, w.uploaded(path[len("/dataset/"):]))
			}
		})
	}
}

// Replies of uploads can be anything that a test wants.
func TestUploadFaults(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		me := w.srv.Account("me@example.com")
		path := w.entity(me, "dataset", with(dataset, object{"source_type": "local", "source_uri": "~/pictures"}))
		time.Sleep(time.Minute)
		p := w.peer(w.get(me, path))
		for _, status := range []int{409, 413, 502, 522} {
			w.srv.Inject(proximltest.Fault{On: "PUT /transfer/{host}/upload", Status: status})
			assert.Equal(t, status, p.put(0, "x").status)
			assert.Equal(t, 0.0, p.status())
		}
		w.srv.Inject(
			proximltest.Fault{On: "PUT /transfer/{host}/upload", Kind: proximltest.ReplyAfterWork, Body: `{"expected_offset":7}`},
			proximltest.Fault{On: "PUT /transfer/{host}/upload", Delay: time.Minute},
			proximltest.Fault{On: "PUT /transfer/{host}/upload", Kind: proximltest.Stall, AfterBytes: 1, Delay: time.Hour},
			proximltest.Fault{On: "GET /transfer/{host}/ping", Status: 404, Times: 3},
		)
		p.put(0, "x").stored(7)
		assert.Equal(t, 1.0, p.status())
		begin := time.Now()
		p.put(1, "yy").stored(3)
		assert.Equal(t, time.Minute, time.Since(begin))
		p.put(3, "zz").stored(5)
		assert.Equal(t, time.Minute+time.Hour, time.Since(begin))
		for range 3 {
			assert.Equal(t, 404, p.call("GET", "/ping", "").status)
		}
		p.call("GET", "/ping", "").object()
		assert.Zero(t, w.srv.ClearFaults())
	})
}

// What is kept on disk is bounded, and what is given up makes room.
func TestStorageIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, proximltest.WithStorage(10_000))
	me := w.srv.Account("me@example.com")
	first, p := w.localDataset(me)
	_, q := w.localDataset(me)
	stream := tarOf("file", strings.Repeat("x", 4000))
	p.upload(stream, 1000)
	q.uploadID = "one"
	q.put(0, strings.Repeat("y", 4000)).stored(4000)
	r := q.put(4000, strings.Repeat("y", 4000))
	assert.Equal(t, http.StatusInsufficientStorage, r.status)
	assert.Equal(t, 4000.0, q.status())
	assert.Error(t, w.srv.SetDownload(first[len("/dataset/"):], strings.NewReader(strings.Repeat("z", 4000))))

	q.uploadID = "two"
	q.put(0, strings.Repeat("y", 4000)).stored(4000)
	w.send(me, "DELETE", first+"?force=true", nil).ok()
	w.wait(day)
	q.put(4000, strings.Repeat("y", 4000)).stored(8000)
	_, err := w.srv.Uploaded(first[len("/dataset/"):])
	assert.Error(t, err)
}
