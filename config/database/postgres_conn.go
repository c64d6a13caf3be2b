package database

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/jmoiron/sqlx/reflectx"
)

// postgresConnector opens connections that know trips.
type postgresConnector struct{ driver.Connector }

func (c postgresConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &postgresConn{Conn: conn.(*stdlib.Conn)}, nil
}

// postgresConn is a connection to which a trip is a statement with itself as its one
// value: database/sql has no other way to a transaction's connection.
type postgresConn struct {
	*stdlib.Conn
	committed bool // the transaction, along with its last trip
}

func (c *postgresConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	if len(args) == 1 {
		if t, ok := args[0].Value.(*Trip); ok {
			return driver.ResultNoRows, c.run(ctx, t)
		}
	}
	return c.Conn.ExecContext(ctx, text, args)
}

func (c *postgresConn) run(ctx context.Context, t *Trip) (err error) {
	if c.Conn.Conn().IsClosed() {
		return driver.ErrBadConn
	}
	var batch pgx.Batch
	for _, s := range t.steps {
		batch.Queue(s.text, s.args...)
	}
	if t.last {
		batch.Queue("COMMIT")
	}
	results := c.Conn.Conn().SendBatch(ctx, &batch)
	defer func() {
		// Closing tells again of the statement that failed.
		if closeErr := results.Close(); err == nil {
			err = closeErr
		}
		c.committed = t.last && err == nil
	}()
	for _, s := range t.steps {
		if s.dest == nil {
			_, err = results.Exec()
		} else {
			err = s.scan(results.Query())
		}
		switch {
		case pgconn.SafeToRetry(err):
			return driver.ErrBadConn // nothing was sent: a pool takes another connection
		case err != nil:
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	if !t.last {
		return nil
	}
	tag, err := results.Exec()
	if err == nil && tag.String() != "COMMIT" {
		err = pgx.ErrTxCommitRollback // a statement had failed before
	}
	if err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

func (c *postgresConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	c.committed = false
	tx, err := c.Conn.BeginTx(ctx, opts)
	if err != nil {
		return nil, err
	}
	return postgresTx{tx, c}, nil
}

// postgresTx does not commit again what was committed along with the last trip.
type postgresTx struct {
	driver.Tx
	conn *postgresConn
}

func (t postgresTx) Commit() error {
	if t.conn.committed {
		return nil
	}
	return t.Tx.Commit()
}

func (t postgresTx) Rollback() error {
	if t.conn.committed {
		return nil
	}
	return t.Tx.Rollback()
}

// scan appends all rows to the slice that dest points to, columns into fields as
// sqlx does it.
func (s step) scan(rows pgx.Rows, err error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	list := reflect.ValueOf(s.dest).Elem()
	item := list.Type().Elem()
	fields, err := fieldsOf(item, rows)
	if err != nil {
		return err
	}
	into := make([]any, len(fields))
	for rows.Next() {
		list.Set(reflect.Append(list, reflect.Zero(item)))
		row := list.Index(list.Len() - 1)
		for i, traversal := range fields {
			into[i] = reflectx.FieldByIndexes(row, traversal).Addr().Interface()
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
	}
	return rows.Err()
}

// fieldsOf finds the field of each column; the row itself where that is one value.
func fieldsOf(item reflect.Type, rows pgx.Rows) ([][]int, error) {
	columns := rows.FieldDescriptions()
	if item.Kind() != reflect.Struct {
		if len(columns) > 1 {
			return nil, errors.New("several columns for one value")
		}
		return [][]int{{}}, nil
	}
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	fields := fieldMapper.TraversalsByName(item, names)
	for i, traversal := range fields {
		if len(traversal) == 0 {
			return nil, fmt.Errorf("column %s has no field in %s", names[i], item)
		}
	}
	return fields, nil
}
