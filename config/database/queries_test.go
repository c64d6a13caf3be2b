package database_test

import (
	"database/sql"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/config/database"
)

const notesSQL = `
-- Notes are what these tests keep.

-- name: add-note
-- Adds one note: or several, when given a slice.
INSERT INTO notes (position, title, body, priority)
VALUES (:position, :title, :body, :priority); -- the price: one row each

-- name: notes-in
SELECT position, title FROM notes
 WHERE position IN (:positions) AND title <> :except
 ORDER BY position

-- name: note
SELECT position, title, body, priority FROM notes WHERE position = :position

-- name: raise
UPDATE notes SET priority = priority + 1 WHERE title = 'a - b' OR position >= :position OR position = :position

-- name: all-notes
SELECT position, title, body, priority FROM notes ORDER BY position
`

type note struct {
	Position int64
	Title    string
	Body     []byte
	Priority int64
}

func notesFS() fstest.MapFS {
	return fstest.MapFS{
		"queries/notes.sql": {Data: []byte(notesSQL)},
		"queries/sqlite/notes.sql": {Data: []byte("-- name: notes-of\n" +
			"SELECT position, title FROM notes WHERE position IN (SELECT value FROM json_each(:positions)) ORDER BY position\n" +
			"-- name: raise\nUPDATE notes SET priority = priority + 100 WHERE position >= :position\n")},
		"queries/postgres/notes.sql": {Data: []byte("-- name: notes-of\n" +
			"SELECT position, title FROM notes WHERE position = ANY(:positions) ORDER BY position\n")},
	}
}

func loadNotes(t *testing.T, d database.Dialect) *database.Queries {
	t.Helper()
	q, err := database.LoadQueries(notesFS(), d, "add-note", "notes-in", "note", "raise", "all-notes", "notes-of")
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func TestQueries_TakeStructsMapsRowsAndLists(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB) {
		ctx, q := t.Context(), loadNotes(t, db.Dialect)
		one := note{1, "one", []byte("body: of one?"), 5}
		if _, err := q.Exec(ctx, db, "add-note", one); err != nil {
			t.Fatal(err)
		}
		if _, err := q.Exec(ctx, db, "add-note", []note{{2, "two", nil, 0}, {3, "three", []byte{0}, 0}}); err != nil {
			t.Fatal(err)
		}
		if _, err := q.Exec(ctx, db, "add-note", map[string]any{"position": 4, "title": "four", "body": nil, "priority": 0}); err != nil {
			t.Fatal(err)
		}

		var got note
		if err := q.One(ctx, db.Reader, &got, "note", struct{ Position int }{1}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(one, got); diff != "" {
			t.Errorf("note read back (-want +got):\n%s", diff)
		}
		if err := q.One(ctx, db, &got, "note", &note{Position: 99}); !errors.Is(err, sql.ErrNoRows) {
			t.Errorf("got %v, want sql.ErrNoRows", err)
		}

		want := []note{{Position: 1, Title: "one"}, {Position: 4, Title: "four"}}
		for name, arg := range map[string]any{
			"notes-in": map[string]any{"positions": []int64{4, 3, 1}, "except": "three"},
			"notes-of": map[string]any{"positions": database.Array{Slice: []int64{4, 1}}},
		} {
			var list []note
			if err := q.Select(ctx, db, &list, name, arg); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, list); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
	})
}

func TestQueries_PreferTheDialectsOwnText(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB) {
		ctx, q := t.Context(), loadNotes(t, db.Dialect)
		if _, err := q.Exec(ctx, db, "add-note", []note{{Position: 1, Title: "one"}, {Position: 2, Title: "two"}}); err != nil {
			t.Fatal(err)
		}
		result, err := q.Exec(ctx, db, "raise", note{Position: 2})
		if err != nil {
			t.Fatal(err)
		}
		if n, err := result.RowsAffected(); err != nil || n != 1 {
			t.Errorf("raised %d, %v; want 1", n, err)
		}
		var priorities []int64
		err = q.Each(ctx, db, "all-notes", nil, func(rows *sqlx.Rows) error {
			var n note
			if err := rows.StructScan(&n); err != nil {
				return err
			}
			priorities = append(priorities, n.Priority)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		want := map[database.Dialect][]int64{database.SQLite: {0, 100}, database.PostgreSQL: {0, 1}}[db.Dialect]
		if !slices.Equal(priorities, want) {
			t.Errorf("priorities %v, want %v", priorities, want)
		}
		// A stop in the middle frees the connection for what comes next.
		if err := q.Each(ctx, db, "all-notes", nil, func(*sqlx.Rows) error { return errChangedMind }); !errors.Is(err, errChangedMind) {
			t.Errorf("got %v, want %v", err, errChangedMind)
		}
		if err := db.Tx(ctx, func(tx *sqlx.Tx) error { return q.One(ctx, tx, &note{}, "note", note{Position: 1}) }); err != nil {
			t.Error(err)
		}
	})
}

