package proximl_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

func TestLoginIsLazyAndHappensOnce(t *testing.T) {
	t.Parallel()
	client, wire, _ := tapped(t)
	for range 3 {
		projects, err := client.Projects.List(t.Context())
		require.NoError(t, err)
		assert.Len(t, projects, 1)
	}
	assert.Equal(t, []string{getAuthConfig, startLogin, finishLogin, listProjects, listProjects, listProjects}, wire.taken())
}

func TestTheAuthConfigIsNotFetchedWhenAllIsKnown(t *testing.T) {
	t.Parallel()
	client, wire, _ := tapped(t, proximl.WithUserPool("us-east-2", "us-east-2_Local0001", "1local2local3local4local5l"))
	_, err := client.Projects.List(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{startLogin, finishLogin, listProjects}, wire.taken())
}

func TestTheTokenIsKeptUntilFiveMinutesBeforeItsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, wire, account := tapped(t) // tokens are good for an hour
		after := func(d time.Duration) []string {
			t.Helper()
			time.Sleep(d)
			_, err := client.Projects.List(t.Context())
			require.NoError(t, err)
			return wire.taken()
		}
		assert.Equal(t, []string{getAuthConfig, startLogin, finishLogin, listProjects}, after(0))
		assert.Equal(t, []string{listProjects}, after(55*time.Minute-time.Second))
		assert.Equal(t, []string{refreshLogin, listProjects}, after(time.Second), "300 s before the end")
		assert.Equal(t, []string{listProjects}, after(55*time.Minute-time.Second))
		assert.Equal(t, []string{refreshLogin, listProjects}, after(time.Second), "the refresh token is used again")
		account.RevokeTokens()
		assert.Equal(t, []string{refreshLogin, startLogin, finishLogin, listProjects}, after(time.Hour), "a refused refresh leads to the full login")
		assert.Equal(t, []string{refreshLogin, startLogin, finishLogin, listProjects}, after(31*24*time.Hour), "the refresh token has ended")
	})
}

// A wait of a day logs in once and refreshes its tokens on the way.
func TestAWaitOfADay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		script := func(proximltest.Entity) proximltest.Script { return proximltest.Script{RunTime: 24 * time.Hour} }
		srv := proximltest.New(t, proximltest.WithoutListener(), proximltest.WithScript(script))
		wire := &tap{base: srv.Transport()}
		client, err := srv.Client(srv.Account("me@example.com"), proximl.WithHTTPClient(&http.Client{Transport: wire}))
		require.NoError(t, err)
		job, err := client.Jobs.Create(t.Context(), smallSpec())
		require.NoError(t, err)
		job, err = client.Jobs.WaitFor(t.Context(), job.ID, proximl.JobStatusFinished)
		require.NoError(t, err)
		assert.Equal(t, 24*time.Hour, job.Stop.Sub(job.Start.Time).Round(time.Hour))

		steps := map[string]int{}
		for _, step := range wire.taken() {
			steps[step]++
		}
		assert.Equal(t, 1, steps[finishLogin])
		assert.Equal(t, 26, steps[refreshLogin], "one every 55 minutes")
	})
}

func TestARefusedTokenIsReplacedOnce(t *testing.T) {
	t.Parallel()
	client, wire, account := tapped(t)
	_, err := client.Projects.List(t.Context())
	require.NoError(t, err)
	wire.taken()

	account.RevokeTokens()
	project, err := client.Projects.Create(t.Context(), &proximl.ProjectSpec{Name: "mine"})
	require.NoError(t, err)
	assert.Equal(t, "mine", project.Name)
	assert.Equal(t, []string{"POST /project", refreshLogin, startLogin, finishLogin, "POST /project"}, wire.taken(), "a POST, too: a 401 means that nothing was done")
	projects, err := client.Projects.List(t.Context())
	require.NoError(t, err)
	assert.Len(t, projects, 2, "Personal and the one that was created once")
}

