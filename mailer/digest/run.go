package digest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/config/database"
)

// Summary is what one digest run built.
type Summary struct {
	Run           int64 `json:"run" db:"id"`
	Subscribers   int   `json:"subscribers" db:"subscribers"`     // leased and served
	Subscriptions int   `json:"subscriptions" db:"subscriptions"` // whose windows moved
	Envelopes     int   `json:"envelopes" db:"envelopes"`
	Empty         int   `json:"empty" db:"empty"` // subscribers for whom there was nothing
	Postings      int   `json:"postings" db:"postings"`
}

// add counts another page in.
func (s *Summary) add(o Summary) {
	s.Subscribers += o.Subscribers
	s.Subscriptions += o.Subscriptions
	s.Envelopes += o.Envelopes
	s.Empty += o.Empty
	s.Postings += o.Postings
}

// Run builds for everybody due by a time, and returns what it built; a zero
// Summary.Run means nobody was due and nothing was recorded. The cutoff is the
// present position whatever dueBy says. A run that ends early leaves windows
// unmoved for whoever was not reached: the next one serves them.
func (b *Builder) Run(ctx context.Context, dueBy time.Time) (Summary, error) {
	started := b.Now()
	cutoff, err := database.Position(ctx, b.DB.Reader)
	if err != nil {
		return Summary{}, err
	}
	var sum Summary
	var kept []int64 // leases that an early run keeps
	defer func() { b.releaseKept(context.WithoutCancel(ctx), kept) }()
	stopped := ""
	for {
		var subscribers []int64
		subscribers, err = b.lease(ctx, dueBy)
		if err != nil || len(subscribers) == 0 {
			break
		}
		if sum.Run == 0 {
			if sum.Run, err = b.startRun(ctx, cutoff, dueBy, started); err != nil {
				break
			}
			b.Log.InfoContext(ctx, "digest run started", "run_id", sum.Run, "cutoff", cutoff)
		}
		if dueBy.After(started) {
			kept = append(kept, subscribers...)
		}
		var part Summary
		part, err = b.pass(ctx, run{id: sum.Run, cutoff: cutoff, dueBy: dueBy, early: dueBy.After(started)}, subscribers)
		sum.add(part)
		if err != nil {
			break
		}
	}
	if sum.Run == 0 {
		return Summary{}, err
	}
	if err != nil {
		stopped = "error"
		if ctx.Err() != nil {
			stopped = "shutdown"
		}
	}
	if ferr := b.finishRun(context.WithoutCancel(ctx), sum.Run, stopped); err == nil {
		err = ferr
	}
	b.Metrics.runs.Observe(b.Now().Sub(started).Seconds())
	b.Log.InfoContext(ctx, "digest run finished", "run_id", sum.Run, "subscribers", sum.Subscribers, "envelopes", sum.Envelopes,
		"empty", sum.Empty, "postings", sum.Postings, "stopped_by", stopped, "took", b.Now().Sub(started))
	return sum, err
}

// releaseKept ends the leases that an early run kept; should that fail, they run out.
func (b *Builder) releaseKept(ctx context.Context, subscribers []int64) {
	if len(subscribers) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	slices.Sort(subscribers)
	err := b.DB.Tx(ctx, func(tx *sqlx.Tx) error { return b.Subscriptions.Release(ctx, tx, subscribers) })
	if err != nil {
		b.Log.WarnContext(ctx, "end leases of an early run", "err", err)
	}
}

// run is what the pages of one digest run share.
type run struct {
	id     int64
	cutoff int64
	dueBy  time.Time
	// early: dueBy lies in the future. Whoever has been served may be due again
	// before it, so leases are kept until the run ends and nobody is served twice.
	early bool
}

// lease takes up to PassSubscribers due subscribers, a page a transaction.
func (b *Builder) lease(ctx context.Context, dueBy time.Time) ([]int64, error) {
	const pageSize = 1000
	var all []int64
	for len(all) < b.PassSubscribers {
		var page []int64
		now := b.Now()
		err := database.Retry(ctx, func(ctx context.Context) error {
			return b.DB.Tx(ctx, func(tx *sqlx.Tx) (err error) {
				page, err = b.Subscriptions.LeaseDue(ctx, tx, dueBy, now, now.Add(Lease), min(pageSize, b.PassSubscribers-len(all)))
				return err
			})
		})
		if err != nil {
			return nil, fmt.Errorf("lease due subscribers: %w", err)
		}
		if len(page) == 0 {
			break
		}
		all = append(all, page...)
	}
	return all, nil
}

func (b *Builder) startRun(ctx context.Context, cutoff int64, dueBy, started time.Time) (id int64, err error) {
	err = b.DB.Tx(ctx, func(tx *sqlx.Tx) error {
		return b.queries.One(ctx, tx, &id, "start-run",
			map[string]any{"cutoff": cutoff, "due_by_ms": dueBy.UnixMilli(), "started_ms": started.UnixMilli()})
	})
	if err != nil {
		return 0, fmt.Errorf("start digest run: %w", err)
	}
	return id, nil
}

func (b *Builder) finishRun(ctx context.Context, id int64, stoppedBy string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	err := b.DB.Tx(ctx, func(tx *sqlx.Tx) error {
		_, err := b.queries.Exec(ctx, tx, "finish-run", map[string]any{"id": id, "finished_ms": b.Now().UnixMilli(), "stopped_by": stoppedBy})
		return err
	})
	if err != nil {
		return fmt.Errorf("finish digest run %d: %w", id, err)
	}
	return nil
}
