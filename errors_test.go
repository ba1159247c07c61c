package proximl_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

func TestTextsOfRefusals(t *testing.T) {
	t.Parallel()
	const (
		asJSON  = "application/json"
		page    = "<!doctype html>\n<html>\n  <b>Access\tdenied</b>\n</html>"
		onePage = "<!doctype html> <html> <b>Access denied</b> </html>"
	)
	for name, test := range map[string]struct {
		contentType, body string
		message           string
		sample            string // what is kept of a body that is not the service's
	}{
		"errorMessage":              {asJSON, `{"errorMessage": "Job Not Found"}`, "Job Not Found", ""},
		"message":                   {asJSON, `{"message": "Unauthorized"}`, "Unauthorized", ""},
		"both":                      {asJSON, `{"message": "less", "errorMessage": "more"}`, "more", ""},
		"with a charset":            {"application/json; charset=utf-8", `{"errorMessage": "Größe"}`, "Größe", ""},
		"as a problem":              {"application/problem+json", `{"message": "no"}`, "no", ""},
		"in capitals":               {"Application/JSON;Charset=UTF-8", `{"message": "no"}`, "no", ""},
		"empty errorMessage":        {asJSON, `{"errorMessage": "", "message": "no"}`, "no", ""},
		"twice":                     {asJSON, `{"message": "one", "message": "two"}`, "two", ""},
		"neither":                   {asJSON, `{"error":"Bad Gateway"}`, `a reply of type application/json: {"error":"Bad Gateway"}`, `{"error":"Bad Gateway"}`},
		"a message that is no text": {asJSON, `{"message": {"a": 1}}`, `a reply of type application/json: {"message": {"a": 1}}`, `{"message": {"a": 1}}`},
		"malformed":                 {asJSON, `{"errorMessage": "Jo`, `a reply of type application/json: {"errorMessage": "Jo`, `{"errorMessage": "Jo`},
		"a list":                    {asJSON, `["no", "way"]`, `a reply of type application/json: ["no", "way"]`, `["no", "way"]`},
		"a string":                  {asJSON, `"no"`, `a reply of type application/json: "no"`, `"no"`},
		"null":                      {asJSON, `null`, `a reply of type application/json: null`, `null`},
		"empty":                     {asJSON, ``, "the reply is empty", ""},
		"empty, without a type":     {"", ``, "the reply is empty", ""},
		"HTML":                      {"text/html; charset=utf-8", page, "a reply of type text/html; charset=utf-8: " + onePage, onePage},
		"HTML that says JSON":       {asJSON, page, "a reply of type application/json: " + onePage, onePage},
		"text":                      {"text/plain", "no\r\n", "a reply of type text/plain: no", "no"},
		"without a type":            {"", "no", "a reply of type unknown: no", "no"},
		"bytes":                     {"application/octet-stream", "a\x00\xff\x1b[31mb", "a reply of type application/octet-stream: a ? [31mb", "a ? [31mb"},
	} {
		for _, code := range []int{403, 418} {
			t.Run(fmt.Sprint(name, " ", code), func(t *testing.T) {
				t.Parallel()
				refusal := turn{status: code, body: test.body, header: http.Header{}}
				if test.contentType != "" {
					refusal = refusal.with("Content-Type", test.contentType)
				}
				client, _ := play(t, []turn{refusal.with("X-Request-Id", "r-1")})
				_, err := client.Jobs.Get(t.Context(), "x")
				require.EqualError(t, err, fmt.Sprintf("GET /job/x: %d %s: %s (request id r-1)", code, http.StatusText(code), test.message))
				failed := apiError(t, err)
				assert.Equal(t, []any{code, test.message, http.MethodGet, "/job/x", "r-1", 1, test.sample},
					[]any{failed.StatusCode, failed.Message, failed.Method, failed.Path, failed.RequestID, failed.Attempts, failed.Body})
			})
		}
	}
}

func TestSentinelsAndDetailsOfTheSameError(t *testing.T) {
	t.Parallel()
	sentinels := map[int]error{
		400: proximl.ErrInvalid, 401: proximl.ErrUnauthorized, 403: proximl.ErrForbidden, 404: proximl.ErrNotFound, 409: proximl.ErrConflict, 429: proximl.ErrRateLimited, 418: nil, 500: nil,
	}
	for code, sentinel := range sentinels {
		client, _ := play(t, []turn{status(code, "Job Not Found")})
		_, err := client.Jobs.Get(t.Context(), "x", proximl.WithRetry(proximl.RetryPolicy{Attempts: 1}))
		err = fmt.Errorf("my program: %w", err)
		for other, is := range sentinels {
			if is != nil {
				assert.Equal(t, code == other, errors.Is(err, is), "%d is %v", code, is)
			}
		}
		assert.NotErrorIs(t, err, proximl.ErrNoProject)
		assert.NotErrorIs(t, err, proximl.ErrOutcomeUnknown)
		assert.False(t, errors.Is(err, nil))
		assert.Equal(t, "Job Not Found", apiError(t, err).Message)
		_ = sentinel
	}
}