func TestTokenSourceLearnsWhichTokenWasRejected(t *testing.T) {
	t.Parallel()
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete} {
		var rejected []string
		source := sourceFunc(func(_ context.Context, r string) (string, error) {
			rejected = append(rejected, r)
			return "new after " + r, nil
		})
		var info proximl.ResponseInfo
		client, s := play(t, []turn{status(http.StatusUnauthorized, "expired"), ok(`{}`)}, proximl.WithTokenSource(source))
		require.NoError(t, client.Do(t.Context(), method, "/thing", nil, nil, proximl.CaptureResponse(&info)))
		assert.Equal(t, []string{"", "new after "}, rejected)
		assert.Equal(t, []string{method + " /thing", method + " /thing"}, s.sent())
		assert.Equal(t, "new after new after ", s.arrivals[1].Header.Get("Authorization"))
		assert.Equal(t, 2, info.Attempts)

		rejected = nil
		client, s = play(t, []turn{status(http.StatusUnauthorized, "expired")}, proximl.WithTokenSource(source))
		err := client.Do(t.Context(), method, "/thing", nil, nil)
		require.ErrorIs(t, err, proximl.ErrUnauthorized)
		require.NotErrorIs(t, err, proximl.ErrOutcomeUnknown)
		require.EqualError(t, err, method+" /thing: 401 Unauthorized: expired (after 2 attempts)")
		assert.Equal(t, []string{"", "new after "}, rejected, "asked once more, not again and again")
		assert.Len(t, s.sent(), 2)
	}
}

func TestTokenSourceErrors(t *testing.T) {
	t.Parallel()
	broken := errors.New("the vault is closed")
	client, s := play(t, []turn{ok(`{}`)}, proximl.WithTokenSource(sourceFunc(func(context.Context, string) (string, error) { return "", broken })))
	_, err := client.Jobs.Create(t.Context(), newJob())
	require.ErrorIs(t, err, broken)
	require.NotErrorIs(t, err, proximl.ErrUnauthorized)
	require.NotErrorIs(t, err, proximl.ErrOutcomeUnknown, "nothing was sent")
	var auth *proximl.AuthError
	require.ErrorAs(t, err, &auth)
	require.EqualError(t, err, "login: the vault is closed")
	assert.Empty(t, s.sent())

	own := &proximl.AuthError{Code: "Denied", Message: "no", Hint: "ask"}
	client, _ = play(t, []turn{ok(`{}`)}, proximl.WithTokenSource(sourceFunc(func(context.Context, string) (string, error) { return "", own })))
	_, err = client.Jobs.List(t.Context())
	assert.Same(t, own, err)
}

func TestAHundredCallersShareOneLogin(t *testing.T) {
	t.Parallel()
	srv := proximltest.New(t)
	account, wire := srv.Account("me@example.com"), &tap{base: srv.Transport()}
	cache := &memory{load: &proximl.Tokens{ID: "expired", Expires: time.Now().Add(-time.Hour)}}
	client, err := srv.Client(account, proximl.WithHTTPClient(&http.Client{Transport: wire}), proximl.WithTokenCache(cache))
	require.NoError(t, err)

	var callers sync.WaitGroup
	start := make(chan struct{})
	for range 100 {
		callers.Go(func() {
			<-start
			_, err := client.Projects.List(t.Context())
			assert.NoError(t, err)
		})
	}
	close(start)
	callers.Wait()
	for note, count := range map[string]int{getAuthConfig: 1, startLogin: 1, finishLogin: 1, refreshLogin: 0, listProjects: 100} {
		assert.Equal(t, count, wire.count(note), note)
	}
	t.Attr("logins", strconv.Itoa(wire.count(startLogin)))
	assert.Equal(t, []string{"load " + account.User + "@us-east-2_Local0001", "save " + account.User + "@us-east-2_Local0001"}, cache.accounts)
}

// hold makes the finish of each login wait until it is let go or its request is
// given up, which it reports.
func hold(wire *tap) (release, givenUp chan struct{}) {
	release, givenUp = make(chan struct{}), make(chan struct{}, 1)
	wire.answer = func(note string, req *http.Request) (*http.Response, error) {
		if note != finishLogin {
			return nil, nil
		}
		select {
		case <-release:
			return nil, nil
		case <-req.Context().Done():
			givenUp <- struct{}{}
			return nil, req.Context().Err()
		}
	}
	return release, givenUp
}

