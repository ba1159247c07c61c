package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/cmd/proximl/internal/output"
)

func configureCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "configure",
		Short: "Choose the active project",
		Long: `Choose the active project, in which commands and programs work from now on.

It asks for a project by its name, or by its id where several have the name, and
writes the id to config.json in the configuration folder. On a terminal the
arrow keys go through the names. With --project it does not ask.`,
		Example: "  proximl configure\n  proximl configure --project \"My Other Project\"",
		Args:    takes(0, 0),
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.configure(cmd.Context()) },
	}
}

func (a *app) configure(ctx context.Context) error {
	client, err := a.connect()
	if err != nil {
		return err
	}
	list, err := client.Projects.List(ctx)
	if err != nil {
		return err
	}
	var chosen *proximl.Project
	if a.flags.project != "" {
		chosen, err = projects.pick(each(list, nil), a.flags.project)
	} else {
		chosen, err = a.chooseProject(ctx, list, projectOf(client))
	}
	if err != nil {
		return err
	}
	if err := client.SaveActiveProject(ctx, chosen.ID); err != nil {
		return err
	}
	a.note("The active project is %s (%s)", chosen.Name, chosen.ID)
	if a.getenv("PROXIML_PROJECT") != "" {
		a.note("But PROXIML_PROJECT is set, and beats it")
	}
	return nil
}

// chooseProject asks until the answer is one of the projects.
func (a *app) chooseProject(ctx context.Context, list []*proximl.Project, active string) (*proximl.Project, error) {
	slices.SortStableFunc(list, func(x, y *proximl.Project) int { return cmp.Compare(x.Name, y.Name) })
	current, byDefault := "UNSET", ""
	answers := make([]string, len(list))
	for i, project := range list {
		if answers[i] = answerFor(project, list); answers[i] != project.Name {
			a.note("%s is called %s and owned by %s", project.ID, project.Name, project.OwnerName)
		}
		switch {
		case project.ID == active:
			current, byDefault = project.Name, answers[i]
		case isPersonal(project) && byDefault == "":
			byDefault = answers[i]
		}
	}
	if active != "" && current == "UNSET" {
		current = active // is none of the account's projects
	}
	fmt.Fprintf(a.stderr, "Current Active Project: %s\n", output.Clean(current))
	question := fmt.Sprintf("Select Active Project: (%s) [%s]: ", output.Clean(strings.Join(answers, ", ")), output.Clean(byDefault))
	for {
		answer, err := a.choose(ctx, question, answers)
		if err == io.EOF {
			return nil, usage("nothing was changed: the input ended without an answer; --project answers the question")
		}
		if err != nil {
			return nil, err
		}
		chosen, err := projects.pick(each(list, nil), cmp.Or(answer, byDefault))
		if err == nil {
			return chosen, nil
		}
		fmt.Fprintln(a.stderr, output.Clean(strings.TrimPrefix(err.Error(), "proximl: ")))
	}
}

// answerFor is the name of a project, or its id when others have its name or it
// cannot be typed.
func answerFor(project *proximl.Project, list []*proximl.Project) string {
	if typed := strings.TrimSpace(output.Clean(project.Name)); typed == "" || typed != project.Name {
		return project.ID
	}
	for _, other := range list {
		if other.Name == project.Name && other != project {
			return project.ID
		}
	}
	return project.Name
}
