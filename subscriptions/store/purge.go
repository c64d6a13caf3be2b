package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/subscriptions"
)

// purgeBatch bounds the rows deleted in one transaction.
const purgeBatch = 500

// PurgeUnconfirmed deletes sign-ups whose confirmation link has expired, with
// subscribers who have nothing else, in transactions of its own; the record of
// consent keeps a keyed hash of the address. It returns how many it deleted.
func (s *Store) PurgeUnconfirmed(ctx context.Context, now time.Time) (int, error) {
	before := now.Add(-subscriptions.ConfirmWithin).UnixMilli()
	for total := 0; ; {
		var owners []int64
		err := s.db.Tx(ctx, func(tx *sqlx.Tx) error {
			owners = nil
			if err := s.q.Select(ctx, tx, &owners, "subscriptions-purge-unconfirmed", map[string]any{"before_ms": before, "limit": purgeBatch}); err != nil {
				return err
			}
			if len(owners) == 0 {
				return nil
			}
			slices.Sort(owners)
			ids := map[string]any{"ids": slices.Compact(slices.Clone(owners))}
			if _, err := s.q.Exec(ctx, tx, "subscribers-drop-empty", ids); err != nil {
				return err
			}
			_, err := s.q.Exec(ctx, tx, "consents-forget-unconfirmed", ids)
			return err
		})
		total += len(owners)
		if err != nil {
			return total, fmt.Errorf("purge unconfirmed subscriptions: %w", err)
		}
		if len(owners) < purgeBatch {
			return total, nil
		}
	}
}

// PurgeConsents deletes the records of subscribers who have left and of whom
// nothing was recorded since before, and returns how many it deleted.
func (s *Store) PurgeConsents(ctx context.Context, before time.Time) (int64, error) {
	var n int64
	err := s.db.Tx(ctx, func(tx *sqlx.Tx) error {
		result, err := s.q.Exec(ctx, tx, "consents-purge", map[string]any{"before_ms": before.UnixMilli()})
		if err != nil {
			return err
		}
		n, err = result.RowsAffected()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("purge consents: %w", err)
	}
	return n, nil
}
