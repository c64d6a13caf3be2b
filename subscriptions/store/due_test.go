package store_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/subscriptions"
)

// seven is when a daily subscription made at noon is due.
var seven = time.Date(2026, 6, 2, 5, 0, 0, 0, time.UTC)

func (b *bench) lease(dueBy, now time.Time, limit int) []int64 {
	b.Helper()
	leased, err := b.leaseDue(dueBy, now, limit)
	if err != nil {
		b.Fatal(err)
	}
	return leased
}

// leaseDue lists who is due and leases them.
func (b *bench) leaseDue(dueBy, now time.Time, limit int) (leased []int64, err error) {
	due, err := b.s.Due(b.Context(), b.db.Reader, dueBy, now, limit)
	if err != nil {
		return nil, err
	}
	err = b.db.Tx(b.Context(), func(tx *sqlx.Tx) (err error) {
		leased, err = b.s.Lease(b.Context(), tx, "r1", due, dueBy, now, now.Add(time.Minute))
		return err
	})
	return leased, err
}

func (b *bench) due(dueBy time.Time, subscribers ...int64) []uint32 {
	b.Helper()
	subs, err := b.s.DueSubscriptions(b.Context(), b.db.Reader, subscribers, dueBy)
	if err != nil {
		b.Fatal(err)
	}
	var ids []uint32
	for i := range subs {
		if c, err := b.s.Criteria(subs[i].Stored); err != nil || c.Parsed().IsZero() {
			b.Errorf("criteria of %d are not understood: %v", subs[i].ID, err)
		}
		ids = append(ids, subs[i].ID)
	}
	return ids
}

func TestLeaseDueTakesWhoIsDueAndFree(t *testing.T) {
	each(t, func(b *bench) {
		anna, _ := b.confirmed("anna@example.org", "Koch", subscriptions.Daily)
		b.confirmed("anna@example.org", "Maler", subscriptions.Daily)
		bert, paused := b.confirmed("bert@example.org", "Koch", subscriptions.Daily)
		b.pause(paused, time.Time{}, subscriptions.CatchUp)
		cleo, _ := b.confirmed("cleo@example.org", "Koch", subscriptions.Daily)
		b.confirmed("dora@example.org", "Koch", subscriptions.Weekly)
		b.confirmed("emil@example.org", "Koch", subscriptions.Instant)
		if got := b.lease(seven.Add(-time.Second), seven, 10); len(got) != 0 {
			b.Errorf("before the hour: %v", got)
		}
		if got := b.lease(seven, seven, 10); !slices.Equal(got, []int64{anna, cleo}) {
			b.Fatalf("leased %v, want %v (not %d)", got, []int64{anna, cleo}, bert)
		}
		if got := b.lease(seven, seven.Add(30*time.Second), 10); len(got) != 0 {
			b.Errorf("leased again: %v", got)
		}
		b.tx(func(tx *sqlx.Tx) error { return b.s.Release(b.Context(), tx, []int64{cleo}) })
		if got := b.lease(seven, seven.Add(30*time.Second), 10); !slices.Equal(got, []int64{cleo}) {
			b.Errorf("released: %v", got)
		}
		if got := b.lease(seven, seven.Add(2*time.Minute), 1); len(got) != 1 {
			b.Errorf("run out, one at a time: %v", got)
		}
	})
}

func TestLeaseLeavesOutWhoWasServedSinceListed(t *testing.T) {
	each(t, func(b *bench) {
		anna, served := b.confirmed("anna@example.org", "Koch", subscriptions.Daily)
		cleo, _ := b.confirmed("cleo@example.org", "Koch", subscriptions.Daily)
		listed, err := b.s.Due(b.Context(), b.db.Reader, seven, seven, 10)
		if err != nil || !slices.Equal(listed, []int64{anna, cleo}) {
			b.Fatalf("listed %v, %v", listed, err)
		}
		was := b.get(served)
		b.advance(subscriptions.Advance{ID: served, Through: b.clock(), DueAt: seven.AddDate(0, 0, 1), SeenThrough: was.DeliveredThrough, SeenPosition: was.Position})
		b.tx(func(tx *sqlx.Tx) error {
			leased, err := b.s.Lease(b.Context(), tx, "r1", listed, seven, seven, seven.Add(time.Minute))
			if !slices.Equal(leased, []int64{cleo}) {
				b.Errorf("leased %v, want %v alone", leased, cleo)
			}
			return err
		})
	})
}

