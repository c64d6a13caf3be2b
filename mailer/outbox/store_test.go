package outbox_test

import (
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/config/database/databasetest"
	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/mailer/outbox"
)

func TestStore_OnePurposeIsOneEnvelope(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		r := newRig(t, db, nil)
		r.enqueue(t, mailer.Digest, 1, 1200)
		r.enqueue(t, mailer.Digest, 1100, 1300)
		if by := r.all(t); len(by) != 1300 {
			t.Errorf("%d envelopes, want 1300", len(by))
		}
		ids := map[string]bool{}
		err := db.Tx(t.Context(), func(tx *sqlx.Tx) error {
			for range 3 { // asked for thrice within a minute
				id, err := r.store.Confirmation(t.Context(), tx, 7000, 9, 1)
				if err != nil {
					return err
				}
				ids[id] = true
				if _, err := r.store.Account(t.Context(), tx, 7001, "manage-link", map[string]string{"a": "b"}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || len(ids) != 1 {
			t.Errorf("%d Message-IDs of one confirmation, %v", len(ids), err)
		}
		if by := r.all(t); by[7000].Subscription != 9 || by[7001].Payload != `{"kind":"manage-link","payload":{"a":"b"}}` {
			t.Errorf("confirmation %+v, account mail %+v", by[7000], by[7001])
		}
	})
}

// A change of address asks the new address and then the old one, perhaps within a
// minute: the same kind of mail about the same subscriber.
func TestStore_AccountMailsThatSayDifferentThingsAreTwo(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		r := newRig(t, db, nil)
		err := db.Tx(t.Context(), func(tx *sqlx.Tx) error {
			for _, to := range []string{"new@example.org", "old@example.org", "new@example.org"} {
				if _, err := r.store.Account(t.Context(), tx, 7001, "confirm-address", map[string]string{"to": to}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		var n int
		if err := db.GetContext(t.Context(), &n, "SELECT COUNT(*) FROM outbox"); err != nil || n != 2 {
			t.Errorf("%d envelopes, want 2: %v", n, err)
		}
	})
}

func TestStore_ListsRetriesAndPurges(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		ctx := t.Context()
		r := newRig(t, db, nil)
		r.enqueue(t, mailer.Digest, 1, 6)
		set := func(who int64, state, outcome string) {
			t.Helper()
			due := r.clock.now().Add(time.Hour).UnixMilli()
			_, err := db.ExecContext(ctx, db.Rebind("UPDATE outbox SET state = ?, outcome = ?, due_at_ms = ?, done_ms = ? WHERE subscriber_id = ?"),
				state, outcome, due, r.clock.now().UnixMilli(), who)
			if err != nil {
				t.Fatal(err)
			}
		}
		set(2, "waiting", "deferred")
		set(3, "waiting", "unknown")
		set(4, "done", "refused")
		set(5, "done", "expired")
		set(6, "done", "accepted")
		if d, err := r.store.OldestDue(ctx); err != nil || d > time.Minute {
			t.Errorf("oldest due %v, %v", d, err)
		}
		counts, err := r.store.Tally(ctx, 1)
		if err != nil || len(counts) != 6 {
			t.Errorf("tally %v, %v", counts, err)
		}
		for withDeferred, want := range map[bool]int{false: 1, true: 3} {
			if n, err := r.store.Unfinished(ctx, withDeferred); n != want || err != nil {
				t.Errorf("%d unfinished, %v; want %d", n, err, want)
			}
		}
		deferred, err := r.store.List(ctx, outbox.Filter{State: mailer.Waiting, Outcome: mailer.Deferred, Run: 1, Limit: 10})
		if err != nil || len(deferred) != 1 || deferred[0].Subscriber != 2 {
			t.Errorf("deferred %v, %v", deferred, err)
		}
		if n, err := r.store.Retry(ctx, false); n != 2 || err != nil {
			t.Errorf("retried %d, %v; want the deferred and the unknown one", n, err)
		}
		r.clock.advance(72 * time.Hour)
		if n, err := r.store.Retry(ctx, true); n != 4 || err != nil {
			t.Errorf("retried %d, %v; want the refused and the expired one too", n, err)
		}
		if e := r.all(t)[5]; !e.Created.After(r.clock.now().Add(-time.Minute)) {
			t.Error("an expired envelope that is tried again expires at once")
		}
		if n, err := r.store.Purge(ctx, r.clock.now()); n != 1 || err != nil {
			t.Errorf("purged %d, %v; want the accepted one", n, err)
		}
	})
}