func TestQueries_SayWhichParameterIsMissing(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB) {
		ctx, q := t.Context(), loadNotes(t, db.Dialect)
		for _, arg := range []any{
			nil, 7, map[string]any{"title": "x"}, struct{ Title string }{"x"}, (*note)(nil),
		} {
			if _, err := q.Exec(ctx, db, "raise", arg); err == nil || !strings.Contains(err.Error(), "query raise") {
				t.Errorf("%#v: got %v, want an error that names the query", arg, err)
			}
		}
		if err := q.Select(ctx, db, &[]note{}, "notes-in", map[string]any{"positions": []int64{}, "except": ""}); err == nil {
			t.Error("an empty list was accepted")
		}
	})
}

func TestQueries_GetPanicsForANameNotAskedFor(t *testing.T) {
	q := loadNotes(t, database.PostgreSQL)
	if got := q.Get("note"); !strings.Contains(got, "position = $1") || strings.Contains(got, "--") {
		t.Errorf("got %q, want the statement with PostgreSQL's parameters", got)
	}
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	q.Get("delete-everything")
}

func TestLoadQueries_TellsNamesFromComments(t *testing.T) {
	fsys := fstest.MapFS{"queries/a.sql": {Data: []byte("\t--name:\tone\r\nSELECT 1\r\n-- name: two words\r\n-- named: three\r\n  --   name: four  \nSELECT 4\n")}}
	if _, err := database.LoadQueries(fsys, database.SQLite, "one", "four"); err != nil {
		t.Error(err)
	}
	fsys["queries/b.sql"] = &fstest.MapFile{Data: []byte("-- name:\nSELECT 1\n")}
	if _, err := database.LoadQueries(fsys, database.SQLite, "one", "four"); err == nil || !strings.Contains(err.Error(), `b.sql:1: name ""`) {
		t.Errorf("a name that is none: %v", err)
	}
}

func TestLoadQueries_ReportsEveryFaultAtOnce(t *testing.T) {
	fsys := fstest.MapFS{
		"queries/a.sql": {Data: []byte("SELECT 0;\n-- name: twice\nSELECT 1\n-- name: Shout\nSELECT 1\n-- name: empty\n-- nothing here\n")},
		"queries/b.sql": {Data: []byte("-- name: twice\nSELECT 2\n-- name: cast\nSELECT :a::text\n-- name: literal\nSELECT '12:30'\n" +
			"-- name: mark\nSELECT ?\n-- name: open\nSELECT 'a\nb'\n-- name: block\nSELECT 1 /* :a */\n-- name: number\nSELECT :1\n")},
		"queries/sqlite/c.sql": {Data: []byte("-- name: only-sqlite\nSELECT 1\n")},
	}
	_, err := database.LoadQueries(fsys, database.SQLite, "twice", "empty", "only-sqlite", "nowhere", "nowhere", "number")
	if err == nil {
		t.Fatal("loaded")
	}
	for _, want := range []string{
		"a.sql:1: statement before the first name",
		"b.sql:1: query twice stands twice",
		`a.sql:4: name "Shout"`,
		"b.sql:4: write CAST",
		"b.sql:6: ':' within quotes",
		"b.sql:8: write :name",
		"b.sql:10: a quoted text",
		"b.sql:13: write comments with --",
		"query empty: is empty",
		"query only-sqlite: not found for postgres",
		"query nowhere: not found for either",
		"query nowhere: asked for twice",
		"query number: could not find name 1",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("missing %q in:\n%v", want, err)
		}
	}
}
