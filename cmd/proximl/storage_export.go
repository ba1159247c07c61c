package main

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/proximl/proximl-go"
)

// exportFlags say where to export to, and what to do then.
type exportFlags struct {
	to, uri, dir     string
	archive, connect bool
}

func (k storageKind[T]) exportCommand(a *app) *cobra.Command {
	var given exportFlags
	var spec *proximl.ExportSpec
	cmd := k.on(a, &cobra.Command{
		Use:   "export NAME_OR_ID",
		Short: fmt.Sprintf("Copy a %s to this machine or another place", k.noun),
		Long: fmt.Sprintf(`Copy a %[1]s that is ready to another place, and print it.

With the output type local, which is the default, it is downloaded to --output-dir
at once; --no-connect leaves that to "proximl %[1]s connect". With any other
type --output-uri names the place, and "proximl %[1]s wait" tells when the
copy is there.`, k.noun),
		Example: k.examples("export example --output-dir ./copy", "export example --output-type aws --output-uri s3://bucket/folder"),
	}, func(ctx context.Context, client *proximl.ProxiML, entity *T) error {
		entity, err := k.api(client).Export(ctx, k.id(entity), spec)
		if err != nil {
			return err
		}
		if given.to == local && given.connect {
			if entity, err = k.exchange(ctx, a, client, entity, proximl.ConnectOptions{Output: spec.OutputURI}, false); err != nil {
				return err
			}
		}
		return k.show(a, entity)
	})
	cmd.PreRunE = func(*cobra.Command, []string) (err error) {
		spec, err = given.spec()
		return err
	}
	flags := cmd.Flags()
	wordFlag(flags, &given.to, "output-type", "", local, "`TYPE` of the place: aws|azure|gcp|local|wasabi")
	flags.StringVar(&given.uri, "output-uri", "", "`URI` of the place")
	flags.StringVar(&given.dir, "output-dir", "", "folder `DIR` of this machine, for the type local")
	onOff(flags, &given.archive, "archive", false, "make it one zip file")
	onOff(flags, &given.connect, "connect", true, "download at once, for the type local")
	return cmd
}

func (f *exportFlags) spec() (*proximl.ExportSpec, error) {
	spec := &proximl.ExportSpec{OutputType: proximl.LocationType(f.to), OutputURI: f.uri}
	if f.archive {
		spec.OutputOptions.Archive = &f.archive
	}
	switch {
	case f.to != local && f.dir != "":
		return nil, usage("--output-dir is for the output type local, not %s; use --output-uri", f.to)
	case f.to != local && f.uri == "":
		return nil, usage("--output-uri is missing; it names the place to export to")
	case f.to != local:
		return spec, nil
	case f.dir == "" && f.uri == "":
		return nil, usage("--output-dir is missing; it names the folder to download to")
	}
	var err error
	spec.OutputURI, err = filepath.Abs(cmp.Or(f.dir, f.uri))
	return spec, err
}
