package store_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/store"
	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/config/database/databasetest"
)

var (
	now     = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	created = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) // of the stream
)

// each runs f over both databases, with a store.
func each(t *testing.T, f func(t *testing.T, db *database.DB, s *store.Store)) {
	t.Helper()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		s, err := store.New(db)
		if err != nil {
			t.Fatal(err)
		}
		f(t, db, s)
	})
}

// inTx runs f in a transaction.
func inTx(t *testing.T, db *database.DB, f func(tx *sqlx.Tx) error) {
	t.Helper()
	if err := db.Tx(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

// record is a stored posting with position, first position and sequence equal to
// its number.
func record(t *testing.T, number uint32, change ...func(*alerts.Record)) *alerts.Record {
	t.Helper()
	p := alerts.Posting{Number: number, Source: "clinic", Identifier: fmt.Sprint("id-", number), Title: fmt.Sprint("Koch ", number),
		Description: "<p>kocht</p>", Employer: "Klinik", PublishedAt: now.AddDate(0, 0, -1), ExpiresAt: now.AddDate(0, 0, 30)}
	body, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	r := &alerts.Record{Number: number, Source: p.Source, Identifier: p.Identifier, ContentHash: fmt.Sprint("hash-", number),
		Position: int64(number), FirstPosition: int64(number), StreamCreatedMS: created.UnixMilli(), StreamSequence: int64(number),
		PublishedMS: p.PublishedAt.UnixMilli(), ExpiresMS: p.ExpiresAt.UnixMilli(), ChangedMS: now.UnixMilli(),
		Title: p.Title, Employer: p.Employer, Body: string(body), Receipt: `{"identifier":"x","status":"stored"}`}
	for _, f := range change {
		f(r)
	}
	return r
}

func put(t *testing.T, db *database.DB, s *store.Store, rs ...*alerts.Record) {
	t.Helper()
	inTx(t, db, func(tx *sqlx.Tx) error { return s.Put(t.Context(), tx, rs) })
}

func withdrawn(r *alerts.Record) { r.Withdrawn = true }

func expired(r *alerts.Record) { r.ExpiresMS = now.UnixMilli() }

// tombstone is the withdrawal of what was never published.
func tombstone(r *alerts.Record) {
	r.Withdrawn, r.Body, r.ContentHash, r.Position, r.FirstPosition = true, "", "", 0, 0
}

func numbers(list []alerts.Stored) []uint32 {
	var out []uint32
	for i := range list {
		out = append(out, list[i].Number)
	}
	return out
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func TestRecordsComeBackAsPutAndByKeyAlone(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB, s *store.Store) {
		one, two, other := record(t, 1), record(t, 2, withdrawn), record(t, 3)
		other.Source, other.Identifier = "board", one.Identifier // another source's posting of the same identifier
		put(t, db, s, one, two, other)

		got, err := s.Records(t.Context(), db.Reader, []alerts.Key{one.Key(), two.Key(), {Source: "clinic", Identifier: "none"}})
		if err != nil {
			t.Fatal(err)
		}
		same(t, "records", got, map[alerts.Key]*alerts.Record{one.Key(): one, two.Key(): two})

		one.ContentHash, one.Position, one.StreamSequence, one.Title = "new", 40, 41, "Köchin"
		put(t, db, s, one)
		got, err = s.Records(t.Context(), db.Reader, []alerts.Key{one.Key()})
		if err != nil {
			t.Fatal(err)
		}
		same(t, "updated", got[one.Key()], one)
		if got, err := s.Records(t.Context(), db.Reader, nil); err != nil || len(got) != 0 {
			t.Errorf("no keys: %v, %v", got, err)
		}
	})
}

func TestABatchLargerThanOneStatementIsStoredWhole(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB, s *store.Store) {
		var rs []*alerts.Record
		var want []uint32
		for n := uint32(1); n <= 1234; n++ {
			rs, want = append(rs, record(t, n)), append(want, n)
		}
		put(t, db, s, rs...)
		got, err := s.Postings(t.Context(), db.Reader, want)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "numbers", numbers(got), want)
		var between []uint32
		err = s.OpenBetween(t.Context(), db.Reader, 100, 1200, now, func(p alerts.Stored) error {
			between = append(between, p.Number)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		same(t, "over several pages", between, want[100:1200])
		if high, err := s.HighestNumber(t.Context(), db.Reader); err != nil || high != 1234 {
			t.Errorf("highest number %d, %v", high, err)
		}
	})
}

