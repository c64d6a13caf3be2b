package digest_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/mailer/digest"
	"github.com/jobalertd/jobalertd/subscriptions"
)

func TestDiagnose_TellsOneThingAndNotTooOften(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
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
		"new":                       {subscriptions.Confirmed, 59, digest.Vitals{CanFire: true}, ""},
		"never heard for 60 days":   {subscriptions.Confirmed, 60, digest.Vitals{CanFire: true}, mailer.FoundSilent},
		"heard 59 days ago":         {subscriptions.Confirmed, 300, digest.Vitals{CanFire: true, LastDelivered: ago(59)}, ""},
		"silent and paused":         {subscriptions.Paused, 300, digest.Vitals{CanFire: true}, ""},
		"told 89 days ago":          {subscriptions.Confirmed, 300, digest.Vitals{CanFire: true, Told: told(mailer.FoundSilent, 89)}, ""},
		"told 90 days ago":          {subscriptions.Confirmed, 300, digest.Vitals{CanFire: true, Told: told(mailer.FoundSilent, 90)}, mailer.FoundSilent},
		"a year of mails":           {subscriptions.Confirmed, 365, digest.Vitals{CanFire: true, LastDelivered: ago(1)}, mailer.FoundWanted},
		"asked half a year ago":     {subscriptions.Confirmed, 600, digest.Vitals{CanFire: true, LastDelivered: ago(1), Told: told(mailer.FoundWanted, 180)}, ""},
		"cannot fire, from day one": {subscriptions.Confirmed, 0, digest.Vitals{}, mailer.FoundNever},
		"cannot fire, told":         {subscriptions.Confirmed, 400, digest.Vitals{Told: told(mailer.FoundNever, 10)}, ""},
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

// letters keeps what was asked for.
type letters map[string]mailer.Checkup

func (l letters) Account(_ context.Context, _ sqlx.ExtContext, subscriber int64, kind string, payload any) error {
	l[fmt.Sprint(subscriber, " ", kind)] = payload.(mailer.Checkup)
	return nil
}

func TestCheckups_TellWithNumbersOnce(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		near := o.wish("Koch")
		radius := 10.0
		near.Criteria.Places = []alerts.Place{{Name: "Bonn", RadiusKM: &radius}}
		o.must(meaning().Prepare(&near.Criteria))
		silent, id := o.subscribe("a@example.org", near)
		o.subscribe("b@example.org", o.wish("Koch")) // it hears
		lost, lostID := o.subscribe("c@example.org", o.wish("Bäcker"))
		o.exec(`UPDATE subscriptions SET criteria = '{"places":[{"name":"Nirgendwo"}]}' WHERE id = ?`, lostID)
		o.advance(50 * 24 * time.Hour)
		o.publish("p", o.posting("Koch"), o.posting("Köchin Mensa")) // in Köln, 25 km from Bonn
		o.tomorrow()
		o.advance(10 * 24 * time.Hour)
		got := letters{}
		n, err := o.Checkups(t.Context(), got)
		o.must(err)
		want := letters{
			fmt.Sprint(silent, " ", digest.CheckupKind(mailer.FoundSilent)): {Subscription: id, Wider: 2, WiderKM: 50, SilentDays: 61},
			fmt.Sprint(lost, " ", digest.CheckupKind(mailer.FoundNever)):    {Subscription: lostID},
		}
		if diff := cmp.Diff(want, got); diff != "" || n != 2 {
			t.Errorf("asked for %d mails (-want +got):\n%s", n, diff)
		}
		if n, err := o.Checkups(t.Context(), got); err != nil || n != 0 {
			t.Errorf("the next day asked for %d more (%v), want none", n, err)
		}
	})
}
