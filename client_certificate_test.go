package proximl_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

// signedPEM is a certificate of nobody: enough for who only passes it on.
var signedPEM = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")}))

func quoted(text string) string { return strconv.Quote(text) }

// authority signs certificates as the authority of a service does.
type authority struct {
	t           *testing.T
	key         ed25519.PrivateKey
	certificate *x509.Certificate
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	a := &authority{t: t, key: key}
	template := a.template("authority")
	template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	a.certificate, err = x509.ParseCertificate(der)
	require.NoError(t, err)
	return a
}

func (a *authority) template(name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
}

// certify makes a certificate from a template, as PEM.
func (a *authority) certify(template *x509.Certificate, key crypto.PublicKey) string {
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key, a.key)
	require.NoError(a.t, err)
	return certificatePEM(der)
}

func (a *authority) pem() string { return certificatePEM(a.certificate.Raw) }

func certificatePEM(der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// sign is what the service does: it certifies what a good request asks for.
func (a *authority) sign(_ context.Context, csr string) (string, error) {
	request := a.read(csr)
	template := a.template("")
	template.Subject = request.Subject
	template.ExtraExtensions = request.Extensions
	return a.certify(template, request.PublicKey), nil
}

func (a *authority) read(csr string) *x509.CertificateRequest {
	block, rest := pem.Decode([]byte(csr))
	require.NotNil(a.t, block, csr)
	assert.Equal(a.t, "CERTIFICATE REQUEST", block.Type)
	assert.Empty(a.t, rest)
	request, err := x509.ParseCertificateRequest(block.Bytes)
	require.NoError(a.t, err)
	require.NoError(a.t, request.CheckSignature())
	if assert.Len(a.t, request.Extensions, 1) {
		assert.Equal(a.t, "2.5.29.37", request.Extensions[0].Id.String(), "extended key usage")
		assert.True(a.t, request.Extensions[0].Critical)
	}
	return request
}

func TestNewClientCertificate(t *testing.T) {
	t.Parallel()
	for algorithm, kind := range map[proximl.CertificateAlgorithm]string{
		proximl.CertificateAlgorithmED25519: "ed25519",
		proximl.CertificateAlgorithmRSA2048: "RSA 2048",
		proximl.CertificateAlgorithmRSA4096: "RSA 4096",
		proximl.CertificateAlgorithmP256:    "P-256",
		proximl.CertificateAlgorithmP384:    "P-384",
		proximl.CertificateAlgorithmP521:    "P-521",
		"":                                  "ed25519",
	} {
		t.Run("algorithm "+string(algorithm), func(t *testing.T) {
			t.Parallel()
			service := newAuthority(t)
			client, err := proximl.NewClientCertificate(t.Context(), "service-1", "me", algorithm, service.sign)
			require.NoError(t, err)
			assert.Nil(t, client.RootCAs)
			assert.Equal(t, kind, kindOf(client.Certificate.PrivateKey))

			leaf := client.Certificate.Leaf
			assert.Equal(t, [][]byte{leaf.Raw}, client.Certificate.Certificate)
			assert.Equal(t, "CN=me,OU=service-1", leaf.Subject.String())
			assert.Equal(t, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, leaf.ExtKeyUsage, "the request asks for it")
		})
	}
}

func kindOf(key crypto.PrivateKey) string {
	switch key := key.(type) {
	case ed25519.PrivateKey:
		return "ed25519"
	case *rsa.PrivateKey:
		return fmt.Sprint("RSA ", key.N.BitLen())
	case *ecdsa.PrivateKey:
		return key.Params().Name
	}
	return fmt.Sprintf("%T", key)
}

// A server that asks for certificates of its authority lets in who has one.
func TestClientCertificateOpensTheDoor(t *testing.T) {
	t.Parallel()
	service := newAuthority(t)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "hello "+r.TLS.PeerCertificates[0].Subject.CommonName)
	}))
	clients := x509.NewCertPool()
	clients.AddCert(service.certificate)
	server.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients, Certificates: []tls.Certificate{service.server()}}
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	server.StartTLS()
	t.Cleanup(server.Close)

	client, err := proximl.NewClientCertificate(t.Context(), "service-1", "me", "", func(ctx context.Context, csr string) (string, error) {
		signed, err := service.sign(ctx, csr)
		return "the authority first\n" + service.pem() + signed, err
	})
	require.NoError(t, err)
	assert.Equal(t, "CN=me,OU=service-1", client.Certificate.Leaf.Subject.String())
	assert.Len(t, client.Certificate.Certificate, 2)

	config := &tls.Config{Certificates: []tls.Certificate{client.Certificate}, RootCAs: client.RootCAs}
	body, err := get(t, server.URL, config)
	require.NoError(t, err)
	assert.Equal(t, "hello me", body)

	_, err = get(t, server.URL, &tls.Config{RootCAs: client.RootCAs})
	require.ErrorContains(t, err, "certificate required")
	_, err = get(t, server.URL, &tls.Config{Certificates: []tls.Certificate{client.Certificate}})
	require.ErrorContains(t, err, "unknown authority")
}

