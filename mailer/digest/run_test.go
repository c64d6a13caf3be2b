package digest_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/config/database/databasetest"
	"github.com/jobalertd/jobalertd/mailer/digest"
)

// meddling is the subscriptions' store with something happening each time that a
// page's history is read: between a builder's reading and its recording.
type meddling struct {
	digest.Subscriptions
	between func()
}

func (m *meddling) Several(ctx context.Context, q sqlx.ExtContext, subscribers []int64) (map[int64]bool, error) {
	if f := m.between; f != nil {
		f()
	}
	return m.Subscriptions.Several(ctx, q, subscribers)
}

func (o *office) meddled(between func()) *digest.Builder {
	return o.another(func(options *digest.Options) { options.Subscriptions = &meddling{o.subs, between} })
}

func TestRun_DeliversEachPostingOnceInOneDigest(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		who, id := o.subscribe("a@example.org", o.wish("Koch OR Bäcker"))
		first := o.publish("p", o.posting("Koch (m/w/d)"), o.posting("Bäckerin"), o.posting("Maurer"))
		if sum := o.tomorrow(); sum.Envelopes != 1 || sum.Postings != 2 || sum.Subscribers != 1 {
			t.Errorf("built %+v, want one envelope with two postings", sum)
		}
		second := o.publish("q", o.posting("Köchin"))
		o.tomorrow()
		o.publish("p", o.posting("Koch, neu beschrieben (m/w/d)")) // an update
		if sum := o.tomorrow(); sum.Envelopes != 0 || sum.Empty != 1 {
			t.Errorf("after an update %+v was built, want nothing", sum)
		}
		if got, want := o.got(who), [][]uint32{first[:2], second}; !reflect.DeepEqual(sorted(got), want) {
			t.Errorf("got %v, want %v", got, want)
		}
		position, err := database.Position(t.Context(), o.db.Reader)
		o.must(err)
		if s := o.get(id); s.DeliveredThrough != position || !s.DueAt.After(o.now()) {
			t.Errorf("delivered through %d at position %d, due at %v at %v", s.DeliveredThrough, position, s.DueAt, o.now())
		}
	})
}

func sorted(lists [][]uint32) [][]uint32 {
	for i := range lists {
		slices.Sort(lists[i])
	}
	return lists
}

func TestRun_BuildsAgainForWhomeverChangedUnderItsHands(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		who, id := o.subscribe("a@example.org", o.wish("Koch"))
		other, _ := o.subscribe("b@example.org", o.wish("Koch"))
		cook := o.publish("p", o.posting("Koch"))
		baker := o.publish("q", o.posting("Bäcker"))
		o.advance(24 * time.Hour)
		var once sync.Once
		b := o.meddled(func() {
			once.Do(func() {
				o.tx(func(ctx context.Context, tx *sqlx.Tx) error {
					return o.subs.Edit(ctx, tx, id, o.wish("Bäcker"), o.now())
				})
				o.exec("UPDATE subscriptions SET due_at_ms = ? WHERE id = ?", o.now().UnixMilli(), id)
			})
		})
		sum, err := b.Run(t.Context(), o.now())
		o.must(err)
		if got, want := o.got(who), [][]uint32{baker}; !reflect.DeepEqual(got, want) {
			t.Errorf("she got %v, want %v by her new criteria", got, want)
		}
		if got, want := o.got(other), [][]uint32{cook}; !reflect.DeepEqual(got, want) {
			t.Errorf("the other got %v, want %v", got, want)
		}
		if sum.Subscribers != 2 {
			t.Errorf("served %d, want 2", sum.Subscribers)
		}
	})
}

func TestRun_LeavesToTheNextWhomeverKeepsChanging(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		who, id := o.subscribe("a@example.org", o.wish("Koch"))
		cook := o.publish("p", o.posting("Koch"))
		o.advance(24 * time.Hour)
		changes := 0
		b := o.meddled(func() {
			changes++
			o.exec("UPDATE subscriptions SET position = position + 1 WHERE id = ?", id)
		})
		sum, err := b.Run(t.Context(), o.now())
		o.must(err)
		if sum.Subscribers != 0 || changes == 0 || changes > 5 {
			t.Errorf("served %d after %d changes, want none after a few", sum.Subscribers, changes)
		}
		o.run() // her lease has not to run out for this
		if got, want := o.got(who), [][]uint32{cook}; !reflect.DeepEqual(got, want) {
			t.Errorf("then she got %v, want %v", got, want)
		}
	})
}

