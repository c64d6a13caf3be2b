package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"golang.org/x/sync/errgroup"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/archive"
	"github.com/jobalertd/jobalertd/alerts/intake"
	"github.com/jobalertd/jobalertd/alerts/jobposting"
	"github.com/jobalertd/jobalertd/alerts/percolate"
	"github.com/jobalertd/jobalertd/config"
	"github.com/jobalertd/jobalertd/config/broker"
	"github.com/jobalertd/jobalertd/mailer/capture"
	"github.com/jobalertd/jobalertd/mailer/outbox"
	"github.com/jobalertd/jobalertd/mailer/smtp"
)

// serveCmd runs the daemon.
type serveCmd struct{}

func (serveCmd) Help() string {
	return "Example:\n  jobalertd serve --config /etc/jobalertd.toml\n\nThe first SIGINT or SIGTERM stops it in order; a second one at once."
}

// Run serves until ctx ends.
func (serveCmd) Run(ctx context.Context, s *session) error {
	c, err := s.config()
	if err != nil {
		return err
	}
	m, err := s.meaning(c)
	if err != nil {
		return err
	}
	release, err := config.LockDataDir(c.DataDir)
	if err != nil {
		return err
	}
	defer func() { _ = release() }()
	d, err := newDaemon(ctx, c, m, s.logger(c), time.Now)
	if err != nil {
		return err
	}
	return d.run(ctx)
}

// daemon is every part of a running process, wired.
type daemon struct {
	*stores
	broker  *broker.Broker
	intake  *intake.Intake
	index   *percolate.Index
	archive *archive.Archive
	name    string // the replica's, for claims and leases
	relay   *outbox.Relay
	capture *capture.Store // nil when there is a relay
	ready   readiness
	server  *http.Server
	listen  net.Listener
	inbound *receiver    // nil without inbound.listen
	canary  *canaryWatch // nil without canary.schedule
}

// newDaemon builds every part and hands it over. Nothing runs yet but the
// embedded NATS server. The caller holds the lock of data_dir.
func newDaemon(ctx context.Context, c *config.Config, m *alerts.Meaning, log *slog.Logger, now func() time.Time) (_ *daemon, err error) {
	st, err := openStores(ctx, c, m, log, now)
	if err != nil {
		return nil, err
	}
	d := &daemon{stores: st}
	defer func() {
		if err != nil {
			d.close()
		}
	}()
	d.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	// One process owns an SQLite file, so its vocabulary counts. On PostgreSQL
	// other replicas may run: there `migrate` decides.
	if err := st.adoptAnalysis(ctx, st.sqlite()); err != nil {
		return nil, err
	}
	if err := d.startBroker(ctx); err != nil {
		return nil, err
	}
	if err := d.buildIntake(ctx); err != nil {
		return nil, err
	}
	d.archive = st.newArchive()
	if err := d.buildRelay(ctx); err != nil {
		return nil, err
	}
	if err := d.buildCanary(); err != nil {
		return nil, err
	}
	if err := d.buildInbound(ctx); err != nil {
		return nil, err
	}
	return d, d.buildServer()
}

func (s *stores) sqlite() bool { return strings.HasPrefix(s.config.DatabaseURL(), "sqlite:") }

func (d *daemon) startBroker(ctx context.Context) (err error) {
	users, err := d.natsUsers(ctx)
	if err != nil {
		return err
	}
	d.broker, err = broker.Start(ctx, brokerOptions(d.config, users, d.log))
	if err != nil {
		return fmt.Errorf("start NATS: %w", err)
	}
	return nil
}

func brokerOptions(c *config.Config, users []broker.User, log *slog.Logger) broker.Options {
	return broker.Options{URL: c.NATS.URL.Reveal(), CredentialsFile: c.NATS.CredentialsFile, Listen: c.NATS.Listen, DataDir: c.DataDir, Users: users, Log: log,
		TLS: broker.TLS{CAFile: c.NATS.TLSCAFile, CertFile: c.NATS.TLSCertFile, KeyFile: c.NATS.TLSKeyFile}}
}

// natsUsers are the recruiters who may log in at the embedded server.
func (s *stores) natsUsers(ctx context.Context) ([]broker.User, error) {
	recruiters, err := s.postings.Recruiters(ctx, s.db.Reader)
	if err != nil {
		return nil, err
	}
	var users []broker.User
	for _, r := range recruiters {
		if !r.Revoked {
			users = append(users, broker.User{Source: r.Source, PasswordHash: r.NATSPasswordHash})
		}
	}
	return users, nil
}

