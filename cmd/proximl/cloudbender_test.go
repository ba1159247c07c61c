package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

// basement is a person with a region, whose commands work in it.
type basement struct {
	*person
	srv              *proximltest.Server
	provider, region string
}

func newBasement(t *testing.T, opts ...proximltest.Option) *basement {
	t.Helper()
	srv, me := service(t, opts...)
	provider := me.run("cloudbender", "provider", "enable", "physical", "-o", "id").id()
	region := me.run("cloudbender", "region", "create", "basement", "--provider", "physical", "-o", "id").id()
	return &basement{me, srv, provider, region}
}

// in runs a command of cloudbender in the region.
func (b *basement) in(command string, args ...string) *ran {
	b.t.Helper()
	all := append([]string{"cloudbender"}, strings.Fields(command)...)
	return b.run(append(append(all, args...), "--provider", "physical", "--region", "basement")...)
}

// sent is the body of the last request of a method to a path below the region.
func (b *basement) sent(method, path string) string {
	b.t.Helper()
	requests := b.srv.Requests()
	for i := len(requests) - 1; i >= 0; i-- {
		if requests[i].Method == method && requests[i].Path == "/provider/"+b.provider+"/region/"+b.region+path {
			return string(requests[i].Body)
		}
	}
	require.FailNow(b.t, "no such request", "%s %s", method, path)
	return ""
}

func TestProviderAndRegion(t *testing.T) {
	t.Parallel()
	b := newBasement(t, proximltest.WithDuration("new", time.Millisecond), proximltest.WithDuration("removing", time.Millisecond))
	b.run("cloudbender", "provider", "wait", "physical", "-o", "id").prints(b.provider + "\n").notes("")
	b.run("cloudbender", "provider", "show", b.provider, "-o", "id").prints(b.provider + "\n")
	b.run("cloudbender", "region", "wait", "basement", "-p", "physical", "-o", "id").prints(b.region + "\n")
	b.run("cloudbender", "region", "show", "basement", "-p", b.provider, "-o", "id").prints(b.region + "\n")
	id := b.run("cloudbender", "region", "create", "attic", "-p", "physical", "--no-public", "--storage-mode", "local", "-o", "id").id()
	requests := b.srv.Requests()
	assert.JSONEq(t, `{"name":"attic","public":false,"storage":{"mode":"local"}}`, string(requests[len(requests)-1].Body))

	model := b.run("model", "create", "m", "s3://bucket", "--source", "aws", "--no-attach", "-o", "id").id()
	b.run("cloudbender", "region", "add-model", "basement", "m", "-p", "physical").prints("").notes("Staged model m (" + model + ") in region basement\n")
	assert.JSONEq(t, `{"project_uuid":"`+b.account.Project+`","model_uuid":"`+model+`"}`, b.sent("POST", "/model"))

	b.run("cloudbender", "region", "list").fails(exitUsage, "--provider is missing; proximl cloudbender provider list shows what there is")
	b.run("cloudbender", "node", "list", "-p", "physical").fails(exitUsage, "--region is missing; proximl cloudbender region list shows what there is")
	b.run("cloudbender", "node", "list", "-p", "gcp", "-r", "x").fails(exitNotFound, `not found: no provider is called "gcp"; see "proximl cloudbender provider list"`)
	b.run("cloudbender", "node", "list", "-p", "physical", "-r", "x").fails(exitNotFound, `not found: no region is called "x"; see "proximl cloudbender region list"`)
	assert.Equal(t, "basement\t"+b.region+"\n:4\n", b.run("__complete", "cloudbender", "node", "list", "-p", "physical", "--region", "base").ok().stdout)
	assert.Equal(t, "physical\t"+b.provider+"\n:4\n", b.run("__complete", "cloudbender", "node", "list", "--provider", "phy").ok().stdout)

	b.run("cloudbender", "region", "remove", "attic", "-p", "physical", "-y").notes("Removed region attic (" + id + ")\n")
	b.run("cloudbender", "region", "wait", id, "-p", "physical", "--for", "archived").prints("").notes("There is no more region " + id + "\n")
	b.run("cloudbender", "provider", "remove", "physical", "-y").notes("Removed provider physical (" + b.provider + ")\n")
}

