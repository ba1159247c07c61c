package proximltest_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go/proximltest"
)

// newKey makes a key for a client.
func newKey(t *testing.T) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return key
}

// Usages that certificate requests can ask for.
var (
	serverUsage = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 1}
	clientUsage = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 2}
)

// csr makes a certificate request of a client for a service.
func csr(t *testing.T, key crypto.Signer, serviceID string, usages ...asn1.ObjectIdentifier) []byte {
	t.Helper()
	template := &x509.CertificateRequest{Subject: pkix.Name{CommonName: "client-1", OrganizationalUnit: []string{serviceID}}, DNSNames: []string{"client-1.local"}}
	if usages != nil {
		value, err := asn1.Marshal(usages)
		require.NoError(t, err)
		template.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Value: value}}
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, template, key)
	require.NoError(t, err)
	return der
}

func csrPEM(der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
}

// certificate decodes one certificate of PEM.
func certificate(t *testing.T, text string) *x509.Certificate {
	t.Helper()
	block, rest := pem.Decode([]byte(text))
	require.NotNil(t, block, text)
	require.Equal(t, "CERTIFICATE", block.Type)
	require.Empty(t, rest)
	parsed, err := x509.ParseCertificate(block.Bytes)
	require.NoError(t, err)
	return parsed
}

// service makes a service and returns its path, its path as a resource of the Personal project, and its id.
func (w *world) service(as *proximltest.Account) (own, inProject, id string) {
	w.Helper()
	own = w.asset(as, w.region(as)+"/service", serviceBody)
	list := "/project/" + as.Project + "/services"
	w.send(as, "PATCH", list, nil).list()
	return own, list + "/" + path.Base(own), path.Base(own)
}

func TestGeneratingCertificates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	own, inProject, id := w.service(me)
	bare := w.get(me, own)
	w.send(me, "POST", own+"/certificate", object{"algorithm": "rsa1024"}).invalid("algorithm rsa1024 Invalid")
	assert.Equal(t, bare, w.get(me, own))
	for algorithm, check := range map[string]func(key any) bool{
		"":        func(key any) bool { return key.(ed25519.PublicKey) != nil },
		"ed25519": func(key any) bool { return key.(ed25519.PublicKey) != nil },
		"p256":    func(key any) bool { return key.(*ecdsa.PublicKey).Curve == elliptic.P256() },
		"p384":    func(key any) bool { return key.(*ecdsa.PublicKey).Curve == elliptic.P384() },
		"p521":    func(key any) bool { return key.(*ecdsa.PublicKey).Curve == elliptic.P521() },
		"rsa2048": func(key any) bool { return key.(*rsa.PublicKey).Size() == 2048/8 },
		"rsa4096": func(key any) bool { return key.(*rsa.PublicKey).Size() == 4096/8 },
	} {
		body := object{"algorithm": algorithm}
		if algorithm == "" {
			body = nil
		}
		made := w.send(me, "POST", own+"/certificate"+in("any"), body).object()
		text := made["auth_cert"].(string)
		assert.Equal(t, with(bare, object{"auth_cert": text}), made)
		assert.Equal(t, made, w.get(me, own))
		assert.Equal(t, text, decode[string](w.send(me, "GET", inProject+"/certificate/ca", nil)))
		ca := certificate(t, text)
		assert.True(t, check(ca.PublicKey), algorithm)
		assert.True(t, ca.IsCA)
		assert.NoError(t, ca.CheckSignature(ca.SignatureAlgorithm, ca.RawTBSCertificate, ca.Signature))
		assert.Equal(t, []string{id}, ca.Subject.OrganizationalUnit)
		signed := certificate(t, decode[string](w.send(me, "POST", own+"/certificate/sign", object{"csr": csrPEM(csr(t, newKey(t), id, clientUsage))})))
		assert.NoError(t, signed.CheckSignatureFrom(ca), algorithm)
	}
}

