package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/jmoiron/sqlx"
	"modernc.org/sqlite"
)

const sqliteDriver = "sqlite"

// Pragmas go into the data source name, since a PRAGMA statement would set
// one pooled connection only. Full synchronisation is promise 1 of the
// design: what was committed survives power loss. The busy timeout is for
// other processes; writers of this process queue in Tx.
const (
	sqlitePragmas = "_pragma=busy_timeout(5000)&_pragma=synchronous(full)" +
		"&_pragma=foreign_keys(1)&_pragma=journal_size_limit(67108864)&_pragma=temp_store(memory)"
	sqliteWAL    = "&_pragma=journal_mode(wal)" // kept in the file: not for who only reads
	sqliteWriter = sqlitePragmas + "&_pragma=cache_size(-65536)&_txlock=immediate"
	// A reader takes no part in checkpoints by writing, so mode=ro is not
	// needed; query_only keeps a slip from writing past the queue.
	sqliteReader = sqlitePragmas + "&_pragma=cache_size(-8192)&_txlock=deferred&_query_only=1"
)

func openSQLite(ctx context.Context, path string, opts Options) (*DB, error) {
	if path == "" || strings.HasPrefix(path, ":memory:") || strings.HasPrefix(path, "file:") {
		return nil, errors.New("database URL sqlite: needs the path of a file, such as sqlite:data/jobalertd.db")
	}
	writerParams, readerParams := sqliteWriter+sqliteWAL, sqliteReader+sqliteWAL
	if opts.ReadOnly {
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("%w at %s", ErrNoDatabase, path)
		}
		writerParams, readerParams = sqliteWriter+"&_query_only=1", sqliteReader
	} else if err := createPrivate(path); err != nil {
		return nil, err
	}
	// sqlx does not know modernc.org/sqlite's name for itself.
	sqlx.BindDriver(sqliteDriver, sqlx.QUESTION)

	writer, err := sqlitePool(path, writerParams)
	if err != nil {
		return nil, err
	}
	writer.SetMaxOpenConns(1)
	if err := writer.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), writer.Close())
	}
	reader, err := sqlitePool(path, readerParams)
	if err != nil {
		return nil, errors.Join(err, writer.Close())
	}
	reader.SetMaxOpenConns(opts.MaxConns)
	reader.SetMaxIdleConns(opts.MaxConns)
	if err := reader.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), reader.Close(), writer.Close())
	}
	return &DB{DB: writer, Reader: reader, Dialect: SQLite, writer: make(chan struct{}, 1)}, nil
}

func sqlitePool(path, params string) (*sqlx.DB, error) {
	c, err := sqlite.NewConnector(sqliteDSN(path, params))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return sqlx.NewDb(sql.OpenDB(sqliteConnector{c}), sqliteDriver), nil
}

// Shrink gives back the memory of connections to SQLite that are idle: each keeps
// what it read last, megabytes of a table that was read through once. To PostgreSQL
// that is memory of its own.
func (db *DB) Shrink() {
	if db.Dialect != SQLite {
		return
	}
	for _, pool := range []*sqlx.DB{db.DB, db.Reader} {
		pool.SetMaxIdleConns(0)
		pool.SetMaxIdleConns(pool.Stats().MaxOpenConnections)
	}
}

// createPrivate makes the file and its folder if they are missing. SQLite
// gives its journal the file's permissions.
func createPrivate(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("create the database's folder: %w", err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("open the database's file: %w", err)
	}
	return f.Close()
}

// sqliteDSN writes path as a URI, so that a question mark, a hash or a
// percent sign in it stays part of the name.
func sqliteDSN(path, params string) string {
	return "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() + "?" + params
}
