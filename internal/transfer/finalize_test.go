package transfer_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go/internal/transfer"
)

// TestFinalize covers its replies, by an upload.
func TestFinalize(t *testing.T) {
	t.Parallel()
	folder := source(t)
	for name, test := range map[string]struct {
		fault       func(w http.ResponseWriter, number int) bool
		want        string // in the error; empty = none
		unconfirmed bool
		calls       int
	}{
		"lost once":     {func(_ http.ResponseWriter, n int) bool { return n == 1 && gone() }, "", false, 2},
		"502 once":      {func(w http.ResponseWriter, n int) bool { return n == 1 && answer(w, 502, ``) }, "", false, 2},
		"no content":    {func(w http.ResponseWriter, n int) bool { return answer(w, 204, ``) }, "", false, 1},
		"refused":       {func(w http.ResponseWriter, n int) bool { return answer(w, 400, `{"message":"wrong hash"}`) }, "POST /finalize: 400 Bad Request: wrong hash", false, 1},
		"lost for ever": {func(http.ResponseWriter, int) bool { return gone() }, "POST /finalize: EOF (tried 8 times)", true, 8},
		"wrong after 502": {func(w http.ResponseWriter, n int) bool {
			return n == 1 && answer(w, 502, ``) || answer(w, 400, `{"message":"wrong hash"}`)
		}, "POST /finalize: 400 Bad Request: wrong hash", false, 2},
		"barred after 502": {func(w http.ResponseWriter, n int) bool {
			return n == 1 && answer(w, 502, ``) || answer(w, 403, ``)
		}, "POST /finalize: 403 Forbidden", true, 2},
		"gone after loss": {func(w http.ResponseWriter, n int) bool { return n == 1 && gone() || answer(w, 404, ``) }, "POST /finalize: 404 Not Found", true, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &service{fault: func(w http.ResponseWriter, r *http.Request, number int) bool {
				return r.Method == http.MethodPost && test.fault(w, number)
			}}
			err := upload(t, s, folder, transfer.UploadOptions{})
			assert.Equal(t, test.calls, s.counts["POST /finalize"])
			assert.Equal(t, test.unconfirmed, errors.Is(err, transfer.ErrUnconfirmed))
			if test.want == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, test.want)
				require.ErrorContains(t, err, fmt.Sprintf("all %d bytes were stored, but: ", len(s.stored)))
			}
		})
	}
}

func gone() bool { lose(); return true }
