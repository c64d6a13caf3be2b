package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/config/database"
)

// ContentsBetween calls f for each posting whose present content lies in the
// window (after, through], in order of position, withdrawn and expired ones
// included. f's error ends it.
func (s *Store) ContentsBetween(ctx context.Context, q sqlx.ExtContext, after, through int64, f func(alerts.Stored) error) error {
	for after < through {
		var rows []storedRow
		err := s.queries.Select(ctx, q, &rows, "contents-between", map[string]any{"after": after, "through": through, "page": page})
		if err != nil {
			return fmt.Errorf("read changed postings: %w", err)
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

// OpenBefore lists postings open at now whose present content lies before a
// position, newest first, limit of them at most.
func (s *Store) OpenBefore(ctx context.Context, q sqlx.ExtContext, before int64, now time.Time, limit int) ([]alerts.Stored, error) {
	var rows []storedRow
	err := s.queries.Select(ctx, q, &rows, "open-before", map[string]any{"before": before, "now_ms": now.UnixMilli(), "page": limit})
	if err != nil {
		return nil, fmt.Errorf("read open postings: %w", err)
	}
	return storedAll(rows)
}

// OfSource lists one source's postings by identifier, those behind after ("" for
// all), withdrawn and expired ones included, limit of them at most.
func (s *Store) OfSource(ctx context.Context, q sqlx.ExtContext, source, after string, limit int) ([]alerts.Stored, error) {
	var rows []storedRow
	err := s.queries.Select(ctx, q, &rows, "postings-of-source", map[string]any{"source": source, "after": after, "page": limit})
	if err != nil {
		return nil, fmt.Errorf("list postings of a source: %w", err)
	}
	return storedAll(rows)
}

// applied is the message last applied to a posting.
type applied struct {
	Number    uint32 `db:"number"`
	CreatedMS int64  `db:"stream_created_ms"`
	Sequence  int64  `db:"stream_sequence"`
}

// LastApplied is the newest message applied to any posting: when its stream was
// made (Unix milliseconds), and its sequence there; zero when there is none.
func (s *Store) LastApplied(ctx context.Context, q sqlx.ExtContext) (createdMS, sequence int64, err error) {
	var last applied
	err = s.queries.One(ctx, q, &last, "last-applied", nil)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, 0, fmt.Errorf("read the message last applied: %w", err)
	}
	return last.CreatedMS, last.Sequence, nil
}

// WithdrawnSince lists the postings that messages behind a given one have
// withdrawn, in the order of those messages; tombstones are among them. Replicas
// commit out of that order, so a follower looks back some way.
func (s *Store) WithdrawnSince(ctx context.Context, q sqlx.ExtContext, createdMS, sequence int64) ([]uint32, error) {
	var out []uint32
	for {
		var rows []applied
		err := s.queries.Select(ctx, q, &rows, "withdrawn-since",
			map[string]any{"stream_created_ms": createdMS, "stream_sequence": sequence, "page": page})
		if err != nil {
			return nil, fmt.Errorf("read withdrawals: %w", err)
		}
		for _, r := range rows {
			out = append(out, r.Number)
		}
		if len(rows) < page {
			return out, nil
		}
		last := rows[len(rows)-1]
		createdMS, sequence = last.CreatedMS, last.Sequence
	}
}

// Standing returns those of numbers that are stored and not withdrawn, with the
// position of their present content. It reads no contents.
func (s *Store) Standing(ctx context.Context, q sqlx.ExtContext, numbers []uint32) (map[uint32]int64, error) {
	standing := make(map[uint32]int64, len(numbers))
	if len(numbers) == 0 {
		return standing, nil
	}
	wide := make([]int64, len(numbers)) // PostgreSQL has no unsigned numbers
	for i, n := range numbers {
		wide[i] = int64(n)
	}
	var rows []struct {
		Number   uint32 `db:"number"`
		Position int64  `db:"position"`
	}
	if err := s.queries.Select(ctx, q, &rows, "standing-numbers", map[string]any{"numbers": database.Array{Slice: wide}}); err != nil {
		return nil, fmt.Errorf("read which postings stand: %w", err)
	}
	for _, r := range rows {
		standing[r.Number] = r.Position
	}
	return standing, nil
}
