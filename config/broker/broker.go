// Package broker connects the daemon to NATS: to a server embedded in this
// process, which recruiters reach at its own address, or to a remote one. It
// sets up and checks the streams and the consumer of postings, and says which
// subjects a recruiter's user may touch.
//
// It reads and writes no message. Intake, cmd and tests call it; it imports
// no other package of the project.
package broker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

var (
	// ErrNoDaemon means that no daemon answers for the data folder.
	ErrNoDaemon = errors.New("no running daemon found")
	// ErrExposed means that the embedded server was to listen beyond
	// loopback while nobody but the operator could log in.
	ErrExposed = errors.New("refusing to listen beyond loopback without recruiters")
)

// connectWait bounds how long Start and Connect wait for a server to answer.
const connectWait = 15 * time.Second

// Options says which NATS server to use and how.
type Options struct {
	// URL addresses a remote server, several separated by commas. Empty means
	// the embedded one.
	URL string
	// CredentialsFile holds a user's JWT and key for a remote server.
	CredentialsFile string
	// TLS secures the remote connection, or the embedded server's listener.
	TLS TLS

	// Listen is HOST:PORT of the embedded server; port 0 picks a free one.
	// Empty means not to listen: only this process reaches it, and no
	// operator's credential is written.
	Listen string
	// DataDir is the folder of the embedded server's store (in nats) and of
	// the operator's credential (nats-operator). The caller holds its lock: a
	// second server on the same store would start without an error.
	DataDir string
	// Users are the recruiters known at start; SetUsers replaces them.
	Users []User

	// Log takes what the server and the connection report. Nil discards it.
	Log *slog.Logger
	// OnError, if set, is called with each asynchronous error of the
	// connection, such as a refused publish, after it is logged.
	OnError func(error)
}

// Broker is a connection to NATS and, if embedded, the server. Its methods
// are safe for concurrent use. The caller who started it closes it.
type Broker struct {
	conn   *nats.Conn
	js     jetstream.JetStream
	closed chan struct{} // closes when conn has ended for good

	opts   Options
	secret string // the operator's password
	hash   string // and its hash; the server complains of passwords in the clear
	log    *slog.Logger

	mu     sync.Mutex
	server *server.Server // nil: remote
	port   int            // where a server that was started anew listens; 0: as Options say
	users  []User         // those in force, sorted by source

	storing     atomic.Bool // the embedded server can write
	stopHealing func()      // returns when nothing starts the server any more
}

// Start runs the embedded server and connects to it, or connects to the
// remote one, and returns once JetStream answers. It waits 15 seconds for a
// remote server; afterwards the connection is restored without limit.
func Start(ctx context.Context, opts Options) (*Broker, error) {
	b := newBroker(opts)
	if opts.URL != "" {
		return b.connectRemote(ctx)
	}
	if err := b.startEmbedded(ctx); err != nil {
		return nil, err
	}
	err := b.connect(ctx, nats.DefaultURL, nats.InProcessServer(inProcess{b}), nats.UserInfo(operator, b.secret))
	if err != nil {
		b.stopServer()
		return nil, fmt.Errorf("connect to the embedded NATS server: %w", err)
	}
	return b, nil
}

// Connect is for commands beside a running daemon: it connects to the remote
// server, or to the embedded one of the daemon that holds opts.DataDir, as its
// operator. ErrNoDaemon if that does not run.
func Connect(ctx context.Context, opts Options) (*Broker, error) {
	b := newBroker(opts)
	if opts.URL != "" {
		return b.connectRemote(ctx)
	}
	url, err := OperatorURL(opts.DataDir)
	if err != nil {
		return nil, err
	}
	options := []nats.Option{nats.RetryOnFailedConnect(false)}
	if opts.TLS.CertFile != "" {
		pinned, err := opts.TLS.pinned()
		if err != nil {
			return nil, err
		}
		options = append(options, nats.Secure(pinned))
	}
	err = b.connect(ctx, url, options...)
	if errors.Is(err, nats.ErrNoServers) { // a crashed daemon leaves its credential behind
		return nil, noDaemon(err)
	}
	if err != nil {
		return nil, fmt.Errorf("connect to the running daemon's NATS server at %s: %w", stripUsers(url), err)
	}
	return b, nil
}

func newBroker(opts Options) *Broker {
	b := &Broker{opts: opts, log: opts.Log, closed: make(chan struct{})}
	if b.log == nil {
		b.log = slog.New(slog.DiscardHandler)
	}
	return b
}

