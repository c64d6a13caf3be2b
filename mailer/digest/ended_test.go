package digest_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/subscriptions"
)

// of lists the alerts that a table knows.
func (o *office) of(table string) []uint32 {
	o.Helper()
	var ids []uint32
	o.must(o.db.Reader.SelectContext(o.Context(), &ids, "SELECT DISTINCT subscription_id FROM "+table+" ORDER BY subscription_id"))
	return ids
}

func TestPurgeEnded_KeepsWhatMayBeTakenUpAgain(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		_, stays := o.subscribe("a@example.org", o.wish("Koch"))
		_, ended := o.subscribe("b@example.org", o.wish("Koch"))
		gone, erased := o.subscribe("c@example.org", o.wish("Koch"))
		_, late := o.subscribe("d@example.org", o.wish("Koch"))
		all := []uint32{stays, ended, erased, late}
		for range 2 {
			o.checkups()
			o.advance(61 * 24 * time.Hour)
		}
		tables := []string{"vitals", "checkups"}
		for _, table := range tables {
			if got := o.of(table); !slices.Equal(got, all) {
				t.Fatalf("%s are of %v, want %v", table, got, all)
			}
		}
		end := func(id uint32) {
			o.tx(func(ctx context.Context, tx *sqlx.Tx) error {
				_, err := o.subs.End(ctx, tx, o.get(id).Subscriber, []uint32{id}, subscriptions.EndedUnsubscribed, subscriptions.Circumstances{}, o.now())
				return err
			})
		}
		end(ended)
		o.advance(24 * time.Hour)
		end(late)
		o.exec("DELETE FROM subscriptions WHERE subscriber_id = ?", gone)
		want := []uint32{stays, late}
		for range 2 {
			o.must(o.PurgeEnded(t.Context(), o.now()))
			for _, table := range tables {
				if got := o.of(table); !slices.Equal(got, want) {
					t.Errorf("%s are of %v, want %v", table, got, want)
				}
			}
			o.advance(time.Second)
			want = []uint32{stays}
		}
	})
}

func TestPurgeSeparations_ForgetsWhatWasSaidBefore(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		separate := func(numbers ...uint32) {
			o.tx(func(ctx context.Context, tx *sqlx.Tx) error { return o.Separate(ctx, tx, 7, numbers, o.now()) })
		}
		separate(1, 2, 3)
		o.advance(time.Hour)
		separate(3, 4)
		purge := func() (n int64) {
			o.tx(func(ctx context.Context, tx *sqlx.Tx) (err error) {
				n, err = o.PurgeSeparations(ctx, tx, o.now())
				return err
			})
			return n
		}
		if first, again := purge(), purge(); first != 3 || again != 0 {
			t.Errorf("purged %d and then %d, want 3 and none", first, again)
		}
		var left int
		o.must(o.db.Reader.GetContext(t.Context(), &left, "SELECT COUNT(*) FROM separations WHERE low = 3 AND high = 4"))
		if left != 1 {
			t.Errorf("what was said now is gone")
		}
	})
}
