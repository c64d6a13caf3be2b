package database

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
)

// Trip is statements of a transaction of which none needs another's answer. On
// PostgreSQL they go to the server in one trip and are run there one after the
// other, each with a snapshot of its own, as if they had been sent one by one: who
// holds the clock waits once for the way there and back, and for a processor, not
// once a statement. On SQLite, where there is no way to go, they are run in order.
type Trip struct {
	steps []step
	last  bool // the commit goes along
}

// step is one statement: its text and values for the database, and what takes its
// rows, nil for one that returns none.
type step struct {
	name string
	text string
	args []any
	dest any
	err  error  // why it cannot be run
	only string // the driver that it is for, or ""
}

// Select adds a statement whose rows Run scans into dest, a pointer to a slice. arg
// is as for Queries.Exec.
func (t *Trip) Select(q *Queries, dest any, name string, arg any) {
	text, args, err := q.bind(name, arg)
	t.steps = append(t.steps, step{name: "query " + name, text: text, args: args, dest: dest, err: err})
}

// Exec adds a statement that returns no rows. arg is as for Queries.Exec.
func (t *Trip) Exec(q *Queries, name string, arg any) { t.Select(q, nil, name, arg) }

// ByIndex has PostgreSQL plan what follows, to the end of the transaction, so that no
// table is read whole where an index will do. It keeps a plan for as long as a table is
// not analysed: of one that was empty when a statement was first run, and has filled
// since, it would read every row each time.
func (t *Trip) ByIndex() {
	t.steps = append(t.steps, step{name: "plan by index", text: "SET LOCAL enable_seqscan = off", only: postgresDriver})
}

// Run runs what was added, in order, up to the first that fails.
func (t *Trip) Run(ctx context.Context, e sqlx.ExtContext) error {
	for _, s := range t.steps {
		if s.err != nil {
			return s.err
		}
	}
	if e.DriverName() == postgresDriver {
		_, err := e.ExecContext(ctx, "", t) // taken by postgresConn
		return err
	}
	for _, s := range t.steps {
		if s.only != "" && s.only != e.DriverName() {
			continue
		}
		if err := s.run(ctx, e); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

// RunLast is Run at the end of a transaction of DB.Tx, whose commit may go along:
// nothing can be asked of tx afterwards.
func (t *Trip) RunLast(ctx context.Context, tx *sqlx.Tx) error {
	return (&Trip{steps: t.steps, last: true}).Run(ctx, tx)
}

func (s step) run(ctx context.Context, e sqlx.ExtContext) error {
	if s.dest != nil {
		return sqlx.SelectContext(ctx, e, s.dest, s.text, s.args...)
	}
	_, err := e.ExecContext(ctx, s.text, s.args...)
	return err
}
