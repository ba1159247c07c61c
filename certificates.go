package proximl

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/proximl/proximl-go/internal/stream"
)

// signRequest is a certificate request, as PEM.
type signRequest struct {
	CSR string `json:"csr"`
}

// signCertificate has a certificate request signed.
func signCertificate(ctx context.Context, c *ProxiML, operation string, to path, csr string, opts []RequestOption) (string, error) {
	if csr == "" {
		return "", invalid("certificate request", "csr", "is missing")
	}
	return certificate(ctx, c, operation, http.MethodPost, to, signRequest{csr}, opts)
}

// certificate makes a call that answers a certificate, and returns it as PEM.
//
// Uncertain: the service answers a bare string, or an object that holds one.
// The two tests of the Python client do not agree.
func certificate(ctx context.Context, c *ProxiML, operation, method string, to path, params any, opts []RequestOption) (text string, err error) {
	err = c.exchange(ctx, operation, method, to, params, opts, func(body *stream.Body) error {
		value, err := stream.Decode[any](body)
		if err != nil {
			return err
		}
		text, err = findCertificate(*value)
		return err
	})
	return text, err
}

// findCertificate finds the certificate that a string is or an object has. Of
// several it takes the one that is called certificate.
func findCertificate(value any) (string, error) {
	fields, isObject := value.(map[string]any)
	if !isObject {
		fields = map[string]any{"certificate": value}
	}
	found := map[string]string{}
	for name, field := range fields {
		text, _ := field.(string)
		if block, _ := pem.Decode([]byte(text)); block != nil && block.Type == "CERTIFICATE" {
			found[name] = text
		}
	}
	names := slices.Sorted(maps.Keys(found))
	switch {
	case found["certificate"] != "":
		return found["certificate"], nil
	case len(names) == 1:
		return found[names[0]], nil
	case len(names) == 0:
		return "", errors.New("it has no certificate in PEM form")
	}
	return "", fmt.Errorf("it does not say which of its certificates is meant: %s", strings.Join(names, ", "))
}