func TestNode(t *testing.T) {
	t.Parallel()
	b := newBasement(t, proximltest.WithDuration("new", time.Millisecond), proximltest.WithDuration("removing", time.Millisecond))
	id := b.in("node create hq-01", "-m", "abc", "--hostname", "host", "-o", "id").id()
	assert.JSONEq(t, `{"friendly_name":"hq-01","hostname":"host","minion_id":"abc","type":"permanent","service":"compute"}`, b.sent("POST", "/node"))
	b.in("node show hq-01", "-o", "id").prints(id + "\n")
	maintenance := func(args ...string) string {
		b.in("node maintenance hq-01", append(args, "-o", "id")...).prints(id + "\n")
		node, err := b.client.CloudBender.Nodes.Get(t.Context(), b.provider, b.region, id)
		require.NoError(t, err)
		return map[bool]string{true: "on", false: "off"}[node.MaintenanceMode]
	}
	assert.Equal(t, "on", maintenance("--on"))
	assert.Equal(t, "on", maintenance("--on"))
	assert.Equal(t, "off", maintenance("--off"))
	assert.Equal(t, "off", maintenance("--off"))
	assert.Equal(t, "on", maintenance())
	assert.Equal(t, "off", maintenance())
	b.in("node maintenance hq-01", "--on", "--off").fails(exitUsage, "--on and --off cannot both be given")
	b.in("node action hq-01 report").prints("").notes("Sent report to node hq-01 (" + id + ")\n")
	assert.JSONEq(t, `{"command":"report"}`, b.sent("POST", "/node/"+id+"/action"))
	b.in("node wait hq-01", "-o", "id").prints(id + "\n")
	require.NoError(t, b.srv.SetStatus(id, "errored"))
	assert.Equal(t, exitFailed, b.in("node wait", id).code)
	b.in("node remove hq-01").fails(exitUsage, "cannot ask whether to remove node hq-01 ("+id+"), since stdin is no terminal; add --yes")
	b.in("node remove hq-01", "-y").notes("Removed node hq-01 (" + id + ")\n")

	b.srv.Inject(proximltest.Fault{On: "POST /provider/{p}/region/{r}/node", Kind: proximltest.ResetAfterWork})
	assert.Contains(t, b.in("node create lost").stderr, "; node lost (")
}

func TestDevice(t *testing.T) {
	t.Parallel()
	b := newBasement(t)
	b.in("device create cam").fails(exitUsage, "--minion-id is missing; see proximl cloudbender device create --help")
	id := b.in("device create cam", "--minion-id", "abc", "-o", "id").id()
	model := b.run("model", "create", "detector", "s3://bucket", "--source", "aws", "--no-attach", "-o", "id").id()
	b.in("device-config create see", "--model", "detector").fails(exitUsage, "--image, --command is missing; see proximl cloudbender device-config create --help")
	config := b.in("device-config create see", "--model", "detector", "--image", "nvidia/cuda", "--command", "run", "-o", "id").id()
	assert.JSONEq(t, `{"name":"see","model_uuid":"`+model+`","model_project_uuid":"`+b.account.Project+`","image":"nvidia/cuda","command":"run"}`, b.sent("POST", "/device/config"))

	device := func() *proximl.Device {
		device, err := b.client.CloudBender.Devices.Get(t.Context(), b.provider, b.region, id)
		require.NoError(t, err)
		return device
	}
	b.in("device set-config cam").fails(exitUsage, "give either --config or --none")
	b.in("device set_config cam", "--config", "see", "-o", "id").prints(id + "\n")
	assert.Equal(t, config, device().ConfigID)
	b.in("device deploy cam").prints("").notes("Deployed to device cam (" + id + ")\n")
	assert.EqualValues(t, "running", device().JobStatus)
	b.in("device stop cam").prints("").notes("Stopped what runs on device cam (" + id + ")\n")
	assert.EqualValues(t, "stopped", device().JobStatus)
	b.in("device set-config cam", "--none", "-o", "id").prints(id + "\n")
	assert.Empty(t, device().ConfigID)
	b.in("device maintenance cam", "--off", "-o", "id").prints(id + "\n")
	b.in("device action cam report").notes("Sent report to device cam (" + id + ")\n")
	b.in("device_config remove see", "-y").notes("Removed device config see (" + config + ")\n")
	b.in("device remove cam", "-y").notes("Removed device cam (" + id + ")\n")
}

