package proximl

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"syscall"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// SecretsAPI works with the secrets of a project: named values for its jobs.
// Only the owner of the project can list and set them. A member with access to
// jobs can read them inside a job that they are attached to.
type SecretsAPI service

// ProjectSecret is a secret without its value, which the service never gives
// back.
type ProjectSecret struct {
	Name      string         `json:"name"` // identifies it in its project
	ProjectID string         `json:"project_uuid"`
	CreatedBy string         `json:"created_by,omitzero"` // a person's name
	UpdatedAt Time           `json:"updatedAt,omitzero"`
	Extra     jsontext.Value `json:",embed"` // fields that this version does not know
}

// Format prints the secret without its unknown fields.
func (p ProjectSecret) Format(s fmt.State, verb rune) {
	type plain ProjectSecret
	p.Extra = nil
	printed(s, verb, plain(p))
}

// LogValue logs what Format prints.
func (p ProjectSecret) LogValue() slog.Value { return logged(p) }

type secretRequest struct {
	Value Secret `json:"value"`
}

// List returns the secrets of a project. Only its owner may.
//
// GET /project/{id}/secrets
func (a *SecretsAPI) List(ctx context.Context, projectID string, opts ...RequestOption) ([]*ProjectSecret, error) {
	return list[ProjectSecret](ctx, a.client, "secrets.list", route("project", projectID, "secrets"), opts)
}

// Put sets the value of a secret, which need not be there before. Only the owner
// may. The value must be UTF-8.
//
// PUT /project/{id}/secrets/{name}
//
// Inferred: the path, which is that of the newest client. When it is not found,
// the older one is tried, which says secret, and used from then on if it works.
func (a *SecretsAPI) Put(ctx context.Context, projectID, name string, value Secret, opts ...RequestOption) (secret *ProjectSecret, err error) {
	problems := &ValidationError{What: "secret"}
	if name == "" {
		problems.add("name", "is missing")
	}
	problems.addSecret("value", value)
	if err := problems.orNil(); err != nil {
		return nil, err
	}
	err = a.client.paths.write("secrets", opts, func(part string, opts []RequestOption) error {
		known := &ProjectSecret{Name: name, ProjectID: projectID}
		secret, err = change(ctx, a.client, "secrets.put", http.MethodPut, route("project", projectID, part, name), secretRequest{value}, known, opts)
		return err
	})
	return secret, err
}

const maxSecretFile = 1 << 20 // bytes; the service's own limit is not known

// PutFile sets the value of a secret to the content of a file, all of it, the
// last line end too. The file must be a regular one of at most 1 MiB, and UTF-8.
//
// PUT /project/{id}/secrets/{name}
//
// Inferred: the path, as with Put.
func (a *SecretsAPI) PutFile(ctx context.Context, projectID, name, path string, opts ...RequestOption) (*ProjectSecret, error) {
	value, err := readSecretFile(path)
	if err != nil {
		return nil, err
	}
	return a.Put(ctx, projectID, name, value, opts...)
}

func readSecretFile(path string) (Secret, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // to open a FIFO would wait for its writer
	if err != nil {
		return "", fmt.Errorf("proximl: secret file: %w", err)
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && !info.Mode().IsRegular() { // a pipe or device may have no end
		return "", invalid("secret file", path, "is not a regular file")
	}
	content, err := io.ReadAll(io.LimitReader(file, maxSecretFile+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("proximl: secret file: %w", err)
	case len(content) == 0:
		return "", invalid("secret file", path, "is empty")
	case len(content) > maxSecretFile:
		return "", invalid("secret file", path, "is larger than 1 MiB")
	case !utf8.Valid(content):
		return "", invalid("secret file", path, notUTF8)
	}
	return Secret(content), nil
}

// Remove takes a secret away from a project. Only the owner may. Where the path is
// not known to work yet and a reply is lost, it may say [ErrNotFound] of a secret
// that it has removed.
//
// DELETE /project/{id}/secrets/{name}
//
// Inferred: the path, as with Put.
func (a *SecretsAPI) Remove(ctx context.Context, projectID, name string, opts ...RequestOption) error {
	if name == "" {
		return missingName("secret")
	}
	return a.client.paths.write("secrets", opts, func(part string, opts []RequestOption) error {
		return run(ctx, a.client, "secrets.remove", http.MethodDelete, route("project", projectID, part, name), nil, opts)
	})
}