// A replica that outlives its lease builds one alert while another replica builds
// the other: the posting that both meet must come once.
func TestRun_RecordsNothingOnAHistoryThatHasGrown(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		who, _ := o.subscribe("a@example.org", o.wish("Koch"))
		later := o.wish("Köchin OR Kellner")
		later.Schedule.Hour = 9
		o.subscribe("a@example.org", later)
		cook := o.publish("p", o.posting("Koch"))
		o.advance(24 * time.Hour) // 08:00 in Berlin: the first is due
		var once sync.Once
		b := o.meddled(func() {
			once.Do(func() {
				o.advance(2 * time.Hour) // the lease is over, and the second alert due
				o.exec("UPDATE subscriptions SET due_at_ms = ? WHERE subscriber_id = ? AND hour = 7", o.now().Add(time.Hour).UnixMilli(), who)
				o.run()
				o.exec("UPDATE subscriptions SET due_at_ms = ? WHERE subscriber_id = ? AND hour = 7", o.now().UnixMilli(), who)
			})
		})
		_, err := b.Run(t.Context(), o.now().Add(3*time.Hour))
		o.must(err)
		o.tomorrow()
		if got, want := o.got(who), [][]uint32{cook}; !reflect.DeepEqual(got, want) {
			t.Errorf("got %v, want %v once", got, want)
		}
	})
}

func TestRun_ManyBuildersServeEverybodyOnce(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		const people = 120
		var ids []int64
		for i := range people {
			who, _ := o.subscribe(fmt.Sprintf("s%d@example.org", i), o.wish("Koch"))
			if i%3 == 0 {
				o.subscribe(fmt.Sprintf("s%d@example.org", i), instantly(o.wish("Köchin OR Bäcker")))
			}
			ids = append(ids, who)
		}
		cook := o.publish("p", o.posting("Koch"))
		f := o.NewFollower()
		o.must(f.Start(t.Context()))
		o.advance(24 * time.Hour)
		small := func(options *digest.Options) { options.PassSubscribers, options.PageSubscribers = 16, 5 }
		var wait sync.WaitGroup
		errs := make([]error, 4)
		for n := range errs {
			b := o.another(small)
			wait.Go(func() { _, errs[n] = b.Run(t.Context(), o.now()) })
		}
		wait.Wait()
		o.must(errors.Join(errs...))
		o.run()
		for _, who := range ids {
			if got, want := o.got(who), [][]uint32{cook}; !reflect.DeepEqual(got, want) {
				t.Errorf("subscriber %d got %v, want %v", who, got, want)
			}
		}
	})
}

func TestRun_AStoppedRunLosesNothing(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		var ids []int64
		for i := range 40 {
			who, _ := o.subscribe(fmt.Sprintf("s%d@example.org", i), o.wish("Koch"))
			ids = append(ids, who)
		}
		cook := o.publish("p", o.posting("Koch"))
		o.advance(24 * time.Hour)
		for pages := 1; ; pages++ { // stop after one page, two pages, …
			ctx, cancel := context.WithCancel(t.Context())
			left := pages
			b := o.another(func(options *digest.Options) {
				options.PassSubscribers, options.PageSubscribers = 10, 3
				options.Subscriptions = &meddling{o.subs, func() {
					if left--; left < 0 {
						cancel()
					}
				}}
			})
			sum, err := b.Run(ctx, o.now())
			cancel()
			if err == nil {
				break
			}
			if r, err := o.RunByID(t.Context(), sum.Run); err != nil || r.StoppedBy != "shutdown" {
				t.Fatalf("the run was recorded as %+v (%v), want stopped by shutdown", r, err)
			}
		}
		for _, who := range ids {
			if got, want := o.got(who), [][]uint32{cook}; !reflect.DeepEqual(got, want) {
				t.Errorf("subscriber %d got %v, want %v", who, got, want)
			}
		}
	})
}

