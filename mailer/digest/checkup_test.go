package digest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jmoiron/sqlx"
	"pgregory.net/rapid"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/archive"
	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/mailer/digest"
	"github.com/jobalertd/jobalertd/subscriptions"
)

const day = 24 * time.Hour

func TestDiagnose_TellsOneThingAndNotTooOften(t *testing.T) {
	t.Parallel()
	now := monday
	ago := func(days int) time.Time { return now.Add(-time.Duration(days) * day) }
	told := func(f mailer.Finding, days int) map[mailer.Finding]time.Time {
		return map[mailer.Finding]time.Time{f: ago(days)}
	}
	tests := map[string]struct {
		state     subscriptions.State
		confirmed int
		vitals    digest.Vitals
		want      mailer.Finding
	}{
		"new":                        {subscriptions.Confirmed, 59, digest.Vitals{CanFire: true}, ""},
		"never heard for 60 days":    {subscriptions.Confirmed, 60, digest.Vitals{CanFire: true}, mailer.FoundSilent},
		"heard 59 days ago":          {subscriptions.Confirmed, 300, digest.Vitals{CanFire: true, Heard: ago(59)}, ""},
		"silent and paused":          {subscriptions.Paused, 300, digest.Vitals{CanFire: true}, ""},
		"told 89 days ago":           {subscriptions.Confirmed, 300, digest.Vitals{CanFire: true, Told: told(mailer.FoundSilent, 89)}, ""},
		"told 90 days ago":           {subscriptions.Confirmed, 300, digest.Vitals{CanFire: true, Told: told(mailer.FoundSilent, 90)}, mailer.FoundSilent},
		"a year of mails":            {subscriptions.Confirmed, 365, digest.Vitals{CanFire: true, Heard: ago(1)}, mailer.FoundWanted},
		"asked half a year ago":      {subscriptions.Confirmed, 600, digest.Vitals{CanFire: true, Heard: ago(1), Told: told(mailer.FoundWanted, 180)}, ""},
		"cannot fire, from day one":  {subscriptions.Confirmed, 0, digest.Vitals{}, mailer.FoundNever},
		"cannot fire, told long ago": {subscriptions.Confirmed, 800, digest.Vitals{Told: told(mailer.FoundNever, 700)}, ""},
		"told of another this week":  {subscriptions.Confirmed, 300, digest.Vitals{CanFire: true, OwnerTold: ago(6)}, ""},
		"told of another last week":  {subscriptions.Confirmed, 300, digest.Vitals{CanFire: true, OwnerTold: ago(7)}, mailer.FoundSilent},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			sub := subscriptions.Subscription{State: c.state, ConfirmedAt: ago(c.confirmed)}
			if got := digest.Diagnose(&sub, c.vitals, now); got != c.want {
				t.Errorf("found %q, want %q", got, c.want)
			}
		})
	}
}

// TestDiagnose_KeepsToItsPromisesOverYears looks at one person's alerts once a day
// for years, whatever they bring and whatever she does with them.
func TestDiagnose_KeepsToItsPromisesOverYears(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 4).Draw(t, "alerts")
		subs, vitals := make([]subscriptions.Subscription, n), make([]digest.Vitals, n)
		for i := range subs {
			subs[i] = subscriptions.Subscription{State: subscriptions.Confirmed, ConfirmedAt: monday.Add(time.Duration(rapid.IntRange(0, 200).Draw(t, "confirmed")) * day)}
			vitals[i] = digest.Vitals{CanFire: rapid.IntRange(0, 5).Draw(t, "fires") > 0, Told: map[mailer.Finding]time.Time{}}
		}
		heardOneIn := rapid.SampledFrom([]int{2, 20, 80, 100000}).Draw(t, "heard one day in")
		changedOneIn := rapid.SampledFrom([]int{50, 400, 100000}).Draw(t, "changed one day in")
		luck := rapid.Uint64().Draw(t, "luck")
		chance := func(oneIn int) bool {
			luck = luck*6364136223846793005 + 1442695040888963407
			return luck>>33%uint64(oneIn) == 0
		}
		var owner time.Time
		for d := range 1500 {
			now := monday.Add(time.Duration(d) * day)
			for i := range subs {
				s, v := &subs[i], &vitals[i]
				if now.Before(s.ConfirmedAt) {
					continue
				}
				if chance(changedOneIn) {
					s.State = []subscriptions.State{subscriptions.Confirmed, subscriptions.Paused}[luck>>40%2]
					v.Heard = now
				}
				if s.State == subscriptions.Confirmed && v.CanFire && chance(heardOneIn) {
					v.Heard = now
				}
				v.OwnerTold = owner
				since := s.ConfirmedAt
				if v.Heard.After(since) {
					since = v.Heard
				}
				f := digest.Diagnose(s, *v, now)
				switch before := v.Told[f]; {
				case f == "" && n == 1 && s.State == subscriptions.Confirmed && v.CanFire && now.Sub(since) >= 67*day && now.Sub(v.Told[mailer.FoundSilent]) >= 97*day:
					t.Fatalf("day %d: silent since %v, and nobody is told", d, since)
				case f == "":
					continue
				case s.State != subscriptions.Confirmed:
					t.Fatalf("day %d: %q of an alert that is %s", d, f, s.State)
				case !owner.IsZero() && now.Sub(owner) < 7*day:
					t.Fatalf("day %d: a second mail in one week, %q", d, f)
				case f == mailer.FoundSilent && (now.Sub(since) < 60*day || !before.IsZero() && now.Sub(before) < 90*day):
					t.Fatalf("day %d: told of silence since %v, last on %v", d, since, before)
				case f == mailer.FoundWanted && (now.Sub(s.ConfirmedAt) < 365*day || !before.IsZero() && now.Sub(before) < 365*day):
					t.Fatalf("day %d: asked whether it is wanted, last on %v", d, before)
				case f == mailer.FoundNever && (v.CanFire || !before.IsZero()):
					t.Fatalf("day %d: told that it can never fire, last on %v", d, before)
				}
				v.Told[f], owner = now, now
			}
		}
	})
}

