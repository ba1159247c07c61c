package proximltest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/proximltest"
)

func TestManualClock(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	clock := w.srv.Clock()
	begin := clock.Now()
	assert.WithinDuration(t, time.Now(), begin, time.Minute)
	w.wait(time.Hour)
	assert.Equal(t, time.Hour, clock.Now().Sub(begin))
	w.wait(-time.Hour)
	assert.Equal(t, time.Hour, clock.Now().Sub(begin))
}

func TestSpeed(t *testing.T) {
	t.Parallel()
	for _, speed := range []float64{0.5, 1, 60} {
		synctest.Test(t, func(t *testing.T) {
			opts := []proximltest.Option{proximltest.WithoutListener()}
			if speed != 1 {
				opts = append(opts, proximltest.WithSpeed(speed))
			}
			srv := proximltest.New(t, opts...)
			begin := srv.Clock().Now()
			time.Sleep(time.Minute)
			assert.Equal(t, time.Duration(speed*float64(time.Minute)), srv.Clock().Now().Sub(begin))
			srv.Clock().Advance(time.Hour)
			assert.Equal(t, time.Duration(speed*float64(time.Minute))+time.Hour, srv.Clock().Now().Sub(begin))
		})
	}
}

// Everything works in a bubble: the real clock is the fake one there, and a life cycle takes no time.
func TestBubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t, proximltest.New(t, proximltest.WithoutListener()), map[string]string{}}
		me := w.srv.Account("me@example.com")
		path := w.job(me, training)
		time.Sleep(199 * time.Second)
		assert.Equal(t, "running", w.status(me, path))
		time.Sleep(time.Second)
		assert.Equal(t, "finished", w.status(me, path))
		assert.InDelta(t, 1000-0.049, me.Credits(), 1e-9)
	})
}

// A client works through a whole day, hour by hour: tokens expire, and are had anew.
func TestDayInABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := proximltest.New(t, proximltest.WithoutListener())
		me := srv.Account("me@example.com")
		client, err := srv.Client(me)
		require.NoError(t, err)
		notebook, err := client.Jobs.Create(t.Context(), &proximl.JobSpec{
			Name: "notes", Type: proximl.JobTypeNotebook, Resources: proximl.JobResources{GPUTypes: types("rtx3090")},
		})
		require.NoError(t, err)
		first := me.Token()
		for range 24 {
			time.Sleep(time.Hour)
			notebook, err = client.Jobs.Get(t.Context(), notebook.ID)
			require.NoError(t, err)
			require.Equal(t, proximl.JobStatusRunning, notebook.Status)
		}
		hours := 24 - 20.0/3600 // it waited 20 s for resources
		assert.InDelta(t, 0.98*hours, notebook.Credits, 1e-6)
		refused := send(t, srv.Transport(), "GET", srv.URL+"/job", first, nil)
		assert.Equal(t, http.StatusUnauthorized, refused.status, "a token is good for an hour")

		logins := 0
		for _, request := range srv.Requests() {
			if strings.Contains(fmt.Sprint(request), "InitiateAuth") {
				logins++
			}
		}
		assert.GreaterOrEqual(t, logins, 20)
	})
}

func TestTokenLife(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := proximltest.New(t, proximltest.WithoutListener(), proximltest.WithTokenLife(10*time.Minute), proximltest.WithSpeed(1000))
		token := srv.Account("me@example.com").Token()
		time.Sleep(10*time.Minute - time.Second)
		send(t, srv.Transport(), "GET", srv.URL+"/job", token, nil).list()
		time.Sleep(time.Second)
		r := send(t, srv.Transport(), "GET", srv.URL+"/job", token, nil)
		assert.Equal(t, http.StatusUnauthorized, r.status, "however fast the service's clock is")
	})
}

// A delay lasts by the service's clock, which a test can move.
func TestDelaysAreOnTheClock(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		opt  proximltest.Option
		move func(*proximltest.Clock)
		took time.Duration
	}{
		"real":    {proximltest.WithSpeed(1), func(*proximltest.Clock) {}, time.Minute},
		"fast":    {proximltest.WithSpeed(60), func(*proximltest.Clock) {}, time.Second},
		"jumping": {proximltest.WithSpeed(1), func(clock *proximltest.Clock) { clock.Advance(20 * time.Second) }, 40 * time.Second},
		"manual":  {proximltest.WithManualClock(), func(clock *proximltest.Clock) { clock.Advance(30 * time.Second); clock.Advance(30 * time.Second) }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := &world{t, proximltest.New(t, proximltest.WithoutListener(), c.opt), map[string]string{}}
				me := w.srv.Account("me@example.com")
				w.srv.Inject(proximltest.Fault{On: "GET /job", Delay: time.Minute})
				begin := time.Now()
				done := make(chan struct{})
				go func() {
					defer close(done)
					w.send(me, "GET", "/job", nil).list()
				}()
				synctest.Wait()
				c.move(w.srv.Clock())
				<-done
				assert.InDelta(t, c.took, time.Since(begin), float64(time.Millisecond))
			})
		})
	}
}
