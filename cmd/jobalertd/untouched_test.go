package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jobalertd/jobalertd/config"
	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/config/database/databasetest"
)

// readingCommands change nothing that is stored.
var readingCommands = []string{
	"verify", "subscriptions list", "subscriptions export a@example.org", "postings list", "postings show board p", "postings clusters",
	"digests preview 1", "digests list", "digests show 1", "outbox list", "suppressions list", "recruiters list",
}

func TestReadingCommands_MakeNothing(t *testing.T) {
	t.Parallel()
	for _, command := range append([]string{"doctor"}, readingCommands...) {
		dir := filepath.Join(t.TempDir(), "data")
		settings := settingsFile(t, "data_dir = '"+dir+"'")
		r := runCommand(t, "", append(strings.Fields(command), "--config", settings)...)
		if command != "doctor" {
			if r.status != exitFailed {
				t.Errorf("%s without a database ended with %d: %s", command, r.status, r.out)
			}
			for _, want := range []string{"there is no database", filepath.Join(dir, "jobalertd.db"), "jobalertd serve"} {
				if !strings.Contains(r.errOut, want) {
					t.Errorf("%s without a database does not say %q: %s", command, want, r.errOut)
				}
			}
		}
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s made %s", command, dir)
		}
	}
}

func TestReadingCommands_MigrateNothing(t *testing.T) {
	t.Parallel()
	for dialect, url := range map[database.Dialect]func(testing.TB) string{
		database.SQLite: databasetest.SQLiteURL, database.PostgreSQL: databasetest.EmptyPostgresURL} {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			in, older := olderInstallation(t, url(t))
			for _, command := range append([]string{"doctor"}, readingCommands...) {
				r := in.command(strings.Fields(command)...)
				if said := r.out + r.errOut; !strings.Contains(said, "1 of ") || !strings.Contains(said, "jobalertd migrate") {
					t.Errorf("%s on an older schema ended with %d and does not say what to do: %s", command, r.status, said)
				}
				if command != "doctor" && r.status != exitFailed {
					t.Errorf("%s on an older schema ended with %d", command, r.status)
				}
				if err := older.CheckVersion(t.Context()); err != nil {
					t.Fatalf("%s changed the schema: %v", command, err)
				}
			}
		})
	}
}

// TestCommands_DoNotMigrateBeneathADaemon holds the lock as a daemon of the older
// release would.
func TestCommands_DoNotMigrateBeneathADaemon(t *testing.T) {
	t.Parallel()
	in, older := olderInstallation(t, databasetest.SQLiteURL(t))
	release, err := config.LockDataDir(in.config().DataDir)
	if err != nil {
		t.Fatal(err)
	}
	r := in.command("suppressions", "add", "a@example.org")
	if r.status != exitFailed || !strings.Contains(r.errOut, "is in use") {
		t.Errorf("ended with %d: %s%s", r.status, r.out, r.errOut)
	}
	if err := older.CheckVersion(t.Context()); err != nil {
		t.Errorf("the schema was changed: %v", err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	in.must("suppressions", "add", "a@example.org")
	in.must("suppressions", "list")
}

// olderInstallation is one whose database stands at the first migration, and that
// database as the older release opens it.
func olderInstallation(t *testing.T, url string) (*installation, *database.DB) {
	t.Helper()
	released := t.TempDir()
	for _, dialect := range []database.Dialect{database.SQLite, database.PostgreSQL} {
		first := filepath.Join(string(dialect), "0001_initial.sql")
		text, err := os.ReadFile(filepath.Join("../../config/database/migrations", first))
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(os.Mkdir(filepath.Join(released, string(dialect)), 0o700), os.WriteFile(filepath.Join(released, first), text, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	db := databasetest.Open(t, url, database.Options{Migrations: os.DirFS(released)})
	databasetest.Migrate(t, db)
	return newInstallation(t, url, "", ""), db
}
