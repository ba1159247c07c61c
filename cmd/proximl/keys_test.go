package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

// keyIDs are the credentials of the person's Personal project.
func (p *person) keyIDs() map[proximl.CredentialType]string {
	p.t.Helper()
	list, err := p.client.Credentials.List(p.t.Context(), p.account.Project)
	require.NoError(p.t, err)
	ids := map[proximl.CredentialType]string{}
	for _, credential := range list {
		ids[credential.Type] = credential.KeyID
	}
	return ids
}

// sent are the bodies of the PUTs that the service got, with [secret] in place
// of what a test must not see in any case.
func sent(srv *proximltest.Server) (bodies []string) {
	for _, request := range srv.Requests() {
		if request.Method == "PUT" {
			bodies = append(bodies, request.Body)
		}
	}
	return bodies
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	srv, me := service(t)
	file := filepath.Join(t.TempDir(), "account.json")
	require.NoError(t, os.WriteFile(file, []byte(`{"canary": 1}`), 0o600))
	put := []string{"project", "credential", "put", "-o", "id"}
	for _, c := range []struct {
		stdin string
		args  []string
		body  string
	}{
		{"AKIA\ncanary\n", []string{"aws"}, `{"key_id":"AKIA","secret":"[secret]"}`},
		{"canary", []string{"wasabi", "--key-id", "ABC"}, `{"key_id":"ABC","secret":"[secret]"}`},
		{"client\ntenant\ncanary\n", []string{"azure"}, `{"key_id":"client","secret":"[secret]","tenant":"tenant"}`},
		{"canary\n", []string{"azure", "--key-id", "c2", "--tenant", "t2"}, `{"key_id":"c2","secret":"[secret]","tenant":"t2"}`},
		{"me\n", []string{"docker", "--file", file}, `{"key_id":"me","secret":"[secret]"}`},
		{"canary\n", []string{"huggingface", "--key-id", "me", "--file", "-"}, `{"key_id":"me","secret":"[secret]"}`},
		{"canary\n", []string{"ngc"}, `{"key_id":"$oauthtoken","secret":"[secret]"}`},
		{file + "\n", []string{"gcp"}, `{"key_id":"account.json","secret":"[secret]"}`},
		{"canary", []string{"kaggle", "--file", "-", "--key-id", "kaggle.json"}, `{"key_id":"kaggle.json","secret":"[secret]"}`},
	} {
		before := len(sent(srv))
		r := me.pipe(c.stdin, append(put, c.args...)...).prints(c.args[0] + "\n").notes("")
		bodies := sent(srv)
		require.Len(t, bodies, before+1)
		assert.JSONEq(t, c.body, bodies[before], "%v", r.args)
	}
	assert.Equal(t, map[proximl.CredentialType]string{
		"aws": "AKIA", "wasabi": "ABC", "azure": "c2", "docker": "me", "huggingface": "me", "ngc": "$oauthtoken", "gcp": "account.json", "kaggle": "kaggle.json",
	}, me.keyIDs())

	me.pipe("AKIA\n", "project", "credential", "put", "aws").fails(exitUsage, `the input ended before the answer to "Secret access key"`)
	me.pipe("", "project", "credential", "put", "gcp").fails(exitUsage, `the input ended before the answer to "Path of the key file"`)
	me.pipe("x", "project", "credential", "put", "gcp", "--file", "-").fails(exitUsage, "--key-id has to name the file when it comes from stdin")
	me.run("project", "credential", "put", "ftp").fails(exitUsage, `there is no credential type "ftp"; there are aws, azure, docker, gcp, huggingface, kaggle, ngc, wasabi`)
	me.run("project", "credential", "remove", "aws", "-y").prints("").notes("Removed credential aws\n")
	assert.NotContains(t, me.keyIDs(), proximl.CredentialAWS)
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	srv, me := service(t)
	dir := t.TempDir()
	file, empty := filepath.Join(dir, "key"), filepath.Join(dir, "empty")
	require.NoError(t, os.WriteFile(file, []byte("canary\n"), 0o600))
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	long := filepath.Join(dir, "long")
	require.NoError(t, os.WriteFile(long, []byte(strings.Repeat("x", maxInput+1)), 0o600))

	r := me.pipe("canary\n", "project", "secret", "put", "piped").ok()
	golden(t, "project_secret_put", steady(r.stdout))
	assert.NotContains(t, r.stdout+r.stderr, "canary")
	me.run("project", "secret", "put", "filed", "--file", file, "-o", "id").prints("filed\n")
	me.run("project", "secret", "list", "-o", "id").prints("piped\nfiled\n")
	for _, request := range srv.Requests() {
		if request.Method == "PUT" {
			assert.JSONEq(t, `{"value":"[secret]"}`, request.Body)
		}
	}
	me.run("project", "secret", "put", "x").fails(exitError, "stdin: - is empty")
	me.run("project", "secret", "put", "x", "--file", empty).fails(exitError, "--file: "+empty+" is empty")
	me.run("project", "secret", "put", "x", "--file", long).fails(exitError, "--file: "+long+" is larger than 1 MiB")
	me.run("project", "secret", "remove", "filed", "-y").prints("").notes("Removed secret filed\n")
	me.run("project", "secret", "remove", "filed", "-y").fails(exitNotFound, `not found: no secret is called "filed"; see "proximl project secret list"`)
	me.run("project", "secret", "list", "-o", "id").prints("piped\n")
}
