package proximltest

import (
	"fmt"
	"strings"
)

// Account is a handle to one account of the service.
type Account struct {
	Email   string
	User    string // user id of the API key
	Key     string // secret of the API key
	Project string // id of the Personal project

	srv *Server
}

// AccountOption sets a property of a new account.
type AccountOption func(*account)

// WithCredits sets what a new account has; without it that is 1,000 credits.
func WithCredits(credits float64) AccountOption {
	return func(a *account) { a.Balance = amountOf(credits) }
}

// WithName sets a new account's display name, which projects show as their owner's; without it that is the e-mail's part before the @.
func WithName(name string) AccountOption {
	return func(a *account) { a.Name = name }
}

const startCredits = 1000

// account is one account as the service keeps it.
type account struct {
	Email      string   `json:"email"`
	Name       string   `json:"name"`
	User       string   `json:"user"`
	Key        string   `json:"key"`
	CustomerID string   `json:"customer_uuid"`
	PersonalID string   `json:"personal_project"`
	Hardware   []string `json:"hardware"` // abbreviations of the GPU types that the account owns
	meter

	handle *Account
}

func (a *account) key() string { return a.Email }

// normalEmail makes different spellings of one address the same.
func normalEmail(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

// Account returns the account with that e-mail address. It is made at the first call, with an API key and a Personal project;
// the options count only then.
func (s *Server) Account(email string, opts ...AccountOption) *Account {
	email = normalEmail(email)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.catchUp()
	if known, found := s.accounts.get(email); found {
		return known.handle
	}
	name, _, _ := strings.Cut(email, "@")
	a := &account{
		Email: email, Name: name,
		User: newID(), Key: newID(),
		CustomerID: newID(),
		meter:      meter{Balance: amountOf(startCredits)},
	}
	for _, opt := range opts {
		opt(a)
	}
	a.PersonalID = s.newProject(a, personalName).ID
	s.register(a)
	return a.handle
}

// Accounts returns all accounts that there are, in the order in which they were made.
func (s *Server) Accounts() []*Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*Account
	for _, known := range s.accounts.rows {
		all = append(all, known.handle)
	}
	return all
}

// register makes an account known to the service and to its login.
func (s *Server) register(a *account) {
	a.handle = &Account{Email: a.Email, User: a.User, Key: a.Key, Project: a.PersonalID, srv: s}
	s.accounts.add(a)
	s.pool.addUser(a.User, a.Key, a.Email)
}

// Env returns the environment, as NAME=value, in which a program of any language that honours PROXIML_ENDPOINT works as this account.
func (a *Account) Env() []string {
	return []string{
		"PROXIML_ENDPOINT=" + a.srv.URL,
		"PROXIML_CONFIG_DIR=" + a.configDir(),
		"PROXIML_USER=" + a.User,
		"PROXIML_KEY=" + a.Key,
	}
}

// update runs a change of the account on the service as it is now.
func (a *Account) update(change func(s *Server, a *account)) {
	a.srv.mu.Lock()
	defer a.srv.mu.Unlock()
	a.srv.catchUp()
	record, _ := a.srv.accounts.get(a.Email)
	change(a.srv, record)
	a.srv.catchUp()
}

// Credits returns what the account has left. It can be below zero by what its jobs cost in a millisecond.
func (a *Account) Credits() (credits float64) {
	a.update(func(s *Server, a *account) {
		a.settle(s.now)
		credits = a.Balance.credits()
	})
	return credits
}

// SetCredits changes what the account has. With nothing left its jobs stop; with something, the waiting ones go on and stopped ones can be started.
func (a *Account) SetCredits(credits float64) {
	a.update(func(s *Server, a *account) {
		a.settle(s.now)
		a.Balance = amountOf(credits)
		s.watchBalance(a)
		s.resumeWaiting(a)
	})
}

// AddHardware gives the account compute hardware of its own with GPUs of these types (abbreviations, such as "rtx3090"), on which the projects
// run that are set to use only owned resources. A project's list of GPU types knows of it after a refresh. The account's active CloudBender
// nodes count as well: the friendly name or hostname of a node spells its GPU types, as "hq-a100-01" does, or it has CPUs only.
// It returns an error, and adds nothing, if there is no such type.
func (a *Account) AddHardware(gpuTypes ...string) error {
	var abbrvs []string
	for _, name := range gpuTypes {
		g, known := gpuTypeNamed(name)
		if !known {
			return fmt.Errorf("proximltest: there is no GPU type %q to add as hardware", name)
		}
		abbrvs = append(abbrvs, g.abbrv)
	}
	a.update(func(s *Server, a *account) {
		a.Hardware = append(a.Hardware, abbrvs...)
		s.resumeWaiting(a)
	})
	return nil
}

// RevokeTokens makes the service refuse every token that the account was given so far.
func (a *Account) RevokeTokens() { a.srv.pool.revokeTokens(a.Email) }

// RequireChallenge makes logins with the account's right key end in that challenge, such as NEW_PASSWORD_REQUIRED, in place of tokens.
// An empty name takes it back.
func (a *Account) RequireChallenge(name string) { a.srv.pool.require(a.User, name) }
