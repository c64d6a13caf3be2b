package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/config/database"
)

// LogMatches records matches under the clock: one row a posting, its
// subscriptions as a Roaring bitmap in the portable format
// (github.com/RoaringBitmap/RoaringFormatSpec). A posting that met nobody gets
// no row.
func (s *Store) LogMatches(ctx context.Context, tx sqlx.ExtContext, matches []alerts.Match) error {
	t := new(database.Trip)
	if err := s.writeMatches(t, "log-matches", matches); err != nil {
		return err
	}
	if err := t.Run(ctx, tx); err != nil {
		return fmt.Errorf("write match log: %w", err)
	}
	return nil
}

// Relog replaces what was logged at the matches' positions.
func (s *Store) Relog(ctx context.Context, tx sqlx.ExtContext, matches []alerts.Match) error {
	var nobody []int64
	for _, m := range matches {
		if len(m.Subscriptions) == 0 {
			nobody = append(nobody, m.Position)
		}
	}
	t := new(database.Trip)
	if len(nobody) > 0 {
		t.Exec(s.queries, "unlog-matches", map[string]any{"positions": nobody})
	}
	if err := s.writeMatches(t, "relog-matches", matches); err != nil {
		return err
	}
	if err := t.Run(ctx, tx); err != nil {
		return fmt.Errorf("replace match log: %w", err)
	}
	return nil
}

func (s *Store) writeMatches(t *database.Trip, query string, matches []alerts.Match) error {
	rows := make([]loggedRow, 0, len(matches))
	for _, m := range matches {
		if len(m.Subscriptions) == 0 {
			continue
		}
		b, err := alerts.PackNumbers(m.Subscriptions)
		if err != nil {
			return fmt.Errorf("encode match log: %w", err)
		}
		rows = append(rows, loggedRow{m.Position, m.Posting, b})
	}
	for page := range database.Pages(s.db.Dialect, rows, rowsAtOnce) {
		var arg any = page
		if s.db.Dialect == database.PostgreSQL {
			arg = map[string]any{
				"positions": database.Column(page, func(r loggedRow) int64 { return r.Position }),
				"postings":  database.Column(page, func(r loggedRow) int64 { return int64(r.Posting) }),
				"bitmaps":   database.Column(page, func(r loggedRow) []byte { return r.Subscriptions }),
			}
		}
		t.Exec(s.queries, query, arg)
	}
	return nil
}

// loggedRow is a row of the log.
type loggedRow struct {
	Position      int64  `db:"position"`
	Posting       uint32 `db:"posting"`
	Subscriptions []byte `db:"subscriptions"`
}

// loggedAt is a row of the log whose bitmap lies among its page's.
type loggedAt struct {
	position int64
	posting  uint32
	from, to int
}

// bitmapAlignment is where bitmaps begin that are used as they were read: their words
// are looked at as such.
const bitmapAlignment = 8

// MatchesBetween calls f for each row of the log in the window (after, through],
// in order of position. The bitmap is only valid during the call, and not to be
// changed. f's error ends it.
func (s *Store) MatchesBetween(ctx context.Context, q sqlx.ExtContext, after, through int64, f func(alerts.Logged) error) error {
	var (
		bm      = roaring.New()
		rows    []loggedAt
		bitmaps []byte // a page's, used again for the next
		raw     sql.RawBytes
	)
	for after < through {
		rows, bitmaps = rows[:0], bitmaps[:0]
		arg := map[string]any{"after": after, "through": through, "page": page}
		err := s.queries.Each(ctx, q, "matches-between", arg, func(sr *sqlx.Rows) error {
			var r loggedAt
			if err := sr.Scan(&r.position, &r.posting, &raw); err != nil {
				return err
			}
			r.from = (len(bitmaps) + bitmapAlignment - 1) / bitmapAlignment * bitmapAlignment
			bitmaps = append(slices.Grow(bitmaps, r.from-len(bitmaps))[:r.from], raw...)
			r.to = len(bitmaps)
			rows = append(rows, r)
			return nil
		})
		if err != nil {
			return fmt.Errorf("read match log: %w", err)
		}
		for _, r := range rows {
			if _, err := bm.FromUnsafeBytes(bitmaps[r.from:r.to:r.to]); err != nil {
				return fmt.Errorf("decode match log at position %d: %w", r.position, err)
			}
			if err := f(alerts.Logged{Position: r.position, Posting: r.posting, Subscriptions: bm}); err != nil {
				return err
			}
		}
		if len(rows) < page {
			return nil
		}
		after = rows[len(rows)-1].position
	}
	return nil
}

