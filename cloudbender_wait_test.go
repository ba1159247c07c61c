package proximl_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

// infrastructureTable says what a status means for a wait, as the tables of jobs
// and storage do: only the wanted status itself will do, but for a removal.
const infrastructureTable = `
	new             +........... .
	ready           .+.......... .
	healthy         ..+......... .
	active          ...+........ .
	maintenance     ....+....... .
	offline         .....+...... .
	stopped         ......+..... .
	errored         -------+-... -
	failed          --------+... -
	removing        ---------+.. -
	removed         ---------++. -
	archived        ---------+++ -
	never heard of  ............ +`

// waitable is the WaitFor of one kind of infrastructure, without its types.
type waitable struct {
	path, idKey string
	known       []string // statuses
	terminal    func(string) bool
	wait        func(context.Context, *proximl.CloudBenderAPI, string, ...proximl.WaitOption) (any, error)
	verdict     func(*testing.T, *proximl.CloudBenderAPI, string) string
}

// infrastructure are all kinds that can be waited for.
var infrastructure = map[string]waitable{
	"provider": kind("/provider/x", "provider_uuid",
		[]proximl.ProviderStatus{
			proximl.ProviderStatusNew, proximl.ProviderStatusReady, proximl.ProviderStatusErrored, proximl.ProviderStatusFailed,
			proximl.ProviderStatusArchived,
		},
		func(ctx context.Context, c *proximl.CloudBenderAPI, status proximl.ProviderStatus, opts ...proximl.WaitOption) (*proximl.Provider, error) {
			return c.Providers.WaitFor(ctx, "x", status, opts...)
		}),
	"region": kind("/provider/p-1/region/x", "region_uuid",
		[]proximl.RegionStatus{
			proximl.RegionStatusNew, proximl.RegionStatusHealthy, proximl.RegionStatusOffline, proximl.RegionStatusErrored,
			proximl.RegionStatusFailed, proximl.RegionStatusArchived,
		},
		func(ctx context.Context, c *proximl.CloudBenderAPI, status proximl.RegionStatus, opts ...proximl.WaitOption) (*proximl.Region, error) {
			return c.Regions.WaitFor(ctx, "p-1", "x", status, opts...)
		}),
	"node": kind(region+"/node/x", "rig_uuid",
		[]proximl.NodeStatus{
			proximl.NodeStatusNew, proximl.NodeStatusActive, proximl.NodeStatusMaintenance, proximl.NodeStatusOffline,
			proximl.NodeStatusStopped, proximl.NodeStatusErrored, proximl.NodeStatusFailed, proximl.NodeStatusArchived,
		},
		func(ctx context.Context, c *proximl.CloudBenderAPI, status proximl.NodeStatus, opts ...proximl.WaitOption) (*proximl.Node, error) {
			return c.Nodes.WaitFor(ctx, "p-1", "r-1", "x", status, opts...)
		}),
	"service": kind(region+"/service/x", "service_id",
		[]proximl.ServiceStatus{
			proximl.ServiceStatusNew, proximl.ServiceStatusActive, proximl.ServiceStatusErrored, proximl.ServiceStatusFailed,
			proximl.ServiceStatusArchived,
		},
		func(ctx context.Context, c *proximl.CloudBenderAPI, status proximl.ServiceStatus, opts ...proximl.WaitOption) (*proximl.Service, error) {
			return c.Services.WaitFor(ctx, "p-1", "r-1", "x", status, opts...)
		}),
}

func kind[T any, S interface {
	~string
	Terminal() bool
}](path, idKey string, known []S, wait func(context.Context, *proximl.CloudBenderAPI, S, ...proximl.WaitOption) (*T, error)) waitable {
	w := waitable{
		path: path, idKey: idKey, terminal: func(status string) bool { return S(status).Terminal() },
		wait: func(ctx context.Context, c *proximl.CloudBenderAPI, status string, opts ...proximl.WaitOption) (any, error) {
			entity, err := wait(ctx, c, S(status), opts...)
			if entity == nil {
				return nil, err
			}
			return entity, err
		},
		verdict: func(t *testing.T, c *proximl.CloudBenderAPI, wanted string) string {
			return verdictOf(t, 1, func(ctx context.Context) (*T, error) { return wait(ctx, c, S(wanted)) })
		},
	}
	for _, status := range known {
		w.known = append(w.known, string(status))
	}
	return w
}

func (w waitable) life(statuses ...string) *life {
	return &life{path: w.path, idKey: w.idKey, statuses: statuses}
}

