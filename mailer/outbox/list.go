package outbox

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/mailer"
)

// Filter picks envelopes to list; zero fields pick all.
type Filter struct {
	State   mailer.State
	Outcome mailer.Outcome
	Run     int64
	After   int64 // the last ID of the page before
	Limit   int
}

// List reads envelopes in order of their number.
func (s *Store) List(ctx context.Context, f Filter) ([]mailer.Envelope, error) {
	var rows []row
	err := s.queries.Select(ctx, s.db.Reader, &rows, "list", map[string]any{"state": string(f.State), "outcome": string(f.Outcome),
		"run_id": f.Run, "after": f.After, "page": f.Limit})
	if err != nil {
		return nil, fmt.Errorf("list envelopes: %w", err)
	}
	out := make([]mailer.Envelope, len(rows))
	for i := range rows {
		out[i] = rows[i].envelope()
	}
	return out, nil
}

// Latest reads one subscriber's envelopes, newest first.
func (s *Store) Latest(ctx context.Context, subscriber int64, limit int) ([]mailer.Envelope, error) {
	var rows []row
	err := s.queries.Select(ctx, s.db.Reader, &rows, "latest", map[string]any{"subscriber_id": subscriber, "page": limit})
	if err != nil {
		return nil, fmt.Errorf("list a subscriber's envelopes: %w", err)
	}
	out := make([]mailer.Envelope, len(rows))
	for i := range rows {
		out[i] = rows[i].envelope()
	}
	return out, nil
}

// Retry makes deferred and unknown envelopes due at once; with all, those that
// were refused or expired as well, but no expired confirmation. It returns how many.
func (s *Store) Retry(ctx context.Context, all bool) (n int64, err error) {
	err = s.db.Tx(ctx, func(tx *sqlx.Tx) error {
		res, err := s.queries.Exec(ctx, tx, "retry", map[string]any{"now_ms": s.now().UnixMilli(), "all_of": flag(all)})
		if err != nil {
			return err
		}
		n, err = res.RowsAffected()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("retry envelopes: %w", err)
	}
	return n, nil
}

// Putoff is one envelope that the server put off.
type Putoff struct {
	Reply string `db:"reply"` // what it said: code, status and words
	DueMS int64  `db:"due_at_ms"`
}

// Putoffs reads the deferred envelopes that are due next.
func (s *Store) Putoffs(ctx context.Context, limit int) ([]Putoff, error) {
	var rows []Putoff
	if err := s.queries.Select(ctx, s.db.Reader, &rows, "putoffs", map[string]any{"page": limit}); err != nil {
		return nil, fmt.Errorf("read deferred envelopes: %w", err)
	}
	return rows, nil
}

// Count is how many envelopes share a state and outcome.
type Count struct {
	State   mailer.State   `json:"state" db:"state"`
	Outcome mailer.Outcome `json:"outcome" db:"outcome"`
	N       int            `json:"n" db:"n"`
	NextMS  int64          `json:"next_ms" db:"next_ms"` // the earliest next try
}

// Tally counts a run's envelopes by what became of them.
func (s *Store) Tally(ctx context.Context, run int64) ([]Count, error) {
	var counts []Count
	if err := s.queries.Select(ctx, s.db.Reader, &counts, "tally", map[string]any{"run_id": run}); err != nil {
		return nil, fmt.Errorf("count envelopes of a run: %w", err)
	}
	return counts, nil
}

// Unfinished counts envelopes that have not been tried, or with deferred ones all
// that are not done.
func (s *Store) Unfinished(ctx context.Context, withDeferred bool) (n int, err error) {
	if err := s.queries.One(ctx, s.db.Reader, &n, "unfinished", map[string]any{"with_deferred": flag(withDeferred)}); err != nil {
		return 0, fmt.Errorf("count unfinished envelopes: %w", err)
	}
	return n, nil
}

// OldestDue is how long the oldest unfinished envelope has been due; 0 for none.
func (s *Store) OldestDue(ctx context.Context) (time.Duration, error) {
	var ms int64
	if err := s.queries.One(ctx, s.db.Reader, &ms, "oldest-due", nil); err != nil {
		return 0, fmt.Errorf("read oldest due envelope: %w", err)
	}
	if ms == 0 {
		return 0, nil
	}
	return max(0, s.now().Sub(time.UnixMilli(ms))), nil
}

// Purge removes a page of what was done before a time, and returns how many; call
// it until it returns 0.
func (s *Store) Purge(ctx context.Context, before time.Time) (n int64, err error) {
	err = s.db.Tx(ctx, func(tx *sqlx.Tx) error {
		res, err := s.queries.Exec(ctx, tx, "purge-outbox", map[string]any{"before_ms": before.UnixMilli(), "page": 1000})
		if err != nil {
			return err
		}
		n, err = res.RowsAffected()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("purge outbox: %w", err)
	}
	return n, nil
}
