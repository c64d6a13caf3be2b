package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/mailer/outbox"
	"github.com/jobalertd/jobalertd/mailer/suppression"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// TestCheckup_IsSentToWhomItStillConcerns: asked again when the mail goes out.
func TestCheckup_IsSentToWhomItStillConcerns(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, url string) {
		w := newWorld(t, url, time.Date(2026, 6, 1, 6, 0, 0, 0, time.UTC))
		radius := 10.0
		alert := map[string]uint32{}
		for _, name := range []string{"silent", "paused", "left", "suppressed"} {
			wish := subscriptions.Wish{Criteria: alerts.Criteria{Query: "Koch", Places: []alerts.Place{{Name: "Bonn", RadiusKM: &radius}}},
				Schedule: subscriptions.Schedule{Frequency: subscriptions.Daily, Hour: 7, Timezone: "Europe/Berlin"}}
			w.must(w.meaning.Prepare(&wish.Criteria))
			var ok bool
			if _, alert[name], ok = w.subscribe(name+"@example.org", wish); !ok {
				t.Fatal("not subscribed")
			}
		}
		w.daemon.archive = w.daemon.newArchive()
		look := func() (told int) {
			t.Helper()
			w.must(w.daemon.archive.Follow(t.Context()))
			told, err := w.daemon.digests.Checkups(t.Context(), w.daemon.archive)
			w.must(err)
			return told
		}
		look()
		w.clock.Add((50 * 24 * time.Hour).Milliseconds())
		for i := range 2 {
			a := w.publish(map[string]any{"@type": "JobPosting", "identifier": fmt.Sprint(i), "title": "Koch (m/w/d)", "description": fmt.Sprintf("<p>Küche %d.</p>", i),
				"hiringOrganization": fmt.Sprint("Haus ", i), "datePosted": w.now().Format(time.DateOnly),
				"jobLocation": map[string]any{"@type": "Place", "address": map[string]any{"addressLocality": "Köln", "addressCountry": "DE"}}})
			if a.Status != alerts.StatusStored {
				t.Fatalf("answered %+v", a)
			}
		}
		w.clock.Add((11 * 24 * time.Hour).Milliseconds())
		if n := look(); n != 4 {
			t.Fatalf("%d were told after 61 days, want 4", n)
		}
		w.change(func(ctx context.Context, tx sqlx.ExtContext) error {
			if _, err := w.daemon.subscriptions.Pause(ctx, tx, []uint32{alert["paused"]}, time.Time{}, subscriptions.CatchUp); err != nil {
				return err
			}
			_, err := w.daemon.subscriptions.End(ctx, tx, w.get(alert["left"]).Subscriber, []uint32{alert["left"]}, subscriptions.EndedUnsubscribed, subscriptions.Circumstances{Source: "test"}, w.now())
			return err
		})
		w.change(func(ctx context.Context, tx sqlx.ExtContext) error {
			return w.daemon.suppressions.Add(ctx, tx, "suppressed@example.org", suppression.Manual, "")
		})
		w.send()

		envelopes, err := w.daemon.outbox.List(t.Context(), outbox.Filter{Limit: 10})
		w.must(err)
		var outcomes []mailer.Outcome
		for _, e := range envelopes {
			outcomes = append(outcomes, e.Outcome)
		}
		if want := []mailer.Outcome{mailer.Accepted, mailer.Empty, mailer.Empty, mailer.Suppressed}; !slices.Equal(outcomes, want) {
			t.Errorf("outcomes %v, want %v", outcomes, want)
		}
		mails, err := w.daemon.capture.List(10, "")
		w.must(err)
		if len(mails) != 1 || mails[0].To != "silent@example.org" {
			t.Fatalf("mails %+v, want one to the alert that is still silent", mails)
		}
		m, err := w.daemon.capture.Read(mails[0].Name)
		w.must(err)
		for _, want := range []string{"seit 61 Tagen", "10\u00a0km", "Im Umkreis von 50\u00a0km sind gerade 2 Stellen offen", "/alerts/1?radius=50", "/unsubscribe/"} {
			if !strings.Contains(m.Text, want) {
				t.Errorf("the mail does not say %q:\n%s", want, m.Text)
			}
		}
	})
}
