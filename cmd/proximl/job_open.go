package main

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/cmd/proximl/internal/output"
)

func jobOpenCommand(a *app) *cobra.Command {
	return jobs.on(a, &cobra.Command{
		Use:   "open NAME_OR_ID",
		Short: "Open a notebook, or print where a job is reached",
		Long: `Open a notebook in the browser, or print the URL of an endpoint. Without a
terminal the URL of a notebook is printed, too, but without the token that opens
it. With --show-secrets it is printed with the token.

The browser gets the token from a page in the temporary folder, which only you
can read and which stays there.`,
		Example: "  proximl job open sandbox\n  proximl job open sandbox --show-secrets",
	}, func(ctx context.Context, _ *proximl.ProxiML, job *proximl.Job) error { return a.open(ctx, job) })
}

func (a *app) open(ctx context.Context, job *proximl.Job) error {
	notebook := job.NotebookURL()
	switch {
	case job.URL() == "":
		return fmt.Errorf("%s is %s and cannot be reached; wait until it is running", jobs.describe(job), job.Status)
	case notebook == "":
		return a.printURL(job.URL())
	case a.flags.showSecrets:
		return a.printURL(notebook)
	case !isTerminal(a.stdout):
		a.note("The token that opens the notebook is left out; --show-secrets prints it")
		return a.printURL(job.URL())
	}
	if err := browse(ctx, notebook); err != nil {
		return fmt.Errorf("no browser could be opened (%w); to print the URL: %s", err, a.suggest("job open "+job.ID+" --show-secrets"))
	}
	a.note("Opened %s in the browser", jobs.describe(job))
	return nil
}

func (a *app) printURL(url string) error {
	_, err := io.WriteString(a.stdout, output.Clean(url)+"\n")
	return err
}

// browse leaves a URL to what opens such things on this system. That gets a page
// that leads there: the URL may hold a token, and other users of the machine can
// see arguments. The page stays, as nothing tells when it was read.
func browse(ctx context.Context, url string) error {
	folder, err := os.MkdirTemp("", "proximl-open-")
	if err != nil {
		return err
	}
	page := filepath.Join(folder, "open.html")
	content := fmt.Sprintf("<!DOCTYPE html><meta http-equiv=\"refresh\" content=\"0; url=%s\">\n", html.EscapeString(url))
	if err := os.WriteFile(page, []byte(content), 0o600); err != nil {
		return errors.Join(err, os.RemoveAll(folder))
	}
	if err := startOpener(ctx, page); err != nil {
		return errors.Join(err, os.RemoveAll(folder))
	}
	return nil
}

const openerTime = 2 * time.Second // within which an opener that cannot open anything says so

// startOpener does not wait for an opener that stays until its page is closed.
func startOpener(ctx context.Context, page string) error {
	opener := []string{"xdg-open"}
	switch runtime.GOOS {
	case "darwin":
		opener = []string{"open"}
	case "windows":
		opener = []string{"rundll32", "url.dll,FileProtocolHandler"}
	}
	cmd := exec.Command(opener[0], append(opener[1:], page)...)
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }() // until the end of the process, at the latest
	patience := time.NewTimer(openerTime)
	defer patience.Stop()
	select {
	case err := <-ended:
		return err
	case <-patience.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