func TestAPostingIsReadWithItsKeysAndPositions(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB, s *store.Store) {
		put(t, db, s, record(t, 7, func(r *alerts.Record) { r.Position = 9 }), record(t, 8, tombstone))
		want := alerts.Stored{Position: 9, FirstPosition: 7, ContentHash: "hash-7"}
		if err := json.Unmarshal([]byte(record(t, 7).Body), &want.Posting); err != nil {
			t.Fatal(err)
		}
		got, err := s.Posting(t.Context(), db.Reader, 7)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "by number", got, want)
		if got, err = s.PostingByKey(t.Context(), db.Reader, alerts.Key{Source: "clinic", Identifier: "id-7"}); err != nil {
			t.Fatal(err)
		}
		same(t, "by key", got, want)
		for _, number := range []uint32{8, 9} { // a tombstone has no content, 9 is nothing
			if _, err := s.Posting(t.Context(), db.Reader, number); err != alerts.ErrNotFound {
				t.Errorf("posting %d: %v, want ErrNotFound", number, err)
			}
		}
	})
}

func TestListsLeaveOutWhatTheyPromiseTo(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB, s *store.Store) {
		foreign := record(t, 6)
		foreign.Source = "board"
		put(t, db, s, record(t, 1), record(t, 2, withdrawn), record(t, 3, expired), record(t, 4, tombstone), record(t, 5), foreign)
		list := func(what string, got []alerts.Stored, err error, want ...uint32) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
			same(t, what, numbers(got), want)
		}
		got, err := s.Newest(t.Context(), db.Reader, "", 0, 10)
		list("newest", got, err, 6, 5, 3, 2, 1)
		got, err = s.Newest(t.Context(), db.Reader, "clinic", 5, 2)
		list("newest of a source before 5", got, err, 3, 2)
		got, err = s.OfSource(t.Context(), db.Reader, "clinic", "id-1", 2)
		list("of a source behind id-1", got, err, 2, 3)
		got, err = s.OpenBefore(t.Context(), db.Reader, 6, now, 10)
		list("open before 6", got, err, 5, 1)
		got, err = s.OpenBefore(t.Context(), db.Reader, 100, now, 2)
		list("two open", got, err, 6, 5)
		if n, err := s.CountOpen(t.Context(), db.Reader, now); err != nil || n != 3 {
			t.Errorf("open: %d, %v; want 3", n, err)
		}
		var contents []uint32
		err = s.ContentsBetween(t.Context(), db.Reader, 1, 5, func(p alerts.Stored) error {
			contents = append(contents, p.Number)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		same(t, "contents in (1, 5]", contents, []uint32{2, 3, 5})
	})
}

func TestAFollowerFindsWithdrawalsBehindAMessage(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB, s *store.Store) {
		if c, n, err := s.LastApplied(t.Context(), db.Reader); c != 0 || n != 0 || err != nil {
			t.Errorf("last applied of nothing: %d, %d, %v", c, n, err)
		}
		at := func(created time.Time, sequence int64) func(*alerts.Record) {
			return func(r *alerts.Record) { r.StreamCreatedMS, r.StreamSequence = created.UnixMilli(), sequence }
		}
		later := created.AddDate(0, 1, 0) // a stream made anew counts from 1 again
		put(t, db, s, record(t, 1, withdrawn, at(created, 900)), record(t, 2, at(created, 901)), record(t, 3, withdrawn, at(created, 902)),
			record(t, 4, withdrawn, at(later, 3)), record(t, 5, at(later, 4)))
		if c, n, err := s.LastApplied(t.Context(), db.Reader); c != later.UnixMilli() || n != 4 || err != nil {
			t.Errorf("last applied: %d, %d, %v", c, n, err)
		}
		got, err := s.WithdrawnSince(t.Context(), db.Reader, created.UnixMilli(), 900)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "withdrawn since", got, []uint32{3, 4})
		standing, err := s.Standing(t.Context(), db.Reader, []uint32{1, 2, 5, 77})
		if err != nil {
			t.Fatal(err)
		}
		same(t, "standing", standing, map[uint32]int64{2: 2, 5: 5})
	})
}

