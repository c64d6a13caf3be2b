package store_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"pgregory.net/rapid"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/subscriptions"
)

func TestPagesOfChangesCutNoPositionInTwo(t *testing.T) {
	each(t, func(b *bench) {
		imports := make([]subscriptions.Import, 10)
		for i := range imports {
			imports[i] = subscriptions.Import{Email: fmt.Sprintf("a%d@example.org", i), Locale: "de", Wish: wish(b, "Koch", subscriptions.Instant), ConfirmedAt: noon}
		}
		if _, err := b.s.Import(b.Context(), imports, noon); err != nil {
			b.Fatal(err)
		}
		_, single := b.confirmed("bert@example.org", "Koch", subscriptions.Daily)
		first, err := b.s.CriteriaChanges(b.Context(), b.db.Reader, 0, 3)
		if err != nil || len(first) != 10 || first[9].Position != 1 {
			b.Fatalf("the first page has %d, %v; want the ten of position 1", len(first), err)
		}
		second, err := b.s.CriteriaChanges(b.Context(), b.db.Reader, 1, 3)
		if err != nil || len(second) != 1 || second[0].Subscription != single || second[0].Position != 2 {
			b.Errorf("the second page is %v, %v", second, err)
		}
		instant, err := b.s.InstantChanges(b.Context(), b.db.Reader, 0, 10)
		if err != nil || len(instant) != 10 || !instant[0].Instant {
			b.Errorf("instant changes %v, %v", instant, err)
		}
		if instant, err = b.s.InstantChanges(b.Context(), b.db.Reader, 1, 10); err != nil || len(instant) != 1 || instant[0].Instant {
			b.Errorf("then %v, %v", instant, err)
		}
	})
}

// follower is what an index holds: criteria by subscription.
type follower struct {
	at       int64
	standing map[uint32]string
}

func (f *follower) follow(b *bench, limit int) {
	b.Helper()
	for {
		changes, err := b.s.CriteriaChanges(b.Context(), b.db.Reader, f.at, limit)
		if err != nil {
			b.Fatal(err)
		}
		if len(changes) == 0 {
			return
		}
		for _, c := range changes {
			if c.Position < f.at {
				b.Fatalf("position %d after %d", c.Position, f.at)
			}
			f.at = c.Position
			delete(f.standing, c.Subscription)
			if c.Criteria != nil {
				f.standing[c.Subscription] = asJSON(b, c.Criteria)
			}
		}
	}
}

func asJSON(b *bench, c *alerts.Criteria) string {
	b.Helper()
	out, err := json.Marshal(c)
	if err != nil {
		b.Fatal(err)
	}
	return string(out)
}

func standing(b *bench) map[uint32]string {
	b.Helper()
	all := map[uint32]string{}
	defer func() {
		if n, err := b.s.AboutStanding(b.Context(), b.db.Reader); err != nil || n > len(all) {
			b.Errorf("%d stand, about %d, %v", len(all), n, err)
		}
	}()
	err := b.s.StandingCriteria(b.Context(), b.db.Reader, func(c alerts.CriteriaChange) error {
		all[c.Subscription] = asJSON(b, c.Criteria)
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return all
}

// Whatever is done in whatever order, a follower of the changes ends with what
// stands, and windows only move forward.
func TestFollowersAgreeWithWhatStands(t *testing.T) {
	each(t, func(b *bench) {
		queries := []string{"Koch", "Maler", "Gärtner"}
		frequencies := []subscriptions.Frequency{subscriptions.Instant, subscriptions.Daily, subscriptions.Weekly, "fortnight"}
		var ids []uint32
		f := follower{standing: map[uint32]string{}}
		now, n := noon, 0
		rapid.Check(t, func(t *rapid.T) {
			n++
			now = now.Add(time.Duration(rapid.IntRange(0, 40).Draw(t, "hours")) * time.Hour)
			made := b.signUp(fmt.Sprintf("a%d@example.org", n%7), rapid.SampledFrom(queries).Draw(t, "query"), now)
			if made.Subscription != 0 {
				ids = append(ids, made.Subscription)
			}
			for range rapid.IntRange(1, 4).Draw(t, "steps") {
				if len(ids) == 0 {
					continue
				}
				id := rapid.SampledFrom(ids).Draw(t, "id")
				sub, err := b.s.Get(b.Context(), b.db.Reader, id)
				if err != nil {
					continue // purged
				}
				step := rapid.SampledFrom([]string{"confirm", "edit", "pause", "resume", "end", "undo", "purge"}).Draw(t, "step")
				b.tx(func(tx *sqlx.Tx) (err error) {
					switch step {
					case "confirm":
						_, err = b.s.Confirm(b.Context(), tx, id, subscriptions.Circumstances{}, now)
					case "edit":
						if sub.State == subscriptions.Confirmed || sub.State == subscriptions.Paused {
							err = b.s.Edit(b.Context(), tx, id, wish(b, rapid.SampledFrom(queries).Draw(t, "new query"), rapid.SampledFrom(frequencies).Draw(t, "frequency")), now)
						}
					case "pause":
						_, err = b.s.Pause(b.Context(), tx, []uint32{id}, now.Add(time.Hour), subscriptions.StartFresh)
					case "resume":
						_, err = b.s.Resume(b.Context(), tx, []uint32{id}, now)
					case "end":
						_, err = b.s.End(b.Context(), tx, sub.Subscriber, []uint32{id}, subscriptions.EndedDeleted, subscriptions.Circumstances{}, now)
					case "undo":
						_, err = b.s.Undo(b.Context(), tx, sub.Subscriber, []uint32{id}, subscriptions.Circumstances{}, now)
					}
					return err
				})
				if step == "purge" {
					if _, err := b.s.PurgeUnconfirmed(b.Context(), now); err != nil {
						t.Fatal(err)
					}
					continue
				}
				after := b.get(id)
				if after.DeliveredThrough < sub.DeliveredThrough || after.LoggedFrom < sub.LoggedFrom || after.LoggedFrom > after.Position || after.DeliveredThrough > b.clock() {
					t.Fatalf("%s moved %+v to %+v", step, sub, after)
				}
			}
			f.follow(b, rapid.IntRange(1, 3).Draw(t, "page"))
			if want := standing(b); !maps.Equal(f.standing, want) {
				t.Fatalf("follower holds %v, standing are %v", f.standing, want)
			}
		})
	})
}
