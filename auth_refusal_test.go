package proximl_test

import (
	"errors"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

// checkRefused checks a login that Cognito refused.
func checkRefused(t *testing.T, err error, code, message, hint string) {
	t.Helper()
	require.ErrorIs(t, err, proximl.ErrUnauthorized)
	require.NotErrorIs(t, err, proximl.ErrOutcomeUnknown)
	var auth *proximl.AuthError
	require.ErrorAs(t, err, &auth)
	assert.Equal(t, []string{code, message, hint}, []string{auth.Code, auth.Message, auth.Hint})
	require.EqualError(t, err, "login: "+code+": "+message+"; "+hint)
}

const (
	checkKey   = "check user and key; API keys are made and removed on the account settings page"
	useAPIKey  = "use an API key; they are made on the account settings page"
	checkPool  = "check region, user pool id and client id"
	comeLater  = "wait some minutes before the next login"
	fromOption = " (user and key came from an option)"
)

func TestAWrongKeyIsSentOnce(t *testing.T) {
	t.Parallel()
	_, _, account := tapped(t)
	client, wire, _ := tapped(t, proximl.WithCredentials(account.User, "wrong"))
	_, err := client.Projects.Create(t.Context(), &proximl.ProjectSpec{Name: "p"})
	checkRefused(t, err, "UserNotFoundException", "User does not exist.", checkKey+fromOption)
	assert.Equal(t, []string{getAuthConfig, startLogin}, wire.taken(), "another service's account")

	srv := proximltest.New(t, proximltest.WithoutListener())
	account = srv.Account("me@example.com")
	wire = &tap{base: srv.Transport()}
	client, err = srv.Client(account, proximl.WithCredentials(account.User, "wrong"), proximl.WithHTTPClient(&http.Client{Transport: wire}))
	require.NoError(t, err)
	_, err = client.Projects.List(t.Context())
	checkRefused(t, err, "NotAuthorizedException", "Incorrect username or password.", checkKey+fromOption)
	assert.Equal(t, []string{getAuthConfig, startLogin, finishLogin}, wire.taken())
	_, err = client.Projects.List(t.Context())
	require.ErrorIs(t, err, proximl.ErrUnauthorized)
	assert.Equal(t, []string{startLogin, finishLogin}, wire.taken(), "the auth config is not asked for again")
}

func TestARefusalSaysWhereTheKeyCameFrom(t *testing.T) {
	// Not parallel: it sets environment variables.
	srv := proximltest.New(t)
	login := func(opts ...proximl.Option) error {
		client, err := proximl.New(append([]proximl.Option{proximl.WithEndpoint(srv.URL)}, opts...)...)
		require.NoError(t, err)
		defer client.CloseIdleConnections()
		_, err = client.Projects.List(t.Context())
		return err
	}
	dir := configDir(t, "credentials.json", keyFile)
	checkRefused(t, login(proximl.WithConfigDir(dir)), "UserNotFoundException", "User does not exist.",
		checkKey+" (user and key came from "+filepath.Join(dir, "credentials.json")+")")
	t.Setenv("PROXIML_USER", "env-user")
	t.Setenv("PROXIML_KEY", "env-key")
	checkRefused(t, login(proximl.WithConfigDir(dir)), "UserNotFoundException", "User does not exist.",
		checkKey+" (user and key came from PROXIML_USER and PROXIML_KEY)")
}

func TestChallengesThatAKeyCannotMeet(t *testing.T) {
	t.Parallel()
	for challenge, message := range map[string]string{
		"NEW_PASSWORD_REQUIRED": "the user has to choose a new password first",
		"SOFTWARE_TOKEN_MFA":    "this challenge is not supported",
		"WHAT_NEXT":             "this challenge is not supported",
	} {
		client, wire, account := tapped(t)
		account.RequireChallenge(challenge)
		_, err := client.Projects.List(t.Context())
		checkRefused(t, err, challenge, message, useAPIKey+fromOption)
		assert.Equal(t, []string{getAuthConfig, startLogin, finishLogin}, wire.taken())

		account.RequireChallenge("")
		_, err = client.Projects.List(t.Context())
		require.NoError(t, err)

		client, wire, _ = tapped(t)
		wire.answer = func(note string, req *http.Request) (*http.Response, error) {
			if note != startLogin {
				return nil, nil
			}
			return jsonReply(req, http.StatusOK, `{"ChallengeName":"`+challenge+`","Session":"s"}`), nil
		}
		_, err = client.Projects.List(t.Context())
		checkRefused(t, err, challenge, message, useAPIKey+fromOption)
		assert.Equal(t, []string{getAuthConfig, startLogin}, wire.taken())
	}
}

func TestRefusalsOfCognito(t *testing.T) {
	t.Parallel()
	for code, hint := range map[string]string{
		"NotAuthorizedException":         checkKey,
		"UserNotFoundException":          checkKey,
		"PasswordResetRequiredException": useAPIKey,
		"UserNotConfirmedException":      useAPIKey,
		"TooManyRequestsException":       comeLater,
		"InvalidParameterException":      checkPool,
		"ResourceNotFoundException":      checkPool,
		"SomethingNewException":          useAPIKey,
	} {
		for _, step := range []string{startLogin, finishLogin} {
			client, wire, _ := tapped(t)
			wire.answer = func(note string, req *http.Request) (*http.Response, error) {
				if note != step {
					return nil, nil
				}
				return jsonReply(req, http.StatusBadRequest, `{"__type":"com.amazonaws.cognito#`+code+`","message":"No."}`), nil
			}
			_, err := client.Projects.List(t.Context())
			checkRefused(t, err, code, "No.", hint+fromOption)
			assert.Equal(t, 1, wire.count(step), "%s is sent once", step)
			assert.Zero(t, wire.count(listProjects))
		}
	}
}

// brokenStep is a step of a login that goes wrong without a refusal.
type brokenStep struct {
	name   string
	step   string
	status int
	body   string
	err    error
	sent   int    // how often the step is sent
	text   string // of the error
}

func TestLoginsThatAreNotAnswered(t *testing.T) {
	t.Parallel()
	const (
		noForm = "the reply to InitiateAuth is no JSON object of the known form"
		noJWT  = "the id token is no JSON web token"
	)
	html, reset := "<html>\n<b>busy</b></html>", errors.New("connection reset by peer")
	for _, test := range []brokenStep{
		{"auth config missing", getAuthConfig, 404, `{"message":"nothing here"}`, nil, 1, "GET /.well-known/auth-config.json: 404 Not Found: nothing here"},
		{"auth config refused", getAuthConfig, 400, `{"message":"no"}`, nil, 1, "GET /.well-known/auth-config.json: 400 Bad Request: no"},
		{"auth config busy", getAuthConfig, 503, html, nil, 4, "GET /.well-known/auth-config.json: 503 Service Unavailable: a reply of type application/json: <html> <b>busy</b></html> (after 4 attempts)"},
		{"auth config reset", getAuthConfig, 0, "", reset, 4, "GET /.well-known/auth-config.json: no reply: connection reset by peer (after 4 attempts)"},
		{"auth config is a page", getAuthConfig, 200, html, nil, 1, "the auth config of 127.0.0.1 is no JSON object of the known form; region, user pool and client id can be given by WithUserPool"},
		{"auth config is a list", getAuthConfig, 200, `[]`, nil, 1, "the auth config of 127.0.0.1 is no JSON object of the known form; region, user pool and client id can be given by WithUserPool"},
		{"auth config lacks the pool", getAuthConfig, 200, `{"region":"r","userPoolSDKClientId":"c"}`, nil, 1, "the auth config of 127.0.0.1 lacks region, user pool or client id; region, user pool and client id can be given by WithUserPool"},
		{"pool without a name", getAuthConfig, 200, `{"region":"r","userPoolId":"pool","userPoolSDKClientId":"c"}`, nil, 1, `user pool id "pool": want a region, an underscore and a name, such as us-east-2_Ab1Cd2Ef3`},
		{"start busy", startLogin, 503, html, nil, 4, "POST /: 503 Service Unavailable: a reply of type application/json: <html> <b>busy</b></html> (after 4 attempts)"},
		{"start fails", startLogin, 500, `{"__type":"InternalErrorException","message":"oh"}`, nil, 1, "POST /: 500 Internal Server Error: oh"},
		{"start reset", startLogin, 0, "", reset, 4, "POST /: no reply: connection reset by peer (after 4 attempts)"},
		{"start answers a page", startLogin, 200, html, nil, 1, noForm},
		{"start answers a list", startLogin, 200, `[]`, nil, 1, noForm},
		{"start answers nothing", startLogin, 200, ``, nil, 1, noForm},
		{"start asks nothing", startLogin, 200, `{}`, nil, 1, "the login was answered without a challenge"},
		{"start asks for the proof of nothing", startLogin, 200, `{"ChallengeName":"PASSWORD_VERIFIER","ChallengeParameters":{}}`, nil, 1, "login challenge: USER_ID_FOR_SRP is missing"},
		{"start has B = 0", startLogin, 200, `{"ChallengeName":"PASSWORD_VERIFIER","ChallengeParameters":{"USER_ID_FOR_SRP":"u","SALT":"a","SRP_B":"0","SECRET_BLOCK":"AA=="}}`, nil, 1, "login challenge: SRP_B is 0 modulo the prime of the group, which SRP-6a forbids"},
		{"a refusal without a name", startLogin, 400, `{"message":"no"}`, nil, 1, "the login was answered by 400 Bad Request without a known error"},
		{"a refusal that is a page", startLogin, 400, html, nil, 1, "the login was answered by 400 Bad Request without a known error"},
		{"finish busy", finishLogin, 503, html, nil, 1, "POST /: 503 Service Unavailable: a reply of type application/json: <html> <b>busy</b></html>"},
		{"finish reset", finishLogin, 0, "", reset, 1, "POST /: no reply: connection reset by peer"},
		{"finish never sent", finishLogin, 0, "", &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("refused")}, 4, "POST /: no reply: dial tcp: refused (after 4 attempts)"},
		{"finish without tokens", finishLogin, 200, `{}`, nil, 1, noJWT},
		{"finish with a strange token", finishLogin, 200, `{"AuthenticationResult":{"IdToken":"CANARY"}}`, nil, 1, noJWT},
		{"finish with strange claims", finishLogin, 200, `{"AuthenticationResult":{"IdToken":"a.CANARY!.c"}}`, nil, 1, "the claims of the id token are no base64"},
		{"finish without an expiry", finishLogin, 200, `{"AuthenticationResult":{"IdToken":"` + tokenWith(`{"sub":"CANARY"}`) + `"}}`, nil, 1, "the claims of the id token are no JSON with an expiry"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { checkBroken(t, test) })
		})
	}
}

