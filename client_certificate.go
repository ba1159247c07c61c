package proximl

import (
	"cmp"
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
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
)

// CertificateAlgorithm is the kind of a certificate's key. The set is open.
type CertificateAlgorithm string

// The known algorithms.
const (
	CertificateAlgorithmED25519 CertificateAlgorithm = "ed25519" // what an empty one stands for
	CertificateAlgorithmRSA2048 CertificateAlgorithm = "rsa2048"
	CertificateAlgorithmRSA4096 CertificateAlgorithm = "rsa4096"
	CertificateAlgorithmP256    CertificateAlgorithm = "p256"
	CertificateAlgorithmP384    CertificateAlgorithm = "p384"
	CertificateAlgorithmP521    CertificateAlgorithm = "p521"
)

// ClientCertificate lets a program in to a service that asks for certificates.
type ClientCertificate struct {
	// Certificate is one of the Certificates of a [tls.Config]. It holds the
	// private key, which has not left this process.
	Certificate tls.Certificate
	// RootCAs are those of a [tls.Config]: the system's, and the authority of
	// the service if its certificate came along. Otherwise they are nil, which
	// also stands for the system's.
	//
	// Uncertain: by which of them the certificate of the service itself is
	// signed.
	RootCAs *x509.CertPool
}

// Format prints to whom the certificate belongs, and not its key.
func (c ClientCertificate) Format(s fmt.State, _ rune) {
	text := "ClientCertificate()"
	if leaf := c.Certificate.Leaf; leaf != nil {
		text = fmt.Sprintf("ClientCertificate(%v, until %v)", leaf.Subject, leaf.NotAfter)
	}
	_, _ = io.WriteString(s, text)
}

// LogValue logs what Format prints.
func (c ClientCertificate) LogValue() slog.Value { return logged(c) }

// NewClientCertificate makes a key and has a certificate for it signed, which a
// service then knows the client by: under a name of the caller's choice. An
// empty algorithm is ed25519.
//
// What signs is the SignCertificate of ServicesAPI or ProjectServicesAPI: it is
// given a certificate request and returns the certificate, both as PEM. If the
// certificate of the authority follows, on lines of its own, that goes to
// RootCAs.
//
// The request names the service as its organizational unit, as a test of the
// Python client does.
func NewClientCertificate(ctx context.Context, serviceID, name string, algorithm CertificateAlgorithm, sign func(ctx context.Context, csr string) (string, error)) (*ClientCertificate, error) {
	if err := need("client certificate", needed{"serviceID", serviceID}, needed{"name", name}); err != nil {
		return nil, err
	}
	if sign == nil {
		return nil, invalid("client certificate", "sign", "is missing")
	}
	key, err := newKey(cmp.Or(algorithm, CertificateAlgorithmED25519))
	if err != nil {
		return nil, err
	}
	request, err := newCertificateRequest(key, serviceID, name)
	if err != nil {
		return nil, invalid("client certificate", "name or serviceID", err.Error())
	}
	signed, err := sign(ctx, request)
	if err != nil {
		return nil, err
	}
	return newClientCertificate(key, signed)
}

// newKey makes a private key.
func newKey(algorithm CertificateAlgorithm) (crypto.Signer, error) {
	switch algorithm {
	case CertificateAlgorithmED25519:
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	case CertificateAlgorithmRSA2048:
		return rsa.GenerateKey(rand.Reader, 2048)
	case CertificateAlgorithmRSA4096:
		return rsa.GenerateKey(rand.Reader, 4096)
	case CertificateAlgorithmP256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case CertificateAlgorithmP384:
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case CertificateAlgorithmP521:
		return ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	}
	return nil, invalid("client certificate", "algorithm", fmt.Sprintf("%q is none of ed25519, rsa2048, rsa4096, p256, p384 and p521", algorithm))
}

var (
	extKeyUsage = asn1.ObjectIdentifier{2, 5, 29, 37}
	clientAuth  = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 2}
)

// newCertificateRequest asks for a certificate that clients authenticate with.
func newCertificateRequest(key crypto.Signer, serviceID, name string) (string, error) {
	usage, err := asn1.Marshal([]asn1.ObjectIdentifier{clientAuth})
	if err != nil {
		return "", err
	}
	request, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
		Subject:         pkix.Name{OrganizationalUnit: []string{serviceID}, CommonName: name},
		ExtraExtensions: []pkix.Extension{{Id: extKeyUsage, Critical: true, Value: usage}},
	}, key)
	if err != nil {
		return "", err
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: request})), nil
}

// newClientCertificate puts a key and what was signed together.
func newClientCertificate(key crypto.Signer, signed string) (*ClientCertificate, error) {
	certificates, err := parseCertificates(signed)
	if err != nil {
		return nil, fmt.Errorf("proximl: the client certificate cannot be read: %w", err)
	}
	own := slices.IndexFunc(certificates, func(c *x509.Certificate) bool { return belongs(c, key) })
	if own < 0 {
		return nil, errors.New("proximl: the service signed no certificate for the key that was made")
	}
	certificates[0], certificates[own] = certificates[own], certificates[0]
	client := &ClientCertificate{Certificate: tls.Certificate{PrivateKey: key, Leaf: certificates[0]}}
	for _, c := range certificates {
		client.Certificate.Certificate = append(client.Certificate.Certificate, c.Raw)
	}
	client.trust(certificates[1:])
	return client, nil
}

// belongs reports whether a certificate is that of a key.
func belongs(certificate *x509.Certificate, key crypto.Signer) bool {
	public, ok := certificate.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	return ok && public.Equal(key.Public())
}

// trust adds authorities to those of the system.
func (c *ClientCertificate) trust(authorities []*x509.Certificate) {
	if len(authorities) == 0 {
		return
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // a system without any
	}
	for _, authority := range authorities {
		pool.AddCert(authority)
	}
	c.RootCAs = pool
}

// parseCertificates reads the certificates of a PEM text, in their order.
func parseCertificates(text string) ([]*x509.Certificate, error) {
	var certificates []*x509.Certificate
	for rest := []byte(text); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return certificates, nil
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		certificates = append(certificates, certificate)
	}
}
