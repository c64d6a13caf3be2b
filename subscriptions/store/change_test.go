package store_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/subscriptions"
	"github.com/jobalertd/jobalertd/subscriptions/store"
)

func (b *bench) edit(id uint32, w subscriptions.Wish, now time.Time) {
	b.Helper()
	b.tx(func(tx *sqlx.Tx) error { return b.s.Edit(b.Context(), tx, id, w, now) })
}

func (b *bench) pause(id uint32, until time.Time, onReturn subscriptions.OnReturn) {
	b.Helper()
	b.tx(func(tx *sqlx.Tx) error {
		got, err := b.s.Pause(b.Context(), tx, []uint32{id}, until, onReturn)
		if err == nil && !slices.Equal(got, []uint32{id}) {
			b.Errorf("paused %v", got)
		}
		return err
	})
}

func (b *bench) resume(id uint32, now time.Time) {
	b.Helper()
	b.tx(func(tx *sqlx.Tx) error {
		got, err := b.s.Resume(b.Context(), tx, []uint32{id}, now)
		if err == nil && !slices.Equal(got, []uint32{id}) {
			b.Errorf("resumed %v", got)
		}
		return err
	})
}

func (b *bench) end(who int64, now time.Time, reason subscriptions.EndedReason, ids ...uint32) []uint32 {
	b.Helper()
	var ended []uint32
	b.tx(func(tx *sqlx.Tx) (err error) {
		ended, err = b.s.End(b.Context(), tx, who, ids, reason, subscriptions.Circumstances{Source: "page"}, now)
		return err
	})
	return ended
}

func (b *bench) undo(who int64, now time.Time, ids ...uint32) []uint32 {
	b.Helper()
	var back []uint32
	b.tx(func(tx *sqlx.Tx) (err error) {
		back, err = b.s.Undo(b.Context(), tx, who, ids, subscriptions.Circumstances{Source: "undo"}, now)
		return err
	})
	return back
}

func (b *bench) advance(a ...subscriptions.Advance) []uint32 {
	b.Helper()
	var failed []uint32
	b.tx(func(tx *sqlx.Tx) (err error) {
		failed, err = b.s.Advance(b.Context(), tx, a)
		return err
	})
	return failed
}

func TestEditedCriteriaCountForWhatIsNotYetDelivered(t *testing.T) {
	each(t, func(b *bench) {
		_, id := b.confirmed("anna@example.org", "Koch", subscriptions.Daily)
		was := b.get(id)
		b.publish(10)
		b.edit(id, wish(b, "Köchin OR Beikoch", subscriptions.Daily), noon)
		now := b.get(id)
		if now.Position != was.Position+11 || now.LoggedFrom != now.Position || now.DeliveredThrough != was.DeliveredThrough {
			b.Errorf("edited %+v to %+v", was, now)
		}
		if now.Criteria.Query != "Köchin OR Beikoch" || now.Criteria.Parsed().IsZero() {
			b.Errorf("criteria %+v", now.Criteria)
		}
	})
}

func TestAChangedScheduleLeavesTheLogsCoverage(t *testing.T) {
	each(t, func(b *bench) {
		_, id := b.confirmed("anna@example.org", "Koch", subscriptions.Daily)
		was := b.get(id)
		w := wish(b, "Koch", subscriptions.Weekly)
		w.Label = "Küche"
		b.edit(id, w, noon)
		now := b.get(id)
		if now.LoggedFrom != was.LoggedFrom || now.Position == was.Position || now.Label != "Küche" {
			b.Errorf("edited %+v to %+v", was, now)
		}
		if want := time.Date(2026, 6, 8, 5, 0, 0, 0, time.UTC); !now.DueAt.Equal(want) {
			b.Errorf("due %s, want %s", now.DueAt, want)
		}
		b.edit(id, wish(b, "Koch", subscriptions.Instant), noon)
		if now := b.get(id); !now.DueAt.Equal(noon) {
			b.Errorf("made instant, due %s; want at once", now.DueAt)
		}
	})
}

