package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/subscriptions"
)

// dismissalRow is a row of dismissals.
type dismissalRow struct {
	SubscriberID int64 `db:"subscriber_id"`
	Posting      int64 `db:"posting"`
	At           int64 `db:"at_ms"`
}

// Dismiss notes that a subscriber does not want to see a posting again. Noting it
// twice changes nothing. It takes no clock: her subscriptions stay what they are.
func (s *Store) Dismiss(ctx context.Context, tx sqlx.ExtContext, subscriber int64, posting uint32, now time.Time) error {
	row := dismissalRow{SubscriberID: subscriber, Posting: int64(posting), At: now.UnixMilli()}
	if _, err := s.q.Exec(ctx, tx, "dismissal-put", row); err != nil {
		return fmt.Errorf("dismiss posting %d: %w", posting, err)
	}
	return nil
}

// Readmit takes Dismiss back.
func (s *Store) Readmit(ctx context.Context, tx sqlx.ExtContext, subscriber int64, posting uint32) error {
	arg := map[string]any{"subscriber_id": subscriber, "posting": int64(posting)}
	if _, err := s.q.Exec(ctx, tx, "dismissal-drop", arg); err != nil {
		return fmt.Errorf("readmit posting %d: %w", posting, err)
	}
	return nil
}

// Dismissed returns what each of the subscribers has dismissed, by posting number;
// those who have dismissed nothing are not in the map.
func (s *Store) Dismissed(ctx context.Context, q sqlx.ExtContext, subscribers []int64) (map[int64][]subscriptions.Dismissal, error) {
	if len(subscribers) == 0 {
		return nil, nil
	}
	var rows []dismissalRow
	if err := s.q.Select(ctx, q, &rows, "dismissals-of", map[string]any{"subscribers": subscribers}); err != nil {
		return nil, fmt.Errorf("read dismissed postings: %w", err)
	}
	of := make(map[int64][]subscriptions.Dismissal)
	for _, r := range rows {
		of[r.SubscriberID] = append(of[r.SubscriberID], subscriptions.Dismissal{Posting: uint32(r.Posting), At: time.UnixMilli(r.At).UTC()})
	}
	return of, nil
}

// PurgeDismissals deletes those noted before a time, when their postings have
// gone, and returns how many it deleted.
func (s *Store) PurgeDismissals(ctx context.Context, tx sqlx.ExtContext, before time.Time) (int64, error) {
	result, err := s.q.Exec(ctx, tx, "dismissals-purge", map[string]any{"before_ms": before.UnixMilli()})
	if err != nil {
		return 0, fmt.Errorf("purge dismissed postings: %w", err)
	}
	return result.RowsAffected()
}
