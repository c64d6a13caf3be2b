package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/alerts"
)

// storedRow is the part of a row that a reader of postings needs.
type storedRow struct {
	Number        uint32 `db:"number"`
	Source        string `db:"source"`
	Identifier    string `db:"identifier"`
	ContentHash   string `db:"content_hash"`
	Position      int64  `db:"position"`
	FirstPosition int64  `db:"first_position"`
	Withdrawn     bool   `db:"withdrawn"`
	ChangedMS     int64  `db:"changed_ms"`
	Body          string `db:"body"`
}

func (r *storedRow) stored() (alerts.Stored, error) {
	s := alerts.Stored{Position: r.Position, FirstPosition: r.FirstPosition, Withdrawn: r.Withdrawn, ContentHash: r.ContentHash}
	if err := alerts.ReadBody(r.Body, &s.Posting); err != nil {
		return s, fmt.Errorf("posting %d: %w", r.Number, err)
	}
	s.Number, s.Source, s.Identifier = r.Number, r.Source, r.Identifier
	return s, nil
}

func storedAll(rows []storedRow) ([]alerts.Stored, error) {
	out := make([]alerts.Stored, len(rows))
	for i := range rows {
		var err error
		if out[i], err = rows[i].stored(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Posting reads one by its number; alerts.ErrNotFound if there is none, or only a tombstone.
func (s *Store) Posting(ctx context.Context, q sqlx.ExtContext, number uint32) (alerts.Stored, error) {
	return s.one(ctx, q, "posting-by-number", map[string]any{"number": number})
}

// PostingByKey reads one by its key; alerts.ErrNotFound as for Posting.
func (s *Store) PostingByKey(ctx context.Context, q sqlx.ExtContext, k alerts.Key) (alerts.Stored, error) {
	return s.one(ctx, q, "posting-by-identifier", map[string]any{"source": k.Source, "identifier": k.Identifier})
}

func (s *Store) one(ctx context.Context, q sqlx.ExtContext, query string, arg map[string]any) (alerts.Stored, error) {
	var r storedRow
	err := s.queries.One(ctx, q, &r, query, arg)
	if errors.Is(err, sql.ErrNoRows) {
		return alerts.Stored{}, alerts.ErrNotFound
	}
	if err != nil {
		return alerts.Stored{}, fmt.Errorf("read posting: %w", err)
	}
	return r.stored()
}

// Postings reads those of numbers that are stored, ascending, withdrawn and
// expired ones included.
func (s *Store) Postings(ctx context.Context, q sqlx.ExtContext, numbers []uint32) ([]alerts.Stored, error) {
	var out []alerts.Stored
	for len(numbers) > 0 {
		n := min(len(numbers), page)
		var rows []storedRow
		if err := s.queries.Select(ctx, q, &rows, "postings-by-number", map[string]any{"numbers": numbers[:n]}); err != nil {
			return nil, fmt.Errorf("read postings: %w", err)
		}
		part, err := storedAll(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, part...)
		numbers = numbers[n:]
	}
	return out, nil
}

// OpenBetween calls f for each posting open at now whose present content lies in
// the window (after, through], in order of position. f's error ends it.
func (s *Store) OpenBetween(ctx context.Context, q sqlx.ExtContext, after, through int64, now time.Time, f func(alerts.Stored) error) error {
	for after < through {
		var rows []storedRow
		err := s.queries.Select(ctx, q, &rows, "postings-between",
			map[string]any{"after": after, "through": through, "now_ms": now.UnixMilli(), "page": page})
		if err != nil {
			return fmt.Errorf("search postings: %w", err)
		}
		for i := range rows {
			p, err := rows[i].stored()
			if err != nil {
				return err
			}
			if err := f(p); err != nil {
				return err
			}
		}
		if len(rows) < page {
			return nil
		}
		after = rows[len(rows)-1].Position
	}
	return nil
}

// Newest lists postings by position, newest first, of one source or ("") all,
// withdrawn and expired ones included; before 0 starts at the newest.
func (s *Store) Newest(ctx context.Context, q sqlx.ExtContext, source string, before int64, limit int) ([]alerts.Stored, error) {
	var rows []storedRow
	err := s.queries.Select(ctx, q, &rows, "newest-postings", map[string]any{"before": before, "source": source, "page": limit})
	if err != nil {
		return nil, fmt.Errorf("list postings: %w", err)
	}
	return storedAll(rows)
}

// CountOpen counts the postings open at now.
func (s *Store) CountOpen(ctx context.Context, q sqlx.ExtContext, now time.Time) (int64, error) {
	var n int64
	if err := s.queries.One(ctx, q, &n, "count-postings", map[string]any{"now_ms": now.UnixMilli()}); err != nil {
		return 0, fmt.Errorf("count postings: %w", err)
	}
	return n, nil
}

// Purge removes a page of the postings that ended before a time, and returns how
// many; call it until it returns 0. The highest number stays.
func (s *Store) Purge(ctx context.Context, tx sqlx.ExtContext, before time.Time) (int64, error) {
	res, err := s.queries.Exec(ctx, tx, "purge-postings", map[string]any{"before_ms": before.UnixMilli(), "page": page})
	if err != nil {
		return 0, fmt.Errorf("purge postings: %w", err)
	}
	return res.RowsAffected()
}
