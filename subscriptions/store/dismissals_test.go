package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/subscriptions"
)

func TestDismissed_IsHersUntilReadmittedPurgedOrErased(t *testing.T) {
	each(t, func(b *bench) {
		anna, _ := b.confirmed("anna@example.org", "Koch", subscriptions.Daily)
		bert, _ := b.confirmed("bert@example.org", "Koch", subscriptions.Daily)
		before := b.clock()
		b.tx(func(tx *sqlx.Tx) error {
			for _, posting := range []uint32{7, 4294967295, 7} {
				if err := b.s.Dismiss(b.Context(), tx, anna, posting, noon); err != nil {
					return err
				}
			}
			return b.s.Dismiss(b.Context(), tx, bert, 8, noon.Add(time.Hour))
		})
		if b.clock() != before {
			b.Error("dismissing took the clock")
		}
		if got := b.dismissed(anna); len(got) != 2 || got[0].Posting != 7 || got[1].Posting != 4294967295 || !got[0].At.Equal(noon) {
			b.Errorf("dismissed %+v", got)
		}
		b.tx(func(tx *sqlx.Tx) error { return b.s.Readmit(b.Context(), tx, anna, 7) })
		if got := b.dismissed(anna); len(got) != 1 {
			b.Errorf("readmitted, left %+v", got)
		}
		all, err := b.s.Export(b.Context(), b.db.Reader, anna)
		if err != nil || len(all.Dismissed) != 1 {
			b.Errorf("exported %+v, %v", all.Dismissed, err)
		}
		b.tx(func(tx *sqlx.Tx) error {
			n, err := b.s.PurgeDismissals(b.Context(), tx, noon.Add(time.Minute))
			if n != 1 {
				b.Errorf("purged %d", n)
			}
			return err
		})
		if len(b.dismissed(anna)) != 0 || len(b.dismissed(bert)) != 1 {
			b.Error("the purge took the wrong ones")
		}
		b.tx(func(tx *sqlx.Tx) error { return b.s.Erase(b.Context(), tx, bert, subscriptions.Circumstances{}, noon) })
		if len(b.dismissed(bert)) != 0 || strings.Contains(b.dump(), "bert@example.org") {
			b.Error("something of an erased subscriber stayed")
		}
	})
}

func (b *bench) dismissed(subscriber int64) []subscriptions.Dismissal {
	b.Helper()
	of, err := b.s.Dismissed(b.Context(), b.db.Reader, []int64{subscriber})
	if err != nil {
		b.Fatal(err)
	}
	return of[subscriber]
}
