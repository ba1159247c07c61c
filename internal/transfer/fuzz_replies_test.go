package transfer_test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go/internal/transfer"
)

// sayingService answers what a peer asks about with one text, and takes down
// what is uploaded.
type sayingService struct {
	text     string
	stored   bytes.Buffer
	finished bool
}

func (s *sayingService) RoundTrip(req *http.Request) (*http.Response, error) {
	text := s.text
	switch req.URL.Path {
	case "/upload":
		if _, err := s.stored.ReadFrom(req.Body); err != nil {
			return nil, err
		}
	case "/finalize":
		s.finished, text = true, "{}"
	case "/download":
		text = string(make([]byte, 1024)) // a tar stream of nothing
	}
	return &http.Response{
		StatusCode: http.StatusOK, Request: req, ContentLength: int64(len(text)),
		Header: http.Header{"Content-Type": {"application/x-tar"}}, Body: io.NopCloser(bytes.NewReader([]byte(text))),
	}, nil
}

// FuzzReplies: whatever the service says of an upload or download, each ends, and
// one that succeeds has sent every byte once.
func FuzzReplies(f *testing.F) {
	source := f.TempDir()
	require.NoError(f, os.WriteFile(filepath.Join(source, "file"), bytes.Repeat([]byte("x"), 3000), 0o600))
	whole := &sayingService{text: "{}"}
	require.NoError(f, saying(f, whole).Upload(f.Context(), source, transfer.UploadOptions{ChunkSize: 1024}))
	for _, seed := range []string{
		"", "{}", "null", `{"expected_offset":1024}`, `{"expected_offset":-1}`, `{"expected_offset":1e99}`, `{"expected_offset":"1024"}`,
		`{"archive":true}`, `{"archive":"yes"}`, `[`, "<html>",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		service := &sayingService{text: text}
		if err := saying(t, service).Upload(t.Context(), source, transfer.UploadOptions{ChunkSize: 1024}); err == nil {
			require.True(t, service.finished)
			require.Equal(t, whole.stored.Len(), service.stored.Len())
		} else {
			require.NotContains(t, err.Error(), token)
		}
		_, err := saying(t, &sayingService{text: text}).Download(t.Context(), t.TempDir(), transfer.DownloadOptions{})
		if err != nil {
			require.NotContains(t, err.Error(), token)
		}
	})
}

func saying(t testing.TB, service *sayingService) *transfer.Peer {
	peer, err := transfer.NewPeer("worker-host.com", token, transfer.Options{HTTP: http.Client{Transport: service}, Attempts: 2, MinWait: 1, MaxWait: 1})
	require.NoError(t, err)
	return peer
}
