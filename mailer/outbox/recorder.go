package outbox

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/mailer"
)

// groupMax bounds a group commit.
const groupMax = 256

// settle hands what came of c to the recorder and waits for its commit. c is no
// longer held then: recorded, or left to its lease. c is nil if f has no envelope.
func (r *Relay) settle(ctx context.Context, c *claim, f result) error {
	if c != nil {
		defer r.queue.forget(c)
	}
	select {
	case r.results <- f:
	case <-ctx.Done():
		return ctx.Err()
	}
	// The recorder always answers: its waits end with the same context.
	if err := <-f.done; err != nil {
		return err
	}
	r.after(ctx, f)
	return nil
}

// after counts a recorded result and acts on what it says of us.
func (r *Relay) after(ctx context.Context, f result) {
	if f.counted {
		r.Metrics.envelopes.WithLabelValues(string(f.outcome)).Inc()
	}
	switch {
	case f.aboutUs == mailer.SlowDown:
		if r.breaker.trip(r.Now(), serverBusy) {
			r.slowed(ctx, f.ID)
		}
	case f.aboutUs == mailer.SenderProblem:
		if r.breaker.refused() {
			r.refusedUs(ctx, nil)
		}
	case f.outcome == mailer.Accepted:
		r.Metrics.refusedUs.Set(0)
		r.breaker.fine()
	}
}

// slowed tells of a pause that the server asked for, with an alarm if it asks again
// and again and takes nothing in between.
func (r *Relay) slowed(ctx context.Context, envelope int64) {
	if !r.breaker.lasting(serverBusy) {
		r.Log.WarnContext(ctx, "the mail server asks us to slow down; sending pauses", "reply_to_envelope", envelope)
		return
	}
	r.Metrics.refusedUs.Set(1)
	r.Log.ErrorContext(ctx, "the mail server asks us to slow down again and again and takes nothing. Check its log, and lower smtp.max_per_second", "reply_to_envelope", envelope)
}

// record commits results in groups: everything the connections hand over while
// one commit is under way goes into the next. It ends when results is closed.
func (r *Relay) record(ctx context.Context) {
	group := make([]result, 0, groupMax)
	wait := time.NewTimer(0)
	defer wait.Stop()
	var took time.Duration // by the commit before
	for first := range r.results {
		group = r.more(append(group[:0], first), wait, took/gatherShare)
		began := time.Now()
		err := r.commit(ctx, group)
		took = min(time.Since(began), gatherMost*gatherShare)
		if err == nil {
			answer(group, nil)
			continue
		}
		// One row may spoil the group: each on its own.
		for i := range group {
			answer(group[i:i+1], r.commitAlone(ctx, group[i]))
		}
	}
}

func answer(group []result, err error) {
	for _, f := range group {
		f.done <- err
	}
}

// Where a commit takes long, connections fall into two halves, one waiting for the
// other's. So a group waits for the rest, for this share of what the commit before
// took and gatherMost at most: not worth telling on a fast disk, and nearly twice the
// rate on a slow one.
const (
	gatherShare = 4
	gatherMost  = 5 * time.Millisecond
)

// more takes what is waiting already, and what comes within a time as long as other
// connections have something on the wire.
func (r *Relay) more(group []result, wait *time.Timer, within time.Duration) []result {
	wait.Reset(within)
	for len(group) < groupMax {
		select {
		case f, ok := <-r.results:
			if !ok {
				return group
			}
			group = append(group, f)
			continue
		default:
		}
		if within <= 0 || len(group) >= int(r.busy.Load()) {
			return group
		}
		select {
		case f, ok := <-r.results:
			if !ok {
				return group
			}
			group = append(group, f)
		case <-wait.C:
			return group
		}
	}
	return group
}

// commitAlone records one result, if it must be without the server's words and the
// refusal's count: the outcome alone decides whether the mail goes out again.
func (r *Relay) commitAlone(ctx context.Context, f result) error {
	err := r.commit(ctx, []result{f})
	if err == nil || ctx.Err() != nil {
		return err
	}
	r.Log.ErrorContext(ctx, "record what came of an envelope; only its outcome is kept", "envelope_id", f.ID, "err", err)
	f.Reply, f.QueueID, f.refused = "", "", nil
	if err = r.commit(ctx, []result{f}); err != nil && ctx.Err() == nil {
		r.breaker.trip(r.Now(), databaseAway)
	}
	return err
}

// commit records a group. While the database is away it tries again until ctx
// ends: what was sent must not be forgotten, and the connections wait.
func (r *Relay) commit(ctx context.Context, group []result) error {
	rows, begun := make([]finished, 0, len(group)), []int64(nil)
	refusals := false
	for _, f := range group {
		refusals = refusals || f.refused != nil
		if f.ID != 0 {
			rows = append(rows, f.finished)
		}
		begun = append(begun, f.begun...)
	}
	var count func(tx sqlx.ExtContext) error
	if refusals {
		count = func(tx sqlx.ExtContext) error { return r.countRefusals(ctx, tx, group) }
	}
	for pause := pauses[databaseAway][0]; ; pause = min(2*pause, pauses[databaseAway][1]) {
		lost, err := r.Store.finish(ctx, r.Name, rows, begun, count)
		if err == nil {
			if lost > 0 {
				r.Log.WarnContext(ctx, "leases ran out during attempts; another relay may send the envelopes again", "envelopes", lost)
			}
			return nil
		}
		if ctx.Err() != nil || !database.IsAway(err) && !database.IsBusy(err) {
			return err
		}
		r.Log.WarnContext(ctx, "record what came of envelopes; trying again", "err", err)
		t := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		case <-t.C:
		}
	}
}

// countRefusals records those that count against their addresses.
func (r *Relay) countRefusals(ctx context.Context, tx sqlx.ExtContext, group []result) error {
	for _, f := range group {
		if f.refused == nil {
			continue
		}
		if err := r.Suppressions.Refused(ctx, tx, f.refused.address, f.refused.hard, f.refused.status); err != nil {
			return err
		}
	}
	return nil
}
