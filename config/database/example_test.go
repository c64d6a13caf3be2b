package database_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing/fstest"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/config/database"
)

// A store loads its statements once, and writes under the clock: the position
// comes first, and is everybody's from the commit on.
func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	ctx := context.Background()

	db, err := database.Open(ctx, "sqlite:"+filepath.Join(dir, "notes.db"), testOptions())
	if err != nil {
		panic(err)
	}
	defer func() { _ = db.Close() }()
	if err := db.Migrate(ctx); err != nil {
		panic(err)
	}
	// Usually an embed.FS beside the store.
	statements := fstest.MapFS{"queries/notes.sql": {Data: []byte(`
-- name: add-note
-- Adds one note.
INSERT INTO notes (position, title) VALUES (:position, :title)

-- name: titles
SELECT title FROM notes ORDER BY position LIMIT :limit
`)}}
	q, err := database.LoadQueries(statements, db.Dialect, "add-note", "titles")
	if err != nil {
		panic(err)
	}

	err = db.Tx(ctx, func(tx *sqlx.Tx) error {
		position, err := database.Advance(ctx, tx, 1)
		if err != nil {
			return err
		}
		_, err = q.Exec(ctx, tx, "add-note", map[string]any{"position": position, "title": "first"})
		return err
	})
	if err != nil {
		panic(err)
	}
	var titles []string
	if err := q.Select(ctx, db.Reader, &titles, "titles", map[string]any{"limit": 10}); err != nil {
		panic(err)
	}
	position, err := database.Position(ctx, db.Reader)
	fmt.Println(titles, position, err)
	// Output: [first] 1 <nil>
}
