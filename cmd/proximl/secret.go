package main

import (
	"context"
	"iter"
	"strings"

	"github.com/spf13/cobra"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/cmd/proximl/internal/output"
)

var secrets = kind[proximl.ProjectSecret]{
	noun:      "secret",
	in:        "project",
	inProject: true,
	all: func(ctx context.Context, client *proximl.ProxiML) iter.Seq2[*proximl.ProjectSecret, error] {
		return each(client.Secrets.List(ctx, projectOf(client)))
	},
	id: func(s *proximl.ProjectSecret) string { return s.Name },
	columns: []output.Column[proximl.ProjectSecret]{
		{Title: "NAME", Width: 38, Whole: true, Value: func(s *proximl.ProjectSecret) string { return s.Name }},
		{Title: "CREATED BY", Width: 30, Value: func(s *proximl.ProjectSecret) string { return s.CreatedBy }},
		{Title: "UPDATED AT", Width: 28, Value: func(s *proximl.ProjectSecret) string { return timeText(s.UpdatedAt) }},
	},
}

func secretCommand(a *app) *cobra.Command {
	return group("secret", "Keep secrets for the jobs of a project",
		secrets.listCommand(a, &cobra.Command{
			Short:   "List the secrets of a project, without their values",
			Long:    "List the secrets of the project. The service never gives their values back.\nOnly the owner can.",
			Example: "  proximl project secret list",
		}),
		secretPutCommand(a),
		secrets.removeCommand(a, &cobra.Command{
			Use:     "remove NAME",
			Short:   "Remove a secret from a project",
			Long:    "Remove a secret from the project. Only the owner can.",
			Example: "  proximl project secret remove wandb-key",
		}, func(ctx context.Context, client *proximl.ProxiML, secret *proximl.ProjectSecret) error {
			return client.Secrets.Remove(ctx, projectOf(client), secret.Name)
		}),
	)
}

func secretPutCommand(a *app) *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "put NAME",
		Short: "Set the value of a secret",
		Long: `Set the value of a secret, which need not be there before. Only the owner can.

The value is that of --file, all of it; or else what is typed in a terminal,
where it is not shown, or comes from stdin, without a line end at its end.`,
		Example: "  proximl project secret put wandb-key\n  proximl project secret put ssh-key --file ~/.ssh/id_ed25519\n  pass show wandb | proximl project secret put wandb-key",
		Args:    takes(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			client, err := a.projectClient(ctx)
			if err != nil {
				return err
			}
			value, err := a.secretValue(ctx, file, "Value of "+args[0])
			if err != nil {
				return err
			}
			secret, err := client.Secrets.Put(ctx, projectOf(client), args[0], value)
			if err != nil {
				return err
			}
			return secrets.show(a, secret)
		},
	}
	cmd.Flags().StringVar(&file, "file", "", "take the value from `FILE`, or - for stdin")
	return cmd
}

// secretValue reads what must not be among the arguments, which other users of
// the machine can see.
func (a *app) secretValue(ctx context.Context, file, question string) (proximl.Secret, error) {
	if file != "" {
		content, err := a.readFile(ctx, "--file", file)
		return proximl.Secret(content), err
	}
	if isTerminal(a.stdin) {
		return a.askSecret(ctx, question)
	}
	content, err := a.readFile(ctx, "stdin", "-")
	return proximl.Secret(strings.TrimRight(string(content), "\r\n")), err
}

// timeText is a time as the service writes it.
func timeText(t proximl.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}
