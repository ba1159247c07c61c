package proximl_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

// These tables say what a status means for a wait: + is what was waited for, or
// it has passed; - is out of reach; . is to look again. The rows are the status
// that is seen, the columns the one that is waited for, in the order of the
// rows, and at the end one that nobody has heard of.

// jobTable holds for jobs of every type.
const jobTable = `
	new                              +................. .
	waiting for GPUs                 +++............... .
	waiting for resources            +++............... .
	waiting for data/model download  ++++.............. .
	provisioning                     +++++............. .
	starting                         ++++++............ .
	running                          +++++++........... .
	uploading                        ++++++++.......... .
	finished                         +++++++++------... -
	stopping                         .........+........ .
	stopped                          .................. .
	failed                           -----------+---... -
	canceled                         ------------+--... -
	copying                          .............+.... .
	reinitializing                   ..............+... .
	removing                         ---------------+.. -
	removed                          ---------------++. -
	archived                         ---------------+++ -
	never heard of                   .................. +`

// A stopped job can be started again, if its type allows it: then the wait goes
// on, unless it was this wait that saw it stop.
const (
	stoppedRestartable = "..........+....... ."
	stoppedJustNow     = "----------+----... -"
	stoppedTraining    = "--------+-+----... -" // finished, in the older word
)

const storageTable = `
	new             +....... .
	downloading     ++...... .
	ready           +++..... .
	exporting       ++.+.... .
	failed          ----+... -
	removing        -----+.. -
	removed         -----++. -
	archived        -----+++ -
	never heard of  ........ +`

// table reads such a table.
func table(text string) (rows []string, verdicts map[string]string) {
	verdicts = map[string]string{}
	for line := range strings.Lines(strings.TrimSpace(text)) {
		name, verdict, _ := strings.Cut(strings.TrimSpace(line), "  ")
		rows = append(rows, name)
		verdicts[name] = compact(verdict)
	}
	return rows, verdicts
}

func compact(verdict string) string { return strings.ReplaceAll(strings.TrimSpace(verdict), " ", "") }

func TestWaitForJobVerdicts(t *testing.T) {
	t.Parallel()
	rows, verdicts := table(jobTable)
	known := make([]string, len(jobStatuses))
	for i, status := range jobStatuses {
		known[i] = string(status)
	}
	assert.ElementsMatch(t, append(known, "never heard of"), rows, "a status without a row")
	for jobType, stopped := range map[string]struct{ first, later string }{
		"notebook":  {stoppedRestartable, stoppedJustNow},
		"endpoint":  {stoppedRestartable, stoppedJustNow},
		"training":  {stoppedTraining, stoppedTraining},
		"inference": {stoppedJustNow, stoppedJustNow},
		"a new one": {stoppedRestartable, stoppedJustNow},
	} {
		t.Run(jobType, func(t *testing.T) {
			waiting(t, func(t *testing.T, client *proximl.ProxiML, mock *mock) {
				look := func(wanted string, statuses ...string) string {
					l := jobLife(statuses...)
					l.jobType = jobType
					mock.lead(l)
					return verdictOf(t, len(statuses), func(ctx context.Context) (*proximl.Job, error) {
						return client.Jobs.WaitFor(ctx, "x", proximl.JobStatus(wanted), proximl.PollBetween(time.Second, time.Second))
					})
				}
				for _, status := range rows {
					first, later := verdicts[status], verdicts[status]
					if status == "stopped" {
						first, later = compact(stopped.first), compact(stopped.later)
					}
					for i, want := range rows {
						assert.Equal(t, first[i:i+1], look(want, status), "%s at the first look, wanted %s", status, want)
						if want != "copying" && status != "copying" {
							assert.Equal(t, later[i:i+1], look(want, "copying", status), "%s later, wanted %s", status, want)
							assert.Equal(t, first[i:i+1], look(want, status, status), "%s twice, wanted %s", status, want)
						}
					}
				}
			})
		})
	}
}

func TestWaitForStorageVerdicts(t *testing.T) {
	rows, verdicts := table(storageTable)
	known := make([]string, len(storageStatuses))
	for i, status := range storageStatuses {
		known[i] = string(status)
	}
	assert.ElementsMatch(t, append(known, "never heard of"), rows, "a status without a row")
	waiting(t, func(t *testing.T, client *proximl.ProxiML, mock *mock) {
		for _, status := range rows {
			for i, want := range rows {
				mock.lead(datasetLife(status))
				verdict := verdictOf(t, 1, func(ctx context.Context) (*proximl.Dataset, error) {
					return client.Datasets.WaitFor(ctx, "x", proximl.StorageStatus(want))
				})
				assert.Equal(t, verdicts[status][i:i+1], verdict, "%s, wanted %s", status, want)
			}
		}
	})
}

// verdictOf is the verdict of a wait at its nth look; the looks are a second
// apart.
func verdictOf[T any](t *testing.T, n int, wait func(context.Context) (*T, error)) string {
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(n)*time.Second-time.Millisecond)
	defer cancel()
	entity, err := wait(ctx)
	require.NotNil(t, entity)
	_, out := errors.AsType[*proximl.StatusError](err)
	switch {
	case err == nil:
		return "+"
	case out:
		return "-"
	case errors.Is(err, context.DeadlineExceeded):
		return "."
	}
	return err.Error()
}