// search is the archive of the office's postings, up to date.
func (o *office) search() *archive.Archive {
	a := archive.New(archive.Options{Store: o.postings, Reader: o.db.Reader, Meaning: meaning(), MaxPostings: 1000, Log: o.Options.Log, Now: o.now})
	o.must(a.Follow(o.Context()))
	return a
}

// checkups looks at all alerts and gives what waits in the outbox of it, by purpose.
func (o *office) checkups() int {
	o.Helper()
	n, err := o.Checkups(o.Context(), o.search())
	o.must(err)
	return n
}

// letters are the mails asked for so far, without what hangs on the clock.
func (o *office) letters() (out []mailer.Checkup) {
	o.Helper()
	var payloads []string
	o.must(sqlx.SelectContext(o.Context(), o.db.Reader, &payloads, `SELECT payload FROM outbox WHERE kind = 'checkup' ORDER BY id`))
	for _, p := range payloads {
		var c mailer.Checkup
		o.must(json.Unmarshal([]byte(p), &c))
		out = append(out, c)
	}
	return out
}

func TestCheckups_TellWithNumbersOnce(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		near := o.wish("Koch")
		radius := 10.0
		near.Criteria.Places = []alerts.Place{{Name: "Bonn", RadiusKM: &radius}}
		o.must(meaning().Prepare(&near.Criteria))
		_, silent := o.subscribe("a@example.org", near)
		o.subscribe("b@example.org", o.wish("Koch")) // it hears
		_, lost := o.subscribe("c@example.org", o.wish("Bäcker"))
		o.exec(`UPDATE subscriptions SET criteria = '{"places":[{"name":"Nirgendwo"}]}' WHERE id = ?`, lost)
		if n := o.checkups(); n != 1 {
			t.Errorf("on the first day %d were told, want the one whose alert cannot fire", n)
		}
		o.advance(50 * day)
		o.publish("p", o.posting("Koch"), o.posting("Köchin Mensa")) // in Köln, 25 km from Bonn
		o.tomorrow()
		o.advance(10 * day)
		if n := o.checkups(); n != 1 {
			t.Errorf("after 61 days %d were told, want the one whose alert is silent", n)
		}
		want := []mailer.Checkup{{Finding: mailer.FoundNever, Subscription: lost}, {Finding: mailer.FoundSilent, Subscription: silent, Wider: 2, WiderKM: 50, SilentDays: 61}}
		if diff := cmp.Diff(want, o.letters(), cmpopts.IgnoreFields(mailer.Checkup{}, "Position", "Since")); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
		for range 2 {
			if n := o.checkups(); n != 0 {
				t.Errorf("looked at again, %d were told", n)
			}
			o.advance(day)
		}
	})
}

