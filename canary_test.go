package proximl_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

// All secrets of these tests hold this word.
const canaryWord = "CANARY"

// canaryToken is an id token that is good until 2100.
var canaryToken = "CANARY-header." + base64.RawURLEncoding.EncodeToString([]byte(`{"exp":4102444800,"email":"me@example.com"}`)) + ".CANARY-signature"

const canaryJob = `{"job_uuid":"j","name":"n","nb_token":"CANARY-notebook","new_token":"CANARY-unknown",
	"model":{"auth_token":"CANARY-model"},"data":{"input_auth_token":"CANARY-data"},"workers":[{"output_auth_token":"CANARY-output","new":"CANARY-new"}]}`

// showings are all the ways in which a program might show a value.
func showings(value any) []string {
	var texts []string
	for _, verb := range verbs {
		texts = append(texts, fmt.Sprintf(verb, value), fmt.Sprintf(verb, []any{value}), fmt.Sprintf(verb, struct{ Value any }{value}))
	}
	for _, handler := range []func(*safeBuffer) slog.Handler{
		func(to *safeBuffer) slog.Handler { return slog.NewTextHandler(to, nil) },
		func(to *safeBuffer) slog.Handler { return slog.NewJSONHandler(to, nil) },
	} {
		var log safeBuffer
		logger := slog.New(handler(&log))
		logger.Info("shown", "value", value)
		logger.With("value", value).WithGroup("group").Info("shown", slog.Any("value", value))
		texts = append(texts, log.String())
	}
	return texts
}

// checkSilent fails the test when a text shows a secret, in letters or bytes.
func checkSilent(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		for _, form := range []string{canaryWord, fmt.Sprintf("%x", canaryWord), fmt.Sprintf("%X", canaryWord), fmt.Sprintf("% x", canaryWord), strings.Trim(fmt.Sprint([]byte(canaryWord)), "[]")} {
			if strings.Contains(strings.ToUpper(text), strings.ToUpper(form)) {
				t.Fatalf("a secret shows: %.500s", text)
			}
		}
	}
}

// canaryClient logs in with a secret key and gets secret tokens; what the API
// answers is for the test.
func canaryClient(t *testing.T, api func(*http.Request) (*http.Response, error), opts ...proximl.Option) *proximl.ProxiML {
	t.Helper()
	client, wire, _ := tapped(t, opts...)
	wire.answer = func(note string, req *http.Request) (*http.Response, error) {
		switch note {
		case getAuthConfig, startLogin:
			return nil, nil
		case finishLogin, refreshLogin:
			return jsonReply(req, 200, `{"AuthenticationResult":{"IdToken":"`+canaryToken+`","RefreshToken":"CANARY-refresh","AccessToken":"CANARY-access"}}`), nil
		}
		switch {
		case req.Header.Get("Upgrade") != "": // the log websocket takes the token in its URL
			assert.Equal(t, canaryToken, req.URL.Query().Get("Authorization"))
		case req.URL.Host != "127.0.0.1": // the URL of a log archive is its own permission
			assert.Empty(t, req.Header.Get("Authorization"))
		default:
			assert.Equal(t, canaryToken, req.Header.Get("Authorization"))
			assert.NotContains(t, req.URL.String(), canaryWord)
		}
		return api(req)
	}
	return client
}

