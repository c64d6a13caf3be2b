package digest_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/mailer/digest"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// twoJobs says of postings that they are different jobs.
func (o *office) twoJobs(subscriber int64, postings ...uint32) {
	o.Helper()
	o.tx(func(ctx context.Context, tx *sqlx.Tx) error {
		return o.Separate(ctx, tx, subscriber, postings, o.now())
	})
}

// folded publishes copies of one job, builds, and returns their numbers as the
// subscriber's digest has them: what is shown, then its twins.
func (o *office) folded(subscriber int64, copies int) []uint32 {
	o.Helper()
	for i := range copies {
		o.publish(fmt.Sprintf("copy%d", i), o.copyAt(fmt.Sprintf("board-%d", i)))
	}
	if sum := o.tomorrow(); sum.Folded == 0 {
		o.Fatalf("built %+v, want something folded", sum)
	}
	got := o.got(subscriber)
	if group := got[len(got)-1]; len(group) == copies {
		return group
	}
	o.Fatalf("got %v, want %d copies as one", got, copies)
	return nil
}

// days lets some days pass.
func (o *office) days(n int) {
	o.Helper()
	for range n {
		o.tomorrow()
	}
}

func (o *office) wantGot(subscriber int64, want ...[]uint32) {
	o.Helper()
	if got := o.got(subscriber); !reflect.DeepEqual(got, want) {
		o.Errorf("subscriber %d got %v, want %v", subscriber, got, want)
	}
}

func TestSeparate_ShowsWhatWasFoldedOnce(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		who, id := o.subscribe("a@example.org", o.wish("Koch"))
		other, _ := o.subscribe("b@example.org", o.wish("Koch"))
		group := o.folded(who, 2)
		o.days(1)
		for range 2 { // pressed twice
			o.twoJobs(who, group...)
		}
		preview, err := o.Preview(t.Context(), o.get(id))
		o.must(err)
		if len(preview.Postings) != 1 || preview.Postings[0].Posting.Number != group[1] {
			t.Errorf("previewed %v, want posting %d", titles(preview), group[1])
		}
		c := o.shown(o.tomorrow(), who)
		if len(c.Postings) != 1 {
			t.Fatalf("the next digest shows %v, want one posting", titles(c))
		}
		if p := c.Postings[0]; p.Posting.Number != group[1] || len(p.Why) == 0 || len(p.Sources) != 1 || p.SeparateURL != "" {
			t.Errorf("the next digest shows %+v, want posting %d by itself with its reasons", p, group[1])
		}
		o.twoJobs(who, group...) // and again after that
		o.publish("copy1", o.copyAt("board-1"), o.posting("Koch Mensa"))
		o.days(2)
		if got := o.got(who); len(got) != 3 || len(got[2]) != 1 || !reflect.DeepEqual(got[1], group[1:]) {
			t.Errorf("got %v, want %v, then %d, then the new one", got, group, group[1])
		}
		if got := o.got(other); len(got) != 2 || !reflect.DeepEqual(got[0], group) {
			t.Errorf("who said nothing got %v", got)
		}
	})
}

func TestSeparate_OfSeveralEachComesOnceAsTheCapHasIt(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		who, _ := o.subscribe("a@example.org", o.wish("Koch"))
		patient := o.wish("Koch")
		patient.MaxPostings, patient.Overflow = 1, subscriptions.Defer
		slow, _ := o.subscribe("b@example.org", patient)
		other, _ := o.subscribe("c@example.org", o.wish("Koch"))
		group := o.folded(who, 4)
		o.twoJobs(who, group...)
		o.twoJobs(slow, group...)
		cook := o.publish("new", o.posting("Koch Mensa"))
		rest := slices.Sorted(slices.Values(append(cook, group[1:]...)))
		o.days(6)
		o.wantGot(other, group, cook)
		if got := sorted(o.got(who)); len(got) != 2 || !slices.Equal(got[1], rest) {
			t.Errorf("got %v, want %v and then %v", got, group, rest)
		}
		got := o.got(slow)
		if len(got) != 5 || !slices.Equal(slices.Sorted(slices.Values(slices.Concat(got[1:]...))), rest) || slices.Equal(got[1], cook) {
			t.Errorf("with one a mail she got %v, want %v, then one of %v at a time, and not the new one first", got, group, rest)
		}
	})
}

