package main

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/cmd/proximl/internal/output"
	"github.com/proximl/proximl-go/specfile"
)

const defaultStartTimeout = timeout(300 * time.Second) // of the Python command, too

// jobCreation is what happens to a spec.
type jobCreation struct {
	*app
	create          func(context.Context, *proximl.ProxiML, *proximl.JobSpec) (*proximl.Job, error) // nil = Jobs.Create
	dataDir         string
	dataset         string // the id of what was made of it
	attach, connect bool
	dryRun          bool
	sweep           []string
	limit           timeout // until a notebook or endpoint runs
}

func jobCreateCommand(a *app) *cobra.Command {
	creation := &jobCreation{app: a, limit: defaultStartTimeout}
	var file string
	cmd := group("create", "Create a job",
		jobCreateTypeCommand(a, proximl.JobTypeNotebook, "a notebook",
			`Create a notebook: Jupyter Lab, which runs until it is stopped. As soon as it runs,
it is opened in the browser, as "proximl job open" does.`,
			"  proximl job create notebook sandbox --gpu-type rtx3090 --git-uri https://github.com/org/repo.git\n  proximl job create notebook sandbox --data-dir ./data --no-attach"),
		jobCreateTypeCommand(a, proximl.JobTypeTraining, "a training job",
			`Create a training job, which runs a COMMAND on each of its workers until it ends.`,
			"  proximl job create training resnet --model-dir ./code --data-dir ./data --output-dir ./results \"python train.py\"\n"+
				"  proximl job create training resnet --git-uri https://github.com/org/repo.git --env EPOCHS=10 --dry-run \"python train.py\"\n"+
				"  proximl job create training resnet --public-dataset CIFAR-10 --sweep LR=0.1,0.01 \"python train.py\""),
		jobCreateTypeCommand(a, proximl.JobTypeInference, "an inference job",
			`Create an inference job, which runs one COMMAND over input data.`,
			"  proximl job create inference faces --model-id MODEL_ID --input-dir ./photos --output-dir ./results \"python predict.py\""),
		jobCreateTypeCommand(a, proximl.JobTypeEndpoint, "an endpoint",
			`Create an endpoint, which serves requests until it is stopped: to functions of the
model's code (--route), or by a command of its own (--start-command). As soon as it
runs, its URL is printed.`,
			"  proximl job create endpoint classifier --model-id MODEL_ID --route '{\"path\": \"/predict\", \"function\": \"predict\", \"file\": \"serve\"}'"),
		jobCreateFromJSONCommand(a),
	)
	cmd.Long = `Create a job: of one of the types below, or from a file with --file. The job starts
by itself and costs credits from then on. What happens next is the same for all:

With --connect, which is the default, the local files that the job wants are
uploaded, and its output is downloaded. With --attach, which is the default, too,
the log is printed until the job has ended, with exit code 5 if it failed; of a
notebook or endpoint, until it runs. With neither, the job is printed.

With --sweep there are several jobs, one for each combination of values, whose
names end in a number. They are printed, and none is followed.

When this is interrupted, the job goes on: "proximl job attach" and
"proximl job connect" take it up again, "proximl job stop" ends it.`
	cmd.Example = "  proximl job create --file spec.yaml\n  proximl job create --file spec.yaml --dry-run -o json"
	creation.flags(cmd.Flags())
	cmd.Flags().StringVarP(&file, "file", "f", "", "create the job that a `FILE` of YAML or JSON specifies, with the folders that it names as if flags gave them; - is stdin")
	cmd.Flags().StringVar(&file, "from-json", "", "the same as --file")
	cmd.Flags().Lookup("from-json").Hidden = true
	others := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if file == "" {
			return others(cmd, args)
		}
		if len(args) > 0 {
			return usage("%q is too much: the file has it all", args[0])
		}
		return creation.fromFile(cmd.Context(), file)
	}
	return cmd
}

func jobCreateTypeCommand(a *app, t proximl.JobType, what, long, example string) *cobra.Command {
	creation, flags := &jobCreation{app: a, limit: defaultStartTimeout}, &jobFlags{}
	arguments, check := "NAME", takes(1, 1)
	switch t {
	case proximl.JobTypeTraining:
		arguments, check = "NAME COMMAND...", atLeast(2)
	case proximl.JobTypeInference:
		arguments, check = "NAME COMMAND", takes(2, 2)
	}
	cmd := &cobra.Command{
		Use:   string(t) + " " + arguments,
		Short: "Create " + what,
		Long: long + `

The job starts by itself and costs credits from then on. It goes on when this is
interrupted. "proximl job create --help" says more.`,
		Example:           example,
		Args:              check,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			spec, err := flags.spec(t, args[0], args[1:])
			if err != nil {
				return err
			}
			creation.dataDir = flags.dataDir
			return creation.run(cmd.Context(), withDefaults(spec))
		},
	}
	if runsUntilStopped(t) {
		cmd.Flags().Var(&creation.limit, "timeout", "how long to wait until it runs, from the end of an upload: `TIME` in seconds, or such as 10m; 0 is without end")
	}
	flags.add(cmd.Flags(), t)
	for flag, value := range map[string]string{"gpu-type": defaultGPUType, "gpu-count": "1", "disk-size": fmt.Sprint(defaultDiskSize), "max-price": fmt.Sprint(defaultMaxPrice)} {
		cmd.Flags().Lookup(flag).DefValue = value // for the help
	}
	creation.flags(cmd.Flags())
	return cmd
}

