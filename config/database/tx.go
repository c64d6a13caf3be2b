package database

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/sethvargo/go-retry"
)

// Tx runs f in one write transaction and commits if f returns nil; otherwise,
// and if f panics, it rolls back. On SQLite it is BEGIN IMMEDIATE behind a
// queue of this DB's writers, first come first served, which ctx can leave; on
// PostgreSQL it is READ COMMITTED. f must use tx alone, keep to the database
// (no network), and be quick: the queue waits for it.
//
// An error of the kind that a second try may avoid satisfies
// errors.Is(err, ErrBusy); f is never run twice by Tx itself. When the
// connection breaks during the commit it is not known whether the transaction
// took effect: make repeats harmless.
func (db *DB) Tx(ctx context.Context, f func(tx *sqlx.Tx) error) error {
	release, err := db.queue(ctx)
	if err != nil {
		return err
	}
	defer release()

	tx, err := db.BeginTxx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin transaction: %w", busy(err))
	}
	// After a commit this does nothing. It must come before release, so that
	// the next writer finds the connection free.
	defer func() { _ = tx.Rollback() }()

	if err := f(tx); err != nil {
		return busy(err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit transaction: %w", busy(err))
	}
	return nil
}

// Patient is a DB for visitors. Its Tx runs f again, twice at most, where others waited
// for f and f for them, which PostgreSQL ends after a second by refusing one of the
// transactions (deadlock_detected). f must bear to be run again.
type Patient struct{ *DB }

func (p Patient) Tx(ctx context.Context, f func(tx *sqlx.Tx) error) error {
	const again = 2
	for try := 0; ; try++ {
		err := p.DB.Tx(ctx, f)
		if code, _ := postgresCode(err); code != deadlock || try == again {
			return err
		}
	}
}

// queue waits for this DB's turn to write. SQLite's own busy waiting is not
// fair: under a full backlog of intake it starved a sign-up for seconds.
func (db *DB) queue(ctx context.Context) (release func(), err error) {
	if db.writer == nil {
		return func() {}, nil
	}
	select {
	case db.writer <- struct{}{}:
		return func() { <-db.writer }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to write: %w", ctx.Err())
	}
}

// Retry runs f until it returns something other than ErrBusy, at most five
// times, with growing, jittered pauses from 20 ms. It is meant around Tx, for
// work that may be run again from its beginning.
func Retry(ctx context.Context, f func(ctx context.Context) error) error {
	pauses := retry.WithMaxRetries(4, retry.WithJitterPercent(50, retry.NewExponential(20*time.Millisecond)))
	return retry.Do(ctx, pauses, func(ctx context.Context) error {
		err := f(ctx)
		if errors.Is(err, ErrBusy) {
			return retry.RetryableError(err)
		}
		return err
	})
}
