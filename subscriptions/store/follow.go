package store

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
	"golang.org/x/sync/errgroup"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/config/database"
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

// AboutStanding is about for how many subscriptions StandingCriteria has criteria: instant
// ones with nothing waiting are not counted.
func (s *Store) AboutStanding(ctx context.Context, q sqlx.ExtContext) (int, error) {
	var n int
	if err := s.q.One(ctx, q, &n, "criteria-about", nil); err != nil {
		return 0, fmt.Errorf("count subscriptions: %w", err)
	}
	return n, nil
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
	read, inOrder := make(chan standingPage), make(chan standingPage, 2*understanders)
	g.Go(func() error {
		defer close(inOrder)
		defer close(read)
		return s.readStanding(gctx, q, func(p standingPage) error {
			for _, to := range []chan standingPage{inOrder, read} {
				select {
				case to <- p:
				case <-gctx.Done():
					return gctx.Err()
				}
			}
			return nil
		})
	})
	for range understanders {
		g.Go(func() error {
			for p := range read {
				changes := make([]alerts.CriteriaChange, len(p.rows))
				for i := range p.rows {
					changes[i] = s.change(&p.rows[i])
				}
				p.understood <- changes // has room
			}
			return nil
		})
	}
	for p := range inOrder {
		var changes []alerts.CriteriaChange
		select {
		case changes = <-p.understood:
		case <-gctx.Done():
		}
		for _, c := range changes {
			if c.Criteria == nil {
				continue
			}
			if err := f(c); err != nil {
				cancel()
				_ = g.Wait()
				return err
			}
		}
	}
	if err := g.Wait(); err != nil {
		return fmt.Errorf("read standing criteria: %w", err)
	}
	return nil
}

// understanders is how many goroutines prepare what one reads.
const understanders = 2

// pageRows is how many rows one statement reads: no statement is open while
// somebody else works.
const pageRows = 4096

// standingPage is some rows, and where they go as criteria.
type standingPage struct {
	rows       []changeRow
	understood chan []alerts.CriteriaChange // has room for one
}

// readStanding gives all rows, in pages.
func (s *Store) readStanding(ctx context.Context, q sqlx.ExtContext, page func(standingPage) error) error {
	for after := int64(0); ; {
		rows := make([]changeRow, 0, pageRows)
		err := s.q.Each(ctx, q, "criteria-standing", map[string]any{"after": after, "limit": pageRows}, func(scan *sqlx.Rows) error {
			rows = append(rows, changeRow{})
			r := &rows[len(rows)-1]
			return scan.Scan(&r.ID, &r.Position, &r.State, &r.Criteria)
		})
		if err != nil || len(rows) == 0 {
			return err
		}
		after = rows[len(rows)-1].ID
		if err := page(standingPage{rows, make(chan []alerts.CriteriaChange, 1)}); err != nil {
			return err
		}
	}
}

// CriteriaChanges returns what changed after a position, ascending by position
// and number, with nil criteria for what no longer stands. limit is where a page
// ends; all changes of its last position belong to it, so it may run over by as
// many as one transaction changed.
func (s *Store) CriteriaChanges(ctx context.Context, q sqlx.ExtContext, after int64, limit int) ([]alerts.CriteriaChange, error) {
	t := new(database.Trip)
	changes := s.AskCriteriaChanges(t, after, limit)
	if err := t.Run(ctx, q); err != nil {
		return nil, fmt.Errorf("read changed criteria: %w", err)
	}
	return changes(), nil
}

// AskCriteriaChanges is CriteriaChanges along with other statements: the answer is
// there once t has run.
func (s *Store) AskCriteriaChanges(t *database.Trip, after int64, limit int) (answer func() []alerts.CriteriaChange) {
	var rows []changeRow
	t.Select(s.q, &rows, "criteria-changes", pageAfter(after, limit))
	return func() []alerts.CriteriaChange {
		changes := make([]alerts.CriteriaChange, len(rows))
		for i := range rows {
			changes[i] = s.change(&rows[i])
		}
		return changes
	}
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
