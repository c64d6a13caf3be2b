package digest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/config/database"
)

// instantFollower is the name of its row among the followers.
const instantFollower = "instant"

// Follower wakes instant alerts: it meets each new row of the match log with the
// bitmap of instant subscriptions and makes those with nothing waiting due after
// the hold time. Its position is stored and moves in the transaction that wakes,
// so that no row is passed over or met twice, with any number of replicas. It
// never holds the clock.
type Follower struct {
	b       *Builder
	instant *roaring.Bitmap
	changes int64 // subscription changes followed up to here
}

// NewFollower makes a follower for b.
func (b *Builder) NewFollower() *Follower { return &Follower{b: b, instant: roaring.New()} }

// maxRows bounds the positions one transaction of the follower passes.
const maxRows = 2000

// Follow works through everything committed by now. It is not safe for
// concurrent use.
func (f *Follower) Follow(ctx context.Context) error {
	for {
		more, err := f.step(ctx)
		if err != nil || !more {
			return err
		}
	}
}

// Start puts the follower's row there if the database has none: at the beginning,
// since intake may have logged matches already, and to those that were served by
// other means a row does nothing.
func (f *Follower) Start(ctx context.Context) error {
	return f.b.DB.Tx(ctx, func(tx *sqlx.Tx) error {
		_, err := f.b.queries.Exec(ctx, tx, "start-follower", map[string]any{"name": instantFollower})
		return err
	})
}

func (f *Follower) step(ctx context.Context) (more bool, err error) {
	db := f.b.DB
	position, err := database.Position(ctx, db.Reader)
	if err != nil {
		return false, err
	}
	var seen int64
	if err := f.b.queries.One(ctx, db.Reader, &seen, "follower-position", map[string]any{"name": instantFollower}); err != nil {
		return false, fmt.Errorf("read follower: %w", err)
	}
	if seen >= position {
		return false, nil
	}
	through := min(position, seen+maxRows)
	if err := f.followChanges(ctx, position); err != nil {
		return false, err
	}
	rows, through, err := f.metBetween(ctx, seen, through)
	if err != nil {
		return false, err
	}
	return through < position, f.wake(ctx, seen, through, rows)
}

// wakes are the instant alerts that one row of the log met.
type wakes struct {
	position int64
	alerts   []uint32
}

// maxWakes bounds the alerts that one transaction of the follower looks at.
const maxWakes = 20000

// metBetween reads the log's rows in (after, through], in order, and returns those
// that met instant alerts, with the position up to which they were read: earlier
// than through when they met very many.
func (f *Follower) metBetween(ctx context.Context, after, through int64) ([]wakes, int64, error) {
	var rows []wakes
	n := 0
	err := f.b.Postings.MatchesBetween(ctx, f.b.DB.Reader, after, through, func(row alerts.Logged) error {
		instant := roaring.And(row.Subscriptions, f.instant)
		if instant.IsEmpty() {
			return nil
		}
		if n >= maxWakes {
			through = rows[len(rows)-1].position
			return errEnough
		}
		rows = append(rows, wakes{row.Position, instant.ToArray()})
		n += len(rows[len(rows)-1].alerts)
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return nil, 0, err
	}
	return rows, through, nil
}

// errEnough ends a reading early.
var errEnough = errors.New("enough")

// wake moves the follower and makes the alerts due, all or nothing. Rows go in
// order, each with every alert it met: the first that lies beyond what an alert
// was delivered wakes it, and its window begins just before that row; to those
// awake already, and to those served further meanwhile, a row does nothing.
func (f *Follower) wake(ctx context.Context, seen, through int64, rows []wakes) error {
	dueAt := f.b.Now().Add(f.b.Hold)
	err := database.Retry(ctx, func(ctx context.Context) error {
		return f.b.DB.Tx(ctx, func(tx *sqlx.Tx) error {
			res, err := f.b.queries.Exec(ctx, tx, "move-follower", map[string]any{"name": instantFollower, "seen": seen, "position": through})
			if err != nil {
				return err
			}
			if n, err := res.RowsAffected(); err != nil || n == 0 {
				return err // another replica was quicker
			}
			for _, row := range rows {
				if err := f.b.Subscriptions.WakeInstant(ctx, tx, row.alerts, row.position-1, dueAt); err != nil {
					return err
				}
			}
			return nil
		})
	})
	if err != nil {
		return fmt.Errorf("wake instant alerts: %w", err)
	}
	return nil
}

// followChanges brings the bitmap up to a position.
func (f *Follower) followChanges(ctx context.Context, position int64) error {
	const page = 5000
	for f.changes < position {
		changes, err := f.b.Subscriptions.InstantChanges(ctx, f.b.DB.Reader, f.changes, page)
		if err != nil {
			return fmt.Errorf("follow instant subscriptions: %w", err)
		}
		for _, c := range changes {
			if c.Instant {
				f.instant.Add(c.ID)
			} else {
				f.instant.Remove(c.ID)
			}
			f.changes = max(f.changes, c.Position)
		}
		if len(changes) < page {
			f.changes = max(f.changes, position)
		}
	}
	return nil
}

// holdFollower reads how far the follower has come, and keeps it there until the
// transaction ends.
func (b *Builder) holdFollower(ctx context.Context, tx sqlx.ExtContext) (int64, error) {
	var position int64
	err := b.queries.One(ctx, tx, &position, "hold-follower", map[string]any{"name": instantFollower})
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("hold the instant follower: %w", err)
	}
	return position, nil
}

// RunFollower follows every interval until ctx ends, and whenever wake fires.
func (b *Builder) RunFollower(ctx context.Context, every time.Duration, wake <-chan struct{}) error {
	f := b.NewFollower()
	tick := time.NewTicker(every)
	defer tick.Stop()
	started := false
	for {
		var err error
		if !started {
			err = f.Start(ctx)
			started = err == nil
		}
		if started {
			err = f.Follow(ctx)
		}
		if err != nil && ctx.Err() == nil {
			b.Log.WarnContext(ctx, "follow the match log for instant alerts", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-wake:
		}
	}
}
