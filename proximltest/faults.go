package proximltest

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Fault is something that goes wrong with some of the calls that a Server gets.
//
//	srv.Inject(proximltest.Fault{On: "GET /job/{id}", Times: 2, Status: 503, Header: http.Header{"Retry-After": {"1"}}})
//	srv.Inject(proximltest.Fault{On: "POST /job", Kind: proximltest.ResetAfterWork})
//	srv.Inject(proximltest.Fault{On: "InitiateAuth", Delay: time.Minute})
type Fault struct {
	// On says which calls are hit: a path as a whole with the method in front of it or not, such as "POST /job" or "/job/{id}";
	// {name} stands for any one segment and {name...} for all the rest. The host and the query do not count.
	// A word without a slash is a step of the login: InitiateAuth or RespondToAuthChallenge.
	// With an empty On every call is hit, those of the login too.
	On string

	// Times is how many calls are hit, the next ones; 0 is 1.
	Times int

	// Delay is how long the service waits first, by its clock, or in the middle with a fault of the kind Stall. The wait ends when
	// the caller goes away.
	Delay time.Duration

	// Kind is what happens then.
	Kind FaultKind

	// Status (200 if 0), Header and Body are the reply of a fault of the kinds Reply and ReplyAfterWork.
	// A Content-Type that Header lacks is taken from the body: application/json if it is JSON, text/html if it looks like that.
	Status int
	Header http.Header
	Body   string

	// AfterMessages and AfterBytes say how far things go first with faults of the kinds CutConnection, Stall and ExtraFrame.
	AfterMessages int
	AfterBytes    int64
}

// FaultKind is what goes wrong.
type FaultKind int

// What can go wrong with a call. A reset is one of TCP; through Server.Transport, and of HTTP/2, it is a connection or stream that ends.
// Note that net/http by itself repeats a GET, PUT or DELETE that was reset on a connection it had used before.
const (
	// Reply answers with the fault's own Status, Header and Body, and the call is not carried out.
	// When all three are unset, the call is answered as usual: a fault with nothing but a Delay.
	Reply FaultKind = iota

	// ResetBeforeWork resets the connection; the call is not carried out.
	ResetBeforeWork

	// ResetDuringReply carries the call out and resets the connection after half of the reply's body.
	ResetDuringReply

	// ResetAfterWork carries the call out and resets the connection without a reply.
	ResetAfterWork

	// TruncateBody carries the call out and closes the connection after half of the reply's body, as if that were its end.
	TruncateBody

	// RevokeToken carries the call out, after all tokens of its account were revoked: it is refused with 401, like every later
	// call, until the account logs in again. It does nothing to a call without a good token.
	RevokeToken

	// ReplyAfterWork carries the call out and answers with the fault's own Status, Header and Body all the same: an upload's chunk is
	// stored, say, and its sender is told of a bad gateway.
	ReplyAfterWork

	// CutConnection resets the connection after AfterBytes bytes of the body: the request's with POST, PUT and PATCH, the reply's with
	// the others. What is shorter passes whole. On "GET /", which opens the log websocket, it does so after AfterMessages messages from
	// the service and AfterBytes bytes more, which may end in the middle of a frame.
	CutConnection

	// Stall lets as much pass as CutConnection. Then nothing moves for Delay, and after that all goes on as usual.
	Stall

	// ExtraFrame makes the log websocket, opened by "GET /", send Body as one more message after AfterMessages messages: broken JSON,
	// a message of an unknown type, an endless line.
	ExtraFrame

	// WithholdEnd makes the log websocket, opened by "GET /", not say that a log has ended.
	WithholdEnd

	// RefuseConnection refuses the next connections, and closes those on which nothing is under way, so that the next call needs a new one.
	// A connection is not for any call yet: only Times counts. Through Server.Transport, the dial fails with ECONNREFUSED.
	// On a port, where only the system could refuse, a connection is made and reset at once, and an idle one may be closed while
	// its client begins a call on it: a test that counts should use Server.Transport.
	RefuseConnection
)

// Inject makes faults happen to the calls to come. Where several faults match a call, it is hit by the one that was injected first.
func (s *Server) Inject(faults ...Fault) {
	if s.faults.inject(faults) {
		s.web.transport.CloseIdleConnections() // a client knows sooner than the server when a connection is idle
	}
}

// ClearFaults forgets all faults that have not happened yet, and returns how many calls they would have hit.
// A test that expects 0 knows that what it injected was met.
func (s *Server) ClearFaults() (unused int) { return s.faults.clear() }

// faults are the faults of a server that have not happened yet, and the calls that it got.
type faults struct {
	pool  *userPool
	sleep func(ctx context.Context, d time.Duration) error // on the server's clock, until ctx is done

	mu      sync.Mutex
	pending []*Fault              // Times is what is left
	idle    map[net.Conn]struct{} // connections on which nothing is under way

	requests requestLog
}

// inject adds faults and tells whether connections are refused from now on. It closes those that are idle then.
func (f *faults) inject(added []Fault) (refusing bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, fault := range added {
		fault.Times = max(fault.Times, 1)
		fault.Header = fault.Header.Clone()
		f.pending = append(f.pending, &fault)
	}
	if !f.refusing() {
		return false
	}
	for conn := range f.idle {
		reset(conn)
	}
	return true
}