func TestRegionStores(t *testing.T) {
	t.Parallel()
	b := newBasement(t)
	store := b.in("datastore create files", "-t", "nfs", "-u", "192.168.0.50", "--root", "/exports", "-o", "id").id()
	assert.JSONEq(t, `{"name":"files","type":"nfs","uri":"192.168.0.50","root":"/exports"}`, b.sent("POST", "/datastore"))
	b.in("datastore create files").fails(exitUsage, "--type, --uri, --root is missing; see proximl cloudbender datastore create --help")
	connector := b.in("data_connector create db", "--protocol", "TCP", "--cidr", "10.0.3.0/24", "--port-range", "5432-5433", "-o", "id").id()
	assert.JSONEq(t, `{"name":"db","type":"custom","protocol":"TCP","cidr":"10.0.3.0/24","port_range":"5432-5433"}`, b.sent("POST", "/data_connector"))
	b.in("datastore show files", "-o", "id").prints(store + "\n")
	b.in("datastore remove files", "-y").notes("Removed datastore files (" + store + ")\n")
	b.in("data-connector remove db", "-y").notes("Removed data connector db (" + connector + ")\n")
}

func TestServiceCertificates(t *testing.T) {
	t.Parallel()
	b := newBasement(t, proximltest.WithDuration("new", time.Millisecond))
	id := b.in("service create api", "--port", "8989", "--no-public", "-o", "id").id()
	assert.JSONEq(t, `{"name":"api","type":"https","public":false,"port":"8989"}`, b.sent("POST", "/service"))
	b.in("service wait api", "-o", "id").prints(id + "\n")
	b.in("service certificate ca api").fails(exitNotFound, "not found: service api ("+id+
		") has no certificate; proximl cloudbender service certificate generate gives it one")
	authority := b.in("service certificate generate api", "--algorithm", "p256").ok().notes("").stdout
	assert.JSONEq(t, `{"algorithm":"p256"}`, b.sent("POST", "/service/"+id+"/certificate"))
	b.in("service certificate ca api").prints(authority)
	b.in("service certificate generate api").fails(exitUsage, "cannot ask whether to replace the certificate of service api ("+id+
		"), which may lock out its clients, since stdin is no terminal; add --yes")

	dir := t.TempDir()
	cert, key := filepath.Join(dir, "laptop.pem"), filepath.Join(dir, "laptop-key.pem")
	b.in("service certificate client api laptop", "--cert", cert, "--key", key).prints("").notes("Wrote " + cert + " and " + key + "\n")
	pair, err := tls.LoadX509KeyPair(cert, key)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM([]byte(authority)))
	_, err = pair.Leaf.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	require.NoError(t, err)
	assert.Equal(t, "laptop", pair.Leaf.Subject.CommonName)
	if runtime.GOOS != "windows" {
		info, err := os.Stat(key)
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	}

	request, err := x509.CreateCertificateRequest(nil, &x509.CertificateRequest{Subject: pair.Leaf.Subject}, pair.PrivateKey)
	require.NoError(t, err)
	csr := filepath.Join(dir, "client.csr")
	require.NoError(t, os.WriteFile(csr, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: request}), 0o600))
	assert.True(t, strings.HasPrefix(b.in("service certificate sign api", "--csr", csr).ok().stdout, "-----BEGIN CERTIFICATE-----\n"))
}

// Files that are there stay as they are, and a failure leaves none.
func TestServiceCertificateFiles(t *testing.T) {
	t.Parallel()
	b := newBasement(t)
	b.in("service create api").ok()
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	client := func() *ran { return b.in("service certificate client api laptop", "--cert", cert, "--key", key) }
	assert.Equal(t, exitError, client().code, "it has no certificate of its own")
	assert.NoFileExists(t, cert)
	assert.NoFileExists(t, key)

	b.in("service certificate generate api").ok()
	require.NoError(t, os.WriteFile(cert, []byte("mine"), 0o600))
	client().fails(exitError, "--cert: open "+cert+": file exists")
	content, err := os.ReadFile(cert)
	require.NoError(t, err)
	assert.Equal(t, "mine", string(content))
	assert.NoFileExists(t, key)
}