// jobCreateFromJSONCommand is how the Python command creates from a file.
func jobCreateFromJSONCommand(a *app) *cobra.Command {
	creation := &jobCreation{app: a, limit: defaultStartTimeout}
	cmd := &cobra.Command{
		Use:     "from-json FILE",
		Aliases: []string{"from_json"},
		Short:   "Create the job that a file specifies",
		Long:    "Create the job that a file of JSON or YAML specifies, as --file does; - is stdin.",
		Example: "  proximl job create from-json spec.json",
		Hidden:  true,
		Args:    takes(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return creation.fromFile(cmd.Context(), args[0])
		},
	}
	creation.flags(cmd.Flags())
	return cmd
}

// atLeast is takes without an upper limit.
func atLeast(least int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error { return takes(least, max(len(args), least))(cmd, args) }
}

// serving adds the flags that say what happens to the new job.
func (c *jobCreation) serving(to *pflag.FlagSet) {
	onOff(to, &c.attach, "attach", true, "show the log until the job has ended")
	onOff(to, &c.connect, "connect", true, "exchange local files until the job has ended")
}

func (c *jobCreation) flags(to *pflag.FlagSet) {
	c.serving(to)
	to.BoolVar(&c.dryRun, "dry-run", false, "create nothing: check the job, print its spec and what it may cost")
	to.StringArrayVar(&c.sweep, "sweep", nil, "create a job for each value of a variable: `KEY=A,B,...` (repeatable); with no local files but those of --data-dir")
}

func (c *jobCreation) fromFile(ctx context.Context, path string) error {
	text, err := c.readFile(ctx, "--file", path)
	if err != nil {
		return err
	}
	spec, err := specfile.LoadJobSpec(bytes.NewReader(text))
	if err != nil {
		return usage("%s: %w", path, err)
	}
	return c.run(ctx, spec)
}

// run checks all that it can before it creates anything.
func (c *jobCreation) run(ctx context.Context, spec *proximl.JobSpec) error {
	if spec.ProjectID != "" {
		c.app.flags.project = spec.ProjectID // for all calls, and for the commands that notes suggest
	}
	folders, err := localFolders(spec)
	if err != nil {
		return err
	}
	if c.dataDir != "" {
		if _, err := readable("the dataset", &c.dataDir); err != nil {
			return err
		}
	}
	sweep, times, err := c.sweepOf(spec)
	switch {
	case err != nil:
		return err
	case sweep != nil && namesFolders(folders):
		return usage("--sweep cannot be used with local files but those of --data-dir")
	case c.dryRun:
		return c.try(ctx, spec, times)
	}
	client, err := c.client(ctx)
	if err != nil {
		return err
	}
	if c.dataDir != "" {
		if err := c.addDataset(ctx, client, spec); err != nil {
			return err
		}
	}
	if sweep != nil {
		sweep.Spec = *spec // which has the dataset now
		return c.createAll(ctx, client, sweep)
	}
	job, err := c.createOne(ctx, client, spec)
	if err != nil {
		c.noteDataset(err)
		return err
	}
	return c.follow(ctx, client, job, folders)
}

func (c *jobCreation) createOne(ctx context.Context, client *proximl.ProxiML, spec *proximl.JobSpec) (*proximl.Job, error) {
	create := c.create
	if create == nil {
		create = func(ctx context.Context, client *proximl.ProxiML, spec *proximl.JobSpec) (*proximl.Job, error) {
			return client.Jobs.Create(ctx, spec)
		}
	}
	job, err := create(ctx, client, spec)
	if err != nil {
		return nil, jobs.lookAfter(ctx, client, err, spec.Name)
	}
	c.note("Created %s", jobs.describe(job))
	return job, nil
}

// follow serves the new job. Where the log is printed, the job is not, unless a
// format is asked for: then the log is among the notes.
func (c *jobCreation) follow(ctx context.Context, client *proximl.ProxiML, job *proximl.Job, folders proximl.ConnectOptions) error {
	log, isTable := c.stdout, output.Format(c.app.flags.format) == output.Table
	if !isTable {
		log = c.stderr
	}
	if !c.connect {
		folders = proximl.ConnectOptions{}
	}
	watch := &jobWatch{app: c.app, client: client, job: job, folders: folders, wanted: proximl.JobStatusFinished, dataset: c.dataset}
	if !isTable || !c.attach && !namesFolders(folders) {
		if err := jobs.show(c.app, job); err != nil {
			return err
		}
	}
	switch {
	case c.attach && runsUntilStopped(job.Type):
		if !c.app.flags.quiet {
			watch.log = c.stderr
		}
		return watch.launch(ctx, c.limit)
	case c.attach:
		watch.log = log
		return watch.run(ctx)
	case namesFolders(folders):
		return watch.serve(ctx)
	}
	return nil
}
