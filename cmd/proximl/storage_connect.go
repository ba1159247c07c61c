package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/proximl/proximl-go"
)

func (k storageKind[T]) connectCommand(a *app) *cobra.Command {
	var input, output string
	var attach bool
	cmd := a.asks(k.on(a, &cobra.Command{
		Use:   "connect NAME_OR_ID",
		Short: fmt.Sprintf("Upload the local source of a %s, or download its export", k.noun),
		Long: fmt.Sprintf(`Upload the local source of a %[1]s, or download its export to this machine:
whichever it waits for. Print it when it is ready.

Whoever created or exported the %[1]s named a path. It is used only if it is not
given here, and after a question, since another member of the project may have
chosen it.`, k.noun),
		Example: k.examples("connect example", "connect example --path ./data", "connect example --output-dir ./copy"),
	}, func(ctx context.Context, client *proximl.ProxiML, entity *T) error {
		options, err := k.folders(ctx, a, entity, input, output)
		if err != nil {
			return err
		}
		if entity, err = k.exchange(ctx, a, client, entity, options, attach); err != nil {
			return err
		}
		return k.show(a, entity)
	}))
	cmd.Flags().StringVar(&input, "path", "", "folder or file `PATH` to upload")
	cmd.Flags().StringVar(&output, "output-dir", "", "folder `DIR` to download to")
	onOff(cmd.Flags(), &attach, "attach", true, "show the log")
	return cmd
}

// folders says what of this machine a connect uses.
func (k storageKind[T]) folders(ctx context.Context, a *app, entity *T, input, output string) (options proximl.ConnectOptions, err error) {
	state := k.state(entity)
	if state.Status.Terminal() {
		return options, fmt.Errorf("%s is %s, and waits for no files", k.describe(entity), state.Status)
	}
	// The service may not tell the type.
	exports := state.Status == proximl.StorageStatusExporting && (state.OutputType == "" || state.OutputType == local)
	waits := state.SourceType == local && !exports && !settled(state.Status)
	if exports && output == "" {
		output, err = a.suggested(ctx, state.OutputURI, "--output-dir", "download "+k.describe(entity)+" to")
	}
	if waits && input == "" {
		input, err = a.suggested(ctx, state.SourceURI, "--path", "upload to "+k.describe(entity)+" what is at")
	}
	return proximl.ConnectOptions{Input: input, Output: output}, err
}

// exchange uploads or downloads until an entity is ready, and shows its log
// meanwhile.
func (k storageKind[T]) exchange(ctx context.Context, a *app, client *proximl.ProxiML, entity *T, options proximl.ConnectOptions, attach bool) (*T, error) {
	options = a.telling(options)
	options.Wait = waiting(a.progress, k.says)
	logCtx, stop := context.WithCancel(ctx)
	defer stop()
	var log sync.WaitGroup
	if attach && !a.flags.quiet {
		log.Go(func() { _ = k.showLog(logCtx, a, client, entity, a.stderr) }) // which has told it
	}
	connected, err := k.api(client).Connect(ctx, k.id(entity), options)
	if err != nil {
		stop()
	}
	rest := time.AfterFunc(lastLines, stop)
	defer rest.Stop()
	log.Wait()
	return connected, err
}

// says is the status line of a wait.
func (k storageKind[T]) says(entity *T) string { return k.is(entity, string(k.state(entity).Status)) }
