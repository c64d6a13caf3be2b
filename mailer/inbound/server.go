package inbound

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// Handler acts on what comes in. An error makes the sending server keep the
// mail and try again later, so it is for what may pass, such as a database
// that is away; a token that is unknown is no error, or strangers could tell
// good tokens from bad ones. A mail may be handed over twice.
type Handler interface {
	// Report is told what a mail to the bounce address reports, each with the
	// token of the address it came to, if there was one.
	Report(ctx context.Context, reports []Report) error

	// Unsubscribe is told that a mail came to the unsubscribe address with
	// that token, never an empty one.
	Unsubscribe(ctx context.Context, token string) error

	// Subscribe is told what somebody wrote to the subscribe address. Where it
	// cannot be understood it returns a NotUnderstood.
	Subscribe(ctx context.Context, s SubscribeRequest) error
}

// NotUnderstood is a Handler's answer to a wish that it makes nothing of. The
// server passes its advice on by refusing the mail, so that the writer's own mail
// server tells her (docs/adr/0016).
type NotUnderstood struct {
	Advice string // one line, ASCII, at most 400 bytes
}

func (e *NotUnderstood) Error() string { return "the wish is not understood: " + e.Advice }

// SubscribeRequest is a mail to the subscribe address, by a person as far as
// can be seen. From may be forged: write nothing to it but the confirmation.
type SubscribeRequest struct {
	From    string // the address in the From field
	Subject string // decoded, on one line, at most 200 bytes, without "Re:"
	Locale  string // her language as her program names it, two lower case letters; may be empty
	Remote  string // IP address of the server that brought it
}

// Options say what the server takes. Addresses are without token; one left
// empty is not served.
type Options struct {
	HelloName string // how the server names itself

	BounceAddress      string // takes bounces@… and bounces+TOKEN@…
	UnsubscribeAddress string // takes unsubscribe+TOKEN@…
	SubscribeAddress   string
	// CanaryAddress takes our own canary's mails; Canary is told the Message-ID of
	// each, without brackets. Its error is as the Handler's.
	CanaryAddress string
	Canary        func(ctx context.Context, messageID string) error

	// TLS offers STARTTLS; nil: not offered.
	TLS *tls.Config

	// Limits; zero means the defaults below.
	MaxBytes       int64         // of one mail
	MaxConnections int           // at a time
	MaxPerMinute   int           // mails from one IP address
	Timeout        time.Duration // for each command, and for a mail's content

	Log *slog.Logger
}

// Defaults of the limits.
const (
	DefaultMaxBytes       = 1 << 20
	DefaultMaxConnections = 50
	DefaultMaxPerMinute   = 300
	DefaultTimeout        = time.Minute
)

// maxRecipients of one mail: a report comes to one address, and a few are
// allowed to those who write one mail to several.
const maxRecipients = 5

// handleTime bounds one call of the Handler.
const handleTime = 30 * time.Second

// Server receives mails by SMTP (RFC 5321).
type Server struct {
	options Options
	handler Handler
	pace    *pace
	advised *pace // by the address advised
}

// NewServer returns a Server that listens once Run is called.
func NewServer(o Options, h Handler) *Server {
	if o.MaxBytes <= 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	if o.MaxConnections <= 0 {
		o.MaxConnections = DefaultMaxConnections
	}
	if o.MaxPerMinute <= 0 {
		o.MaxPerMinute = DefaultMaxPerMinute
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.HelloName == "" {
		o.HelloName = "localhost"
	}
	return &Server{options: o, handler: h, pace: &pace{most: o.MaxPerMinute, period: time.Minute},
		advised: &pace{most: maxAdvice, period: 24 * time.Hour}}
}

// Run serves l, which it closes, until ctx ends. Mails being handed over are
// finished first; those still on the wire are cut off, and their senders,
// having got no answer, bring them again.
func (s *Server) Run(ctx context.Context, l net.Listener) error {
	var handing gate
	o := s.options
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &session{server: s, remote: remoteIP(c.Conn()), handing: &handing, base: func() (context.Context, context.CancelFunc) {
			return context.WithTimeout(context.WithoutCancel(ctx), handleTime)
		}}, nil
	}))
	server.Domain = o.HelloName
	server.MaxMessageBytes, server.MaxRecipients = o.MaxBytes, maxRecipients
	server.ReadTimeout, server.WriteTimeout = o.Timeout, o.Timeout
	server.EnableSMTPUTF8 = true
	server.TLSConfig = o.TLS
	server.ErrorLog = slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug)

	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		_ = server.Close()
		_ = l.Close() // go-smtp does not know it before Serve has begun
	})
	err := server.Serve(&boundedListener{Listener: l, most: o.MaxConnections})
	if stop() { // the listener failed by itself
		_ = server.Close()
	} else {
		<-stopped
	}
	handing.shut()
	switch {
	case err == nil, errors.Is(err, net.ErrClosed), errors.Is(context.Cause(ctx), context.Canceled):
		return nil
	}
	return fmt.Errorf("receive mail: %w", err)
}

// gate counts what is being handed over, and lets nothing begin once shut.
type gate struct {
	mu     sync.Mutex
	closed bool
	inside sync.WaitGroup
}

func (g *gate) enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return false
	}
	g.inside.Add(1)
	return true
}

func (g *gate) leave() { g.inside.Done() }

// shut returns when all that was inside has left.
func (g *gate) shut() {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	g.inside.Wait()
}

func remoteIP(c net.Conn) string {
	host, _, err := net.SplitHostPort(c.RemoteAddr().String())
	if err != nil {
		return c.RemoteAddr().String()
	}
	return host
}

// boundedListener turns away connections beyond a number.
type boundedListener struct {
	net.Listener
	most int

	mu   sync.Mutex
	open int
}

// Accept implements net.Listener.
func (l *boundedListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		l.mu.Lock()
		full := l.open >= l.most
		if !full {
			l.open++
		}
		l.mu.Unlock()
		if !full {
			return &boundedConn{Conn: conn, listener: l}, nil
		}
		_ = conn.SetDeadline(time.Now().Add(time.Second))
		_, _ = conn.Write([]byte("421 4.3.2 Too many connections, try again later\r\n"))
		_ = conn.Close()
	}
}

type boundedConn struct {
	net.Conn
	listener *boundedListener
	once     sync.Once
}

// Close implements net.Conn.
func (c *boundedConn) Close() error {
	c.once.Do(func() {
		c.listener.mu.Lock()
		c.listener.open--
		c.listener.mu.Unlock()
	})
	return c.Conn.Close()
}

// maxKnown bounds the keys that a pace remembers within one period.
const maxKnown = 10_000

// maxAdvice is how often a day a wish that is not understood is refused with
// advice; as often as a confirmation is sent.
const maxAdvice = 3

// pace counts by key, such as an IP address, within periods.
type pace struct {
	most   int
	period time.Duration

	mu     sync.Mutex
	now    int64 // number of the period
	counts map[string]int
}

// take says whether one more may come from key.
func (p *pace) take(key string, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := now.UnixNano() / int64(p.period); n != p.now || p.counts == nil {
		p.now, p.counts = n, make(map[string]int)
	}
	n, known := p.counts[key]
	if n >= p.most || !known && len(p.counts) >= maxKnown {
		return false
	}
	p.counts[key] = n + 1
	return true
}
