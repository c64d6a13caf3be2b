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

// settle hands a result to the recorder and waits for its commit.
func (r *Relay) settle(ctx context.Context, f result) error {
	select {
	case r.results <- f:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-f.done:
		if err == nil {
			r.after(ctx, f)
		}
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// after counts a recorded result and acts on what it says of us.
func (r *Relay) after(ctx context.Context, f result) {
	r.Metrics.envelopes.WithLabelValues(f.Outcome).Inc()
	switch {
	case f.troubled != "":
		r.trouble(ctx, f.troubled, "send", nil)
	case f.outcome == mailer.Accepted:
		r.Metrics.refusedUs.Set(0)
	}
}

// record commits results in groups: everything the connections hand over while
// one commit is under way goes into the next. It ends when results is closed.
func (r *Relay) record(ctx context.Context) {
	for first := range r.results {
		group := append(make([]result, 0, 16), first)
		group = r.more(group)
		err := r.commit(ctx, group)
		for _, f := range group {
			f.done <- err
		}
	}
}

// more takes what is waiting already.
func (r *Relay) more(group []result) []result {
	for len(group) < groupMax {
		select {
		case f, ok := <-r.results:
			if !ok {
				return group
			}
			group = append(group, f)
		default:
			return group
		}
	}
	return group
}

// commit records a group. While the database is away it tries again: what was
// sent must not be forgotten, and the connections wait.
func (r *Relay) commit(ctx context.Context, group []result) error {
	rows := make([]finished, len(group))
	for i, f := range group {
		rows[i] = f.finished
	}
	pause := 50 * time.Millisecond
	for {
		err := r.Store.finish(ctx, rows, func(tx sqlx.ExtContext) error {
			for _, f := range group {
				if f.refused == nil {
					continue
				}
				if err := r.Suppressions.Refused(ctx, tx, f.refused.address, f.refused.hard, f.refused.status); err != nil {
					return err
				}
			}
			return nil
		})
		if err == nil || ctx.Err() != nil || !database.IsAway(err) && !database.IsBusy(err) {
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
		pause = min(2*pause, 5*time.Second)
	}
}
