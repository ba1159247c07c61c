package proximltest

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// steppedClock is a time that a test moves.
type steppedClock struct {
	mu  sync.Mutex
	now time.Time
}

// july is an afternoon in UTC on a day of one digit, so that a 12-hour clock and a leading zero both show.
var july = time.Date(2026, time.July, 4, 15, 8, 7, 0, time.UTC)

func newSteppedClock() *steppedClock { return &steppedClock{now: july} }

func (c *steppedClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *steppedClock) step(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func (c *steppedClock) stamp() string { return c.Now().Format("Mon Jan 2 15:04:05 UTC 2006") }

func testPool(t testing.TB, now func() time.Time) *userPool {
	t.Helper()
	pool, err := newUserPool("us-east-2", "us-east-2_Test0001", "client", now)
	require.NoError(t, err)
	return pool
}

// poolReply is any reply of the user pool.
type poolReply struct {
	status int
	header http.Header

	Challenge  string            `json:"ChallengeName"`
	Parameters map[string]string `json:"ChallengeParameters"`
	Session    string
	Result     struct {
		AccessToken, RefreshToken, TokenType string
		IDToken                              string `json:"IdToken"`
		ExpiresIn                            int
	} `json:"AuthenticationResult"`
	Type    string `json:"__type"`
	Message string `json:"message"`
}

func (r poolReply) requireRefused(t *testing.T, kind, message string) {
	t.Helper()
	require.Equal(t, http.StatusBadRequest, r.status, "%+v", r)
	require.Equal(t, "application/x-amz-json-1.1", r.header.Get("Content-Type"))
	require.Equal(t, []string{kind, kind, message}, []string{r.Type, r.header.Get("X-Amzn-Errortype"), r.Message})
	require.Empty(t, r.Result)
	require.Empty(t, r.Parameters)
}

// post sends a body as it is to one operation of the pool.
func post(t *testing.T, pool *userPool, operation, contentType, body string) poolReply {
	t.Helper()
	request := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	request.Header.Set("X-Amz-Target", operation)
	request.Header.Set("Content-Type", contentType)
	recorder := httptest.NewRecorder()
	pool.ServeHTTP(recorder, request)
	reply := poolReply{status: recorder.Code, header: recorder.Header()}
	require.NoError(t, json.Unmarshal(recorder.Body.Bytes(), &reply), recorder.Body)
	return reply
}

func operate(t *testing.T, pool *userPool, operation string, body any) poolReply {
	t.Helper()
	encoded, err := json.Marshal(body)
	require.NoError(t, err)
	return post(t, pool, "AWSCognitoIdentityProviderService."+operation, "application/x-amz-json-1.1", string(encoded))
}

func initiate(t *testing.T, pool *userPool, user, srpA string) poolReply {
	t.Helper()
	return operate(t, pool, "InitiateAuth", map[string]any{
		"ClientId": "client", "AuthFlow": "USER_SRP_AUTH",
		"AuthParameters": map[string]string{"USERNAME": user, "SRP_A": srpA},
	})
}

func respond(t *testing.T, pool *userPool, user, block, timestamp, signature string) poolReply {
	t.Helper()
	return operate(t, pool, "RespondToAuthChallenge", map[string]any{
		"ClientId": "client", "ChallengeName": "PASSWORD_VERIFIER", "ChallengeResponses": map[string]string{
			"USERNAME": user, "TIMESTAMP": timestamp,
			"PASSWORD_CLAIM_SECRET_BLOCK": block, "PASSWORD_CLAIM_SIGNATURE": signature,
		},
	})
}

func refresh(t *testing.T, pool *userPool, token string) poolReply {
	t.Helper()
	return operate(t, pool, "InitiateAuth", map[string]any{
		"ClientId": "client", "AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": map[string]string{"REFRESH_TOKEN": token},
	})
}

// started is a login of user "user" up to the challenge, and the right answer to it.
type started struct {
	client    *srpClient
	a         *big.Int
	challenge poolReply
}

func start(t *testing.T, pool *userPool) started {
	t.Helper()
	s := started{client: newSRPClient("Test0001", "user", "key"), a: new(big.Int).SetBytes(randomBytes(32))}
	s.challenge = initiate(t, pool, "user", new(big.Int).Exp(big.NewInt(2), s.a, srpModulus).Text(16))
	require.Equal(t, http.StatusOK, s.challenge.status)
	return s
}

func (s started) finish(t *testing.T, pool *userPool, timestamp string) poolReply {
	t.Helper()
	signature := s.client.prove(t, s.a, s.challenge.Parameters, timestamp).signature
	return respond(t, pool, "user", s.challenge.Parameters["SECRET_BLOCK"], timestamp, signature)
}

func poolWithUser(t *testing.T) (*userPool, *steppedClock) {
	t.Helper()
	clock := newSteppedClock()
	pool := testPool(t, clock.Now)
	pool.addUser("user", "key", "user@example.com")
	return pool, clock
}

func TestUserPoolNeedsAnIDWithAName(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"", "us-east-2", "us-east-2_", "us-east-2_a_b"} {
		_, err := newUserPool("us-east-2", id, "client", time.Now)
		assert.ErrorContains(t, err, fmt.Sprintf("user pool id %q", id))
	}
	_, err := newUserPool("us-east-2", "us-east-2_Test0001", "", time.Now)
	assert.ErrorContains(t, err, "must both be given")
}