func TestRequestIDs(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"X-Request-Id", "x-amzn-RequestId", "apigw-requestid"} {
		client, _ := play(t, []turn{status(404, "no").with(name, "r-7")})
		_, err := client.Jobs.Get(t.Context(), "x")
		require.EqualError(t, err, "GET /job/x: 404 Not Found: no (request id r-7)")
	}
}

func TestTheProjectIsNamedWhereItMayBeWrong(t *testing.T) {
	t.Parallel()
	option, project := proximl.WithProject("proj-1"), func(c *proximl.ProxiML) *proximl.ProxiML { return c.InProject("proj-2") }
	get := func(c *proximl.ProxiML) error { return second(c.Jobs.Get(t.Context(), "x")) }
	for code, hint := range map[int]string{403: " (project %s)", 404: " (project %s)", 400: "", 409: "", 418: ""} {
		client, _ := play(t, []turn{status(code, "no")}, option)
		for source, c := range map[string]*proximl.ProxiML{"proj-1 from an option": client, "proj-2 from InProject": project(client)} {
			text := fmt.Sprintf("GET /job/x: %d %s: no", code, http.StatusText(code))
			if hint != "" {
				text += fmt.Sprintf(hint, source)
			}
			require.EqualError(t, get(c), text)
			assert.Equal(t, source, apiError(t, get(c)).Project)
		}
	}
	client, _ := play(t, []turn{status(404, "no")})
	require.EqualError(t, get(client), "GET /job/x: 404 Not Found: no", "none was sent")
	dir := configDir(t, "config.json", `{"project": "proj-3"}`)
	client, _ = play(t, []turn{status(403, "no").with("X-Request-Id", "r-1")}, proximl.WithConfigDir(dir))
	require.EqualError(t, get(client), "GET /job/x: 403 Forbidden: no (request id r-1, project proj-3 from "+dir+"/config.json)")
}

func TestOnlyTheStartOfAnErrorIsRead(t *testing.T) {
	t.Parallel()
	for limit, want := range map[int64]int{0: 4 << 10, 100: 100} {
		for _, contentType := range []string{"text/html", "application/json"} {
			body := &tracked{Reader: endless('a')}
			client := tracking(t, 500, contentType, body, proximl.WithLimits(proximl.Limits{ErrorBody: limit}))
			_, err := client.Jobs.Get(t.Context(), "x")
			assert.Equal(t, strings.Repeat("a", want), apiError(t, err).Body)
			assert.LessOrEqual(t, len(err.Error()), 700, "an error is for reading")
			assert.LessOrEqual(t, body.read, 2*want+512)
		}
	}
}

// What stands in front of the service may quote the header that it does not like.
func TestTheTokenInAReplyIsHidden(t *testing.T) {
	t.Parallel()
	const token = "eyJraWQ.canary.canary"
	for name, test := range map[string]struct {
		limit                   int64
		contentType, body, text string
	}{
		"JSON": {
			1000, "application/json", `{"message":"'` + token + `' is no key=value pair, ` + token + `"}`,
			"GET /job/x: 403 Forbidden: '[secret]' is no key=value pair, [secret]",
		},
		"text": {1000, "text/plain", "not " + token, "GET /job/x: 403 Forbidden: a reply of type text/plain: not [secret]"},
		"twice, the second cut": {
			40, "text/plain", token + strings.Repeat(".", 30) + token + "tail",
			"GET /job/x: 403 Forbidden: a reply of type text/plain: [secret]" + strings.Repeat(".", 30),
		},
		"at the end of what is read": {
			30, "text/plain", strings.Repeat(" ", 20) + token + "tail",
			"GET /job/x: 403 Forbidden: a reply of type text/plain: [secret]ta",
		},
	} {
		client := tracking(t, http.StatusForbidden, test.contentType, &tracked{Reader: strings.NewReader(test.body)},
			proximl.WithTokenSource(staticToken(token)), proximl.WithLimits(proximl.Limits{ErrorBody: test.limit}))
		_, err := client.Jobs.Get(t.Context(), "x")
		require.EqualError(t, err, test.text, name)
		assert.NotContains(t, fmt.Sprintf("%+v", apiError(t, err).Body), "canary", name)
	}
}

