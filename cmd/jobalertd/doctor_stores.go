package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/nats-io/nats.go/jetstream"

	alertstore "github.com/jobalertd/jobalertd/alerts/store"
	"github.com/jobalertd/jobalertd/config/broker"
	"github.com/jobalertd/jobalertd/config/database"
)

// lookAtDatabase opens it without migrating, and writes what is rolled back.
func (d *doctor) lookAtDatabase(ctx context.Context) {
	const what = "database"
	if path, ok := strings.CutPrefix(d.config.DatabaseURL(), "sqlite:"); ok {
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			d.say(healthy, what, "SQLite, to be made at "+path, "")
			return
		}
	}
	db, err := database.Open(ctx, d.config.DatabaseURL(), database.Options{MaxConns: 2})
	if err != nil {
		d.say(failing, what, err.Error(), "check database.url, and that the server runs and lets us in")
		return
	}
	defer func() { _ = db.Close() }()
	switch err := db.CheckVersion(ctx); {
	case errors.Is(err, database.ErrSchemaOlder):
		d.say(doubtful, what, err.Error(), "jobalertd migrate, or serve, brings it up to date")
		return
	case err != nil:
		d.say(failing, what, err.Error(), "")
		return
	}
	errBack := errors.New("rolled back")
	err = db.Tx(ctx, func(tx *sqlx.Tx) error {
		if _, err := database.Advance(ctx, tx, 1); err != nil {
			return err
		}
		return errBack
	})
	if !errors.Is(err, errBack) {
		d.say(failing, what, fmt.Sprintf("cannot be written: %v", err), "check permissions and free disk; a transaction that hangs would do this too")
		return
	}
	d.say(healthy, what, string(db.Dialect)+", schema up to date, writable", "")
	d.lookAtAnalysis(ctx, db)
	d.lookAtOutbox(ctx, db)
	d.lookAtCanary(ctx)
	if db.Dialect == database.PostgreSQL {
		var ms int64
		before := time.Now()
		if err := db.GetContext(ctx, &ms, "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS bigint)"); err == nil {
			d.compareClock("PostgreSQL's clock", before, time.UnixMilli(ms))
		}
	}
}

func (d *doctor) lookAtAnalysis(ctx context.Context, db *database.DB) {
	store, err := alertstore.New(db)
	if err != nil {
		d.say(failing, "vocabulary", err.Error(), "")
		return
	}
	m, err := d.session.meaning(d.config)
	if err != nil {
		return // told already
	}
	inForce, err := store.Analysis(ctx, db.Reader)
	if err != nil {
		d.say(failing, "vocabulary", err.Error(), "")
		return
	}
	if inForce.Hash != "" && inForce.Hash != m.Text.Hash() {
		d.say(doubtful, "vocabulary", "another than this program's is in force", "jobalertd migrate puts this one into force; restart the daemons then")
		return
	}
	d.say(healthy, "vocabulary", "this program's is in force", "")
}

// How far clocks may differ. Leases last minutes.
const (
	clockSlow  = 2 * time.Second
	clockWrong = 30 * time.Second
)

// compareClock compares ours with one that was read just after before.
func (d *doctor) compareClock(what string, before, theirs time.Time) {
	now := time.Now()
	var off time.Duration
	switch {
	case theirs.Before(before):
		off = before.Sub(theirs)
	case theirs.After(now):
		off = theirs.Sub(now)
	}
	found := fmt.Sprintf("within %s of ours", (off + now.Sub(before)).Round(time.Millisecond))
	switch {
	case off > clockWrong:
		d.say(failing, what, fmt.Sprintf("%s apart from ours", off.Round(time.Second)), "set both machines' clocks by NTP: leases and due times rest on them")
	case off > clockSlow:
		d.say(doubtful, what, fmt.Sprintf("%s apart from ours", off.Round(time.Millisecond)), "set both machines' clocks by NTP")
	default:
		d.say(healthy, what, found, "")
	}
}

// lookAtStreams compares streams and consumer where NATS can be reached.
func (d *doctor) lookAtStreams(ctx context.Context) {
	const what = "NATS"
	b, err := broker.Connect(ctx, brokerOptions(d.config, nil, d.session.quiet()))
	if errors.Is(err, broker.ErrNoDaemon) {
		d.say(healthy, what, "embedded; it runs with the daemon", "")
		return
	}
	if err != nil {
		d.say(failing, what, err.Error(), "check nats.url and its credentials, and that the server runs with JetStream")
		return
	}
	defer func() {
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookTime)
		defer cancel()
		_ = b.Close(stop)
	}()
	js := b.JetStream()
	before := time.Now()
	stream, err := js.Stream(ctx, broker.Postings)
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound):
		d.say(doubtful, what, "reached; the streams are not there yet", "the daemon makes them when it starts")
		return
	case err != nil:
		d.say(failing, what, err.Error(), "JetStream must be enabled, and our user allowed to use its API")
		return
	}
	info := stream.CachedInfo()
	for _, name := range []string{broker.Rejections, broker.Receipts, broker.Advisories} {
		if _, err := js.Stream(ctx, name); err != nil {
			d.say(doubtful, "streams", fmt.Sprintf("%s: %v", name, err), "the daemon makes what is missing when it starts")
			return
		}
	}
	// All of them are there, and without bounds of ours nothing is changed.
	if err := broker.EnsureStreams(ctx, js, broker.StreamOptions{}); err != nil {
		d.say(failing, "streams", err.Error(), "rename or remove what is not ours, or give jobalertd an account of its own")
		return
	}
	d.say(healthy, "streams", fmt.Sprintf("as they must be; %d postings kept", info.State.Msgs), "")
	if !info.TimeStamp.IsZero() && d.config.NATS.URL.Reveal() != "" {
		d.compareClock("NATS's clock", before, info.TimeStamp)
	}
	d.lookAtConsumer(ctx, stream, info)
}

// behindMuch is how many waiting postings an operator should know of.
const behindMuch = 10_000

func (d *doctor) lookAtConsumer(ctx context.Context, stream jetstream.Stream, info *jetstream.StreamInfo) {
	const what = "intake"
	consumer, err := stream.Consumer(ctx, broker.IntakeConsumer)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		d.say(doubtful, what, "the consumer is not there yet", "the daemon makes it when it starts")
		return
	}
	if err != nil {
		d.say(failing, what, err.Error(), "")
		return
	}
	c := consumer.CachedInfo()
	switch {
	case c.Config.AckPolicy != jetstream.AckExplicitPolicy || c.Config.Durable != broker.IntakeConsumer:
		d.say(failing, what, "the consumer is configured for something else", "remove it: nats consumer rm POSTINGS intake; the daemon makes it anew and passes over what is stored")
	case c.AckFloor.Stream > info.State.LastSeq:
		d.say(failing, what, fmt.Sprintf("the consumer stands at %d, beyond the stream's end at %d", c.AckFloor.Stream, info.State.LastSeq),
			"restart the daemon: it makes the consumer anew")
	case c.NumPending+uint64(c.NumAckPending) > behindMuch:
		d.say(doubtful, what, fmt.Sprintf("%d postings wait", c.NumPending+uint64(c.NumAckPending)), "is a daemon running, and the database quick enough?")
	default:
		d.say(healthy, what, fmt.Sprintf("%d postings wait", c.NumPending+uint64(c.NumAckPending)), "")
	}
}
