// Package database opens the daemon's database, SQLite or PostgreSQL, brings
// its schema up to date, runs named statements, and owns clock, the table
// that orders every change.
//
// It never retries on its own, never opens a transaction that the caller did
// not ask for, and knows no table but clock and the records of migrations.
// Stores, intake, cmd and tests call it; it imports no other package of the
// project.
package database

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/jmoiron/sqlx"
)

// Dialect names one of the two kinds of database. Its value is also the name
// of the folders that hold what must differ between them.
type Dialect string

// The dialects.
const (
	SQLite     Dialect = "sqlite"
	PostgreSQL Dialect = "postgres"
)

func (d Dialect) bindType() int {
	if d == PostgreSQL {
		return sqlx.DOLLAR
	}
	return sqlx.QUESTION
}

// DefaultConns is how many connections a pool may hold when Options leaves
// it open: PostgreSQL's one pool, SQLite's readers.
const DefaultConns = 16

// Options is what Open needs beside the address.
type Options struct {
	// MaxConns bounds the connections of PostgreSQL's pool or of SQLite's
	// readers (its writer is always one). Zero means DefaultConns.
	MaxConns int
	// ReadOnly opens what is there: a missing SQLite file is ErrNoDatabase, and
	// statements that would write fail.
	ReadOnly bool
	// Migrations holds the folders sqlite and postgres. Nil means the
	// released migrations, which are part of the program.
	Migrations fs.FS
}

// DB is an open database. The embedded pool writes: on SQLite it is one
// connection, so a query on it while a transaction is open waits until that
// transaction ends; inside a transaction use the transaction. The caller who
// opened it closes it.
type DB struct {
	*sqlx.DB
	// Reader serves reads outside transactions. On SQLite it is a pool of its
	// own that refuses writes and sees what was committed when a statement
	// begins; on PostgreSQL it is the same pool as DB.
	Reader  *sqlx.DB
	Dialect Dialect

	migrations fs.FS
	writer     chan struct{} // holds one token while a SQLite transaction is open; nil on PostgreSQL
}

// ErrNoDatabase means that there is no SQLite file to read.
var ErrNoDatabase = errors.New("there is no database")

// Open opens the database at url, "sqlite:PATH" or "postgres://…", and proves
// that it answers. It creates a missing SQLite file, readable by its owner
// alone, unless opened to read, but no schema: that is Migrate's. An error for which IsAway holds may
// pass by itself; any other names a fault in url or its permissions.
func Open(ctx context.Context, url string, opts Options) (*DB, error) {
	if opts.MaxConns <= 0 {
		opts.MaxConns = DefaultConns
	}
	if opts.Migrations == nil {
		released, err := fs.Sub(embedded, "migrations")
		if err != nil {
			return nil, fmt.Errorf("read released migrations: %w", err)
		}
		opts.Migrations = released
	}
	var (
		db  *DB
		err error
	)
	switch {
	case strings.HasPrefix(url, "sqlite:"):
		db, err = openSQLite(ctx, strings.TrimPrefix(url, "sqlite:"), opts)
	case strings.HasPrefix(url, "postgres://"), strings.HasPrefix(url, "postgresql://"):
		db, err = openPostgres(ctx, url, opts)
	default:
		return nil, errors.New("database URL must begin with sqlite: or postgres://")
	}
	if err != nil {
		return nil, err
	}
	db.migrations = opts.Migrations
	return db, nil
}

// Close closes both pools. Statements under way are waited for.
func (db *DB) Close() error {
	var readErr error
	if db.Reader != db.DB {
		readErr = db.Reader.Close()
	}
	return errors.Join(readErr, db.DB.Close())
}
