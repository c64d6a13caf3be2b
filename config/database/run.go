package database

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"github.com/jmoiron/sqlx"
	"github.com/jmoiron/sqlx/reflectx"
)

// Exec runs a statement that returns no rows. arg gives the values of its
// parameters: a struct (fields by their db tag, else their name in lower case), a pointer to one, a
// map[string]any, or nil. A slice within arg is written out as a list, for
// IN (:ids), and must not be empty; see Array for passing it whole. If arg
// itself is a slice of structs or maps, VALUES (:a, :b) is repeated for each;
// keep rows times parameters under 30,000.
func (q *Queries) Exec(ctx context.Context, e sqlx.ExtContext, name string, arg any) (sql.Result, error) {
	text, args, err := q.bind(name, arg)
	if err != nil {
		return nil, err
	}
	result, err := e.ExecContext(ctx, text, args...)
	if err != nil {
		return nil, fmt.Errorf("query %s: %w", name, err)
	}
	return result, nil
}

// Select scans all rows into dest, a pointer to a slice. arg is as for Exec.
func (q *Queries) Select(ctx context.Context, e sqlx.ExtContext, dest any, name string, arg any) error {
	text, args, err := q.bind(name, arg)
	if err != nil {
		return err
	}
	if err := sqlx.SelectContext(ctx, e, dest, text, args...); err != nil {
		return fmt.Errorf("query %s: %w", name, err)
	}
	return nil
}

// One scans the first row into dest, a pointer; sql.ErrNoRows if there is
// none. arg is as for Exec.
func (q *Queries) One(ctx context.Context, e sqlx.ExtContext, dest any, name string, arg any) error {
	text, args, err := q.bind(name, arg)
	if err != nil {
		return err
	}
	if err := sqlx.GetContext(ctx, e, dest, text, args...); err != nil {
		return fmt.Errorf("query %s: %w", name, err)
	}
	return nil
}

// Each calls f for every row, which f reads with rows.Scan or StructScan and
// must not close; f's error ends it. The connection is held throughout, so f
// runs no statement on a pool of one. arg is as for Exec.
func (q *Queries) Each(ctx context.Context, e sqlx.ExtContext, name string, arg any, f func(rows *sqlx.Rows) error) (err error) {
	text, args, err := q.bind(name, arg)
	if err != nil {
		return err
	}
	rows, err := e.QueryxContext(ctx, text, args...)
	if err != nil {
		return fmt.Errorf("query %s: %w", name, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := f(rows); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("query %s: %w", name, err)
	}
	return nil
}

// Array marks a slice that is passed as one value rather than written out as
// a list: on PostgreSQL as an array, for unnest(:ids) or = ANY(:ids), on
// SQLite as JSON text, for json_each(:ids). The statement therefore differs by
// dialect. Bytes do not survive JSON; pass those by rows.
type Array struct{ Slice any }

// Column is one field of all rows, for unnest(:name) on PostgreSQL.
func Column[R, F any](rows []R, field func(R) F) Array {
	column := make([]F, len(rows))
	for i, r := range rows {
		column[i] = field(r)
	}
	return Array{Slice: column}
}

// fieldMapper finds struct fields as sqlx does by default. It caches by type.
var fieldMapper = reflectx.NewMapperFunc("db", sqlx.NameMapper)

// bind returns the text and the values to run for arg.
func (q *Queries) bind(name string, arg any) (string, []any, error) {
	s := q.statement(name)
	if isRows(arg) {
		text, args, err := sqlx.Named(s.named, arg)
		if err != nil {
			return "", nil, fmt.Errorf("query %s: %w", name, err)
		}
		return sqlx.Rebind(q.dialect.bindType(), text), args, nil
	}
	args, err := s.values(arg)
	if err != nil {
		return "", nil, fmt.Errorf("query %s: %w", name, err)
	}
	text := s.bound
	if anyList(args) {
		var expanded string
		if expanded, args, err = sqlx.In(s.positional, args...); err != nil {
			return "", nil, fmt.Errorf("query %s: %w", name, err)
		}
		text = sqlx.Rebind(q.dialect.bindType(), expanded)
	}
	for i, value := range args {
		array, ok := value.(Array)
		if !ok {
			continue
		}
		args[i] = array.Slice
		if q.dialect == SQLite {
			list, err := json.Marshal(array.Slice)
			if err != nil {
				return "", nil, fmt.Errorf("query %s: %w", name, err)
			}
			args[i] = string(list)
		}
	}
	return text, args, nil
}

// values picks the parameters' values out of arg, in order.
func (s statement) values(arg any) ([]any, error) {
	if len(s.params) == 0 {
		return nil, nil
	}
	args := make([]any, len(s.params))
	if values, ok := arg.(map[string]any); ok {
		for i, name := range s.params {
			value, given := values[name]
			if !given {
				return nil, fmt.Errorf("parameter %s not given", name)
			}
			args[i] = value
		}
		return args, nil
	}
	v := reflect.Indirect(reflect.ValueOf(arg))
	if v.Kind() != reflect.Struct {
		return nil, fmt.Errorf("parameters must come from a struct or a map[string]any, not %T", arg)
	}
	for i, traversal := range fieldMapper.TraversalsByName(v.Type(), s.params) {
		if len(traversal) == 0 {
			return nil, fmt.Errorf("parameter %s not given: %T has no such field", s.params[i], arg)
		}
		args[i] = reflectx.FieldByIndexesReadOnly(v, traversal).Interface()
	}
	return args, nil
}

// isRows tells a slice of rows from the single set of parameters.
func isRows(arg any) bool {
	t := reflect.TypeOf(arg)
	return t != nil && (t.Kind() == reflect.Slice || t.Kind() == reflect.Array)
}

// anyList reports whether a value must be written out as a list: any slice but bytes and those that are
// values to the driver, which sqlx.In leaves alone by the same rule.
func anyList(args []any) bool {
	for _, arg := range args {
		t := reflect.TypeOf(arg)
		if t != nil && t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8 {
			return true
		}
	}
	return false
}