func TestRun_ALostScheduleHoldsUpNobody(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		poisoned := o.wish("Koch")
		poisoned.Schedule.Frequency = "fortnight"
		who, id := o.subscribe("a@example.org", poisoned)
		other, _ := o.subscribe("b@example.org", o.wish("Koch"))
		cook := o.publish("p", o.posting("Koch"))
		o.advance(20 * 24 * time.Hour)
		b := o.another(func(options *digest.Options) { options.Cadences = nil }) // the operator took it out
		for range 2 {
			if _, err := b.Run(t.Context(), o.now()); err != nil {
				t.Fatal(err)
			}
		}
		for _, s := range []int64{who, other} {
			if got, want := o.got(s), [][]uint32{cook}; !reflect.DeepEqual(got, want) {
				t.Errorf("subscriber %d got %v, want %v", s, got, want)
			}
		}
		if due := o.get(id).DueAt; !due.Equal(o.now().Add(24 * time.Hour)) {
			t.Errorf("due again at %v, want a day after %v", due, o.now())
		}
	})
}

func TestRun_ARecordThatCannotBeReadHoldsUpNobodyElse(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		for name, damage := range map[string]string{"content": "UPDATE digests SET content = '{', deferred = ? WHERE subscriber_id = ?",
			"bitmap": "UPDATE digests SET delivered = ? WHERE subscriber_id = ?"} {
			who, _ := o.subscribe(name+"@example.org", o.wish("Koch"))
			o.subscribe(name+"@example.org", o.wish("Bäcker"))
			other, _ := o.subscribe(name+"-other@example.org", o.wish("Koch"))
			o.publish("first"+name, o.posting("Koch"))
			o.tomorrow()
			o.exec(damage, []byte{1, 2, 3}, who)
			o.publish("second"+name, o.posting("Koch"))
			o.tomorrow()
			if got := len(o.got(other)); got != 2 {
				t.Errorf("%s: the other got %d digests, want 2", name, got)
			}
			o.exec("DELETE FROM digests WHERE subscriber_id = ?", who)
		}
	})
}

func TestRun_BoundsOfMemoryChangeNothing(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		many, _ := o.subscribe("a@example.org", o.wish("Koch"))
		few, _ := o.subscribe("b@example.org", o.wish("Bäcker"))
		both := o.wish("Koch OR Bäcker")
		both.MaxPostings = 100
		all, _ := o.subscribe("c@example.org", both)
		var cooks, bakers []uint32
		for i := range 12 {
			cooks = append(cooks, o.publish(fmt.Sprintf("k%d", i), o.posting(fmt.Sprintf("Koch Bereich%d", i)))...)
		}
		bakers = o.publish("b", o.posting("Bäcker"), o.posting("Bäckerin Nachtschicht"))
		o.advance(24 * time.Hour)
		b := o.another(func(options *digest.Options) {
			options.MaxProposals, options.MaxDocuments, options.PageSubscribers = 3, 4, 2
		})
		if _, err := b.Run(t.Context(), o.now()); err != nil {
			t.Fatal(err)
		}
		for who, want := range map[int64][]uint32{many: cooks, few: bakers, all: append(slices.Clone(cooks), bakers...)} {
			if got := sorted(o.got(who)); len(got) != 1 || !slices.Equal(got[0], want) {
				t.Errorf("subscriber %d got %v, want %v", who, got, want)
			}
		}
	})
}

func TestRun_AheadOfTimeServesEachOnce(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		who, id := o.subscribe("a@example.org", instantly(o.wish("Koch")))
		f := o.NewFollower()
		o.must(f.Start(t.Context()))
		cook := o.publish("p", o.posting("Koch"))
		o.must(f.Follow(t.Context()))
		// The follower is ahead of the run's cutoff: she is due once more, soon.
		var once sync.Once
		b := o.meddled(func() {
			once.Do(func() {
				o.publish("q", o.posting("Köchin"))
				o.must(f.Follow(t.Context()))
			})
		})
		sum, err := b.Run(t.Context(), o.now().AddDate(0, 0, 8))
		o.must(err)
		if got, want := o.got(who), [][]uint32{cook}; !reflect.DeepEqual(got, want) || sum.Subscribers != 1 {
			t.Errorf("got %v in a run that served %d, want %v and 1", got, sum.Subscribers, want)
		}
		if due := o.get(id).DueAt; due.IsZero() {
			t.Error("nothing is due, although the follower has passed a posting she has not got")
		}
	})
}

