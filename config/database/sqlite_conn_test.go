package database_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/config/database/databasetest"
)

// onSQLite runs f in a transaction of a database with notes 1 to n: on one connection.
func onSQLite(t *testing.T, n int, f func(ctx context.Context, tx *sqlx.Tx, q *database.Queries)) {
	t.Helper()
	db := databasetest.Open(t, databasetest.SQLiteURL(t), testOptions())
	databasetest.Migrate(t, db)
	q := loadNotes(t, db.Dialect)
	err := db.Tx(t.Context(), func(tx *sqlx.Tx) error {
		for i := range n {
			if _, err := q.Exec(t.Context(), tx, "add-note", note{Position: int64(i + 1), Title: fmt.Sprint(i + 1)}); err != nil {
				return err
			}
		}
		f(t.Context(), tx, q)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestSQLite_AStatementRunsWhileItsOwnRowsAreRead(t *testing.T) {
	onSQLite(t, 4, func(ctx context.Context, tx *sqlx.Tx, q *database.Queries) {
		var seen []int64
		read := func(f func(int64) error) error {
			return q.Each(ctx, tx, "all-notes", nil, func(rows *sqlx.Rows) error {
				var n note
				if err := rows.StructScan(&n); err != nil {
					return err
				}
				return f(n.Position)
			})
		}
		if err := read(func(int64) error { return nil }); err != nil { // it is kept now
			t.Error(err)
		}
		err := read(func(outer int64) error {
			return read(func(inner int64) error {
				if seen = append(seen, 10*outer+inner); len(seen) > 16 {
					return errors.New("there is no end")
				}
				return nil
			})
		})
		if want := []int64{11, 12, 13, 14, 21, 22, 23, 24, 31, 32, 33, 34, 41, 42, 43, 44}; err != nil || fmt.Sprint(seen) != fmt.Sprint(want) {
			t.Errorf("read %v, %v, want %v", seen, err, want)
		}
	})
}

func TestSQLite_AStatementServesOnAfterItFailed(t *testing.T) {
	onSQLite(t, 1, func(ctx context.Context, tx *sqlx.Tx, q *database.Queries) {
		add := func(position int64) error {
			_, err := q.Exec(ctx, tx, "add-note", note{Position: position, Title: "another"})
			return err
		}
		if err := add(1); !database.IsUnique(err) {
			t.Errorf("adding a note twice: %v, want a violated key", err)
		}
		if err := add(2); err != nil {
			t.Errorf("adding the next: %v", err)
		}
		var all []note
		if err := q.Select(ctx, tx, &all, "all-notes", nil); err != nil || len(all) != 2 {
			t.Errorf("afterwards %+v, %v, want two notes", all, err)
		}
	})
}

// The statements kept are of the table as it was when they were prepared.
func TestSQLite_AKeptStatementSeesATableThatChanged(t *testing.T) {
	onSQLite(t, 1, func(ctx context.Context, tx *sqlx.Tx, _ *database.Queries) {
		columns := func() int {
			rows, err := tx.QueryxContext(ctx, "SELECT * FROM notes")
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			if !rows.Next() {
				t.Fatal("no row:", rows.Err())
			}
			values, err := rows.SliceScan()
			if err != nil {
				t.Fatal(err)
			}
			return len(values)
		}
		before := columns()
		if _, err := tx.ExecContext(ctx, "ALTER TABLE notes ADD COLUMN mood TEXT NOT NULL DEFAULT 'good'"); err != nil {
			t.Fatal(err)
		}
		if got := columns(); got != before+1 {
			t.Errorf("%d columns after one was added to %d", got, before)
		}
	})
}

func TestSQLite_MoreTextsThanAreKept(t *testing.T) {
	onSQLite(t, 3, func(ctx context.Context, tx *sqlx.Tx, _ *database.Queries) {
		for range 2 {
			for i := range 2000 {
				var n int
				if err := tx.GetContext(ctx, &n, fmt.Sprintf("SELECT COUNT(*) + %d FROM notes WHERE position > ?", i), 1); err != nil || n != i+2 {
					t.Fatalf("statement %d: %d, %v", i, n, err)
				}
			}
		}
	})
}

func TestSQLite_ATextOfSeveralStatementsRunsWholeEachTime(t *testing.T) {
	onSQLite(t, 0, func(ctx context.Context, tx *sqlx.Tx, q *database.Queries) {
		const (
			one = "INSERT INTO notes (position, title, body, priority) SELECT 1 + COUNT(*), 1 + COUNT(*), x'', 0 FROM notes"
			two = one + "; " + one
		)
		for range 2 {
			if _, err := tx.ExecContext(ctx, two); err != nil {
				t.Fatal(err)
			}
		}
		var all []note
		if err := q.Select(ctx, tx, &all, "all-notes", nil); err != nil || len(all) != 4 {
			t.Errorf("there are %+v, %v, want four notes", all, err)
		}
	})
}

// countTo takes as long as it is told to.
const countTo = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) SELECT COUNT(*) FROM n"

// A statement whose context ends within a transaction is broken off, and its text runs
// again there.
func TestSQLite_AStatementThatWasBrokenOffRunsAgain(t *testing.T) {
	onSQLite(t, 0, func(ctx context.Context, tx *sqlx.Tx, _ *database.Queries) {
		count := func(ctx context.Context, to int64) (n int64, err error) {
			err = tx.GetContext(ctx, &n, countTo, to)
			return n, err
		}
		if n, err := count(ctx, 3); n != 3 || err != nil {
			t.Fatalf("counted to %d, %v", n, err)
		}
		short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		defer cancel()
		if _, err := count(short, 1<<40); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("counting without end: %v, want %v", err, context.DeadlineExceeded)
		}
		if n, err := count(ctx, 4); n != 4 || err != nil {
			t.Errorf("afterwards it counted to %d, %v", n, err)
		}
	})
}

func TestPages_ArePowersOfTwoOnSQLite(t *testing.T) {
	for _, c := range []struct {
		dialect database.Dialect
		rows    int
		atMost  int
		want    []int
	}{
		{database.SQLite, 0, 200, nil},
		{database.SQLite, 1, 200, []int{1}},
		{database.SQLite, 70, 50, []int{32, 32, 4, 2}},
		{database.SQLite, 300, 200, []int{128, 128, 32, 8, 4}},
		{database.PostgreSQL, 300, 200, []int{200, 100}},
	} {
		rows := make([]int, c.rows)
		for i := range rows {
			rows[i] = i
		}
		pages := database.Pages(c.dialect, rows, c.atMost)
		for range pages {
			break // whoever begins again has all of them
		}
		var got []int
		next := 0
		for page := range pages {
			got = append(got, len(page))
			for _, row := range page {
				if row != next {
					t.Errorf("row %d came where %d was next", row, next)
				}
				next++
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(c.want) || next != c.rows {
			t.Errorf("%s, %d rows: pages of %v, want %v", c.dialect, c.rows, got, c.want)
		}
	}
}
