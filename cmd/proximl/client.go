package main

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/cmd/proximl/internal/tokencache"
	"github.com/proximl/proximl-go/internal/settings"
)

const tokenFile = "tokens.json"

// isID tells the form of an id of the service. What has it is not looked up.
var isID = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`).MatchString

// connect returns a client in the configured project, whatever --project says.
func (a *app) connect(opts ...proximl.Option) (*proximl.ProxiML, error) {
	opts = append(opts, proximl.WithLogger(a.logger()), proximl.WithUserAgent("proximl-command/"+proximl.Version))
	if !a.flags.noTokenCache && a.getenv("PROXIML_NO_TOKEN_CACHE") == "" {
		store, err := settings.Load(nil, nil)
		if err != nil {
			return nil, err
		}
		if store.Dir != "" {
			opts = append(opts, proximl.WithTokenCache(&tokencache.File{Path: store.Path(tokenFile)}))
		}
	}
	return proximl.New(opts...)
}

// client returns a client in the project of --project, or else the configured
// one, or else none.
func (a *app) client(ctx context.Context) (*proximl.ProxiML, error) {
	project := a.flags.project
	if isID(project) {
		return a.connect(proximl.WithProject(project))
	}
	client, err := a.connect()
	if err != nil || project == "" {
		return client, err
	}
	found, err := projects.find(ctx, client, project)
	if err != nil {
		return nil, fmt.Errorf("--project: %w", err)
	}
	return client.InProject(found.ID), nil
}

// projectClient is client for calls that name the project in their path: with
// no active project it is in Personal.
func (a *app) projectClient(ctx context.Context) (*proximl.ProxiML, error) {
	client, err := a.client(ctx)
	if err != nil || projectOf(client) != "" {
		return client, err
	}
	for project, err := range client.Projects.All(ctx) {
		if err != nil {
			return nil, err
		}
		if isPersonal(project) {
			return client.InProject(project.ID), nil
		}
	}
	return nil, fmt.Errorf("%w, and the account lists none called Personal; choose one by --project or proximl configure", proximl.ErrNoProject)
}

// projectOf returns the id of the client's active project.
func projectOf(client *proximl.ProxiML) string {
	id, _ := client.ActiveProject()
	return id
}

// isPersonal reports whether it is the project that the service works in when
// there is no active one.
func isPersonal(project *proximl.Project) bool { return project.Owner && project.Name == "Personal" }

// logger shows warnings, and requests when they are asked for. Neither says
// anything secret.
func (a *app) logger() *slog.Logger {
	level := slog.LevelWarn
	switch {
	case a.flags.verbose:
		level = slog.LevelDebug
	case a.flags.quiet:
		level = slog.LevelError
	}
	return slog.New(slog.NewTextHandler(a.progress, &slog.HandlerOptions{Level: level, ReplaceAttr: withoutTime}))
}

func withoutTime(groups []string, attr slog.Attr) slog.Attr {
	if attr.Key == slog.TimeKey && len(groups) == 0 {
		return slog.Attr{}
	}
	return attr
}
