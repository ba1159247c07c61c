package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

func (p *person) projectNamed(name string) *proximl.Project {
	p.t.Helper()
	project, err := p.client.Projects.Find(p.t.Context(), name)
	require.NoError(p.t, err)
	return project
}

func TestProjectCreateShowSettingsRemove(t *testing.T) {
	t.Parallel()
	_, me := service(t)
	_, err := me.client.Secrets.Put(t.Context(), me.account.Project, "kept", "canary")
	require.NoError(t, err)

	r := me.run("project", "create", "My Other Project", "--copy-secrets", "-o", "id").ok()
	other := me.projectNamed("My Other Project")
	r.prints(other.ID + "\n").notes("")
	me.run("project", "secret", "list", "--project", "My Other Project", "-o", "id").prints("kept\n")

	me.run("project", "show", other.ID, "-o", "id").prints(other.ID + "\n")
	golden(t, "project_show", steady(me.forms("project", "show", "My Other Project")))
	me.run("project", "show", "-o", "id").prints(me.account.Project + "\n")
	me.run("project", "show", "-o", "id", "--project", "My Other Project").prints(other.ID + "\n")
	me.with("PROXIML_PROJECT="+other.ID).run("project", "show", "-o", "id").prints(other.ID + "\n")

	assert.Contains(t, me.run("project", "settings", "My Other Project", "--only-owned-resources").ok().stdout, "only_owned_resources: true\n")
	me.run("project", "refresh-gpu-types", "My Other Project").prints("").notes("Refreshed the GPU types of project My Other Project (" + other.ID + ")\n")
	me.run("gpu", "list", "--project", other.ID, "-o", "id").prints("")
	assert.Contains(t, me.run("project", "settings", other.ID, "--only-owned-resources=false").ok().stdout, "only_owned_resources: false\n")

	me.run("project", "remove", "My Other Project").fails(exitUsage, "cannot ask whether to remove project My Other Project ("+other.ID+
		") with all that is in it, since stdin is no terminal; add --yes")
	me.with("PROXIML_PROJECT="+other.ID).run("project", "remove", "My Other Project", "--yes").prints("").
		notes("Removed project My Other Project (" + other.ID + ")\nIt was the active project, from PROXIML_PROJECT; choose another by proximl configure\n")
	me.run("project", "list", "-o", "id").prints(me.account.Project + "\n")
}

func TestProjectLeave(t *testing.T) {
	t.Parallel()
	srv, me := service(t)
	you := newPerson(t, srv, "you@example.com")
	shared := me.project("Shared")
	me.share(shared, you)

	you.run("project", "remove", "Shared", "-y").
		fails(exitNotAllowed, "DELETE /project/"+shared.ID+": 403 Forbidden; the project's owner decides what its members may do")
	you.run("project", "leave", "Shared", "-y").prints("").notes("Left project Shared (" + shared.ID + ")\n")
	you.run("project", "leave", "Shared", "-y").fails(exitNotFound, `not found: no project is called "Shared"; see "proximl project list"`)
	me.run("project", "member", "list", "--project", "Shared", "-o", "id").prints("me@example.com\n")
}

func TestProjectCreateWithoutAReply(t *testing.T) {
	t.Parallel()
	srv, me := service(t)
	srv.Inject(proximltest.Fault{On: "POST /project", Kind: proximltest.ReplyAfterWork, Status: http.StatusBadGateway, Body: "{}"})
	r := me.run("project", "create", "Lost")
	found := "POST /project: 502 Bad Gateway: a reply of type application/json: {}; the service may have done it all the same: " +
		"look for the result before you repeat the call; project Lost (" + me.projectNamed("Lost").ID + ") may be it, or an older one of that name"
	r.fails(exitError, found)
	srv.Inject(proximltest.Fault{On: "POST /project", Kind: proximltest.Reply, Status: http.StatusBadGateway, Body: "{}"})
	me.run("project", "create", "Lost").fails(exitError, found) // it is the older one

	srv.Inject(proximltest.Fault{On: "POST /project", Kind: proximltest.Reply, Status: http.StatusBadGateway, Body: "{}"})
	me.run("project", "create", "Never").
		fails(exitError, "POST /project: 502 Bad Gateway: a reply of type application/json: {}; the service may have done it all the same: "+
			"look for the result before you repeat the call; so far no project is called \"Never\"")
}

