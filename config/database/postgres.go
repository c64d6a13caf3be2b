package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/jmoiron/sqlx"
)

const postgresDriver = "pgx"

// postgresDefaults are session settings that the URL may override by naming
// them (…?statement_timeout=60s). Whoever holds the clock holds up every
// other writer, so nobody may wait or idle for long in a transaction.
var postgresDefaults = map[string]string{
	"application_name":                    "jobalertd",
	"lock_timeout":                        "5s",
	"statement_timeout":                   "30s",
	"idle_in_transaction_session_timeout": "10s",
}

func openPostgres(ctx context.Context, url string, opts Options) (*DB, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("read database URL: %w", err) // pgx leaves the password out
	}
	for name, value := range postgresDefaults {
		if _, given := config.RuntimeParams[name]; !given {
			config.RuntimeParams[name] = value
		}
	}
	// The order of positions is proved for READ COMMITTED alone, so neither
	// the URL nor a role's own default may change it.
	config.RuntimeParams["default_transaction_isolation"] = "read committed"
	if opts.ReadOnly {
		config.RuntimeParams["default_transaction_read_only"] = "on"
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 10 * time.Second
	}

	pool := sqlx.NewDb(sql.OpenDB(postgresConnector{stdlib.GetConnector(*config)}), postgresDriver)
	pool.SetMaxOpenConns(opts.MaxConns)
	pool.SetMaxIdleConns(opts.MaxConns)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	pool.SetConnMaxLifetime(time.Hour)
	if err := pool.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("connect to PostgreSQL at %s: %w", config.Host, err), pool.Close())
	}
	return &DB{DB: pool, Reader: pool, Dialect: PostgreSQL}, nil
}
