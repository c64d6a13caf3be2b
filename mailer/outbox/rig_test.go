package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/mailer/outbox"
	"github.com/jobalertd/jobalertd/mailer/smtp"
	"github.com/jobalertd/jobalertd/mailer/smtp/smtptest"
	"github.com/jobalertd/jobalertd/mailer/suppression"
)

func TestMain(m *testing.M) {
	if os.Getenv(crashURL) != "" {
		if err := sendUntilKilled(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// relayServer carries envelopes to a real SMTP server, as cmd does.
type relayServer struct {
	options smtp.Options
	dials   atomic.Int64
}

func (t *relayServer) Dial(ctx context.Context) (outbox.Session, error) {
	t.dials.Add(1)
	conn, err := smtp.Dial(ctx, t.options)
	if err != nil {
		return nil, err
	}
	return conn, nil
}

func (t *relayServer) Problem(err error) mailer.Verdict { return smtp.VerdictOf(err) }

// each is a Composer that makes one mail after the other.
type each func(e mailer.Envelope) (mailer.Message, error)

func (f each) Read(_ context.Context, envelopes []mailer.Envelope) ([]outbox.Draft, error) {
	drafts := make([]outbox.Draft, len(envelopes))
	for i, e := range envelopes {
		drafts[i] = outbox.Draft{To: address(e.Subscriber), Make: func() (mailer.Message, error) { return f(e) }}
	}
	return drafts, nil
}

// letters composes a small mail to a subscriber's address.
var letters = each(letter)

func address(subscriber int64) string { return fmt.Sprintf("s%d@example.org", subscriber) }

func letter(e mailer.Envelope) (mailer.Message, error) {
	data := "Message-ID: <" + e.MessageID + ">\r\nSubject: " + string(e.Kind) + "\r\n\r\n" + strings.Repeat("Stelle\r\n", 20)
	return mailer.Message{Envelope: e.ID, From: "b@bounce.example", To: address(e.Subscriber), Data: []byte(data)}, nil
}

// clock is the time that tests can move on.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time          { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *clock) advance(d time.Duration) { c.ahead.Add(int64(d)) }

// rig is a relay between a database and an SMTP server.
type rig struct {
	clock        clock
	db           *database.DB
	store        *outbox.Store
	suppressions *suppression.List
	server       *smtptest.Server
	transport    *relayServer
	registry     *prometheus.Registry
	options      outbox.Options
	relay        *outbox.Relay
}

func messageID(purpose string) string {
	return mailer.MessageID([]byte("seed"), purpose, "jobs.example")
}

func smtpOptions(host string, port int) smtp.Options {
	return smtp.Options{Host: host, Port: port, TLS: smtp.TLSNone, Timeout: 10 * time.Second, FinalTimeout: 10 * time.Second, MaxPerConnection: 100}
}

// newRig builds one; start runs its relay. change may alter the relay's options.
func newRig(t *testing.T, db *database.DB, change func(o *outbox.Options)) *rig {
	t.Helper()
	r := &rig{db: db, server: smtptest.Run(t, smtptest.Options{}), registry: prometheus.NewRegistry()}
	var err error
	if r.store, err = outbox.NewStore(db, messageID, r.clock.now); err != nil {
		t.Fatal(err)
	}
	if r.suppressions, err = suppression.New(db, []byte("key"), r.clock.now); err != nil {
		t.Fatal(err)
	}
	r.transport = &relayServer{options: smtpOptions(r.server.Host, r.server.Port)}
	r.options = outbox.Options{Store: r.store, Composer: letters, Transport: r.transport, Suppressions: r.suppressions,
		Reader: db.Reader, Connections: 4, Name: "r1", Metrics: outbox.NewMetrics(r.registry, r.store),
		Log: slog.New(slog.DiscardHandler), Now: r.clock.now, Jitter: func() float64 { return 0.5 }}
	if change != nil {
		change(&r.options)
	}
	r.relay = outbox.New(r.options)
	return r
}

// start runs the relay until the test ends or stop is called, which returns what
// Run returned.
func (r *rig) start(t *testing.T) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	relay := r.relay
	go func() { done <- relay.Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run returned %v", err)
		}
	}
	t.Cleanup(stop)
	return stop
}

// enqueue adds a digest envelope for each subscriber from..to.
func (r *rig) enqueue(t *testing.T, kind mailer.Kind, from, to int64) {
	t.Helper()
	enqueue(t, r.db, r.store, r.clock.now(), kind, from, to)
}

func enqueue(t *testing.T, db *database.DB, store *outbox.Store, now time.Time, kind mailer.Kind, from, to int64) {
	t.Helper()
	var envelopes []mailer.Envelope
	for s := from; s <= to; s++ {
		purpose := fmt.Sprintf("%s 1 %d", kind, s)
		envelopes = append(envelopes, mailer.Envelope{Kind: kind, Purpose: purpose, Subscriber: s, Run: 1,
			MessageID: messageID(purpose), DueAt: now, Created: now})
	}
	if err := db.Tx(t.Context(), func(tx *sqlx.Tx) error { return store.Enqueue(t.Context(), tx, envelopes) }); err != nil {
		t.Fatal(err)
	}
}

// all lists the envelopes by subscriber.
func (r *rig) all(t *testing.T) map[int64]mailer.Envelope {
	t.Helper()
	list, err := r.store.List(context.Background(), outbox.Filter{Limit: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	by := make(map[int64]mailer.Envelope, len(list))
	for _, e := range list {
		by[e.Subscriber] = e
	}
	return by
}

// until waits until the claim about the envelopes holds.
func (r *rig) until(t *testing.T, what string, holds func(by map[int64]mailer.Envelope) bool) map[int64]mailer.Envelope {
	t.Helper()
	deadline := time.Now().Add(60 * time.Second)
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		by := r.all(t)
		if holds(by) {
			return by
		}
		if time.Now().After(deadline) {
			t.Fatalf("waited a minute for: %s\nenvelopes: %v", what, summary(by))
		}
		<-time.After(pause)
	}
}

func summary(by map[int64]mailer.Envelope) map[string]int {
	n := map[string]int{}
	for _, e := range by {
		n[fmt.Sprintf("%s/%s", e.State, e.Outcome)]++
	}
	return n
}

// settled: nothing is claimed or due.
func (r *rig) settled(by map[int64]mailer.Envelope) bool {
	now := r.clock.now()
	for _, e := range by {
		if e.State == mailer.Claimed || e.State == mailer.Waiting && !e.DueAt.After(now) {
			return false
		}
	}
	return true
}

func done(by map[int64]mailer.Envelope) bool {
	for _, e := range by {
		if e.State != mailer.Done {
			return false
		}
	}
	return true
}

// received counts the mails each recipient got, and checks that all copies of one
// bear the same Message-ID.
func received(t *testing.T, mails []smtptest.Mail) map[string]int {
	t.Helper()
	n, ids := map[string]int{}, map[string]string{}
	for _, m := range mails {
		id, _, _ := strings.Cut(string(m.Data), "\r\n")
		if before := ids[m.To]; before != "" && before != id {
			t.Errorf("%s got one mail under %q and %q", m.To, before, id)
		}
		ids[m.To] = id
		n[m.To]++
	}
	return n
}

var errTest = errors.New("does not compose")
