package store

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
)

// Several reports which of the subscribers have, or once had, more than one
// confirmed alert.
func (s *Store) Several(ctx context.Context, q sqlx.QueryerContext, subscribers []int64) (map[int64]bool, error) {
	several := map[int64]bool{}
	if len(subscribers) == 0 {
		return several, nil
	}
	var ids []int64
	if err := s.q.Select(ctx, ext(q), &ids, "subscribers-several", map[string]any{"subscribers": subscribers}); err != nil {
		return nil, fmt.Errorf("read who has several alerts: %w", err)
	}
	for _, id := range ids {
		several[id] = true
	}
	return several, nil
}
