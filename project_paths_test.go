package proximl_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

// keyService answers each request with the status that a test gives it, and
// keeps what came in.
type keyService struct {
	status func(request string) int // of a request such as "PUT /project/p/secrets/n"
	lock   sync.Mutex
	came   []string
}

func (s *keyService) answer(req *http.Request) (*http.Response, error) {
	request := req.Method + " " + req.URL.EscapedPath()
	s.lock.Lock()
	defer s.lock.Unlock()
	s.came = append(s.came, request)
	e := exchange{status: s.status(request), reply: `{"name":"n"}`}
	if e.status != http.StatusOK {
		e.reply = `{"errorMessage":"refused: ` + request + `"}`
	}
	return e.response(req), nil
}

// requests are those that came since it was asked last.
func (s *keyService) requests() []string {
	s.lock.Lock()
	defer s.lock.Unlock()
	came := s.came
	s.came = nil
	return came
}

// knowing is a service that knows the paths with one of these parts.
func knowing(parts ...string) func(request string) int {
	return func(request string) int {
		for _, part := range parts {
			if strings.Contains(request+"/", "/"+part+"/") {
				return http.StatusOK
			}
		}
		return http.StatusNotFound
	}
}

func newKeyService(t *testing.T, status func(string) int) (*proximl.ProxiML, *keyService) {
	t.Helper()
	client, mock := newMock(t)
	service := &keyService{status: status}
	mock.RegisterNoResponder(service.answer)
	return client, service
}

func putSecret(ctx context.Context, client *proximl.ProxiML) error {
	return failed(client.Secrets.Put(ctx, "p", "n", "v"))
}

func TestPluralPathsWork(t *testing.T) {
	t.Parallel()
	client, service := newKeyService(t, knowing("secrets", "credentials"))
	secret, err := client.Secrets.Put(t.Context(), "p", "n", "v")
	require.NoError(t, err)
	assert.Equal(t, &proximl.ProjectSecret{Name: "n", ProjectID: "p"}, secret)
	require.NoError(t, client.Credentials.Remove(t.Context(), "p", proximl.CredentialAWS))
	assert.Equal(t, []string{"PUT /project/p/secrets/n", "DELETE /project/p/credentials/aws"}, service.requests())
}

// A service that knows only the older paths is asked for the newer one once.
func TestSingularPathsAreRemembered(t *testing.T) {
	t.Parallel()
	client, service := newKeyService(t, knowing("secret", "credential"))
	ctx := t.Context()
	secret, err := client.Secrets.Put(ctx, "p", "n", "v")
	require.NoError(t, err)
	assert.Equal(t, &proximl.ProjectSecret{Name: "n", ProjectID: "p"}, secret)
	assert.Equal(t, []string{"PUT /project/p/secrets/n", "PUT /project/p/secret/n"}, service.requests())

	require.NoError(t, putSecret(ctx, client))
	require.NoError(t, client.Secrets.Remove(ctx, "p", "n"))
	require.NoError(t, putSecret(ctx, client.InProject("other")))
	assert.Equal(t, []string{"PUT /project/p/secret/n", "DELETE /project/p/secret/n", "PUT /project/p/secret/n"}, service.requests())

	require.NoError(t, failed(client.InProject("other").Credentials.Put(ctx, "p", proximl.NGCCredential("t"))))
	require.NoError(t, failed(client.Credentials.Put(ctx, "p", proximl.DockerCredential("u", "t"))))
	require.NoError(t, client.Credentials.Remove(ctx, "p", proximl.CredentialNGC))
	assert.Equal(t, []string{
		"PUT /project/p/credentials/ngc", "PUT /project/p/credential/ngc",
		"PUT /project/p/credential/docker", "DELETE /project/p/credential/ngc",
	}, service.requests())
}

// The paths of the lists are the newer ones all along.
func TestListsAreAlwaysPlural(t *testing.T) {
	t.Parallel()
	client, service := newKeyService(t, knowing("secret"))
	require.NoError(t, putSecret(t.Context(), client))
	service.requests()
	_, err := client.Secrets.List(t.Context(), "p")
	require.ErrorIs(t, err, proximl.ErrNotFound)
	assert.Equal(t, []string{"GET /project/p/secrets"}, service.requests())
}

// What is not found under either path is not there, and nothing is learned.
// An API gateway refuses a path that it does not know.
func TestSingularPathIsUnknownToTheGateway(t *testing.T) {
	t.Parallel()
	client, mock := newMock(t)
	for _, reply := range []string{
		`{"message":"Missing Authentication Token"}`,
		`{"message":"Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): 'x'."}`,
	} {
		mock.expect(exchange{method: http.MethodDelete, path: "/project/p/secrets/n", query: inActive, status: 404, reply: `{"errorMessage":"Not Found"}`})
		mock.expect(exchange{method: http.MethodDelete, path: "/project/p/secret/n", query: inActive, status: 403, reply: reply})
		require.ErrorIs(t, client.Secrets.Remove(t.Context(), "p", "n"), proximl.ErrNotFound, reply)
	}
}