func TestMembers(t *testing.T) {
	t.Parallel()
	srv, me := service(t)
	you := newPerson(t, srv, "you@example.com")
	shared := me.project("Shared")
	member := func() proximl.MemberAccess {
		t.Helper()
		list, err := me.client.Members.List(t.Context(), shared.ID)
		require.NoError(t, err)
		require.Len(t, list, 2)
		return list[1].MemberAccess
	}
	with := func(args ...string) *ran {
		return me.run(append([]string{"--project", "Shared", "project", "member"}, args...)...)
	}

	golden(t, "project_member_add", steady(with("add", "you@example.com", "--job", "all").ok().stdout))
	assert.Equal(t, proximl.MemberAccess{Job: "all", Dataset: "read", Model: "read", Checkpoint: "read", Volume: "read"}, member())
	with("add", "you@example.com").fails(exitError, "you@example.com is a member already; proximl project member update changes what it may do")
	assert.Equal(t, proximl.AccessAll, member().Job)

	with("update", "you@example.com", "--model", "all", "-o", "id").prints("you@example.com\n")
	assert.Equal(t, proximl.MemberAccess{Job: "all", Dataset: "read", Model: "all", Checkpoint: "read", Volume: "read"}, member())
	with("update", "you@example.com").fails(exitUsage, "nothing to change: give --job, --dataset, --model, --checkpoint or --volume")
	with("update", "you@example.com", "--job", "write").fails(exitUsage, `--job must be read or all, not "write"`)
	with("update", "nobody@example.com", "--job", "all").fails(exitNotFound, `not found: no member is called "nobody@example.com"; see "proximl project member list"`)
	you.run("project", "member", "update", "you@example.com", "--volume", "all", "--project", "Shared").
		fails(exitNotAllowed, "POST /project/"+shared.ID+"/access: 403 Forbidden; the project's owner decides what its members may do")

	with("remove", "you@example.com").fails(exitUsage, "cannot ask whether to remove member you@example.com, since stdin is no terminal; add --yes")
	with("remove", "you@example.com", "-y").prints("").notes("Removed member you@example.com\n")
	you.run("project", "list", "-o", "id").prints(you.account.Project + "\n")
}

// hardware gives a project a datastore, a data connector and a service.
func hardware(t *testing.T, owner *person, project *proximl.Project) {
	t.Helper()
	ctx, own := t.Context(), owner.client.CloudBender
	provider, err := own.Providers.Enable(ctx, &proximl.ProviderSpec{Type: proximl.ProviderTypePhysical})
	require.NoError(t, err)
	region, err := own.Regions.Create(ctx, provider.ID, &proximl.RegionSpec{Name: "basement"})
	require.NoError(t, err)
	_, err = own.Datastores.Create(ctx, provider.ID, region.ID, &proximl.DatastoreSpec{Name: "file server", Type: proximl.DatastoreTypeNFS, URI: "192.168.0.50", Root: "/exports"})
	require.NoError(t, err)
	_, err = own.DataConnectors.Create(ctx, provider.ID, region.ID, &proximl.DataConnectorSpec{Name: "database", Type: proximl.DataConnectorTypeCustom, Protocol: "TCP", CIDR: "10.0.3.0/24", PortRange: "5432"})
	require.NoError(t, err)
	service, err := own.Services.Create(ctx, provider.ID, region.ID, &proximl.ServiceSpec{Name: "label studio", Type: proximl.ServiceTypeHTTPS})
	require.NoError(t, err)
	_, err = own.Services.GenerateCertificate(ctx, provider.ID, region.ID, service.ID, proximl.CertificateAlgorithmED25519)
	require.NoError(t, err)
	require.NoError(t, owner.client.Datastores.Refresh(ctx, project.ID))
	require.NoError(t, owner.client.DataConnectors.Refresh(ctx, project.ID))
	require.NoError(t, owner.client.Services.Refresh(ctx, project.ID))
}

