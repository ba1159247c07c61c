package proximltest

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"

	"github.com/coder/websocket"
	"github.com/go-json-experiment/json"
)

// What the log websocket does where nothing is known. Uncertain, both.
const (
	// refusalStatus closes a socket that asked for a log that its account may not read or that does not exist, or that asked for
	// something else. The reason is what the API would have said.
	refusalStatus = websocket.StatusPolicyViolation

	// lateStatus closes a socket that is so slow that lines had to make room before it sent them.
	lateStatus = websocket.StatusTryAgainLater
)

const (
	maxReason    = 123 // bytes, by the protocol
	maxFeeds     = 100 // of one socket, from its beginning to its end
	linesPerTurn = 128 // that are taken from a log at once
)

// logRequest is what a client sends over the log websocket.
type logRequest struct {
	Action string `json:"action"` // getlogs for the history, subscribe for the lines to come
	Data   struct {
		Type      string `json:"type"` // init with getlogs, logs with subscribe
		Entity    string `json:"entity"`
		ID        string `json:"id"`
		ProjectID string `json:"project_uuid"`
	} `json:"data"`
}

// logMessage is what a client is sent: a line, or that there will be no more.
type logMessage struct {
	Type     string `json:"type"` // subscription or end
	Text     string `json:"msg,omitzero"`
	Time     int64  `json:"time,omitzero"` // milliseconds since 1970
	Stream   string `json:"stream,omitzero"`
	WorkerID string `json:"job_worker_uuid,omitzero"`
}

func messageOf(line logLine) logMessage {
	message := logMessage{Type: "subscription", Text: line.Text, Time: int64(line.Time), Stream: line.Stream}
	if line.Stream != dataWorker {
		message.WorkerID = line.Stream
	}
	return message
}

// socket is one connection of the log websocket.
type socket struct {
	srv   *Server
	email string // of the account whose token it has
	conn  *websocket.Conn
	fault *socketFault

	feeds []*feed // the server's lock guards them
}

// serveSocket serves the log websocket, or what a call of its path without an upgrade gets.
func (s *Server) serveSocket(w http.ResponseWriter, r *http.Request) {
	if !isUpgrade(r) {
		s.api(func(*call) (any, error) { return nil, errNotFound }).ServeHTTP(w, r)
		return
	}
	email, err := s.pool.verify(r.URL.Query().Get("Authorization"))
	if err != nil {
		writeProblem(w, errUnauthorized)
		return
	}
	done, open := s.tasks.begin()
	if !open {
		writeProblem(w, errClosed)
		return
	}
	defer done()
	taken := &tap{ResponseWriter: w, fault: s.socketFaultOf(r)}
	// The token says who may; the host that a browser's page came from does not matter, nor the one that a front calls itself.
	conn, err := websocket.Accept(taken, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return // Accept has answered
	}
	(&socket{srv: s, email: email, conn: conn, fault: taken.fault}).serve(s.tasks.ctx, taken.conn)
}

// serve lasts as long as the connection, and until all of its goroutines have ended.
func (k *socket) serve(ctx context.Context, conn net.Conn) {
	ctx, cancel := context.WithCancel(ctx)
	var parts sync.WaitGroup
	parts.Go(func() { // ends a read, a write and a handshake at its close that are under way
		<-ctx.Done()
		conn.Close()
	})
	parts.Go(func() {
		defer cancel()
		if err := k.send(ctx); err != nil {
			k.refuse(err)
		}
	})
	if err := k.receive(); err != nil {
		k.refuse(err)
	}
	cancel()
	parts.Wait()
	k.conn.CloseNow()
}

// refuse closes the connection because of a problem.
func (k *socket) refuse(err error) {
	var p problem
	switch {
	case errors.Is(err, errTooSlow):
		k.conn.Close(lateStatus, err.Error())
	case errors.As(err, &p):
		k.conn.Close(refusalStatus, strings.ToValidUTF8(p.message[:min(len(p.message), maxReason)], ""))
	}
}

// receive takes requests until the connection ends, or returns why one was refused.
func (k *socket) receive() error {
	for {
		_, text, err := k.conn.Read(context.Background())
		if err != nil {
			return nil
		}
		var request logRequest
		if err := json.Unmarshal(text, &request); err != nil {
			return invalid("The message is not JSON as expected")
		}
		if err := k.ask(&request); err != nil {
			return err
		}
	}
}

// send sends what the feeds have until the connection ends.
func (k *socket) send(ctx context.Context) error {
	if err := k.fault.sent(k, 0); err != nil {
		return err
	}
	for {
		next, err := k.next()
		if err != nil {
			return err
		}
		for _, message := range next.messages {
			text, err := json.Marshal(message)
			if err != nil {
				return err
			}
			if err := k.write(text); err != nil {
				return err
			}
		}
		if len(next.messages) == 0 && !next.wait(ctx, k.srv.clock) {
			return nil
		}
	}
}

// write sends one message.
func (k *socket) write(text []byte) error {
	// Closing the connection ends a write much more cheaply than a context would.
	if err := k.conn.Write(context.Background(), websocket.MessageText, text); err != nil {
		return err
	}
	return k.fault.sent(k, 1)
}
