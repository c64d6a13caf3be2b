package database_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jmoiron/sqlx"
	"golang.org/x/sync/errgroup"

	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/config/database/databasetest"
)

func TestTrip_RunsInOrderAndScansEachAnswer(t *testing.T) {
	databasetest.EachWith(t, testOptions(), func(t *testing.T, db *database.DB) {
		q := loadNotes(t, db.Dialect)
		var titles, none []note
		var all []note
		err := db.Tx(t.Context(), func(tx *sqlx.Tx) error {
			trip := new(database.Trip)
			trip.Select(q, &none, "all-notes", nil)
			trip.Exec(q, "add-note", note{Position: 1, Title: "first", Body: []byte{0, 1}, Priority: 7})
			trip.Exec(q, "add-note", []note{{Position: 2, Title: "second"}, {Position: 3, Title: "third"}})
			trip.Select(q, &all, "all-notes", nil)
			trip.Select(q, &titles, "notes-of", map[string]any{"positions": database.Array{Slice: []int64{2, 9}}})
			position, err := database.AdvanceAlong(t.Context(), tx, 3, trip)
			if position != 3 {
				t.Errorf("the clock was moved to %d, want 3", position)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(none) != 0 {
			t.Errorf("before anything was added there is %+v", none)
		}
		want := []note{{1, "first", []byte{0, 1}, 7}, {2, "second", nil, 0}, {3, "third", nil, 0}}
		for i := range all {
			if len(all[i].Body) == 0 {
				all[i].Body = nil
			}
		}
		if diff := cmp.Diff(want, all); diff != "" {
			t.Errorf("all notes (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]note{{Position: 2, Title: "second"}}, titles); diff != "" {
			t.Errorf("notes asked for (-want +got):\n%s", diff)
		}
	})
}

func TestTrip_AFailureNamesItsStatementAndUndoesAll(t *testing.T) {
	databasetest.EachWith(t, testOptions(), func(t *testing.T, db *database.DB) {
		q := loadNotes(t, db.Dialect)
		var all []note
		err := db.Tx(t.Context(), func(tx *sqlx.Tx) error {
			trip := new(database.Trip)
			trip.Exec(q, "add-note", note{Position: 1, Title: "one"})
			trip.Exec(q, "add-note", note{Position: 1, Title: "the same"})
			trip.Select(q, &all, "all-notes", nil)
			return trip.Run(t.Context(), tx)
		})
		if !database.IsUnique(err) {
			t.Errorf("adding a note twice: %v, want a violated key", err)
		}
		if want := "query add-note: "; err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("the error is %v, want it to begin with %q", err, want)
		}
		// The connection serves on, and nothing is left.
		if err := q.Select(t.Context(), db.Reader, &all, "all-notes", nil); err != nil || len(all) != 0 {
			t.Errorf("afterwards: %+v, %v, want nothing", all, err)
		}
	})
}

func TestTrip_TheLastOneCommits(t *testing.T) {
	databasetest.EachWith(t, testOptions(), func(t *testing.T, db *database.DB) {
		q := loadNotes(t, db.Dialect)
		add := func(titles ...string) error {
			return db.Tx(t.Context(), func(tx *sqlx.Tx) error {
				position, err := database.Advance(t.Context(), tx, int64(len(titles)))
				if err != nil {
					return err
				}
				trip := new(database.Trip)
				for i, title := range titles {
					trip.Exec(q, "add-note", note{Position: position - int64(i), Title: title})
				}
				return trip.RunLast(t.Context(), tx)
			})
		}
		stored := func() (titles []string, position int64) {
			var all []note
			position, err := database.Position(t.Context(), db.Reader)
			if err := errors.Join(err, q.Select(t.Context(), db.Reader, &all, "all-notes", nil)); err != nil {
				t.Fatal(err)
			}
			for _, n := range all {
				titles = append(titles, n.Title)
			}
			return titles, position
		}
		if err := add("one"); err != nil {
			t.Fatal(err)
		}
		// Position 1 is taken: the second of two fails, and both are undone.
		if _, err := db.Exec("UPDATE clock SET position = 0"); err != nil {
			t.Fatal(err)
		}
		if err := add("two", "not one"); !database.IsUnique(err) {
			t.Errorf("adding a note twice: %v, want a violated key", err)
		}
		if titles, position := stored(); len(titles) != 1 || position != 0 {
			t.Errorf("after a failure there are %q at position %d, want one note at 0", titles, position)
		}
		if _, err := db.Exec("UPDATE clock SET position = 1"); err != nil {
			t.Fatal(err)
		}
		if err := add("two", "three"); err != nil {
			t.Fatal(err)
		}
		if titles, position := stored(); len(titles) != 3 || position != 3 {
			t.Errorf("in the end there are %q at position %d, want three notes at 3", titles, position)
		}
		// What comes next on the same connection is a transaction of its own again.
		fault := errors.New("fault")
		err := db.Tx(t.Context(), func(tx *sqlx.Tx) error {
			_, err := database.Advance(t.Context(), tx, 1)
			return errors.Join(err, fault)
		})
		if _, position := stored(); !errors.Is(err, fault) || position != 3 {
			t.Errorf("a transaction that failed by itself: %v at position %d, want it undone", err, position)
		}
	})
}

func TestTrip_RefusesWhatItCannotRead(t *testing.T) {
	databasetest.EachWith(t, testOptions(), func(t *testing.T, db *database.DB) {
		q := loadNotes(t, db.Dialect)
		for name, add := range map[string]func(*database.Trip){
			"parameter not given": func(trip *database.Trip) { trip.Select(q, new([]note), "note", map[string]any{}) },
			"column without a field": func(trip *database.Trip) {
				trip.Select(q, new([]struct{ Title string }), "note", map[string]any{"position": 1})
			},
			"two columns, one value": func(trip *database.Trip) { trip.Select(q, new([]int64), "all-notes", nil) },
		} {
			trip := new(database.Trip)
			trip.Exec(q, "raise", map[string]any{"position": 1})
			add(trip)
			err := db.Tx(t.Context(), func(tx *sqlx.Tx) error { return trip.Run(t.Context(), tx) })
			if err == nil {
				t.Errorf("%s: no error", name)
			}
		}
	})
}

// What waits behind the clock must be seen: the scheme of positions stands on it
// (docs/adr/0002).
func TestTrip_SeesWhatWasCommittedWhileTheClockWasWaitedFor(t *testing.T) {
	databasetest.EachWith(t, testOptions(), func(t *testing.T, db *database.DB) {
		q := loadNotes(t, db.Dialect)
		held, release := make(chan struct{}), make(chan struct{})
		var g errgroup.Group
		g.Go(func() error {
			return db.Tx(t.Context(), func(tx *sqlx.Tx) error {
				position, err := database.Advance(t.Context(), tx, 1)
				close(held)
				<-release
				if err == nil {
					_, err = q.Exec(t.Context(), tx, "add-note", note{Position: position, Title: "before"})
				}
				return err
			})
		})
		<-held
		var seen []note
		g.Go(func() error {
			return db.Tx(t.Context(), func(tx *sqlx.Tx) error {
				trip := new(database.Trip)
				trip.Select(q, &seen, "all-notes", nil)
				_, err := database.AdvanceAlong(t.Context(), tx, 1, trip)
				return err
			})
		})
		awaitLock(t, db)
		close(release)
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		if len(seen) != 1 || seen[0].Title != "before" {
			t.Errorf("behind the clock %+v was seen, want the note of the transaction before", seen)
		}
	})
}

// awaitLock returns once somebody waits for a lock of db; on SQLite nobody does,
// since writers queue within the process.
func awaitLock(t *testing.T, db *database.DB) {
	t.Helper()
	if db.Dialect == database.SQLite {
		return
	}
	for range 1000 {
		var waiting int
		err := db.Get(&waiting, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
		if err != nil {
			t.Fatal(err)
		}
		if waiting > 0 {
			return
		}
		select {
		case <-t.Context().Done():
		case <-time.After(5 * time.Millisecond):
		}
	}
	t.Fatal("nobody waits for the clock")
}

// A transaction begins with its first statement, whichever that is.
func TestTx_BeginsWithItsFirstStatement(t *testing.T) {
	databasetest.EachWith(t, testOptions(), func(t *testing.T, db *database.DB) {
		q := loadNotes(t, db.Dialect)
		fault := errors.New("fault")
		first := map[string]func(tx *sqlx.Tx) error{
			"nothing": func(*sqlx.Tx) error { return nil },
			"exec": func(tx *sqlx.Tx) error {
				_, err := q.Exec(t.Context(), tx, "add-note", note{Position: 1, Title: "one"})
				return err
			},
			"query": func(tx *sqlx.Tx) error {
				var title string
				return tx.GetContext(t.Context(), &title, "INSERT INTO notes (position, title, priority) VALUES (1, 'one', 0) RETURNING title")
			},
			"prepared": func(tx *sqlx.Tx) error {
				s, err := tx.PreparexContext(t.Context(), "INSERT INTO notes (position, title, priority) VALUES (1, 'one', 0)")
				if err != nil {
					return err
				}
				defer s.Close()
				_, err = s.ExecContext(t.Context())
				return err
			},
			"trip": func(tx *sqlx.Tx) error {
				trip := new(database.Trip)
				trip.Exec(q, "add-note", note{Position: 1, Title: "one"})
				return trip.Run(t.Context(), tx)
			},
		}
		for name, f := range first {
			err := db.Tx(t.Context(), func(tx *sqlx.Tx) error { return errors.Join(f(tx), fault) })
			if !errors.Is(err, fault) || err.Error() != fault.Error() {
				t.Errorf("%s first: %v, want %v alone", name, err, fault)
			}
			var all []note
			if err := q.Select(t.Context(), db.Reader, &all, "all-notes", nil); err != nil || len(all) != 0 {
				t.Errorf("%s first, then a fault: %+v, %v, want nothing", name, all, err)
			}
			if err := db.Tx(t.Context(), f); err != nil {
				t.Errorf("%s first: %v", name, err)
			}
			if _, err := db.Exec("DELETE FROM notes"); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestTrip_EndsWithItsContext(t *testing.T) {
	db := databasetest.Open(t, databasetest.EmptyPostgresURL(t), testOptions())
	databasetest.Migrate(t, db)
	q := loadNotes(t, db.Dialect)
	hold, err := db.BeginTxx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = hold.Rollback() }()
	if _, err := database.Advance(t.Context(), hold, 1); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var g errgroup.Group
	g.Go(func() error {
		return db.Tx(ctx, func(tx *sqlx.Tx) error {
			var all []note
			trip := new(database.Trip)
			trip.Select(q, &all, "all-notes", nil)
			_, err := database.AdvanceAlong(ctx, tx, 1, trip)
			return err
		})
	})
	awaitLock(t, db)
	cancel()
	if err := g.Wait(); err == nil {
		t.Error("a trip whose context has ended returned no error")
	}
	if err := hold.Rollback(); err != nil {
		t.Fatal(err)
	}
	err = db.Tx(t.Context(), func(tx *sqlx.Tx) error {
		_, err := database.AdvanceAlong(t.Context(), tx, 1, new(database.Trip))
		return err
	})
	if err != nil {
		t.Errorf("the next trip: %v", err)
	}
}

func TestTrip_WhenTheServerEndsTheConnection(t *testing.T) {
	url := databasetest.EmptyPostgresURL(t)
	db, other := databasetest.Open(t, url, testOptions()), databasetest.Open(t, url, testOptions())
	databasetest.Migrate(t, db)
	err := db.Tx(t.Context(), func(tx *sqlx.Tx) error {
		var pid int
		if err := tx.GetContext(t.Context(), &pid, "SELECT pg_backend_pid()"); err != nil {
			return err
		}
		if _, err := other.Exec("SELECT pg_terminate_backend($1, 5000)", pid); err != nil {
			return err
		}
		_, err := database.AdvanceAlong(t.Context(), tx, 1, new(database.Trip))
		return err
	})
	if !database.IsAway(err) {
		t.Errorf("%v does not count as away", err)
	}
	if position, err := database.Position(t.Context(), db); err != nil || position != 0 {
		t.Errorf("afterwards the clock shows %d, %v, want 0", position, err)
	}
}

func TestAdvanceAlong_WithoutAClock(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		if _, err := db.Exec("DELETE FROM clock"); err != nil {
			t.Fatal(err)
		}
		for _, n := range []int64{0, 1} {
			err := db.Tx(t.Context(), func(tx *sqlx.Tx) error {
				_, err := database.AdvanceAlong(t.Context(), tx, n, new(database.Trip))
				return err
			})
			if err == nil || errors.Is(err, sql.ErrNoRows) {
				t.Errorf("advancing by %d: %v, want an error that says more", n, err)
			}
		}
	})
}
