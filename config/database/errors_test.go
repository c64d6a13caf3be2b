package database_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/config/database/databasetest"
)

func TestIsUnique_TellsADoubledKeyFromOtherFaults(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB) {
		insert := func(position int, title any) error {
			_, err := db.Exec(db.Rebind("INSERT INTO notes (position, title) VALUES (?, ?)"), position, title)
			return err
		}
		if err := insert(1, "one"); err != nil {
			t.Fatal(err)
		}
		for what, c := range map[string]struct {
			err    error
			unique bool
		}{
			"primary key": {insert(1, "two"), true},
			"unique":      {fmt.Errorf("wrapped: %w", insert(2, "one")), true},
			"null":        {insert(3, nil), false},
			"foreign key": {func() error {
				_, err := db.Exec("INSERT INTO notes (position, title) SELECT 9, 'nine' FROM missing")
				return err
			}(), false},
		} {
			if c.err == nil {
				t.Fatalf("%s: accepted", what)
			}
			if got := database.IsUnique(c.err); got != c.unique {
				t.Errorf("%s: IsUnique(%v) = %v", what, c.err, got)
			}
			if database.IsBusy(c.err) || database.IsAway(c.err) {
				t.Errorf("%s: %v counts as passing", what, c.err)
			}
		}
	})
}

func TestTx_LockNotHadInTimeIsBusy(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		url := databasetest.SQLiteURL(t)
		db := databasetest.Open(t, url, testOptions())
		databasetest.Migrate(t, db)
		other := databasetest.Open(t, url, testOptions()) // as another process would
		if _, err := other.Exec("PRAGMA busy_timeout = 1"); err != nil {
			t.Fatal(err)
		}
		requireBusy(t, db, other)
	})
	t.Run("postgres", func(t *testing.T) {
		url := databasetest.EmptyPostgresURL(t)
		db := databasetest.Open(t, url, testOptions())
		databasetest.Migrate(t, db)
		requireBusy(t, db, databasetest.Open(t, url+"&lock_timeout=1ms", testOptions()))
	})
}

// requireBusy holds the clock in db and wants other's attempt to be busy.
func requireBusy(t *testing.T, db, other *database.DB) {
	t.Helper()
	advance := func(tx *sqlx.Tx) error {
		_, err := database.Advance(t.Context(), tx, 1)
		return err
	}
	err := db.Tx(t.Context(), func(tx *sqlx.Tx) error {
		if err := advance(tx); err != nil {
			return err
		}
		err := other.Tx(t.Context(), advance)
		if !errors.Is(err, database.ErrBusy) || !database.IsBusy(err) {
			t.Errorf("got %v, want ErrBusy", err)
		}
		if database.IsAway(err) {
			t.Errorf("%v counts as away too", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTx_DeadlockIsBusy(t *testing.T) {
	first, second := deadlocked(t, func(db *database.DB) runTx { return db.Tx })
	if err := errors.Join(first, second); !errors.Is(err, database.ErrBusy) || (first == nil) == (second == nil) {
		t.Errorf("got %v and %v, want one success and one ErrBusy", first, second)
	}
}

func TestPatient_OutlivesADeadlock(t *testing.T) {
	first, second := deadlocked(t, func(db *database.DB) runTx { return database.Patient{DB: db}.Tx })
	if first != nil || second != nil {
		t.Errorf("got %v and %v, want two successes", first, second)
	}
}

type runTx func(ctx context.Context, f func(tx *sqlx.Tx) error) error

// deadlocked runs two transactions that wait for each other.
func deadlocked(t *testing.T, of func(*database.DB) runTx) (first, second error) {
	t.Helper()
	db := databasetest.Open(t, databasetest.EmptyPostgresURL(t)+"&deadlock_timeout=10ms", testOptions())
	databasetest.Migrate(t, db)
	if _, err := db.Exec("INSERT INTO notes (position, title) VALUES (1, 'one'), (2, 'two')"); err != nil {
		t.Fatal(err)
	}
	update := func(tx *sqlx.Tx, position int) error {
		_, err := tx.ExecContext(t.Context(), "UPDATE notes SET priority = 1 WHERE position = $1", position)
		return err
	}
	results := make(chan error, 2)
	holding := [3]chan struct{}{1: make(chan struct{}), 2: make(chan struct{})} // by position
	take := func(own, other int) {
		held := sync.OnceFunc(func() { close(holding[own]) })
		results <- of(db)(t.Context(), func(tx *sqlx.Tx) error {
			err := update(tx, own)
			held()
			<-holding[other]
			return errors.Join(err, update(tx, other))
		})
	}
	go take(1, 2)
	take(2, 1)
	return <-results, <-results
}

func TestIsAway_WhenNobodyAnswers(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"postgres://me@127.0.0.1:1/x?sslmode=disable",
		"postgres://me@/x?host=" + t.TempDir(),
	} {
		_, err := database.Open(t.Context(), url, testOptions())
		if err == nil || !database.IsAway(err) {
			t.Errorf("%s: %v does not count as away", url, err)
		}
	}
}

func TestIsAway_WhenTheServerEndsTheConnection(t *testing.T) {
	url := databasetest.EmptyPostgresURL(t)
	db, other := databasetest.Open(t, url, testOptions()), databasetest.Open(t, url, testOptions())
	err := db.Tx(t.Context(), func(tx *sqlx.Tx) error {
		var pid int
		if err := tx.GetContext(t.Context(), &pid, "SELECT pg_backend_pid()"); err != nil {
			return err
		}
		if _, err := other.Exec("SELECT pg_terminate_backend($1, 5000)", pid); err != nil {
			return err
		}
		_, err := tx.ExecContext(t.Context(), "SELECT 1")
		return err
	})
	if err == nil || !database.IsAway(err) {
		t.Errorf("%v does not count as away", err)
	}
	if err := db.PingContext(t.Context()); err != nil {
		t.Errorf("the pool does not recover: %v", err)
	}
}

func TestIsAway_WhenTheDiskIsFull(t *testing.T) {
	db := databasetest.Open(t, databasetest.SQLiteURL(t), testOptions())
	databasetest.Migrate(t, db)
	if _, err := db.Exec("PRAGMA max_page_count = 1"); err != nil { // SQLite raises it to the present size
		t.Fatal(err)
	}
	_, err := db.Exec("INSERT INTO notes (position, title) VALUES (1, ?)", strings.Repeat("x", 1<<20))
	if err == nil || !database.IsAway(err) {
		t.Errorf("%v does not count as away", err)
	}
}

func TestIsAway_NotForWhatTheCallerDidWrong(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB) {
		ended, end := context.WithCancel(t.Context())
		end()
		_, cancelled := db.ExecContext(ended, "SELECT 1")
		_, wrong := db.ExecContext(t.Context(), "SELEKT 1")
		for _, err := range []error{nil, cancelled, wrong, context.DeadlineExceeded} {
			if database.IsAway(err) || database.IsBusy(err) || database.IsUnique(err) {
				t.Errorf("%v is misjudged", err)
			}
		}
		if cancelled == nil || wrong == nil {
			t.Errorf("got no errors to judge: %v, %v", cancelled, wrong)
		}
	})
	_, err := database.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "\x00"), testOptions())
	if err == nil || database.IsAway(err) {
		t.Errorf("impossible path: %v", err)
	}
}
