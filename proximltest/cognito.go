package proximltest

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
)

// How long things last in the user pool, unless said otherwise.
const (
	defaultTokenLife = time.Hour           // of id and access tokens
	refreshLife      = 30 * 24 * time.Hour // of refresh tokens
	challengeLife    = 3 * time.Minute     // between a challenge and its answer
	timestampSkew    = 5 * time.Minute     // of a login's TIMESTAMP, to either side
	maxLogins        = 10_000              // challenges that wait for an answer; the oldest makes room
	maxLoginBody     = 64 << 10
)

// The names of the challenges that the pool knows by itself.
const (
	challengePassword    = "PASSWORD_VERIFIER"
	challengeNewPassword = "NEW_PASSWORD_REQUIRED"
)

// srpTimestampLayout is how a login states its time: English, UTC, a 24-hour clock and no leading zero on the day.
const srpTimestampLayout = "Mon Jan 2 15:04:05 UTC 2006"

// userPool is a Cognito user pool in memory with one app client, which has no secret.
type userPool struct {
	region, id, clientID string
	tokenLife            time.Duration // of id and access tokens; to be set before the pool serves
	now                  func() time.Time
	refresh              refreshSealer

	mu     sync.Mutex
	users  map[string]*poolUser
	logins loginQueue
}

// poolUser is what the pool keeps of a user. It holds no key: a key cannot be had from its verifier.
type poolUser struct {
	name, email, subject string
	salt, verifier       *big.Int
	challenge            string // in place of tokens
	family               string // the origin_jti of all tokens that are good; another one revokes them
}

// newUserPool makes an empty pool. Its id is region_name; now is the time that logins and tokens are judged by.
func newUserPool(region, poolID, clientID string, now func() time.Time) (*userPool, error) {
	if _, name, _ := strings.Cut(poolID, "_"); name == "" || strings.Contains(name, "_") {
		return nil, fmt.Errorf("user pool id %q: want a region and a name with one _ between them, as in us-east-2_Ab12Cd34E", poolID)
	}
	if region == "" || clientID == "" {
		return nil, fmt.Errorf("user pool %s: region %q and app client id %q must both be given", poolID, region, clientID)
	}
	refresh, err := newRefreshSealer()
	if err != nil {
		return nil, err
	}
	return &userPool{
		region: region, id: poolID, clientID: clientID, now: now,
		tokenLife: defaultTokenLife, refresh: refresh, users: map[string]*poolUser{},
	}, nil
}

// name is the part of the pool's id that enters the proof of a login.
func (p *userPool) name() string {
	_, name, _ := strings.Cut(p.id, "_")
	return name
}

// addUser lets user log in with key, as the account of email. A user of the same name is replaced, its tokens with it.
func (p *userPool) addUser(user, key, email string) {
	salt := new(big.Int).SetBytes(randomBytes(16))
	added := &poolUser{
		name: user, email: email, subject: newID(), family: newID(),
		salt: salt, verifier: srpVerifier(p.name(), user, key, salt),
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.users[user] = added
}

// require makes the pool answer the right key with one more challenge, which nobody can answer, in place of tokens.
// An empty name takes that back.
func (p *userPool) require(user, challenge string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if known := p.users[user]; known != nil {
		known.challenge = challenge
	}
}

// revokeTokens refuses from now on every token that the users of an email hold, until they log in again.
func (p *userPool) revokeTokens(email string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, user := range p.users {
		if user.email == email {
			user.family = newID()
		}
	}
}

// user returns a copy of a user as it is now.
func (p *userPool) user(name string) (poolUser, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if user := p.users[name]; user != nil {
		return *user, true
	}
	return poolUser{}, false
}

// authRequest is what InitiateAuth and RespondToAuthChallenge take.
type authRequest struct {
	ClientID           string `json:"ClientId"`
	AuthFlow           string
	AuthParameters     map[string]string
	ChallengeName      string
	ChallengeResponses map[string]string
}

// authReply is what they return: a challenge or the tokens.
type authReply struct {
	ChallengeName        string `json:",omitzero"`
	ChallengeParameters  map[string]string
	Session              string    `json:",omitzero"`
	AuthenticationResult *tokenSet `json:",omitzero"`
}

// authError is a refusal as Cognito words it.
type authError struct {
	Type    string `json:"__type"`
	Message string `json:"message"`
}

func (e *authError) Error() string { return e.Type + ": " + e.Message }

func notAuthorized(message string) error { return &authError{"NotAuthorizedException", message} }

func invalidParameter(message string) error { return &authError{"InvalidParameterException", message} }

// errWrongKey is the only answer to a wrong proof, whatever is wrong about it.
var errWrongKey = notAuthorized("Incorrect username or password.")

// ServeHTTP answers InitiateAuth and RespondToAuthChallenge, which X-Amz-Target tells apart.
func (p *userPool) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	reply, err := p.answer(w, r)
	if err != nil {
		writeAuthError(w, err)
		return
	}
	writeAuth(w, http.StatusOK, reply)
}

