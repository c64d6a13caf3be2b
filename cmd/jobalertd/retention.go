package main

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jobalertd/jobalertd/config/broker"
)

// retention removes what is over, a page a transaction, so that nobody waits.
func (d *daemon) retention(ctx context.Context) error {
	now := d.now()
	r := d.config.Retention
	steps := []func(ctx context.Context) (int64, error){
		d.inTx(func(ctx context.Context, tx *sqlx.Tx) (int64, error) {
			return d.postings.PurgeMatches(ctx, tx, now.Add(-r.MatchLog))
		}),
		d.inTx(func(ctx context.Context, tx *sqlx.Tx) (int64, error) {
			return d.postings.Purge(ctx, tx, now.Add(-r.Postings))
		}),
		// A posting may be open for long after it was stored; a year is longer.
		d.inTx(func(ctx context.Context, tx *sqlx.Tx) (int64, error) {
			return d.subscriptions.PurgeDismissals(ctx, tx, now.AddDate(-1, 0, 0).Add(-r.Postings))
		}),
		d.inTx(func(ctx context.Context, tx *sqlx.Tx) (int64, error) {
			// While a digest is kept, so is what was said of it.
			before := now.AddDate(-1, 0, 0).Add(-r.Postings)
			if digests := now.Add(-r.Digests); digests.Before(before) {
				before = digests
			}
			return d.digests.PurgeSeparations(ctx, tx, before)
		}),
		func(ctx context.Context) (int64, error) { return d.digests.Purge(ctx, now.Add(-r.Digests)) },
		func(ctx context.Context) (int64, error) { return 0, d.digests.PurgeEnded(ctx, now.Add(-r.Digests)) },
		func(ctx context.Context) (int64, error) { return d.outbox.Purge(ctx, now.Add(-r.Outbox)) },
		func(ctx context.Context) (int64, error) { return 0, d.suppressions.Purge(ctx, now.Add(-r.Outbox)) },
		func(ctx context.Context) (int64, error) {
			_, err := d.subscriptions.PurgeConsents(ctx, now.Add(-r.Consents))
			return 0, err
		},
	}
	for _, step := range steps {
		for {
			n, err := step(ctx)
			if err != nil {
				return err
			}
			if n == 0 {
				break
			}
		}
	}
	return d.purgeStream(ctx, now.Add(-streamKept))
}

func (d *daemon) inTx(f func(ctx context.Context, tx *sqlx.Tx) (int64, error)) func(ctx context.Context) (int64, error) {
	return func(ctx context.Context) (n int64, err error) {
		err = d.db.Tx(ctx, func(tx *sqlx.Tx) error {
			n, err = f(ctx, tx)
			return err
		})
		return n, err
	}
}

// streamKept is how long applied messages stay in POSTINGS.
const streamKept = 14 * 24 * time.Hour

// purgeStream removes from POSTINGS what intake has applied and acknowledged and
// what is older than before. Nothing else ever leaves that stream.
func (d *daemon) purgeStream(ctx context.Context, before time.Time) error {
	js := d.broker.JetStream()
	stream, err := js.Stream(ctx, broker.Postings)
	if err != nil {
		return err
	}
	consumer, err := stream.Consumer(ctx, broker.IntakeConsumer)
	if err != nil {
		return err
	}
	info := stream.CachedInfo()
	floor := consumer.CachedInfo().AckFloor.Stream
	upTo, err := firstSince(ctx, stream, info.State.FirstSeq, min(floor, info.State.LastSeq), before)
	if err != nil || upTo <= info.State.FirstSeq {
		return err
	}
	return stream.Purge(ctx, jetstream.WithPurgeSequence(upTo))
}

// firstSince finds, between two sequences, the first message at or after a time;
// last+1 when all are older. Messages are in order of time.
func firstSince(ctx context.Context, stream jetstream.Stream, first, last uint64, since time.Time) (uint64, error) {
	lo, hi := first, last+1
	for lo < hi {
		mid := lo + (hi-lo)/2
		m, err := stream.GetMsg(ctx, mid)
		if err != nil {
			return first, err
		}
		if m.Time.Before(since) {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo, nil
}