// refusing tells whether connections are to be refused. The lock is held.
func (f *faults) refusing() bool {
	return slices.ContainsFunc(f.pending, func(fault *Fault) bool { return fault.Kind == RefuseConnection })
}

func (f *faults) clear() (unused int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, fault := range f.pending {
		unused += fault.Times
	}
	f.pending = nil
	return unused
}

// take uses the first pending fault that fits up by one.
func (f *faults) take(fits func(*Fault) bool) (Fault, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := slices.IndexFunc(f.pending, fits)
	if i < 0 {
		return Fault{}, false
	}
	fault := f.pending[i]
	if fault.Times--; fault.Times == 0 {
		f.pending = slices.Delete(f.pending, i, i+1)
	}
	return *fault, true
}

// matches tells whether a fault is one for this call.
func (fault *Fault) matches(r *http.Request) bool {
	switch {
	case fault.Kind == RefuseConnection:
		return false
	case fault.On == "":
		return true
	case !strings.Contains(fault.On, "/"):
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		return operation == fault.On
	}
	method, path := r.Method, fault.On
	if !strings.HasPrefix(path, "/") {
		method, path, _ = strings.Cut(path, " ")
	}
	return method == r.Method && matchPath(strings.Split(path, "/"), strings.Split(r.URL.EscapedPath(), "/"))
}

func matchPath(pattern, path []string) bool {
	for i, want := range pattern {
		wildcard := strings.HasPrefix(want, "{")
		if wildcard && strings.HasSuffix(want, "...}") {
			return true
		}
		if i >= len(path) {
			return false
		}
		if got, err := url.PathUnescape(path[i]); err != nil || got == "" && wildcard || got != want && !wildcard {
			return false
		}
	}
	return len(pattern) == len(path)
}

// wrap records every call and puts the faults between it and its handler.
func (f *faults) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.requests.record(r)
		fault, found := f.take(func(fault *Fault) bool { return fault.matches(r) })
		if !found {
			next.ServeHTTP(w, r)
			return
		}
		if fault.Delay > 0 && fault.Kind != Stall && f.sleep(r.Context(), fault.Delay) != nil {
			disconnect(w, reset)
			return
		}
		f.strike(fault, next, w, r)
	})
}

// strike does to a call what the fault says.
func (f *faults) strike(fault Fault, next http.Handler, w http.ResponseWriter, r *http.Request) {
	switch fault.Kind {
	case ResetBeforeWork:
		disconnect(w, reset)
	case ResetDuringReply:
		hold(next, r).sendHalf(w)
		disconnect(w, reset)
	case ResetAfterWork:
		hold(next, r)
		disconnect(w, reset)
	case TruncateBody:
		hold(next, r).sendHalf(w)
		disconnect(w, func(conn net.Conn) { conn.Close() })
	case RevokeToken:
		f.revokeTokenOf(r)
		next.ServeHTTP(w, r)
	case ReplyAfterWork:
		hold(next, r)
		fault.reply(w)
	case CutConnection, Stall, ExtraFrame, WithholdEnd:
		f.interrupt(fault, next, w, r)
	default:
		if fault.Status == 0 && fault.Body == "" && len(fault.Header) == 0 {
			next.ServeHTTP(w, r)
			return
		}
		fault.reply(w)
	}
}

func (f *faults) revokeTokenOf(r *http.Request) {
	token := r.Header.Get("Authorization")
	if token == "" {
		token = r.URL.Query().Get("Authorization") // where the log websocket has it
	}
	if email, err := f.pool.verify(token); err == nil {
		f.pool.revokeTokens(email)
	}
}

// dial puts refusals in front of a dialer.
func (f *faults) dial(next func(ctx context.Context, network, address string) (net.Conn, error)) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if f.refuses() {
			return nil, &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
		}
		return next(ctx, network, address)
	}
}

// connState is for http.Server.ConnState: it refuses connections that no dialer of ours made, and knows the idle ones.
func (f *faults) connState(conn net.Conn, state http.ConnState) {
	if state == http.StateNew && f.refuses() {
		reset(conn)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case state != http.StateNew && state != http.StateIdle:
		delete(f.idle, conn)
	case f.refusing():
		reset(conn)
	default:
		if f.idle == nil {
			f.idle = map[net.Conn]struct{}{}
		}
		f.idle[conn] = struct{}{}
	}
}

// refuses tells whether a new connection is to be refused.
func (f *faults) refuses() bool {
	_, found := f.take(func(fault *Fault) bool { return fault.Kind == RefuseConnection })
	return found
}

// reset ends a connection the hard way: the peer loses what it has not read.
func reset(conn net.Conn) {
	if secured, ok := conn.(*tls.Conn); ok {
		conn = secured.NetConn() // its own Close would say goodbye
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	conn.Close()
}

// disconnect takes the connection away from the HTTP server and ends it.
func disconnect(w http.ResponseWriter, end func(net.Conn)) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		// What net/http offers where there is no connection to take, as in HTTP/2: it ends this one call.
		panic(http.ErrAbortHandler)
	}
	end(conn)
}
