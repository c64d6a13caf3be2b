package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/subscriptions"
)

// End ends those of ids that stand and belong to the subscriber, and reports
// them; ending again changes nothing. It takes the clock.
func (s *Store) End(ctx context.Context, tx sqlx.ExtContext, subscriber int64, ids []uint32, reason subscriptions.EndedReason, how subscriptions.Circumstances, now time.Time) ([]uint32, error) {
	position, held, err := s.hold(ctx, tx, ids...)
	if err != nil {
		return nil, err
	}
	return s.recordEach(ctx, tx, own(held, subscriber), subscriptions.ConsentEnded, how, now, func(r *subscriptionRow) (bool, error) {
		return s.update(ctx, tx, "subscription-end", map[string]any{
			"id": r.ID, "position": position, "reason": string(reason), "now_ms": now.UnixMilli()})
	})
}

// own keeps the rows of one subscriber: a link names subscriptions, and may name
// only hers.
func own(held []subscriptionRow, subscriber int64) []subscriptionRow {
	kept := held[:0]
	for _, r := range held {
		if r.SubscriberID == subscriber {
			kept = append(kept, r)
		}
	}
	return kept
}

// recordEach is each with a record of consent for every change.
func (s *Store) recordEach(ctx context.Context, tx sqlx.ExtContext, held []subscriptionRow, event subscriptions.ConsentEvent, how subscriptions.Circumstances, now time.Time,
	change func(r *subscriptionRow) (bool, error)) ([]uint32, error) {
	var done []subscriptionRow
	changed, err := s.each(held, func(r *subscriptionRow) (bool, error) {
		ok, err := change(r)
		if ok {
			done = append(done, *r)
		}
		return ok, err
	})
	if err != nil || len(done) == 0 {
		return changed, err
	}
	rows, err := s.consentsOf(ctx, tx, done, event, how, now)
	if err != nil {
		return nil, err
	}
	return changed, s.record(ctx, tx, rows...)
}

// EndAll ends every subscription of a subscriber, who complained or said so on her
// page. It takes the clock.
func (s *Store) EndAll(ctx context.Context, tx sqlx.ExtContext, subscriber int64, reason subscriptions.EndedReason, how subscriptions.Circumstances, now time.Time) ([]uint32, error) {
	ids, err := s.idsOf(ctx, tx, subscriber)
	if err != nil {
		return nil, err
	}
	return s.End(ctx, tx, subscriber, ids, reason, how, now)
}

func (s *Store) idsOf(ctx context.Context, tx sqlx.ExtContext, subscriber int64) ([]uint32, error) {
	rows, err := s.rowsOf(ctx, tx, subscriber)
	ids := make([]uint32, len(rows))
	for i := range rows {
		ids[i] = uint32(rows[i].ID)
	}
	return ids, err
}

// Undo takes back an end of the subscriber's own making within
// subscriptions.UndoWithin: nothing published meanwhile is missed. It reports
// those it brought back. It takes the clock.
func (s *Store) Undo(ctx context.Context, tx sqlx.ExtContext, subscriber int64, ids []uint32, how subscriptions.Circumstances, now time.Time) ([]uint32, error) {
	position, held, err := s.hold(ctx, tx, ids...)
	if err != nil {
		return nil, err
	}
	return s.recordEach(ctx, tx, own(held, subscriber), subscriptions.ConsentConfirmed, how, now, func(r *subscriptionRow) (bool, error) {
		if !undoable(r, now) {
			return false, nil
		}
		due := now
		if r.Frequency != string(subscriptions.Instant) {
			if due, err = s.calendar.Next(r.schedule(), now, r.LastLocalDate); err != nil {
				return false, fmt.Errorf("bring back subscription %d: %w", r.ID, err)
			}
		}
		return s.update(ctx, tx, "subscription-undo", map[string]any{"id": r.ID, "position": position, "due_at_ms": millis(due)})
	})
}

func undoable(r *subscriptionRow, now time.Time) bool {
	switch subscriptions.EndedReason(r.EndedReason) {
	case subscriptions.EndedUnsubscribed, subscriptions.EndedDeleted:
		return r.State == string(subscriptions.Ended) && !instantOf(r.Ended).Add(subscriptions.UndoWithin).Before(now)
	}
	return false
}

// DropUnconfirmed deletes what the subscriber asked for and never confirmed.
func (s *Store) DropUnconfirmed(ctx context.Context, tx sqlx.ExtContext, subscriber int64) error {
	if _, err := s.q.Exec(ctx, tx, "subscriptions-drop-unconfirmed", map[string]any{"subscriber_id": subscriber}); err != nil {
		return fmt.Errorf("drop unconfirmed subscriptions: %w", err)
	}
	return nil
}

// Erase ends all of a subscriber's subscriptions and forgets who she was. What
// stays is the numbers of her subscriptions, and the record of consent under a
// keyed hash of her address. It returns ErrNotFound for someone erased before. It
// takes the clock.
func (s *Store) Erase(ctx context.Context, tx sqlx.ExtContext, subscriber int64, how subscriptions.Circumstances, now time.Time) error {
	position, _, err := s.hold(ctx, tx)
	if err != nil {
		return err
	}
	who, err := s.Subscriber(ctx, tx, subscriber)
	if err != nil {
		return err
	}
	if who.Erased {
		return fmt.Errorf("erase subscriber %d: %w", subscriber, ErrNotFound)
	}
	if err := s.DropUnconfirmed(ctx, tx, subscriber); err != nil {
		return err
	}
	ids, err := s.idsOf(ctx, tx, subscriber)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if _, err := s.update(ctx, tx, "subscription-erase", map[string]any{"id": int64(id), "position": position, "now_ms": now.UnixMilli()}); err != nil {
			return err
		}
	}
	if _, err := s.update(ctx, tx, "subscriber-erase", map[string]any{"id": subscriber, "now_ms": now.UnixMilli()}); err != nil {
		return err
	}
	if _, err := s.q.Exec(ctx, tx, "dismissals-erase", map[string]any{"subscriber_id": subscriber}); err != nil {
		return fmt.Errorf("erase dismissed postings: %w", err)
	}
	// The new row keeps the hash of the address that the others lose.
	row := s.consent(subscriber, 0, who.Email, subscriptions.ConsentErased, how, now)
	if err := s.record(ctx, tx, row); err != nil {
		return err
	}
	if _, err := s.q.Exec(ctx, tx, "consents-erase", map[string]any{"subscriber_id": subscriber}); err != nil {
		return fmt.Errorf("erase addresses in consents: %w", err)
	}
	return nil
}