func TestCheckups_AskOnceAYearWithTheAlertsOwnNumbers(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		who, id := o.subscribe("a@example.org", o.wish("Koch"))
		o.subscribe("a@example.org", o.wish("Bäcker")) // another of hers, which does not count here
		var shown []uint32
		for month := range 26 {
			if month%2 == 0 {
				shown = append(shown, o.publish(fmt.Sprint("p", month, "-"), o.posting(fmt.Sprint("Koch Haus ", month)))...)
				o.publish(fmt.Sprint("q", month, "-"), o.posting(fmt.Sprint("Bäcker Haus ", month)))
			}
			o.tomorrow()
			o.advance(29 * day)
			if month == 11 {
				o.tx(func(ctx context.Context, tx *sqlx.Tx) error {
					return o.subs.Dismiss(ctx, tx, who, shown[0], o.now())
				})
				_, err := o.Purge(o.Context(), o.now().Add(-90*day))
				o.must(err)
			}
			o.checkups()
		}
		var got []mailer.Checkup
		for _, c := range o.letters() {
			if c.Subscription == id {
				got = append(got, c)
			}
		}
		want := []mailer.Checkup{{Finding: mailer.FoundWanted, Subscription: id, Mails: 7, Postings: 7, Dismissed: 1},
			{Finding: mailer.FoundWanted, Subscription: id, Mails: 6, Postings: 6}}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(mailer.Checkup{}, "Position", "Since")); diff != "" {
			t.Errorf("asked (-want +got):\n%s", diff)
		}
	})
}

// TestCheckups_CountSilenceAnewAfterAChange: whoever comes back from a pause, or
// widened her alert, is not told the next day that it was silent.
func TestCheckups_CountSilenceAnewAfterAChange(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		_, paused := o.subscribe("a@example.org", o.wish("Koch"))
		_, edited := o.subscribe("b@example.org", o.wish("Bäcker"))
		o.checkups()
		o.tx(func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := o.subs.Pause(ctx, tx, []uint32{paused}, time.Time{}, subscriptions.CatchUp)
			return err
		})
		o.advance(58 * day)
		o.checkups()
		o.tx(func(ctx context.Context, tx *sqlx.Tx) error {
			if _, err := o.subs.Resume(ctx, tx, []uint32{paused}, o.now()); err != nil {
				return err
			}
			return o.subs.Edit(ctx, tx, edited, o.wish("Konditor"), o.now())
		})
		told := 0
		for range 60 {
			o.advance(day)
			told += o.checkups()
		}
		if told != 0 {
			t.Errorf("%d were told within 60 days of a change", told)
		}
		o.advance(day)
		if n := o.checkups(); n != 2 {
			t.Errorf("61 days after a change %d were told, want 2", n)
		}
	})
}

func TestCheckups_OfManyReplicasTellAPersonOnce(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		for i := range 20 { // people with several silent alerts each
			for _, query := range []string{"Koch", "Bäcker", "Konditor"} {
				o.subscribe(fmt.Sprintf("p%d@example.org", i), o.wish(query))
			}
		}
		o.checkups()
		o.advance(60 * day)
		search := o.search()
		results := make(chan int)
		for range 4 {
			go func() {
				n, err := o.another(func(*digest.Options) {}).Checkups(o.Context(), search)
				if err != nil {
					t.Error(err)
				}
				results <- n
			}()
		}
		told := 0
		for range 4 {
			told += <-results
		}
		letters := o.letters()
		whom := map[uint32]bool{}
		for _, l := range letters {
			whom[(l.Subscription-1)/3] = true
		}
		if told != 20 || len(letters) != 20 || len(whom) != 20 {
			t.Errorf("%d were told by %d mails to %d people, want 20 each", told, len(letters), len(whom))
		}
	})
}

func TestStillFound_NotOnceItIsUntrue(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		_, id := o.subscribe("a@example.org", o.wish("Koch"))
		o.checkups()
		o.advance(61 * day)
		o.checkups()
		found := func() bool {
			sub := o.get(id)
			ok, err := o.StillFound(o.Context(), &sub, o.letters()[0])
			o.must(err)
			return ok
		}
		if len(o.letters()) != 1 || !found() {
			t.Fatalf("told %v, and it does not hold", o.letters())
		}
		o.publish("p", o.posting("Koch"))
		o.tomorrow()
		if found() {
			t.Error("it has found something, and is still said to be silent")
		}
	})
}

func TestStillFound_NotOfAnAlertThatWasChanged(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		_, id := o.subscribe("a@example.org", o.wish("Koch"))
		o.checkups()
		o.advance(61 * day)
		o.checkups()
		o.tx(func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := o.subs.Pause(ctx, tx, []uint32{id}, time.Time{}, subscriptions.CatchUp)
			return err
		})
		sub := o.get(id)
		if ok, err := o.StillFound(t.Context(), &sub, o.letters()[0]); ok || err != nil {
			t.Errorf("a paused alert is still to be told of (%v)", err)
		}
	})
}
