package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/proximl/proximl-go"
)

// storageFlags say what to create, and what to do then.
type storageFlags struct {
	source, uri, capacity string
	connect, attach       bool
}

func (k storageKind[T]) createCommand(a *app) *cobra.Command {
	var given storageFlags
	cmd := &cobra.Command{
		Use:   "create NAME [PATH_OR_URI]",
		Short: "Create a " + k.noun,
		Long: fmt.Sprintf(`Create a %[1]s from a source, and print it when it is ready.

With --source local, which is the default, PATH is a folder or file of this
machine that is uploaded at once; --no-connect leaves that to
"proximl %[1]s connect". With any other source the argument is a URI, which
can also be given by --source-uri.

The log goes to stderr. With --no-attach it is not shown, and a source that is
not on this machine is not waited for.`, k.noun),
		Example: k.examples("create example ./data", "create example s3://bucket/folder --source aws --no-attach"),
		Args:    takes(1, 2),
	}
	flags := cmd.Flags()
	wordFlag(flags, &given.source, "source", "", local, "`TYPE` of the source: aws|azure|gcp|git|kaggle|local|wasabi|web")
	shortOf(flags, "source", "-s")
	flags.StringVar(&given.uri, "source-uri", "", "`URI` of the source")
	onOff(flags, &given.connect, "connect", true, "upload a local source at once")
	onOff(flags, &given.attach, "attach", true, "show the log, and wait until it is ready")
	if k.hasCapacity {
		flags.StringVar(&given.capacity, "capacity", "", "`SIZE` of the "+k.noun+", such as 10G; a number alone counts GB")
		cmd.Long += fmt.Sprintf("\n\nA %s without a source is empty at first. The capacity may also be an argument\nbetween name and path.", k.noun)
		cmd.Example = k.examples("create example --capacity 10G", "create example ./data --capacity 10G", "create example 10 ./data")
		cmd.Args = takes(1, 3)
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		spec, err := k.spec(args, given, cmd.Flags().Changed("source"))
		if err != nil {
			return err
		}
		return k.create(cmd.Context(), a, spec, given)
	}
	return cmd
}

// spec makes a spec of the command line.
func (k storageKind[T]) spec(args []string, given storageFlags, sourceGiven bool) (*proximl.StorageSpec, error) {
	if len(args) == 3 {
		if given.capacity != "" {
			return nil, usage("the capacity is given twice: as %q and by --capacity", args[1])
		}
		given.capacity, args = args[1], []string{args[0], args[2]}
	}
	if len(args) == 2 {
		if given.uri != "" {
			return nil, usage("the source is given twice: as %q and by --source-uri", args[1])
		}
		given.uri = args[1]
	}
	spec := &proximl.StorageSpec{Name: args[0], SourceType: proximl.LocationType(given.source), SourceURI: given.uri, Capacity: given.capacity}
	if _, err := strconv.Atoi(given.capacity); err == nil {
		spec.Capacity += "G"
	}
	switch {
	case k.hasCapacity && spec.Capacity == "":
		return nil, usage("--capacity is missing; it is a size such as 10G")
	case k.hasCapacity && spec.SourceURI == "" && !sourceGiven:
		spec.SourceType = ""
	case spec.SourceURI == "":
		return nil, usage("the source is missing: name a PATH of this machine, or --source and --source-uri")
	case spec.SourceType == local:
		var err error
		spec.SourceURI, err = readablePath(spec.SourceURI)
		return spec, err
	}
	return spec, nil
}

// readablePath is the absolute path of what is there.
func readablePath(path string) (string, error) {
	if _, err := os.Stat(path); err != nil {
		return "", usage("cannot upload: %w", err)
	}
	return filepath.Abs(path)
}

func (k storageKind[T]) create(ctx context.Context, a *app, spec *proximl.StorageSpec, given storageFlags) error {
	client, err := k.client(ctx, a)
	if err != nil {
		return err
	}
	entity, err := k.api(client).Create(ctx, spec)
	if err != nil {
		return k.lookAfter(ctx, client, err, spec.Name)
	}
	a.note("Created %s", k.describe(entity))
	switch {
	case spec.SourceType == local && !given.connect:
		k.noteWaiting(a, entity)
	case spec.SourceType == local:
		entity, err = k.upload(ctx, a, client, entity, given.attach)
	case given.attach:
		entity, err = k.follow(ctx, a, client, entity)
	}
	if err != nil {
		return err
	}
	return k.show(a, entity)
}

// upload sends the files of what was just created.
func (k storageKind[T]) upload(ctx context.Context, a *app, client *proximl.ProxiML, created *T, attach bool) (*T, error) {
	entity, err := k.exchange(ctx, a, client, created, proximl.ConnectOptions{Input: k.state(created).SourceURI}, attach)
	if err != nil && !outOfReach(err) {
		k.noteWaiting(a, created)
	}
	return entity, err
}

// noteWaiting tells how the files come there that were not uploaded.
func (k storageKind[T]) noteWaiting(a *app, entity *T) {
	a.note("%q uploads its files", a.suggest(fmt.Sprintf("%s connect %s --path %s", k.noun, k.id(entity), k.state(entity).SourceURI)))
}
