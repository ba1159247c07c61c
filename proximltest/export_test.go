package proximltest

// Token returns a fresh id token of the account, as its login would. Tests that are not about the login save its cost.
func (a *Account) Token() string {
	tokens, err := a.srv.pool.issue(a.User)
	if err != nil {
		panic(err) // cannot happen: an account is a user of its pool
	}
	return tokens.IDToken
}