func TestSeparate_OnlyWhatStandsAndIsWanted(t *testing.T) {
	for name, c := range map[string]struct {
		then func(o *office, who int64, id, twin uint32)
		want bool
	}{
		"withdrawn":      {func(o *office, _ int64, _, twin uint32) { o.withdraw(o.keyOf(twin)) }, false},
		"dismissed":      {func(o *office, who int64, _, twin uint32) { o.dismiss(who, twin) }, false},
		"no longer met":  {func(o *office, _ int64, id, _ uint32) { o.edit(id, o.wish("Bäcker")) }, false},
		"met in another": {func(o *office, _ int64, id, _ uint32) { o.edit(id, o.wish("Koch OR Bäcker")) }, true},
		"published anew": {func(o *office, _ int64, _, twin uint32) {
			s, i := o.keyOf(twin)
			o.publish(strings.TrimSuffix(i, "-0"), o.copyAt(s))
		}, true},
		"a day of her own":  {func(o *office, who int64, _, _ uint32) { o.publish("new", o.posting("Bäcker")); o.days(1) }, true},
		"another alert too": {func(o *office, _ int64, _, _ uint32) { o.subscribe("a@example.org", o.wish("Koch OR Kellner")) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, o *office) {
				who, id := o.subscribe("a@example.org", o.wish("Koch"))
				group := o.folded(who, 2)
				o.twoJobs(who, group...)
				c.then(o, who, id, group[1])
				o.days(2)
				if c.want {
					o.wantGot(who, group, group[1:])
				} else {
					o.wantGot(who, group)
				}
			})
		})
	}
}

// keyOf is a posting's source and identifier.
func (o *office) keyOf(number uint32) (source, identifier string) {
	o.Helper()
	stored, err := o.postings.Postings(o.Context(), o.db.Reader, []uint32{number})
	o.must(err)
	return stored[0].Source, stored[0].Identifier
}

func (o *office) dismiss(subscriber int64, number uint32) {
	o.Helper()
	o.tx(func(ctx context.Context, tx *sqlx.Tx) error {
		return o.subs.Dismiss(ctx, tx, subscriber, number, o.now())
	})
}

func (o *office) edit(id uint32, w subscriptions.Wish) {
	o.Helper()
	o.tx(func(ctx context.Context, tx *sqlx.Tx) error { return o.subs.Edit(ctx, tx, id, w, o.now()) })
}

func TestSeparate_OfTwoThatWereShownChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		who, _ := o.subscribe("a@example.org", o.wish("Koch"))
		first := o.publish("copy0", o.copyAt("board-0"))
		o.days(1)
		second := o.publish("copy1", o.copyAt("board-1"))
		o.days(1)
		o.twoJobs(who, first[0], second[0])
		o.days(2)
		o.wantGot(who, first, second)
	})
}

// Of three, the first closes before the mail goes out: the second is shown with the
// third, and the link is about these two.
func TestSeparate_OfTwoWhoseFirstHasClosed(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		who, _ := o.subscribe("a@example.org", o.wish("Koch"))
		group := o.folded(who, 3)
		o.withdraw(o.keyOf(group[0]))
		o.twoJobs(who, group[1], group[2])
		o.days(2)
		o.wantGot(who, group, group[2:])
	})
}

