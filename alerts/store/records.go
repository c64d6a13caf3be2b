package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/alerts"
)

// Records reads what is stored under keys.
func (s *Store) Records(ctx context.Context, q sqlx.ExtContext, keys []alerts.Key) (map[alerts.Key]*alerts.Record, error) {
	found := make(map[alerts.Key]*alerts.Record, len(keys))
	if len(keys) == 0 {
		return found, nil
	}
	wanted := make(map[alerts.Key]bool, len(keys))
	var sources, identifiers []string
	seen := map[string]bool{}
	for _, k := range keys {
		wanted[k] = true
		if !seen[k.Source] {
			seen[k.Source] = true
			sources = append(sources, k.Source)
		}
		identifiers = append(identifiers, k.Identifier)
	}
	var rows []alerts.Record
	err := s.queries.Select(ctx, q, &rows, "postings-by-key", map[string]any{"sources": sources, "identifiers": identifiers})
	if err != nil {
		return nil, fmt.Errorf("read postings of a batch: %w", err)
	}
	for i := range rows {
		if k := rows[i].Key(); wanted[k] {
			found[k] = &rows[i]
		}
	}
	return found, nil
}

// HighestNumber is the highest posting number handed out so far.
func (s *Store) HighestNumber(ctx context.Context, q sqlx.ExtContext) (uint32, error) {
	var n uint32
	if err := s.queries.One(ctx, q, &n, "highest-number", nil); err != nil {
		return 0, fmt.Errorf("read highest posting number: %w", err)
	}
	return n, nil
}

// rowsAtOnce keeps a multi-row statement below SQLite's 32,766 parameters and
// postings of some kilobytes within a comfortable statement.
const rowsAtOnce = 200

// Put stores records under the clock.
func (s *Store) Put(ctx context.Context, tx sqlx.ExtContext, rows []*alerts.Record) error {
	for len(rows) > 0 {
		n := min(len(rows), rowsAtOnce)
		if _, err := s.queries.Exec(ctx, tx, "put-posting", rows[:n]); err != nil {
			return fmt.Errorf("store postings: %w", err)
		}
		rows = rows[n:]
	}
	return nil
}

// HighestApplied is the highest sequence, in the stream created at created, of a
// message that was applied to a posting, or rejected; 0 for none.
func (s *Store) HighestApplied(ctx context.Context, q sqlx.ExtContext, created time.Time) (uint64, error) {
	var n uint64
	err := s.queries.One(ctx, q, &n, "highest-applied", map[string]any{"stream_created_ms": created.UnixMilli()})
	if err != nil {
		return 0, fmt.Errorf("read highest applied sequence: %w", err)
	}
	return n, nil
}

// Rejected remembers that the message with a sequence of the stream created at
// created was rejected, for HighestApplied.
func (s *Store) Rejected(ctx context.Context, tx sqlx.ExtContext, created time.Time, sequence uint64) error {
	arg := map[string]any{"stream_created_ms": created.UnixMilli(), "stream_sequence": int64(sequence)}
	if _, err := s.queries.Exec(ctx, tx, "put-rejected", arg); err != nil {
		return fmt.Errorf("remember rejection: %w", err)
	}
	return nil
}