func TestChallengeNamesWhatTheClientNeeds(t *testing.T) {
	t.Parallel()
	pool, _ := poolWithUser(t)
	reply := initiate(t, pool, "user", "2")
	assert.Equal(t, http.StatusOK, reply.status)
	assert.Equal(t, "application/x-amz-json-1.1", reply.header.Get("Content-Type"))
	assert.Equal(t, "PASSWORD_VERIFIER", reply.Challenge)
	assert.Len(t, reply.Parameters, 5)
	assert.Equal(t, "user", reply.Parameters["USERNAME"])
	assert.Equal(t, "user", reply.Parameters["USER_ID_FOR_SRP"])
	fromHex(t, reply.Parameters["SALT"])
	fromHex(t, reply.Parameters["SRP_B"])
	block, err := base64.StdEncoding.DecodeString(reply.Parameters["SECRET_BLOCK"])
	require.NoError(t, err)
	assert.Len(t, block, 64)
	again := initiate(t, pool, "user", "2").Parameters
	assert.Equal(t, reply.Parameters["SALT"], again["SALT"], "the salt is the user's")
	assert.NotEqual(t, reply.Parameters["SRP_B"], again["SRP_B"])
	assert.NotEqual(t, reply.Parameters["SECRET_BLOCK"], again["SECRET_BLOCK"])
}

func TestLoginIsRefusedForItsTimestamp(t *testing.T) {
	t.Parallel()
	const (
		format = "InvalidParameterException: TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english."
		stale  = "NotAuthorizedException: TIMESTAMP is more than 5 minutes away from the service's time."
	)
	cases := []struct{ name, timestamp, refusal string }{
		{"right", "Sat Jul 4 15:08:07 UTC 2026", ""},
		{"5 minutes behind", "Sat Jul 4 15:03:07 UTC 2026", ""},
		{"5 minutes ahead", "Sat Jul 4 15:13:07 UTC 2026", ""},
		{"further behind", "Sat Jul 4 15:03:06 UTC 2026", stale},
		{"further ahead", "Sat Jul 4 15:13:08 UTC 2026", stale},
		{"12-hour clock", "Sat Jul 4 03:08:07 UTC 2026", stale},
		{"12-hour clock that says so", "Sat Jul 4 03:08:07 PM UTC 2026", format},
		{"local time as if it were UTC", "Sat Jul 4 17:08:07 UTC 2026", stale},
		{"local time", "Sat Jul 4 17:08:07 CEST 2026", format},
		{"leading zero on the day", "Sat Jul 04 15:08:07 UTC 2026", format},
		{"blank for the zero", "Sat Jul  4 15:08:07 UTC 2026", format},
		{"another language", "Sa Juli 4 15:08:07 UTC 2026", format},
		{"another day of the week", "Sun Jul 4 15:08:07 UTC 2026", format},
		{"another format", "2026-07-04T15:08:07Z", format},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			pool, _ := poolWithUser(t)
			reply := start(t, pool).finish(t, pool, test.timestamp)
			if test.refusal == "" {
				require.Equal(t, http.StatusOK, reply.status, "%+v", reply)
				return
			}
			kind, message, _ := strings.Cut(test.refusal, ": ")
			reply.requireRefused(t, kind, message)
		})
	}
}

