package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/subscriptions"
)

// Pause stops the mails of subscriptions until a time (zero: until she resumes
// them) without taking them out of the index, so that what they would have
// brought is there on return. It reports those it changed. It takes the clock.
func (s *Store) Pause(ctx context.Context, tx sqlx.ExtContext, ids []uint32, until time.Time, onReturn subscriptions.OnReturn) ([]uint32, error) {
	position, held, err := s.hold(ctx, tx, ids...)
	if err != nil {
		return nil, err
	}
	return s.each(held, func(r *subscriptionRow) (bool, error) {
		return s.update(ctx, tx, "subscription-pause", map[string]any{
			"id": r.ID, "position": position, "paused_until_ms": millis(until), "on_return": string(onReturn)})
	})
}

// each runs one change for every held row and returns the numbers it changed.
func (s *Store) each(held []subscriptionRow, change func(r *subscriptionRow) (bool, error)) ([]uint32, error) {
	var changed []uint32
	for i := range held {
		ok, err := change(&held[i])
		if err != nil {
			return nil, err
		}
		if ok {
			changed = append(changed, uint32(held[i].ID))
		}
	}
	return changed, nil
}

// Resume ends the pause of subscriptions. What happens to the postings missed is
// what she chose: a fresh start leaves them behind; BestOnly stays set on the
// confirmed subscription until its next digest has gone. It reports those it
// changed. It takes the clock.
func (s *Store) Resume(ctx context.Context, tx sqlx.ExtContext, ids []uint32, now time.Time) ([]uint32, error) {
	position, held, err := s.hold(ctx, tx, ids...)
	if err != nil {
		return nil, err
	}
	return s.each(held, func(r *subscriptionRow) (bool, error) {
		due := now
		if r.Frequency != string(subscriptions.Instant) {
			if due, err = s.calendar.Next(r.schedule(), now, r.LastLocalDate); err != nil {
				return false, fmt.Errorf("resume subscription %d: %w", r.ID, err)
			}
		}
		through, onReturn := r.DeliveredThrough, r.OnReturn
		if onReturn == string(subscriptions.StartFresh) {
			through, onReturn = position, string(subscriptions.CatchUp)
		}
		return s.update(ctx, tx, "subscription-resume", map[string]any{
			"id": r.ID, "position": position, "delivered_through": through, "due_at_ms": millis(due), "on_return": onReturn})
	})
}

// resumeBatch bounds the subscriptions resumed under one hold of the clock.
const resumeBatch = 200

// ResumeDue ends every pause whose time has come, in transactions of its own, and
// returns how many it ended.
func (s *Store) ResumeDue(ctx context.Context, now time.Time) (int, error) {
	for total := 0; ; {
		var ids []int64
		if err := s.q.Select(ctx, s.db.Reader, &ids, "pauses-ended", map[string]any{"now_ms": now.UnixMilli(), "limit": resumeBatch}); err != nil {
			return total, fmt.Errorf("find ended pauses: %w", err)
		}
		if len(ids) == 0 {
			return total, nil
		}
		narrow := make([]uint32, len(ids))
		for i, id := range ids {
			narrow[i] = uint32(id)
		}
		err := s.db.Tx(ctx, func(tx *sqlx.Tx) error {
			resumed, err := s.Resume(ctx, tx, narrow, now)
			total += len(resumed)
			return err
		})
		if err != nil {
			return total, fmt.Errorf("resume subscriptions: %w", err)
		}
	}
}
