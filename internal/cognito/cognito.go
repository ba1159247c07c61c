// Package cognito logs in to an Amazon Cognito user pool with plain JSON posts.
// It builds requests and reads replies; how they travel is the caller's.
package cognito

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/proximl/proximl-go/internal/srp"
	"github.com/proximl/proximl-go/internal/stream"
)

// Pool is where to log in. Its JSON is that of the service's auth config.
type Pool struct {
	Region   string `json:"region"`
	ID       string `json:"userPoolId"`
	ClientID string `json:"userPoolSDKClientId"`
}

// Complete reports whether nothing of the pool is missing.
func (p Pool) Complete() bool { return p.Region != "" && p.ID != "" && p.ClientID != "" }

// Fill takes what is missing in the pool from the service's auth config.
func (p Pool) Fill(config []byte) (*Pool, error) {
	var full Pool
	if json.Unmarshal(config, &full, stream.ReadOptions) != nil {
		return nil, errors.New("is no JSON object of the known form")
	}
	full = Pool{cmp.Or(p.Region, full.Region), cmp.Or(p.ID, full.ID), cmp.Or(p.ClientID, full.ClientID)}
	if !full.Complete() {
		return nil, errors.New("lacks region, user pool or client id")
	}
	return &full, nil
}

// Tokens is what a login yields.
type Tokens struct {
	ID, Refresh string
	Expires     time.Time // of the id token
}

const tooManyRequests = "TooManyRequestsException"

// Refusal is an error that Cognito answered, or a challenge that an API key
// cannot meet.
type Refusal struct{ Code, Message string }

// Error gives Cognito's words.
func (r *Refusal) Error() string { return r.Code + ": " + r.Message }

// Hint says what to do about it.
func (r *Refusal) Hint() string {
	switch r.Code {
	case "NotAuthorizedException", "UserNotFoundException":
		return "check user and key; API keys are made and removed on the account settings page"
	case tooManyRequests:
		return "wait some minutes before the next login"
	case "ResourceNotFoundException", "InvalidParameterException":
		return "check region, user pool id and client id"
	}
	return "use an API key; they are made on the account settings page"
}

// Post sends the JSON of one action. A repeatable action may be sent again when
// its reply is lost. An error means that there is no usable reply.
type Post func(ctx context.Context, header http.Header, body []byte, repeatable bool) (status int, reply []byte, err error)

// parameters is the request of every action.
type parameters struct {
	AuthFlow           string            `json:"AuthFlow,omitzero"`
	AuthParameters     map[string]string `json:"AuthParameters,omitzero"`
	ChallengeName      string            `json:"ChallengeName,omitzero"`
	ChallengeResponses *srp.Response     `json:"ChallengeResponses,omitzero"`
	Session            string            `json:"Session,omitzero"`
	ClientID           string            `json:"ClientId"`
}

type result struct {
	ChallengeName        string        `json:"ChallengeName"`
	ChallengeParameters  srp.Challenge `json:"ChallengeParameters"`
	Session              string        `json:"Session"`
	AuthenticationResult struct {
		IDToken      string `json:"IdToken"`
		RefreshToken string `json:"RefreshToken"`
	} `json:"AuthenticationResult"`
}

// Login proves by SRP that it knows the key of the user.
func (p Pool) Login(ctx context.Context, user, key string, post Post) (*Tokens, error) {
	client, err := srp.New(rand.Reader, p.ID)
	if err != nil {
		return nil, err
	}
	challenge, err := act(ctx, post, "InitiateAuth", true, parameters{
		AuthFlow: "USER_SRP_AUTH", ClientID: p.ClientID,
		AuthParameters: map[string]string{"USERNAME": user, "SRP_A": client.A()},
	})
	if err != nil {
		return nil, err
	}
	if err := challenge.expect("PASSWORD_VERIFIER"); err != nil {
		return nil, err
	}
	proof, err := client.Respond(challenge.ChallengeParameters, key, time.Now())
	if err != nil {
		return nil, err
	}
	answer, err := act(ctx, post, "RespondToAuthChallenge", false, parameters{
		ChallengeName: challenge.ChallengeName, ClientID: p.ClientID, Session: challenge.Session, ChallengeResponses: &proof,
	})
	if err != nil {
		return nil, err
	}
	if err := answer.expect(""); err != nil {
		return nil, err
	}
	return answer.tokens()
}

// Refresh gets a new id token for a refresh token, which stays valid.
func (p Pool) Refresh(ctx context.Context, refreshToken string, post Post) (*Tokens, error) {
	answer, err := act(ctx, post, "InitiateAuth", true, parameters{
		AuthFlow: "REFRESH_TOKEN_AUTH", ClientID: p.ClientID,
		AuthParameters: map[string]string{"REFRESH_TOKEN": refreshToken},
	})
	if err != nil {
		return nil, err
	}
	tokens, err := answer.tokens()
	if err == nil && tokens.Refresh == "" {
		tokens.Refresh = refreshToken // Cognito sends no new one
	}
	return tokens, err
}

func act(ctx context.Context, post Post, action string, repeatable bool, params parameters) (*result, error) {
	body, err := json.Marshal(params, json.Deterministic(true))
	if err != nil {
		return nil, err
	}
	header := http.Header{
		"Content-Type": {"application/x-amz-json-1.1"},
		"X-Amz-Target": {"AWSCognitoIdentityProviderService." + action},
	}
	status, reply, err := post(ctx, header, body, repeatable)
	if err != nil {
		return nil, err
	}
	if status != http.StatusOK {
		return nil, refusal(status, reply)
	}
	var answer result
	if err := json.Unmarshal(reply, &answer, stream.ReadOptions); err != nil {
		return nil, errors.New("the reply to " + action + " is no JSON object of the known form")
	}
	return &answer, nil
}

func refusal(status int, reply []byte) error {
	var known struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}
	err := json.Unmarshal(reply, &known, stream.ReadOptions)
	code := known.Type[strings.LastIndexByte(known.Type, '#')+1:]
	if err != nil || code == "" {
		return fmt.Errorf("the login was answered by %d %s without a known error", status, http.StatusText(status))
	}
	return &Refusal{Code: code, Message: known.Message}
}

func (r *result) expect(challenge string) error {
	switch r.ChallengeName {
	case challenge:
		return nil
	case "":
		return errors.New("the login was answered without a challenge")
	case "NEW_PASSWORD_REQUIRED":
		return &Refusal{r.ChallengeName, "the user has to choose a new password first"}
	default:
		return &Refusal{r.ChallengeName, "this challenge is not supported"}
	}
}

func (r *result) tokens() (*Tokens, error) {
	claims, err := ReadClaims(r.AuthenticationResult.IDToken)
	if err != nil {
		return nil, err
	}
	return &Tokens{
		ID: r.AuthenticationResult.IDToken, Refresh: r.AuthenticationResult.RefreshToken,
		Expires: time.Unix(claims.Expires, 0),
	}, nil
}

// Claims is what is needed of an id token.
type Claims struct {
	Expires int64  `json:"exp"` // seconds since 1970
	Email   string `json:"email"`
}

// ReadClaims does not verify the token: it came over TLS from its issuer, and
// the service judges it. Its errors do not quote it.
func ReadClaims(token string) (*Claims, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, errors.New("the id token is no JSON web token")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, errors.New("the claims of the id token are no base64")
	}
	var claims Claims
	if json.Unmarshal(payload, &claims, stream.ReadOptions) != nil || claims.Expires <= 0 {
		return nil, errors.New("the claims of the id token are no JSON with an expiry")
	}
	return &claims, nil
}
