package proximl_test

import (
	"encoding/pem"
	"net/http"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

// Two texts that are certificates by their form, and a key that is none.
const (
	pemA   = "-----BEGIN CERTIFICATE-----\nQQ==\n-----END CERTIFICATE-----\n"
	pemB   = "-----BEGIN CERTIFICATE-----\nQg==\n-----END CERTIFICATE-----\n"
	pemKey = "-----BEGIN PRIVATE KEY-----\nQQ==\n-----END PRIVATE KEY-----\n"
)

// The certificate is found in each form that a reply may have.
func TestCertificateReplies(t *testing.T) {
	t.Parallel()
	a, b, key := strconv.Quote(pemA), strconv.Quote(pemB), strconv.Quote(pemKey)
	const unreadable = "GET /project/p/services/s/certificate/ca: 200 OK: the reply cannot be read: "
	for name, test := range map[string]struct {
		reply string
		want  string
		text  string // of the error
	}{
		"a string":                  {reply: a, want: pemA},
		"a chain":                   {reply: strconv.Quote(pemA + pemB), want: pemA + pemB},
		"with a text before it":     {reply: strconv.Quote("Issuer: x\n" + pemA), want: "Issuer: x\n" + pemA},
		"a field":                   {reply: `{"ca":` + a + `}`, want: pemA},
		"a field among others":      {reply: `{"id":"x","n":1,"o":{"a":null},"key":` + key + `,"cert":` + b + `}`, want: pemB},
		"the one called so":         {reply: `{"ca":` + a + `,"certificate":` + b + `}`, want: pemB},
		"the one that is not empty": {reply: `{"ca":` + a + `,"certificate":""}`, want: pemA},
		"several":                   {reply: `{"root":` + a + `,"leaf":` + b + `}`, text: unreadable + "it does not say which of its certificates is meant: leaf, root"},
		"a text":                    {reply: `"certificate"`, text: unreadable + "it has no certificate in PEM form"},
		"a key":                     {reply: `{"certificate":` + key + `}`, text: unreadable + "it has no certificate in PEM form"},
		"an empty object":           {reply: `{}`, text: unreadable + "it has no certificate in PEM form"},
		"a list":                    {reply: `[` + a + `]`, text: unreadable + "it has no certificate in PEM form"},
		"a number":                  {reply: `5`, text: unreadable + "it has no certificate in PEM form"},
		"null":                      {reply: `null`, text: unreadable + "it is null"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, mock := newMock(t)
			mock.expect(exchange{method: http.MethodGet, path: "/project/p/services/s/certificate/ca", query: inActive, reply: test.reply})
			certificate, err := client.Services.CACertificate(t.Context(), "p", "s")
			assert.Equal(t, test.want, certificate)
			if test.text == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, test.text)
		})
	}
}

// The service may have signed it all the same.
func TestSignedCertificateThatCannotBeRead(t *testing.T) {
	t.Parallel()
	client, mock := newMock(t)
	mock.expect(exchange{method: http.MethodPost, path: "/project/p/services/s/certificate/sign", body: `{"csr":"CSR"}`, reply: `{"cert":"soon"}`})
	certificate, err := client.Services.SignCertificate(t.Context(), "p", "s", "CSR")
	require.ErrorIs(t, err, proximl.ErrOutcomeUnknown)
	require.ErrorContains(t, err, "POST /project/p/services/s/certificate/sign: 200 OK: the reply cannot be read: it has no certificate in PEM form")
	assert.Empty(t, certificate)
}

// The mock fails the test when anything is sent.
func TestSignNothing(t *testing.T) {
	t.Parallel()
	client, _ := newMock(t)
	certificate, err := client.Services.SignCertificate(t.Context(), "p", "s", "")
	require.EqualError(t, err, "invalid certificate request: csr: is missing")
	require.ErrorIs(t, err, proximl.ErrInvalid)
	assert.Empty(t, certificate)
}

// Whatever the service answers, what is returned is a certificate by its form.
func FuzzCertificateReply(f *testing.F) {
	for _, seed := range []string{
		strconv.Quote(pemA), `{"ca":` + strconv.Quote(pemA) + `}`, `{"certificate":` + strconv.Quote(pemKey+pemB) + `}`,
		`{"certificate":{"certificate":` + strconv.Quote(pemA) + `}}`, `"-----BEGIN CERTIFICATE-----"`, `[]`, `{`, `null`, "",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, reply string) {
		client, mock := newMock(t)
		mock.RegisterNoResponder(func(req *http.Request) (*http.Response, error) { return exchange{reply: reply}.response(req), nil })
		certificate, err := client.Services.CACertificate(t.Context(), "p", "s")
		if err != nil {
			require.Empty(t, certificate)
			return
		}
		block, _ := pem.Decode([]byte(certificate))
		require.NotNil(t, block)
		require.Equal(t, "CERTIFICATE", block.Type)
	})
}