func TestRuns_ACrashIsNoticedAndClosed(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		o.subscribe("a@example.org", o.wish("Koch"))
		o.publish("p", o.posting("Koch"))
		first := o.tomorrow()
		o.exec("UPDATE digest_runs SET finished_ms = NULL WHERE id = ?", first.Run) // as kill -9 leaves it
		o.publish("q", o.posting("Köchin"))
		o.tomorrow()
		r, err := o.RunByID(t.Context(), first.Run)
		o.must(err)
		if at, ended := r.Finished(); r.StoppedBy != "crash" || !ended || at.UnixMilli() != r.ActiveMS {
			t.Errorf("recorded as %+v, want ended by a crash when it last recorded anything", r)
		}
	})
}

func TestFollower_WakesAnAlertServedBetweenTwoRows(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		f := o.NewFollower()
		o.must(f.Start(t.Context()))
		who, id := o.subscribe("a@example.org", instantly(o.wish("Koch")))
		first := o.publish("p", o.posting("Koch"))
		// An edit makes it due; it is served before the follower comes by.
		o.tx(func(ctx context.Context, tx *sqlx.Tx) error {
			return o.subs.Edit(ctx, tx, id, instantly(o.wish("Köchin OR Bäcker")), o.now())
		})
		o.run()
		second := o.publish("q", o.posting("Köchin"))
		o.must(f.Follow(t.Context())) // reads both rows at once
		o.advance(o.options.Hold)
		o.run()
		if got, want := o.got(who), [][]uint32{first, second}; !reflect.DeepEqual(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

func TestFollower_ABurstIsOneMail(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		f, second := o.NewFollower(), o.NewFollower() // two replicas
		o.must(f.Start(t.Context()))
		who, _ := o.subscribe("a@example.org", instantly(o.wish("Koch")))
		var want []uint32
		for i := range 5 {
			want = append(want, o.publish(fmt.Sprintf("p%d", i), o.posting(fmt.Sprintf("Koch Haus%d", i)))...)
			o.must(f.Follow(t.Context()))
			o.must(second.Follow(t.Context()))
			o.advance(10 * time.Second)
			if sum := o.run(); sum.Run != 0 {
				t.Fatalf("after %d postings %+v was built, before the hold was over", i+1, sum)
			}
		}
		o.advance(o.options.Hold)
		o.run()
		if got := sorted(o.got(who)); !reflect.DeepEqual(got, [][]uint32{want}) {
			t.Errorf("got %v, want %v in one mail", got, want)
		}
	})
}

func TestPurge_KeepsEachSubscribersLast(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		o := newOffice(t, db)
		who, _ := o.subscribe("a@example.org", o.wish("Koch"))
		for i := range 3 {
			o.publish(fmt.Sprintf("p%d", i), o.posting("Koch"))
			o.tomorrow()
		}
		last := o.got(who)[2]
		if n, err := o.Purge(t.Context(), o.now().AddDate(1, 0, 0)); err != nil || n != 2 {
			t.Fatalf("purged %d (%v), want 2", n, err)
		}
		if got := o.got(who); !reflect.DeepEqual(got, [][]uint32{last}) {
			t.Errorf("left are %v, want %v", got, last)
		}
		next := o.publish("more", o.posting("Koch"))
		o.tomorrow()
		if got, want := o.got(who), [][]uint32{last, next}; !reflect.DeepEqual(got, want) {
			t.Errorf("then %v, want %v", got, want)
		}
	})
}

func TestReclaim_TakesBackWhatADeadBuilderLeased(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		o.subscribe("a@example.org", o.wish("Koch"))
		o.publish("p", o.posting("Koch"))
		o.advance(24 * time.Hour)
		o.tx(func(ctx context.Context, tx *sqlx.Tx) error {
			due, err := o.subs.Due(ctx, tx, o.now(), o.now(), 10)
			if err != nil {
				return err
			}
			leased, err := o.subs.Lease(ctx, tx, "r1", due, o.now(), o.now(), o.now().Add(digest.Lease))
			if len(leased) != 1 {
				t.Errorf("%d subscribers were leased, want 1", len(leased))
			}
			return err
		})
		for _, c := range []struct {
			name string
			want int
		}{{"r2", 0}, {"r1", 1}} {
			b := o.another(nil)
			o.must(b.Reclaim(t.Context(), c.name))
			sum, err := b.Run(t.Context(), o.now())
			if o.must(err); sum.Envelopes != c.want {
				t.Errorf("%s built %d digests after r1 died, want %d", c.name, sum.Envelopes, c.want)
			}
		}
	})
}
