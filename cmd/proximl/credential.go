package main

import (
	"context"
	"iter"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/cmd/proximl/internal/output"
)

var credentials = kind[proximl.Credential]{
	noun:      "credential",
	in:        "project",
	inProject: true,
	all: func(ctx context.Context, client *proximl.ProxiML) iter.Seq2[*proximl.Credential, error] {
		return each(client.Credentials.List(ctx, projectOf(client)))
	},
	id: func(c *proximl.Credential) string { return string(c.Type) },
	columns: []output.Column[proximl.Credential]{
		{Title: "TYPE", Width: 13, Whole: true, Value: func(c *proximl.Credential) string { return string(c.Type) }},
		{Title: "KEY ID", Width: 37, Value: func(c *proximl.Credential) string { return c.KeyID }},
		{Title: "UPDATED AT", Width: 28, Value: func(c *proximl.Credential) string { return timeText(c.UpdatedAt) }},
	},
}

// credentialForm is what a type of credential consists of, as questions. A part
// without a question is not asked for.
type credentialForm struct {
	keyID, tenant, secret string
	isFile                bool // the secret is a file, and the key id its name
}

var credentialForms = map[proximl.CredentialType]credentialForm{
	proximl.CredentialAWS:         {keyID: "Access key ID", secret: "Secret access key"},
	proximl.CredentialAzure:       {keyID: "Client ID", tenant: "Tenant ID", secret: "Client secret"},
	proximl.CredentialDocker:      {keyID: "Username", secret: "Access token"},
	proximl.CredentialGCP:         {secret: "Path of the key file", isFile: true},
	proximl.CredentialHuggingFace: {keyID: "Username", secret: "Access token"},
	proximl.CredentialKaggle:      {secret: "Path of the key file", isFile: true},
	proximl.CredentialNGC:         {secret: "API key"},
	proximl.CredentialWasabi:      {keyID: "Access key ID", secret: "Secret access key"},
}

func credentialTypes() []string {
	var types []string
	for name := range credentialForms {
		types = append(types, string(name))
	}
	slices.Sort(types)
	return types
}

func credentialCommand(a *app) *cobra.Command {
	return group("credential", "Keep the keys of third parties for a project",
		credentials.listCommand(a, &cobra.Command{
			Short:   "List the credentials of a project, without their secrets",
			Long:    "List the credentials of the project. The service never gives their secrets back.\nOnly the owner can.",
			Example: "  proximl project credential list",
		}),
		credentialPutCommand(a),
		credentials.removeCommand(a, &cobra.Command{
			Use:     "remove TYPE",
			Short:   "Remove a credential from a project",
			Long:    "Remove the credential of a type from the project. Only the owner can.",
			Example: "  proximl project credential remove aws",
		}, func(ctx context.Context, client *proximl.ProxiML, credential *proximl.Credential) error {
			return client.Credentials.Remove(ctx, projectOf(client), credential.Type)
		}),
	)
}

// credentialFlags are the answers that may be given as flags. A secret is none
// of them, since other users of the machine can see the arguments.
type credentialFlags struct{ keyID, tenant, file string }

func credentialPutCommand(a *app) *cobra.Command {
	var given credentialFlags
	cmd := &cobra.Command{
		Use:   "put TYPE",
		Short: "Set the credential of a third party",
		Long: `Set the credential of a type, in place of the one that the project may have.
Only the owner can. The types are:
` + strings.Join(credentialTypes(), ", ") + `.

What no flag gives is asked for, secrets without showing them. When stdin is no
terminal, each answer is a line of it. For gcp and kaggle the file is the key
file; its name becomes the key id.`,
		Example: `  proximl project credential put aws
  proximl project credential put aws --key-id AKIAIOSFODNN7EXAMPLE --file secret.txt
  proximl project credential put gcp --file service-account.json`,
		Args:      takes(1, 1),
		ValidArgs: credentialTypes(),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			client, err := a.projectClient(ctx)
			if err != nil {
				return err
			}
			spec, err := a.credentialSpec(ctx, proximl.CredentialType(strings.ToLower(args[0])), given)
			if err != nil {
				return err
			}
			credential, err := client.Credentials.Put(ctx, projectOf(client), spec)
			if err != nil {
				return err
			}
			return credentials.show(a, credential)
		},
	}
	cmd.Flags().StringVar(&given.keyID, "key-id", "", "`ID` that belongs to the secret: an access key id, a client id, a user name")
	cmd.Flags().StringVar(&given.tenant, "tenant", "", "tenant `ID` (azure)")
	cmd.Flags().StringVar(&given.file, "file", "", "`FILE` with the secret, or - for stdin")
	return cmd
}

func (a *app) credentialSpec(ctx context.Context, credentialType proximl.CredentialType, given credentialFlags) (*proximl.CredentialSpec, error) {
	form, known := credentialForms[credentialType]
	if !known {
		return nil, usage("there is no credential type %q; there are %s", credentialType, strings.Join(credentialTypes(), ", "))
	}
	if form.isFile {
		return a.keyFile(ctx, credentialType, form, given)
	}
	spec := &proximl.CredentialSpec{Type: credentialType, KeyID: given.keyID, Tenant: given.tenant}
	if credentialType == proximl.CredentialNGC {
		spec = proximl.NGCCredential("")
	}
	var err error
	if spec.KeyID == "" {
		spec.KeyID, err = a.answer(ctx, form.keyID)
	}
	if err == nil && spec.Tenant == "" && form.tenant != "" {
		spec.Tenant, err = a.answer(ctx, form.tenant)
	}
	if err != nil {
		return nil, err
	}
	if given.file == "" {
		spec.Secret, err = a.askSecret(ctx, form.secret)
		return spec, err
	}
	content, err := a.readFile(ctx, "--file", given.file)
	spec.Secret = proximl.Secret(strings.TrimSpace(string(content)))
	return spec, err
}

// keyFile makes a credential of a file.
func (a *app) keyFile(ctx context.Context, credentialType proximl.CredentialType, form credentialForm, given credentialFlags) (*proximl.CredentialSpec, error) {
	path := given.file
	if path == "" {
		var err error
		if path, err = a.answer(ctx, form.secret); err != nil {
			return nil, err
		}
	}
	content, err := a.readFile(ctx, "--file", path)
	if err != nil {
		return nil, err
	}
	name := given.keyID
	switch {
	case name == "" && path == "-":
		return nil, usage("--key-id has to name the file when it comes from stdin")
	case name == "":
		name = filepath.Base(path)
	}
	return &proximl.CredentialSpec{Type: credentialType, KeyID: name, Secret: proximl.Secret(content)}, nil
}
