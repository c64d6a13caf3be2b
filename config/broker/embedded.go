package broker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

const (
	// MaxPosting is the largest message that stream POSTINGS takes, in bytes,
	// headers included.
	MaxPosting = 1 << 20
	// maxPayload leaves room for a rejection: the original bytes and the
	// reason in headers.
	maxPayload = MaxPosting + 64<<10
	// The streams' own bounds limit the disk; the server's would refuse to load
	// a stream at start once it was lowered.
	maxStore = 1 << 50
)

func (b *Broker) startEmbedded(ctx context.Context) error {
	if err := b.opts.TLS.check(); err != nil {
		return err
	}
	if len(b.opts.Users) == 0 && b.opts.Listen != "" && !loopback(b.opts.Listen) {
		return fmt.Errorf("%w: nats.listen is %s; add one first (jobalertd recruiters add), or listen on 127.0.0.1",
			ErrExposed, b.opts.Listen)
	}
	var err error
	if b.secret, b.hash, err = NewPassword(); err != nil {
		return err
	}
	b.users = sortUsers(b.opts.Users)
	if err := checkUsers(b.users); err != nil {
		return err
	}
	opts, err := b.serverOptions(b.users)
	if err != nil {
		return err
	}
	if err := tryListen(ctx, opts); err != nil {
		return fmt.Errorf("nats.listen: %w", err)
	}
	trouble, err := b.launch(ctx, opts)
	if err != nil {
		return err
	}
	if b.opts.Listen != "" {
		if err := b.writeCredential(); err != nil {
			b.stopServer()
			return err
		}
	}
	b.watch(trouble)
	return nil
}

// launch starts a server, waits until it is ready, and makes it ours. What it
// returns gets a value when the server cannot write any more.
func (b *Broker) launch(ctx context.Context, opts *server.Options) (trouble <-chan struct{}, err error) {
	s, err := server.NewServer(opts)
	if err != nil {
		return nil, fmt.Errorf("make the embedded NATS server: %w", err)
	}
	log := &serverLog{log: b.log, trouble: make(chan struct{}, 1)}
	s.SetLoggerV2(log, false, false, false)
	s.Start()
	deadline := time.Now().Add(connectWait)
	for !s.ReadyForConnections(250 * time.Millisecond) {
		if fatal := log.fatal(); fatal != "" || ctx.Err() != nil || time.Now().After(deadline) {
			s.Shutdown()
			s.WaitForShutdown()
			return nil, errors.Join(errors.New("start the embedded NATS server: not ready "+fatal), ctx.Err())
		}
	}
	b.server = s
	return log.trouble, nil
}

// serverOptions is the whole of the server's configuration with users; a
// reload compares it with the one before.
func (b *Broker) serverOptions(users []User) (*server.Options, error) {
	opts := &server.Options{
		ServerName:             "jobalertd",
		JetStream:              true,
		StoreDir:               filepath.Join(b.opts.DataDir, "nats"),
		JetStreamMaxStore:      maxStore,
		JetStreamMaxMemory:     64 << 20, // every stream is on disk
		SyncAlways:             true,     // promise 1: synced before it is acknowledged
		NoSigs:                 true,     // signals belong to main
		DontListen:             b.opts.Listen == "",
		DisableJetStreamBanner: true,
		MaxPayload:             maxPayload,
		Users:                  b.serverUsers(users),
	}
	if b.opts.Listen == "" {
		return opts, nil
	}
	host, port, err := net.SplitHostPort(b.opts.Listen)
	if err != nil {
		return nil, fmt.Errorf("nats.listen: %w", err)
	}
	opts.Host = host
	if opts.Port, err = strconv.Atoi(port); err != nil {
		return nil, fmt.Errorf("nats.listen: port %q is not a number", port)
	}
	if opts.Port == 0 {
		opts.Port = server.RANDOM_PORT
	}
	if b.port != 0 {
		opts.Port = b.port
	}
	if b.opts.TLS.CertFile == "" {
		return opts, nil
	}
	if opts.TLSConfig, err = b.opts.TLS.serverConfig(); err != nil {
		return nil, err
	}
	opts.TLS, opts.TLSTimeout = true, 5
	return opts, nil
}

// tryListen finds out at once that the address is taken, which the server
// would only log.
func tryListen(ctx context.Context, opts *server.Options) error {
	if opts.DontListen || opts.Port == server.RANDOM_PORT {
		return nil
	}
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", net.JoinHostPort(opts.Host, strconv.Itoa(opts.Port)))
	if err != nil {
		return err
	}
	return l.Close()
}

func (b *Broker) stopServer() {
	if b.server == nil {
		return
	}
	if b.stopHealing != nil {
		b.stopHealing()
	}
	b.server.Shutdown()
	b.server.WaitForShutdown()
	if b.opts.Listen != "" {
		b.removeCredential()
	}
}

// listenURL is where a program on this machine reaches the listening server.
func (b *Broker) listenURL() *url.URL {
	host, _, _ := net.SplitHostPort(b.opts.Listen) // Start has read it
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	port := b.actualPort()
	scheme := "nats"
	if b.opts.TLS.CertFile != "" {
		scheme = "tls"
	}
	return &url.URL{Scheme: scheme, Host: net.JoinHostPort(host, strconv.Itoa(port))}
}

// loopback reports whether only this machine reaches HOST:PORT.
func loopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// serverLog hands the server's words to slog, one level lower where they are
// chatter to an operator who did not install a NATS server.
type serverLog struct {
	log     *slog.Logger
	trouble chan struct{} // gets a value when the server says that it cannot write

	mu   sync.Mutex
	last string
}

func (l *serverLog) Noticef(format string, v ...any) {
	l.log.Debug("nats: " + fmt.Sprintf(format, v...))
}
func (l *serverLog) Warnf(format string, v ...any) { l.log.Warn("nats: " + fmt.Sprintf(format, v...)) }
func (l *serverLog) Errorf(format string, v ...any) {
	text := fmt.Sprintf(format, v...)
	l.log.Error("nats: " + text)
	if !cannotWrite(text) {
		return
	}
	select {
	case l.trouble <- struct{}{}:
	default:
	}
}
func (l *serverLog) Debugf(string, ...any) {}
func (l *serverLog) Tracef(string, ...any) {}

// Fatalf must not end the process; startEmbedded asks for what it said.
func (l *serverLog) Fatalf(format string, v ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = fmt.Sprintf(format, v...)
	l.log.Error("nats: " + l.last)
}

func (l *serverLog) fatal() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}