func TestCallsShowNoSecret(t *testing.T) {
	t.Parallel()
	answer := func(status int, contentType, body string) func(*http.Request) (*http.Response, error) {
		return func(req *http.Request) (*http.Response, error) {
			resp := jsonReply(req, status, body)
			resp.Header.Set("Content-Type", contentType)
			resp.Header.Set("Location", "https://evil.example/?token=CANARY-location")
			return resp, nil
		}
	}
	const asJSON = "application/json"
	for name, api := range map[string]func(*http.Request) (*http.Response, error){
		"success":                    answer(200, asJSON, canaryJob),
		"a list":                     answer(200, asJSON, "["+canaryJob+","+canaryJob+"]"),
		"a URL":                      answer(200, asJSON, `"https://bucket.example/log.zip"`),
		"refused":                    answer(400, asJSON, `{"errorMessage":"no"}`),
		"not logged in":              answer(401, asJSON, `{"message":"no"}`),
		"forbidden by a page":        answer(403, "text/html", "<html>no</html>"),
		"redirected":                 answer(302, asJSON, ""),
		"broken":                     answer(500, asJSON, `{}`),
		"busy":                       answer(503, asJSON, `{}`),
		"page":                       answer(200, "text/html", "<html>hello</html>"),
		"cut":                        answer(200, asJSON, canaryJob[:len(canaryJob)-9]),
		"garbage after":              answer(200, asJSON, canaryJob+` "CANARY-garbage"`),
		"a secret of the wrong kind": answer(200, asJSON, `{"nb_token":{"CANARY-kind":"CANARY-value"}}`),
		"a token that is a number":   answer(200, asJSON, `{"nb_token":CANARY}`),
		"reset":                      func(*http.Request) (*http.Response, error) { return nil, errReset },
		"timeout": func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return nil, req.Context().Err()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var text, asJSON safeBuffer
				for _, logger := range []*slog.Logger{
					slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{Level: slog.LevelDebug})),
					slog.New(slog.NewJSONHandler(&asJSON, &slog.HandlerOptions{Level: slog.LevelDebug - 8, AddSource: true})),
				} {
					client := canaryClient(t, api, proximl.WithLogger(logger))
					var info proximl.ResponseInfo
					job, err := client.Jobs.Get(t.Context(), "j", proximl.CaptureResponse(&info))
					jobs, listErr := client.Jobs.List(t.Context())
					created, createErr := client.Jobs.Create(t.Context(), newJob())
					url, urlErr := client.Jobs.WorkerLogURL(t.Context(), "j", "w")
					ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
					_, waitErr := client.Jobs.WaitFor(ctx, "j", proximl.JobStatusRunning)
					cancel()
					shown := []any{job, created, url, err, listErr, createErr, urlErr, waitErr, client, client.Jobs, client.InProject("p")}
					if name == "success" {
						shown = append(shown, *job, created.Workers[0], &proximl.StatusError{Entity: job, ID: job.ID})
					}
					for _, listed := range jobs {
						shown = append(shown, listed)
					}
					for _, value := range shown {
						checkSilent(t, showings(value)...)
					}
					checkSilent(t, fmt.Sprintf("%v %+v %#v %s %q", jobs, jobs, jobs, jobs, jobs))
				}
				assert.Contains(t, text.String(), "operation=jobs.get")
				assert.Contains(t, text.String(), "operation=login")
				checkSilent(t, text.String(), asJSON.String())
			})
		})
	}
}