func TestACallerThatGivesUpHurtsNoOther(t *testing.T) {
	t.Parallel()
	for _, quitter := range []int{0, 50} { // the one that began the login, and one that joined it
		synctest.Test(t, func(t *testing.T) {
			client, wire, _ := tapped(t)
			release, _ := hold(wire)
			ctx, cancel := context.WithCancelCause(t.Context())
			errs := make([]error, 100)
			var callers sync.WaitGroup
			for i := range errs {
				callers.Go(func() {
					own := t.Context()
					if i == quitter {
						own = ctx
					}
					_, errs[i] = client.Projects.List(own)
				})
				synctest.Wait()
			}
			stop := errors.New("enough")
			cancel(stop)
			synctest.Wait()
			require.ErrorIs(t, errs[quitter], stop, "it comes back at once")
			close(release)
			callers.Wait()
			for i, err := range errs {
				if i != quitter {
					require.NoError(t, err)
				}
			}
			assert.Equal(t, []int{1, 1, 99}, []int{wire.count(startLogin), wire.count(finishLogin), wire.count(listProjects)})
		})
	}
}

func TestTheLastCallerToLeaveEndsTheLogin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, wire, _ := tapped(t)
		release, givenUp := hold(wire)
		ctx, cancel := context.WithCancel(t.Context())
		var callers sync.WaitGroup
		for range 3 {
			callers.Go(func() {
				_, err := client.Projects.List(ctx)
				assert.ErrorIs(t, err, context.Canceled)
				assert.EqualError(t, err, "login: context canceled")
			})
		}
		synctest.Wait()
		assert.Empty(t, givenUp)
		cancel()
		callers.Wait()
		synctest.Wait()
		assert.Len(t, givenUp, 1, "the request of the login is given up")

		wire.taken()
		close(release)
		_, err := client.Projects.List(t.Context())
		require.NoError(t, err)
		assert.Equal(t, []string{startLogin, finishLogin, listProjects}, wire.taken(), "the next call logs in anew")
	})
}

func TestALoginDoesNotTakeForEver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, wire, _ := tapped(t, proximl.WithLimits(proximl.Limits{ResponseHeader: time.Hour}))
		hold(wire)
		start := time.Now()
		_, err := client.Projects.List(t.Context())
		assert.Equal(t, 2*time.Minute, time.Since(start))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.EqualError(t, err, "login: POST /: no reply: context deadline exceeded")
	})
}

func TestALoginThatKeepsYieldingTheRejectedTokenEnds(t *testing.T) {
	t.Parallel()
	fixed := tokenWith(`{"exp":4102444800}`)
	client, wire, _ := tapped(t)
	wire.answer = func(note string, req *http.Request) (*http.Response, error) {
		switch {
		case note == finishLogin && wire.count(finishLogin) > 5: // so that the test ends
			return jsonReply(req, http.StatusBadRequest, `{"__type":"NotAuthorizedException","message":"locked"}`), nil
		case note == finishLogin:
			return jsonReply(req, http.StatusOK, `{"AuthenticationResult":{"IdToken":"`+fixed+`"}}`), nil
		}
		return nil, nil
	}
	_, err := client.Projects.List(t.Context())
	require.EqualError(t, err, "login: a new login yields the token that the service has just refused; check that login and API belong together")
	assert.LessOrEqual(t, wire.count(finishLogin), 2, "each login is one step towards a locked account")
}

