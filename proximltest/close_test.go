package proximltest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go/proximltest"
)

// A caller that is gone while its request is read goes unnoticed, and a clock
// that stands still never ends a stall: Close does.
func TestCloseEndsStalls(t *testing.T) {
	t.Parallel()
	srv, err := proximltest.NewServer(proximltest.WithManualClock())
	require.NoError(t, err)
	account := srv.Account("me@example.com")
	srv.Inject(proximltest.Fault{On: "POST /job", Kind: proximltest.Stall, AfterBytes: 4, Delay: time.Hour})
	stalled := make(chan struct{})
	body := &tellingReader{from: strings.NewReader(strings.Repeat(" ", 1<<20)), read: stalled}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+"/job", body)
	require.NoError(t, err)
	req.Header.Set("Authorization", account.Token())
	ended := make(chan error, 1)
	go func() {
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			err = resp.Body.Close()
		}
		ended <- err
	}()
	<-stalled
	srv.Close()
	<-ended
}

// tellingReader tells when it is read for the first time.
type tellingReader struct {
	from *strings.Reader
	read chan struct{}
}

func (r *tellingReader) Read(p []byte) (int, error) {
	if r.read != nil {
		close(r.read)
		r.read = nil
	}
	return r.from.Read(p)
}
