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
	"github.com/jmoiron/sqlx"
	"github.com/jmoiron/sqlx/reflectx"
)

// Trip is statements of a transaction of which none needs another's answer. On
// PostgreSQL they go to the server in one trip and are run there one after the
// other, each with a snapshot of its own, as if they had been sent one by one: who
// holds the clock waits once for the way there and back, and for a processor, not
// once a statement. On SQLite, where there is no way to go, they are run in order.
type Trip struct{ steps []step }

// step is one statement: its text and values for the database, and what takes its
// rows, nil for one that returns none.
type step struct {
	name string
	text string
	args []any
	dest any
	err  error // why it cannot be run
}

// Select adds a statement whose rows Run scans into dest, a pointer to a slice. arg
// is as for Queries.Exec.
func (t *Trip) Select(q *Queries, dest any, name string, arg any) {
	text, args, err := q.bind(name, arg)
	t.steps = append(t.steps, step{"query " + name, text, args, dest, err})
}

// Exec adds a statement that returns no rows. arg is as for Queries.Exec.
func (t *Trip) Exec(q *Queries, name string, arg any) { t.Select(q, nil, name, arg) }

// Run runs what was added, in order, up to the first that fails.
func (t *Trip) Run(ctx context.Context, e sqlx.ExtContext) error {
	for _, s := range t.steps {
		if s.err != nil {
			return s.err
		}
	}
	if e.DriverName() == postgresDriver {
		_, err := e.ExecContext(ctx, "", t.steps) // taken by postgresConn
		return err
	}
	for _, s := range t.steps {
		if err := s.run(ctx, e); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

func (s step) run(ctx context.Context, e sqlx.ExtContext) error {
	if s.dest != nil {
		return sqlx.SelectContext(ctx, e, s.dest, s.text, s.args...)
	}
	_, err := e.ExecContext(ctx, s.text, s.args...)
	return err
}

// postgresConnector opens connections that know trips.
type postgresConnector struct{ driver.Connector }

func (c postgresConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return postgresConn{conn.(*stdlib.Conn)}, nil
}

// postgresConn is a connection to which a trip is a statement with the steps as its
// one value: database/sql has no other way to a transaction's connection.
type postgresConn struct{ *stdlib.Conn }

func (c postgresConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	if len(args) == 1 {
		if steps, ok := args[0].Value.([]step); ok {
			return driver.ResultNoRows, c.run(ctx, steps)
		}
	}
	return c.Conn.ExecContext(ctx, text, args)
}

func (c postgresConn) run(ctx context.Context, steps []step) (err error) {
	if c.Conn.Conn().IsClosed() {
		return driver.ErrBadConn
	}
	var batch pgx.Batch
	for _, s := range steps {
		batch.Queue(s.text, s.args...)
	}
	results := c.Conn.Conn().SendBatch(ctx, &batch)
	defer func() {
		// Closing tells again of the statement that failed.
		if closeErr := results.Close(); err == nil {
			err = closeErr
		}
	}()
	for _, s := range steps {
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
	return nil
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
