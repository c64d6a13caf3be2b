package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/config"
	"github.com/jobalertd/jobalertd/config/broker"
	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/config/database/databasetest"
	"github.com/jobalertd/jobalertd/mailer/digest"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// testMeaning is read once for all tests: it is immutable.
var testMeaning = sync.OnceValues(func() (*alerts.Meaning, error) {
	return (&session{stderr: os.Stderr}).meaning(config.Default())
})

// world is a daemon without pages and mail server, whose clock the test sets:
// real NATS, real database, real intake and digests.
type world struct {
	t      testing.TB
	config *config.Config
	clock  atomic.Int64 // Unix milliseconds

	// library makes the smallest digest run keep its postings as large ones do; it
	// takes effect at the next start.
	library bool

	meaning  *alerts.Meaning
	daemon   *daemon
	follower *digest.Follower
	push     *publisher
	stop     func()
}

// newWorld starts one on a fresh folder and the database at url.
func newWorld(t testing.TB, url string, start time.Time) *world {
	t.Helper()
	w := newWorldWithoutFollower(t, url, start)
	w.must(w.follower.Start(t.Context()))
	return w
}

// newWorldWithoutFollower is newWorld, with the instant follower not started yet.
func newWorldWithoutFollower(t testing.TB, url string, start time.Time) *world {
	t.Helper()
	c := config.Default()
	c.DataDir = t.TempDir()
	c.Database.URL = config.Secret(url)
	c.Database.MaxConnections = 4
	c.NATS.Listen = ""
	c.Digest.MaxPostings = 1000
	c.Digest.Cadences = map[string]string{"twice": "0 9 * * 2,5"}
	w := &world{t: t, config: c}
	m, err := testMeaning()
	w.must(err)
	w.meaning = m
	w.clock.Store(start.UnixMilli())
	w.begin()
	t.Cleanup(func() { w.stop() })
	return w
}

func (w *world) now() time.Time { return time.UnixMilli(w.clock.Load()).UTC() }

// start brings the daemon's parts up on what the folder and the database hold.
func (w *world) start() {
	w.t.Helper()
	w.begin()
	w.must(w.follower.Start(context.Background()))
}

func (w *world) begin() {
	w.t.Helper()
	ctx := context.Background()
	st, err := openStores(ctx, w.config, w.meaning, slog.New(slog.DiscardHandler), w.now)
	w.must(err)
	d := &daemon{stores: st}
	w.must(d.adoptAnalysis(ctx, true))
	w.must(d.startBroker(ctx))
	w.must(d.buildIntake(ctx))
	w.must(d.intake.Load(ctx))
	if w.library {
		o := d.digests.Options
		o.LibraryFrom = 1
		d.digests, err = digest.New(o)
		w.must(err)
	}
	w.follower = d.digests.NewFollower()
	w.push, err = newPublisher(d.broker, "board")
	w.must(err)
	w.daemon = d
	run, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- d.intake.Run(run) }()
	w.stop = func() {
		w.stop = func() {}
		w.push.close()
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("intake ended with %v", err)
		}
		d.close()
	}
}

// restart stops everything in order and starts it on the same folder.
func (w *world) restart() {
	w.t.Helper()
	w.stop()
	w.start()
}

// redeliver makes the stream deliver everything again, as after lost
// acknowledgements.
func (w *world) redeliver() {
	w.t.Helper()
	err := w.daemon.broker.JetStream().DeleteConsumer(context.Background(), broker.Postings, broker.IntakeConsumer)
	if err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
		w.must(err)
	}
	w.restart()
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// publish sends a posting over NATS and waits until intake has judged it.
func (w *world) publish(p map[string]any) postingAnswer {
	w.t.Helper()
	raw, err := json.Marshal(p)
	w.must(err)
	return w.push.send(context.Background(), raw, 20*time.Second)
}

func (w *world) withdraw(identifier string) postingAnswer {
	w.t.Helper()
	raw, err := json.Marshal(map[string]string{"identifier": identifier})
	w.must(err)
	return w.push.publish(context.Background(), "postings.withdrawn.board", raw, 20*time.Second)
}

// change runs one state change of a subscription in a transaction of its own.
func (w *world) change(f func(ctx context.Context, tx sqlx.ExtContext) error) {
	w.t.Helper()
	ctx := context.Background()
	w.must(w.daemon.db.Tx(ctx, func(tx *sqlx.Tx) error { return f(ctx, tx) }))
}

// subscribe signs somebody up and, apart from it, confirms; false if the sign-up
// was not answered with a confirmation mail.
func (w *world) subscribe(address string, wish subscriptions.Wish) (subscriber int64, id uint32, ok bool) {
	w.t.Helper()
	up := subscriptions.SignUp{Address: address, Locale: "de", Wish: wish, How: subscriptions.Circumstances{Source: "test"}}
	w.change(func(ctx context.Context, tx sqlx.ExtContext) error {
		e, err := w.daemon.subscriptions.SignUp(ctx, tx, up, w.now())
		subscriber, id, ok = e.Subscriber, e.Subscription, e.Answer == subscriptions.AskConfirmation
		return err
	})
	if !ok {
		return subscriber, id, false
	}
	w.change(func(ctx context.Context, tx sqlx.ExtContext) error {
		_, err := w.daemon.subscriptions.Confirm(ctx, tx, id, up.How, w.now())
		return err
	})
	return subscriber, id, true
}

func (w *world) get(id uint32) subscriptions.Subscription {
	w.t.Helper()
	s, err := w.daemon.subscriptions.Get(context.Background(), w.daemon.db.Reader, id)
	w.must(err)
	return s
}

// send lets a relay send what waits, into files.
func (w *world) send() {
	w.t.Helper()
	registry := w.daemon.registry
	w.daemon.registry = prometheus.NewRegistry() // a relay runs once and has its own metrics
	w.must(w.daemon.buildRelay(w.t.Context()))
	w.daemon.registry = registry
	ctx, stop := context.WithCancel(w.t.Context())
	done := make(chan error, 1)
	go func() { done <- w.daemon.relay.Run(ctx) }()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		n, err := w.daemon.outbox.Unfinished(ctx, true)
		w.must(err)
		if n == 0 {
			break
		}
		<-tick.C
	}
	stop()
	w.must(<-done)
}

// eachDatabase runs f over both kinds, with the address of a fresh database.
func eachDatabase(t *testing.T, f func(t *testing.T, url string)) {
	t.Run(string(database.SQLite), func(t *testing.T) {
		t.Parallel()
		f(t, databasetest.MigratedSQLiteURL(t))
	})
	t.Run(string(database.PostgreSQL), func(t *testing.T) {
		t.Parallel()
		f(t, databasetest.PostgresURL(t))
	})
}