func TestRepliesThatAreNoSuccess(t *testing.T) {
	t.Parallel()
	const unreadable = "200 OK: the reply cannot be read: "
	for name, test := range map[string]struct {
		turn             turn
		get, list, void  string // what the text goes on with after METHOD /path; "" = no error
		outcomeIsUnclear bool
	}{
		"HTML":                  {ok("<html>\nlogin</html>").with("Content-Type", "text/html"), "200 OK: a reply of type text/html: <html> login</html>", "=", "=", true},
		"HTML that says JSON":   {ok("<html>"), unreadable + "jsontext: invalid character '<'", "=", "", true},
		"cut":                   {ok(`{"job_uuid": "j", "na`), unreadable, "=", "", true},
		"cut by the network":    {turn{status: 200, body: `[{"job_uuid": "j"}`, cut: true}, unreadable, "=", "=", true},
		"garbage after":         {ok(`{"job_uuid": "j"} {}`), unreadable, "=", "", true},
		"garbage after a list":  {ok(`[{"job_uuid": "j"}] null`), unreadable, unreadable + "there is more after the array", "", true},
		"null":                  {ok(`null`), unreadable + "it is null", unreadable + "it starts with null, not with an array", "", true},
		"an object for a list":  {ok(`{}`), "", unreadable + "it starts with {, not with an array", "", false},
		"a list for an object":  {ok(`[]`), unreadable, "", "", true},
		"a number for a name":   {ok(`{"job_uuid": "j", "name": 5}`), unreadable + "json: cannot unmarshal JSON number into Go string within \"/name\"", unreadable + "it starts with {, not with an array", "", true},
		"an element of a list":  {ok(`[{"name": "a"}, {"name": []}]`), unreadable, unreadable + "json: cannot unmarshal JSON array into Go string within \"/1/name\"", "", true},
		"nothing":               {ok(``), unreadable, "=", "", true},
		"nothing, without type": {turn{status: 200, header: http.Header{}}, unreadable, "=", "", true},
		"no content":            {turn{status: 204, header: http.Header{}}, "204 No Content: the reply cannot be read: ", "=", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, s := play(t, []turn{test.turn})
			check := func(err error, method, path, want string) {
				t.Helper()
				if want == "=" {
					want = test.get
				}
				if want == "" {
					require.NoError(t, err)
					return
				}
				require.Error(t, err)
				assert.Contains(t, words(err), method+" "+path+": "+want)
				assert.Equal(t, test.turn.status, apiError(t, err).StatusCode)
				assert.NotContains(t, err.Error(), "\n")
				assert.Equal(t, method == http.MethodPost, errors.Is(err, proximl.ErrOutcomeUnknown))
			}
			_, err := client.Jobs.Get(t.Context(), "x")
			check(err, http.MethodGet, "/job/x", test.get)
			_, err = client.Jobs.List(t.Context())
			check(err, http.MethodGet, "/job", test.list)
			check(client.Jobs.Delete(t.Context(), "x"), http.MethodDelete, "/job/x", test.void)
			_, err = client.Jobs.Create(t.Context(), newJob())
			check(err, http.MethodPost, "/job", test.get)
			check(client.Do(t.Context(), http.MethodPost, "/x", nil, nil), http.MethodPost, "/x", test.void)
			assert.Len(t, s.sent(), 5, "none is repeated")
		})
	}
}

func TestEntitiesAreBounded(t *testing.T) {
	t.Parallel()
	job := func(size int) string {
		const frame = `{"job_uuid":"","name":""}`
		return strings.Replace(frame, `"name":"`, `"name":"`+strings.Repeat("a", size-len(frame)), 1)
	}
	limit := proximl.WithLimits(proximl.Limits{Entity: 1000})
	const tooLarge = "an entity is larger than 1000 bytes; WithLimits allows more"
	client, _ := play(t, []turn{ok(job(1000)), ok(job(1001)), ok("[" + strings.Repeat(job(400)+",", 100) + job(400) + "]"), ok("[" + job(500) + "," + job(5000) + "]")}, limit)
	got, err := client.Jobs.Get(t.Context(), "x")
	require.NoError(t, err)
	assert.Len(t, got.Name, 975)
	_, err = client.Jobs.Get(t.Context(), "x")
	require.ErrorContains(t, err, tooLarge)
	jobs, err := client.Jobs.List(t.Context())
	require.NoError(t, err, "the limit is of one element")
	assert.Len(t, jobs, 101)
	_, err = client.Jobs.List(t.Context())
	require.ErrorContains(t, err, tooLarge)

	body := &tracked{Reader: endless('a')}
	client = tracking(t, 200, "application/json", body, limit)
	require.ErrorContains(t, client.Jobs.Delete(t.Context(), "x"), tooLarge, "what is thrown away is bounded, too")
	assert.LessOrEqual(t, body.read, 1001)
}

