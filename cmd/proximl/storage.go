package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"iter"

	"github.com/spf13/cobra"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/cmd/proximl/internal/output"
)

// storageAPI is what the calls for datasets, models, checkpoints and volumes
// have in common.
type storageAPI[T any] interface {
	All(ctx context.Context, opts ...proximl.RequestOption) iter.Seq2[*T, error]
	Get(ctx context.Context, id string, opts ...proximl.RequestOption) (*T, error)
	Create(ctx context.Context, spec *proximl.StorageSpec, opts ...proximl.RequestOption) (*T, error)
	Rename(ctx context.Context, id, name string, opts ...proximl.RequestOption) (*T, error)
	Export(ctx context.Context, id string, spec *proximl.ExportSpec, opts ...proximl.RequestOption) (*T, error)
	Delete(ctx context.Context, id string, opts ...proximl.RequestOption) error
	LogArchive(ctx context.Context, id string, w io.Writer, opts ...proximl.RequestOption) error
	CopyLogs(ctx context.Context, id string, w io.Writer, opts ...proximl.RequestOption) error
	WaitFor(ctx context.Context, id string, status proximl.StorageStatus, opts ...proximl.WaitOption) (*T, error)
	Connect(ctx context.Context, id string, options proximl.ConnectOptions) (*T, error)
}

// storageKind is one of datasets, models, checkpoints and volumes, whose
// commands are the same.
type storageKind[T any] struct {
	kind[T]
	api         func(*proximl.ProxiML) storageAPI[T]
	state       func(*T) *proximl.Storage
	hasCapacity bool // and may be empty
}

// newStorageKind makes the kind of a type, with SIZE as the last column.
func newStorageKind[T any](noun string, api func(*proximl.ProxiML) storageAPI[T], id func(*T) string, state func(*T) *proximl.Storage) storageKind[T] {
	return storageKind[T]{api: api, state: state, kind: kind[T]{
		noun: noun,
		all: func(ctx context.Context, client *proximl.ProxiML) iter.Seq2[*T, error] {
			return api(client).All(ctx)
		},
		get: func(ctx context.Context, client *proximl.ProxiML, id string) (*T, error) {
			return api(client).Get(ctx, id)
		},
		id:   id,
		name: func(entity *T) string { return state(entity).Name },
		columns: []output.Column[T]{
			{Title: "ID", Width: 38, Whole: true, Value: id},
			{Title: "STATUS", Width: 13, Value: func(entity *T) string { return string(state(entity).Status) }},
			{Title: "NAME", Width: 40, Value: func(entity *T) string { return state(entity).Name }},
			{Title: "SIZE", Width: 14, Whole: true, Value: func(entity *T) string {
				return byteSize(cmp.Or(state(entity).UsedSize, state(entity).Size))
			}},
		},
	}}
}

// byteSize is a size in binary units. One that is not known is empty.
func byteSize(bytes int64) string {
	if bytes <= 0 {
		return ""
	}
	if bytes < 1024 {
		return fmt.Sprintf("%d B", bytes)
	}
	size, units := float64(bytes)/1024, []string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	for size >= 1024 {
		size, units = size/1024, units[1:]
	}
	return fmt.Sprintf("%.2f %s", size, units[0])
}

// command is the group of all commands of the kind, and of more.
func (k storageKind[T]) command(a *app, short string, more ...*cobra.Command) *cobra.Command {
	return group(k.noun, short, append([]*cobra.Command{
		k.listCommand(a, &cobra.Command{
			Short:   fmt.Sprintf("List the %ss of a project", k.noun),
			Long:    fmt.Sprintf("List the %ss of the project.", k.noun),
			Example: k.examples("list", "list --project Research -o json"),
		}),
		k.showCommand(a, &cobra.Command{
			Short:   "Show a " + k.noun,
			Long:    fmt.Sprintf("Show all that is known of a %s.", k.noun),
			Example: k.examples("show example", "show example -o yaml"),
		}),
		k.createCommand(a),
		k.attachCommand(a),
		k.connectCommand(a),
		k.exportCommand(a),
		k.renameCommand(a),
		k.removeStorageCommand(a),
		k.waitStorageCommand(a),
		k.logsCommand(a),
	}, more...)...)
}

func (k storageKind[T]) examples(commands ...string) (text string) {
	for i, command := range commands {
		if i > 0 {
			text += "\n"
		}
		text += "  " + k.path() + " " + command
	}
	return text
}

// publicCommand is the command "list-public".
func (k storageKind[T]) publicCommand(a *app, list func(context.Context, *proximl.ProxiML) ([]*T, error)) *cobra.Command {
	public := k.kind
	public.all = func(ctx context.Context, client *proximl.ProxiML) iter.Seq2[*T, error] {
		return each(list(ctx, client))
	}
	cmd := public.listCommand(a, &cobra.Command{
		Aliases: []string{"list_public"},
		Short:   fmt.Sprintf("List the %ss that every account can use", k.noun),
		Long:    fmt.Sprintf("List the %ss that every account can use.", k.noun),
		Example: k.examples("list-public"),
	})
	cmd.Use = "list-public"
	return cmd
}

func (k storageKind[T]) renameCommand(a *app) *cobra.Command {
	return k.onWith(a, 1, &cobra.Command{
		Use:     "rename NAME_OR_ID NEW_NAME",
		Short:   "Change the name of a " + k.noun,
		Long:    fmt.Sprintf("Change the name of a %s, and print it. Names need not be unique.", k.noun),
		Example: k.examples("rename example better-example"),
	}, func(ctx context.Context, client *proximl.ProxiML, entity *T, args []string) error {
		renamed, err := k.api(client).Rename(ctx, k.id(entity), args[0])
		if err != nil {
			return err
		}
		return k.show(a, renamed)
	})
}

func (k storageKind[T]) removeStorageCommand(a *app) *cobra.Command {
	var force bool
	cmd := k.removeCommand(a, &cobra.Command{
		Use:     "remove NAME_OR_ID",
		Short:   "Remove a " + k.noun,
		Long:    fmt.Sprintf("Remove a %s. With --force, also one that is still in use.", k.noun),
		Example: k.examples("remove example", "remove example --force --yes"),
	}, func(ctx context.Context, client *proximl.ProxiML, entity *T) error {
		var opts []proximl.RequestOption
		if force {
			opts = append(opts, proximl.WithForce())
		}
		return k.api(client).Delete(ctx, k.id(entity), opts...)
	})
	onOff(cmd.Flags(), &force, "force", false, "remove it even if it is in use")
	return cmd
}

func (k storageKind[T]) waitStorageCommand(a *app) *cobra.Command {
	return waitCommand(a, k.kind, statuses[T, proximl.StorageStatus]{
		all: []proximl.StorageStatus{proximl.StorageStatusReady, proximl.StorageStatusDownloading, proximl.StorageStatusExporting, proximl.StorageStatusArchived},
		of:  func(entity *T) proximl.StorageStatus { return k.state(entity).Status },
		wait: func(ctx context.Context, client *proximl.ProxiML, id string, wanted proximl.StorageStatus, opts ...proximl.WaitOption) (*T, error) {
			return k.api(client).WaitFor(ctx, id, wanted, opts...)
		},
	}, k.path(), "example")
}