// bindIntake finds or makes the streams and the consumer of postings, and says
// when their stream was made.
func (d *daemon) bindIntake(ctx context.Context) (jetstream.Consumer, time.Time, error) {
	js := d.broker.JetStream()
	o := broker.StreamOptions{MaxBytes: int64(d.config.NATS.MaxStoreMB) << 20, Replicas: d.config.NATS.Replicas}
	if err := broker.EnsureStreams(ctx, js, o); err != nil {
		return nil, time.Time{}, err
	}
	var made time.Time
	consumer, err := broker.EnsureIntake(ctx, js, d.broker.Embedded(), func(created time.Time) (uint64, error) {
		made = created
		return d.postings.HighestApplied(ctx, d.db.Reader, created)
	})
	return consumer, made, err
}

func (d *daemon) buildIntake(ctx context.Context) error {
	consumer, created, err := d.bindIntake(ctx)
	if err != nil {
		return err
	}
	reader, err := newReader(d.config, d.meaning)
	if err != nil {
		return err
	}
	d.index = percolate.New(nil)
	d.intake = intake.New(intake.Options{
		DB: d.db, Store: d.postings, Subscriptions: d.subscriptions, Meaning: d.meaning, Reader: reader, Index: d.index,
		JetStream: d.broker.JetStream(), Consumer: consumer, StreamCreated: created, Rebind: d.bindIntake, Conn: d.broker.Conn(),
		Metrics: intake.NewMetrics(d.registry), Log: d.log, Now: d.now,
	})
	return nil
}

// newReader reads postings as configured.
func newReader(c *config.Config, m *alerts.Meaning) (*jobposting.Reader, error) {
	o := jobposting.Options{Lifetime: c.Postings.Lifetime, MaxBytes: broker.MaxPosting}
	if path := c.Postings.AgenciesFile; path != "" {
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("postings.agencies_file: %w", err)
		}
		for line := range strings.Lines(string(b)) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				o.Agencies = append(o.Agencies, line)
			}
		}
	}
	return jobposting.New(m, o), nil
}

func (d *daemon) buildRelay(ctx context.Context) error {
	name, err := replicaName(d.config.DataDir)
	if err != nil {
		return err
	}
	d.name = name
	// The lock on data_dir says that no other process of this name lives.
	held, err := d.outbox.Reclaim(ctx, name, d.config.SMTP.HoldUnknown)
	if err != nil {
		return err
	}
	if held > 0 {
		d.log.WarnContext(ctx, "envelopes that may have been sent at a crash are held; see jobalertd outbox list --outcome unknown", "envelopes", held)
	}
	o := outbox.Options{Store: d.outbox, Composer: mails{d.stores}, Suppressions: d.suppressions, Reader: d.db.Reader,
		Connections: d.config.SMTP.Connections, Name: name, HoldUnknown: d.config.SMTP.HoldUnknown,
		Metrics: outbox.NewMetrics(d.registry, d.outbox), Log: d.log, Now: d.now, Jitter: mathrand.Float64}
	if d.config.SMTP.Host == "" {
		if d.capture, err = capture.Open(capture.Options{Dir: filepath.Join(d.config.DataDir, "mail"), MaxMails: 5000, Now: d.now}); err != nil {
			return fmt.Errorf("keep mails in data_dir: %w", err)
		}
		o.Transport, o.Connections = captureTransport{d.capture}, 1
	} else {
		limiter := smtp.NewLimiter(smtp.LimiterOptions{PerSecond: float64(d.config.SMTP.MaxPerSecond), PerMinute: d.config.SMTP.MaxPerMinutePerDomain, Slots: d.slots()})
		if o.Transport, err = newRelayTransport(d.config, limiter); err != nil {
			return err
		}
		o.Pacer = limiter
	}
	d.relay = outbox.New(o)
	return nil
}