// A posting that was folded for one alert comes when that alert is due.
func TestSeparate_WaitsForItsAlert(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		who, weekly := o.subscribe("a@example.org", o.wish("Koch"))
		o.subscribe("a@example.org", o.wish("Bäcker"))
		group := o.folded(who, 2)
		o.twoJobs(who, group...)
		o.exec("UPDATE subscriptions SET due_at_ms = ? WHERE id = ?", o.now().Add(71*time.Hour).UnixMilli(), weekly)
		bakers := [][]uint32{o.publish("b0", o.posting("Bäcker Hotel"))}
		o.days(1)
		bakers = append(bakers, o.publish("b1", o.posting("Bäcker Mensa")))
		o.days(4)
		o.wantGot(who, group, bakers[0], bakers[1], group[1:])
	})
}

// Folded for two alerts, it comes though one of them no longer wants it.
func TestSeparate_WaitsForAllItsAlerts(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		for i, address := range []string{"a@example.org", "b@example.org"} {
			who, one := o.subscribe(address, o.wish("Koch"))
			_, other := o.subscribe(address, o.wish("Koch OR Kellner"))
			group := o.folded(who, 2+i)
			o.twoJobs(who, group...)
			o.edit([]uint32{one, other}[i], o.wish("Bäcker"))
			o.days(2)
			if got := o.got(who); len(got) != 2 || !reflect.DeepEqual(got[1], group[1:]) {
				t.Errorf("%s got %v, want %v and then its twins", address, got, group)
			}
			o.withdrawCopies(2 + i)
		}
	})
}

func (o *office) withdrawCopies(n int) {
	o.Helper()
	for i := range n {
		o.withdraw(fmt.Sprintf("board-%d", i), fmt.Sprintf("copy%d-0", i))
	}
}

// Set apart once more from what it was folded with meanwhile, it comes by itself.
func TestSeparate_FoldedAgainItIsNotShownTwice(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		who, _ := o.subscribe("a@example.org", o.wish("Koch"))
		group := o.folded(who, 2)
		o.twoJobs(who, group...)
		third := o.publish("third", o.copyAt("board-third"))
		o.days(2)
		got := o.got(who)
		if len(got) != 2 || len(got[1]) != 2 {
			t.Fatalf("got %v, want %v and then %d with %d", got, group, group[1], third[0])
		}
		o.twoJobs(who, got[1]...)
		o.days(3)
		o.wantGot(who, got[0], got[1], got[1][1:])
	})
}

func TestSeparate_ManyBuildersShowItOnceThoughSomeAreStopped(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		var ids []int64
		for i := range 40 {
			who, _ := o.subscribe(fmt.Sprintf("s%d@example.org", i), o.wish("Koch"))
			ids = append(ids, who)
		}
		group := o.folded(ids[0], 2)
		for _, who := range ids {
			o.twoJobs(who, group...)
		}
		o.advance(24 * time.Hour)
		var wait sync.WaitGroup
		errs := make([]error, 4)
		for n := range errs {
			ctx, stop := context.WithCancel(t.Context())
			pages := 0
			b := o.another(func(options *digest.Options) {
				options.PassSubscribers, options.PageSubscribers = 10, 3
				options.Subscriptions = &meddling{o.subs, func() {
					if pages++; n > 1 && pages > n {
						stop()
					}
				}}
			})
			wait.Go(func() {
				defer stop()
				if _, errs[n] = b.Run(ctx, o.now()); ctx.Err() != nil {
					errs[n] = nil
				}
			})
		}
		wait.Wait()
		o.must(errors.Join(errs...))
		o.run()
		o.days(1)
		for _, who := range ids {
			o.wantGot(who, group, group[1:])
		}
	})
}

func TestSeparate_BothAreToldWhenTheyHaveClosed(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		who, _ := o.subscribe("a@example.org", o.wish("Koch"))
		group := o.folded(who, 2)
		o.twoJobs(who, group...)
		o.days(1)
		for closed, n := range group {
			o.advance(time.Minute)
			o.withdraw(o.keyOf(n))
			o.publish(fmt.Sprintf("new%d", closed), o.posting(fmt.Sprintf("Koch Haus%d", closed)))
			if c := o.shown(o.tomorrow(), who); c.Closed != 1 {
				t.Errorf("with %d withdrawn %d are told, want 1: they are two jobs", n, c.Closed)
			}
		}
	})
}
