package main

import (
	"cmp"
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/proximl/proximl-go"
)

func (k storageKind[T]) attachCommand(a *app) *cobra.Command {
	return k.on(a, &cobra.Command{
		Use:   "attach NAME_OR_ID",
		Short: fmt.Sprintf("Show the log of a %s until it is ready", k.noun),
		Long: fmt.Sprintf(`Print the log of a %[1]s from its beginning until it is ready. The exit code is
5 if that fails.

For a %[1]s that is ready already, "proximl %[1]s logs --archive" downloads
the log.`, k.noun),
		Example: k.examples("attach example"),
	}, func(ctx context.Context, client *proximl.ProxiML, entity *T) error {
		if state := k.state(entity); settled(state.Status) {
			a.note("%s is %s already; %q downloads its log", k.describe(entity), state.Status, k.archiving(a, entity))
		}
		broken := k.showLog(ctx, a, client, entity, a.stdout)
		_, err := k.untilReady(ctx, a, client, entity)
		return cmp.Or(err, broken)
	})
}

// follow shows the log of an entity on stderr until it is ready.
func (k storageKind[T]) follow(ctx context.Context, a *app, client *proximl.ProxiML, entity *T) (*T, error) {
	if !a.flags.quiet {
		_ = k.showLog(ctx, a, client, entity, a.stderr) // which has told it
	}
	return k.untilReady(ctx, a, client, entity)
}

func (k storageKind[T]) untilReady(ctx context.Context, a *app, client *proximl.ProxiML, entity *T) (*T, error) {
	return k.api(client).WaitFor(ctx, k.id(entity), proximl.StorageStatusReady, waiting(a.progress, k.says)...)
}

// showLog shows a log beside what goes on without it: it tells when the log
// breaks off.
func (k storageKind[T]) showLog(ctx context.Context, a *app, client *proximl.ProxiML, entity *T, to io.Writer) error {
	return a.noteBroken(ctx, k.api(client).CopyLogs(ctx, k.id(entity), a.logTo(to)))
}

// noteBroken tells when a log breaks off beside something that goes on.
func (a *app) noteBroken(ctx context.Context, err error) error {
	if err != nil && ctx.Err() == nil {
		a.note("The log broke off: %v", err)
	}
	return err
}

func (k storageKind[T]) logsCommand(a *app) *cobra.Command {
	var archive string
	cmd := k.on(a, &cobra.Command{
		Use:   "logs NAME_OR_ID",
		Short: "Show or download the log of a " + k.noun,
		Long: fmt.Sprintf(`Print the log of a %[1]s from its beginning, until it is ready or has failed.

For a %[1]s that is ready already, the log is a zip file, which --archive
downloads.`, k.noun),
		Example: k.examples("logs example", "logs example --archive log.zip"),
	}, func(ctx context.Context, client *proximl.ProxiML, entity *T) error {
		status := k.state(entity).Status
		switch {
		case archive == "" && settled(status):
			return fmt.Errorf("%s is %s; %q downloads its log", k.describe(entity), status, k.archiving(a, entity))
		case archive == "":
			return k.api(client).CopyLogs(ctx, k.id(entity), a.logTo(a.stdout))
		}
		return a.saveFile("--archive", archive, func(to io.Writer) error {
			return k.api(client).LogArchive(ctx, k.id(entity), to)
		})
	})
	cmd.Flags().StringVar(&archive, "archive", "", "download the log to the zip `FILE`, or - for stdout")
	return cmd
}

// settled reports whether no more lines come in a log.
func settled(status proximl.StorageStatus) bool {
	return status == proximl.StorageStatusReady || status.Terminal()
}

// archiving is the command that downloads the log of an entity.
func (k storageKind[T]) archiving(a *app, entity *T) string {
	return a.suggest(k.noun + " logs " + k.id(entity) + " --archive log.zip")
}
