package proximltest_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go/proximltest"
)

// savedAs returns the name that a download is to be saved as.
func (r reply) savedAs() string {
	r.t.Helper()
	kind, parameters, err := mime.ParseMediaType(r.header.Get("Content-Disposition"))
	require.NoError(r.t, err)
	require.Equal(r.t, "attachment", kind)
	return parameters["filename"]
}

// localOutput makes a job with local output and returns its path once it waits for the download.
func (w *world) localOutput(as *proximltest.Account, changes object) string {
	w.Helper()
	path := w.job(as, with(with(training, object{"data": object{"output_type": "local", "output_uri": "~/out"}}), changes))
	w.wait(day)
	return path
}

// outputs returns a client for each worker of a job whose output waits.
func (w *world) outputs(as *proximltest.Account, path string) (peers []*peer) {
	w.Helper()
	for _, worker := range objects(w.get(as, path)["workers"]) {
		peers = append(peers, w.peerOf(worker["output_hostname"], worker["output_auth_token"]))
	}
	return peers
}

// The output of each worker is downloaded by itself, and the job is finished when all are.
func TestLocalOutputs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	path := w.localOutput(me, object{"name": "my first job", "workers": types("a", "b")})
	waiting := w.get(me, path)
	assert.Equal(t, "uploading", waiting["status"])
	peers := w.outputs(me, path)
	assert.NotEqual(t, peers[0].token, peers[1].token)
	for i, p := range peers {
		assert.Equal(t, object{"status": "ok"}, p.call("GET", "/ping", "").object())
		assert.Equal(t, object{"archive": false}, p.call("GET", "/info", "").object())
		p.call("POST", "/finalize", "{}").invalid("Nothing was downloaded yet")
		r := p.download()
		assert.Equal(t, http.StatusOK, r.status)
		assert.Equal(t, "application/x-tar", r.header.Get("Content-Type"))
		assert.Equal(t, fmt.Sprint(len(r.text)), r.header.Get("Content-Length"))
		name := fmt.Sprint("my_first_job_", i+1)
		assert.Equal(t, name+".tar", r.savedAs())
		assert.Equal(t, map[string]string{"output.txt": "The output of " + name + "\n"}, untar(w, r.text))
		assert.Equal(t, r.text, p.download().text, "it can be had again")
		p.call("PUT", "/upload", "x", "Content-Range", "bytes 0-0/1").fails(http.StatusNotFound, "Not Found")
		p.call("GET", "/upload/status", "").fails(http.StatusNotFound, "Not Found")
	}
	assert.Equal(t, object{"status": "ok"}, peers[1].call("POST", "/finalize", "{}").object())
	w.wait(day)
	half := w.get(me, path)
	assert.Equal(t, "uploading", half["status"])
	workers := objects(half["workers"])
	assert.Equal(t, []any{"uploading", "finished"}, values(workers, "status"))
	assert.Equal(t, peers[0].host, workers[0]["output_hostname"])
	assert.NotContains(t, workers[1], "output_hostname")
	assert.NotContains(t, workers[1], "output_auth_token")
	assert.Equal(t, object{"status": "ok"}, peers[1].call("POST", "/finalize", "{}").object())
	assert.Equal(t, object{"status": "ok"}, peers[0].call("POST", "/finalize", "{}").object())
	finished := w.get(me, path)
	assert.Equal(t, "finished", finished["status"])
	assert.NotContains(t, encoded(finished), "output_hostname")

	thief := *peers[0]
	thief.token = "wrong"
	assert.Equal(t, http.StatusUnauthorized, thief.call("GET", "/download", "").status)
	w.send(me, "DELETE", path, nil).ok()
	w.wait(day)
	w.get(me, "/project/"+me.Project)
	peers[0].call("GET", "/download", "").fails(http.StatusNotFound, "Not Found")
}

