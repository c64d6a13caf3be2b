package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
)

// Closed returns those of numbers, ascending, that were withdrawn or expired in
// (since, now]. It reads no contents.
func (s *Store) Closed(ctx context.Context, q sqlx.ExtContext, numbers []uint32, since, now time.Time) ([]uint32, error) {
	var out []uint32
	for len(numbers) > 0 {
		n := min(len(numbers), page)
		var part []uint32
		err := s.queries.Select(ctx, q, &part, "postings-closed",
			map[string]any{"numbers": numbers[:n], "since_ms": since.UnixMilli(), "now_ms": now.UnixMilli()})
		if err != nil {
			return nil, fmt.Errorf("read closed postings: %w", err)
		}
		out = append(out, part...)
		numbers = numbers[n:]
	}
	return out, nil
}
