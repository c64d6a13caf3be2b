package database_test

import (
	"testing"

	"github.com/jobalertd/jobalertd/config/database"
)

func TestShrink_ClosesIdleConnectionsOfSQLiteAlone(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB) {
		var one int
		for _, pool := range []interface {
			Get(any, string, ...any) error
		}{db.DB, db.Reader} {
			if err := pool.Get(&one, "SELECT 1"); err != nil {
				t.Fatal(err)
			}
		}
		before := db.Reader.Stats().OpenConnections
		db.Shrink()
		want := before
		if db.Dialect == database.SQLite {
			want = 0
		}
		if got := db.Reader.Stats().OpenConnections; before == 0 || got != want {
			t.Errorf("%d connections, %d before, want %d", got, before, want)
		}
		for range 2 { // a connection is kept again
			if err := db.Reader.Get(&one, "SELECT 1"); err != nil {
				t.Fatal(err)
			}
		}
		if got := db.Reader.Stats().Idle; got == 0 {
			t.Error("no connection is kept afterwards")
		}
	})
}