// replicaName is this data folder's name for claims, made once and kept there.
func replicaName(dataDir string) (string, error) {
	path := filepath.Join(dataDir, "replica")
	b, err := os.ReadFile(path)
	if err == nil && len(strings.TrimSpace(string(b))) > 0 {
		return strings.TrimSpace(string(b)), nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("read the replica's name: %w", err)
	}
	random := make([]byte, 8)
	_, _ = rand.Read(random) // never fails (crypto/rand)
	name := hex.EncodeToString(random)
	if err := os.WriteFile(path, []byte(name+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("keep the replica's name: %w", err)
	}
	return name, nil
}

// stopWithin bounds an orderly stop.
const stopWithin = 20 * time.Second

// run starts every loop and stops them in data order: postings first, digests,
// then mail, then the servers and the database.
func (d *daemon) run(ctx context.Context) error {
	defer d.close()
	if err := d.load(ctx); err != nil {
		return err
	}
	d.log.InfoContext(ctx, "ready", "pages", d.config.HTTP.PublicURL, "nats", d.broker.ClientURL(), "subscriptions", d.index.Len())
	d.ready.set(true)

	g, gctx := errgroup.WithContext(ctx)
	scheduler, err := d.schedule(gctx)
	if err != nil {
		return err
	}
	g.Go(func() error { d.forgetLoading(); return nil })
	g.Go(func() error { return d.intake.Run(gctx) })
	g.Go(func() error { return d.mergeIndex(gctx) })
	g.Go(func() error { return d.governGarbage(gctx) })
	g.Go(func() error { return d.runArchive(gctx) })
	g.Go(func() error { return d.digests.RunFollower(gctx, followEvery, nil) })
	g.Go(func() error { scheduler.run(gctx); return nil })
	g.Go(func() error { return d.relay.Run(gctx) })
	g.Go(func() error { return d.serveHTTP(gctx) })
	if d.inbound != nil {
		g.Go(func() error { return d.inbound.server.Run(gctx, d.inbound.listener) })
	}
	err = g.Wait()
	d.log.Info("stopped")
	return err
}

// forgetLoading gives back the memory that a million criteria passed through.
func (d *daemon) forgetLoading() {
	d.db.Shrink()
	debug.FreeOSMemory()
}

// load fills the index, and looks meanwhile for what this replica leased when it died.
func (d *daemon) load(ctx context.Context) error {
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return d.digests.Reclaim(gctx, d.name) })
	g.Go(func() error { return loadIndex(gctx, d.intake) })
	return g.Wait()
}

// loadIndex fills the index from the database.
func loadIndex(ctx context.Context, in *intake.Intake) error {
	defer whileIndexing()()
	return in.Load(ctx)
}

// mergeIndex folds changes into the index's base in the background, once they are
// many enough to cost the matching something.
func (d *daemon) mergeIndex(ctx context.Context) error {
	tick := time.NewTicker(mergeEvery)
	defer tick.Stop()
	for {
		merged, err := mergeDue(ctx, d.index)
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("merge the index: %w", err)
		}
		if merged {
			debug.FreeOSMemory()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// mergeDue merges the index, or folds changes in, if enough of them wait.
func mergeDue(ctx context.Context, x *percolate.Index) (merged bool, err error) {
	switch s := x.Stats(); {
	case s.Pending > max(mergeAt, s.Base/50):
		return true, x.Merge(ctx)
	case s.Unfolded > foldAt:
		return false, x.Fold(ctx)
	}
	return false, nil
}

// The index is looked at every mergeEvery. It is merged when at least mergeAt changes
// and a fiftieth of it wait; until then they are folded in, foldAt at a time, since a
// change costs each posting more before it is.
const (
	mergeEvery = time.Second
	mergeAt    = 5000
	foldAt     = 1000
)

// followEvery is how often the instant follower looks at the match log.
const followEvery = time.Second

func (d *daemon) serveHTTP(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() {
		d.ready.set(false)
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin/2)
		defer cancel()
		_ = d.server.Shutdown(grace)
	})
	defer stop()
	err := d.server.Serve(d.listen)
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve pages: %w", err)
}

// close ends what newDaemon began, as far as it got.
func (d *daemon) close() {
	ctx, cancel := context.WithTimeout(context.Background(), stopWithin/2)
	defer cancel()
	if d.listen != nil {
		_ = d.listen.Close()
	}
	if d.inbound != nil {
		_ = d.inbound.listener.Close()
	}
	if d.broker != nil {
		if err := d.broker.Close(ctx); err != nil {
			d.log.Warn("stop NATS", "err", err)
		}
	}
	if d.stores != nil {
		if err := d.stores.close(); err != nil {
			d.log.Warn("close the database", "err", err)
		}
	}
}

// wake tells this process and the others that subscriptions have changed, and the
// relay that mail may wait.
func (d *daemon) Wake() {
	_ = d.broker.Conn().Publish("subscriptions.changed", nil) // only a wake-up
	d.relay.Wake()
}
