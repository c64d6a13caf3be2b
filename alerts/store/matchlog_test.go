package store_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"pgregory.net/rapid"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/store"
	"github.com/jobalertd/jobalertd/config/database"
)

func logMatches(t *testing.T, db *database.DB, s *store.Store, ms []alerts.Match) {
	t.Helper()
	inTx(t, db, func(tx *sqlx.Tx) error { return s.LogMatches(t.Context(), tx, ms) })
}

func readLog(t *testing.T, db *database.DB, s *store.Store, after, through int64) []alerts.Match {
	t.Helper()
	var out []alerts.Match
	err := s.MatchesBetween(t.Context(), db.Reader, after, through, func(l alerts.Logged) error {
		out = append(out, alerts.Match{Position: l.Position, Posting: l.Posting, Subscriptions: l.Subscriptions.ToArray()})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTheMatchLogGivesBackTheSubscriptionsOfAWindow(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB, s *store.Store) {
		position := int64(0)
		rapid.Check(t, func(rt *rapid.T) {
			var want []alerts.Match
			var put []alerts.Match
			after := position
			for range rapid.IntRange(1, 8).Draw(rt, "rows") {
				position += rapid.Int64Range(1, 3).Draw(rt, "gap")
				ids := rapid.SliceOfNDistinct(rapid.Uint32Range(1, 1<<20), 0, 200, rapid.ID[uint32]).Draw(rt, "subscriptions")
				slices.Sort(ids)
				m := alerts.Match{Position: position, Posting: uint32(position), Subscriptions: ids}
				put = append(put, m)
				if len(ids) > 0 { // who met nobody leaves no row
					want = append(want, m)
				}
			}
			logMatches(t, db, s, put)
			same(t, "window", readLog(t, db, s, after, position), want)
			if len(want) > 1 {
				from, to := want[0].Position, want[len(want)-1].Position-1
				inner := slices.DeleteFunc(slices.Clone(want), func(m alerts.Match) bool { return m.Position <= from || m.Position > to })
				got := readLog(t, db, s, from, to)
				if len(got) != len(inner) {
					rt.Fatalf("window (%d, %d]: %d rows, want %d", from, to, len(got), len(inner))
				}
			}
		})
	})
}

func TestTheMatchLogIsReadInPagesAndStopsAtAnError(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB, s *store.Store) {
		var ms []alerts.Match
		for p := int64(1); p <= 1300; p++ {
			ms = append(ms, alerts.Match{Position: p, Posting: uint32(p), Subscriptions: []uint32{uint32(p), 1 << 31}})
		}
		logMatches(t, db, s, ms)
		same(t, "all", readLog(t, db, s, 0, 1300), ms)
		enough, seen := errors.New("enough"), 0
		err := s.MatchesBetween(t.Context(), db.Reader, 0, 1300, func(alerts.Logged) error {
			seen++
			return enough
		})
		if err != enough || seen != 1 {
			t.Errorf("stopped with %v after %d rows", err, seen)
		}
	})
}

func TestPurgingTheMatchLogMovesWhereItIsWholeFrom(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB, s *store.Store) {
		since := func(want int64) {
			t.Helper()
			if got, err := s.LoggedSince(t.Context(), db.Reader); err != nil || got != want {
				t.Errorf("logged since %d, %v; want %d", got, err, want)
			}
		}
		since(0)
		old := func(r *alerts.Record) { r.ChangedMS = now.AddDate(0, -2, 0).UnixMilli() }
		put(t, db, s, record(t, 10, old), record(t, 20, old), record(t, 30))
		for _, p := range []int64{10, 20, 30} {
			logMatches(t, db, s, []alerts.Match{{Position: p, Posting: uint32(p), Subscriptions: []uint32{1}}})
		}
		since(0) // nothing was purged
		purge := func(before time.Time) (n int64) {
			inTx(t, db, func(tx *sqlx.Tx) (err error) {
				n, err = s.PurgeMatches(t.Context(), tx, before)
				return err
			})
			return n
		}
		if n := purge(now.AddDate(0, -1, 0)); n != 2 {
			t.Errorf("purged %d rows, want the two old ones", n)
		}
		since(20)
		if n := purge(now.AddDate(0, -1, 0)); n != 0 {
			t.Errorf("purged %d more", n)
		}
		// What is gone stays known, whether or not anything is left in the log.
		if n := purge(now.AddDate(1, 0, 0)); n != 1 {
			t.Errorf("purged %d rows, want the last one", n)
		}
		since(30)
	})
}

func TestTheAnalysisInForceIsTheLastOneSet(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB, s *store.Store) {
		if a, err := s.Analysis(t.Context(), db.Reader); err != nil || a != (alerts.Analysis{}) {
			t.Errorf("before any: %+v, %v", a, err)
		}
		for _, want := range []alerts.Analysis{{Hash: "one", Position: 0}, {Hash: "two", Position: 17}} {
			inTx(t, db, func(tx *sqlx.Tx) error { return s.SetAnalysis(t.Context(), tx, want.Hash, want.Position, now) })
			if a, err := s.Analysis(t.Context(), db.Reader); err != nil || a != want {
				t.Errorf("got %+v, %v; want %+v", a, err, want)
			}
		}
	})
}
