package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// Builders advance and release pages of rows while visitors change the same ones, each
// as those who call them do: nobody is refused, and no window moves back or jumps what
// another moved. All take their rows in one order, so that hardly anybody waits in a
// circle; where PostgreSQL joins so few rows in another order, one of two begins again.
func TestBuildersAndVisitorsNeverRefuseEachOther(t *testing.T) {
	each(t, func(b *bench) {
		var ids []uint32
		var owners []int64
		for i := range 24 {
			who, id := b.confirmed(fmt.Sprintf("a%d@example.org", i%12), fmt.Sprintf("Koch k%d", i), subscriptions.Daily)
			ids, owners = append(ids, id), append(owners, who)
		}
		w := wish(b, "Maler", subscriptions.Daily)
		var wg sync.WaitGroup
		for n := range 3 {
			wg.Go(func() { b.build(rand.New(rand.NewPCG(1, uint64(n)))) })
			wg.Go(func() { b.visit(rand.New(rand.NewPCG(2, uint64(n))), ids, owners, w) })
		}
		wg.Wait()
		for _, id := range ids {
			if sub := b.get(id); sub.DeliveredThrough > b.clock() || sub.LoggedFrom > sub.Position {
				b.Errorf("%+v at clock %d", sub, b.clock())
			}
		}
	})
}

// build leases and advances a few pages, as digests do.
func (b *bench) build(random *rand.Rand) {
	for range 15 {
		leased, err := b.leaseDue(seven.AddDate(1, 0, 0), seven, 6)
		if err != nil {
			b.Errorf("lease: %v", err)
			return
		}
		cutoff, err := database.Position(b.Context(), b.db.Reader)
		if err != nil {
			b.Error(err)
			return
		}
		subs, err := b.s.DueSubscriptions(b.Context(), b.db.Reader, leased, seven.AddDate(1, 0, 0))
		if err != nil {
			b.Error(err)
			return
		}
		var advances []subscriptions.Advance
		for _, sub := range subs {
			advances = append(advances, subscriptions.Advance{ID: sub.ID, Through: max(cutoff, sub.DeliveredThrough), DueAt: seven, SeenThrough: sub.DeliveredThrough, SeenPosition: sub.Position})
		}
		random.Shuffle(len(advances), func(i, j int) { advances[i], advances[j] = advances[j], advances[i] })
		err = database.Retry(b.Context(), func(ctx context.Context) error {
			return b.db.Tx(ctx, func(tx *sqlx.Tx) error {
				if _, err := b.s.Advance(ctx, tx, advances); err != nil {
					return err
				}
				return b.s.Release(ctx, tx, leased)
			})
		})
		if err != nil {
			b.Errorf("advance: %v", err)
			return
		}
	}
}

// visit changes random subscriptions, several at a time and in no order.
func (b *bench) visit(random *rand.Rand, ids []uint32, owners []int64, w subscriptions.Wish) {
	for range 15 {
		i := random.IntN(len(ids))
		some := []uint32{ids[random.IntN(len(ids))], ids[random.IntN(len(ids))], ids[i]}
		what := random.IntN(5)
		err := database.Patient{DB: b.db}.Tx(b.Context(), func(tx *sqlx.Tx) (err error) {
			switch what {
			case 0:
				_, err = b.s.Pause(b.Context(), tx, some, time.Time{}, subscriptions.CatchUp)
			case 1:
				_, err = b.s.Resume(b.Context(), tx, some, noon)
			case 2:
				_, err = b.s.End(b.Context(), tx, owners[i], some, subscriptions.EndedDeleted, subscriptions.Circumstances{}, noon)
			case 3:
				_, err = b.s.Undo(b.Context(), tx, owners[i], some, subscriptions.Circumstances{}, noon)
			default:
				_, err = b.s.SignUp(b.Context(), tx, subscriptions.SignUp{Address: fmt.Sprintf("a%d@example.org", i%12), Locale: "de", Wish: w}, noon)
			}
			return err
		})
		if err != nil {
			b.Errorf("visit: %v", err)
			return
		}
	}
}
