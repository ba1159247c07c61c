package proximltest

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"
)

// feed is a part of a log that a socket asked for.
type feed struct {
	request *logRequest
	log     *entityLog
	begin   timestamp // nothing is sent before
	next    int64     // number of the next line
	before  int64     // number of the first line that is not part of it; live if the feed goes on until the log ends
	done    bool
}

const live = math.MaxInt64

// errTooSlow is why a socket is closed that lines were not kept for.
var errTooSlow = errors.New("lines had to make room before they were sent")

// turn is what a socket does next: it sends messages or, if there are none, waits.
type turn struct {
	messages []logMessage
	changed  <-chan struct{} // closed when something has happened
	at       timestamp       // when something may happen by itself; zero for never
}

// wait returns when it is worth to look again, or false when ctx is done.
func (t *turn) wait(ctx context.Context, clock *Clock) bool {
	var reached <-chan time.Time
	var moved <-chan struct{}
	if t.at != 0 {
		reached, moved = clock.alarm(t.at.time())
	}
	select {
	case <-t.changed:
	case <-reached:
	case <-moved:
	case <-ctx.Done():
		return false
	}
	return true
}

// ask begins to feed what a request is for, or refuses it.
func (k *socket) ask(request *logRequest) error {
	s := k.srv
	s.mu.Lock()
	defer s.mu.Unlock()
	s.catchUp()
	c, err := k.allowed(request)
	if err != nil {
		return err
	}
	log, err := s.logOf(c, request.Data.Entity, request.Data.ID)
	if err != nil {
		return err
	}
	if len(k.feeds) == maxFeeds {
		return invalid("A connection takes no more than %d requests", maxFeeds)
	}
	log.advance(s.now, s.settings.logLimit)
	added := &feed{request: request, log: log, begin: s.now, next: log.dropped, before: log.end()}
	switch request.Action + " " + request.Data.Type {
	case "getlogs init":
		added.begin = s.now.add(s.settings.historyDelay)
	case "subscribe logs":
		added.next, added.before = max(k.fed(log)-s.settings.logOverlap, log.dropped), live
	default:
		return invalid(msgBadChoice, "action", request.Action+" "+request.Data.Type)
	}
	k.feeds = append(k.feeds, added)
	s.agenda.changed.give()
	return nil
}

// fed returns where the lines to come begin: at the end of the history that was asked for last, so that none is lost in between.
func (k *socket) fed(log *entityLog) int64 {
	for _, f := range slices.Backward(k.feeds) {
		if f.log == log && f.before != live {
			return f.before
		}
	}
	return log.end()
}

// allowed finds the project that a request names, if the account may read such logs in it now.
func (k *socket) allowed(request *logRequest) (*call, error) {
	kind := request.Data.Entity
	if _, known := collectionKinds[kind]; !known && kind != kindJob {
		return nil, errNotFound
	}
	caller, _ := k.srv.accounts.get(k.email)
	p, err := k.srv.visible(caller, request.Data.ProjectID)
	if err != nil {
		return nil, err
	}
	if granted, _ := p.accessOf(k.email); !granted.to(kind).allows(accessRead) {
		return nil, errForbidden
	}
	return &call{caller: caller, project: p}, nil
}

// next decides what to send now, from the first feed that has something.
func (k *socket) next() (turn, error) {
	s := k.srv
	s.mu.Lock()
	defer s.mu.Unlock()
	s.catchUp()
	idle := turn{at: s.agenda.earliest()}
	for _, f := range k.feeds {
		if f.done {
			continue
		}
		messages, err := k.take(f)
		if err != nil || len(messages) > 0 {
			return turn{messages: messages}, err
		}
		if f.begin > s.now && (idle.at == 0 || f.begin < idle.at) {
			idle.at = f.begin
		}
		if planned := f.log.Planned; len(planned) > 0 && (idle.at == 0 || planned[0].Time < idle.at) {
			idle.at = planned[0].Time
		}
	}
	idle.changed = s.agenda.changed.wait()
	return idle, nil
}

// take returns what a feed has to send. An account that has lost its access gets no more, and a removed entity's log has its end.
func (k *socket) take(f *feed) ([]logMessage, error) {
	if _, err := k.allowed(f.request); err != nil {
		return nil, err
	}
	f.log.advance(k.srv.now, k.srv.settings.logLimit)
	if k.srv.now < f.begin {
		return nil, nil
	}
	lines, kept := f.log.part(f.next, f.before, linesPerTurn)
	if !kept {
		return nil, errTooSlow
	}
	f.next += int64(len(lines))
	if len(lines) > 0 {
		return convert(lines, messageOf), nil
	}
	if f.before != live {
		f.done = true
		return nil, nil
	}
	if !f.log.over {
		return nil, nil
	}
	f.done = true
	if k.fault.withholdsEnd() {
		return nil, nil
	}
	return []logMessage{{Type: "end"}}, nil
}
