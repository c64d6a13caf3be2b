package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// ErrBusy marks an error that a second try may avoid: a lock not had in time,
// a deadlock, a serialisation failure.
var ErrBusy = errors.New("database is busy")

const deadlock = "40P01" // deadlock_detected

// busy marks err with ErrBusy where that is what it is, once.
func busy(err error) error {
	if IsBusy(err) && !errors.Is(err, ErrBusy) {
		return fmt.Errorf("%w: %w", ErrBusy, err)
	}
	return err
}

// IsBusy reports whether err is of the kind that ErrBusy marks, marked or not.
func IsBusy(err error) bool {
	if errors.Is(err, ErrBusy) {
		return true
	}
	if code, ok := postgresCode(err); ok {
		switch code {
		case "40001", // serialization_failure
			deadlock,
			"55P03", // lock_not_available: lock_timeout
			"57014": // query_canceled: statement_timeout; a caller's own cancel is a context error
			return true
		}
		return false
	}
	switch code, _ := sqliteCode(err); code & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL:
		return true
	}
	return false
}

// IsUnique reports whether err is a violated unique or primary key.
func IsUnique(err error) bool {
	if code, ok := postgresCode(err); ok {
		return code == "23505" // unique_violation
	}
	switch code, _ := sqliteCode(err); code {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_ROWID:
		return true
	}
	return false
}

// IsAway reports whether err says that the database cannot serve at present
// though nothing is wrong with what was asked: refused or broken connection,
// starting or shutting down, out of connections, memory or disk. Work that
// met it is worth trying again, with growing pauses and without limit.
func IsAway(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) {
		return false
	}
	if code, ok := postgresCode(err); ok {
		return postgresAway(code)
	}
	if code, ok := sqliteCode(err); ok {
		switch code & 0xff {
		case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_CANTOPEN:
			return true
		}
		return false
	}
	for _, cause := range []error{
		driver.ErrBadConn, sql.ErrConnDone, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed,
		syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EPIPE, syscall.ENOSPC,
	} {
		if errors.Is(err, cause) {
			return true
		}
	}
	// Not net.Error: every syscall.Errno is one.
	var (
		connect *pgconn.ConnectError
		network *net.OpError
		name    *net.DNSError
	)
	return errors.As(err, &connect) || errors.As(err, &network) || errors.As(err, &name)
}

func postgresAway(code string) bool {
	switch code {
	case "57P01", "57P02", "57P03", // admin_shutdown, crash_shutdown, cannot_connect_now
		"57P05", "25P03", "25P04", // idle_session_, idle_in_transaction_session_, transaction_timeout
		"25006", // read_only_sql_transaction: still, or already, a standby
		"XX000": // internal_error: what a pooler in front says of a lost server
		return true
	}
	class := code[:min(2, len(code))]
	// connection exception, insufficient resources, system error
	return class == "08" || class == "53" || strings.HasPrefix(class, "58")
}

func postgresCode(err error) (string, bool) {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return "", false
	}
	return pg.Code, true
}

func sqliteCode(err error) (int, bool) {
	var lite *sqlite.Error
	if !errors.As(err, &lite) {
		return 0, false
	}
	return lite.Code(), true
}