func TestEditKeepsWhatIsOwedAndServesADayOnce(t *testing.T) {
	each(t, func(b *bench) {
		_, id := b.confirmed("anna@example.org", "Koch", subscriptions.Daily)
		due := b.get(id).DueAt
		late := due.Add(3 * time.Hour)
		w := wish(b, "Koch", subscriptions.Daily)
		w.Schedule.Hour = 18
		b.edit(id, w, late)
		if now := b.get(id); !now.DueAt.Equal(due) {
			b.Errorf("an owed digest moved from %s to %s", due, now.DueAt)
		}
		sub := b.get(id)
		b.advance(subscriptions.Advance{ID: id, Through: sub.Position, DueAt: late.Add(8 * time.Hour), LastLocalDate: "2026-06-02", SeenThrough: sub.DeliveredThrough, SeenPosition: sub.Position})
		w.Schedule.Hour = 20
		b.edit(id, w, late)
		if now, want := b.get(id), time.Date(2026, 6, 3, 18, 0, 0, 0, time.UTC); !now.DueAt.Equal(want) {
			b.Errorf("served today, due %s; want %s", now.DueAt, want)
		}
	})
}

func TestEditNeedsSomethingThatStands(t *testing.T) {
	each(t, func(b *bench) {
		made := b.signUp("anna@example.org", "Koch", noon)
		who, id := b.confirmed("bert@example.org", "Koch", subscriptions.Daily)
		b.end(who, noon, subscriptions.EndedDeleted, id)
		for _, id := range []uint32{made.Subscription, id, 999} {
			err := b.db.Tx(b.Context(), func(tx *sqlx.Tx) error {
				return b.s.Edit(b.Context(), tx, id, wish(b, "Maler", subscriptions.Daily), noon)
			})
			if !errors.Is(err, store.ErrNotFound) {
				b.Errorf("edited %d: %v", id, err)
			}
		}
	})
}

func TestAPauseKeepsTheIndexAndReturnsAsChosen(t *testing.T) {
	each(t, func(b *bench) {
		for i, onReturn := range []subscriptions.OnReturn{subscriptions.CatchUp, subscriptions.BestOnly, subscriptions.StartFresh} {
			_, id := b.confirmed(string(rune('a'+i))+"@example.org", "Koch", subscriptions.Daily)
			was := b.get(id)
			b.pause(id, time.Time{}, onReturn)
			paused := b.get(id)
			if paused.State != subscriptions.Paused || !paused.DueAt.IsZero() || paused.LoggedFrom != was.LoggedFrom {
				b.Errorf("paused %+v", paused)
			}
			changes, err := b.s.CriteriaChanges(b.Context(), b.db.Reader, paused.Position-1, 10)
			if err != nil || len(changes) != 1 || changes[0].Criteria == nil {
				b.Errorf("followers see %v, %v", changes, err)
			}
			b.publish(5)
			b.resume(id, noon.Add(48*time.Hour))
			now := b.get(id)
			through := was.DeliveredThrough
			after := onReturn
			if onReturn == subscriptions.StartFresh {
				through, after = now.Position, subscriptions.CatchUp
			}
			if now.State != subscriptions.Confirmed || now.DeliveredThrough != through || now.LoggedFrom != was.LoggedFrom || now.OnReturn != after {
				b.Errorf("%s: back as %+v", onReturn, now)
			}
			if want := time.Date(2026, 6, 4, 5, 0, 0, 0, time.UTC); !now.DueAt.Equal(want) {
				b.Errorf("due %s, want %s", now.DueAt, want)
			}
			b.advance(subscriptions.Advance{ID: id, Through: now.Position, DueAt: now.DueAt, SeenThrough: now.DeliveredThrough, SeenPosition: now.Position})
			if spent := b.get(id); spent.OnReturn != subscriptions.CatchUp {
				b.Errorf("after its digest still %s", spent.OnReturn)
			}
		}
	})
}

func TestResumeDueEndsPausesWhoseTimeHasCome(t *testing.T) {
	each(t, func(b *bench) {
		_, soon := b.confirmed("anna@example.org", "Koch", subscriptions.Instant)
		_, later := b.confirmed("bert@example.org", "Koch", subscriptions.Daily)
		_, open := b.confirmed("cleo@example.org", "Koch", subscriptions.Daily)
		b.pause(soon, noon.Add(time.Hour), subscriptions.CatchUp)
		b.pause(later, noon.Add(3*time.Hour), subscriptions.CatchUp)
		b.pause(open, time.Time{}, subscriptions.CatchUp)
		now := noon.Add(2 * time.Hour)
		if n, err := b.s.ResumeDue(b.Context(), now); err != nil || n != 1 {
			b.Fatalf("resumed %d, %v; want 1", n, err)
		}
		if sub := b.get(soon); sub.State != subscriptions.Confirmed || !sub.DueAt.Equal(now) || !sub.PausedUntil.IsZero() {
			b.Errorf("back as %+v", sub)
		}
		for _, id := range []uint32{later, open} {
			if sub := b.get(id); sub.State != subscriptions.Paused {
				b.Errorf("%d is %s", id, sub.State)
			}
		}
	})
}