func TestSigning(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me, you := w.srv.Account("me@example.com"), w.srv.Account("you@example.com")
	own, inProject, id := w.service(me)
	key := newKey(t)
	request := object{"csr": csrPEM(csr(t, key, id, clientUsage))}
	for _, path := range []string{own, inProject} {
		w.send(me, "POST", path+"/certificate/sign", request).invalid("No certificate was generated for the service")
	}
	w.send(me, "GET", inProject+"/certificate/ca", nil).fails(http.StatusNotFound, "Not Found")
	ca := certificate(t, w.send(me, "POST", own+"/certificate", nil).object()["auth_cert"].(string))
	for _, path := range []string{own, inProject} {
		for _, usages := range [][]asn1.ObjectIdentifier{nil, {clientUsage}, {serverUsage, clientUsage}} {
			answer := w.send(me, "POST", path+"/certificate/sign"+in("any"), object{"csr": csrPEM(csr(t, key, id, usages...))})
			signed := certificate(t, decode[string](answer))
			roots := x509.NewCertPool()
			roots.AddCert(ca)
			_, err := signed.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
			assert.NoError(t, err)
			assert.Equal(t, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, signed.ExtKeyUsage)
			assert.Equal(t, key.Public(), signed.PublicKey)
			assert.Equal(t, "client-1", signed.Subject.CommonName)
			assert.False(t, signed.IsCA)
			assert.WithinDuration(t, time.Now().AddDate(1, 0, 0), signed.NotAfter, 48*time.Hour)
		}
	}
	w.send(you, "POST", own+"/certificate/sign", request).fails(http.StatusNotFound, "Not Found")
	w.send(you, "POST", own+"/certificate", nil).fails(http.StatusNotFound, "Not Found")
	w.send(you, "POST", inProject+"/certificate/sign", request).fails(http.StatusNotFound, "Not Found")

	// The next authority knows nothing of the former's clients.
	signed := certificate(t, decode[string](w.send(me, "POST", own+"/certificate/sign", request)))
	next := certificate(t, w.send(me, "POST", own+"/certificate", nil).object()["auth_cert"].(string))
	assert.Error(t, signed.CheckSignatureFrom(next))
}

func TestRequestsThatAreNotSigned(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	own, _, id := w.service(me)
	w.send(me, "POST", own+"/certificate", nil).object()
	sign := func(csr string) reply { return w.send(me, "POST", own+"/certificate/sign", object{"csr": csr}) }
	sign("").invalid("csr Invalid: it is not PEM of the type CERTIFICATE REQUEST")
	sign("CSR").invalid("csr Invalid: it is not PEM of the type CERTIFICATE REQUEST")
	good := csr(t, newKey(t), id)
	sign(strings.ReplaceAll(csrPEM(good), "REQUEST", "")).invalid("csr Invalid: it is not PEM of the type CERTIFICATE REQUEST")
	forged := append([]byte(nil), good...)
	forged[len(forged)-1] ^= 1
	for _, bad := range [][]byte{forged, good[:20]} {
		answer := sign(csrPEM(bad))
		assert.Equal(t, http.StatusBadRequest, answer.status)
		assert.Contains(t, answer.text, "Invalid Request - csr Invalid: ")
	}
	wrongUnit := "The csr must have the service's id " + id + " as organizational unit"
	sign(csrPEM(csr(t, newKey(t), "another"))).invalid(wrongUnit)
	none, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, newKey(t))
	require.NoError(t, err)
	sign(csrPEM(none)).invalid(wrongUnit)
	sign(csrPEM(csr(t, newKey(t), id, serverUsage))).invalid("The csr must ask for client authentication")
}

// The certificates do what they are for: a server that trusts a service's authority lets its clients in, and nobody else.
func TestClientCertificates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	own, inProject, id := w.service(me)
	w.send(me, "POST", own+"/certificate", object{"algorithm": "p256"}).object()
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM([]byte(decode[string](w.send(me, "GET", inProject+"/certificate/ca", nil)))))
	key := newKey(t)
	signed := certificate(t, decode[string](w.send(me, "POST", inProject+"/certificate/sign", object{"csr": csrPEM(csr(t, key, id))})))
	client := tls.Certificate{Certificate: [][]byte{signed.Raw}, PrivateKey: key}

	server := &tls.Config{Certificates: []tls.Certificate{client}, ClientCAs: roots, ClientAuth: tls.RequireAndVerifyClientCert}
	assert.NoError(t, handshake(server, &tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{client}}))
	assert.Error(t, handshake(server, &tls.Config{InsecureSkipVerify: true}))
}

// handshake connects a client to a server and returns what the server thinks of it.
func handshake(server, client *tls.Config) error {
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	go func() {
		tls.Client(far, client).Handshake()
		io.Copy(io.Discard, far) // the server's last words
	}()
	return tls.Server(near, server).Handshake()
}
