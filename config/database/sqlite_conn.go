package database

import (
	"container/list"
	"context"
	"database/sql/driver"
	"errors"
)

// sqliteConnector opens connections that keep their statements prepared.
type sqliteConnector struct{ driver.Connector }

func (c sqliteConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &sqliteConn{sqliteDriverConn: conn.(sqliteDriverConn), idle: map[string]*list.Element{}}, nil
}

// sqliteDriverConn is what the driver's connections are.
type sqliteDriverConn interface {
	driver.Conn
	driver.Pinger
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.SessionResetter
	driver.Validator
}

// sqliteConn is a connection that keeps the statements it ran last prepared. Parsing one
// costs SQLite as much as running it: 10 µs for each row of an INSERT of many. A
// statement that runs is not among those kept, so that the same text may be run while
// its rows are read.
type sqliteConn struct {
	sqliteDriverConn
	idle   map[string]*list.Element
	used   list.List // of keptStatement, the last one used in front
	length int       // of their texts
}

// The texts that a connection keeps are maxKept bytes in all, and maxKeptText each: a
// prepared statement takes some 30 to 60 bytes for each of its text, which no collector
// sees.
const (
	maxKept     = 64 << 10
	maxKeptText = 16 << 10
)

type keptStatement struct {
	text string
	stmt sqliteStmt
}

// sqliteStmt is what the driver's statements are.
type sqliteStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

func (c *sqliteConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	if len(text) > maxKeptText {
		return c.sqliteDriverConn.ExecContext(ctx, text, args)
	}
	s, err := c.take(ctx, text)
	if err != nil {
		return nil, err
	}
	result, err := s.ExecContext(ctx, args)
	return result, errors.Join(err, c.keep(text, s))
}

func (c *sqliteConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	if len(text) > maxKeptText {
		return c.sqliteDriverConn.QueryContext(ctx, text, args)
	}
	s, err := c.take(ctx, text)
	if err != nil {
		return nil, err
	}
	rows, err := s.QueryContext(ctx, args)
	if err != nil {
		return nil, errors.Join(err, c.keep(text, s))
	}
	return &readRows{rows, func() error { return c.keep(text, s) }}, nil
}

// take gives the statement of a text, prepared before or now.
func (c *sqliteConn) take(ctx context.Context, text string) (sqliteStmt, error) {
	if e := c.idle[text]; e != nil {
		return c.forget(e), nil
	}
	s, err := c.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	return s.(sqliteStmt), nil
}

// keep takes a statement back that has run.
func (c *sqliteConn) keep(text string, s sqliteStmt) error {
	if c.idle[text] != nil {
		return s.Close() // it was run twice at once
	}
	c.idle[text] = c.used.PushFront(keptStatement{text, s})
	c.length += len(text)
	var err error
	for c.length > maxKept {
		err = errors.Join(err, c.forget(c.used.Back()).Close())
	}
	return err
}

// forget gives a statement out of those kept.
func (c *sqliteConn) forget(e *list.Element) sqliteStmt {
	k := c.used.Remove(e).(keptStatement)
	delete(c.idle, k.text)
	c.length -= len(k.text)
	return k.stmt
}

func (c *sqliteConn) Close() error {
	var err error
	for c.used.Len() > 0 {
		err = errors.Join(err, c.forget(c.used.Back()).Close())
	}
	return errors.Join(err, c.sqliteDriverConn.Close())
}

// readRows give their statement back once they are read.
type readRows struct {
	driver.Rows
	keep func() error
}

func (r *readRows) Close() error { return errors.Join(r.Rows.Close(), r.keep()) }