func TestEndLeavesTheIndexAndUndoMissesNothing(t *testing.T) {
	each(t, func(b *bench) {
		who, id := b.confirmed("anna@example.org", "Koch", subscriptions.Daily)
		stranger, _ := b.confirmed("bert@example.org", "Koch", subscriptions.Daily)
		was := b.get(id)
		if ended := b.end(stranger, noon, subscriptions.EndedUnsubscribed, id); len(ended) != 0 {
			b.Errorf("a stranger ended %v", ended)
		}
		if ended := b.end(who, noon, subscriptions.EndedUnsubscribed, id); !slices.Equal(ended, []uint32{id}) {
			b.Fatalf("ended %v", ended)
		}
		ended := b.get(id)
		if ended.State != subscriptions.Ended || ended.EndedReason != subscriptions.EndedUnsubscribed || !ended.DueAt.IsZero() || !ended.EndedAt.Equal(noon) {
			b.Errorf("ended as %+v", ended)
		}
		changes, err := b.s.CriteriaChanges(b.Context(), b.db.Reader, ended.Position-1, 10)
		if err != nil || len(changes) != 1 || changes[0].Criteria != nil {
			b.Errorf("followers see %v, %v", changes, err)
		}
		if again := b.end(who, noon, subscriptions.EndedDeleted, id); len(again) != 0 || b.get(id).EndedReason != subscriptions.EndedUnsubscribed {
			b.Errorf("ended twice: %v", again)
		}
		b.publish(3)
		if back := b.undo(who, noon.Add(time.Hour), id); !slices.Equal(back, []uint32{id}) {
			b.Fatalf("brought back %v", back)
		}
		now := b.get(id)
		if now.State != subscriptions.Confirmed || now.DeliveredThrough != was.DeliveredThrough || now.LoggedFrom != now.Position || !now.EndedAt.IsZero() || now.DueAt.IsZero() {
			b.Errorf("back as %+v", now)
		}
	})
}

func TestUndoIsForHerOwnEndAndNotForEver(t *testing.T) {
	each(t, func(b *bench) {
		who, id := b.confirmed("anna@example.org", "Koch", subscriptions.Daily)
		b.end(who, noon, subscriptions.EndedComplained, id)
		if back := b.undo(who, noon, id); len(back) != 0 {
			b.Errorf("brought back after a complaint: %v", back)
		}
		who, id = b.confirmed("bert@example.org", "Koch", subscriptions.Daily)
		b.end(who, noon, subscriptions.EndedDeleted, id)
		if back := b.undo(who, noon.Add(subscriptions.UndoWithin+time.Second), id); len(back) != 0 {
			b.Errorf("brought back too late: %v", back)
		}
		if back := b.undo(who+1, noon, id); len(back) != 0 {
			b.Errorf("a stranger brought back %v", back)
		}
		if back := b.undo(who, noon.Add(subscriptions.UndoWithin), id); len(back) != 1 {
			b.Errorf("within the time: %v", back)
		}
	})
}

func TestEndAllEndsEverythingThatStands(t *testing.T) {
	each(t, func(b *bench) {
		who, first := b.confirmed("anna@example.org", "Koch", subscriptions.Daily)
		_, second := b.confirmed("anna@example.org", "Maler", subscriptions.Daily)
		b.pause(second, time.Time{}, subscriptions.CatchUp)
		b.tx(func(tx *sqlx.Tx) error {
			ended, err := b.s.EndAll(b.Context(), tx, who, subscriptions.EndedComplained, subscriptions.Circumstances{Source: "mail"}, noon)
			if !slices.Equal(ended, []uint32{first, second}) {
				b.Errorf("ended %v", ended)
			}
			return err
		})
	})
}

