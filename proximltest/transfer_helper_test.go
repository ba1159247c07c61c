package proximltest_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go/proximltest"
)

// peer is a plain client of the file-transfer service.
type peer struct {
	w           *world
	host, token string
	uploadID    string
}

// peer returns a client for the transfer that an object names.
func (w *world) peer(entity object) *peer {
	w.Helper()
	return w.peerOf(entity["hostname"], entity["auth_token"])
}

func (w *world) peerOf(host, token any) *peer {
	w.Helper()
	require.NotEmpty(w, host)
	require.NotEmpty(w, token)
	require.True(w, strings.HasPrefix(host.(string), w.srv.URL+"/transfer/"), host)
	return &peer{w: w, host: host.(string), token: token.(string)}
}

// begin makes one call and returns the answer as it comes in.
func (p *peer) begin(method, path string, body io.Reader, headers ...string) (*http.Response, error) {
	p.w.Helper()
	request, err := http.NewRequestWithContext(p.w.Context(), method, p.host+path, body)
	require.NoError(p.w, err)
	request.GetBody = nil // or the transport would repeat calls that the service breaks off
	request.Header.Set("Authorization", "Bearer "+p.token)
	if p.uploadID != "" {
		request.Header.Set("Upload-Id", p.uploadID)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	return p.w.srv.Transport().RoundTrip(request)
}

func (p *peer) try(method, path, body string, headers ...string) (reply, error) {
	p.w.Helper()
	response, err := p.begin(method, path, strings.NewReader(body), headers...)
	if err != nil {
		return reply{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return reply{p.w.T, response.StatusCode, response.Header, string(text)}, err
}

func (p *peer) call(method, path, body string, headers ...string) reply {
	p.w.Helper()
	r, err := p.try(method, path, body, headers...)
	require.NoError(p.w, err)
	return r
}

// put sends a chunk that begins at an offset; like the real clients it does not know the total.
func (p *peer) put(offset int, chunk string) reply {
	p.w.Helper()
	r, err := p.tryPut(offset, chunk)
	require.NoError(p.w, err)
	return r
}

func (p *peer) tryPut(offset int, chunk string) (reply, error) {
	p.w.Helper()
	end := offset + len(chunk)
	return p.try("PUT", "/upload", chunk, "Content-Range", fmt.Sprintf("bytes %d-%d/%d", offset, end-1, end))
}

// stored checks that a chunk was stored and which byte is wanted next.
func (r reply) stored(next int) {
	r.t.Helper()
	require.Equal(r.t, object{"expected_offset": float64(next)}, r.object())
}

// conflicts checks that a chunk was refused since another byte is wanted.
func (r reply) conflicts(next int) {
	r.t.Helper()
	require.Equal(r.t, http.StatusConflict, r.status, r.text)
	require.JSONEq(r.t, fmt.Sprintf(`{"errorMessage":"The next byte is %d","expected_offset":%d}`, next, next), r.text)
}

// status asks how much is stored.
func (p *peer) status() any {
	p.w.Helper()
	return p.call("GET", "/upload/status?upload_id="+url.QueryEscape(p.uploadID), "", "Upload-Id", "").object()["expected_offset"]
}

func (p *peer) finalize(stream string) reply {
	p.w.Helper()
	sum := sha512.Sum512([]byte(stream))
	return p.call("POST", "/finalize", `{"hash":"`+hex.EncodeToString(sum[:])+`"}`)
}

// upload sends a stream in chunks and finalizes it.
func (p *peer) upload(stream string, chunk int) {
	p.w.Helper()
	for offset := 0; offset < len(stream); offset += chunk {
		end := min(offset+chunk, len(stream))
		p.put(offset, stream[offset:end]).stored(end)
	}
	require.Equal(p.w, object{"status": "ok"}, p.finalize(stream).object())
}

// download gets what there is to download.
func (p *peer) download() reply {
	p.w.Helper()
	return p.call("GET", "/download", "")
}

// tarOf makes a tar stream of files, given as name and content in turn. A name that ends with / is a folder.
func tarOf(files ...string) string {
	var headers []tar.Header
	for i := 0; i < len(files); i += 2 {
		header := tar.Header{Name: files[i], Mode: 0o644, Size: int64(len(files[i+1]))}
		if strings.HasSuffix(files[i], "/") {
			header.Mode, header.Typeflag = 0o755, tar.TypeDir
		}
		headers = append(headers, header)
	}
	var stream bytes.Buffer
	out := tar.NewWriter(&stream)
	for i := range headers {
		out.WriteHeader(&headers[i])
		io.WriteString(out, files[2*i+1])
	}
	out.Close()
	return stream.String()
}

// untar returns the files of a tar stream by name; links have their target behind "->", folders nothing.
func untar(w *world, stream string) map[string]string {
	w.Helper()
	files := map[string]string{}
	for in := tar.NewReader(strings.NewReader(stream)); ; {
		header, err := in.Next()
		if err == io.EOF {
			return files
		}
		require.NoError(w, err)
		content, err := io.ReadAll(in)
		require.NoError(w, err)
		files[header.Name] = string(content)
		if header.Typeflag == tar.TypeSymlink {
			files[header.Name] = "->" + header.Linkname
		}
	}
}

// uploaded returns what the service has kept.
func (w *world) uploaded(id string) string {
	w.Helper()
	stream, err := w.srv.Uploaded(id)
	require.NoError(w, err)
	defer stream.Close()
	text, err := io.ReadAll(stream)
	require.NoError(w, err)
	return string(text)
}

// localDataset makes a dataset that waits for its upload, and returns its path and the client for it.
func (w *world) localDataset(as *proximltest.Account) (string, *peer) {
	w.Helper()
	path := w.entity(as, "dataset", with(dataset, object{"source_type": "local", "source_uri": "~/pictures"}))
	w.wait(5e9)
	return path, w.peer(w.get(as, path))
}

func encoded(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(text)
}
