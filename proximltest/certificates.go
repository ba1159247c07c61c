package proximltest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"
)

// How long certificates are good. Uncertain, both.
const (
	authorityLife   = 10 * 365 * 24 * time.Hour
	certificateLife = 365 * 24 * time.Hour
)

const defaultKey = "ed25519"

// keys makes a key of each algorithm.
var keys = map[string]func() (crypto.Signer, error){
	"rsa2048":  rsaKey(2048),
	"rsa4096":  rsaKey(4096),
	defaultKey: func() (crypto.Signer, error) { _, key, err := ed25519.GenerateKey(rand.Reader); return key, err },
	"p256":     ecdsaKey(elliptic.P256()),
	"p384":     ecdsaKey(elliptic.P384()),
	"p521":     ecdsaKey(elliptic.P521()),
}

func rsaKey(bits int) func() (crypto.Signer, error) {
	return func() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, bits) }
}

func ecdsaKey(curve elliptic.Curve) func() (crypto.Signer, error) {
	return func() (crypto.Signer, error) { return ecdsa.GenerateKey(curve, rand.Reader) }
}

// authority is the certificate authority of one service. Whom it certifies may connect to the service.
type authority struct {
	Certificate []byte `json:"certificate"` // DER
	Key         []byte `json:"key"`         // PKCS #8
}

// newAuthority makes an authority. Its certificates are good by the real time, as the login is: programs judge them by their machine's clock.
func newAuthority(serviceID, algorithm string) (*authority, error) {
	newKey, known := keys[algorithm]
	if !known {
		return nil, invalid(msgBadChoice, "algorithm", algorithm)
	}
	key, err := newKey()
	if err != nil {
		return nil, fmt.Errorf("making a key: %w", err)
	}
	now := time.Now()
	template := &x509.Certificate{
		Subject:   pkix.Name{CommonName: "Service CA", OrganizationalUnit: []string{serviceID}},
		NotBefore: now, NotAfter: now.Add(authorityLife),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("making the certificate of the authority: %w", err)
	}
	stored, err := x509.MarshalPKCS8PrivateKey(key)
	return &authority{certificate, stored}, err
}

// text returns the authority's own certificate as PEM.
func (ca *authority) text() string { return certificateText(ca.Certificate) }

func certificateText(der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// sign makes a client's certificate, as PEM, of a certificate request for the service.
func (ca *authority) sign(csr, serviceID string) (string, error) {
	request, err := readRequest(csr)
	if err != nil {
		return "", invalid(msgBadCSR, err)
	}
	if !slices.Contains(request.Subject.OrganizationalUnit, serviceID) {
		return "", invalid(msgWrongUnit, serviceID)
	}
	if !forClients(request) {
		return "", invalid(msgWrongUsage)
	}
	issuer, err := x509.ParseCertificate(ca.Certificate)
	if err != nil {
		return "", fmt.Errorf("reading the certificate of the authority: %w", err)
	}
	key, err := x509.ParsePKCS8PrivateKey(ca.Key)
	if err != nil {
		return "", fmt.Errorf("reading the key of the authority: %w", err)
	}
	now := time.Now()
	template := &x509.Certificate{
		RawSubject: request.RawSubject,
		NotBefore:  now, NotAfter: now.Add(certificateLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true,
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, issuer, request.PublicKey, key)
	if err != nil {
		return "", fmt.Errorf("signing the certificate: %w", err)
	}
	return certificateText(signed), nil
}

// readRequest reads a certificate request and checks that its sender has the key.
func readRequest(text string) (*x509.CertificateRequest, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil || block.Type != "CERTIFICATE REQUEST" {
		return nil, errors.New("it is not PEM of the type CERTIFICATE REQUEST")
	}
	request, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		return nil, err
	}
	return request, request.CheckSignature()
}

var (
	extendedKeyUsage     = asn1.ObjectIdentifier{2, 5, 29, 37}
	clientAuthentication = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 2}
)

// forClients tells whether a request asks for client authentication, among other usages or by naming none.
func forClients(request *x509.CertificateRequest) bool {
	for _, extension := range request.Extensions {
		if !extension.Id.Equal(extendedKeyUsage) {
			continue
		}
		var usages []asn1.ObjectIdentifier
		asn1.Unmarshal(extension.Value, &usages)
		return slices.ContainsFunc(usages, clientAuthentication.Equal)
	}
	return true
}