func TestManyWithdrawalsAreReadInPages(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB, s *store.Store) {
		var rs []*alerts.Record
		var want []uint32
		for n := uint32(1); n <= 1100; n++ {
			rs, want = append(rs, record(t, n, withdrawn)), append(want, n)
		}
		put(t, db, s, rs...)
		got, err := s.WithdrawnSince(t.Context(), db.Reader, created.UnixMilli(), 50)
		if err != nil || !slices.Equal(got, want[50:]) {
			t.Errorf("%d withdrawals, %v; want %d", len(got), err, len(want[50:]))
		}
	})
}

// What a batch is judged against is asked for again and again while the tables fill, on
// PostgreSQL by plans that were made when they were empty and known to be.
func TestABatchReadsNoTableWhole(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB, s *store.Store) {
		counts := db.Dialect == database.PostgreSQL // SQLite counts no rows, and plans without statistics
		if counts {
			if _, err := db.Reader.ExecContext(t.Context(), "VACUUM ANALYZE postings"); err != nil {
				t.Fatal(err)
			}
		}
		var rs []*alerts.Record
		for n := uint32(1); n <= 500; n++ {
			rs = append(rs, record(t, n))
		}
		inTx(t, db, func(tx *sqlx.Tx) error {
			ask := func() (known int, highest uint32) {
				trip := new(database.Trip)
				trip.ByIndex()
				records, number := s.AskRecords(trip, []alerts.Key{rs[6].Key()}), s.AskHighestNumber(trip)
				if err := trip.Run(t.Context(), tx); err != nil {
					t.Fatal(err)
				}
				return len(records()), number()
			}
			read := func() (rows int) {
				if !counts {
					return 0
				}
				if err := tx.GetContext(t.Context(), &rows, "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'postings'"); err != nil {
					t.Fatal(err)
				}
				return rows
			}
			ask()
			if err := s.Put(t.Context(), tx, rs); err != nil {
				return err
			}
			before := read()
			if known, highest := ask(); known != 1 || highest != 500 {
				t.Errorf("%d records and %d as the highest number, want 1 and 500", known, highest)
			}
			if rows := read() - before; rows > 2 {
				t.Errorf("%d rows were read for two answers", rows)
			}
			return nil
		})
	})
}

func TestPurgeTakesWhatEndedButKeepsTheHighestNumber(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB, s *store.Store) {
		long := now.AddDate(0, -6, 0).UnixMilli()
		ended := func(r *alerts.Record) { r.ExpiresMS, r.ChangedMS = long, long }
		stillRepeated := func(r *alerts.Record) { r.ExpiresMS = long }
		put(t, db, s, record(t, 1, ended), record(t, 2), record(t, 3, stillRepeated), record(t, 4, ended, withdrawn), record(t, 5, ended))
		var purged int64
		inTx(t, db, func(tx *sqlx.Tx) (err error) {
			purged, err = s.Purge(t.Context(), tx, now.AddDate(0, -3, 0))
			return err
		})
		if purged != 2 {
			t.Errorf("purged %d, want 2", purged)
		}
		left, err := s.Postings(t.Context(), db.Reader, []uint32{1, 2, 3, 4, 5})
		if err != nil {
			t.Fatal(err)
		}
		same(t, "left", numbers(left), []uint32{2, 3, 5})
		if high, err := s.HighestNumber(t.Context(), db.Reader); err != nil || high != 5 {
			t.Errorf("the next posting would get number %d again (%v)", high+1, err)
		}
	})
}

func TestTheHighestAppliedSequenceCountsRejectionsOfItsStreamAlone(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB, s *store.Store) {
		applied := func(created time.Time, want uint64) {
			t.Helper()
			if got, err := s.HighestApplied(t.Context(), db.Reader, created); err != nil || got != want {
				t.Errorf("highest applied: %d, %v; want %d", got, err, want)
			}
		}
		applied(created, 0)
		put(t, db, s, record(t, 12))
		applied(created, 12)
		for _, sequence := range []uint64{20, 17} { // the later one may be judged first
			inTx(t, db, func(tx *sqlx.Tx) error { return s.Rejected(t.Context(), tx, created, sequence) })
		}
		applied(created, 20)
		put(t, db, s, record(t, 30))
		applied(created, 30)
		applied(created.Add(time.Millisecond), 0)
	})
}

func TestAnUnreadableBodyIsAnErrorThatNamesThePosting(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB, s *store.Store) {
		put(t, db, s, record(t, 3, func(r *alerts.Record) { r.Body = "{" }))
		_, err := s.Posting(t.Context(), db.Reader, 3)
		if err == nil || !strings.Contains(err.Error(), "posting 3") {
			t.Errorf("got %v", err)
		}
	})
}