// A removal whose reply is lost, and which is not found then, may have asked a
// service that does not know the path: it has removed nothing.
func TestALostReplyTeachesNoPath(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		lost := true
		client, service := newKeyService(t, func(request string) int {
			if lost {
				lost = false
				return http.StatusBadGateway
			}
			return knowing("secret")(request)
		})
		require.NoError(t, client.Secrets.Remove(t.Context(), "p", "n"))
		require.NoError(t, putSecret(t.Context(), client))
		assert.Equal(t, []string{
			"DELETE /project/p/secrets/n", "DELETE /project/p/secrets/n", "DELETE /project/p/secret/n", "PUT /project/p/secret/n",
		}, service.requests())

		lost = true // now that the path is known, the first attempt did the work
		service.status = func(string) int {
			if lost {
				lost = false
				return http.StatusBadGateway
			}
			return http.StatusNotFound
		}
		require.NoError(t, client.Secrets.Remove(t.Context(), "p", "n"))
	})
}

func TestNeitherPathIsFound(t *testing.T) {
	t.Parallel()
	client, service := newKeyService(t, knowing())
	for range 2 {
		secret, err := client.Secrets.Put(t.Context(), "p", "n", "v")
		require.EqualError(t, err, "PUT /project/p/secrets/n: 404 Not Found: refused: PUT /project/p/secrets/n (project proj-active from an option)")
		require.ErrorIs(t, err, proximl.ErrNotFound)
		assert.Nil(t, secret)
		err = client.Credentials.Remove(t.Context(), "p", proximl.CredentialAWS)
		require.EqualError(t, err, "DELETE /project/p/credentials/aws: 404 Not Found: refused: DELETE /project/p/credentials/aws (project proj-active from an option)")
		assert.Equal(t, []string{
			"PUT /project/p/secrets/n", "PUT /project/p/secret/n",
			"DELETE /project/p/credentials/aws", "DELETE /project/p/credential/aws",
		}, service.requests())
	}
}

// Once the newer path has worked, what is not found is not there.
func TestPluralPathsAreRemembered(t *testing.T) {
	t.Parallel()
	client, service := newKeyService(t, func(request string) int {
		if strings.HasPrefix(request, "DELETE") {
			return http.StatusNotFound
		}
		return http.StatusOK
	})
	require.NoError(t, putSecret(t.Context(), client))
	require.ErrorIs(t, client.Secrets.Remove(t.Context(), "p", "n"), proximl.ErrNotFound)
	require.ErrorIs(t, client.Credentials.Remove(t.Context(), "p", "aws"), proximl.ErrNotFound)
	assert.Equal(t, []string{
		"PUT /project/p/secrets/n", "DELETE /project/p/secrets/n",
		"DELETE /project/p/credentials/aws", "DELETE /project/p/credential/aws", // of these nothing is known
	}, service.requests())
}

// No other refusal makes a call be tried under the older path.
func TestOtherRefusalsAreFinal(t *testing.T) {
	t.Parallel()
	for _, status := range []int{400, 401, 403, 405, 409, 410, 500, 501} {
		client, service := newKeyService(t, func(string) int { return status })
		err := putSecret(t.Context(), client)
		api, ok := errors.AsType[*proximl.APIError](err)
		require.True(t, ok, err)
		assert.Equal(t, status, api.StatusCode)
		for _, request := range service.requests() {
			assert.Equal(t, "PUT /project/p/secrets/n", request)
		}
	}
}

// The older path's answer counts if it is found, but only a success is kept.
func TestSingularPathRefuses(t *testing.T) {
	t.Parallel()
	client, service := newKeyService(t, func(request string) int {
		if strings.Contains(request, "/secrets/") {
			return http.StatusNotFound
		}
		return http.StatusForbidden
	})
	for range 2 {
		require.EqualError(t, putSecret(t.Context(), client), "PUT /project/p/secret/n: 403 Forbidden: refused: PUT /project/p/secret/n (project proj-active from an option)")
		assert.Equal(t, []string{"PUT /project/p/secrets/n", "PUT /project/p/secret/n"}, service.requests())
	}
}

func TestPathsAreLearnedByManyAtOnce(t *testing.T) {
	t.Parallel()
	client, service := newKeyService(t, knowing("secret"))
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() { assert.NoError(t, putSecret(t.Context(), client.InProject("other"))) })
	}
	all.Wait()
	service.requests()
	require.NoError(t, putSecret(t.Context(), client))
	assert.Equal(t, []string{"PUT /project/p/secret/n"}, service.requests())
}