func TestBuildersLeaseDisjointly(t *testing.T) {
	each(t, func(b *bench) {
		want := make([]int64, 60)
		for i := range want {
			want[i], _ = b.confirmed(fmt.Sprintf("a%d@example.org", i), "Koch", subscriptions.Daily)
		}
		var mu sync.Mutex
		var all []int64
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for {
					got, err := b.leaseDue(seven, seven, 7)
					if err != nil {
						b.Error(err)
						return
					}
					if len(got) == 0 {
						if left, err := b.s.Due(b.Context(), b.db.Reader, seven, seven, 1); err != nil || len(left) == 0 {
							return
						}
						continue // another took all that were listed
					}
					mu.Lock()
					all = append(all, got...)
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		slices.Sort(all)
		slices.Sort(want)
		if !slices.Equal(all, want) {
			b.Errorf("leased %v, want each of %v once", all, want)
		}
	})
}

func TestDueSubscriptionsAreThoseOfTheMail(t *testing.T) {
	each(t, func(b *bench) {
		anna, daily := b.confirmed("anna@example.org", "Koch", subscriptions.Daily)
		_, weekly := b.confirmed("anna@example.org", "Maler", subscriptions.Weekly)
		_, waiting := b.confirmed("anna@example.org", "Gärtner", subscriptions.Instant)
		_, quiet := b.confirmed("anna@example.org", "Bote", subscriptions.Instant)
		bert, other := b.confirmed("bert@example.org", "Koch", subscriptions.Daily)
		b.tx(func(tx *sqlx.Tx) error {
			return b.s.WakeInstant(b.Context(), tx, []uint32{waiting}, b.get(waiting).DeliveredThrough+5, seven.Add(time.Hour))
		})
		if got := b.due(seven, anna, bert); !slices.Equal(got, []uint32{daily, waiting, other}) {
			b.Errorf("due %v, want %v (not %d, %d)", got, []uint32{daily, waiting, other}, weekly, quiet)
		}
		if got := b.due(seven); got != nil {
			b.Errorf("of nobody: %v", got)
		}
	})
}

func TestAdvanceIsGuardedByWhatTheDigestSaw(t *testing.T) {
	each(t, func(b *bench) {
		_, fine := b.confirmed("anna@example.org", "Koch", subscriptions.Daily)
		_, edited := b.confirmed("bert@example.org", "Koch", subscriptions.Daily)
		_, moved := b.confirmed("cleo@example.org", "Koch", subscriptions.Daily)
		_, paused := b.confirmed("dora@example.org", "Koch", subscriptions.Daily)
		var advances []subscriptions.Advance
		for _, id := range []uint32{paused, moved, edited, fine} {
			sub := b.get(id)
			advances = append(advances, subscriptions.Advance{ID: id, Through: 100, DueAt: seven.Add(24 * time.Hour), LastLocalDate: "2026-06-02",
				SeenThrough: sub.DeliveredThrough, SeenPosition: sub.Position})
		}
		b.edit(edited, wish(b, "Maler", subscriptions.Daily), noon)
		b.pause(paused, time.Time{}, subscriptions.CatchUp)
		sub := b.get(moved)
		b.advance(subscriptions.Advance{ID: moved, Through: 50, SeenThrough: sub.DeliveredThrough, SeenPosition: sub.Position})
		if got, want := b.advance(advances...), []uint32{edited, moved, paused}; !slices.Equal(got, want) {
			b.Errorf("failed %v, want %v", got, want)
		}
		now := b.get(fine)
		if now.DeliveredThrough != 100 || !now.DueAt.Equal(seven.Add(24*time.Hour)) || now.LastLocalDate != "2026-06-02" {
			b.Errorf("advanced to %+v", now)
		}
		if sub := b.get(moved); sub.DeliveredThrough != 50 || !sub.DueAt.IsZero() {
			b.Errorf("the earlier digest's window was passed over: %+v", sub)
		}
		if got := b.advance(); got != nil {
			b.Errorf("nothing to advance failed: %v", got)
		}
	})
}

func TestWakeInstantTouchesOnlyThoseWithNothingWaiting(t *testing.T) {
	each(t, func(b *bench) {
		_, id := b.confirmed("anna@example.org", "Koch", subscriptions.Instant)
		_, daily := b.confirmed("bert@example.org", "Koch", subscriptions.Daily)
		through := b.get(id).DeliveredThrough
		wake := func(before int64, at time.Time) {
			b.Helper()
			b.tx(func(tx *sqlx.Tx) error { return b.s.WakeInstant(b.Context(), tx, []uint32{id, daily}, before, at) })
		}
		wake(through-1, seven)
		if sub := b.get(id); !sub.DueAt.IsZero() || sub.DeliveredThrough != through {
			b.Errorf("woken for what was delivered: %+v", sub)
		}
		wake(through+9, seven)
		if sub := b.get(id); !sub.DueAt.Equal(seven) || sub.DeliveredThrough != through+9 {
			b.Errorf("woken to %+v", sub)
		}
		wake(through+20, seven.Add(time.Hour))
		if sub := b.get(id); !sub.DueAt.Equal(seven) || sub.DeliveredThrough != through+9 {
			b.Errorf("woken twice: %+v", sub)
		}
		if sub := b.get(daily); sub.DeliveredThrough > through+1 {
			b.Errorf("a daily one was woken: %+v", sub)
		}
	})
}

func TestSeveralCountsWhatWasEverConfirmed(t *testing.T) {
	each(t, func(b *bench) {
		anna, id := b.confirmed("anna@example.org", "Koch", subscriptions.Daily)
		b.confirmed("anna@example.org", "Maler", subscriptions.Daily)
		b.end(anna, noon, subscriptions.EndedDeleted, id)
		bert, _ := b.confirmed("bert@example.org", "Koch", subscriptions.Daily)
		b.signUp("bert@example.org", "Maler", noon)
		got, err := b.s.Several(b.Context(), b.db.Reader, []int64{anna, bert})
		if err != nil || len(got) != 1 || !got[anna] {
			b.Errorf("got %v, %v; want %d alone", got, err, anna)
		}
	})
}
