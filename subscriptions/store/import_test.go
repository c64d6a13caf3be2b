package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/jobalertd/jobalertd/subscriptions"
	"github.com/jobalertd/jobalertd/subscriptions/store"
)

func TestImportStoresBatchesUnderOneAdvanceEachAndRepeatsNothing(t *testing.T) {
	each(t, func(b *bench) {
		imports := make([]subscriptions.Import, store.ImportBatch+50)
		for i := range imports {
			imports[i] = subscriptions.Import{Email: fmt.Sprintf("a%d@example.org", i%500), Locale: "en", Wish: wish(b, "Koch", subscriptions.Daily),
				How: subscriptions.Circumstances{TextVersion: "v1", Source: "import"}}
			if i >= 500 {
				imports[i].Wish = wish(b, fmt.Sprintf("Koch k%d", i), subscriptions.Weekly)
			}
			if i%2 == 0 {
				imports[i].ConfirmedAt = noon.Add(-time.Hour)
			}
		}
		ids, err := b.s.Import(b.Context(), imports, noon)
		if err != nil || len(ids) != len(imports) || b.clock() != 2 {
			b.Fatalf("%d numbers, clock %d, %v", len(ids), b.clock(), err)
		}
		seen := map[uint32]bool{}
		for i, id := range ids {
			if id == 0 || seen[id] {
				b.Fatalf("import %d has number %d", i, id)
			}
			seen[id] = true
		}
		for _, i := range []int{0, 1, 499, 501, 1048, 1049} {
			sub := b.get(ids[i])
			who, err := b.s.Subscriber(b.Context(), b.db.Reader, sub.Subscriber)
			if err != nil || who.Email != imports[i].Email || who.Locale != "en" {
				b.Errorf("import %d belongs to %+v, %v", i, who, err)
			}
			if confirmed := sub.State == subscriptions.Confirmed; confirmed != (i%2 == 0) || confirmed && (sub.Position != int64(i/store.ImportBatch)+1 || sub.DueAt.IsZero() || !sub.ConfirmedAt.Equal(imports[i].ConfirmedAt)) {
				b.Errorf("import %d is %+v", i, sub)
			}
			if sub.Criteria.Query != imports[i].Wish.Criteria.Query {
				b.Errorf("import %d asks for %s", i, sub.Criteria.Query)
			}
		}
		again, err := b.s.Import(b.Context(), imports[:10], noon)
		if err != nil {
			b.Fatal(err)
		}
		for i, id := range again {
			if id != 0 {
				b.Errorf("import %d was repeated as %d", i, id)
			}
		}
		made := b.signUp("new@example.org", "Koch", noon)
		if seen[made.Subscription] {
			b.Errorf("number %d was given twice", made.Subscription)
		}
	})
}