func TestChallengeIsGoodForOneAnswerInTime(t *testing.T) {
	t.Parallel()
	pool, clock := poolWithUser(t)
	const wrong = "Incorrect username or password."

	login := start(t, pool)
	require.Equal(t, http.StatusOK, login.finish(t, pool, clock.stamp()).status)
	login.finish(t, pool, clock.stamp()).requireRefused(t, "NotAuthorizedException", wrong)

	login = start(t, pool)
	block := login.challenge.Parameters["SECRET_BLOCK"]
	respond(t, pool, "user", block, clock.stamp(), "d3Jvbmc=").requireRefused(t, "NotAuthorizedException", wrong)
	login.finish(t, pool, clock.stamp()).requireRefused(t, "NotAuthorizedException", wrong)

	login = start(t, pool)
	clock.step(3 * time.Minute)
	require.Equal(t, http.StatusOK, login.finish(t, pool, clock.stamp()).status)
	login = start(t, pool)
	clock.step(3*time.Minute + time.Second)
	login.finish(t, pool, clock.stamp()).requireRefused(t, "NotAuthorizedException", wrong)

	login = start(t, pool)
	login.challenge.Parameters["SECRET_BLOCK"] = base64.StdEncoding.EncodeToString(randomBytes(64))
	login.finish(t, pool, clock.stamp()).requireRefused(t, "NotAuthorizedException", wrong)

	pool.addUser("other", "key", "other@example.com")
	login = start(t, pool)
	login.client.claimed = "other"
	signature := login.client.prove(t, login.a, login.challenge.Parameters, clock.stamp()).signature
	respond(t, pool, "other", login.challenge.Parameters["SECRET_BLOCK"], clock.stamp(), signature).
		requireRefused(t, "NotAuthorizedException", wrong)
}

func TestWaitingLoginsAreBounded(t *testing.T) {
	t.Parallel()
	var queue loginQueue
	for i := range maxLogins + 1 {
		queue.put(fmt.Sprint(i), login{user: fmt.Sprint(i), expires: july}, july)
	}
	assert.Len(t, queue.waiting, maxLogins)
	_, found := queue.take("0", july)
	assert.False(t, found, "the oldest made room")
	last, found := queue.take(fmt.Sprint(maxLogins), july)
	assert.True(t, found)
	assert.Equal(t, fmt.Sprint(maxLogins), last.user)

	later := july.Add(time.Second)
	queue.put("new", login{expires: later}, later)
	assert.Len(t, queue.waiting, 1, "expired logins are forgotten")
	assert.Len(t, queue.blocks, 1)
}

func TestRequestsThatAreNotALogin(t *testing.T) {
	t.Parallel()
	pool, _ := poolWithUser(t)
	const target, jsonType = "AWSCognitoIdentityProviderService.InitiateAuth", "application/x-amz-json-1.1"
	srp := func(parameters string) string {
		return `{"ClientId":"client","AuthFlow":"USER_SRP_AUTH","AuthParameters":` + parameters + `}`
	}
	const answer = "AWSCognitoIdentityProviderService.RespondToAuthChallenge"
	cases := []struct{ name, target, contentType, body, kind, message string }{
		{"no target", "", jsonType, "{}", "UnknownOperationException", "X-Amz-Target names no operation of this user pool."},
		{"another operation", "AWSCognitoIdentityProviderService.SignUp", jsonType, "{}", "UnknownOperationException", "X-Amz-Target names no operation of this user pool."},
		{"no service name", "InitiateAuth", jsonType, "{}", "UnknownOperationException", "X-Amz-Target names no operation of this user pool."},
		{"content type", target, "application/json", srp(`{}`), "UnknownOperationException", "Content-Type must be application/x-amz-json-1.1."},
		{"not JSON", target, jsonType, "{", "SerializationException", "The body is not the JSON that InitiateAuth takes."},
		{"empty", answer, jsonType, "", "SerializationException", "The body is not the JSON that RespondToAuthChallenge takes."},
		{"too long", target, jsonType, srp(`{"USERNAME":"` + strings.Repeat("u", 65<<10) + `"}`), "SerializationException", "The body is not the JSON that InitiateAuth takes."},
		{"another client", target, jsonType, `{"ClientId":"other"}`, "ResourceNotFoundException", "User pool client other does not exist."},
		{"another client's answer", answer, jsonType, `{"ClientId":"other"}`, "ResourceNotFoundException", "User pool client other does not exist."},
		{"another flow", target, jsonType, `{"ClientId":"client","AuthFlow":"USER_PASSWORD_AUTH"}`, "InvalidParameterException", `"USER_PASSWORD_AUTH" flow not enabled for this client`},
		{"no user", target, jsonType, srp(`{"SRP_A":"2"}`), "InvalidParameterException", "Missing required parameter USERNAME"},
		{"no A", target, jsonType, srp(`{"USERNAME":"user"}`), "InvalidParameterException", "Missing required parameter SRP_A"},
		{"unknown user", target, jsonType, srp(`{"USERNAME":"nobody","SRP_A":"2"}`), "UserNotFoundException", "User does not exist."},
		{"no refresh token", target, jsonType, `{"ClientId":"client","AuthFlow":"REFRESH_TOKEN_AUTH"}`, "InvalidParameterException", "Missing required parameter REFRESH_TOKEN"},
		{"another challenge", answer, jsonType, `{"ClientId":"client","ChallengeName":"NEW_PASSWORD_REQUIRED"}`, "NotAuthorizedException", "Invalid session for the user."},
		{"no signature", answer, jsonType, `{"ClientId":"client","ChallengeName":"PASSWORD_VERIFIER","ChallengeResponses":{"USERNAME":"user","TIMESTAMP":"x","PASSWORD_CLAIM_SECRET_BLOCK":"x"}}`, "InvalidParameterException", "Missing required parameter PASSWORD_CLAIM_SIGNATURE"},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			post(t, pool, test.target, test.contentType, test.body).requireRefused(t, test.kind, test.message)
		})
	}
}

