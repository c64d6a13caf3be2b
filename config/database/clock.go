package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"
)

// Advance moves the clock on by n and returns the last of the n positions:
// they are (position-n, position]. It must be the first statement of a
// transaction, since the row stays locked until that ends, which is what
// makes the order of positions the order of commits. A position taken in a
// transaction that rolls back is handed out again.
func Advance(ctx context.Context, q sqlx.ExtContext, n int64) (position int64, err error) {
	if n < 1 {
		return 0, fmt.Errorf("advance the clock: by %d, want at least 1", n)
	}
	if err := sqlx.GetContext(ctx, q, &position, advance(q), n); err != nil {
		return 0, fmt.Errorf("advance the clock: %w", clockError(err))
	}
	return position, nil
}

// AdvanceAlong is Advance on the way to other statements of the transaction: those
// of t are run once the clock is held, and so see whatever was committed before.
func AdvanceAlong(ctx context.Context, q sqlx.ExtContext, n int64, t *Trip) (position int64, err error) {
	if n < 1 {
		return 0, fmt.Errorf("advance the clock: by %d, want at least 1", n)
	}
	var moved []int64
	first := step{name: "advance the clock", text: advance(q), args: []any{n}, dest: &moved}
	along := &Trip{steps: append([]step{first}, t.steps...)}
	if err := along.Run(ctx, q); err != nil {
		return 0, err
	}
	if len(moved) == 0 {
		return 0, fmt.Errorf("advance the clock: %w", clockError(sql.ErrNoRows))
	}
	return moved[0], nil
}

func advance(q sqlx.ExtContext) string {
	if q.DriverName() == postgresDriver {
		return "UPDATE clock SET position = position + $1 RETURNING position"
	}
	return "UPDATE clock SET position = position + ? RETURNING position"
}

// Position returns the clock's last committed position, or, within the
// transaction that advanced it, that transaction's own. It locks nothing.
func Position(ctx context.Context, q sqlx.QueryerContext) (int64, error) {
	var position int64
	if err := sqlx.GetContext(ctx, q, &position, "SELECT position FROM clock"); err != nil {
		return 0, fmt.Errorf("read the clock: %w", clockError(err))
	}
	return position, nil
}

// clockError says more of the one row that must be there, since "no rows"
// would send a reader looking elsewhere.
func clockError(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return errors.New("table clock has no row; the migrations put one there and nothing may remove it")
	}
	return err
}