func TestEraseLeavesNumbersAndHashesAlone(t *testing.T) {
	each(t, func(b *bench) {
		who, id := b.confirmed("anna.muster@example.org", "Medizininformatiker", subscriptions.Daily)
		b.signUp("anna.muster@example.org", "Seiltänzer", noon)
		w := wish(b, "Medizininformatiker", subscriptions.Daily)
		w.Label = "Traumstelle"
		b.edit(id, w, noon)
		b.tx(func(tx *sqlx.Tx) error {
			return b.s.Erase(b.Context(), tx, who, subscriptions.Circumstances{Source: "page"}, noon)
		})
		dump := b.dump()
		for _, personal := range []string{"anna", "muster", "Medizin", "Seil", "Traumstelle", "192.0.2.7", "Gelsenkirchen", "Berlin"} {
			if strings.Contains(dump, personal) {
				b.Errorf("%s stayed:\n%s", personal, dump)
			}
		}
		sub := b.get(id)
		if sub.State != subscriptions.Ended || sub.EndedReason != subscriptions.EndedErased {
			b.Errorf("left %+v", sub)
		}
		changes, err := b.s.CriteriaChanges(b.Context(), b.db.Reader, sub.Position-1, 10)
		if err != nil || len(changes) != 1 || changes[0].Criteria != nil {
			b.Errorf("followers see %v, %v", changes, err)
		}
		gone, err := b.s.Subscriber(b.Context(), b.db.Reader, who)
		if err != nil || !gone.Erased || gone.Email != "" || gone.Rotation != 1 {
			b.Errorf("subscriber %+v, %v", gone, err)
		}
		err = b.db.Tx(b.Context(), func(tx *sqlx.Tx) error { return b.s.Erase(b.Context(), tx, who, subscriptions.Circumstances{}, noon) })
		if !errors.Is(err, store.ErrNotFound) {
			b.Errorf("erased twice: %v", err)
		}
		again, _ := b.confirmed("anna.muster@example.org", "Koch", subscriptions.Daily)
		if again == who {
			b.Error("the erased subscriber came back")
		}
	})
}

func TestChangeAddressVoidsLinksAndTakesNoOneElses(t *testing.T) {
	each(t, func(b *bench) {
		anna, _ := b.confirmed("anna@example.org", "Koch", subscriptions.Daily)
		b.confirmed("bert@example.org", "Koch", subscriptions.Daily)
		change := func(address string) error {
			return b.db.Tx(b.Context(), func(tx *sqlx.Tx) error {
				return b.s.ChangeAddress(b.Context(), tx, anna, address, subscriptions.Circumstances{Source: "page"}, noon)
			})
		}
		if err := change("BERT@example.org"); !errors.Is(err, store.ErrAddressTaken) {
			b.Errorf("took bert's: %v", err)
		}
		if err := change("anna@new.example"); err != nil {
			b.Fatal(err)
		}
		who, err := b.s.SubscriberByAddress(b.Context(), b.db.Reader, "Anna@New.example")
		if err != nil || who.ID != anna || who.Rotation != 1 {
			b.Errorf("found %+v, %v", who, err)
		}
		if _, err := b.s.SubscriberByAddress(b.Context(), b.db.Reader, "anna@example.org"); !errors.Is(err, store.ErrNotFound) {
			b.Errorf("the old address: %v", err)
		}
	})
}

func TestPurgeConsentsKeepsWhoIsHereAndWhatIsRecent(t *testing.T) {
	each(t, func(b *bench) {
		left, id := b.confirmed("anna@example.org", "Koch", subscriptions.Daily)
		stays, _ := b.confirmed("bert@example.org", "Koch", subscriptions.Daily)
		b.end(left, noon.Add(time.Hour), subscriptions.EndedDeleted, id)
		if n, err := b.s.PurgeConsents(b.Context(), noon.Add(time.Minute)); err != nil || n != 0 {
			b.Errorf("purged %d of a recent leaver, %v", n, err)
		}
		if n, err := b.s.PurgeConsents(b.Context(), noon.Add(2*time.Hour)); err != nil || n != 3 {
			b.Errorf("purged %d, %v; want 3", n, err)
		}
		if record, err := b.s.Consents(b.Context(), b.db.Reader, stays); err != nil || len(record) != 2 {
			b.Errorf("bert's record %v, %v", record, err)
		}
	})
}
