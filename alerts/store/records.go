package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/config/database"
)

// Records reads what is stored under keys.
func (s *Store) Records(ctx context.Context, q sqlx.ExtContext, keys []alerts.Key) (map[alerts.Key]*alerts.Record, error) {
	t := new(database.Trip)
	records := s.AskRecords(t, keys)
	if err := t.Run(ctx, q); err != nil {
		return nil, fmt.Errorf("read postings of a batch: %w", err)
	}
	return records(), nil
}

// AskRecords is Records along with other statements: the answer is there once t has run.
func (s *Store) AskRecords(t *database.Trip, keys []alerts.Key) (answer func() map[alerts.Key]*alerts.Record) {
	wanted := make(map[alerts.Key]bool, len(keys))
	sources, identifiers := make([]string, 0, len(keys)), make([]string, 0, len(keys))
	for _, k := range keys {
		if !wanted[k] {
			wanted[k] = true
			sources, identifiers = append(sources, k.Source), append(identifiers, k.Identifier)
		}
	}
	var rows []alerts.Record
	t.Select(s.queries, &rows, "postings-by-key", map[string]any{"sources": database.Array{Slice: sources}, "identifiers": database.Array{Slice: identifiers}})
	return func() map[alerts.Key]*alerts.Record {
		found := make(map[alerts.Key]*alerts.Record, len(keys))
		for i := range rows {
			if k := rows[i].Key(); wanted[k] {
				found[k] = &rows[i]
			}
		}
		return found
	}
}

// HighestNumber is the highest posting number handed out so far.
func (s *Store) HighestNumber(ctx context.Context, q sqlx.ExtContext) (uint32, error) {
	t := new(database.Trip)
	n := s.AskHighestNumber(t)
	if err := t.Run(ctx, q); err != nil {
		return 0, fmt.Errorf("read highest posting number: %w", err)
	}
	return n(), nil
}

// AskHighestNumber is HighestNumber along with other statements, as AskRecords is Records.
func (s *Store) AskHighestNumber(t *database.Trip) (answer func() uint32) {
	var n []uint32
	t.Select(s.queries, &n, "highest-number", nil)
	return func() uint32 { return n[0] } // an aggregate always has its row
}

// rowsAtOnce keeps postings of some kilobytes within a comfortable statement.
const rowsAtOnce = 200

// Put stores records under the clock.
func (s *Store) Put(ctx context.Context, tx sqlx.ExtContext, rows []*alerts.Record) error {
	t := new(database.Trip)
	s.put(t, rows)
	if err := t.Run(ctx, tx); err != nil {
		return fmt.Errorf("store postings: %w", err)
	}
	return nil
}

// Finish is Put and LogMatches at the end of a transaction: its commit may go along.
func (s *Store) Finish(ctx context.Context, tx *sqlx.Tx, rows []*alerts.Record, matches []alerts.Match) error {
	t := new(database.Trip)
	s.put(t, rows)
	if err := s.writeMatches(t, "log-matches", matches); err != nil {
		return err
	}
	if err := t.RunLast(ctx, tx); err != nil {
		return fmt.Errorf("store a batch: %w", err)
	}
	return nil
}

func (s *Store) put(t *database.Trip, rows []*alerts.Record) {
	for page := range database.Pages(s.db.Dialect, rows, rowsAtOnce) {
		var arg any = page
		if s.db.Dialect == database.PostgreSQL {
			arg = columnsOf(page)
		}
		t.Exec(s.queries, "put-posting", arg)
	}
}

// columnsOf turns rows round, for unnest.
func columnsOf(rows []*alerts.Record) map[string]any {
	return map[string]any{
		"number":            database.Column(rows, func(r *alerts.Record) int64 { return int64(r.Number) }),
		"source":            database.Column(rows, func(r *alerts.Record) string { return r.Source }),
		"identifier":        database.Column(rows, func(r *alerts.Record) string { return r.Identifier }),
		"content_hash":      database.Column(rows, func(r *alerts.Record) string { return r.ContentHash }),
		"position":          database.Column(rows, func(r *alerts.Record) int64 { return r.Position }),
		"first_position":    database.Column(rows, func(r *alerts.Record) int64 { return r.FirstPosition }),
		"withdrawn":         database.Column(rows, func(r *alerts.Record) bool { return r.Withdrawn }),
		"stream_created_ms": database.Column(rows, func(r *alerts.Record) int64 { return r.StreamCreatedMS }),
		"stream_sequence":   database.Column(rows, func(r *alerts.Record) int64 { return r.StreamSequence }),
		"published_ms":      database.Column(rows, func(r *alerts.Record) int64 { return r.PublishedMS }),
		"expires_ms":        database.Column(rows, func(r *alerts.Record) int64 { return r.ExpiresMS }),
		"changed_ms":        database.Column(rows, func(r *alerts.Record) int64 { return r.ChangedMS }),
		"title":             database.Column(rows, func(r *alerts.Record) string { return r.Title }),
		"employer":          database.Column(rows, func(r *alerts.Record) string { return r.Employer }),
		"body":              database.Column(rows, func(r *alerts.Record) string { return r.Body }),
		"receipt":           database.Column(rows, func(r *alerts.Record) string { return r.Receipt }),
	}
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