func TestTokensOutliveTheProcess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cache := &memory{}
		client, wire, account := tapped(t, proximl.WithTokenCache(cache), proximl.WithUserPool("us-east-2", "us-east-2_Local0001", "1local2local3local4local5l"))
		list := func() []string {
			t.Helper()
			_, err := client.Projects.List(t.Context())
			require.NoError(t, err)
			return wire.taken()
		}
		first := []string{startLogin, finishLogin, listProjects}
		assert.Equal(t, first, list())
		name := account.User + "@us-east-2_Local0001"
		assert.Equal(t, []string{"load " + name, "save " + name}, cache.accounts)
		require.Len(t, cache.saved, 1)
		saved := *cache.saved[0]
		assert.NotEmpty(t, saved.Refresh)
		assert.Equal(t, time.Now().Add(time.Hour), saved.Expires)
		assert.Equal(t, []string{listProjects}, list())
		assert.Len(t, cache.accounts, 2, "it is not asked while a token is at hand")

		// What another process saved meanwhile saves a login.
		other := *cache.saved[0]
		time.Sleep(time.Hour)
		cache.load = &proximl.Tokens{ID: other.ID, Refresh: other.Refresh, Expires: other.Expires}
		assert.Equal(t, []string{refreshLogin, listProjects}, list(), "the cache's tokens have expired, too")
		fresh := *cache.saved[1]
		assert.Equal(t, saved.Refresh, fresh.Refresh, "the refresh token is kept")
		assert.NotEqual(t, saved.ID, fresh.ID)
		time.Sleep(time.Hour)
		cache.load = &proximl.Tokens{ID: fresh.ID, Refresh: fresh.Refresh, Expires: time.Now().Add(time.Hour)}
		assert.Equal(t, []string{listProjects, refreshLogin, listProjects}, list(), "a cached token that the service refuses is renewed")
	})
}

func TestExpiredTokensOfTheCacheAreRefreshed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := proximltest.New(t, proximltest.WithoutListener())
		account, cache := srv.Account("me@example.com"), &memory{}
		for _, want := range [][]string{{getAuthConfig, startLogin, finishLogin, listProjects}, {getAuthConfig, refreshLogin, listProjects}, {getAuthConfig, listProjects}} {
			wire := &tap{base: srv.Transport()} // each client stands for a process
			client, err := srv.Client(account, proximl.WithHTTPClient(&http.Client{Transport: wire}), proximl.WithTokenCache(cache))
			require.NoError(t, err)
			_, err = client.Projects.List(t.Context())
			require.NoError(t, err)
			assert.Equal(t, want, wire.taken())
			cache.load = cache.saved[len(cache.saved)-1]
			if len(cache.saved) == 1 {
				time.Sleep(time.Hour)
			}
		}
	})
}

func TestACacheThatFailsCostsNoMoreThanALogin(t *testing.T) {
	t.Parallel()
	var log safeBuffer
	cache := &memory{loadErr: errors.New("disk on fire"), saveErr: errors.New("disk full")}
	client, wire, _ := tapped(t, proximl.WithTokenCache(cache), proximl.WithLogger(textLogger(&log, nil)))
	_, err := client.Projects.List(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{getAuthConfig, startLogin, finishLogin, listProjects}, wire.taken())
	assert.Equal(t, []string{
		`level=WARN msg="the token cache cannot be read" error="disk on fire"`,
		`level=WARN msg="the token cache cannot be written" error="disk full"`,
	}, lines(log.String()))
}

func TestTokensOfTheCacheAreJudgedByTheirExpiry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, test := range []struct {
			left time.Duration
			used bool
		}{{301 * time.Second, true}, {300 * time.Second, false}, {-time.Hour, false}} {
			token := proximl.Secret(tokenWith(`{"exp":1}`))
			cache := &memory{load: &proximl.Tokens{ID: token, Expires: time.Now().Add(test.left)}}
			client, wire, _ := tapped(t, proximl.WithTokenCache(cache))
			wire.answer = func(note string, req *http.Request) (*http.Response, error) {
				if note == listProjects && req.Header.Get("Authorization") == string(token) {
					return jsonReply(req, http.StatusOK, `[]`), nil
				}
				return nil, nil
			}
			_, err := client.Projects.List(t.Context())
			require.NoError(t, err)
			assert.Equal(t, !test.used, slices.Contains(wire.taken(), startLogin), test.left)
		}
	})
}
