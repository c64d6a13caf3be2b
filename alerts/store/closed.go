package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
)

// ClosedBetween lists the postings that were withdrawn or expired in (since,
// until], and when (Unix milliseconds). It reads no contents.
func (s *Store) ClosedBetween(ctx context.Context, q sqlx.ExtContext, since, until time.Time) (map[uint32]int64, error) {
	var rows []struct {
		Number uint32 `db:"number"`
		AtMS   int64  `db:"at_ms"`
	}
	arg := map[string]any{"since_ms": since.UnixMilli(), "until_ms": until.UnixMilli()}
	if err := s.queries.Select(ctx, q, &rows, "closed-between", arg); err != nil {
		return nil, fmt.Errorf("read closed postings: %w", err)
	}
	closed := make(map[uint32]int64, len(rows))
	for _, r := range rows {
		closed[r.Number] = r.AtMS
	}
	return closed, nil
}
