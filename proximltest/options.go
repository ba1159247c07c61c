package proximltest

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"time"
)

// Option changes a Server before it starts.
type Option func(*settings) error

// settings is what the options fill.
type settings struct {
	region, poolID, clientID string
	tokenLife                time.Duration
	speed                    float64
	noListener               bool
	address                  string
	earlierMessages          bool
	durations                map[string]time.Duration
	script                   func(Entity) Script
	logScript                func(Entity, int) []LogLine
	logLimit                 int64
	logOverlap               int64
	historyDelay             time.Duration
	chunkLimit               int64
	storage                  int64
	noOutputType             bool
	runner                   Runner
	state                    *document
}

func newSettings(opts []Option) (settings, error) {
	set := settings{
		region:    "us-east-2",
		poolID:    "us-east-2_Local0001",
		clientID:  "1local2local3local4local5l",
		tokenLife: defaultTokenLife,
		speed:     1,
		address:   "127.0.0.1:0",
		durations: maps.Clone(defaultDurations),
		script:    func(Entity) Script { return Script{} },

		logScript: defaultLogScript, logLimit: defaultLogLimit,
		chunkLimit: defaultChunkLimit, storage: defaultDisk,
	}
	for i, opt := range opts {
		if opt == nil {
			return settings{}, fmt.Errorf("proximltest: option %d is nil", i+1)
		}
		if err := opt(&set); err != nil {
			return settings{}, fmt.Errorf("proximltest: %w", err)
		}
	}
	return set, nil
}

// listenAddress returns "" for a service without a port.
func (set *settings) listenAddress() string {
	if set.noListener {
		return ""
	}
	return set.address
}

// WithUserPool sets what the auth config names: the region, the user pool (region_name) and the app client's id.
func WithUserPool(region, poolID, clientID string) Option {
	return func(set *settings) error {
		set.region, set.poolID, set.clientID = region, poolID, clientID
		return nil
	}
}

// WithTokenLife sets how long id and access tokens are good; without it that is an hour.
func WithTokenLife(d time.Duration) Option {
	return func(set *settings) error {
		if d <= 0 {
			return fmt.Errorf("WithTokenLife(%v): the duration must be above 0", d)
		}
		set.tokenLife = d
		return nil
	}
}

// maxSpeed is a year in a third of a second. What is much faster ends the time that the clock can tell.
const maxSpeed = 1e8

// WithSpeed makes the service's clock run factor times as fast as the real one: at most 100,000,000 times.
func WithSpeed(factor float64) Option {
	return func(set *settings) error {
		if !(factor > 0 && factor <= maxSpeed) {
			return fmt.Errorf("WithSpeed(%v): the factor must be above 0 and at most %.0f; WithManualClock makes the clock stand still", factor, maxSpeed)
		}
		set.speed = factor
		return nil
	}
}

// WithManualClock makes the service's clock stand still except for Clock.Advance.
func WithManualClock() Option {
	return func(set *settings) error {
		set.speed = 0
		return nil
	}
}

// WithDuration sets how long jobs, datasets, models and the like stay in a status, such as "running" or "downloading".
// The defaults follow how long the real service was seen to take; a run takes a minute.
func WithDuration(status string, d time.Duration) Option {
	return func(set *settings) error {
		if _, known := set.durations[status]; !known || d < 0 {
			return fmt.Errorf("WithDuration(%q, %v): want a status that passes by itself and a duration of 0 or more", status, d)
		}
		set.durations[status] = d
		return nil
	}
}

// WithScript lets a function decide how each new job, dataset, model, checkpoint and volume will fare.
// The server is locked meanwhile: the function must not call it.
func WithScript(script func(Entity) Script) Option {
	return func(set *settings) error {
		if script == nil {
			return errors.New("WithScript: the function is nil")
		}
		set.script = script
		return nil
	}
}

// Entity is what a script may go by.
type Entity struct {
	Kind    string // job, dataset, model, checkpoint or volume
	ID      string
	Project string // id
	Name    string
	Type    string // of a job: notebook, training, inference or endpoint
}

// Script says how an entity fares. The zero Script is success after the usual time.
type Script struct {
	RunTime time.Duration // how long a training or inference job runs; 0 for the usual time; a Runner needs its own
	FailIn  string        // the status at whose end the entity becomes failed, such as "running" or "downloading"; "" for success
}

// WithEarlierMessages makes the service word two refusals as it did up to February 2026; by default it words them as of July 2026.
func WithEarlierMessages() Option {
	return func(set *settings) error {
		set.earlierMessages = true
		return nil
	}
}

// WithoutListener opens no socket: the service is reached only through Transport. Inside a testing/synctest bubble it has to be so,
// since time in a bubble does not pass while a socket waits for the network.
func WithoutListener() Option {
	return func(set *settings) error {
		set.noListener = true
		return nil
	}
}

// WithAddress sets the host and port that the service listens on, such as "127.0.0.1:8080"; port 0 is any free one. Without it that is
// a free port of the loopback interface. URL names the loopback interface if the host is none in particular, as in ":8080".
func WithAddress(address string) Option {
	return func(set *settings) error {
		if _, _, err := net.SplitHostPort(address); err != nil {
			return fmt.Errorf("WithAddress(%q): want a host and a port, such as 127.0.0.1:0: %w", address, err)
		}
		set.address = address
		return nil
	}
}

// WithState starts the service with what SaveState wrote: accounts with their keys, projects, jobs on their way.
// Its clock goes on from the moment of saving, as if no time had passed since.
func WithState(r io.Reader) Option {
	return func(set *settings) error {
		doc, err := readDocument(r)
		if err != nil {
			return fmt.Errorf("WithState: %w", err)
		}
		set.state = doc
		return nil
	}
}
