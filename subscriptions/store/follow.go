package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"
	"golang.org/x/sync/errgroup"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// changeRow is what followers read of a subscription.
type changeRow struct {
	ID        int64  `db:"id"`
	Position  int64  `db:"position"`
	State     string `db:"state"`
	Criteria  string `db:"criteria"`
	Frequency string `db:"frequency"`
}

// StandingCriteria calls f for the criteria of every confirmed or paused
// subscription, by number. Read the clock before: a change made meanwhile may be
// among them, and comes again from CriteriaChanges. Criteria that can no longer
// be understood are left out and logged. Rows are read, understood and handed to
// f side by side, each in its order.
func (s *Store) StandingCriteria(ctx context.Context, q sqlx.ExtContext, f func(alerts.CriteriaChange) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	g, gctx := errgroup.WithContext(ctx)
	read, understood := make(chan []changeRow, 2), make(chan []alerts.CriteriaChange, 2)
	g.Go(func() error {
		defer close(read)
		return s.readStanding(gctx, q, read)
	})
	g.Go(func() error {
		defer close(understood)
		for rows := range read {
			changes := make([]alerts.CriteriaChange, len(rows))
			for i := range rows {
				changes[i] = s.change(&rows[i])
			}
			select {
			case understood <- changes:
			case <-gctx.Done():
				return gctx.Err()
			}
		}
		return nil
	})
	for changes := range understood {
		for _, c := range changes {
			if c.Criteria == nil {
				continue
			}
			if err := f(c); err != nil {
				cancel()
				return errors.Join(err, ignoreCancelled(g.Wait()))
			}
		}
	}
	if err := g.Wait(); err != nil {
		return fmt.Errorf("read standing criteria: %w", err)
	}
	return nil
}

func ignoreCancelled(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// standingPage is how many rows are handed on at once.
const standingPage = 512

// readStanding sends all rows, in pages.
func (s *Store) readStanding(ctx context.Context, q sqlx.ExtContext, to chan<- []changeRow) error {
	page := make([]changeRow, 0, standingPage)
	send := func() error {
		select {
		case to <- page:
			page = make([]changeRow, 0, standingPage)
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	err := s.q.Each(ctx, q, "criteria-standing", nil, func(rows *sqlx.Rows) error {
		var r changeRow
		if err := rows.Scan(&r.ID, &r.Position, &r.State, &r.Criteria); err != nil {
			return err
		}
		if page = append(page, r); len(page) == cap(page) {
			return send()
		}
		return nil
	})
	if err != nil {
		return err
	}
	return send()
}

// CriteriaChanges returns what changed after a position, ascending by position
// and number, with nil criteria for what no longer stands. limit is where a page
// ends; all changes of its last position belong to it, so it may run over by as
// many as one transaction changed.
func (s *Store) CriteriaChanges(ctx context.Context, q sqlx.ExtContext, after int64, limit int) ([]alerts.CriteriaChange, error) {
	var rows []changeRow
	if err := s.q.Select(ctx, q, &rows, "criteria-changes", pageAfter(after, limit)); err != nil {
		return nil, fmt.Errorf("read changed criteria: %w", err)
	}
	changes := make([]alerts.CriteriaChange, len(rows))
	for i := range rows {
		changes[i] = s.change(&rows[i])
	}
	return changes, nil
}

func pageAfter(after int64, limit int) map[string]any {
	return map[string]any{"after": after, "before_last": max(limit, 1) - 1}
}

func (s *Store) change(r *changeRow) alerts.CriteriaChange {
	change := alerts.CriteriaChange{Subscription: uint32(r.ID), Position: r.Position}
	switch subscriptions.State(r.State) {
	case subscriptions.Confirmed, subscriptions.Paused:
	default:
		return change
	}
	c, err := s.criteria(r.Criteria)
	if err != nil {
		s.log.Warn("stored criteria cannot be understood", "subscription_id", r.ID, "err", err)
		return change
	}
	change.Criteria = c
	return change
}

// InstantChanges is CriteriaChanges for the follower that wakes instant
// subscriptions.
func (s *Store) InstantChanges(ctx context.Context, q sqlx.ExtContext, after int64, limit int) ([]subscriptions.InstantChange, error) {
	var rows []changeRow
	if err := s.q.Select(ctx, q, &rows, "instant-changes", pageAfter(after, limit)); err != nil {
		return nil, fmt.Errorf("read changed frequencies: %w", err)
	}
	changes := make([]subscriptions.InstantChange, len(rows))
	for i, r := range rows {
		changes[i] = subscriptions.InstantChange{ID: uint32(r.ID), Position: r.Position,
			Instant: subscriptions.State(r.State) == subscriptions.Confirmed && subscriptions.Frequency(r.Frequency) == subscriptions.Instant}
	}
	return changes, nil
}