// server is a certificate of the authority for servers on this machine.
func (a *authority) server() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(a.t, err)
	template := a.template("server")
	template.DNSNames = []string{"example.com"}
	block, _ := pem.Decode([]byte(a.certify(template, key.Public())))
	return tls.Certificate{Certificate: [][]byte{block.Bytes}, PrivateKey: key}
}

func get(t *testing.T, url string, config *tls.Config) (string, error) {
	t.Helper()
	config.ServerName = "example.com"
	transport := &http.Transport{TLSClientConfig: config}
	t.Cleanup(transport.CloseIdleConnections)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return string(body), err
}

func TestNewClientCertificateFails(t *testing.T) {
	t.Parallel()
	service := newAuthority(t)
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	answers := func(text string) func(context.Context, string) (string, error) {
		return func(context.Context, string) (string, error) { return text, nil }
	}
	refusal := errors.New("refused")
	for name, test := range map[string]struct {
		serviceID, name string
		algorithm       proximl.CertificateAlgorithm
		sign            func(context.Context, string) (string, error)
		is              error
		text            string
	}{
		"no ids": {
			sign: service.sign, is: proximl.ErrInvalid,
			text: "invalid client certificate: serviceID: is missing; name: is missing",
		},
		"nothing that signs": {
			serviceID: "s", name: "me", is: proximl.ErrInvalid,
			text: "invalid client certificate: sign: is missing",
		},
		"an algorithm that it does not know": {
			serviceID: "s", name: "me", algorithm: "dsa", sign: service.sign, is: proximl.ErrInvalid,
			text: `invalid client certificate: algorithm: "dsa" is none of ed25519, rsa2048, rsa4096, p256, p384 and p521`,
		},
		"a name that cannot be written": {
			serviceID: "s", name: "\xff", sign: service.sign, is: proximl.ErrInvalid,
			text: "invalid client certificate: name or serviceID: asn1: string not valid UTF-8",
		},
		"the service refuses": {
			serviceID: "s", name: "me", sign: func(context.Context, string) (string, error) { return "", refusal }, is: refusal,
			text: "refused",
		},
		"the certificate of another": {
			serviceID: "s", name: "me", sign: answers(service.certify(service.template("you"), other.Public())),
			text: "proximl: the service signed no certificate for the key that was made",
		},
		"no certificate": {
			serviceID: "s", name: "me", sign: answers("-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n"),
			text: "proximl: the service signed no certificate for the key that was made",
		},
		"a broken certificate": {
			serviceID: "s", name: "me", sign: answers(signedPEM),
			text: "proximl: the client certificate cannot be read: x509: malformed certificate",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, err := proximl.NewClientCertificate(t.Context(), test.serviceID, test.name, test.algorithm, test.sign)
			require.EqualError(t, err, test.text)
			assert.Nil(t, client)
			if test.is != nil {
				require.ErrorIs(t, err, test.is)
			}
		})
	}
}

// Printing one does not print its key.
func TestClientCertificateHidesItsKey(t *testing.T) {
	t.Parallel()
	service := newAuthority(t)
	client, err := proximl.NewClientCertificate(t.Context(), "service-1", "me", "", service.sign)
	require.NoError(t, err)
	want := "ClientCertificate(CN=me,OU=service-1, until " + client.Certificate.Leaf.NotAfter.String() + ")"
	for _, verb := range verbs {
		assert.Equal(t, want, fmt.Sprintf(verb, client), verb)
		assert.Equal(t, want, fmt.Sprintf(verb, *client), verb)
	}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("made", "certificate", client)
	assert.Contains(t, log.String(), `"certificate":"`+want+`"`)
	assert.Equal(t, "ClientCertificate()", fmt.Sprint(proximl.ClientCertificate{}))
}