func TestWaitForInfrastructureVerdicts(t *testing.T) {
	t.Parallel()
	rows, verdicts := table(infrastructureTable)
	for name, w := range infrastructure {
		t.Run(name, func(t *testing.T) {
			assert.Subset(t, rows, w.known, "a status without a row")
			waiting(t, func(t *testing.T, client *proximl.ProxiML, mock *mock) {
				for _, status := range rows {
					assert.Equal(t, slices.Contains([]string{"errored", "failed", "removed", "archived"}, status), w.terminal(status), status)
					for i, wanted := range rows {
						mock.lead(w.life(status))
						assert.Equal(t, verdicts[status][i:i+1], w.verdict(t, client.CloudBender, wanted), "%s, wanted %s", status, wanted)
					}
				}
			})
		})
	}
}

func TestWaitForInfrastructure(t *testing.T) {
	t.Parallel()
	for name, w := range infrastructure {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w.test(t)
		})
	}
}

func (w waitable) test(t *testing.T) {
	wanted := w.known[1] // what one waits for after a create
	for name, test := range map[string]struct {
		statuses []string
		wanted   string
		looks    int
		text     string // of the error
		is       error
		nothing  bool // no entity
	}{
		"there at last":          {statuses: []string{"new", "", "new", wanted}, wanted: wanted, looks: 4},
		"there already":          {statuses: []string{wanted}, wanted: wanted, looks: 1},
		"errored":                {statuses: []string{"new", "errored"}, wanted: wanted, looks: 2, text: `x is "errored" and cannot become "` + wanted + `" any more`},
		"failed":                 {statuses: []string{"failed"}, wanted: wanted, looks: 1, text: `x is "failed" and cannot become "` + wanted + `" any more`},
		"gone":                   {statuses: []string{"new", gone}, wanted: wanted, looks: 2, is: proximl.ErrNotFound},
		"gone, as it should":     {statuses: []string{wanted, "removing", gone}, wanted: "archived", looks: 3},
		"gone before":            {statuses: []string{gone}, wanted: "archived", looks: 1, nothing: true},
		"errored, then gone":     {statuses: []string{"errored", gone}, wanted: "archived", looks: 2},
		"wanted to be errored":   {statuses: []string{"new", "errored"}, wanted: "errored", looks: 2},
		"the service is broken":  {statuses: []string{wanted, broken}, wanted: "archived", looks: 6, text: "GET " + w.path + ": 500 Internal Server Error: broken"},
		"another id is not seen": {statuses: []string{gone}, wanted: wanted, looks: 1, is: proximl.ErrNotFound, nothing: true},
	} {
		t.Run(name, func(t *testing.T) {
			waiting(t, func(t *testing.T, client *proximl.ProxiML, mock *mock) {
				l := w.life(test.statuses...)
				mock.lead(l)
				entity, err := w.wait(t.Context(), client.CloudBender, test.wanted)
				assert.Len(t, l.looks, test.looks)
				assert.Equal(t, test.nothing, entity == nil)
				switch {
				case test.text != "":
					require.EqualError(t, err, test.text)
				case test.is != nil:
					require.ErrorIs(t, err, test.is)
				default:
					require.NoError(t, err)
				}
			})
		})
	}
}

// The options of a wait, and what it ends with, are those of all waits.
func TestWaitForRegionOptions(t *testing.T) {
	waiting(t, func(t *testing.T, client *proximl.ProxiML, mock *mock) {
		regions := client.CloudBender.Regions
		l := &life{path: region, idKey: "region_uuid", statuses: []string{"new", "offline", "errored"}, query: "verbose=true"}
		mock.lead(l)
		var seen []proximl.RegionStatus
		last, err := regions.WaitFor(t.Context(), "p-1", "r-1", proximl.RegionStatusHealthy,
			proximl.PollBetween(time.Second, time.Second),
			proximl.OnPoll(func(r *proximl.Region) { seen = append(seen, r.Status) }),
			proximl.WithPollRequest(query("verbose", "true")))
		var status *proximl.StatusError
		require.ErrorAs(t, err, &status)
		assert.Equal(t, &proximl.StatusError{Entity: last, ID: "r-1", Status: "errored", Wanted: "healthy"}, status)
		assert.Equal(t, []proximl.RegionStatus{"new", "offline", "errored"}, seen)
		assert.Equal(t, []time.Duration{0, time.Second, 2 * time.Second}, l.looks)

		mock.lead(&life{path: region, idKey: "region_uuid", statuses: []string{"new"}})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		last, err = regions.WaitFor(ctx, "p-1", "r-1", proximl.RegionStatusHealthy)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, proximl.RegionStatusNew, last.Status)
	})
}

// The mock fails the test when anything is sent.
func TestWaitForInfrastructureWithoutID(t *testing.T) {
	t.Parallel()
	client, _ := newMock(t)
	_, err := client.CloudBender.Services.WaitFor(t.Context(), "p-1", "..", "s-1", proximl.ServiceStatusArchived)
	require.ErrorIs(t, err, proximl.ErrInvalid)
}