func (b *Broker) connectRemote(ctx context.Context) (*Broker, error) {
	options, err := b.opts.TLS.clientOptions()
	if err != nil {
		return nil, err
	}
	if b.opts.CredentialsFile != "" {
		options = append(options, nats.UserCredentials(b.opts.CredentialsFile))
	}
	if err := b.connect(ctx, b.opts.URL, options...); err != nil {
		return nil, fmt.Errorf("connect to NATS at %s: %w", stripUsers(b.opts.URL), err)
	}
	return b, nil
}

// connect dials and proves that JetStream answers.
func (b *Broker) connect(ctx context.Context, url string, more ...nats.Option) error {
	connected := make(chan struct{}, 1)
	options := append([]nats.Option{
		nats.Name("jobalertd"),
		// No source can be called so: theirs are lower case. Whoever could
		// subscribe to this prefix would read every answer given to us.
		nats.CustomInboxPrefix("_INBOX_OPERATOR"),
		nats.MaxReconnects(-1),
		nats.RetryOnFailedConnect(true),
		nats.ReconnectWait(500 * time.Millisecond),
		nats.ConnectHandler(func(*nats.Conn) { connected <- struct{}{} }),
		nats.ClosedHandler(func(*nats.Conn) { close(b.closed) }),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				b.log.Warn("nats connection lost", "err", err)
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) { b.log.Info("nats connection restored") }),
		nats.ErrorHandler(b.report),
	}, more...)
	ctx, cancel := context.WithTimeout(ctx, connectWait)
	defer cancel()

	conn, err := nats.Connect(url, options...)
	if err != nil {
		return err
	}
	select {
	case <-connected:
	case <-b.closed:
		return errors.Join(errors.New("the server refused"), conn.LastError())
	case <-ctx.Done():
		conn.Close()
		return errors.Join(ctx.Err(), conn.LastError())
	}
	js, err := jetstream.New(conn)
	if err == nil {
		_, err = js.AccountInfo(ctx)
	}
	if err != nil {
		conn.Close()
		return fmt.Errorf("ask for JetStream: %w", err)
	}
	b.conn, b.js = conn, js
	return nil
}

// report logs an asynchronous error; it names the subject, which carries no
// more than a source.
func (b *Broker) report(_ *nats.Conn, sub *nats.Subscription, err error) {
	subject := ""
	if sub != nil {
		subject = sub.Subject
	}
	b.log.Warn("nats reported an error", "err", err, "subject", subject)
	if b.opts.OnError != nil {
		b.opts.OnError(err)
	}
}

// Conn returns the connection; Close ends it.
func (b *Broker) Conn() *nats.Conn { return b.conn }

// JetStream returns JetStream on the connection.
func (b *Broker) JetStream() jetstream.JetStream { return b.js }

// Embedded reports whether the server runs within this process.
func (b *Broker) Embedded() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.server != nil
}

// ClientURL returns where recruiters connect, without credentials; empty if
// the embedded server does not listen.
func (b *Broker) ClientURL() string {
	if !b.Embedded() {
		return stripUsers(b.opts.URL)
	}
	if b.opts.Listen == "" {
		return ""
	}
	return b.listenURL().String()
}

// Close drains the connection, so that acknowledgements already given reach
// the server, ends it, and stops the embedded server after that, whatever
// becomes of ctx. Consumers must have been stopped.
func (b *Broker) Close(ctx context.Context) error {
	if b.stopHealing != nil {
		b.stopHealing()
	}
	err := b.conn.Drain()
	if err == nil {
		select {
		case <-b.closed:
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	b.conn.Close()
	<-b.closed
	b.stopServer()
	if err != nil && !errors.Is(err, nats.ErrConnectionClosed) && !errors.Is(err, nats.ErrConnectionReconnecting) {
		return fmt.Errorf("drain the NATS connection: %w", err)
	}
	return nil
}

// stripUsers takes the credentials out of a list of URLs.
func stripUsers(urls string) string {
	list := strings.Split(urls, ",")
	for i, u := range list {
		u = strings.TrimSpace(u)
		if scheme, rest, ok := strings.Cut(u, "://"); ok {
			if at := strings.LastIndex(rest, "@"); at >= 0 {
				u = scheme + "://" + rest[at+1:]
			}
		}
		list[i] = u
	}
	return strings.Join(list, ",")
}
