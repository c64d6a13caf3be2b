package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// hold takes the clock and then the rows about to be changed, ascending: from
// here to the end of the transaction nobody else changes them.
func (s *Store) hold(ctx context.Context, tx sqlx.ExtContext, ids ...uint32) (position int64, held []subscriptionRow, err error) {
	t := new(database.Trip)
	if len(ids) > 0 {
		t.Select(s.q, &held, "subscriptions-hold", map[string]any{"ids": database.Array{Slice: numbers(ids)}})
	}
	if position, err = database.AdvanceAlong(ctx, tx, 1, t); err != nil {
		return 0, nil, fmt.Errorf("hold subscriptions: %w", err)
	}
	return position, held, nil
}

// update runs one guarded statement and reports whether it changed its row.
func (s *Store) update(ctx context.Context, tx sqlx.ExtContext, name string, arg any) (bool, error) {
	result, err := s.q.Exec(ctx, tx, name, arg)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	if err != nil {
		return false, fmt.Errorf("query %s: %w", name, err)
	}
	return n > 0, nil
}

// Confirm makes an unconfirmed subscription stand: every posting stored from its
// position on counts. It reports whether it did; confirming again changes
// nothing. It takes the clock.
func (s *Store) Confirm(ctx context.Context, tx sqlx.ExtContext, id uint32, how subscriptions.Circumstances, now time.Time) (bool, error) {
	position, held, err := s.hold(ctx, tx, id)
	if err != nil {
		return false, err
	}
	if len(held) == 0 {
		return false, fmt.Errorf("confirm subscription %d: %w", id, ErrNotFound)
	}
	if held[0].State != string(subscriptions.Unconfirmed) {
		return false, nil
	}
	due, err := s.calendar.Next(held[0].schedule(), now, "")
	if err != nil {
		return false, fmt.Errorf("confirm subscription %d: %w", id, err)
	}
	changed, err := s.update(ctx, tx, "subscription-confirm", map[string]any{
		"id": int64(id), "position": position, "due_at_ms": millis(due), "now_ms": now.UnixMilli()})
	if err != nil || !changed {
		return false, err
	}
	rows, err := s.consentsOf(ctx, tx, held, subscriptions.ConsentConfirmed, how, now)
	if err != nil {
		return false, err
	}
	return true, s.record(ctx, tx, rows...)
}

// Add gives a subscriber whose address is proved one more subscription, confirmed
// at once. It returns ErrTooMany beyond subscriptions.MaxAlerts. It takes the
// clock.
func (s *Store) Add(ctx context.Context, tx sqlx.ExtContext, subscriber int64, w subscriptions.Wish, how subscriptions.Circumstances, now time.Time) (uint32, error) {
	row, err := s.wish(&w)
	if err != nil {
		return 0, err
	}
	due, err := s.calendar.Next(w.Schedule, now, "")
	if err != nil {
		return 0, fmt.Errorf("add a subscription: %w", err)
	}
	position, _, err := s.hold(ctx, tx)
	if err != nil {
		return 0, err
	}
	have, err := s.rowsOf(ctx, tx, subscriber)
	if err != nil {
		return 0, err
	}
	if countStanding(have) >= subscriptions.MaxAlerts {
		return 0, ErrTooMany
	}
	id, err := s.insert(ctx, tx, insertRow{wishRow: row, SubscriberID: subscriber, State: string(subscriptions.Confirmed),
		Position: position, DueAt: millis(due), Created: now.UnixMilli(), Confirmed: millis(now)})
	if err != nil {
		return 0, err
	}
	who, err := s.Subscriber(ctx, tx, subscriber)
	if err != nil {
		return 0, err
	}
	return id, s.record(ctx, tx, s.consent(subscriber, id, who.Email, subscriptions.ConsentConfirmed, how, now))
}

// Edit gives a confirmed or paused subscription new wishes. Changed criteria
// count for everything not yet delivered, what was published before the edit
// included; a mere change of schedule leaves them as covered as they were. It
// returns ErrNotFound for a subscription that does not stand. It takes the clock.
func (s *Store) Edit(ctx context.Context, tx sqlx.ExtContext, id uint32, w subscriptions.Wish, now time.Time) error {
	row, err := s.wish(&w)
	if err != nil {
		return err
	}
	position, held, err := s.hold(ctx, tx, id)
	if err != nil {
		return err
	}
	if len(held) == 0 {
		return fmt.Errorf("edit subscription %d: %w", id, ErrNotFound)
	}
	was := &held[0]
	edit := editRow{wishRow: row, ID: int64(id), Position: position, LoggedFrom: position}
	if row.Criteria == was.Criteria {
		edit.LoggedFrom = was.LoggedFrom
	}
	if was.State == string(subscriptions.Confirmed) {
		due, err := s.dueAfterEdit(was, w.Schedule, now)
		if err != nil {
			return fmt.Errorf("edit subscription %d: %w", id, err)
		}
		edit.DueAt = millis(due)
	}
	changed, err := s.update(ctx, tx, "subscription-edit", edit)
	if err == nil && !changed {
		err = fmt.Errorf("edit subscription %d: %w", id, ErrNotFound)
	}
	return err
}

type editRow struct {
	wishRow
	ID         int64 `db:"id"`
	Position   int64 `db:"position"`
	LoggedFrom int64 `db:"logged_from"`
	DueAt      any   `db:"due_at_ms"`
}

// dueAfterEdit is when an edited subscription is due. An instant one at once,
// since the match log wakes it only for what comes later. A scheduled one at its
// next occurrence, or still now if its digest is owed: an edit while the daemon
// catches up must not put it off by a day.
func (s *Store) dueAfterEdit(was *subscriptionRow, schedule subscriptions.Schedule, now time.Time) (time.Time, error) {
	if schedule.Frequency == subscriptions.Instant {
		return now, nil
	}
	next, err := s.calendar.Next(schedule, now, was.LastLocalDate)
	if err != nil {
		return time.Time{}, err
	}
	owed := instantOf(was.DueAt)
	if was.Frequency == string(subscriptions.Instant) || owed.IsZero() || owed.After(now) {
		return next, nil
	}
	today, err := s.calendar.Served(schedule, now, now)
	if err != nil || today <= was.LastLocalDate {
		return next, err
	}
	return owed, nil
}
