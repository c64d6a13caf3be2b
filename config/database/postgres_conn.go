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
// value: database/sql has no other way to a transaction's connection. A transaction
// begins with its first statement, so that a trip can take that along as well.
type postgresConn struct {
	*stdlib.Conn
	toBegin   bool // a transaction of which nothing was sent yet
	committed bool // it was committed along with its last trip
}

func (c *postgresConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	if len(args) == 1 {
		if t, ok := args[0].Value.(*Trip); ok {
			return driver.ResultNoRows, c.run(ctx, t)
		}
	}
	if err := c.begin(ctx); err != nil {
		return nil, err
	}
	return c.Conn.ExecContext(ctx, text, args)
}

func (c *postgresConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.begin(ctx); err != nil {
		return nil, err
	}
	return c.Conn.QueryContext(ctx, text, args)
}

func (c *postgresConn) PrepareContext(ctx context.Context, text string) (driver.Stmt, error) {
	if err := c.begin(ctx); err != nil {
		return nil, err
	}
	return c.Conn.PrepareContext(ctx, text)
}

// begin begins the transaction if that is still to be done.
func (c *postgresConn) begin(ctx context.Context) error {
	if !c.toBegin {
		return nil
	}
	_, err := c.Conn.Conn().Exec(ctx, "BEGIN")
	c.toBegin = err != nil
	return err
}

func (c *postgresConn) run(ctx context.Context, t *Trip) (err error) {
	if c.Conn.Conn().IsClosed() {
		return driver.ErrBadConn
	}
	steps := t.steps
	if c.toBegin {
		steps = append([]step{{name: "begin", text: "BEGIN"}}, steps...)
	}
	var batch pgx.Batch
	for _, s := range steps {
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
		c.toBegin = false // the first one's answer is there
	}
	if !t.last {
		return nil
	}
	if err := committed(results.Exec()); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// committed makes an error of a commit that the server answered by rolling back: a
// statement had failed before.
func committed(tag pgconn.CommandTag, err error) error {
	if err == nil && tag.String() != "COMMIT" {
		return pgx.ErrTxCommitRollback
	}
	return err
}

func (c *postgresConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if opts != (driver.TxOptions{}) {
		return c.Conn.BeginTx(ctx, opts)
	}
	if c.Conn.Conn().IsClosed() {
		return nil, driver.ErrBadConn
	}
	c.toBegin, c.committed = true, false
	return postgresTx{ctx, c}, nil
}

// postgresTx is a transaction that may have been committed along with its last trip,
// or may not have begun.
type postgresTx struct {
	ctx  context.Context // that it began with: Commit and Rollback are given none
	conn *postgresConn
}

func (t postgresTx) Commit() error {
	if t.over() {
		return nil
	}
	conn := t.conn.Conn.Conn()
	err := committed(conn.Exec(t.ctx, "COMMIT"))
	if err != nil && conn.PgConn().TxStatus() != 'I' {
		_ = conn.Close(t.ctx) // nobody knows what state it is in
	}
	return err
}

func (t postgresTx) Rollback() error {
	if t.over() {
		return nil
	}
	conn := t.conn.Conn.Conn()
	_, err := conn.Exec(t.ctx, "ROLLBACK")
	if err != nil {
		_ = conn.Close(t.ctx)
	}
	return err
}

// over reports whether nothing is left to be ended.
func (t postgresTx) over() bool {
	over := t.conn.toBegin || t.conn.committed
	t.conn.toBegin = false
	return over
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
