package database_test

import (
	"fmt"
	"testing"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/config/database/databasetest"
)

// BenchmarkQueries_Exec writes 100 rows a transaction, by statements of a row
// each and by one statement of 100 rows.
func BenchmarkQueries_Exec(b *testing.B) {
	for _, d := range []database.Dialect{database.SQLite, database.PostgreSQL} {
		for _, rows := range []int{1, 100} {
			b.Run(fmt.Sprintf("dialect=%s/rows=%d", d, rows), func(b *testing.B) {
				url := ""
				if d == database.SQLite {
					url = databasetest.SQLiteURL(b)
				} else {
					url = databasetest.EmptyPostgresURL(b)
				}
				db := databasetest.Open(b, url, testOptions())
				databasetest.Migrate(b, db)
				q, err := database.LoadQueries(notesFS(), d, "add-note")
				if err != nil {
					b.Fatal(err)
				}
				next := int64(0)
				b.ReportAllocs()
				for b.Loop() {
					err := db.Tx(b.Context(), func(tx *sqlx.Tx) error {
						for range 100 / rows {
							batch := make([]note, rows)
							for i := range batch {
								next++
								batch[i] = note{Position: next, Title: fmt.Sprint(next), Body: make([]byte, 200)}
							}
							var arg any = batch
							if rows == 1 {
								arg = batch[0]
							}
							if _, err := q.Exec(b.Context(), tx, "add-note", arg); err != nil {
								return err
							}
						}
						return nil
					})
					if err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(next)/b.Elapsed().Seconds(), "rows/s")
			})
		}
	}
}
