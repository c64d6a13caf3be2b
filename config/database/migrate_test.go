package database_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/sync/errgroup"

	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/config/database/databasetest"
)

// freshURL returns the URL of an empty database of the dialect.
func freshURL(t *testing.T, d database.Dialect) string {
	t.Helper()
	if d == database.SQLite {
		return databasetest.SQLiteURL(t)
	}
	return databasetest.EmptyPostgresURL(t)
}

func eachEmpty(t *testing.T, f func(t *testing.T, d database.Dialect, url string)) {
	t.Helper()
	for _, d := range []database.Dialect{database.SQLite, database.PostgreSQL} {
		t.Run(string(d), func(t *testing.T) { f(t, d, freshURL(t, d)) })
	}
}

// testMigrations copies testdata/migrations so that a test may change them.
func testMigrations(t *testing.T) fstest.MapFS {
	t.Helper()
	copied := fstest.MapFS{}
	source := testOptions().Migrations
	err := fs.WalkDir(source, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(source, path)
		copied[path] = &fstest.MapFile{Data: text}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return copied
}

func TestMigrate_ManyAtOnceApplyEachMigrationOnce(t *testing.T) {
	eachEmpty(t, func(t *testing.T, _ database.Dialect, url string) {
		var g errgroup.Group
		for range 4 {
			db := databasetest.Open(t, url, testOptions())
			g.Go(func() error { return db.Migrate(t.Context()) })
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		db := databasetest.Open(t, url, testOptions())
		for _, table := range []string{"migration_checksums", "clock"} {
			var rows int
			if err := db.Get(&rows, "SELECT count(*) FROM "+table); err != nil {
				t.Fatal(err)
			}
			if want := map[string]int{"migration_checksums": 2, "clock": 1}[table]; rows != want {
				t.Errorf("%s has %d rows, want %d", table, rows, want)
			}
		}
		if err := db.Migrate(t.Context()); err != nil {
			t.Errorf("migrating again: %v", err)
		}
		if err := db.CheckVersion(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestCheckVersion_TellsNewerOlderAndChanged(t *testing.T) {
	eachEmpty(t, func(t *testing.T, d database.Dialect, url string) {
		open := func(change func(fstest.MapFS)) *database.DB {
			migrations := testMigrations(t)
			change(migrations)
			return databasetest.Open(t, url, database.Options{Migrations: migrations})
		}
		last := string(d) + "/0002_replies.sql"
		older := open(func(m fstest.MapFS) { delete(m, last) })
		present := open(func(fstest.MapFS) {})
		edited := open(func(m fstest.MapFS) { m[last].Data = append(m[last].Data, "-- a second thought"...) })

		if err := present.CheckVersion(t.Context()); !errors.Is(err, database.ErrSchemaOlder) {
			t.Errorf("empty database: got %v, want ErrSchemaOlder", err)
		}
		databasetest.Migrate(t, older)
		err := present.CheckVersion(t.Context())
		if !errors.Is(err, database.ErrSchemaOlder) || !strings.Contains(err.Error(), "jobalertd migrate") {
			t.Errorf("one outstanding: got %v, want ErrSchemaOlder with what to do", err)
		}
		databasetest.Migrate(t, present)

		for what, c := range map[string]struct {
			db   *database.DB
			want error
		}{
			"older program":  {older, database.ErrSchemaNewer},
			"edited program": {edited, database.ErrMigrationChanged},
		} {
			if err := c.db.CheckVersion(t.Context()); !errors.Is(err, c.want) {
				t.Errorf("%s checks: got %v, want %v", what, err, c.want)
			}
			if err := c.db.Migrate(t.Context()); !errors.Is(err, c.want) {
				t.Errorf("%s migrates: got %v, want %v", what, err, c.want)
			}
		}
		if err := present.CheckVersion(t.Context()); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

func TestMigrate_AFailingMigrationLeavesNothingBehind(t *testing.T) {
	eachEmpty(t, func(t *testing.T, d database.Dialect, url string) {
		migrations := testMigrations(t)
		migrations[string(d)+"/0003_broken.sql"] = &fstest.MapFile{Data: []byte("CREATE TABLE half (id BIGINT); CREATE TABLE clock (id BIGINT);")}
		db := databasetest.Open(t, url, database.Options{Migrations: migrations})
		err := db.Migrate(t.Context())
		if err == nil || !strings.Contains(err.Error(), "0003_broken.sql") {
			t.Fatalf("got %v, want an error that names the migration", err)
		}
		if _, err := db.Exec("SELECT 1 FROM half"); err == nil {
			t.Error("half a migration stayed")
		}
		if err := db.CheckVersion(t.Context()); !errors.Is(err, database.ErrSchemaOlder) {
			t.Errorf("got %v, want ErrSchemaOlder", err)
		}
		delete(migrations, string(d)+"/0003_broken.sql")
		if err := db.Migrate(t.Context()); err != nil {
			t.Errorf("without it: %v", err)
		}
	})
}

func TestMigrate_NeverTakesTheWayDown(t *testing.T) {
	eachEmpty(t, func(t *testing.T, d database.Dialect, url string) {
		migrations := testMigrations(t)
		migrations[string(d)+"/0003_more.sql"] = &fstest.MapFile{
			Data: []byte("-- +goose Up\nCREATE TABLE more (id BIGINT);\n-- +goose Down\nDROP TABLE more;\n"),
		}
		db := databasetest.Open(t, url, database.Options{Migrations: migrations})
		databasetest.Migrate(t, db)
		if _, err := db.Exec("SELECT id FROM more"); err != nil {
			t.Error(err)
		}
	})
}

func TestMigrate_RefusesMisnamedFiles(t *testing.T) {
	for _, name := range []string{"0004_gap.sql", "0001_twice.sql", "3_short.sql", "0003_Case.sql", "notes.txt"} {
		migrations := testMigrations(t)
		migrations["sqlite/"+name] = &fstest.MapFile{}
		db := databasetest.Open(t, databasetest.SQLiteURL(t), database.Options{Migrations: migrations})
		if err := db.Migrate(t.Context()); err == nil || !strings.Contains(err.Error(), "migration sqlite/") {
			t.Errorf("%s: got %v, want a refusal that names the file", name, err)
		}
	}
	db := databasetest.Open(t, databasetest.SQLiteURL(t), database.Options{Migrations: fstest.MapFS{}})
	if err := db.Migrate(t.Context()); err == nil {
		t.Error("migrated with nothing")
	}
}