func TestProjectResources(t *testing.T) {
	t.Parallel()
	_, me := service(t)
	research := me.project("Research")
	hardware(t, me, research)
	for noun, name := range map[string]string{"datastore": "file server", "data-connector": "database", "service": "label studio"} {
		with := func(args ...string) *ran {
			return me.run(append([]string{"project", noun, "--project", "Research"}, args...)...)
		}
		id := with("list", "-o", "id").ok().stdout
		id = id[:len(id)-1]
		golden(t, "project_"+noun+"_show", steady(me.forms("project", noun, "show", name, "--project", "Research")))
		with("disable", name).prints("")
		assert.Regexp(t, " is enabled\n$", with("enable", name).stderr)
		assert.Regexp(t, " is disabled\n$", with("disable", name).stderr)
		assert.Contains(t, with("show", id, "-o", "json").ok().stdout, `"enabled": false`)
		with("enable", id).prints("")
		assert.Contains(t, with("show", name, "-o", "json").ok().stdout, `"enabled": true`)
		with("refresh").prints("")
		with("show", "nothing").fails(exitNotFound, "not found: no "+map[bool]string{true: "data connector", false: noun}[noun == "data-connector"]+
			` is called "nothing"; see "proximl project `+noun+` list"`)
		const unknown = "11111111-2222-4333-8444-555555555555"
		assert.Equal(t, exitNotFound, with("show", unknown).code)
	}
	me.run("project", "data_connector", "list", "--project", "Research").ok() // as the Python command spells it
}

func TestAnIDIsNotLookedUp(t *testing.T) {
	t.Parallel()
	srv, me := service(t)
	research := me.project("Research")
	hardware(t, me, research)
	id := strings.TrimSpace(me.run("project", "datastore", "list", "-o", "id", "--project", "Research").ok().stdout)
	before := len(srv.Requests())
	me.run("project", "datastore", "show", id, "--project", research.ID).ok()
	var paths []string
	for _, request := range srv.Requests()[before:] {
		paths = append(paths, request.Path)
	}
	assert.Equal(t, []string{"/.well-known/auth-config.json", "/project/" + research.ID + "/datastores/" + id}, paths)
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	_, me := service(t)
	research := me.project("Research")
	hardware(t, me, research)
	me = me.with("PROXIML_PROJECT=" + research.ID)
	service := strings.TrimSpace(me.run("project", "service", "list", "-o", "id").ok().stdout)
	_, key, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: "reporting", OrganizationalUnit: []string{service}}}, key)
	require.NoError(t, err)
	csr := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
	file := filepath.Join(t.TempDir(), "client.csr")
	require.NoError(t, os.WriteFile(file, []byte(csr), 0o600))
	read := func(r *ran) *x509.Certificate {
		t.Helper()
		block, rest := pem.Decode([]byte(r.ok().notes("").stdout))
		require.NotNil(t, block)
		assert.Empty(t, rest)
		certificate, err := x509.ParseCertificate(block.Bytes)
		require.NoError(t, err)
		return certificate
	}
	ca := read(me.run("project", "service", "certificate", "ca", "label studio"))
	for _, signed := range []*x509.Certificate{
		read(me.run("project", "service", "certificate", "sign", "label studio", "--csr", file)),
		read(me.pipe(csr, "project", "service", "certificate", "sign", "label studio", "--csr", "-")),
	} {
		assert.Equal(t, "reporting", signed.Subject.CommonName)
		assert.NoError(t, signed.CheckSignatureFrom(ca))
	}
	me.run("project", "service", "certificate", "sign", "label studio").fails(exitUsage, "--csr is missing; it names a file, or - for stdin")
}

func TestGPUTypesAreThoseOfTheProject(t *testing.T) {
	t.Parallel()
	srv, me := service(t)
	all := me.run("gpu", "list", "-o", "id").ok().stdout
	assert.Contains(t, all, "3090-id\n")
	own := me.project("Own")
	require.NoError(t, me.account.AddHardware("rtx3090"))
	_, err := me.client.Projects.Update(t.Context(), own.ID, &proximl.ProjectSettings{OnlyOwnedResources: new(true)})
	require.NoError(t, err)
	require.NoError(t, me.client.InProject(own.ID).GPUTypes.Refresh(t.Context()))
	me.run("gpu", "list", "-o", "id", "--project", "Own").prints("3090-id\n")
	assert.NotContains(t, me.run("environment", "list", "-o", "id").ok().stdout, "CUSTOM")
	assert.Zero(t, srv.ClearFaults())
}
