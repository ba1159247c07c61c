// Package transfer exchanges files with the service that stands beside a job, a
// dataset, a model, a checkpoint or a volume while it waits for the user's
// machine. An upload is a tar stream in chunks; a download is a tar stream or a
// zip.
package transfer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/proximl/proximl-go/internal/attempt"
	"github.com/proximl/proximl-go/internal/baseurl"
)

const (
	defaultQuestion = time.Minute
	defaultPatience = 10 * time.Minute // as long as the Python client waits for a chunk
	defaultBodyIdle = 2 * time.Minute
	maxReply        = 64 << 10 // bytes of a reply that is not the download
)

// Options say how a Peer sends. A zero field has its default.
type Options struct {
	HTTP      http.Client                  // what to send with; without a Transport, one of its own
	UserAgent string                       // none by default
	Logger    *slog.Logger                 // of each request, at debug level; none by default
	Operation func(context.Context) string // names a request in the log
	Question  time.Duration                // until the reply to a ping or a question begins; 1 minute
	Patience  time.Duration                // until the reply to a chunk, a finalize or a download begins; 10 minutes
	BodyIdle  time.Duration                // without a byte of a reply; 2 minutes
	Attempts  int                          // requests for one step of a transfer; 8, 1 means no retry
	MinWait   time.Duration                // between the first two of them; 1 s, doubled each time
	MaxWait   time.Duration                // between any two of them; 30 s
}

// Peer is the service at one host and the token that it takes. It is safe for
// concurrent use.
type Peer struct {
	base      *url.URL
	token     func() string // so that no format verb shows it
	userAgent string
	quick     *http.Client // for questions
	patient   *http.Client // for what takes the service long
	closeIdle func()
	policy    policy
}

// NewPeer makes a Peer of a host name, perhaps with a port, or of a URL. It
// sends nothing yet.
func NewPeer(hostname, token string, opts Options) (*Peer, error) {
	parse := baseurl.ParseHost
	if strings.Contains(hostname, "://") {
		parse = baseurl.Parse
	}
	base, err := parse(hostname)
	if err != nil {
		return nil, fmt.Errorf("the transfer host %q %w", hostOnly(hostname), err)
	}
	if token == "" {
		return nil, fmt.Errorf("the transfer host %s came without a token", base.Host)
	}
	p := &Peer{
		base:      base,
		token:     func() string { return token },
		userAgent: opts.UserAgent,
		policy:    newPolicy(opts),
	}
	p.connect(opts)
	return p, nil
}

// hostOnly leaves out what may be secret in something that should be a host.
func hostOnly(hostname string) string {
	_, host, found := strings.Cut(hostname, "://")
	if !found {
		host = hostname
	}
	if end := strings.IndexAny(host, "/?#"); end >= 0 {
		host = host[:end]
	}
	return host[strings.LastIndex(host, "@")+1:]
}

func (p *Peer) connect(opts Options) {
	settings := attempt.Settings{
		ResponseHeader: cmp.Or(opts.Patience, defaultPatience),
		BodyIdle:       cmp.Or(opts.BodyIdle, defaultBodyIdle),
		Logger:         cmp.Or(opts.Logger, slog.New(slog.DiscardHandler)),
		Operation:      opts.Operation,
	}
	if settings.Operation == nil {
		settings.Operation = func(context.Context) string { return "transfer" }
	}
	opts.HTTP.Timeout = 0 // it would end a long download in the middle
	patient, plain := attempt.NewClient(opts.HTTP, settings)
	p.patient, p.closeIdle = patient, func() {}
	if opts.HTTP.Transport == nil {
		p.closeIdle = plain.CloseIdleConnections
	}
	opts.HTTP.Transport = plain.Transport
	settings.ResponseHeader = cmp.Or(opts.Question, defaultQuestion)
	p.quick, _ = attempt.NewClient(opts.HTTP, settings)
}

// Close closes the connections of a Peer that has a Transport of its own.
func (p *Peer) Close() { p.closeIdle() }

// request is one request to the service.
type request struct {
	method, path string
	query        url.Values
	header       http.Header
	body         []byte // nil = none
	fresh        bool   // on a connection of its own
}

func (r *request) String() string { return r.method + " " + r.path }

// ask sends a request and reads all of a reply that is short.
func (p *Peer) ask(ctx context.Context, r *request) ([]byte, error) {
	client := p.quick
	if r.body != nil {
		client = p.patient
	}
	body := &payload{left: r.body}
	defer body.release()
	resp, err := p.send(ctx, client, r, body)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	reply, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	if err != nil {
		return nil, failed(ctx, r, err)
	}
	return reply, nil
}

// send sends a request. Its error is a *StatusError for each reply that is no
// success, and a *transientError when another attempt makes sense.
func (p *Peer) send(ctx context.Context, client *http.Client, r *request, body *payload) (*http.Response, error) {
	to := p.base.JoinPath(r.path)
	to.RawQuery = r.query.Encode()
	req, err := http.NewRequestWithContext(ctx, r.method, to.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("%v: %w", r, err)
	}
	if r.body != nil {
		req.Body, req.ContentLength = body, int64(len(r.body))
	}
	if r.header != nil {
		req.Header = r.header.Clone()
	}
	req.Header.Set("Authorization", "Bearer "+p.token())
	req.Header.Set("User-Agent", p.userAgent)
	req.Close = r.fresh
	resp, err := client.Do(req)
	if err != nil {
		return nil, failed(ctx, r, err)
	}
	if resp.StatusCode == http.StatusOK || r.method == http.MethodPost && resp.StatusCode/100 == 2 {
		return resp, nil
	}
	defer resp.Body.Close()
	return nil, p.refused(r, resp)
}

// failed is what to say when no reply came, or not all of one. It is worth
// another attempt unless the caller gave up.
func failed(ctx context.Context, r *request, err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err // without the URL
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%v: %w", r, context.Cause(ctx))
	}
	return &transientError{fmt.Errorf("%v: %w", r, err)}
}

// jsonHeader is the header of a JSON body.
func jsonHeader() http.Header { return http.Header{"Content-Type": {"application/json"}} }