func (p *userPool) answer(w http.ResponseWriter, r *http.Request) (*authReply, error) {
	operation, known := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "AWSCognitoIdentityProviderService.")
	operations := map[string]func(authRequest) (*authReply, error){
		"InitiateAuth":           p.initiateAuth,
		"RespondToAuthChallenge": p.respondToAuthChallenge,
	}
	operate := operations[operation]
	if !known || operate == nil {
		return nil, &authError{"UnknownOperationException", "X-Amz-Target names no operation of this user pool."}
	}
	if r.Header.Get("Content-Type") != "application/x-amz-json-1.1" {
		return nil, &authError{"UnknownOperationException", "Content-Type must be application/x-amz-json-1.1."}
	}
	var request authRequest
	if err := json.UnmarshalRead(http.MaxBytesReader(w, r.Body, maxLoginBody), &request); err != nil {
		return nil, &authError{"SerializationException", "The body is not the JSON that " + operation + " takes."}
	}
	if request.ClientID != p.clientID {
		return nil, &authError{"ResourceNotFoundException", fmt.Sprintf("User pool client %s does not exist.", request.ClientID)}
	}
	return operate(request)
}

func writeAuth(w http.ResponseWriter, status int, body any) {
	encoded, _ := json.Marshal(body, json.Deterministic(true))
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(status)
	w.Write(encoded)
}

func writeAuthError(w http.ResponseWriter, err error) {
	status := http.StatusBadRequest
	refusal, ok := errors.AsType[*authError](err)
	if !ok {
		status, refusal = http.StatusInternalServerError, &authError{"InternalErrorException", err.Error()}
	}
	w.Header().Set("X-Amzn-Errortype", refusal.Type)
	writeAuth(w, status, refusal)
}

// required returns values of a request by name, or says which one is missing.
func required(from map[string]string, names ...string) ([]string, error) {
	values := make([]string, len(names))
	for i, name := range names {
		if values[i] = from[name]; values[i] == "" {
			return nil, invalidParameter("Missing required parameter " + name)
		}
	}
	return values, nil
}

func (p *userPool) initiateAuth(request authRequest) (*authReply, error) {
	switch request.AuthFlow {
	case "USER_SRP_AUTH":
		return p.startSRP(request.AuthParameters)
	case "REFRESH_TOKEN_AUTH":
		return p.refreshTokens(request.AuthParameters)
	default:
		return nil, invalidParameter(fmt.Sprintf("%q flow not enabled for this client", request.AuthFlow))
	}
}

