package database

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/pressly/goose/v3"
	goosedb "github.com/pressly/goose/v3/database"
	"github.com/pressly/goose/v3/lock"
)

// Released migrations; the README keeps the folder there.
//
//go:embed migrations
var embedded embed.FS

var (
	// ErrSchemaNewer means that a newer program has migrated the database;
	// this one must not touch it.
	ErrSchemaNewer = errors.New("database schema is newer than this program")
	// ErrSchemaOlder means that migrations of this program are outstanding.
	ErrSchemaOlder = errors.New("database schema is older than this program")
	// ErrMigrationChanged means that a migration was edited after it had been
	// applied, or applied by a different build under the same number.
	ErrMigrationChanged = errors.New("applied migration differs from this program's")

	errAppliedMeanwhile = errors.New("applied by another process meanwhile")
)

const createChecksums = `CREATE TABLE IF NOT EXISTS migration_checksums (
	version BIGINT PRIMARY KEY,
	name TEXT NOT NULL,
	checksum TEXT NOT NULL
)`

// Migrate brings the schema up to this program's: each outstanding migration
// in one transaction with the record of its number and checksum. Any number
// of processes may call it at once; one migrates and the others wait. It
// returns ErrSchemaNewer or ErrMigrationChanged without having changed
// anything.
func (db *DB) Migrate(ctx context.Context) error {
	migrations, err := readMigrations(db.migrations, db.Dialect)
	if err != nil {
		return err
	}
	if err := db.checkApplied(ctx, migrations); err != nil && !errors.Is(err, ErrSchemaOlder) {
		return err
	}
	for {
		err := db.migrateUp(ctx, migrations)
		// Without a session lock two SQLite processes may pick the same
		// migration; the second sees it done once it has the write lock.
		if errors.Is(err, errAppliedMeanwhile) {
			continue
		}
		if err != nil {
			return fmt.Errorf("migrate the database: %w", err)
		}
		return db.checkApplied(ctx, migrations)
	}
}

// CheckVersion returns nil if the schema is exactly this program's, else an
// error that is ErrSchemaNewer, ErrSchemaOlder or ErrMigrationChanged and
// tells the operator what to do.
func (db *DB) CheckVersion(ctx context.Context) error {
	migrations, err := readMigrations(db.migrations, db.Dialect)
	if err != nil {
		return err
	}
	return db.checkApplied(ctx, migrations)
}

func (db *DB) migrateUp(ctx context.Context, migrations []migration) error {
	release, err := db.queue(ctx)
	if err != nil {
		return err
	}
	defer release()

	registered := make([]*goose.Migration, len(migrations))
	for i, m := range migrations {
		registered[i] = goose.NewGoMigration(m.version, &goose.GoFunc{RunTx: db.applyFunc(m)}, nil)
	}
	options := []goose.ProviderOption{
		goose.WithDisableGlobalRegistry(true),
		goose.WithGoMigrations(registered...),
	}
	dialect := goosedb.DialectSQLite3
	if db.Dialect == PostgreSQL {
		dialect = goosedb.DialectPostgres
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 600), lock.WithUnlockTimeout(1, 10))
		if err != nil {
			return err
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	provider, err := goose.NewProvider(dialect, db.DB.DB, nil, options...)
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return err
}

// applyFunc runs m within goose's transaction, which also records the number.
func (db *DB) applyFunc(m migration) func(ctx context.Context, tx *sql.Tx) error {
	return func(ctx context.Context, tx *sql.Tx) error {
		prepare := []string{createChecksums}
		if db.Dialect == PostgreSQL {
			// A migration may rewrite a large table; the lock timeout stays,
			// so that it never makes a running daemon wait behind it for long.
			prepare = append(prepare, "SET LOCAL statement_timeout = 0")
		}
		for _, statement := range prepare {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		var applied int
		count := sqlx.Rebind(db.Dialect.bindType(), "SELECT count(*) FROM migration_checksums WHERE version = ?")
		if err := tx.QueryRowContext(ctx, count, m.version).Scan(&applied); err != nil {
			return err
		}
		if applied > 0 {
			return errAppliedMeanwhile
		}
		if _, err := tx.ExecContext(ctx, m.text); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		insert := sqlx.Rebind(db.Dialect.bindType(), "INSERT INTO migration_checksums (version, name, checksum) VALUES (?, ?, ?)")
		_, err := tx.ExecContext(ctx, insert, m.version, m.name, m.checksum)
		return err
	}
}

// checkApplied compares what the database says was applied with migrations,
// which ascend without gaps from 1.
func (db *DB) checkApplied(ctx context.Context, migrations []migration) error {
	var exists bool
	find := "SELECT count(*) > 0 FROM sqlite_master WHERE type = 'table' AND name = 'migration_checksums'"
	if db.Dialect == PostgreSQL {
		find = "SELECT to_regclass('migration_checksums') IS NOT NULL"
	}
	if err := db.GetContext(ctx, &exists, find); err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	var applied []struct {
		Version  int64
		Name     string
		Checksum string
	}
	if exists {
		if err := db.SelectContext(ctx, &applied, "SELECT version, name, checksum FROM migration_checksums ORDER BY version"); err != nil {
			return fmt.Errorf("read the schema's version: %w", err)
		}
	}
	for _, a := range applied {
		if a.Version > int64(len(migrations)) {
			return fmt.Errorf("%w: it has migration %s, the program ends at %d; install the newer release, or restore a backup taken before it ran",
				ErrSchemaNewer, a.Name, len(migrations))
		}
		if own := migrations[a.Version-1]; own.checksum != a.Checksum {
			return fmt.Errorf("%w: %s; use the release that applied it, for a released migration is never edited",
				ErrMigrationChanged, a.Name)
		}
	}
	if len(applied) < len(migrations) {
		return fmt.Errorf("%w: %d of %d migrations applied; run: jobalertd migrate", ErrSchemaOlder, len(applied), len(migrations))
	}
	return nil
}