func TestControlCharactersDoNotReachTheText(t *testing.T) {
	t.Parallel()
	const evil = "a\nb\x1b[31mc\u0085d\u2028e\x7ff\x00g"
	encoded := `a\nb\u001b[31mc\u0085d\u2028e\u007ff\u0000g`
	check := func(err error) {
		t.Helper()
		require.Error(t, err)
		for _, bad := range "\n\x1b\u0085\u2028\x7f\x00" {
			assert.NotContains(t, err.Error(), string(bad))
		}
	}
	for _, body := range []string{`{"errorMessage":"` + encoded + `"}`, `{"message":"` + encoded + `"}`, "<html>" + evil} {
		client, _ := play(t, []turn{{status: 400, body: body}})
		_, err := client.Jobs.Get(t.Context(), "x")
		check(err)
	}
	client, _ := play(t, []turn{status(404, "no").with("X-Request-Id", evil).with("Content-Type", "text/"+evil)}, proximl.WithProject(evil))
	_, err := client.Jobs.Get(t.Context(), evil)
	check(err)
	check(client.Do(t.Context(), http.MethodGet, "/job/"+evil, nil, nil))
	client, wire, _ := tapped(t)
	wire.answer = func(_ string, req *http.Request) (*http.Response, error) {
		return jsonReply(req, 400, `{"__type":"`+encoded+`","message":"`+encoded+`"}`), nil
	}
	_, err = client.Projects.List(t.Context())
	check(err)
}

func TestOddRoundTrippers(t *testing.T) {
	t.Parallel()
	given := &tracked{Reader: strings.NewReader("")}
	for name, test := range map[string]struct {
		answer answering
		text   string
	}{
		"neither a reply nor an error": {func(*http.Request) (*http.Response, error) { return nil, nil }, "GET /job/x: no reply: "},
		"a reply and an error": {func(req *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Request: req, Body: given, Header: http.Header{}}, errors.New("odd")
		}, "GET /job/x: no reply: odd"},
		"a reply without a body": {func(req *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 404, Request: req, Header: http.Header{}}, nil
		}, "GET /job/x: 404 Not Found: the reply is empty"},
		"a reply without a header": {func(req *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 404, Request: req}, nil
		}, "GET /job/x: 404 Not Found: the reply is empty"},
		"a success without a body": {func(req *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Request: req}, nil
		}, "GET /job/x: 200 OK: the reply cannot be read: "},
	} {
		client := newClient(t, proximl.WithHTTPClient(&http.Client{Transport: test.answer}), proximl.WithTokenSource(staticToken("t")), quick)
		_, err := client.Jobs.Get(t.Context(), "x")
		require.ErrorContains(t, err, test.text, name)
	}
	assert.True(t, given.closed)
}

func TestTextsOfOtherErrors(t *testing.T) {
	t.Parallel()
	invalid := &proximl.ValidationError{What: "job spec", Problems: []proximl.Problem{{Field: "name", Message: "is missing"}, {Field: "resources.gpu_types", Message: "is empty"}}}
	require.EqualError(t, invalid, "invalid job spec: name: is missing; resources.gpu_types: is empty")
	require.ErrorIs(t, invalid, proximl.ErrInvalid)
	require.NotErrorIs(t, invalid, proximl.ErrNotFound)
	require.EqualError(t, &proximl.StatusError{ID: "j", Status: "failed", Wanted: "running"}, `j is "failed" and cannot become "running" any more`)
	client, s := play(t, []turn{ok(`{}`)})
	for _, call := range []func(context.Context, *proximl.ProxiML) error{
		func(ctx context.Context, c *proximl.ProxiML) error { return second(c.GPUTypes.List(ctx)) },
		func(ctx context.Context, c *proximl.ProxiML) error { return c.GPUTypes.Refresh(ctx) },
		func(ctx context.Context, c *proximl.ProxiML) error { return second(c.Projects.Current(ctx)) },
	} {
		err := call(t.Context(), client)
		require.ErrorIs(t, err, proximl.ErrNoProject)
		require.EqualError(t, err, "proximl: no active project: give its id by WithProject or InProject, PROXIML_PROJECT, or SaveActiveProject; Projects.List lists the ids, also that of Personal")
	}
	assert.Empty(t, s.sent())
}