// PurgeMatches removes a page of the log's rows written before a time, and
// returns how many; call it until it returns 0.
func (s *Store) PurgeMatches(ctx context.Context, tx sqlx.ExtContext, before time.Time) (int64, error) {
	var position int64
	if err := s.queries.One(ctx, tx, &position, "position-before", map[string]any{"before_ms": before.UnixMilli()}); err != nil {
		return 0, fmt.Errorf("purge match log: %w", err)
	}
	if position == 0 {
		return 0, nil
	}
	// First the mark, so that nobody takes what is gone for what never was.
	if _, err := s.queries.Exec(ctx, tx, "move-log-start", map[string]any{"position": position}); err != nil {
		return 0, fmt.Errorf("purge match log: %w", err)
	}
	res, err := s.queries.Exec(ctx, tx, "purge-matches", map[string]any{"before": position, "page": page})
	if err != nil {
		return 0, fmt.Errorf("purge match log: %w", err)
	}
	return res.RowsAffected()
}

// LoggedSince is the position after which the log is whole: what lies at or before
// it may have been purged. 0 when nothing ever was.
func (s *Store) LoggedSince(ctx context.Context, q sqlx.ExtContext) (int64, error) {
	var start int64
	if err := s.queries.One(ctx, q, &start, "logged-since", nil); err != nil {
		return 0, fmt.Errorf("read start of match log: %w", err)
	}
	return start, nil
}

// Analysis reads the analysis in force; the zero value when none was ever set.
func (s *Store) Analysis(ctx context.Context, q sqlx.ExtContext) (alerts.Analysis, error) {
	t := new(database.Trip)
	a := s.AskAnalysis(t)
	if err := t.Run(ctx, q); err != nil {
		return alerts.Analysis{}, fmt.Errorf("read analysis in force: %w", err)
	}
	return a(), nil
}

// AskAnalysis is Analysis along with other statements, as AskRecords is Records.
func (s *Store) AskAnalysis(t *database.Trip) (answer func() alerts.Analysis) {
	var rows []alerts.Analysis
	t.Select(s.queries, &rows, "analysis-in-force", nil)
	return func() (a alerts.Analysis) {
		if len(rows) > 0 {
			a = rows[0]
		}
		return a
	}
}

// SetAnalysis puts another analysis into force; position must be the
// transaction's own, taken from the clock as its first statement.
func (s *Store) SetAnalysis(ctx context.Context, tx sqlx.ExtContext, hash string, position int64, now time.Time) error {
	arg := map[string]any{"hash": hash, "position": position, "changed_ms": now.UnixMilli()}
	if _, err := s.queries.Exec(ctx, tx, "set-analysis", arg); err != nil {
		return fmt.Errorf("set analysis: %w", err)
	}
	return nil
}

// CoverAnalysis notes that the whole log is made with the analysis a, which must
// still be in force.
func (s *Store) CoverAnalysis(ctx context.Context, tx sqlx.ExtContext, a alerts.Analysis) error {
	if _, err := s.queries.Exec(ctx, tx, "cover-analysis", a); err != nil {
		return fmt.Errorf("note that the match log is covered: %w", err)
	}
	return nil
}
