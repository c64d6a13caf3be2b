package database_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/config/database/databasetest"
)

// each runs f over both dialects with the tables of testdata/migrations.
func each(t *testing.T, f func(t *testing.T, db *database.DB)) {
	t.Helper()
	databasetest.EachWith(t, testOptions(), f)
}

func testOptions() database.Options {
	return database.Options{Migrations: os.DirFS("testdata/migrations")}
}

func TestOpen_SetsWhatDurabilityAndOrderNeed(t *testing.T) {
	want := map[database.Dialect]map[string]string{
		database.SQLite: {
			"PRAGMA journal_mode": "wal", "PRAGMA synchronous": "2", "PRAGMA foreign_keys": "1", "PRAGMA busy_timeout": "5000",
		},
		database.PostgreSQL: {
			"SHOW default_transaction_isolation": "read committed", "SHOW lock_timeout": "5s",
			"SHOW statement_timeout": "30s", "SHOW idle_in_transaction_session_timeout": "10s",
		},
	}
	each(t, func(t *testing.T, db *database.DB) {
		for statement, want := range want[db.Dialect] {
			var got string
			if err := db.Get(&got, statement); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
			if got != want {
				t.Errorf("%s: got %s, want %s", statement, got, want)
			}
		}
	})
}

func TestOpen_PostgresURLOverridesTimeoutsButNotIsolation(t *testing.T) {
	url := databasetest.EmptyPostgresURL(t) + "&lock_timeout=1s&default_transaction_isolation=serializable"
	db := databasetest.Open(t, url, testOptions())
	for statement, want := range map[string]string{
		"SHOW lock_timeout": "1s", "SHOW default_transaction_isolation": "read committed",
	} {
		var got string
		if err := db.Get(&got, statement); err != nil || got != want {
			t.Errorf("%s: got %q, %v; want %q", statement, got, err, want)
		}
	}
}

func TestOpen_CreatesAPrivateFileWhateverItsName(t *testing.T) {
	path := t.TempDir() + "/new folder/50% #1?.db"
	db := databasetest.Open(t, "sqlite:"+path, testOptions())
	databasetest.Migrate(t, db)
	for _, file := range []string{path, path + "-wal"} {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != 0o600 {
			t.Errorf("%s has mode %o, want 600", file, got)
		}
	}
}

func TestOpen_RefusesWhatItCannotRead(t *testing.T) {
	for _, url := range []string{"", "mysql://x", "sqlite:", "sqlite::memory:", "/tmp/x.db", "postgres://[::1"} {
		db, err := database.Open(t.Context(), url, testOptions())
		if err == nil {
			t.Errorf("opened %q", url)
			_ = db.Close()
		}
		if database.IsAway(err) {
			t.Errorf("%q counts as away: %v", url, err)
		}
	}
}

func TestOpen_NamesNoPassword(t *testing.T) {
	for _, url := range []string{"postgres://me:sesame@/x?host=/nowhere", "postgres://me:sesame@host:port/x"} {
		_, err := database.Open(t.Context(), url, testOptions())
		if err == nil || strings.Contains(err.Error(), "sesame") {
			t.Errorf("%s: got error %v, want one without the password", url, err)
		}
	}
}

func TestReader_SeesCommitsAndRefusesWrites(t *testing.T) {
	db := databasetest.Open(t, databasetest.SQLiteURL(t), testOptions())
	databasetest.Migrate(t, db)
	if _, err := db.Exec("UPDATE clock SET position = 7"); err != nil {
		t.Fatal(err)
	}
	if got, err := database.Position(t.Context(), db.Reader); err != nil || got != 7 {
		t.Errorf("reader's position %d, %v; want 7", got, err)
	}
	if _, err := db.Reader.Exec("UPDATE clock SET position = 8"); err == nil {
		t.Error("the reader wrote")
	}
}

func TestOpen_ReadOnlyMakesAndChangesNothing(t *testing.T) {
	for dialect, url := range map[database.Dialect]string{database.SQLite: databasetest.SQLiteURL(t), database.PostgreSQL: databasetest.EmptyPostgresURL(t)} {
		t.Run(string(dialect), func(t *testing.T) {
			opts := testOptions()
			databasetest.Migrate(t, databasetest.Open(t, url, opts))
			opts.ReadOnly = true
			db := databasetest.Open(t, url, opts)
			if err := db.CheckVersion(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, err := database.Position(t.Context(), db); err != nil {
				t.Fatal(err)
			}
			err := db.Tx(t.Context(), func(tx *sqlx.Tx) error {
				_, err := database.Advance(t.Context(), tx, 1)
				return err
			})
			if err == nil || !strings.Contains(strings.ReplaceAll(err.Error(), "-", ""), "readonly") {
				t.Errorf("a write ended with %v", err)
			}
		})
	}
	missing := databasetest.SQLiteURL(t)
	_, err := database.Open(t.Context(), missing, database.Options{ReadOnly: true})
	if !errors.Is(err, database.ErrNoDatabase) {
		t.Errorf("opening what is not there ended with %v", err)
	}
	if _, err := os.Stat(strings.TrimPrefix(missing, "sqlite:")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it was made: %v", err)
	}
}