// startSRP challenges a user to prove that it knows its key.
func (p *userPool) startSRP(parameters map[string]string) (*authReply, error) {
	values, err := required(parameters, "USERNAME", "SRP_A")
	if err != nil {
		return nil, err
	}
	user, known := p.user(values[0])
	if !known {
		return nil, &authError{"UserNotFoundException", "User does not exist."}
	}
	exchange, err := newSRPExchange(values[1], user.verifier)
	if err != nil {
		return nil, invalidParameter(err.Error())
	}
	block := base64.StdEncoding.EncodeToString(randomBytes(64))
	p.mu.Lock()
	p.logins.put(block, login{user: user.name, exchange: exchange, expires: p.now().Add(challengeLife)}, p.now())
	p.mu.Unlock()
	return &authReply{ChallengeName: challengePassword, ChallengeParameters: map[string]string{
		"USERNAME":        user.name,
		"USER_ID_FOR_SRP": user.name,
		"SALT":            user.salt.Text(16),
		"SRP_B":           exchange.public.Text(16),
		"SECRET_BLOCK":    block,
	}}, nil
}

// respondToAuthChallenge judges the proof. Any answer uses its challenge up.
func (p *userPool) respondToAuthChallenge(request authRequest) (*authReply, error) {
	if request.ChallengeName != challengePassword {
		return nil, notAuthorized("Invalid session for the user.")
	}
	values, err := required(request.ChallengeResponses,
		"USERNAME", "TIMESTAMP", "PASSWORD_CLAIM_SECRET_BLOCK", "PASSWORD_CLAIM_SIGNATURE")
	if err != nil {
		return nil, err
	}
	name, timestamp, block, signature := values[0], values[1], values[2], values[3]
	p.mu.Lock()
	login, waiting := p.logins.take(block, p.now())
	p.mu.Unlock()
	if !waiting || login.user != name {
		return nil, errWrongKey
	}
	if err := p.checkTimestamp(timestamp); err != nil {
		return nil, err
	}
	secret, _ := base64.StdEncoding.DecodeString(block)
	message := slices.Concat([]byte(p.name()+name), secret, []byte(timestamp))
	if !login.exchange.proves(signature, message) {
		return nil, errWrongKey
	}
	return p.admit(name)
}

// checkTimestamp refuses a login's time that is badly written or too far away.
// Uncertain: the wording for a time that is too far away.
func (p *userPool) checkTimestamp(timestamp string) error {
	stated, err := time.Parse(srpTimestampLayout, timestamp)
	if err != nil || stated.Format(srpTimestampLayout) != timestamp {
		return invalidParameter("TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english.")
	}
	if stated.Sub(p.now()).Abs() > timestampSkew {
		return notAuthorized("TIMESTAMP is more than 5 minutes away from the service's time.")
	}
	return nil
}

// admit gives tokens to a user who proved to know its key, or one more challenge.
func (p *userPool) admit(name string) (*authReply, error) {
	user, known := p.user(name)
	if !known {
		return nil, errWrongKey
	}
	if user.challenge != "" {
		parameters := map[string]string{"USERNAME": name}
		if user.challenge == challengeNewPassword {
			parameters = map[string]string{"USER_ID_FOR_SRP": name, "requiredAttributes": "[]", "userAttributes": "{}"}
		}
		return &authReply{ChallengeName: user.challenge, ChallengeParameters: parameters, Session: newID()}, nil
	}
	tokens, err := p.issue(name)
	if err != nil {
		return nil, err
	}
	return &authReply{AuthenticationResult: tokens}, nil
}

// login is a challenge that waits for its answer.
type login struct {
	user     string
	exchange *srpExchange
	expires  time.Time
}

// loginQueue holds logins by their secret block, and their blocks in the order of expiry.
type loginQueue struct {
	waiting map[string]login
	blocks  []string
}

// put adds a login and forgets those that expired, or the oldest when there are too many.
func (q *loginQueue) put(block string, added login, now time.Time) {
	if q.waiting == nil {
		q.waiting = map[string]login{}
	}
	q.waiting[block] = added
	q.blocks = append(q.blocks, block)
	for len(q.blocks) > maxLogins || now.After(q.waiting[q.blocks[0]].expires) {
		delete(q.waiting, q.blocks[0])
		q.blocks = q.blocks[1:]
	}
}

// take removes a login, and returns it unless it has expired.
func (q *loginQueue) take(block string, now time.Time) (login, bool) {
	found, ok := q.waiting[block]
	delete(q.waiting, block)
	return found, ok && !now.After(found.expires)
}
