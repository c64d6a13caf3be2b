// Package databasetest gives tests fresh, migrated databases of both kinds:
// a SQLite file in a temporary folder, and a database on a private PostgreSQL
// server that is started once a test binary and leaves nothing behind. Only
// tests import it.
package databasetest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jobalertd/jobalertd/config/database"
)

// RequireEnv names the environment variable that lists, separated by commas, the
// services without which a suite fails rather than skips.
const RequireEnv = "JOBALERTD_REQUIRE"

// Each runs f over a fresh migrated SQLite file and a fresh migrated
// PostgreSQL database, as subtests "sqlite" and "postgres".
func Each(t *testing.T, f func(t *testing.T, db *database.DB)) {
	t.Helper()
	EachWith(t, database.Options{}, f)
}

// EachWith is Each with options, such as migrations of the test's own.
func EachWith(t *testing.T, opts database.Options, f func(t *testing.T, db *database.DB)) {
	t.Helper()
	t.Run(string(database.SQLite), func(t *testing.T) {
		if opts.Migrations == nil {
			f(t, Open(t, MigratedSQLiteURL(t), opts))
			return
		}
		db := Open(t, SQLiteURL(t), opts)
		Migrate(t, db)
		f(t, db)
	})
	t.Run(string(database.PostgreSQL), func(t *testing.T) {
		if opts.Migrations == nil {
			f(t, Open(t, PostgresURL(t), opts))
			return
		}
		db := Open(t, EmptyPostgresURL(t), opts)
		Migrate(t, db)
		f(t, db)
	})
}

// SQLite returns a fresh migrated SQLite database, closed when t ends.
func SQLite(t testing.TB) *database.DB {
	t.Helper()
	return Open(t, MigratedSQLiteURL(t), database.Options{})
}

// Postgres returns a fresh migrated PostgreSQL database, dropped when t ends.
// Without a PostgreSQL installation it skips t.
func Postgres(t testing.TB) *database.DB {
	t.Helper()
	return Open(t, PostgresURL(t), database.Options{})
}

// SQLiteURL returns the URL of a SQLite file that does not exist yet.
func SQLiteURL(t testing.TB) string {
	t.Helper()
	return "sqlite:" + filepath.Join(t.TempDir(), "test.db")
}

// MigratedSQLiteURL returns the URL of a fresh migrated SQLite file.
func MigratedSQLiteURL(t testing.TB) string {
	t.Helper()
	content, err := migratedSQLite()
	if err != nil {
		t.Fatalf("migrate the template of test databases: %v", err)
	}
	url := SQLiteURL(t)
	if err := os.WriteFile(strings.TrimPrefix(url, "sqlite:"), content, 0o600); err != nil {
		t.Fatalf("copy the template of test databases: %v", err)
	}
	return url
}

// migratedSQLite is a file to copy, made once a test binary: migrating takes longer than
// most tests.
var migratedSQLite = sync.OnceValues(func() (content []byte, err error) {
	dir, err := os.MkdirTemp("", "jobalertd-template-*")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path, ctx := filepath.Join(dir, "test.db"), context.Background() // belongs to all tests, not to the first
	db, err := database.Open(ctx, "sqlite:"+path, database.Options{})
	if err != nil {
		return nil, err
	}
	if err := errors.Join(db.Migrate(ctx), db.Close()); err != nil { // the last one to close takes the journal in
		return nil, err
	}
	return os.ReadFile(path)
})

// PostgresURL returns the URL of a fresh migrated PostgreSQL database,
// dropped when t ends, also under connections that are still open.
func PostgresURL(t testing.TB) string {
	t.Helper()
	return require(t).create(t, migrated)
}

// EmptyPostgresURL is PostgresURL without any tables.
func EmptyPostgresURL(t testing.TB) string {
	t.Helper()
	return require(t).create(t, empty)
}

// Open opens the database at url and closes it when t ends.
func Open(t testing.TB, url string, opts database.Options) *database.DB {
	t.Helper()
	db, err := database.Open(t.Context(), url, opts)
	if err != nil {
		t.Fatalf("open the test's database: %v", err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close the test's database: %v", err)
		}
	})
	return db
}

// Migrate brings db's schema up to date.
func Migrate(t testing.TB, db *database.DB) {
	t.Helper()
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatalf("migrate the test's database: %v", err)
	}
}

// require returns the server, or ends t: skipped where there is no
// PostgreSQL, failed where RequireEnv asks for it.
func require(t testing.TB) *server {
	t.Helper()
	s, err := shared()
	if err == nil {
		return s
	}
	for _, service := range strings.Split(os.Getenv(RequireEnv), ",") {
		if strings.TrimSpace(service) == "postgres" {
			t.Fatalf("PostgreSQL is required: %v", err)
		}
	}
	t.Skipf("without PostgreSQL: %v", err)
	return nil
}
