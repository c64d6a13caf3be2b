package database_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/jmoiron/sqlx"
	"golang.org/x/sync/errgroup"

	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/config/database/databasetest"
)

var errChangedMind = errors.New("changed my mind")

func TestTx_CommitsOnNilAndRollsBackOnErrorOrPanic(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB) {
		advance := func(after func() error) error {
			return db.Tx(t.Context(), func(tx *sqlx.Tx) error {
				if _, err := database.Advance(t.Context(), tx, 3); err != nil {
					return err
				}
				return after()
			})
		}
		position := func() int64 {
			t.Helper()
			got, err := database.Position(t.Context(), db.Reader)
			if err != nil {
				t.Fatal(err)
			}
			return got
		}

		if err := advance(func() error { return errChangedMind }); !errors.Is(err, errChangedMind) {
			t.Errorf("got %v, want %v", err, errChangedMind)
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			_ = advance(func() error { panic("broken") })
		}()
		if got := position(); got != 0 {
			t.Errorf("position %d after two rollbacks, want 0", got)
		}
		if err := advance(func() error { return nil }); err != nil {
			t.Fatal(err)
		}
		if got := position(); got != 3 {
			t.Errorf("position %d after the commit, want 3", got)
		}
	})
}

// Whoever sees position n sees everything written under positions up to n:
// that is what followers and windows rest on.
func TestAdvance_HandsOutPositionsInCommitOrder(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB) {
		const writers, rounds = 8, 25
		var (
			g    errgroup.Group
			done = make(chan struct{})
			mu   sync.Mutex
			kept []int64
		)
		for w := range writers {
			g.Go(func() error {
				for r := range rounds {
					err := db.Tx(t.Context(), func(tx *sqlx.Tx) error {
						position, err := database.Advance(t.Context(), tx, 1)
						if err != nil {
							return err
						}
						if (w+r)%5 == 0 {
							return errChangedMind
						}
						_, err = tx.ExecContext(t.Context(), tx.Rebind("INSERT INTO notes (position, title) VALUES (?, ?)"), position, fmt.Sprint(w, "/", r))
						if err == nil {
							mu.Lock()
							kept = append(kept, position)
							mu.Unlock()
						}
						return err
					})
					if err != nil && !errors.Is(err, errChangedMind) {
						return err
					}
				}
				return nil
			})
		}
		seen := make(chan error, 1)
		go func() { seen <- watchOrder(t.Context(), db, done) }()
		if err := g.Wait(); err != nil {
			t.Error(err)
		}
		close(done)
		if err := <-seen; err != nil {
			t.Error(err)
		}

		slices.Sort(kept)
		for i, position := range kept {
			if position != int64(i)+1 {
				t.Fatalf("positions %v have a gap or a repeat at %d", kept, i)
			}
		}
		if got, err := database.Position(t.Context(), db.Reader); err != nil || got != int64(len(kept)) {
			t.Errorf("clock at %d, %v; want %d", got, err, len(kept))
		}
	})
}

// watchOrder reads the clock and then the notes until done closes; each time
// no note up to the position read may be missing.
func watchOrder(ctx context.Context, db *database.DB, done <-chan struct{}) error {
	for {
		position, err := database.Position(ctx, db.Reader)
		if err != nil {
			return err
		}
		var notes int64
		if err := db.Reader.GetContext(ctx, &notes, db.Rebind("SELECT count(*) FROM notes WHERE position <= ?"), position); err != nil {
			return err
		}
		if notes != position {
			return fmt.Errorf("at position %d only %d notes are to be seen", position, notes)
		}
		select {
		case <-done:
			return nil
		default:
		}
	}
}

func TestTx_QueueCanBeLeft(t *testing.T) {
	db := databasetest.Open(t, databasetest.SQLiteURL(t), testOptions())
	databasetest.Migrate(t, db)
	err := db.Tx(t.Context(), func(*sqlx.Tx) error {
		impatient, leave := context.WithCancel(t.Context())
		result := make(chan error)
		go func() {
			result <- db.Tx(impatient, func(*sqlx.Tx) error { return errors.New("ran beside another writer") })
		}()
		leave()
		if err := <-result; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want %v", err, context.Canceled)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Tx(t.Context(), func(*sqlx.Tx) error { return nil }); err != nil {
		t.Errorf("the queue is stuck: %v", err)
	}
}

func TestAdvance_RefusesToStandStillOrGoBack(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB) {
		for _, n := range []int64{0, -1} {
			if _, err := database.Advance(t.Context(), db, n); err == nil {
				t.Errorf("advanced by %d", n)
			}
		}
	})
}

func TestRetry_RunsAgainWhileBusy(t *testing.T) {
	t.Parallel()
	tries := 0
	err := database.Retry(t.Context(), func(context.Context) error {
		if tries++; tries < 3 {
			return fmt.Errorf("try %d: %w", tries, database.ErrBusy)
		}
		return nil
	})
	if err != nil || tries != 3 {
		t.Errorf("got %v after %d tries, want success after 3", err, tries)
	}

	tries = 0
	err = database.Retry(t.Context(), func(context.Context) error { tries++; return errChangedMind })
	if !errors.Is(err, errChangedMind) || tries != 1 {
		t.Errorf("got %v after %d tries, want the error after 1", err, tries)
	}

	tries = 0
	err = database.Retry(t.Context(), func(context.Context) error { tries++; return database.ErrBusy })
	if !errors.Is(err, database.ErrBusy) || tries != 5 {
		t.Errorf("got %v after %d tries, want ErrBusy after 5", err, tries)
	}
}
