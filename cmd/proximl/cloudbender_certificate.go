package main

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/proximl/proximl-go"
)

const algorithms = "the kind of key: `ed25519|rsa2048|rsa4096|p256|p384|p521`"

func serviceCertificateCommand(a *app, k regionalKind[proximl.Service]) *cobra.Command {
	return group("certificate", "Work with the certificates of a service",
		certificateGenerateCommand(a, k),
		certificateCACommand(a, k),
		certificateSignCommand(a, k),
		certificateClientCommand(a, k),
	)
}

func certificateGenerateCommand(a *app, k regionalKind[proximl.Service]) *cobra.Command {
	var algorithm string
	cmd := a.asks(k.on(a, &cobra.Command{
		Use:   "generate NAME_OR_ID",
		Short: "Give a service a certificate of its own, with a new key",
		Long: `Give a service a certificate of its own, with a new key, and print it as PEM. The
service then lets only clients in whose certificates it has signed; presumably
none any more that it signed before.`,
		Example: "  " + k.path() + " certificate generate api" + inBasement + " > ca.pem",
	}, func(ctx context.Context, client *proximl.ProxiML, service *proximl.Service) error {
		if service.AuthCert != "" {
			if err := a.confirm(ctx, "replace the certificate of "+k.describe(service)+", which may lock out its clients"); err != nil {
				return err
			}
		}
		changed, err := client.CloudBender.Services.GenerateCertificate(ctx, k.providerID, k.regionID, service.ID, proximl.CertificateAlgorithm(algorithm))
		if err != nil {
			return err
		}
		return a.printAuthority(k, changed)
	}))
	cmd.Flags().StringVar(&algorithm, "algorithm", string(proximl.CertificateAlgorithmED25519), algorithms)
	return cmd
}

func certificateCACommand(a *app, k regionalKind[proximl.Service]) *cobra.Command {
	return k.on(a, &cobra.Command{
		Use:     "ca NAME_OR_ID",
		Short:   "Print the certificate of a service",
		Long:    "Print the certificate, as PEM, of the authority that signs those of a service's\nclients.",
		Example: "  " + k.path() + " certificate ca api" + inBasement + " > ca.pem",
	}, func(_ context.Context, _ *proximl.ProxiML, service *proximl.Service) error {
		return a.printAuthority(k, service)
	})
}

func (a *app) printAuthority(k regionalKind[proximl.Service], service *proximl.Service) error {
	if service.AuthCert == "" {
		return fmt.Errorf("%w: %s has no certificate; %s certificate generate gives it one", proximl.ErrNotFound, k.describe(service), k.path())
	}
	return a.printText(service.AuthCert)
}

func certificateSignCommand(a *app, k regionalKind[proximl.Service]) *cobra.Command {
	var csr string
	cmd := k.on(a, &cobra.Command{
		Use:   "sign NAME_OR_ID",
		Short: "Have a certificate request signed for a client",
		Long: `Have a certificate request (CSR) signed for a client of a service, and print the
certificate. Both are PEM. "` + k.path() + ` certificate client"
makes the request, too.`,
		Example: "  " + k.path() + " certificate sign api --csr client.csr" + inBasement + " > client.pem",
	}, func(ctx context.Context, client *proximl.ProxiML, service *proximl.Service) error {
		request, err := a.readFile(ctx, "--csr", csr)
		if err != nil {
			return err
		}
		signed, err := client.CloudBender.Services.SignCertificate(ctx, k.providerID, k.regionID, service.ID, string(request))
		if err != nil {
			return err
		}
		return a.printText(signed)
	})
	cmd.Flags().StringVar(&csr, "csr", "", "`FILE` with the certificate request, or - for stdin")
	return needsFlags(cmd, "csr")
}

// clientFiles are where the certificate and the key of a client go.
type clientFiles struct{ cert, key string }

func certificateClientCommand(a *app, k regionalKind[proximl.Service]) *cobra.Command {
	var algorithm string
	var files clientFiles
	cmd := k.onWith(a, 1, &cobra.Command{
		Use:   "client NAME_OR_ID CLIENT_NAME",
		Short: "Make a key and certificate for a client",
		Long: `Make a key on this machine, and have a certificate for it signed, under which the
service knows the client. Both are written as PEM to files that are not there yet;
only you can read the key.`,
		Example: "  " + k.path() + " certificate client api laptop --cert laptop.pem --key laptop-key.pem" + inBasement,
	}, func(ctx context.Context, client *proximl.ProxiML, service *proximl.Service, args []string) error {
		err := files.write(func() (*proximl.ClientCertificate, error) {
			return proximl.NewClientCertificate(ctx, service.ID, args[0], proximl.CertificateAlgorithm(algorithm), func(ctx context.Context, csr string) (string, error) {
				return client.CloudBender.Services.SignCertificate(ctx, k.providerID, k.regionID, service.ID, csr)
			})
		})
		if err == nil {
			a.note("Wrote %s and %s", files.cert, files.key)
		}
		return err
	})
	cmd.Flags().StringVar(&files.cert, "cert", "", "write the certificate to `FILE`")
	cmd.Flags().StringVar(&files.key, "key", "", "write the key to `FILE`")
	cmd.Flags().StringVar(&algorithm, "algorithm", string(proximl.CertificateAlgorithmED25519), algorithms)
	return needsFlags(cmd, "cert", "key")
}

// write makes the files before the certificate, so that none is signed that
// cannot be kept. If something fails, it leaves none.
func (f clientFiles) write(issue func() (*proximl.ClientCertificate, error)) (err error) {
	key, err := os.OpenFile(f.key, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("--key: %w", err)
	}
	defer func() { err = finish(key, err) }()
	cert, err := os.OpenFile(f.cert, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("--cert: %w", err)
	}
	defer func() { err = finish(cert, err) }()
	issued, err := issue()
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(issued.Certificate.PrivateKey)
	if err != nil {
		return err
	}
	var chain strings.Builder
	for _, certificate := range issued.Certificate.Certificate {
		chain.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}))
	}
	if _, err := cert.WriteString(chain.String()); err != nil {
		return err
	}
	return pem.Encode(key, &pem.Block{Type: "PRIVATE KEY", Bytes: private})
}

// finish closes a file, and removes it after a failure.
func finish(file *os.File, failed error) error {
	if err := errors.Join(failed, file.Close()); err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}