// A download is a zip when that is asked for, of the same files, saved under the job's name.
func TestArchives(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	stream := &bytes.Buffer{}
	out := tar.NewWriter(stream)
	for _, header := range []tar.Header{
		{Name: "./", Typeflag: tar.TypeDir, Mode: 0o755},
		{Name: "./empty/", Typeflag: tar.TypeDir, Mode: 0o755},
		{Name: "./run.sh", Typeflag: tar.TypeReg, Mode: 0o755, Size: 4},
		{Name: "link", Typeflag: tar.TypeSymlink, Linkname: "run.sh", Mode: 0o777},
		{Name: "pipe", Typeflag: tar.TypeFifo, Mode: 0o644},
	} {
		require.NoError(t, out.WriteHeader(&header))
		io.WriteString(out, "true"[:header.Size])
	}
	require.NoError(t, out.Close())
	for name, want := range map[string]string{
		"my first job": "my_first_job.zip", "../../etc/passwd": "../../etc/passwd.zip", `quo"ted; size=3`: `quo"ted;_size=3.zip`, "grün": "grün.zip",
	} {
		path := w.localOutput(me, object{"name": name, "data": object{"output_type": "local", "output_uri": "~/out", "output_options": object{"archive": true}}})
		worker := objects(w.get(me, path)["workers"])[0]["job_worker_uuid"].(string)
		require.NoError(t, w.srv.SetDownload(worker, bytes.NewReader(stream.Bytes())))
		p := w.outputs(me, path)[0]
		assert.Equal(t, object{"archive": true}, p.call("GET", "/info", "").object())
		r := p.download()
		assert.Equal(t, "application/zip", r.header.Get("Content-Type"))
		assert.Equal(t, want, r.savedAs())
		files, err := zip.NewReader(strings.NewReader(r.text), int64(len(r.text)))
		require.NoError(t, err)
		got := map[string]string{}
		for _, file := range files.File {
			content, err := file.Open()
			require.NoError(t, err)
			text, err := io.ReadAll(content)
			require.NoError(t, err)
			got[file.Name+" "+file.Mode().String()] = string(text)
		}
		assert.Equal(t, map[string]string{"empty/ drwxr-xr-x": "", "run.sh -rwxr-xr-x": "true", "link Lrwxrwxrwx": "run.sh"}, got)
		assert.Equal(t, object{"status": "ok"}, p.call("POST", "/finalize", "{}").object())
		assert.Equal(t, "finished", w.status(me, path))
	}
}

// An export waits until it is downloaded, and serves what was uploaded.
func TestLocalExports(t *testing.T) {
	t.Parallel()
	for kind, of := range collections {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			me := w.srv.Account("me@example.com")
			stream := tarOf("one.txt", "12345")
			local := w.entity(me, kind, with(of.body, object{"name": "two words", "source_type": "local", "source_uri": "~/pictures"}))
			w.wait(day)
			w.peer(w.get(me, local)).upload(stream, 1<<20)
			export := object{"output_type": "local", "output_uri": "~/out"}
			for range 2 {
				exporting := w.send(me, "POST", local+"/export", export).object()
				assert.Equal(t, "exporting", exporting["status"])
				p := w.peer(exporting)
				w.wait(day)
				r := p.download()
				assert.Equal(t, stream, r.text)
				assert.Equal(t, "two_words.tar", r.savedAs())
				assert.Equal(t, object{"status": "ok"}, p.call("POST", "/finalize", "{}").object())
				ready := w.get(me, local)
				assert.Equal(t, "ready", ready["status"])
				assert.NotContains(t, ready, "hostname")
				assert.Equal(t, 5.0, ready["used_size"])
			}
			zipped := with(export, object{"output_options": object{"archive": true}})
			p := w.peer(w.send(me, "POST", local+"/export", zipped).object())
			assert.Equal(t, object{"archive": true}, p.call("GET", "/info", "").object())
			assert.Equal(t, "two_words.zip", p.download().savedAs())

			remote := w.entity(me, kind, of.body)
			w.wait(day)
			p = w.peer(w.send(me, "POST", remote+"/export", export).object())
			assert.Equal(t, map[string]string{"output.txt": "The output of pictures\n"}, untar(w, p.download().text))
			p.call("POST", "/finalize", "{}").object()
			assert.NotEqual(t, 5.0, w.get(me, remote)["used_size"])
		})
	}
}

// A test can say what a download serves, whatever it is.
func TestSetDownload(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	path := w.localOutput(me, nil)
	worker := objects(w.get(me, path)["workers"])[0]["job_worker_uuid"].(string)
	p := w.outputs(me, path)[0]
	for _, stream := range []string{tarOf("../../escape", "x"), "no tar at all", ""} {
		require.NoError(t, w.srv.SetDownload(worker, strings.NewReader(stream)))
		assert.Equal(t, stream, p.download().text)
		assert.Equal(t, stream, w.uploaded(worker))
	}
	assert.EqualError(t, w.srv.SetDownload("unknown", strings.NewReader("")), `proximltest: nothing has the id "unknown" that could be downloaded`)
	lost := errors.New("disk lost")
	assert.ErrorIs(t, w.srv.SetDownload(worker, iotest.ErrReader(lost)), lost)

	// What is no tar cannot be made a zip: the connection breaks off, so that nobody takes a part for the whole.
	path = w.localOutput(me, object{"data": object{"output_type": "local", "output_uri": "~/out", "output_options": object{"archive": true}}})
	worker = objects(w.get(me, path)["workers"])[0]["job_worker_uuid"].(string)
	require.NoError(t, w.srv.SetDownload(worker, strings.NewReader(strings.Repeat("no tar ", 100))))
	_, err := w.outputs(me, path)[0].try("GET", "/download", "")
	assert.Error(t, err)
}