func checkBroken(t *testing.T, test brokenStep) {
	client, wire, _ := tapped(t)
	wire.answer = func(note string, req *http.Request) (*http.Response, error) {
		if note != test.step || test.err != nil {
			return nil, cond(note == test.step, test.err)
		}
		return jsonReply(req, test.status, test.body), nil
	}
	_, err := client.Projects.List(t.Context())
	require.Error(t, err)
	var auth *proximl.AuthError
	require.ErrorAs(t, err, &auth)
	require.NotErrorIs(t, err, proximl.ErrUnauthorized, "nobody has refused anything")
	require.NotErrorIs(t, err, proximl.ErrOutcomeUnknown, "to log in twice does no harm")
	require.EqualError(t, err, "login: "+test.text)
	assert.NotContains(t, err.Error(), "CANARY")
	assert.NotContains(t, err.Error(), "\n")
	assert.Equal(t, test.sent, wire.count(test.step))
	assert.Zero(t, wire.count(listProjects))
}

func TestARefreshThatIsNotAnsweredIsNoRefusal(t *testing.T) {
	t.Parallel()
	for text, answer := range map[string]func(*http.Request) (*http.Response, error){
		"POST /: 500 Internal Server Error: oh":                                   func(req *http.Request) (*http.Response, error) { return jsonReply(req, 500, `{"message":"oh"}`), nil },
		"POST /: no reply: read tcp: connection reset by peer (after 4 attempts)": func(*http.Request) (*http.Response, error) { return nil, errReset },
		"the id token is no JSON web token":                                       func(req *http.Request) (*http.Response, error) { return jsonReply(req, 200, `{}`), nil },
	} {
		synctest.Test(t, func(t *testing.T) {
			client, wire, _ := tapped(t)
			_, err := client.Projects.List(t.Context())
			require.NoError(t, err)
			wire.taken()
			wire.answer = func(note string, req *http.Request) (*http.Response, error) {
				if note == refreshLogin {
					return answer(req)
				}
				return nil, nil
			}
			time.Sleep(time.Hour)
			_, err = client.Projects.List(t.Context())
			require.EqualError(t, err, "login: "+text)
			assert.Zero(t, wire.count(startLogin), "the key is not sent without need")
			wire.answer, wire.notes = nil, nil
			_, err = client.Projects.List(t.Context())
			require.NoError(t, err)
			assert.Equal(t, []string{refreshLogin, listProjects}, wire.taken(), "the refresh token is tried again")
		})
	}
}

// cond is err if it applies.
func cond(applies bool, err error) error {
	if applies {
		return err
	}
	return nil
}