func TestUserCanBeAskedForMoreThanItsKey(t *testing.T) {
	t.Parallel()
	pool, clock := poolWithUser(t)

	pool.require("user", "NEW_PASSWORD_REQUIRED")
	reply := start(t, pool).finish(t, pool, clock.stamp())
	assert.Equal(t, http.StatusOK, reply.status)
	assert.Equal(t, "NEW_PASSWORD_REQUIRED", reply.Challenge)
	assert.Equal(t, map[string]string{"USER_ID_FOR_SRP": "user", "requiredAttributes": "[]", "userAttributes": "{}"}, reply.Parameters)
	assert.NotEmpty(t, reply.Session)
	assert.Empty(t, reply.Result)

	pool.require("user", "SMS_MFA")
	reply = start(t, pool).finish(t, pool, clock.stamp())
	assert.Equal(t, "SMS_MFA", reply.Challenge)
	assert.Equal(t, map[string]string{"USERNAME": "user"}, reply.Parameters)

	login := start(t, pool)
	login.client.key = "wrong"
	login.finish(t, pool, clock.stamp()).requireRefused(t, "NotAuthorizedException", "Incorrect username or password.")

	pool.require("user", "")
	pool.require("nobody", "SMS_MFA")
	assert.NotEmpty(t, start(t, pool).finish(t, pool, clock.stamp()).Result.IDToken)
}

func TestLoginsRunSideBySide(t *testing.T) {
	t.Parallel()
	pool, clock := poolWithUser(t)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			user := fmt.Sprint("user", i)
			pool.addUser(user, "key", user)
			reply, _ := newSRPClient("Test0001", user, "key").login(t, pool, clock.stamp())
			email, err := pool.verify(reply.Result.IDToken)
			assert.NoError(t, err)
			assert.Equal(t, user, email)
			pool.revokeTokens(user)
		})
	}
	group.Wait()
}

func TestBodyIsReadOnlySoFar(t *testing.T) {
	t.Parallel()
	pool, _ := poolWithUser(t)
	endless := &countingReader{source: io.MultiReader(strings.NewReader(`{"ClientId":"`), zeros{})}
	request := httptest.NewRequest(http.MethodPost, "/", endless)
	request.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService.InitiateAuth")
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	recorder := httptest.NewRecorder()
	pool.ServeHTTP(recorder, request)
	assert.Equal(t, http.StatusBadRequest, recorder.Code)
	assert.Less(t, endless.read, int64(2*maxLoginBody))
}

// zeros is an endless text of the digit 0.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return copy(p, bytes.Repeat([]byte("0"), len(p))), nil }

type countingReader struct {
	source io.Reader
	read   int64
}

func (r *countingReader) Read(p []byte) (int, error) {
	n, err := r.source.Read(p)
	r.read += int64(n)
	return n, err
}