func TestDownloadFaults(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		me := w.srv.Account("me@example.com")
		path := w.localOutput(me, nil)
		time.Sleep(time.Second)
		p := w.outputs(me, path)[0]
		worker := objects(w.get(me, path)["workers"])[0]["job_worker_uuid"].(string)
		stream := tarOf("file", strings.Repeat("x", 100_000))
		require.NoError(t, w.srv.SetDownload(worker, strings.NewReader(stream)))
		for _, after := range []int64{0, 1, 50_000, int64(len(stream)) - 1} {
			w.srv.Inject(proximltest.Fault{On: "GET /transfer/{host}/download", Kind: proximltest.CutConnection, AfterBytes: after})
			r, err := p.try("GET", "/download", "")
			assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
			assert.Equal(t, stream[:after], r.text)
		}
		zipped := w.localOutput(me, object{"data": object{"output_type": "local", "output_uri": "~/out", "output_options": object{"archive": true}}})
		time.Sleep(time.Second)
		w.srv.Inject(proximltest.Fault{On: "GET /transfer/{host}/download", Kind: proximltest.CutConnection, AfterBytes: 10})
		r, err := w.outputs(me, zipped)[0].try("GET", "/download", "")
		assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
		assert.Len(t, r.text, 10)

		begin := time.Now()
		w.srv.Inject(
			proximltest.Fault{On: "GET /transfer/{host}/download", Kind: proximltest.Stall, AfterBytes: 60_000, Delay: 3 * time.Minute},
			proximltest.Fault{On: "GET /transfer/{host}/info", Status: 404},
			proximltest.Fault{On: "POST /transfer/{host}/finalize", Kind: proximltest.ReplyAfterWork, Status: 502},
		)
		assert.Equal(t, stream, p.download().text)
		assert.Equal(t, 3*time.Minute, time.Since(begin))
		assert.Equal(t, 404, p.call("GET", "/info", "").status)
		assert.Equal(t, 502, p.call("POST", "/finalize", "{}").status)
		assert.Equal(t, "finished", w.status(me, path))
		assert.Equal(t, object{"status": "ok"}, p.call("POST", "/finalize", "{}").object())
	})
}

// Transfers that wait are part of the state; what came of them is not.
func TestStateOfTransfers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	data, p := w.localDataset(me)
	p.put(0, "x").stored(1)
	done, q := w.localDataset(me)
	stream := tarOf("one.txt", "12345")
	q.upload(stream, 1<<20)
	fetching := w.job(me, with(inference, object{
		"model": object{"source_type": "local", "source_uri": "~/model"},
		"data":  object{"input_type": "local", "input_uri": "~/in"},
	}))
	output := w.localOutput(me, object{"data": object{"output_type": "local", "output_uri": "~/out", "output_options": object{"archive": true}}})
	w.peer(w.get(me, fetching)["model"].(object)).upload(stream, 1<<20)

	again := newWorld(t, proximltest.WithState(strings.NewReader(w.saved())))
	me = again.srv.Account("me@example.com")
	p = again.peer(again.get(me, data))
	assert.Equal(t, 0.0, p.status())
	p.upload(stream, 1<<20)
	assert.Equal(t, "ready", again.status(me, data))
	assert.Equal(t, 5.0, again.get(me, done)["size"])
	waiting := again.get(me, fetching)
	assert.NotContains(t, waiting["model"], "hostname")
	input := waiting["data"].(object)
	again.peerOf(input["input_hostname"], input["input_auth_token"]).upload(stream, 1<<20)
	assert.Equal(t, "provisioning", again.status(me, fetching))
	p = again.outputs(me, output)[0]
	assert.Equal(t, object{"archive": true}, p.call("GET", "/info", "").object())
	assert.Equal(t, http.StatusOK, p.download().status)
	p.call("POST", "/finalize", "{}").object()
	assert.Equal(t, "finished", again.status(me, output))
}