func TestLoginsShowNoSecret(t *testing.T) {
	t.Parallel()
	odd := tokenWith(`{"CANARY":"CANARY"}`)
	for name, answer := range map[string]struct {
		note, body string
		status     int
		err        error
	}{
		"wrong key":            {},
		"no such user":         {startLogin, `{"__type":"UserNotFoundException","message":"no"}`, 400, nil},
		"challenge":            {finishLogin, `{"ChallengeName":"SMS_MFA","Session":"CANARY"}`, 200, nil},
		"odd challenge":        {startLogin, `{"ChallengeName":"PASSWORD_VERIFIER","ChallengeParameters":{"SALT":"CANARY","SRP_B":"CANARY","SECRET_BLOCK":"CANARY","USER_ID_FOR_SRP":"u"}}`, 200, nil},
		"no token":             {finishLogin, `{"AuthenticationResult":{"IdToken":"CANARY","RefreshToken":"CANARY"}}`, 200, nil},
		"token without expiry": {finishLogin, `{"AuthenticationResult":{"IdToken":"` + odd + `"}}`, 200, nil},
		"token of two lines":   {finishLogin, `{"AuthenticationResult":{"IdToken":"` + strings.Replace(canaryToken, "-", `\n`, 1) + `"}}`, 200, nil},
		"cut":                  {finishLogin, `{"AuthenticationResult":{"IdToken":"CANARY`, 200, nil},
		"reset":                {finishLogin, "", 0, errReset},
		"busy":                 {startLogin, `{}`, 503, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var log safeBuffer
				client, wire, account := tapped(t, proximl.WithCredentials("user", "CANARY-key"), proximl.WithLogger(textLogger(&log, slog.LevelDebug)))
				if name == "wrong key" {
					client, wire, account = tapped(t, proximl.WithLogger(textLogger(&log, slog.LevelDebug)))
					account.RequireChallenge("CUSTOM")
				}
				wire.answer = func(note string, req *http.Request) (*http.Response, error) {
					switch {
					case note == answer.note && answer.err != nil:
						return nil, answer.err
					case note == answer.note:
						return jsonReply(req, answer.status, answer.body), nil
					case note == startLogin && answer.note == finishLogin:
						return jsonReply(req, 200, `{"ChallengeName":"PASSWORD_VERIFIER","ChallengeParameters":{"SALT":"a1","SRP_B":"5","SECRET_BLOCK":"Q0FOQVJZ","USER_ID_FOR_SRP":"user"}}`), nil
					}
					return nil, nil
				}
				_, err := client.Projects.List(t.Context())
				require.Error(t, err)
				for _, value := range []any{err, client, errors.Unwrap(err)} {
					checkSilent(t, showings(value)...)
				}
				checkSilent(t, log.String())
				assert.NotContains(t, log.String(), account.Key)
				assert.NotContains(t, err.Error(), account.Key)
			})
		})
	}
}

func TestTokensShowNoSecret(t *testing.T) {
	t.Parallel()
	tokens := proximl.Tokens{ID: proximl.Secret(canaryToken), Refresh: "CANARY-refresh", Expires: time.Now()}
	for _, value := range []any{tokens, &tokens, tokens.ID, &tokens.ID} {
		checkSilent(t, showings(value)...)
	}
	var log safeBuffer
	cache := &memory{load: &tokens, loadErr: errors.New("cannot read"), saveErr: errors.New("cannot write")}
	client, _, account := tapped(t, proximl.WithTokenCache(cache), proximl.WithLogger(textLogger(&log, slog.LevelDebug)))
	_, err := client.Projects.List(t.Context())
	require.NoError(t, err)
	require.Len(t, cache.saved, 1)
	for _, secret := range []string{canaryWord, account.Key, string(cache.saved[0].ID), string(cache.saved[0].Refresh)} {
		assert.NotContains(t, log.String(), secret)
		assert.NotContains(t, fmt.Sprintf("%+v %#v", cache.saved[0], client), secret)
	}
}

func TestSettingsShowNoSecret(t *testing.T) {
	t.Parallel()
	dir := configDir(t, "credentials.json", `{"user": "u", "key": "CANARY-key"}`, "environment.json", `{"api_url": "user:CANARY@host"}`)
	_, err := proximl.New(proximl.WithConfigDir(dir))
	require.Error(t, err)
	checkSilent(t, showings(err)...)
	client, err := proximl.New(proximl.WithConfigDir(configDir(t, "credentials.json", `{"user": "u", "key": "CANARY-key"}`)), proximl.WithUserPool("r", "r_p", "c"))
	require.NoError(t, err)
	copied := *client
	for _, value := range []any{client, copied, client.Jobs, *client.Jobs, client.InProject("p")} {
		checkSilent(t, showings(value)...)
	}
	option := proximl.WithCredentials("u", "CANARY-key")
	checkSilent(t, showings(option)...)
}
